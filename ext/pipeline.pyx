# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True
"""The fused order path: one state, one `nogil` loop over commands, and the handles that read the state."""

from cpython.buffer cimport PyBUF_WRITABLE
from shell cimport open_batch, open_command, round_up, wide
from statehash cimport *
from table cimport free_tables, table
cimport cython

import numpy as np

from tradecore.fix import ord_rej_reason_table
from tradecore.histogram import percentiles
from tradecore.order import (
    ACK_SIZE, REPORT_DTYPE, STAGES, AckRow, Finding, OrderRow, PositionRow,
    StaleOrderError, Term,
)


@cython.no_gc
@cython.final
cdef class State:
    """The tables of one core. Handles and views hold it; it holds no Python object that could hold it."""

    cdef tc_core core
    cdef cython.pymutex lock
    cdef list tables
    cdef uint64_t ticks_at_start, nanoseconds_at_start

    def __cinit__(self, capacity):
        cdef tc_core* core = &self.core
        cdef int64_t i, rows, slots, levels
        cdef int64_t instruments = capacity.instruments + 1, accounts = capacity.accounts + 1
        self.tables = []
        t = self.tables
        core.instrument_max, core.account_max = capacity.instruments, capacity.accounts
        core.venue_max, core.currency_max = capacity.venues, capacity.currencies
        core.instruments = <tc_instrument*>table(t, instruments, sizeof(tc_instrument))
        core.accounts = <tc_id_entry*>table(t, accounts, sizeof(tc_id_entry))
        core.currencies = <tc_id_entry*>table(t, capacity.currencies + 1, sizeof(tc_id_entry))
        core.histograms = <uint64_t*>table(t, HISTOGRAMS * BUCKETS, sizeof(uint64_t))
        for i, reason in enumerate(ord_rej_reason_table()):
            core.ord_rej_reasons[i] = reason

        slots = capacity.open_orders + 1 + capacity.order_history
        core.order_slots = <uint32_t>slots
        core.orders.slots = <tc_order*>table(t, slots, sizeof(tc_order))
        core.orders.free_slots = <uint32_t*>table(t, slots, sizeof(uint32_t))
        core.orders.by_id_mask = <uint64_t>round_up(2 * slots) - 1
        core.orders.by_id = <uint32_t*>table(t, core.orders.by_id_mask + 1, sizeof(uint32_t))
        core.orders.history = <uint32_t*>table(t, capacity.order_history, sizeof(uint32_t))
        core.orders.history_size = capacity.order_history
        core.orders.open_max = capacity.open_orders
        core.orders.free_count = <uint32_t>slots
        for i in range(slots):
            core.orders.free_slots[i] = <uint32_t>(slots - 1 - i)

        core.ids.capacity = capacity.cl_ord_ids
        core.ids.entries = <tc_id_entry*>table(t, capacity.cl_ord_ids, sizeof(tc_id_entry))
        core.ids.index_mask = <uint64_t>round_up(2 * capacity.cl_ord_ids) - 1
        core.ids.index = <uint32_t*>table(t, core.ids.index_mask + 1, sizeof(uint32_t))

        core.risk.account_stride = accounts
        core.risk.accounts = <tc_account_risk*>table(t, accounts, sizeof(tc_account_risk))
        core.risk.exposures = <tc_exposure*>table(t, instruments * accounts, sizeof(tc_exposure))
        core.risk.killed_instruments = <uint8_t*>table(t, instruments, 1)
        core.risk.killed_venues = <uint8_t*>table(t, capacity.venues + 1, 1)
        core.risk.rate_mask = <uint64_t>capacity.order_rate - 1
        core.risk.sent_times = <int64_t*>table(t, accounts * capacity.order_rate, sizeof(int64_t))

        core.router.venues = <tc_venue*>table(t, capacity.venues + 1, sizeof(tc_venue))
        core.router.tops = <tc_top*>table(t, instruments * 2 * MAX_VENUES, sizeof(tc_top))
        core.router.terms = <tc_term*>table(t, instruments * 2 * MAX_VENUES, sizeof(tc_term))
        core.router.rankings = <tc_ranking*>table(t, instruments * 2, sizeof(tc_ranking))
        core.router.history_mask = <uint64_t>capacity.decisions - 1
        core.router.history = <tc_term*>table(t, capacity.decisions * MAX_VENUES, sizeof(tc_term))
        core.router.history_counts = <int32_t*>table(t, capacity.decisions, sizeof(int32_t))
        core.router.time_to_live = 100_000_000

        rows = instruments * capacity.venues * 2
        levels = capacity.open_orders + rows + 2
        core.book.nodes = <tc_node*>table(t, slots + rows, sizeof(tc_node))
        core.book.rows = <tc_row*>table(t, rows, sizeof(tc_row))
        core.book.levels = <tc_level*>table(t, levels, sizeof(tc_level))
        core.book.free_levels = <uint32_t*>table(t, levels, sizeof(uint32_t))
        core.book.fills = <tc_fill*>table(t, capacity.open_orders + 2, sizeof(tc_fill))
        core.charges = <tc_charge*>table(t, capacity.open_orders + 2, sizeof(tc_charge))
        core.book.by_price.mask = <uint64_t>round_up(2 * levels) - 1
        core.book.by_price.slots = <tc_slot*>table(t, core.book.by_price.mask + 1, sizeof(tc_slot))
        # A level adds at most TIERS maps; the table holds them all at most half full, so that it can't fill up.
        core.book.tries.mask = <uint64_t>round_up(2 * TIERS * levels) - 1
        core.book.tries.slots = <tc_slot*>table(t, core.book.tries.mask + 1, sizeof(tc_slot))
        for i in range(rows):
            core.book.rows[i].best = NO_LEVEL
        core.book.free_count = <uint32_t>levels
        for i in range(levels):
            core.book.free_levels[i] = <uint32_t>(levels - 1 - i)

        core.ledger.account_stride, core.ledger.currency_stride = accounts, capacity.currencies + 1
        core.ledger.positions = <tc_position*>table(t, instruments * accounts, sizeof(tc_position))
        core.ledger.cash = <int64_t*>table(t, accounts * (capacity.currencies + 1), sizeof(int64_t))
        core.ledger.marks = <int64_t*>table(t, instruments, sizeof(int64_t))
        core.ledger.lasts = <int64_t*>table(t, instruments, sizeof(int64_t))
        for i in range(instruments):
            core.ledger.marks[i] = core.ledger.lasts[i] = no_price()
            core.router.rankings[2 * i].ranked_at = core.router.rankings[2 * i + 1].ranked_at = 0

        core.events.mask = <uint64_t>capacity.events - 1
        core.events.ring = <tc_report*>table(t, capacity.events, sizeof(tc_report))
        self.ticks_at_start, self.nanoseconds_at_start = tc_ticks(), tc_nanoseconds()

    def __dealloc__(self):
        free_tables(self.tables)


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
        buffer.buf = <void*>self.first
        buffer.obj = self
        buffer.len = self.shape[0]
        buffer.itemsize = 1
        buffer.readonly = 1
        buffer.ndim = 1
        buffer.format = "B"
        buffer.shape = self.shape
        buffer.strides = self.strides
        buffer.suboffsets = NULL
        buffer.internal = NULL

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
        with self.state.lock:
            return self.read()

    cdef object read(self):
        cdef const tc_order* o = &self.state.core.orders.slots[self.slot]
        if o.order_id != self.order_id:
            raise StaleOrderError(f"order {self.order_id} was evicted: more than "
                                  f"{self.state.core.orders.history_size} orders ended since it did")
        return OrderRow(
            o.order_id, (<bytes>o.cl_ord_id[:24]).rstrip(b"\0"), o.instrument, o.account, o.venue, o.side, o.ord_type,
            o.time_in_force, o.exec_inst, o.order_qty, o.price, o.cum_qty, leaves_of(o), wide(o.cum_amount),
            derive_status(o), o.reason, self.state.core.ord_rej_reasons[o.reason] if o.rejected else -1,
            o.value, o.bound, o.reject_mask, o.transact_time, o.decision, o.route)


