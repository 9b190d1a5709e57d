# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""The fused order path: one state, one `nogil` loop over commands, and the handles that read the state."""

from cpython.buffer cimport PyBUF_WRITABLE
from answers cimport *
from coretables cimport open_core
from lifetimes cimport count_lifetimes
from prefetch cimport AHEAD, fetch_ahead, tc_coming
from shell cimport open_batch, open_command, wide
from statehash cimport *
from table cimport free_tables
cimport cython

import numpy as np

from tradecore.vocabulary.codes import ord_rej_reason_table
from tradecore.vocabulary.fix import transition_table
from tradecore.vocabulary.histogram import STAGES, percentiles
from tradecore.vocabulary.records import ACK_SIZE, REPORT_DTYPE, AckRow
from tradecore.vocabulary.rows import Finding, OrderRow, PositionRow, StaleOrderError, Term, TradeRow


@cython.no_gc
cdef class State:
    """The tables of one core. Handles and views hold it; it holds no Python object that could hold it."""

    def __cinit__(self, capacity):
        self.tables = []
        open_core(self.tables, &self.core, capacity, ord_rej_reason_table(), transition_table())
        self.ticks_at_start = tc_ticks()
        self.nanoseconds_at_start = tc_nanoseconds()

    def __dealloc__(self):
        free_tables(self.tables)

    # One command, and its ack.
    cdef void run_one(self, const tc_command* c, tc_ack* ack, int64_t now):
        with self.lock: apply_command(&self.core, c, ack, now, False)


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
            self.state.core.events.held_from = 0


@cython.no_gc
@cython.final
cdef class OrderHandle:
    """A live handle to one order. It holds the core's tables, not the core; eviction makes it stale."""

    cdef State state
    cdef uint32_t slot
    cdef readonly int64_t order_id

    def row(self):
        """The order's facts now. Raises StaleOrderError once the order is evicted. Threads: any."""
        with self.state.lock: return self.read()

    cdef object read(self):
        cdef const tc_order* o = &self.state.core.orders.slots[self.slot]
        if o.order_id != self.order_id:
            raise StaleOrderError(f"order {self.order_id} was evicted: more than "
                                  f"{self.state.core.orders.history_size} orders ended since it did")
        return OrderRow._make(order_row(&self.state.core, o))


cdef OrderHandle handle(State state, uint32_t slot):
    cdef OrderHandle order = OrderHandle.__new__(OrderHandle)
    order.state, order.slot = state, slot
    order.order_id = state.core.orders.slots[slot].order_id
    return order


