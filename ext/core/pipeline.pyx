# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
# cython: auto_pickle=False
"""The fused order path: one state, and the commands that change it. Door checks here; the way in is turnstile's."""

from answers cimport (
    copy_execution, copy_health, copy_instrument, copy_limits, copy_market, copy_note, copy_statistics, copy_unbooked,
    finding_rows, limit_facts, tc_limit_copy, term_rows, trade_row, unbooked_row,
)
from chunks cimport CHUNK, definitions, tc_batch
from conditions cimport copy_watched
from instrument cimport tc_instrument
from notes cimport tc_note
from copies cimport copy_wanted, count_wanted, set_filters
from dry_runs cimport plan_order, tc_plan
from events cimport FILTERS, is_unread, tc_filter
from listings cimport list_book, list_open, list_positions, tc_book_line, tc_order_line, tc_position_line
from order_table cimport NO_SLOT
from questions cimport answer_batch, tc_answer, tc_told
from breakers cimport tc_health
from scoring cimport tc_statistics
from overrides cimport tc_override
from switch_copies cimport copy_overrides, copy_switches, tc_switch_copy
from records cimport *
from shell cimport open_batch, open_command
from trades cimport tc_execution
from state cimport BASKET_MAX
from table cimport demand
from tap cimport seal_batches
from unbooked cimport tc_unbooked
from tradecore._native.readers cimport OrderHandle, Readers
from tradecore._native.turnstile cimport State
cimport cython

import numpy as np

from tradecore.vocabulary.lines import BOOK_LINE_DTYPE, ORDER_LINE_DTYPE, POSITION_LINE_DTYPE
from tradecore.vocabulary.records import ACK_SIZE, ANSWER_DTYPE, OUTBOUND_DTYPE, REPORT_DTYPE, AckRow
from tradecore.vocabulary.rows import (
    Finding, HealthFacts, LimitFacts, OverrideFacts, PlanRow, PriceLimitFacts, SwitchFacts, Term, TradeRow, UnbookedRow,
    VenueFacts,
)


