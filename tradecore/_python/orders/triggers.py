"""Orders that wait for a price, sorted by it: finding that none triggers costs the same whatever waits.

What waits for a rising price stands in the SELL side of a book, whose best is the lowest; for a falling one in the BUY
side.

Trailing stops that have seen the same best price (their peak) are one group, which stands in a second book by it: the
group moves when the market passes its peak, and is united with those that the market reaches. In a group the smallest
offset triggers first, then what was armed first; the first of those with a price offset and the first of those with a
percentage stand for all of it among the stops, where they wait behind what waited at that price before.
Source of the words: FIX TriggerPriceType(1107), PegOffsetValue(211).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque

from tradecore.vocabulary.fix import OrdType, PegOffsetType
from tradecore.vocabulary.records import NO_PRICE, PRICE_MAX

from ..execution.book import Book, add_node, best_level, rank_of, remove_node
from ..vocabulary.instrument import BUY, SELL, direction
from .order_table import Order

Place = tuple[int, int, int]
_TOUCHED = {int(OrdType.MARKET_IF_TOUCHED), int(OrdType.LIMIT_IF_TOUCHED)}


class Triggers:
    """What waits for a price, by instrument and price source."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.stops: dict[tuple[int, int], Book] = {}
        self.peaks: dict[tuple[int, int], Book] = {}  # groups of trailing stops by the best price that they have seen
        self.trails: dict[int, Trail] = {}  # groups by number
        self.trailing: dict[int, Order] = {}
        self.opened = self.armed = 0  # groups and trailing stops ever
        self.counts: Counter[int] = Counter()  # waiting orders by instrument
        # By instrument: the command before the one that opened its session, the one that told its last trade, and when
        # it last printed one in this session.
        self.opened_at: dict[int, int] = {}
        self.lasts_told: dict[int, int] = {}
        self.print_times: dict[int, int] = {}
        self.fired: deque[int] = deque()  # orders whose price has come
        self.held_back: dict[int, None] = {}  # orders that wait for a venue or a switch, and some that did
        self.asks_again = False  # what waits for a venue or a switch is to be asked about again
        self.kept = 0  # the order that its venue would not cancel, until what was held back has been asked about


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


def _first_number(book: Book, side: int) -> int:
    resting = book.sides[side]
    return next(iter(resting.levels[resting.ranks[-1]].queue))


def has_waiting(triggers: Triggers, instrument: int, source: int, side: int) -> bool:
    """Does anything wait on this side, or trail?"""
    books = (books.get((instrument, source)) for books in (triggers.stops, triggers.peaks))
    return any(book is not None and book.sides[side].ranks for book in books)


# ---- trailing stops


class Trail:
    """Trailing stops that watch the same price and have seen the same best one."""

    def __init__(self, number: int, instrument: int, source: int, side: int, peak: int) -> None:
        self.number, self.instrument, self.source, self.side, self.peak = number, instrument, source, side, peak
        self.into: Trail | None = None  # the group that it became part of
        self.rank = 0  # how many groups at most lie on the way to it
        # Of prices, of basis points: (peg_offset, number of arming, order_id), in order.
        self.orders: tuple[list[Place], list[Place]] = [], []


def group_at(order: Order) -> Trail:
    """The group that an order, or the group that it joined, is part of now."""
    trail: Trail = order.trail
    while trail.into is not None:
        trail = trail.into
    order.trail = trail
    return trail


def peak_of(order: Order) -> int:
    """The best price that a trailing stop has seen by now."""
    return order.peak_px if order.trail is None else group_at(order).peak


def stop_of(order: Order) -> int:
    """StopPx(99) as it is by now."""
    return order.stop_px if order.trail is None else trail_stop(order, group_at(order).peak)


def trail_kind(order: Order) -> int:
    return int(order.peg_offset_type != PegOffsetType.PRICE)


def show_first(triggers: Triggers, trail: Trail, kind: int) -> None:
    """Those of a group that trigger first stand for it in the book of stops."""
    if trail.orders[kind]:
        order = triggers.trailing[trail.orders[kind][0][2]]
        stops = _book(triggers.stops, trail.instrument, trail.source, triggers.capacity)
        add_node(stops, waiting_side(order), order.order_id, trail_stop(order, trail.peak), 1)


def hide_first(triggers: Triggers, trail: Trail, kind: int) -> None:
    if trail.orders[kind]:
        remove_node(triggers.stops[trail.instrument, trail.source], trail.orders[kind][0][2])


