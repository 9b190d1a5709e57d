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
from tradecore.vocabulary.units import tell_wide

from ..vocabulary.instrument import SELL
from ..vocabulary.shell import saturate
from .exposure_checks import adds_risk
from .funds import cash_of
from .holds import Question, worst_position
from .limit_lines import FUNDED, LOCATE, LONG_ONLY, SHORT_SALE


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


# In the order in which they are asked.
CHECKS_OF_FUNDS = check_short_sale, check_held_position, check_cash
