"""What a corporate action moves between instruments: cost that is carried into a position, and cost that it sheds. No
cash moves and nothing is realised; what came or left so is counted in `carried`.

A spin-off sheds a share of every lot's cost here and carries it into lots of the new instrument there; a merger sheds
all, with the lots. Each is an entry of one instrument, so that a bust replays its own chain.
"""

from __future__ import annotations

from typing import Any

from tradecore.positions.entries import EntryReason
from tradecore.vocabulary.records import PRICE_MAX

from .costs import is_beyond_sum, position_of, release_cost
from .entries import AVERAGE, CARRY, SHED, Books, Finding, find_bad_entry, position_most
from .lot_order import put_all_in_order
from .lots import drop_lots, open_lot


def carried_cost(e: Any) -> int:
    """The cost that a CARRY brings, with the sign of its quantity at positive prices."""
    return int((e.lot << 64) + e.price % 2**64)


def find_bad_carry(b: Books, e: Any, strict: bool) -> Finding | None:
    p, t = position_of(b, e.instrument, e.account), b.tallies[e.instrument]
    after, cost = p.qty + e.qty, carried_cost(e)
    if p.qty != 0 and (p.qty > 0) != (e.qty > 0):
        return Finding(EntryReason.CARRY_OPPOSED, e.qty, p.qty)
    if abs(after) > position_most(t):
        return Finding(EntryReason.BEYOND_POSITION, after, position_most(t))
    if abs(cost) > abs(e.qty) * PRICE_MAX or abs(cost) > t.amount_most:
        return Finding(EntryReason.BEYOND_COST, abs(e.qty), PRICE_MAX)
    if is_beyond_sum(p.realised) or is_beyond_sum(b.carried.get((e.instrument, e.account), 0)):
        return Finding(EntryReason.BEYOND_SUM, 0, 0)
    if b.method != AVERAGE and b.lots.open_count >= b.lots.most:
        return Finding(EntryReason.LOTS_FULL, b.lots.open_count + 1, b.lots.most)
    if strict and b.legs == 2 and (after < 0 if e.account & 1 else after > 0):
        return Finding(EntryReason.BEYOND_LEG, abs(e.qty), abs(p.qty))
    return None


def find_bad_shed(b: Books, e: Any) -> Finding | None:
    beyond = is_beyond_sum(b.carried.get((e.instrument, e.account), 0))
    return Finding(EntryReason.BEYOND_SUM, 0, 0) if beyond else None


def find_bad(b: Books, e: Any, strict: bool) -> Finding | None:
    """Why an entry of any kind can't be booked now."""
    if e.kind == CARRY:
        return find_bad_carry(b, e, strict)
    return find_bad_shed(b, e) if e.kind == SHED else find_bad_entry(b, e, strict)


def book_carry(b: Books, e: Any, trade_id: int) -> None:
    """A lot of a cost and an age that it had elsewhere."""
    p, key, cost = position_of(b, e.instrument, e.account), (e.instrument, e.account), carried_cost(e)
    p.qty += e.qty
    p.cost += cost
    b.carried[key] = b.carried.get(key, 0) + cost
    if b.method != AVERAGE:
        open_lot(b.lots, p, abs(e.qty), cost if e.qty > 0 else -cost, trade_id, e.transact_time)


def book_shed(b: Books, e: Any) -> None:
    """qty of price parts of every lot's cost leave; where those are all, the lots leave too."""
    p, key = position_of(b, e.instrument, e.account), (e.instrument, e.account)
    sign, gone = 1 if p.qty > 0 else -1, 0
    if e.qty == e.price:
        gone = p.cost
        p.qty = 0
        drop_lots(b.lots, p)
    elif b.method == AVERAGE:
        gone = release_cost(p.cost * sign, e.price, e.qty) * sign
    else:
        for lot in p.lots.values():
            part = release_cost(lot.cost, e.price, e.qty)
            lot.cost -= part
            gone += part * sign
        put_all_in_order(b.lots, p)
    p.cost -= gone
    b.carried[key] = b.carried.get(key, 0) - gone
