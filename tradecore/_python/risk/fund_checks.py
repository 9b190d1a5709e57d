"""Checks of what an account has: what is sold short is located before, a cash account sells what it holds and buys what
it can pay.

Worst case, as holds are: all that works fills. A sale of what is held is no short sale: one that reduces passes,
whatever else waits for its price. Fail closed: where nothing was located, nothing is, and what can't be told is not
paid for.
"""

from __future__ import annotations

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.units import BEYOND, tell_wide

from ..vocabulary.instrument import SELL
from ..vocabulary.shell import saturate
from .exposure_checks import adds_risk, told_limit
from .funds import cash_of, owed_with
from .holds import Question, worst_position
from .limit_lines import CREDIT, FIRM_CREDIT, FUNDED, LOCATE, LONG_ONLY, SHORT_SALE


def short_with(q: Question) -> int:
    """How far below zero the position would be if all that works to sell filled, the order too; 0 of a buy."""
    return max(0, worst_position(q.exposure, q)) if q.side == SELL else 0


def check_short_sale(q: Question) -> Finding:
    """What is sold short with working orders and was sold short before is no more than was located for the account in
    the instrument; a soft share of what was located warns. Source: SEC Regulation SHO 203(b)(1), 15c3-5 (c)(2)(i)."""
    located, row = q.line.limits[LOCATE], q.line.rows[SHORT_SALE]
    armed = q.line.limits[SHORT_SALE] >= 0
    if q.line.is_soft:  # of which only what was located has a share
        armed, row = located >= 0, q.line.rows[LOCATE]
    short, located = short_with(q), max(0, located)
    refused = armed and short > located and adds_risk(q)
    return Finding(Reason.SHORT_SALE, short, saturate(located), refused, armed, row)


def check_held_position(q: Question) -> Finding:
    """A cash account sells no more than it holds, less what works to sell. Source: SEC 15c3-5 (c)(1)(i), (c)(2)(i);
    Regulation T 220.8(a)."""
    armed, held = q.line.limits[LONG_ONLY] >= 0, max(0, q.exposure.position_qty)
    sold = q.exposure.working_sell + q.hold_qty if q.side == SELL else 0
    return Finding(Reason.INSUFFICIENT_POSITION, sold, held, armed and sold > held and adds_risk(q), armed,
                   q.line.rows[LONG_ONLY])


def check_cash(q: Question) -> Finding:
    """A cash account has what all its orders need at their worst, fees included, in the currency of each. Source: SEC
    15c3-5 (c)(1)(i); Regulation T 220.8(a)."""
    if q.line.limits[FUNDED] < 0:
        return Finding(Reason.INSUFFICIENT_FUNDS, NO_PRICE, -1, False, False)
    cash, held = cash_of(q.funds, q.account, q.ins.currency), q.funds.held.get((q.account, q.ins.currency), 0)
    unknown, needed = q.fund_more < 0, held + q.fund_more
    refused = q.fund_more != 0 and not q.reduces and (unknown or needed > cash)
    return Finding(Reason.INSUFFICIENT_FUNDS, NO_PRICE if unknown else tell_wide(needed, True), tell_wide(cash, False),
                   refused, True, q.line.rows[FUNDED])


def check_credit(q: Question) -> Finding:
    """What an account, and the firm, may owe: in each currency what orders that work need at their worst, less what
    cash there is, where that is more than nothing; summed in the base currency. So it is what was bought and may be,
    less what was sold, fees and opened cash counted. Of the two limits the first that refuses speaks, else the one
    with less left. Source: SEC 15c3-5 (c)(1)(i), aggregate credit thresholds."""
    found, left = Finding(Reason.CREDIT_LIMIT, NO_PRICE, -1, False, False), 0
    for slot, whose in ((CREDIT, q.account), (FIRM_CREDIT, 0)):
        limit, row = q.line.limits[slot], q.line.rows[slot]
        if limit < 0:
            continue
        owed = None if q.fund_more < 0 else owed_with(q.funds, whose, q.account, q.ins.currency, q.fund_more)
        refused = q.fund_more != 0 and not q.reduces and (owed is None or owed > limit)
        its = limit - (BEYOND if owed is None else owed)
        if not found.armed or refused or its < left:
            found = Finding(Reason.CREDIT_LIMIT, NO_PRICE if owed is None else tell_wide(owed, True),
                            told_limit(q, row), refused, True, row)
            left = its
        if refused:
            break
    return found


# In the order in which they are asked.
CHECKS_OF_FUNDS = check_short_sale, check_held_position, check_cash, check_credit
