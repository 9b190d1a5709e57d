# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
# cython: auto_pickle=False
"""What may be asked of a core: each question copies what it needs in one locked section, and answers behind it."""

from cpython.buffer cimport PyBUF_WRITABLE
from answers cimport *
from chunks cimport slot_of_id
from filling cimport fill_all
from lifetimes cimport count_lifetimes, lifetime_rows, tc_lifetimes
from questions cimport answer_question
from shell cimport open_command, wide
from tradecore._native.turnstile cimport State
cimport cython

from operator import attrgetter

import numpy as np

from tradecore.vocabulary.histogram import STAGES, percentiles
from tradecore.vocabulary.records import REPORT_DTYPE
from tradecore.vocabulary.rows import Finding, OrderRow, PositionRow, StaleOrderError, Term, TradeRow, evicted


@cython.no_gc
@cython.final
cdef class EventView:
    """Keeps the records of a NumPy view from being overwritten until the last array over them is gone."""

    cdef State state
    cdef tc_report* first
    cdef Py_ssize_t shape[1]
    cdef Py_ssize_t strides[1]

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        if flags & PyBUF_WRITABLE:
            raise BufferError("reports can't be written")
        show_bytes(buffer, self, <void*>self.first, self.shape, self.strides)

    def __dealloc__(self):
        if self.state is not None:
            tc_say(&self.state.core.events.held_from, 0)


@cython.no_gc
@cython.final
cdef class OrderHandle:
    """A live handle to one order. It holds the core's tables, not the core; eviction makes it stale."""

    def row(self):
        """The order's facts now. Raises StaleOrderError once the order is evicted. Threads: any."""
        cdef tc_order_copy copy
        cdef bint is_held
        self.state.enter()
        is_held = copy_order(&self.state.core, self.slot, self.order_id, &copy)
        self.state.leave()
        if not is_held:
            raise evicted(self.order_id, self.state.core.orders.history_size, self.state.core.orders.reject_size)
        return OrderRow._make(order_row(&copy))


fill_all(EventView, "a core's events() give one")
fill_all(OrderHandle, "a core's order() gives one")


cdef OrderHandle handle(State state, uint32_t slot, int64_t order_id):
    cdef OrderHandle order = OrderHandle.__new__(OrderHandle)
    order.state, order.slot, order.order_id = state, slot, order_id
    return order


cdef tc_counters counters(State state) except *:
    cdef tc_counters copy
    state.enter()
    copy_counters(&state.core, &copy)
    state.leave()
    return copy


# Accounts from `least` on.
cdef int find_position(
    State state, int64_t instrument, int64_t account, int64_t least, tc_position_copy* copy
) except -1:
    cdef bint is_declared
    cdef tc_counters declared
    state.enter()
    is_declared = account >= least and copy_position(&state.core, instrument, account, copy)
    state.leave()
    if not is_declared:
        declared = counters(state)
        name, value, most = "account", account, declared.accounts
        if not 1 <= instrument <= declared.instruments:
            name, value, most = "instrument", instrument, declared.instruments
        raise LookupError(f"{name} {value} is not 1 to {most}")
    return 0