cdef OrderHandle handle(State state, uint32_t slot):
    cdef OrderHandle order = OrderHandle.__new__(OrderHandle)
    order.state, order.slot, order.order_id = state, slot, state.core.orders.slots[slot].order_id
    return order


@cython.final
cdef class Core:
    """The whole order path over one state: commands in, reports out."""

    cdef State state

    def __init__(self, capacity):
        self.state = State(capacity)

    def run(self, commands, acks, int64_t now, bint timed=False):
        """Run a batch: C-contiguous 128-byte command records in, one ack record each out.

        `now` (ns UTC) stamps records without transact_time; `timed` fills the stage histograms.
        Threads: one lock per core; the compiled core waits for it, and runs, without the GIL.
        """
        cdef const unsigned char[::1] source = open_batch(commands, sizeof(tc_command))
        cdef unsigned char[::1] target
        cdef int64_t count = len(commands), i
        cdef tc_core* core = &self.state.core
        if acks.itemsize != sizeof(tc_ack) or acks.shape != commands.shape or not acks.flags.c_contiguous:
            raise ValueError(f"expected {count} contiguous ack records of {ACK_SIZE} bytes, "
                             f"got shape {acks.shape} of {acks.itemsize} bytes")
        if count == 0:
            return
        target = acks.view(np.uint8)
        if <size_t>&target[0] & 7:
            raise ValueError(f"ack records must lie at a multiple of 8 bytes, not at {<size_t>&target[0]:#x}")
        with nogil, self.state.lock:
            for i in range(count):
                apply_command(core, <const tc_command*>&source[i * <int64_t>sizeof(tc_command)],
                              <tc_ack*>&target[i * <int64_t>sizeof(tc_ack)], now, timed)

    def apply(self, bytes command, int64_t now):
        """Run one command record; return its ack, and the bytes of the first report that it made (b"": none is held).

        Threads: as `run`.
        """
        cdef tc_ack ack
        cdef tc_command c = open_command(command)[0]
        cdef const tc_events* events = &self.state.core.events
        cdef const tc_report* report
        cdef int64_t before
        answer = b""
        with self.state.lock:
            before = events.seq
            apply_command(&self.state.core, &c, &ack, now, False)
            if events.seq > before:
                report = &events.ring[<uint64_t>(before + 1) & events.mask]
                if report.seq != before + 1:           # dropped while a view held its place; the last is in `spare`
                    report = &events.spare
                if report.seq == before + 1:           # else the command's own later reports overwrote it
                    answer = (<const char*>report)[:sizeof(tc_report)]
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
        with self.state.lock:
            return self.hold(order_id)

    def find_order_id(self, bytes cl_ord_id):
        """The order_id that first used a ClOrdID, or 0."""
        cdef char id[24]
        cdef const tc_id_entry* entry
        memset(id, 0, 24)
        if not 0 < len(cl_ord_id) <= 24:
            return 0
        memcpy(id, <const char*>cl_ord_id, len(cl_ord_id))
        with self.state.lock:
            entry = find_id(&self.state.core.ids, id)
            return 0 if entry == NULL else entry.order_id

    cdef int demand(self, int64_t instrument, int64_t account) except -1:
        if not 1 <= instrument <= self.state.core.instrument_count:
            raise LookupError(f"instrument {instrument} is not 1 to {self.state.core.instrument_count}")
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

    def mark_price(self, int64_t instrument):
        """What the instrument is valued at, in price units, or NO_PRICE: the mark, else the last trade."""
        with self.state.lock:
            if not 1 <= instrument <= self.state.core.instrument_count:
                raise LookupError(f"instrument {instrument} is not 1 to {self.state.core.instrument_count}")
            return mark_of(&self.state.core.ledger, <int32_t>instrument)

    def opening_cash(self, int64_t account, int64_t currency):
        """The opening cash of an account in a currency, micros."""
        cdef const tc_core* core = &self.state.core
        with self.state.lock:
            if not 1 <= account <= core.account_count or not 1 <= currency <= core.currency_count:
                raise LookupError(f"account {account} or currency {currency} is not declared")
            return core.ledger.cash[account * core.ledger.currency_stride + currency]

    def top(self, int64_t instrument, int64_t venue):
        """(bid_px, bid_size, ask_px, ask_size) displayed at one venue; size 0 where a side is empty."""
        cdef const tc_top* bid
        cdef const tc_top* ask
        cdef const tc_core* core = &self.state.core
        with self.state.lock:
            if not 1 <= instrument <= core.instrument_count or not 1 <= venue <= core.venue_count:
                raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
            bid = &core.router.tops[side_row(<int32_t>instrument, SIDE_SELL) * MAX_VENUES + venue - 1]
            ask = &core.router.tops[side_row(<int32_t>instrument, SIDE_BUY) * MAX_VENUES + venue - 1]
            return (bid.price if bid.size else no_price(), bid.size, ask.price if ask.size else no_price(), ask.size)

    def check(self, bytes command, int64_t now):
        """Ask validation and risk about a NEW_ORDER record: (mask, findings). Changes no state.

        Findings stand in the order of the reasons, then those of limits that are only observed; there are none where
        the mask is not 0.
        """
        cdef tc_core* core = &self.state.core
        cdef tc_command c = open_command(command)[0]
        cdef tc_question q
        cdef tc_finding findings[CHECKS + OBSERVABLE]
        cdef tc_account_risk watched
        cdef uint64_t mask
        cdef int64_t time, clock
        with self.state.lock:                          # the clock too: a stale one would be set back into the core
            mask = validate_order(find_instrument(core, c.instrument), core.account_count, core.venue_count, &c)
            if mask:
                return mask, []
            clock = core.now
            time = c.transact_time if c.transact_time else now
            core.now = time if time > clock else clock
            ask_risk(core, &c, &q)
            core.now = clock
            q.reference2 = twice_reference(core, c.instrument)
            q.touch2 = twice_touch(&core.router, &core.instruments[c.instrument], c.instrument, c.side, q.now)
            q.duplicate = not id_is_empty(c.cl_ord_id) and find_id(&core.ids, c.cl_ord_id) != NULL
            if not id_is_empty(c.cl_ord_id) and not q.duplicate and core.ids.count == core.ids.capacity:
                return bit_of(TABLE_FULL), []
            evaluate_risk(&core.risk, &core.instruments[c.instrument], &q, findings)
            watched = watched_rules(&core.risk.accounts[c.account])
            observe_risk(&core.risk, &watched, &core.instruments[c.instrument], &q, &findings[CHECKS], True)
        return 0, [Finding(KILL_SWITCH + i if i < CHECKS else REFERENCE_PRICE_UNAVAILABLE + i - CHECKS,
                           findings[i].value, findings[i].limit, bool(findings[i].refused), bool(findings[i].armed))
                   for i in range(CHECKS + OBSERVABLE) if i < CHECKS or findings[i].armed]

    def decision(self, int64_t decision):
        """The ranking behind a routing decision, best first. Raises LookupError once it is no longer held."""
        cdef const tc_router* router = &self.state.core.router
        cdef int64_t slot = <int64_t>(<uint64_t>decision & router.history_mask), i
        cdef const tc_term* term
        with self.state.lock:
            if not 1 <= decision <= router.decisions or router.decisions - decision > <int64_t>router.history_mask:
                raise LookupError(f"routing decision {decision} is not held: {router.decisions} were made, "
                                  f"the last {router.history_mask + 1} are kept")
            terms = []
            for i in range(router.history_counts[slot]):
                term = &router.history[slot * MAX_VENUES + i]
                terms.append(Term(term.venue, term.price, term.size, term.stamp, wide(term.fee), wide(term.cost)))
            return terms

    @property
    def command_seq(self):
        """Commands taken, the refused ones too; also the order_id of the last order if that was one."""
        with self.state.lock:
            return self.state.core.command_seq

    @property
    def event_seq(self):
        """Sequence number of the last report; the first is 1."""
        with self.state.lock:
            return self.state.core.events.seq

    @property
    def event_hash(self):
        """64-bit hash over every field of every report so far, in order."""
        with self.state.lock:
            return self.state.core.events.digest

    @property
    def now(self):
        """The core's clock, ns UTC: the latest transact_time so far."""
        with self.state.lock:
            return self.state.core.now

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
            view.shape[0], view.strides[0] = count * <int64_t>sizeof(tc_report), 1
            events.held_from = first
        return np.frombuffer(view, REPORT_DTYPE)

    def state_hash(self):
        """64-bit hash over the logical state: definitions, limits, positions, orders, books, counters.

        Walks every table, so its cost grows with what is held. Threads: as `run`.
        """
        cdef tc_core* core = &self.state.core
        cdef tc_hasher h
        cdef int64_t[::1] ids
        cdef int64_t i, count = 0
        cdef uint32_t slot
        memset(&h, 0, sizeof(h))
        with self.state.lock:
            ids = np.zeros(core.order_slots, np.int64)
            for slot in range(core.order_slots):
                if core.orders.slots[slot].order_id:
                    ids[count] = core.orders.slots[slot].order_id
                    count += 1
            ids = np.sort(np.asarray(ids)[:count])
            hash_counters(&h, core)
            hash_definitions(&h, core)
            hash_accounts(&h, core)
            hash_positions(&h, core)
            for i in range(count):
                hash_order(&h, find_order(&core.orders, ids[i]))
            hash_books(&h, core)
        return h.chain

    def metrics(self):
        """Counters by name. They are not part of the state."""
        cdef const tc_core* core = &self.state.core
        with self.state.lock:
            return {
                "open_orders": core.orders.open_count, "orders_evicted": core.orders.evicted,
                "cl_ord_ids": core.ids.count, "trades": core.exec_seq, "events": core.events.seq,
                "events_dropped": core.events.dropped, "rankings_hit": core.router.hits,
                "rankings_missed": core.router.misses, "decisions": core.router.decisions,
            }

    def latency(self):
        """(count, p50, p99, p99.9, max) in ns by stage, of what ran timed; bucket bounds, 1/16 wide."""
        cdef double scale = <double>(tc_nanoseconds() - self.state.nanoseconds_at_start) / max(
            1, tc_ticks() - self.state.ticks_at_start)
        cdef int stage
        result = {}
        for stage, name in enumerate(STAGES):
            with self.state.lock:
                counts = [self.state.core.histograms[stage * BUCKETS + i] for i in range(BUCKETS)]
            result[name] = percentiles(counts, scale)
        return result
