"""The kernels of the ledger. Amounts are integers of price unit x lot x multiplier; they know no orders.

Identity, after every event: realised + unrealised - fees + dividends = cash flow net of fees + market value - carried,
where what an opening or a transfer brings without cash is carried. Average cost, on magnitudes: `q, r = divmod(cost,
qty)`, `release = q * closed + (r * closed) // qty`; the remainder stays in the position. An inverse contract is worth
-qty x multiplier / price, rounded half to even at 12 decimals once a fill.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from tradecore.vocabulary.records import AMOUNT_MAX, NO_PRICE

from ..vocabulary.instrument import InstrumentRow


@dataclass(slots=True)
class Lot:
    """One open lot: quantity and cost as magnitudes, the position has the sign."""

    qty: int
    cost: int
    trade_id: int  # the trade that opened it
    opened: int
    age: int = 0  # the older of two lots has the lesser
    fee: int = 0  # only where a report is made: of the commission that opened it, what is left


@dataclass(slots=True)
class Position:
    """One instrument in one account: signed quantity units, money units, amounts."""

    qty: int = 0
    fees: int = 0  # paid is positive
    cost: int = 0  # has the sign of qty (at positive prices)
    realised: int = 0
    lots: OrderedDict[int, Lot] = field(default_factory=OrderedDict)  # from the oldest, where any are kept
    pool: int = 0  # only where a report is made: at average cost, the commissions of all that is open
    since: int = 0  # and when it was last opened from flat
    order: list[Lot] = field(default_factory=list)  # the same as they close, where that is another order


class Holdings(Protocol):
    """What the kernels need of a ledger: its positions, marks and last prices."""

    positions: dict[tuple[int, int], Position]
    marks: dict[int, int]  # the MARK command's price
    lasts: dict[int, int]  # the last trade's price


def position_of(ledger: Holdings, instrument: int, account: int) -> Position:
    position = ledger.positions.get((instrument, account))
    if position is None:
        position = ledger.positions[instrument, account] = Position()
    return position


def is_beyond_sum(amount: int) -> bool:
    """Is a running sum so large that no more may be added to it? See ext/positions/costs.pxd."""
    return abs(amount >> 64) >= 2**61


def release_cost(cost: int, qty: int, closed: int) -> int:
    """The cost that leaves with `closed` of `qty` lots; on magnitudes, the remainder stays in the position."""
    q, r = divmod(cost, qty)
    return q * closed + r * closed // qty


def apply_value(p: Position, qty: int, value: int) -> None:
    """Books signed `qty` lots worth `value`: adds, or closes at average cost, or both when it flips through zero.

    The value is then divided between the two by the release rule, exactly where it is qty x price.
    """
    if p.qty != 0 and (p.qty > 0) != (qty > 0):
        sign, size, held = (1 if p.qty > 0 else -1), abs(qty), abs(p.qty)
        if size > held:
            closing = -release_cost(-value * sign, size, held) * sign
            released, p.cost = p.cost, value - closing
        else:
            closing, released = value, release_cost(p.cost * sign, held, size) * sign
            p.cost -= released
        p.qty += qty
        p.realised -= closing + released
    else:
        p.qty += qty
        p.cost += value


def apply_fill(p: Position, qty: int, price: int) -> None:
    """Books a fill of signed `qty` at `price`."""
    apply_value(p, qty, qty * price)


def scale_of(inverse_scale: int) -> int:
    """What an inverse contract's word stands for, multiplier x 64 + power of ten: 64 bits may not hold it."""
    return (inverse_scale >> 6) * int(10 ** (inverse_scale & 63))


def value_of(inverse_scale: int, qty: int, price: int) -> int:
    """What signed quantity units are worth at a price. An inverse contract is worth -qty x scale / price in its own
    currency, rounded half to even once; that rounded value is the ledger's fact. `inverse_scale` 0: an ordinary one."""
    return -round_half_even(qty * scale_of(inverse_scale), price) if inverse_scale else qty * price


def unrealised(p: Position, mark: int) -> int:
    return p.qty * mark - p.cost


def round_half_even(a: int, b: int) -> int:
    """a / b to the nearest whole number, ties to even; b is positive."""
    q, r = divmod(a, b)
    return q + (2 * r > b or (2 * r == b and q % 2 == 1))


def commission_of(ins: InstrumentRow, qty: int, price: int, fee_per_unit: int, fee_ppm: int) -> int:
    """A fill's commission in money units, rounded once: either by quantity or by notional; a rebate is negative. Beyond
    an amount's bound, which no currency has, it is that bound."""
    if fee_per_unit:
        fee = round_half_even(qty * fee_per_unit * ins.unit_fee_scale, ins.unit_fee_divisor)
    else:
        fee = round_half_even(abs(qty * price) * ins.fee_scale * fee_ppm, ins.fee_divisor)
    return max(-AMOUNT_MAX, min(AMOUNT_MAX, fee))


def mark_of(ledger: Holdings, instrument: int) -> int:
    """What an open position is valued at: the MARK command's price, else the last trade's, else NO_PRICE."""
    return ledger.marks.get(instrument, ledger.lasts.get(instrument, NO_PRICE))