cdef class Readers:
    """What may be asked of a core. Threads: any may ask; each answer is of one moment."""

    def __cinit__(self, capacity):
        self.state = State(capacity)

    @property
    def _state(self):
        return self.state

    cdef OrderHandle hold(self, uint32_t slot, int64_t order_id):
        if slot == NO_SLOT:
            raise StaleOrderError(f"order {order_id} is not held: it never was, or it was evicted")
        return handle(self.state, slot, order_id)

    # Rows as they were in one moment, as bytes: it is asked again until there is room for all.
    cdef object copied(self, tc_copier copy, int64_t one, int64_t other, size_t size):
        cdef int64_t room = 0, count
        cdef unsigned char[::1] memory
        while True:
            rows = np.empty((room + 1) * size, np.uint8)       # its pages come into being as they are written
            memory = rows
            self.state.enter()
            with nogil:
                count = copy_rows(copy, &self.state.core, one, other, &memory[0], room)
                self.state.leave()
            if count <= room:
                return rows[:count * size]
            room = count + (count >> 6)

    cdef list handles(self, tc_copier copy, int64_t one, int64_t other):
        cdef unsigned char[::1] memory = self.copied(copy, one, other, sizeof(tc_handle_copy))
        cdef const tc_handle_copy* rows = <const tc_handle_copy*>&memory[0]
        return [handle(self.state, rows[i].slot, rows[i].order_id)
                for i in range(len(memory) // sizeof(tc_handle_copy))]

    def order(self, int64_t order_id):
        """A handle to an order. Raises LookupError where there is none, or it is evicted."""
        cdef uint32_t slot
        self.state.enter()
        slot = slot_of_id(&self.state.core, order_id)
        self.state.leave()
        return self.hold(slot, order_id)

    def open_orders(self, int64_t instrument, int64_t account):
        """Handles to what is open, oldest first; instrument or account 0 is any.

        Open is what can still trade, and what has a request that its venue has not answered.
        """
        return self.handles(copy_open, instrument, account)

    def children(self, int64_t order_id):
        """Handles to the parts that an order was divided into and that are held, oldest first."""
        return sorted(self.handles(copy_children, order_id, 0), key=attrgetter("order_id")) if order_id > 0 else []

    def trades(self, int64_t instrument, int64_t account):
        """The trades that the log still holds, oldest first, as they are now; instrument or account 0 is any."""
        cdef unsigned char[::1] memory = self.copied(copy_trades, instrument, account, sizeof(tc_execution))
        cdef const tc_execution* rows = <const tc_execution*>&memory[0]
        return [TradeRow._make(trade_row(&rows[i])) for i in range(len(memory) // sizeof(tc_execution))]

    def find_trade(self, int64_t venue, int64_t instrument, int64_t side, int64_t venue_exec_id):
        """The trade that an external venue's exec_id is about (its own, a bust's or a correction's), or None: none is
        held, or several are. Instrument or side 0 is any."""
        cdef tc_execution row
        cdef bint is_held
        self.state.enter()
        is_held = copy_trade(&self.state.core, venue, instrument, side, venue_exec_id, &row)
        self.state.leave()
        return TradeRow._make(trade_row(&row)) if is_held else None

    def venue_exec_id(self, int64_t exec_id):
        """The id that an external venue gave the execution with the core's own number; 0 where the log has none."""
        cdef int64_t found
        self.state.enter()
        with nogil:
            found = venue_id_of(&self.state.core.trades, exec_id)
            self.state.leave()
        return found

    def find_order_id(self, int64_t cl_ord_id):
        """The order_id that first used a ClOrdID, or that is open under one of the core's that had no room; else 0."""
        cdef int64_t found
        self.state.enter()
        with nogil:
            found = order_id_of(&self.state.core, cl_ord_id)
            self.state.leave()
        return found

    def find_text(self, bytes text):
        """The number of an id's or a name's text; 0 where it has none yet (INTERN gives it one)."""
        cdef char padded[TEXT_SIZE]
        cdef int64_t found
        if not pad_text(text, padded):
            return 0
        self.state.enter()
        found = find_text(&self.state.core.texts, padded)
        self.state.leave()
        return found

    def text_of(self, int64_t number):
        """An id or a name as text, an integer's in decimal; empty for none."""
        cdef char letters[TEXT_SIZE]
        cdef int size
        self.state.enter()
        size = copy_text(&self.state.core.texts, number, letters)
        self.state.leave()
        return letters[:size].decode("ascii") if size else str(number) if number > 0 else ""

    def position(self, int64_t instrument, int64_t account):
        """The ledger row and the holds of one instrument in one account."""
        cdef tc_position_copy copy
        find_position(self.state, instrument, account, 1, &copy)
        return PositionRow._make(position_row(&copy.ledger, &copy.exposure, copy.opened))

    def suspense(self, int64_t instrument):
        """The ledger row of the trades that match no order; nothing works there."""
        cdef tc_position_copy copy
        find_position(self.state, instrument, 0, 0, &copy)
        return PositionRow._make(position_row(&copy.ledger, NULL, 0))

    def firm_exposure(self, int64_t instrument):
        """(position, working buys, working sells) in lots of all accounts and suspense together."""
        cdef tc_position_copy copy
        find_position(self.state, instrument, 0, 0, &copy)
        return copy.exposure.position_qty, copy.exposure.working_buy, copy.exposure.working_sell

    def mark_price(self, int64_t instrument):
        """What the instrument is valued at, in price units, or NO_PRICE: the mark, else the last trade."""
        cdef int64_t price = 0
        cdef bint is_declared
        self.state.enter()
        is_declared = copy_mark(&self.state.core, instrument, &price)
        self.state.leave()
        if not is_declared:
            raise LookupError(f"instrument {instrument} is not 1 to {counters(self.state).instruments}")
        return price

    def opening_cash(self, int64_t account, int64_t currency):
        """The opening cash of an account in a currency, in its money units."""
        return self.money(self.state.core.ledger.cash, 1, account, currency)

    def charges(self, int64_t account, int64_t currency):
        """The fees of an account, 0 is suspense, in a currency that is not their instruments', in its money units."""
        return self.money(self.state.core.ledger.charges, 0, account, currency)

    def held_cash(self, int64_t account, int64_t currency):
        """What orders that work hold of an account's cash in a currency, in 10**-9; 0 while no row asks for funds."""
        return self.money(self.state.core.risk.funds.held, 1, account, currency)

    # Accounts from `least` on.
    cdef object money(self, const tc_i128* sums, int64_t least, int64_t account, int64_t currency):
        cdef tc_i128 sum = 0
        cdef bint is_declared
        self.state.enter()
        is_declared = account >= least and copy_money(&self.state.core, sums, account, currency, &sum)
        self.state.leave()
        if not is_declared:
            raise LookupError(f"account {account} or currency {currency} is not declared")
        return wide(sum)

    def top(self, int64_t instrument, int64_t venue):
        """(bid_px, bid_size, ask_px, ask_size) displayed at one venue; size 0 where a side is empty."""
        cdef tc_top bid, ask
        cdef bint is_declared
        self.state.enter()
        is_declared = copy_top(&self.state.core, instrument, venue, &bid, &ask)
        self.state.leave()
        if not is_declared:
            raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
        return displayed_top(&bid, &ask)

    def check(self, bytes command, int64_t now):
        """Ask validation and risk about a NEW_ORDER record: (mask, findings). Changes no state.

        Findings stand in the order of the reasons, then of observed limits; there are none where the mask is not 0. A
        used id is told first, and alone where the rest is not well formed; a list that can't take the order, alone.
        """
        cdef tc_command c = open_command(command)[0]
        cdef tc_finding findings[ANSWERS]
        cdef uint64_t mask = 0
        cdef int alone
        self.state.enter()
        alone = answer_question(&self.state.core, &c, now, &mask, findings)
        self.state.leave()
        if alone:
            return 0, [Finding(alone, findings[0].value, findings[0].limit, True, True)]
        return mask, [] if mask else [Finding._make(row) for row in finding_rows(findings)]

    def decision(self, int64_t decision):
        """The ranking behind a routing decision, best first. Raises LookupError once it is no longer held."""
        cdef tc_term terms[MAX_VENUES]
        cdef int64_t made = 0
        cdef int count
        self.state.enter()
        count = copy_decision(&self.state.core.router, decision, terms, &made)
        self.state.leave()
        if count < 0:
            raise LookupError(f"routing decision {decision} is not held: {made} were made, "
                              f"the last {self.state.core.router.history.mask + 1} are kept")
        return [Term._make(row) for row in term_rows(terms, count)]

    @property
    def command_seq(self):
        """Commands taken, the refused ones too."""
        return counters(self.state).command_seq

    @property
    def event_seq(self):
        """Sequence number of the last report; the first is 1."""
        return counters(self.state).event_seq

    @property
    def event_hash(self):
        """64-bit hash over every field of every report so far, in order."""
        return counters(self.state).event_hash

    @property
    def now(self):
        """The core's clock, ns UTC: the latest time that the caller's clock brought it to."""
        return counters(self.state).now

    def read_events(self, int64_t after, int64_t limit):
        """A copy of up to `limit` reports after a sequence number, and how many before them were lost."""
        cdef int64_t room, lost, kept = 0
        cdef unsigned char[::1] memory
        self.state.enter()
        room = count_reports(&self.state.core.events, after)
        self.state.leave()
        room = max(0, min(room, limit))
        reports = np.zeros(room + 1, REPORT_DTYPE)             # one more, so that there is an address
        memory = reports.view(np.uint8)
        self.state.enter()
        with nogil:
            lost = copy_reports(&self.state.core.events, after, <tc_report*>&memory[0], room, &kept)
            self.state.leave()
        return reports[:kept], lost

    def view_events(self, int64_t after):
        """A read-only NumPy array of the reports after a sequence number, up to the ring's edge.

        In the compiled core it lies over the ring itself, not copied: the records stay as they are until the last
        array over them is gone; meanwhile reports that would overwrite them are dropped and counted (metrics:
        events_dropped), and another view raises BufferError. In the plain-Python twin it is a copy that holds nothing.
        """
        cdef int64_t count
        cdef EventView view = EventView.__new__(EventView)
        self.state.enter()
        count = hold_reports(&self.state.core.events, after, &view.first)
        self.state.leave()
        if count < 0:
            raise BufferError("another event view is still held: delete its arrays first")
        if count == 0:
            return np.frombuffer(b"", REPORT_DTYPE)
        view.state = self.state
        view.shape[0] = count * <int64_t>sizeof(tc_report)
        view.strides[0] = 1
        return np.frombuffer(view, REPORT_DTYPE)

    def state_hash(self):
        """64-bit hash over the logical state: definitions, limits, positions, orders, books, counters.

        Walks every table, so its cost grows with what is held. Threads: as `run`.
        """
        cdef int64_t[::1] ids = np.empty(self.state.core.order_slots, np.int64)
        cdef uint64_t found
        self.state.enter()
        with nogil:
            found = hash_whole(&self.state.core, &ids[0])
            self.state.leave()
        return found

    def metrics(self):
        """Counters by name. They are not part of the state."""
        cdef tc_metrics copy
        self.state.enter()
        copy_metrics(&self.state.core, &copy)
        self.state.leave()
        return copy

    def lifetimes(self):
        """{name: (in use, accounted for)} of slots, requests, timers, lists and holds: unequal is a leak. For tests."""
        cdef tc_lifetimes used, due
        self.state.enter_anyway()
        with nogil:
            count_lifetimes(&self.state.core, &used, &due)
            self.state.leave()
        return lifetime_rows(used, due)

    def latency(self):
        """(count, p50, p99, p99.9, max) in ns by stage, of what ran timed; bucket bounds, 1/16 wide."""
        cdef double scale = <double>(tc_nanoseconds() - self.state.nanoseconds_at_start) / max(
            1, tc_ticks() - self.state.ticks_at_start)
        cdef uint64_t[::1] counts = np.empty(HISTOGRAMS * BUCKETS, np.uint64)
        self.state.enter()
        memcpy(&counts[0], self.state.core.histograms, HISTOGRAMS * BUCKETS * sizeof(uint64_t))
        self.state.leave()
        by_stage = np.asarray(counts).reshape(HISTOGRAMS, BUCKETS).tolist()
        return {name: percentiles(its, scale) for name, its in zip(STAGES, by_stage)}


def _read_findings(bytes told):
    """The findings of a question that was asked elsewhere, as `check` gives them."""
    return finding_rows(<const tc_finding*><const char*>told)
