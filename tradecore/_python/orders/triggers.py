"""Orders that wait for a price, sorted by it: finding that none triggers costs the same whatever waits.

What waits for a rising price stands in the SELL side of a book, whose best is the lowest; for a falling one in the BUY
side. Trailing stops stand in a second book by the best price that they have seen (their peak): they move only when
the market passes it. Source of the words: FIX TriggerPriceType(1107), PegOffsetValue(211).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tradecore.vocabulary.fix import OrdType, PegOffsetType, TriggerPriceType
from tradecore.vocabulary.records import NO_PRICE, PRICE_MAX

from ..execution.book import Book, add_node, best_level, remove_node
from ..vocabulary.instrument import BUY, SELL, direction
from .order_table import Order

OFFER, LAST, BID, MID = (int(TriggerPriceType[name]) for name in ("BEST_OFFER", "LAST_TRADE", "BEST_BID", "BEST_MID"))
SOURCES = (OFFER, LAST, BID, MID)
_TOUCHED = {int(OrdType.MARKET_IF_TOUCHED), int(OrdType.LIMIT_IF_TOUCHED)}


class Triggers:
    """What waits for a price, by instrument and price source."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.stops: dict[tuple[int, int], Book] = {}
        self.peaks: dict[tuple[int, int], Book] = {}  # trailing stops by the best price that they have seen
        self.counts: Counter[int] = Counter()  # waiting orders by instrument


def source_of(order: Order) -> int:
    """The price that an order watches; the last trade where it says nothing."""
    return order.trigger_price_type or LAST


def waiting_side(order: Order) -> int:
    """SELL where it waits for the price to rise, BUY where it waits for it to fall."""
    rises = (direction(order.side) == BUY) != (order.ord_type in _TOUCHED)
    return SELL if rises else BUY


def trail_stop(order: Order, peak: int) -> int:
    """A trailing stop's trigger price under its peak; a percentage is rounded away from the market."""
    if order.peg_offset_type == PegOffsetType.PRICE:
        stop = peak - order.peg_offset if direction(order.side) == SELL else peak + order.peg_offset
    elif direction(order.side) == SELL:
        stop = peak - -(-abs(peak) * order.peg_offset // 10_000)
    else:
        stop = peak + -(-abs(peak) * order.peg_offset // 10_000)
    return max(-PRICE_MAX, min(PRICE_MAX, stop))


def _book(books: dict[tuple[int, int], Book], instrument: int, source: int, capacity: int) -> Book:
    book = books.get((instrument, source))
    if book is None:
        book = books[instrument, source] = Book(capacity)
    return book


def arm_trigger(triggers: Triggers, order: Order) -> None:
    """Adds a waiting order; a trailing stop's peak is set."""
    where = order.instrument, source_of(order), triggers.capacity
    if order.ord_type == OrdType.TRAILING_STOP:
        order.stop_px = trail_stop(order, order.peak_px)
        # A trailing sell moves when the price rises above its peak: the opposite of what triggers it.
        add_node(_book(triggers.peaks, *where), direction(order.side), order.order_id, order.peak_px, 1)
    add_node(_book(triggers.stops, *where), waiting_side(order), order.order_id, order.stop_px, 1)
    triggers.counts[order.instrument] += 1


def disarm_trigger(triggers: Triggers, order: Order) -> None:
    where = order.instrument, source_of(order), triggers.capacity
    remove_node(_book(triggers.stops, *where), order.order_id)
    if order.ord_type == OrdType.TRAILING_STOP:
        remove_node(_book(triggers.peaks, *where), order.order_id)
    triggers.counts[order.instrument] -= 1


def _first_number(book: Book, side: int) -> int:
    resting = book.sides[side]
    return next(iter(resting.levels[resting.ranks[-1]].queue))


def has_waiting(triggers: Triggers, instrument: int, source: int, side: int) -> bool:
    """Does anything wait on this side, or trail?"""
    books = (books.get((instrument, source)) for books in (triggers.stops, triggers.peaks))
    return any(book is not None and book.sides[side].ranks for book in books)


def trail_peaks(
    triggers: Triggers, instrument: int, source: int, side: int, price: int, order_of: Callable[[int], Order]
) -> None:
    """Moves the trailing stops of one side (BUY or SELL) whose peak the price has passed; the others cost nothing."""
    book = _book(triggers.peaks, instrument, source, triggers.capacity)
    if price == NO_PRICE:
        return
    while (best := best_level(book, side)) and (best[0] < price if side == SELL else best[0] > price):
        order = order_of(_first_number(book, side))
        disarm_trigger(triggers, order)
        order.peak_px = price
        arm_trigger(triggers, order)


def find_triggered(triggers: Triggers, instrument: int, source: int, side: int, price: int) -> int:
    """The first order on a side that the price has reached (SELL: risen to, BUY: fallen to), or 0."""
    book = _book(triggers.stops, instrument, source, triggers.capacity)
    best = best_level(book, side)
    if price == NO_PRICE or best is None or (best[0] > price if side == SELL else best[0] < price):
        return 0
    return _first_number(book, side)
