"""Checks of what an account has to sell: what is sold short is located before, and a cash account sells what it holds.

Worst case, as holds are: all open sells fill. A sale of what is held is no short sale: one that reduces passes,
whatever else waits for its price. Fail closed: where nothing was located, nothing is.
"""

from __future__ import annotations

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.rows import Finding

from ..vocabulary.instrument import SELL
from ..vocabulary.shell import saturate
from .exposure_checks import adds_risk
from .holds import Question, worst_position
from .limit_lines import LOCATE, LONG_ONLY, SHORT_SALE


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


# In the order in which they are asked.
CHECKS_OF_FUNDS = check_short_sale, check_held_position
