# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Risk alone: limits, holds and positions of accounts, asked order by order. Door checks here, rules in risk.pxd."""

from definitions cimport *
from libc.string cimport memset
from shell cimport number_of, open_batch, open_command
from risk_tables cimport open_risk
from risk cimport *

import numpy as np

from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rules import rule_numbers


cdef class RiskTable:
    """Pre-trade limits that count working orders, fail-closed, for a system that has its own order handling.

    Orders must be valid (see Validator): ids declared, quantities and prices within bounds.
    """

    cdef tc_risk risk
    cdef tc_instrument* instruments
    cdef int count, instrument_max, account_max
    cdef int64_t last_time         # of what was asked to be admitted
    cdef list tables

    def __cinit__(self, int accounts, int instruments, int order_rate):
        demand("accounts", accounts, 1, 65_535)
        demand("instruments", instruments, 1, 1_000_000)
        demand("order_rate", order_rate, 1, 1 << 20)
        if order_rate & (order_rate - 1):
            raise ValueError(f"order_rate {order_rate} must be a power of two")
        self.tables = []
        t = self.tables
        self.account_max = accounts
        self.instrument_max = instruments
        self.instruments = <tc_instrument*>table(t, instruments + 1, sizeof(tc_instrument))
        rules = rule_numbers()
        counting = sum([1 for rule in rules if rule[4] < 0])   # each of an account's rules that count has a counter
        open_risk(t, &self.risk, accounts + 1, instruments + 1, CURRENCIES + 1, accounts * len(rules),
                  accounts * counting, 0, order_rate, rules)
        self.risk.pnl.instruments = self.instruments

    def __dealloc__(self):
        free_tables(self.tables)

    cdef tc_instrument* row(self, const tc_command* c, int64_t earliest) except NULL:
        if can_be_asked(c, self.count, self.account_max, earliest):
            return &self.instruments[c.instrument]
        demand("instrument", c.instrument, 1, self.count)
        demand("account", c.account, 1, self.account_max)
        demand("venue", c.venue, 0, 64)
        demand("side", c.side, SIDE_BUY, SIDE_SELL)
        demand("order_qty", c.order_qty, 1, qty_max())
        if c.ord_type != TYPE_MARKET:
            demand("price", c.price, -price_max(), price_max())
        demand("transact_time", c.transact_time, earliest, time_max())
        return &self.instruments[c.instrument]

    def define(self, bytes definition):
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        self.count = define_instrument_row(self.instruments, self.count, self.instrument_max, definition)
        return self.count

    def set_limit(self, int account, int64_t rule, value, int64_t window_ns=0):
        """Set one limit (Rule, its unit; -1 is off). ValueError where account, rule or value can't be, for a loss,
        equity or funds: what its fills cost is not told here, and for how many are open: nor is when they end."""
        cdef tc_command c
        cdef tc_i128 number = number_of(value)
        demand("account", account, 1, self.account_max)
        memset(&c, 0, sizeof(c))
        c.limit_scope = SCOPE_ACCOUNT
        c.account = account
        c.rule = rule
        c.window_ns = window_ns
        c.value = tc_low(number)
        c.value_high = tc_high(number)
        if find_bad_limit(&self.risk.rows, &c) >= 0 or (number >= 0 and (
                self.risk.rows.rules[rule].on_loss or self.risk.rows.rules[rule].on_equity
                or self.risk.rows.rules[rule].on_funds or self.risk.rows.rules[rule].counts & SENT_OPEN)):
            raise ValueError(f"rule {rule} can't be {value} in a window of {window_ns} ns")
        set_row(&self.risk.rows, &c, 0)
        keep_exposures(&self.risk.values, self.count, self.risk.rows.on_marks > 0, False, False)

    def mark(self, int instrument, int64_t mark_px, int64_t time):
        """Set what an instrument is worth from now on, in price units, at a time (ns) not before the last one.

        ValueError where one of them can't be: a mark of an earlier time would seem younger than it is.
        """
        demand("instrument", instrument, 1, self.count)
        demand("mark_px", mark_px, -price_max(), price_max())
        demand("time", time, last_mark_time(&self.risk.values), time_max())
        set_mark(&self.risk.pnl, instrument, mark_px, time)

    def kill(self, int scope, int target, bint engaged):
        """Engage or release the kill switch of a Scope."""
        demand("scope", scope, SCOPE_FIRM, SCOPE_VENUE)
        demand("target", target, 0 if scope == SCOPE_FIRM else 1, 0 if scope == SCOPE_FIRM else self.account_max
               if scope == SCOPE_ACCOUNT else self.instrument_max if scope == SCOPE_INSTRUMENT else 64)
        set_switch(&self.risk.kills, scope, target, STATE_HALTED if engaged else STATE_ACTIVE, 0, 0, 0)

    def check(self, bytes order, int64_t reference2):
        """Every rule's Finding for one ORDER record, in the order of the reasons. Changes nothing.

        `reference2` is twice the reference price in price units (a mid may lie between units), or NO_PRICE. ValueError
        where a field can't be: a time before that of an order that was asked to be admitted, or a price beyond bounds.
        """
        cdef const tc_command* c = open_command(order)
        cdef tc_instrument* ins = self.row(c, self.last_time)
        cdef tc_question q
        cdef tc_finding findings[CHECKS]
        demand_reference(reference2)
        put_question(&self.risk, c, ins, reference2, &q)
        evaluate_risk(&self.risk, ins, &q, findings)
        return [Finding(findings[i].reason, findings[i].value, findings[i].limit, bool(findings[i].refused),
                        bool(findings[i].armed), findings[i].row) for i in range(CHECKS)]

    def admit(self, orders, int64_t reference2):
        """Check each ORDER_DTYPE record and hold its quantity if it passes; int16 reasons, 0 where it passed.

        Their times only rise: what counts in a window knows nothing else. ValueError where a field can't be, as in
        check(); then none is held. Threads: one caller at a time.
        """
        cdef const unsigned char[::1] source = open_batch(orders, sizeof(tc_command))
        cdef int64_t count = len(orders), i
        cdef int64_t last = self.last_time
        cdef const tc_command* c
        cdef const tc_instrument* ins
        cdef tc_question q
        cdef tc_finding finding
        demand_reference(reference2)
        reasons = np.zeros(count, np.int16)
        cdef int16_t[::1] out = reasons
        for i in range(count):
            c = <const tc_command*>&source[i * <int64_t>sizeof(tc_command)]
            self.row(c, last)
            last = c.transact_time
        self.last_time = last
        with nogil:
            for i in range(count):
                c = <const tc_command*>&source[i * <int64_t>sizeof(tc_command)]
                ins = &self.instruments[c.instrument]
                put_question(&self.risk, c, ins, reference2, &q)
                out[i] = <int16_t>check_risk(&self.risk, ins, &q, &finding)
                if out[i] == REASON_NONE:
                    reserve_order(&self.risk, ins, &q)
                else:
                    note_breach(&self.risk, &finding, q.now)
        return reasons

    def fill(self, int instrument, int account, int side, int64_t qty):
        """Turn held quantity into position: one trade."""
        self.demand_hold(instrument, account, side, qty)
        commit_fill(&self.risk, instrument, account, <uint8_t>side, qty)
        count_trade(&self.risk, &self.instruments[instrument], instrument, account, 0)

    def release(self, int instrument, int account, int side, int64_t qty):
        """Give held quantity back."""
        self.demand_hold(instrument, account, side, qty)
        release_hold(&self.risk, instrument, account, <uint8_t>side, qty)

    cdef int demand_hold(self, int instrument, int account, int side, int64_t qty) except -1:
        cdef const tc_exposure* e
        demand("instrument", instrument, 1, self.count)
        demand("account", account, 1, self.account_max)
        demand("side", side, SIDE_BUY, SIDE_SELL)
        e = exposure_of(&self.risk, instrument, account)
        demand("qty", qty, 0, e.working_buy if side == SIDE_BUY else e.working_sell)
        return 0

    def exposure(self, int instrument, int account):
        """(position_qty, working_buy, working_sell) in lots."""
        demand("instrument", instrument, 1, self.count)
        demand("account", account, 1, self.account_max)
        cdef const tc_exposure* e = exposure_of(&self.risk, instrument, account)
        return e.position_qty, e.working_buy, e.working_sell