def join_trail(triggers: Triggers, order: Order, peak: int) -> None:
    """Where a trailing stop that has seen this price belongs; a group of its own where no other has seen just as
    much."""
    side, source, kind = direction(order.side), order.watch, trail_kind(order)
    # A trailing sell moves when the price rises above its peak: the opposite of what triggers it.
    peaks = _book(triggers.peaks, order.instrument, source, triggers.capacity)
    level = peaks.sides[side].levels.get(rank_of(side, peak))
    if level is None:
        triggers.opened += 1
        trail = triggers.trails[triggers.opened] = Trail(triggers.opened, order.instrument, source, side, peak)
        add_node(peaks, side, trail.number, peak, 1)
    else:
        trail = triggers.trails[next(iter(level.queue))]
    triggers.armed += 1
    triggers.trailing[order.order_id] = order
    order.trail, order.trail_key = trail, (order.peg_offset, triggers.armed, order.order_id)
    is_first = not trail.orders[kind] or order.trail_key < trail.orders[kind][0]
    if is_first:
        hide_first(triggers, trail, kind)
    insort(trail.orders[kind], order.trail_key)
    if is_first:
        show_first(triggers, trail, kind)


def quit_trail(triggers: Triggers, order: Order) -> None:
    trail, kind = group_at(order), trail_kind(order)
    was_first = trail.orders[kind][0] == order.trail_key
    if was_first:
        hide_first(triggers, trail, kind)
    del trail.orders[kind][bisect_left(trail.orders[kind], order.trail_key)]
    if was_first:
        show_first(triggers, trail, kind)
    order.trail = None
    del triggers.trailing[order.order_id]
    if not any(trail.orders):
        remove_node(triggers.peaks[trail.instrument, trail.source], trail.number)
        del triggers.trails[trail.number]


def unite_trails(triggers: Triggers, more: Trail, less: Trail) -> Trail:
    """One group of two, neither of which stands in a book."""
    if more.rank < less.rank:
        more, less = less, more
    for kind in range(2):
        few, many = sorted((more.orders[kind], less.orders[kind]), key=len)
        for key in few:
            insort(many, key)
        more.orders[kind][:] = many
    more.rank += more.rank == less.rank
    less.into = more
    del triggers.trails[less.number]
    return more


def take_trail(triggers: Triggers, number: int) -> Trail:
    trail = triggers.trails[number]
    remove_node(triggers.peaks[trail.instrument, trail.source], number)
    hide_first(triggers, trail, 0)
    hide_first(triggers, trail, 1)
    return trail


def trail_peaks(triggers: Triggers, instrument: int, source: int, side: int, price: int) -> None:
    """Moves the trailing stops of one side (BUY or SELL) whose peak the price has passed, as one group from then on;
    the others cost nothing."""
    book = _book(triggers.peaks, instrument, source, triggers.capacity)
    best = best_level(book, side)
    if price == NO_PRICE or best is None or rank_of(side, best[0]) <= rank_of(side, price):
        return
    trail = take_trail(triggers, _first_number(book, side))
    while (best := best_level(book, side)) and rank_of(side, best[0]) >= rank_of(side, price):
        trail = unite_trails(triggers, trail, take_trail(triggers, _first_number(book, side)))
    trail.peak = price
    add_node(book, side, trail.number, price, 1)
    show_first(triggers, trail, 0)
    show_first(triggers, trail, 1)


# ---- what waits


def arm_trigger(triggers: Triggers, order: Order) -> None:
    """Adds a waiting order; a trailing stop's peak is set."""
    if order.ord_type == OrdType.TRAILING_STOP:
        order.stop_px = trail_stop(order, order.peak_px)
        join_trail(triggers, order, order.peak_px)
    else:
        book = _book(triggers.stops, order.instrument, order.watch, triggers.capacity)
        add_node(book, waiting_side(order), order.order_id, order.stop_px, 1)
    triggers.counts[order.instrument] += 1


def disarm_trigger(triggers: Triggers, order: Order) -> None:
    """A trailing stop keeps the stop price that it had."""
    if order.ord_type == OrdType.TRAILING_STOP:
        order.stop_px, order.peak_px = stop_of(order), peak_of(order)
        quit_trail(triggers, order)
    else:
        remove_node(triggers.stops[order.instrument, order.watch], order.order_id)
    triggers.counts[order.instrument] -= 1


def find_triggered(triggers: Triggers, instrument: int, source: int, side: int, price: int) -> int:
    """The first order on a side that the price has reached (SELL: risen to, BUY: fallen to), or 0."""
    book = _book(triggers.stops, instrument, source, triggers.capacity)
    best = best_level(book, side)
    if price == NO_PRICE or best is None or (best[0] > price if side == SELL else best[0] < price):
        return 0
    return _first_number(book, side)


def has_reached(order: Order, price: int) -> bool:
    """Has the price that a waiting order watches come as far as it waits for?"""
    if price == NO_PRICE:
        return False
    return price >= stop_of(order) if waiting_side(order) == SELL else price <= stop_of(order)