@cython.final
cdef class Core:
    """The whole order path over one state: commands in, reports out."""

    cdef State state

    def __init__(self, capacity): self.state = State(capacity)

    @property
    def _state(self): return self.state

    def run(self, commands, acks, int64_t now, bint timed=False):
        """Run a batch: C-contiguous 128-byte command records in, one ack record each out.

        `now` (ns UTC) stamps records without transact_time; `timed` fills the stage histograms.
        Threads: one lock per core; the compiled core waits for it, and runs, without the GIL.
        """
        cdef const unsigned char[::1] source = open_batch(commands, sizeof(tc_command))
        cdef unsigned char[::1] target
        cdef int64_t count = len(commands), i
        cdef tc_core* core = &self.state.core
        cdef tc_coming ahead[AHEAD]
        if acks.itemsize != sizeof(tc_ack) or acks.shape != commands.shape or not acks.flags.c_contiguous:
            raise ValueError(f"expected {count} contiguous ack records of {ACK_SIZE} bytes, "
                             f"got shape {acks.shape} of {acks.itemsize} bytes")
        if count == 0:
            return
        target = acks.view(np.uint8)
        if <size_t>&target[0] & 7: raise ValueError(f"acks lie at {<size_t>&target[0]:#x}, not a multiple of 8 bytes")
        tc_clear(ahead, sizeof(ahead))
        with nogil, self.state.lock:
            for i in range(count):
                fetch_ahead(core, <const tc_command*>&source[0], i, count, ahead)
                apply_command(core, <const tc_command*>&source[i * <int64_t>sizeof(tc_command)],
                              <tc_ack*>&target[i * <int64_t>sizeof(tc_ack)], now, timed)

    def apply(self, bytes command, int64_t now):
        """Run one command record; return its ack, and the bytes of the report that answers it (b"": none is held).

        That is the first one after those of the timers that the command's time set off; of a mass cancel, its
        OrderMassCancelReport. Threads: as `run`.
        """
        cdef tc_ack ack
        cdef tc_command c = open_command(command)[0]
        with self.state.lock:
            apply_command(&self.state.core, &c, &ack, now, False)
            answer = answer_of(&self.state.core)
        return AckRow(ack.order_id, ack.cum_qty, ack.leaves_qty, ack.report_type, ack.ord_status, ack.reason,
                      ack.ord_rej_reason, ack.cxl_rej_reason), answer

    def submit(self, bytes command, int64_t now):
        """Run one NEW_ORDER record; return a handle to the order. Threads: as `run`."""
        cdef tc_ack ack
        cdef tc_command c = open_command(command)[0]
        with self.state.lock:
            apply_command(&self.state.core, &c, &ack, now, False)
            return self.hold(ack.order_id)

    cdef OrderHandle hold(self, int64_t order_id):
        cdef uint32_t number = find_place(&self.state.core.orders, order_id)[0]
        if number == 0 or order_id < 1:
            raise StaleOrderError(f"order {order_id} is not held: it never was, or it was evicted")
        return handle(self.state, number - 1)

    def order(self, int64_t order_id):
        """A handle to an order. Raises LookupError where there is none, or it is evicted."""
        with self.state.lock: return self.hold(order_id)

    def open_orders(self, int64_t instrument, int64_t account):
        """Handles to what is open, in the order in which it became so; instrument or account 0 is any.

        Open is what can still trade, and what has a request that its venue has not answered.
        """
        cdef const tc_orders* orders = &self.state.core.orders
        cdef uint32_t at
        found = []
        with self.state.lock:
            at = orders.open.head
            while at != NO_SLOT:
                if ((instrument == 0 or orders.slots[at].instrument == instrument)
                        and (account == 0 or orders.slots[at].account == account)):
                    found.append(handle(self.state, at))
                at = orders.slots[at].next
        return found

    def trades(self, int64_t instrument, int64_t account):
        """The trades that the log still holds, oldest first, as they are now; instrument or account 0 is any."""
        cdef const tc_trades* log = &self.state.core.trades
        cdef const tc_execution* row
        cdef int64_t number
        found = []
        with self.state.lock:
            for number in range(first_execution(log), log.count + 1):
                row = execution_at(log, number)
                if (row.trade == 0 and (instrument == 0 or row.instrument == instrument)
                        and (account == 0 or row.account == account)):
                    found.append(TradeRow._make(trade_row(row)))
        return found

    def find_trade(self, int64_t venue, int64_t venue_exec_id):
        """The trade that an external venue's exec_id is about (its own, a bust's or a correction's), or None."""
        cdef int64_t number
        with self.state.lock:
            number = number_of_trade(&self.state.core, venue, venue_exec_id)
            return TradeRow._make(trade_row(execution_at(&self.state.core.trades, number))) if number else None

    def venue_exec_id(self, int64_t exec_id):
        """The id that an external venue gave the execution with the core's own number; 0 where the log has none."""
        with self.state.lock: return venue_id_of(&self.state.core.trades, exec_id)

    def find_order_id(self, int64_t cl_ord_id):
        """The order_id that first used a ClOrdID, or 0."""
        with self.state.lock: return order_id_of(&self.state.core.ids, cl_ord_id)

    def find_text(self, bytes text):
        """The number of an id's or a name's text; 0 where it has none yet (INTERN gives it one)."""
        with self.state.lock: return number_of_text(&self.state.core.texts, text)

    def text_of(self, int64_t number):
        """An id or a name as text, an integer's in decimal; empty for none."""
        with self.state.lock: return text_of_number(&self.state.core.texts, number)

    cdef int demand_instrument(self, int64_t instrument) except -1:
        if not 1 <= instrument <= self.state.core.instrument_count:
            raise LookupError(f"instrument {instrument} is not 1 to {self.state.core.instrument_count}")
        return 0

    cdef int demand(self, int64_t instrument, int64_t account) except -1:
        self.demand_instrument(instrument)
        if not 1 <= account <= self.state.core.account_count:
            raise LookupError(f"account {account} is not 1 to {self.state.core.account_count}")
        return 0

    def position(self, int64_t instrument, int64_t account):
        """The ledger row and the holds of one instrument in one account."""
        cdef const tc_position* p
        cdef const tc_exposure* e
        with self.state.lock:
            self.demand(instrument, account)
            p = position_of(&self.state.core.ledger, <int32_t>instrument, <int32_t>account)
            e = exposure_of(&self.state.core.risk, <int32_t>instrument, <int32_t>account)
            return PositionRow(p.qty, wide(p.cost), wide(p.realised), wide(p.fees), e.working_buy, e.working_sell)

    def suspense(self, int64_t instrument):
        """The ledger row of the trades that match no order; nothing works there."""
        cdef const tc_position* p
        with self.state.lock:
            self.demand_instrument(instrument)
            p = position_of(&self.state.core.ledger, <int32_t>instrument, 0)
            return PositionRow(p.qty, wide(p.cost), wide(p.realised), wide(p.fees), 0, 0)

    def firm_exposure(self, int64_t instrument):
        """(position, working buys, working sells) in lots of all accounts and suspense together."""
        with self.state.lock:
            self.demand_instrument(instrument)
            return firm_row(exposure_of(&self.state.core.risk, <int32_t>instrument, 0))

    def mark_price(self, int64_t instrument):
        """What the instrument is valued at, in price units, or NO_PRICE: the mark, else the last trade."""
        with self.state.lock:
            self.demand_instrument(instrument)
            return mark_of(&self.state.core.ledger, <int32_t>instrument)

    def opening_cash(self, int64_t account, int64_t currency):
        """The opening cash of an account in a currency, in its money units."""
        cdef const tc_core* core = &self.state.core
        with self.state.lock:
            if not 1 <= account <= core.account_count or not 1 <= currency <= core.currency_count:
                raise LookupError(f"account {account} or currency {currency} is not declared")
            return wide(core.ledger.cash[account * core.ledger.currency_stride + currency])

    def top(self, int64_t instrument, int64_t venue):
        """(bid_px, bid_size, ask_px, ask_size) displayed at one venue; size 0 where a side is empty."""
        cdef const tc_core* core = &self.state.core
        with self.state.lock:
            if not 1 <= instrument <= core.instrument_count or not 1 <= venue <= core.venue_count:
                raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
            return displayed_top(core, <int32_t>instrument, <int32_t>venue)

    def check(self, bytes command, int64_t now):
        """Ask validation and risk about a NEW_ORDER record: (mask, findings). Changes no state.

        Findings stand in the order of the reasons, then of observed limits; there are none where the mask is not 0. A
        used id is told first, and alone where the rest is not well formed; a list that can't take the order, alone.
        """
        cdef tc_command c = open_command(command)[0]
        cdef tc_finding findings[CHECKS + OBSERVABLE]
        cdef uint64_t mask = 0
        cdef int alone
        with self.state.lock:
            alone = answer_question(&self.state.core, &c, now, &mask, findings)
        if alone:
            return 0, [Finding(alone, findings[0].value, findings[0].limit, True, True)]
        return mask, [] if mask else [Finding._make(row) for row in finding_rows(findings)]

    def decision(self, int64_t decision):
        """The ranking behind a routing decision, best first. Raises LookupError once it is no longer held."""
        cdef const tc_router* router = &self.state.core.router
        cdef int64_t slot = <int64_t>(<uint64_t>decision & router.history_mask)
        with self.state.lock:
            if not 1 <= decision <= router.decisions or router.decisions - decision > <int64_t>router.history_mask:
                raise LookupError(f"routing decision {decision} is not held: {router.decisions} were made, "
                                  f"the last {router.history_mask + 1} are kept")
            return [Term._make(row) for row in decision_terms(router, slot)]

    @property
    def command_seq(self):
        """Commands taken, the refused ones too."""
        with self.state.lock: return self.state.core.command_seq

    @property
    def event_seq(self):
        """Sequence number of the last report; the first is 1."""
        with self.state.lock: return self.state.core.events.seq

    @property
    def event_hash(self):
        """64-bit hash over every field of every report so far, in order."""
        with self.state.lock: return self.state.core.events.digest

    @property
    def now(self):
        """The core's clock, ns UTC: the latest transact_time so far."""
        with self.state.lock: return self.state.core.now

    cdef int64_t first_held(self):
        cdef const tc_events* events = &self.state.core.events
        cdef int64_t first = events.seq - <int64_t>events.mask
        return first if first > 1 else 1

    def read_events(self, int64_t after, int64_t limit):
        """A copy of up to `limit` reports after a sequence number, and how many before them were lost."""
        cdef const tc_events* events = &self.state.core.events
        cdef int64_t first, count, i, kept = 0
        cdef unsigned char[::1] memory
        cdef const tc_report* report
        with self.state.lock:
            first = max(after + 1, self.first_held())
            count = max(0, min(limit, events.seq - first + 1))
            reports = np.zeros(count, REPORT_DTYPE)
            if count:
                memory = reports.view(np.uint8)
            for i in range(count):
                report = &events.ring[<uint64_t>(first + i) & events.mask]
                if report.seq != first + i:            # dropped while a view held its place; the last is in `spare`
                    report = &events.spare
                if report.seq == first + i:
                    memcpy(&memory[kept * <int64_t>sizeof(tc_report)], report, sizeof(tc_report))
                    kept += 1
            return reports[:kept], max(0, first - after - 1) + count - kept

    def view_events(self, int64_t after):
        """A read-only NumPy array of the reports after a sequence number, up to the ring's edge.

        In the compiled core it lies over the ring itself, not copied: the records stay as they are until the last
        array over them is gone; meanwhile reports that would overwrite them are dropped and counted (metrics:
        events_dropped), and another view raises BufferError. In the plain-Python twin it is a copy that holds nothing.
        """
        cdef tc_events* events = &self.state.core.events
        cdef int64_t first, count
        cdef EventView view = EventView.__new__(EventView)
        with self.state.lock:
            if events.held_from:
                raise BufferError("another event view is still held: delete its arrays first")
            first = max(after + 1, self.first_held())
            count = min(events.seq - first + 1, <int64_t>events.mask + 1 - <int64_t>(<uint64_t>first & events.mask))
            if count <= 0:
                return np.frombuffer(b"", REPORT_DTYPE)
            view.state = self.state
            view.first = &events.ring[<uint64_t>first & events.mask]
            view.shape[0] = count * <int64_t>sizeof(tc_report)
            view.strides[0] = 1
            events.held_from = first
        return np.frombuffer(view, REPORT_DTYPE)

    def state_hash(self):
        """64-bit hash over the logical state: definitions, limits, positions, orders, books, counters.

        Walks every table, so its cost grows with what is held. Threads: as `run`.
        """
        cdef tc_core* core = &self.state.core
        cdef tc_hasher h
        cdef int64_t[::1] ids
        cdef int64_t count = 0
        cdef uint32_t slot
        memset(&h, 0, sizeof(h))
        with self.state.lock:
            ids = np.zeros(core.order_slots, np.int64)
            for slot in range(core.order_slots):
                if core.orders.slots[slot].order_id:
                    ids[count] = core.orders.slots[slot].order_id
                    count += 1
            ids = np.sort(np.asarray(ids)[:count])
            hash_state(&h, core, &ids[0] if count else NULL, count)
        return h.chain

    def metrics(self):
        """Counters by name. They are not part of the state."""
        with self.state.lock: return count_metrics(&self.state.core)

    def lifetimes(self):
        """{name: (in use, accounted for)} of slots, requests, timers, lists and holds: unequal is a leak. For tests."""
        with self.state.lock: return count_lifetimes(&self.state.core)

    def latency(self):
        """(count, p50, p99, p99.9, max) in ns by stage, of what ran timed; bucket bounds, 1/16 wide."""
        cdef double scale = <double>(tc_nanoseconds() - self.state.nanoseconds_at_start) / max(
            1, tc_ticks() - self.state.ticks_at_start)
        with self.state.lock:
            counts = [stage_counts(&self.state.core, stage) for stage in range(len(STAGES))]
        return {name: percentiles(its, scale) for name, its in zip(STAGES, counts)}