cdef int demand_reference(int64_t reference2) except -1:
    if reference2 != no_price():
        demand("reference2", reference2, -2 * price_max(), 2 * price_max())
    return 0


# Only in C: a call with keywords in Python.
cdef inline void put_question(
    tc_risk* risk, const tc_command* c, const tc_instrument* ins, int64_t reference2, tc_question* q
) noexcept nogil:
    cdef int32_t instrument, account, venue
    cdef uint8_t side, ord_type
    q.order_qty = c.order_qty
    q.price = c.price
    q.stop_px = no_price()
    q.now = c.transact_time
    q.leaves_qty = c.order_qty
    q.hold_qty = c.order_qty
    q.reference2 = reference2
    q.touch2 = no_price()
    # Neighbours are read before any is written, as in put_order.
    instrument, account, venue = c.instrument, c.account, c.venue
    q.instrument = instrument
    q.account = account
    q.venue = venue
    q.strategy = 0
    q.sent = SENT_NEW
    side, ord_type = c.side, c.ord_type
    q.side = side
    q.ord_type = ord_type
    q.peg_offset, q.peg_offset_type = 0, 0
    q.duplicate = q.reduce_only = q.closed = q.recheck = q.released = q.moves_on = q.reduces = False
    q.open_orders = 0
    q.max_open_orders = time_max()
    q.max_exits = 0
    q.fund_px = no_price()
    q.fund_more = 0
    q.line = line_of(risk.lines, &risk.rows, ins, instrument, account, venue, 0, MODE_ENFORCE, &q.room)


# Only in C: all of a record's bounds, before they are named.
cdef inline bint can_be_asked(
    const tc_command* c, int32_t instruments, int32_t accounts, int64_t earliest
) noexcept nogil:
    return (<uint32_t>c.instrument - <uint32_t>1 < <uint32_t>instruments
            and <uint32_t>c.account - <uint32_t>1 < <uint32_t>accounts
            and <uint32_t>c.venue < VENUES and (c.side == SIDE_BUY or c.side == SIDE_SELL)
            and 0 < c.order_qty and c.order_qty <= qty_max()
            and earliest <= c.transact_time and c.transact_time <= time_max()
            and (c.ord_type == TYPE_MARKET or (-price_max() <= c.price and c.price <= price_max())))
