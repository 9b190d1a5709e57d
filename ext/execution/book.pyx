# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One book alone: price-time priority over sparse prices. Door checks here, the book in execution.pxd."""

from shell cimport open_batch, round_up
from table cimport *
from book cimport *

from tradecore.vocabulary.records import BOOK_DTYPE


cdef packed struct tc_operation:
    int64_t price, qty
    uint32_t number
    uint8_t op, side
    uint16_t padding


cdef class Book:
    """A price-time-priority book of one instrument; prices in ticks, quantities in lots, orders by number."""

    cdef tc_book book
    cdef int64_t capacity
    cdef list tables

    def __cinit__(self, int64_t orders):
        demand("orders", orders, 1, 1 << 24)
        self.tables = []
        t = self.tables
        self.capacity = orders
        self.book.nodes = <tc_node*>table(t, orders, sizeof(tc_node))
        self.book.levels = <tc_level*>table(t, orders + 2, sizeof(tc_level))
        self.book.free_levels = <uint32_t*>table(t, orders + 1, sizeof(uint32_t))
        self.book.rows = <tc_row*>table(t, 2, sizeof(tc_row))
        self.book.fills = <tc_fill*>table(t, orders + 1, sizeof(tc_fill))
        self.book.by_price.mask = <uint64_t>round_up(2 * orders + 2) - 1
        self.book.by_price.slots = <tc_slot*>table(t, self.book.by_price.mask + 1, sizeof(tc_slot))
        self.book.tries.mask = <uint64_t>round_up(2 * TIERS * (orders + 1)) - 1
        self.book.tries.slots = <tc_slot*>table(t, self.book.tries.mask + 1, sizeof(tc_slot))

    def __dealloc__(self):
        free_tables(self.tables)

    cdef int demand_order(self, int64_t side, int64_t price, int64_t qty) except -1:
        demand("side", side, 1, 2)
        demand("price", price, -book_ticks_max(), book_ticks_max())
        demand("qty", qty, 1, qty_max())
        return 0

    def add(self, int64_t number, int side, int64_t price, int64_t qty):
        """Rest an order behind everything at its price. It must not cross: `take` first."""
        self.demand_order(side, price, qty)
        demand("number", number, 0, self.capacity - 1)
        if self.book.nodes[number].qty:
            raise ValueError(f"number {number} rests already")
        if crosses(&self.book, <uint32_t>(2 - side), price):
            raise ValueError(f"price {price} crosses the other side: take first")
        add_node(&self.book, <uint32_t>(side - 1), <uint32_t>number, price, qty, 0)

    def cancel(self, int64_t number):
        """Remove an order; return the quantity that rested. KeyError where it does not rest."""
        cdef int64_t qty
        if not 0 <= number < self.capacity or not self.book.nodes[number].qty:
            raise KeyError(f"number {number} does not rest")
        qty = self.book.nodes[number].qty
        remove_node(&self.book, <uint32_t>number)
        return qty

    def take(self, int side, int64_t limit, int64_t qty):
        """Match a taker of `side`: (quantity left, [(number, price, quantity), ...] in the order of the trades)."""
        self.demand_order(side, limit, qty)
        left = match_order(&self.book, <uint32_t>(2 - side), limit, qty)
        return left, [(self.book.fills[i].node, self.book.fills[i].price, self.book.fills[i].qty)
                      for i in range(self.book.fill_count)]

    def best(self, int side):
        """(price, quantity) of the best resting level of a side, or None."""
        demand("side", side, 1, 2)
        cdef uint32_t level = self.book.rows[side - 1].best
        return None if level == NO_LEVEL else (self.book.levels[level].price, self.book.levels[level].qty)

    def depth(self, int side):
        """[(price, [(number, quantity), ...]), ...] of a side, in price-time priority."""
        demand("side", side, 1, 2)
        cdef uint32_t level = self.book.rows[side - 1].best, node
        found = []
        while level != NO_LEVEL:
            queue = []
            node = self.book.levels[level].head
            while node != NO_NODE:
                queue.append((node, self.book.nodes[node].qty))
                node = self.book.nodes[node].next
            found.append((self.book.levels[level].price, queue))
            level = next_level(&self.book, level)
        return found

    def play(self, operations):
        """Run BOOK_DTYPE rows: op 1 enters a limit order (takes, then rests), op 2 cancels a number that rests.

        Returns the quantity traded. Threads: one caller at a time.
        """
        cdef const unsigned char[::1] source = open_batch(operations, sizeof(tc_operation))
        cdef int64_t count = len(operations), i, left, traded = 0
        cdef const tc_operation* o
        if operations.dtype != BOOK_DTYPE:
            raise ValueError(f"expected BOOK_DTYPE, got {operations.dtype}")
        for i in range(count):
            o = <const tc_operation*>&source[i * <int64_t>sizeof(tc_operation)]
            demand("number", o.number, 0, self.capacity - 1)
            demand("op", o.op, 1, 2)
            if o.op == 1:
                self.demand_order(o.side, o.price, o.qty)
        with nogil:
            for i in range(count):
                o = <const tc_operation*>&source[i * <int64_t>sizeof(tc_operation)]
                if o.op == 2:
                    if self.book.nodes[o.number].qty:
                        remove_node(&self.book, o.number)
                elif not self.book.nodes[o.number].qty:
                    left = match_order(&self.book, <uint32_t>(2 - o.side), o.price, o.qty)
                    traded += o.qty - left
                    if left:
                        add_node(&self.book, <uint32_t>(o.side - 1), o.number, o.price, left, 0)
        return traded
