"""What a simulated venue makes of an order: what it takes, what rests, and why it ends there."""

from __future__ import annotations

from tradecore.vocabulary.codes import Reason

from ..execution.book import Fill, add_node, crosses, is_fillable, match_order
from ..orders.order_facts import leaves_of
from ..orders.order_table import RESTING, Order
from ..orders.validation import AUCTIONS, POST_ONLY
from ..vocabulary.instrument import FOK, IOC, InstrumentRow, direction, has_limit, opposite
from .exits import protects_position
from .protection import reaches, within_ticks
from .state import State, book_of, use_book


def execute_order(
    core: State, ins: InstrumentRow, order: Order, limit: int, elsewhere: int
) -> tuple[Reason | None, list[Fill]]:
    """Takes what it may, rests what may rest; `elsewhere`: what it must not trade through, lock or cross. Why the order
    ends here, if it does, and the trades."""
    side, qty = direction(order.side), leaves_of(order)
    taken_side, book = opposite(side), book_of(core, order.instrument, order.venue)
    within = within_ticks(ins, side, limit, elsewhere)
    if order.exec_inst & POST_ONLY and crosses(book, taken_side, limit):
        return Reason.POST_ONLY_WOULD_TAKE, []
    if order.time_in_force == FOK and not is_fillable(book, taken_side, within, qty):
        through = is_fillable(book, taken_side, limit, qty)
        return Reason.ORDER_PROTECTION if through else Reason.FOK_NOT_FILLABLE, []
    if order.min_qty and not is_fillable(book, taken_side, within, order.min_qty):
        return Reason.MIN_QTY_NOT_MET, []
    protects = protects_position(core, order, limit)
    left, fills = match_order(book, taken_side, within, qty)
    if left == 0:
        return None, fills
    if order.time_in_force in AUCTIONS:
        return Reason.AUCTION_LEFTOVER, fills
    if not has_limit(order.ord_type) and not protects:
        return Reason.MARKET_LEFTOVER, fills
    if order.time_in_force == IOC:
        return Reason.IOC_LEFTOVER, fills
    if reaches(ins, side, limit, elsewhere) and not protects:
        return Reason.ORDER_PROTECTION, fills
    rests = use_book(core, order.instrument, order.venue)
    if rests is None:
        return Reason.BOOKS_FULL, fills  # none: there was no book to take from
    add_node(rests, side, order.order_id, limit, left, order.display_qty)
    order.place = RESTING
    return None, fills
