"""The simulated venue's book: price-time priority over sparse prices. It knows no accounts, fees or risk.

Orders of one price wait in a dict from number to quantity: a dict keeps insertion order, so it is the queue.
Prices here are ticks, quantities lots; the number is the caller's. `side` is the side that rests, except where
a taker's is meant. The kernels find a level by hashing and the next best price by a trie of 64-bit occupancy maps, ten
tiers deep, so that sparse prices cost no more than dense ones; a row of one level, as a quote alone has, is in neither.

A book appears when something is first to rest in it, up to the capacity `books` (BOOKS_FULL). The kernels' tables are
zeroed address space whose pages come into being where they are written, and zero means empty: nothing is walked at the
start, and an instrument that nobody quotes costs its definition alone.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from tradecore.vocabulary.layouts import Codec
from tradecore.vocabulary.records import BOOK_DTYPE, BOOK_TICKS_MAX, QTY_MAX

from ..vocabulary.instrument import BUY, SELL, opposite
from ..vocabulary.shell import Records, demand, open_batch

OPERATION_CODEC = Codec("Operation", [("price", "i8"), ("qty", "i8"), ("number", "u4"), ("op", "u1"), ("side", "u1")],
                        BOOK_DTYPE.itemsize)


class Fill(NamedTuple):
    """One trade with one resting order."""

    number: int
    price: int
    qty: int
    done: bool  # the maker has nothing left


@dataclass(slots=True)
class Level:
    """What rests at one price, oldest first: each order's displayed lots, and (hidden, peak) of the icebergs."""

    qty: int = 0  # displayed
    hidden_qty: int = 0
    queue: dict[int, int] = field(default_factory=dict)
    icebergs: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class BookSide:
    """The levels of one side, and their ranks in rising order: the best level is the last."""

    levels: dict[int, Level] = field(default_factory=dict)  # by rank
    ranks: list[int] = field(default_factory=list)


class Book:
    """A price-time-priority book of one instrument; prices in ticks, quantities in lots, orders by number."""

    def __init__(self, orders: int) -> None:
        demand("orders", orders, 1, 1 << 24)
        self.capacity = orders
        self.sides = {BUY: BookSide(), SELL: BookSide()}
        self.places: dict[int, tuple[int, int]] = {}  # number -> its side and rank

    def add(self, number: int, side: int, price: int, qty: int) -> None:
        """Rest an order behind everything at its price. It must not cross: `take` first."""
        _demand_order(side, price, qty)
        demand("number", number, 0, self.capacity - 1)
        if number in self.places:
            raise ValueError(f"number {number} rests already")
        if crosses(self, opposite(side), price):
            raise ValueError(f"price {price} crosses the other side: take first")
        add_node(self, side, number, price, qty)

    def cancel(self, number: int) -> int:
        """Remove an order; return the quantity that rested. KeyError where it does not rest."""
        if number not in self.places:
            raise KeyError(f"number {number} does not rest")
        return remove_node(self, number)

    def take(self, side: int, limit: int, qty: int) -> tuple[int, list[tuple[int, int, int]]]:
        """Match a taker of `side`: (quantity left, [(number, price, quantity), ...] in the order of the trades)."""
        _demand_order(side, limit, qty)
        left, fills = match_order(self, opposite(side), limit, qty)
        return left, [(fill.number, fill.price, fill.qty) for fill in fills]

    def best(self, side: int) -> tuple[int, int] | None:
        """(price, quantity) of the best resting level of a side, or None."""
        demand("side", side, 1, 2)
        return best_level(self, side)

    def depth(self, side: int) -> list[tuple[int, list[tuple[int, int]]]]:
        """[(price, [(number, quantity), ...]), ...] of a side, in price-time priority."""
        demand("side", side, 1, 2)
        resting = self.sides[side]
        return [(rank_of(side, rank), list(resting.levels[rank].queue.items())) for rank in reversed(resting.ranks)]

    def play(self, operations: Records) -> int:
        """Run BOOK_DTYPE rows: op 1 enters a limit order (takes, then rests), op 2 cancels a number that rests.

        Returns the quantity traded. Threads: one caller at a time.
        """
        rows = list(open_batch(operations, OPERATION_CODEC))
        if operations.dtype != BOOK_DTYPE:
            raise ValueError(f"expected BOOK_DTYPE, got {operations.dtype}")
        for o in rows:
            demand("number", o.number, 0, self.capacity - 1)
            demand("op", o.op, 1, 2)
            if o.op == 1:
                _demand_order(o.side, o.price, o.qty)
        traded = 0
        for o in rows:
            rests = o.number in self.places
            if o.op == 2 and rests:
                remove_node(self, o.number)
            elif o.op == 1 and not rests:
                left, _ = match_order(self, opposite(o.side), o.price, o.qty)
                traded += o.qty - left
                if left:
                    add_node(self, o.side, o.number, o.price, left)
        return traded