@cython.final
cdef class Core(Readers):
    """The whole order path over one state: commands in, reports out."""

    def run(self, commands, acks, int64_t now, bint timed=False, bint sealed=False, bint watched=False):
        """Run a batch: C-contiguous 128-byte command records in, one ack record each out.

        `now` (ns UTC) stamps what has no transact_time of ours; `timed` fills the stage histograms. Each command is
        copied before it is looked at. A chunk of at most 256 is run, its acks are written, then others get in, and a
        signal's handler may raise: what has run by then is the records whose acks were written. Where it is `sealed`,
        a definition in it is refused, for nobody else would know what it has defined. Where it is `watched`, it stops
        where what the filters of `watch_events` take fills half of the ring. How many records have run.
        Threads: one lock per core; the compiled core waits for it, and runs, without the GIL.
        """
        cdef const unsigned char[::1] source = open_batch(commands, sizeof(tc_command))
        cdef unsigned char[::1] target
        cdef tc_batch batch
        cdef int64_t count = len(commands)
        if acks.itemsize != sizeof(tc_ack) or acks.shape != commands.shape or not acks.flags.c_contiguous:
            raise ValueError(f"expected {count} contiguous ack records of {ACK_SIZE} bytes, "
                             f"got shape {acks.shape} of {acks.itemsize} bytes")
        if count == 0:
            return 0
        target = acks.view(np.uint8)
        if <size_t>&target[0] & 7:
            raise ValueError(f"acks lie at {<size_t>&target[0]:#x}, not a multiple of 8 bytes")
        tc_clear(&batch, sizeof(batch))
        batch.commands = <const tc_command*>&source[0]
        batch.acks = <tc_ack*>&target[0]
        batch.count, batch.now, batch.timed, batch.refused = count, now, timed, definitions() if sealed else 0
        batch.watched = watched
        self.state.run_batch(&batch)
        return batch.done

    def seal_batches(self, kinds):
        """From now on a batch's commands of these kinds are refused, in one that runs too; a command alone is not.
        Nothing of it is in the state. Threads: any; once it returns no batch runs one that it has not begun."""
        cdef uint64_t sealed = 0
        for kind in kinds:
            demand("kind", kind, 0, 63)
            sealed |= <uint64_t>1 << <int>kind
        self.state.enter_anyway()
        seal_batches(&self.state.tap, sealed)
        self.state.leave()

    def apply(self, bytes command, int64_t now):
        """Run one command record; return its ack, and the bytes of the report that answers it (b"": none is held).

        That is the first one after those of the timers that the command's time set off; of a mass cancel, its
        OrderMassCancelReport. Threads: as `run`.
        """
        cdef tc_ack ack
        cdef tc_report report
        cdef bint is_held = self.state.run_asked(open_command(command), &ack, now, &report)
        return (AckRow(ack.order_id, ack.cum_qty, ack.leaves_qty, ack.report_type, ack.ord_status, ack.reason,
                       ack.ord_rej_reason, ack.cxl_rej_reason),
                (<const char*>&report)[:sizeof(tc_report)] if is_held else b"")

    def submit(self, bytes command, int64_t now):
        """Run one NEW_ORDER record; return a handle to the order. Threads: as `run`."""
        cdef tc_ack ack
        cdef uint32_t slot = self.state.run_held(open_command(command), &ack, now)
        if slot == NO_SLOT and ack.order_id > 0:       # the command itself evicted it: a stale handle
            slot = 0
        return self.hold(slot, ack.order_id)

    def hand_out(self, bytes command, int64_t now):
        """Run one HAND_OUT record, unless nothing waits; the messages that it hands out. Threads: as `run`."""
        cdef tc_command c = open_command(command)[0]
        cdef unsigned char[::1] memory
        cdef tc_ack ack
        c.most = min(c.most, self.state.count_unsent())
        if c.most < 1:
            return np.zeros(0, OUTBOUND_DTYPE)
        messages = np.zeros(c.most, OUTBOUND_DTYPE)
        memory = messages.view(np.uint8)
        return messages[:self.state.run_handed(&c, &ack, now, <tc_message*>&memory[0])]

    @property
    def outbound_pending(self):
        """Messages for external venues that are not handed out."""
        return self.state.count_unsent()

    def execution(self, int64_t exec_id):
        """The trade that the core's number is about, its `reported_currency` that number's; None where none is held."""
        cdef tc_execution row
        cdef bint is_held
        self.state.enter()
        with nogil:
            is_held = copy_execution(&self.state.core.trades, exec_id, &row)
            self.state.leave()
        return TradeRow._make(trade_row(&row)) if is_held else None

    def note(self, int64_t number):
        """A free text by its number; empty where it is not held."""
        cdef tc_note copy
        cdef bint is_held
        self.state.enter()
        is_held = copy_note(&self.state.core.notes, number if number > 0 else -1, 0, &copy)
        self.state.leave()
        return copy.text[:copy.size] if is_held else b""

    def note_of(self, int64_t seq):
        """The free text that a report tells, by its sequence number; empty where it is not held."""
        cdef tc_note copy
        cdef bint is_held
        self.state.enter()
        with nogil:
            is_held = copy_note(&self.state.core.notes, 0, seq, &copy)
            self.state.leave()
        return copy.text[:copy.size] if is_held else b""

    def unbooked(self):
        """What lies unbooked, oldest first."""
        cdef unsigned char[::1] memory = self.copied(copy_unbooked, 0, 0, sizeof(tc_unbooked))
        cdef const tc_unbooked* rows = <const tc_unbooked*>&memory[0]
        return [UnbookedRow._make(unbooked_row(&rows[i])) for i in range(len(memory) // sizeof(tc_unbooked))]

    def limit_rows(self, int64_t first, int64_t last):
        """Rows of limits by number, from 1, with what is used of each now. Threads: any."""
        cdef unsigned char[::1] memory = self.copied(copy_limits, first, last, sizeof(tc_limit_copy))
        cdef const tc_limit_copy* rows = <const tc_limit_copy*>&memory[0]
        return [LimitFacts._make(limit_facts(&rows[i])) for i in range(len(memory) // sizeof(tc_limit_copy))]

    def check_batch(self, orders, int64_t now, bint together, told):
        """Ask validation and risk about NEW_ORDER records: an ANSWER_DTYPE row each. Changes no state.

        `together`: each, at most BASKET_MAX, as if those before it that pass were working. `told`, where given, gets
        what `check` says of each.
        """
        if together:
            demand("orders", len(orders), 0, BASKET_MAX)
        cdef const unsigned char[::1] source = open_batch(orders, sizeof(tc_command))
        cdef int64_t count = len(orders), first = 0, chunk, i
        cdef const tc_command* asked
        cdef tc_answer* given
        cdef tc_told* rows = NULL
        cdef tc_told* said
        answers = np.zeros(max(1, count), ANSWER_DTYPE)
        cdef unsigned char[::1] out = answers.view(np.uint8), memory = np.zeros(
            1 if told is None else max(1, count) * sizeof(tc_told), np.uint8)
        if told is not None:
            rows = <tc_told*>&memory[0]
        while first < count:
            chunk = count - first if together or count - first < CHUNK else CHUNK
            asked = <const tc_command*>&source[first * <int64_t>sizeof(tc_command)]
            given = <tc_answer*>&out[first * <int64_t>sizeof(tc_answer)]
            said = rows + first if rows != NULL else NULL
            self.state.enter()
            with nogil:
                answer_batch(&self.state.core, asked, chunk, now, together, given, said)
                self.state.leave()
            first += chunk
        for i in range(count if rows != NULL else 0):
            found = finding_rows(rows[i].findings) if not rows[i].alone and not rows[i].mask else []
            if rows[i].alone:
                found = [(rows[i].alone, rows[i].findings[0].value, rows[i].findings[0].limit, True, True, 0)]
            told.append((0 if rows[i].alone else rows[i].mask, [Finding._make(row) for row in found]))
        return answers[:count]

    def switches(self):
        """The kill switches that are engaged, then the trading states, by scope and target, then what breakers have
        disarmed. Threads: any."""
        cdef unsigned char[::1] memory = self.copied(copy_switches, 0, 0, sizeof(tc_switch_copy))
        cdef const tc_switch_copy* rows = <const tc_switch_copy*>&memory[0]
        return [SwitchFacts(rows[i].scope, rows[i].target, rows[i].switch.who, rows[i].switch.why, rows[i].switch.since,
                            rows[i].kind, rows[i].switch.state, rows[i].reason)
                for i in range(len(memory) // sizeof(tc_switch_copy))]

    def overrides(self):
        """The overrides that stand, or were used and have not been forgotten, as they came. Threads: any."""
        cdef unsigned char[::1] memory = self.copied(copy_overrides, 0, 0, sizeof(tc_override))
        cdef const tc_override* rows = <const tc_override*>&memory[0]
        return [OverrideFacts(rows[i].order_id, rows[i].rule, rows[i].who, rows[i].why, rows[i].since, rows[i].until,
                              rows[i].used) for i in range(len(memory) // sizeof(tc_override))]

    def watch_events(self, filters, int64_t after):
        """From now on these are the filters of reports, also for what came after a number: rows of report types and
        ExecTypes (a bit for each, all bits for any), account and instrument (0: any), at most 64. Threads: any."""
        cdef tc_filter rows[FILTERS]
        cdef int64_t count = len(filters), i
        if count > FILTERS:
            raise ValueError(f"filters {count} must be 0 to {FILTERS}")
        for i in range(count):
            rows[i].report_types, rows[i].exec_types, rows[i].account, rows[i].instrument = filters[i]
        self.state.enter_anyway()
        with nogil:
            set_filters(&self.state.core.events, rows, count, after)
            self.state.leave()

    @property
    def has_wanted(self):
        """Whether there are reports that a filter takes and `read_wanted` has not come to. Threads: any; no lock."""
        return is_unread(&self.state.core.events)

    def read_wanted(self, int64_t after, int64_t limit):
        """Copies of up to `limit` of the reports after a number that a filter takes, how many were overwritten since
        the first of them, and the number that was come to."""
        cdef int64_t lost = 0, kept = 0, room
        cdef unsigned char[::1] memory
        self.state.enter()
        room = count_wanted(&self.state.core.events, after, limit)
        self.state.leave()
        reports = np.zeros(room + 1, REPORT_DTYPE)             # one more, so that there is an address
        memory = reports.view(np.uint8)
        self.state.enter()
        with nogil:
            after = copy_wanted(&self.state.core.events, after, <tc_report*>&memory[0], room, &kept, &lost)
            self.state.leave()
        return reports[:kept], lost, after

    def position_lines(self, int64_t instrument, int64_t account):
        """POSITION_LINE_DTYPE rows of what has a quantity, P&L, a fee or orders that work, copied in one moment;
        instrument 0 is any, account 0 is suspense, -1 any. Threads: any."""
        return self.copied(list_positions, instrument, account, sizeof(tc_position_line)).view(POSITION_LINE_DTYPE)

    def order_lines(self, int64_t instrument, int64_t account):
        """ORDER_LINE_DTYPE rows of what is open, oldest first, copied in one moment; instrument or account 0 is any.
        Threads: any."""
        return self.copied(list_open, instrument, account, sizeof(tc_order_line)).view(ORDER_LINE_DTYPE)

    def book_lines(self, int64_t instrument, int64_t venue, int64_t levels):
        """BOOK_LINE_DTYPE rows of what an instrument's book at a venue shows: bids, then asks, in price-time priority,
        up to so many `levels` of a side (0: all), copied in one moment. Raises LookupError. Threads: any."""
        cdef unsigned char[::1] memory
        cdef int64_t room = 0, count
        lines = np.zeros(1, BOOK_LINE_DTYPE)
        while True:
            memory = lines.view(np.uint8)
            self.state.enter()
            with nogil:
                count = list_book(&self.state.core, instrument, venue, levels, <tc_book_line*>&memory[0], room)
                self.state.leave()
            if count < 0:
                raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
            if count <= room:
                return lines[:count]
            room = count + (count >> 6)
            lines = np.zeros(room, BOOK_LINE_DTYPE)

    def plan(self, bytes command, int64_t now):
        """Where a NEW_ORDER record would go, by which ranking. Changes no state, and asks no risk. Threads: any."""
        cdef tc_command c = open_command(command)[0]
        cdef tc_plan p
        self.state.enter()
        with nogil:
            plan_order(&self.state.core, &c, now, &p)
            self.state.leave()
        return PlanRow(p.mask, p.route, [(p.parts[i].venue, p.parts[i].qty, p.parts[i].ticks) for i in range(p.count)],
                       [Term._make(row) for row in term_rows(p.terms, p.term_count)], p.down, p.limit, p.order_qty,
                       p.market, p.routing)

    def price_limits(self, int64_t instrument):
        """What an exchange lets be traded of an instrument. Raises LookupError. Threads: any."""
        cdef tc_instrument ins
        cdef bint is_declared
        self.state.enter()
        is_declared = copy_instrument(&self.state.core, instrument, &ins)
        self.state.leave()
        if not is_declared:
            raise LookupError(f"instrument {instrument} is not declared")
        return PriceLimitFacts(ins.limits.low, ins.limits.high, ins.limits.reference, ins.limits.dynamic_bps,
                               no_price() if ins.low_px == -ins.price_most else ins.low_px,
                               no_price() if ins.high_px == ins.price_most else ins.high_px)

    def venue_facts(self, int64_t venue):
        """What is known of a venue, by its number. Raises LookupError. Threads: any."""
        cdef tc_statistics s
        cdef int32_t count
        self.state.enter()
        count = copy_statistics(&self.state.core, venue, &s)
        self.state.leave()
        if count >= 0:
            raise LookupError(f"venue {venue} is not 1 to {count}")
        return VenueFacts(s.round_trip, s.take_fill, s.post_fill, s.reject, s.quote_age, s.answers)

    def health_facts(self, int64_t venue):
        """How a venue is, by its number. Raises LookupError. Threads: any."""
        cdef tc_health h
        cdef bint is_down = False, is_disconnected = False
        cdef int32_t count
        self.state.enter()
        count = copy_health(&self.state.core, venue, &h, &is_disconnected, &is_down)
        self.state.leave()
        if count >= 0:
            raise LookupError(f"venue {venue} is not 1 to {count}")
        return HealthFacts(h.state, h.reject_max, h.timeout_max, h.cooldown, h.on_disconnect, h.stale_after,
                           h.rejects, h.timeouts, h.closes_at, h.trials, h.trying, h.is_stale, is_disconnected,
                           is_down)

    def decision_market(self, int64_t decision):
        """How the market lay when a decision was taken, a MarketState; NORMAL where it is no longer held."""
        cdef uint8_t market
        self.state.enter()
        market = copy_market(&self.state.core.router, decision)
        self.state.leave()
        return market

    def start_tap(self, int64_t most):
        """From now on keep what is applied, up to `most` commands (0: none), with the times that stamped them."""
        self.state.start_tap(most)

    def read_tap(self):
        """What was applied since the tap was started or last read, as it was applied: TAP_DTYPE rows.

        Where it was full it has what came before, then raises RuntimeError naming how many it has not: start it again.
        """
        return self.state.read_tap()

    def watched(self, int64_t order_id):
        """What an order that waits for a price watches now: (TriggerPriceType, that price or NO_PRICE, whether it waits
        for it to rise). (0, NO_PRICE, False) where it waits for none, or is not held."""
        cdef int64_t price = 0
        cdef bint rises = False
        cdef uint8_t source
        self.state.enter()
        source = copy_watched(&self.state.core, order_id, &price, &rises)
        self.state.leave()
        return source, price, bool(rises)

    def _drill(self, int reason):
        """Takes the check of a reason out of risk, 0 none: in builds for tests alone."""
        if not TC_DRILL:
            raise RuntimeError("checks can be taken out only of a build for tests: TRADECORE_DRILL=ON")
        self.state.drill(reason)

    def close(self):
        """Take no command and answer no question any more: each raises RuntimeError. What reports show is kept until
        the last handle and view are gone. Closing twice does no harm. Threads: any; a batch that runs ends here."""
        self.state.close()
