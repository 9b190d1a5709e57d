"""Orders of our own never trade with each other: what an order would meet on its way to a venue, and what is done then.

In a simulated venue's book, by the mode of the newcomer's account: it is refused whole (BLOCK), it takes what stands
before its own and the rest is canceled (CANCEL_NEWEST), its own are canceled on the way (CANCEL_OLDEST), or both lose
what the smaller has (DECREMENT). An order that must have a quantity at once (FILL_OR_KILL, min_qty) counts what others
hold alone, and changes nothing where that is too little. At an external venue nobody sees the queue: an order that
could meet our own there is refused (BLOCK), canceled before it is sent (CANCEL_NEWEST), or held until they are gone
(HOLD). What waits at a venue for a price does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tradecore.vocabulary.codes import Reason, SelfMatch
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType
from tradecore.vocabulary.records import NO_PRICE

from ..execution.book import rank_of, reduce_node
from ..orders.lists import cap_limit
from ..orders.open_orders import find_open
from ..orders.order_facts import held_of, leaves_of, worst_px
from ..orders.order_table import AT_VENUE, CANCELED, RESTING, Order
from ..orders.validation import POST_ONLY
from ..risk.holds import exposure_of
from ..risk.self_match import is_one_owner, prevention_of
from ..vocabulary.instrument import BUY, FOK, awaits_price, direction, opposite
from .state import State, book_of, end_order, report_execution, sync_order, sync_top

PARTIAL_DECLINE = int(ExecRestatementReason.PARTIAL_DECLINE)


def may_meet_own(core: State, order: Order, match_id: int) -> bool:
    """Does anything of ours work on the other side?"""
    e = exposure_of(core.risk, order.instrument, 0 if match_id else order.account)
    return (e.working_sell if direction(order.side) == BUY else e.working_buy) > 0


# ---- in a book


def queue_within(core: State, order: Order, limit: int) -> Iterator[tuple[Order | None, int, int]]:
    """What a taker would meet, in the order of trading: the order of ours, or None of others', what it displays, and
    what is hidden at a level, behind all of it."""
    side = opposite(direction(order.side))
    resting = book_of(core, order.instrument, order.venue).sides[side]
    for rank in reversed(resting.ranks):
        if rank < rank_of(side, limit):
            return
        level = resting.levels[rank]
        for number, displayed in level.queue.items():
            other = core.orders.by_id[number] if number > 0 else None
            own = other is not None and is_one_owner(core.self_match, order.account, other.account)
            yield other if own else None, displayed, level.icebergs.get(number, (0, 0))[0]
        yield None, 0, 0


def first_own(core: State, order: Order, limit: int, qty: int) -> tuple[Order, int] | None:
    """The first of ours that a taker of so much would meet, and what stands before it."""
    before = hidden = 0
    for own, displayed, unseen in queue_within(core, order, limit):
        if own is None and displayed == 0:
            before, hidden = before + hidden, 0
        if before >= qty:
            return None
        if own is not None:
            return own, before
        before, hidden = before + displayed, hidden + unseen
    return None


def held_by_others(core: State, order: Order, limit: int, most: int) -> int:
    """What others hold within the limit, up to `most`."""
    qty = 0
    for own, displayed, unseen in queue_within(core, order, limit):
        if qty >= most:
            break
        if own is None:
            qty += displayed + unseen
    return min(qty, most)


def meets_own(core: State, order: Order, limit: int, qty: int) -> tuple[Order, int] | None:
    """As first_own; None at once where the account prevents nothing, or nothing of ours works on the other side."""
    row = prevention_of(core.self_match, order.account)
    if row.mode == SelfMatch.OFF or order.exec_inst & POST_ONLY or not may_meet_own(core, order, row.match_id):
        return None
    return first_own(core, order, limit, qty)


def decrement_both(core: State, c: Any, order: Order, own: Order, before: int) -> bool:
    """Both lose what the smaller has, without a trade. Is anything left of the newcomer?"""
    qty = min(leaves_of(own), leaves_of(order) - before)
    if qty == leaves_of(own):
        end_own(core, c, own, order)
    else:
        reduce_node(book_of(core, own.instrument, own.venue), own.order_id, qty)
        sync_top(core, own.instrument, own.venue, direction(order.side))
        lose_qty(core, c, own, qty, order)
    if qty == leaves_of(order):
        return False
    lose_qty(core, c, order, qty, own)
    return True


def lose_qty(core: State, c: Any, order: Order, qty: int, other: Order) -> None:
    order.order_qty -= qty
    cap_limit(order)
    report_execution(core, c, order, ExecType.RESTATED, reason=Reason.SELF_MATCH, value=other.order_id,
                     bound=int(SelfMatch.DECREMENT), exec_restatement_reason=PARTIAL_DECLINE)
    sync_order(core, order)


def note_match(order: Order, other: Order, mode: int) -> None:
    """What an order that ends with SELF_MATCH is to say."""
    order.value, order.bound = other.order_id, mode


def end_own(core: State, c: Any, own: Order, order: Order) -> None:
    note_match(own, order, prevention_of(core.self_match, order.account).mode)
    end_order(core, c, own, CANCELED, Reason.SELF_MATCH)


def pass_own(
    core: State, c: Any, order: Order, limit: int, own: Order, before: int, first: bool
) -> tuple[int, Reason | None]:
    """What becomes of an order that meets one of ours in a book: what it may still take or rest with, and why it ends
    if it does. Unless it is refused whole it is New before the others hear of it."""
    mode = prevention_of(core.self_match, order.account).mode
    if mode == SelfMatch.BLOCK:
        note_match(order, own, mode)
        return 0, Reason.SELF_MATCH
    wanted = leaves_of(order) if order.time_in_force == FOK else order.min_qty
    if wanted and wanted > (held_by_others(core, order, limit, wanted) if mode == SelfMatch.CANCEL_OLDEST else before):
        return 0, Reason.FOK_NOT_FILLABLE if order.time_in_force == FOK else Reason.MIN_QTY_NOT_MET
    if first:
        order.acked = True
        report_execution(core, c, order, ExecType.NEW)
    if mode == SelfMatch.CANCEL_NEWEST:
        note_match(order, own, mode)
        return before, None
    met: tuple[Order, int] | None = own, before
    while met is not None:
        own, before = met
        if mode == SelfMatch.CANCEL_OLDEST:
            end_own(core, c, own, order)
        elif not decrement_both(core, c, order, own, before):
            note_match(order, own, mode)
            return 0, None
        met = first_own(core, order, limit, leaves_of(order))
    return leaves_of(order), None


# ---- outside


def could_trade(order: Order, price: int, other: Order) -> bool:
    """Are these on two sides, with prices that meet? What waits for a price of its own trades with nobody yet."""
    theirs = worst_px(other)
    if direction(other.side) == direction(order.side) or (awaits_price(other.ord_type) and not other.triggered):
        return False
    if NO_PRICE in (price, theirs):
        return True
    return price >= theirs if direction(order.side) == BUY else price <= theirs


def own_outside(core: State, order: Order, price: int) -> list[Order]:
    """Orders of ours that one at this price (NO_PRICE: at any) could trade with at its external venue, oldest first;
    none where nothing is prevented there. What is filled counts while a replace may make more of it."""
    row = prevention_of(core.self_match, order.account)
    if row.outside == SelfMatch.OFF or not may_meet_own(core, order, row.match_id):
        return []
    others = find_open(core.open_orders, order.instrument, 0 if row.match_id else order.account, order.venue, 0)
    return [other for other in others if other.place == AT_VENUE and held_of(other) > 0 and is_one_owner(
        core.self_match, order.account, other.account) and could_trade(order, price, other)]


def find_own_match(core: State, order: Order, price: int, ticks: int, leaves_qty: int) -> tuple[int, int] | None:
    """The order of ours that a replaced order would meet, and the mode: at an external venue whatever is prevented
    there, in a book where such an order is blocked."""
    row = prevention_of(core.self_match, order.account)
    if order.place == AT_VENUE:
        outside = own_outside(core, order, price)
        return (outside[0].order_id, row.outside) if outside else None
    blocks = row.mode == SelfMatch.BLOCK and order.place == RESTING
    met = meets_own(core, order, ticks, leaves_qty) if blocks else None
    return None if met is None else (met[0].order_id, row.mode)