def _demand_order(side: int, price: int, qty: int) -> None:
    demand("side", side, 1, 2)
    demand("price", price, -BOOK_TICKS_MAX, BOOK_TICKS_MAX)
    demand("qty", qty, 1, QTY_MAX)


def rank_of(side: int, price: int) -> int:
    """A price as a number that is higher the better it is for its side; the rank of a rank is the price again."""
    return price if side == BUY else -price


def best_level(book: Book, side: int) -> tuple[int, int] | None:
    """(price, quantity) of the best level, or None."""
    resting = book.sides[side]
    if not resting.ranks:
        return None
    best = resting.ranks[-1]
    return rank_of(side, best), resting.levels[best].qty


def add_node(book: Book, side: int, number: int, price: int, qty: int, peak: int = 0) -> None:
    """Rests an order behind everything at its price; with a peak it shows that much at a time, and hides the rest."""
    hidden = qty - peak if 0 < peak < qty else 0
    qty -= hidden
    rank, resting = rank_of(side, price), book.sides[side]
    level = resting.levels.get(rank)
    if level is None:
        level = resting.levels[rank] = Level()
        insort(resting.ranks, rank)
    level.queue[number] = qty
    level.qty += qty
    if hidden:
        level.icebergs[number] = hidden, peak
        level.hidden_qty += hidden
    book.places[number] = side, rank


def hidden_of(level: Level, number: int) -> int:
    """What an order at this level rests with, and does not show."""
    return level.icebergs.get(number, (0, 0))[0]


def remove_node(book: Book, number: int) -> int:
    """Takes a resting order out; the quantity that it showed."""
    side, rank = book.places.pop(number)
    resting = book.sides[side]
    level = resting.levels[rank]
    qty = level.queue.pop(number)
    level.qty -= qty
    level.hidden_qty -= level.icebergs.pop(number, (0, 0))[0]
    if not level.queue:
        del resting.levels[rank]
        del resting.ranks[bisect_left(resting.ranks, rank)]
    return qty


def reduce_node(book: Book, number: int, qty: int) -> None:
    """Takes `qty` of more from a resting order, first of what it hides; it keeps its place in the queue."""
    side, rank = book.places[number]
    level = book.sides[side].levels[rank]
    hidden, peak = level.icebergs.get(number, (0, 0))
    unseen = min(hidden, qty)
    if unseen:
        level.icebergs[number] = hidden - unseen, peak
        level.hidden_qty -= unseen
    level.queue[number] -= qty - unseen
    level.qty -= qty - unseen


def refresh_node(level: Level, number: int) -> None:
    """An iceberg whose shown part is gone shows the next, behind everything at its price."""
    hidden, peak = level.icebergs.pop(number)
    shown = min(hidden, peak)
    del level.queue[number]
    level.queue[number] = shown
    level.qty += shown
    level.hidden_qty -= shown
    if hidden > shown:
        level.icebergs[number] = hidden - shown, peak


def crosses(book: Book, side: int, limit: int) -> bool:
    """Does an order with this limit reach the best price of the side that it would take from?"""
    ranks = book.sides[side].ranks
    return bool(ranks) and ranks[-1] >= rank_of(side, limit)


def is_fillable(book: Book, side: int, limit: int, qty: int) -> bool:
    """Is `qty` there, at `limit` or better? Walks levels until there is enough."""
    resting, worst = book.sides[side], rank_of(side, limit)
    for rank in reversed(resting.ranks):
        if rank < worst:
            return False
        qty -= resting.levels[rank].qty + resting.levels[rank].hidden_qty
        if qty <= 0:
            return True
    return False


def match_order(book: Book, side: int, limit: int, qty: int) -> tuple[int, list[Fill]]:
    """Takes up to `qty` from `side` in price-time priority: what is left, and the trades."""
    fills: dict[int, Fill] = {}  # what an iceberg shows later adds to the same fill
    resting = book.sides[side]
    while qty > 0 and crosses(book, side, limit):
        rank = resting.ranks[-1]
        level = resting.levels[rank]
        number, rests = next(iter(level.queue.items()))
        taken = min(rests, qty)
        refreshes = taken == rests and hidden_of(level, number) > 0
        done = taken == rests and not refreshes
        before = fills[number].qty if number in fills else 0
        fills[number] = Fill(number, rank_of(side, rank), before + taken, done)
        qty -= taken
        if done:
            remove_node(book, number)
        elif refreshes:
            level.qty -= taken
            refresh_node(level, number)
        else:
            level.queue[number] -= taken  # keeps its place in the queue
            level.qty -= taken
    return qty, list(fills.values())
