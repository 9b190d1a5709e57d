# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The exit gate alone: what may leave for a venue, asked exit by exit. Door checks here, rules in exit_gate.pxd."""

from exit_gate cimport *
from price_limits cimport DYNAMIC_BPS_MAX
from shell cimport open_batch
from table cimport demand, free_tables, table

import numpy as np

from tradecore.vocabulary.units import check_int


cdef class GateTable:
    """An exit gate with limits, flags and a memory of its own, for a system that has its own order handling; of so many
    `instruments` it knows what their exchange says."""

    cdef tc_gate gate
    cdef int64_t* lasts            # by instrument: what was traded last
    cdef int order_max, instrument_max
    cdef list tables

    def __cinit__(self, int orders, int instruments=0):
        cdef int at
        demand("orders", orders, 1, 1_000_000)
        demand("instruments", instruments, 0, 1_000_000)
        self.tables = []
        self.order_max = orders
        self.instrument_max = instruments
        self.gate.markets = <tc_gate_market*>table(self.tables, instruments + 1, sizeof(tc_gate_market))
        self.lasts = <int64_t*>table(self.tables, instruments + 1, sizeof(int64_t))
        for at in range(instruments + 1):
            self.lasts[at] = no_price()
        self.gate.rows = <tc_gate_row*>table(self.tables, orders + 1, sizeof(tc_gate_row))
        self.gate.times = <int64_t*>table(self.tables, GATE_TIMES, sizeof(int64_t))

    def __dealloc__(self):
        free_tables(self.tables)

    def set(self, int64_t collar_bps, int64_t throttle, int64_t window_ns):
        """Set the collar and the throttle, -1 is off. ValueError where one can't be."""
        if find_bad_gate(collar_bps, throttle, window_ns) >= 0:
            raise ValueError(f"collar {collar_bps} bps and throttle {throttle} in {window_ns} ns can't be")
        set_gate(&self.gate, collar_bps, throttle, window_ns)

    def switch(self, int venue, int shut):
        """Open (0) or shut (1) the gate for a venue, or for all (venue 0); 2 lets exits out."""
        demand("venue", venue, 0, GATE_VENUES)
        demand("shut", shut, GATE_OPEN, GATE_EXITS_ONLY)
        shut_gate(&self.gate, venue, <uint8_t>shut)

    def set_price_limits(
        self, int instrument, low_limit_price=None, high_limit_price=None, dynamic_bps=None,
        trading_reference_price=None,
    ):
        """Say between which prices (price units) the exchange takes orders in an instrument, and how many basis points
        from the last trade it lets one trade; `trading_reference_price` stands for a trade until there is one. What is
        left out has no limit from now on. ValueError or TypeError where they can't be; nothing is changed then."""
        demand("instrument", instrument, 1, self.instrument_max)
        cdef int64_t low = told_int(low_limit_price, "low_limit_price", -price_max(), price_max(), no_price())
        cdef int64_t high = told_int(high_limit_price, "high_limit_price", -price_max(), price_max(), no_price())
        cdef int64_t bps = told_int(dynamic_bps, "dynamic_bps", 0, DYNAMIC_BPS_MAX, -1)
        cdef int64_t reference = told_int(trading_reference_price, "trading_reference_price", -price_max(), price_max(),
                                          no_price())
        if high != no_price() and high < low:
            raise ValueError(f"high_limit_price {high} must be {low} to {price_max()}")
        if reference == no_price():
            reference = self.lasts[instrument]
        if bps >= 0 and reference == no_price():
            raise ValueError("dynamic limits need trading_reference_price until there was a trade")
        keep_limits(&self.gate, instrument, low, high, reference if bps >= 0 else no_price(), bps)

    def trade_print(self, int instrument, price):
        """A trade of the market moves what dynamic limits are taken from. ValueError where it can't be."""
        demand("instrument", instrument, 1, self.instrument_max)
        cdef int64_t traded = check_int(price, "price", -price_max(), price_max())
        self.lasts[instrument] = traded
        keep_trade(&self.gate, instrument, traded)

    def set_session(self, int instrument, int status):
        """Set the TradSesStatus of an instrument: while it is HALTED no new order leaves, and no replace that asks for
        more. ValueError where it can't be."""
        demand("instrument", instrument, 1, self.instrument_max)
        demand("status", status, SES_HALTED, SES_PRE_CLOSE)
        keep_halt(&self.gate, instrument, status == SES_HALTED)

    def pass_out(self, exits):
        """Ask for each EXIT_DTYPE row, and count it where it leaves; int16 reasons, 0 where it left.

        Threads: one caller at a time.
        """
        cdef const unsigned char[::1] source = open_batch(exits, sizeof(tc_exit))
        cdef int64_t count = len(exits), i, bound = 0
        cdef const tc_exit* row
        cdef uint32_t slot
        reasons = np.zeros(count, np.int16)
        cdef int16_t[::1] out = reasons
        for i in range(count):
            row = <const tc_exit*>&source[i * <int64_t>sizeof(tc_exit)]
            if can_be_asked(row, self.order_max, self.instrument_max):
                continue
            demand("order_id", row.order_id, 1, self.order_max)
            demand("venue", row.venue, 1, GATE_VENUES)
            demand("instrument", row.instrument, 0, self.instrument_max)
            demand("side", row.side, SIDE_BUY, SIDE_SELL)
            demand("now", row.now, 0, time_max())
            demand("order_qty", row.order_qty, 0, qty_max())
            demand("cum_qty", row.cum_qty, 0, qty_max())
            demand("leaves_qty", row.leaves_qty, 0, qty_max())
            demand("most_qty", row.most_qty, 0, qty_max())
            demand("family_qty", row.family_qty, 0, qty_max())
            demand("parent_qty", row.parent_qty, 0, qty_max())
        with nogil:
            for i in range(count):
                row = <const tc_exit*>&source[i * <int64_t>sizeof(tc_exit)]
                slot = <uint32_t>row.order_id
                out[i] = <int16_t>ask_gate(&self.gate, slot, row, &bound)
                if out[i] == REASON_NONE:
                    let_out(&self.gate, slot, row)
        return reasons


cdef int64_t told_int(object value, str name, int64_t low, int64_t high, int64_t absent) except? -1:
    """A number within its bounds, or what stands for none."""
    return absent if value is None else check_int(value, name, low, high)


# Only in C: all of a row's bounds, before they are named.
cdef inline bint can_be_asked(const tc_exit* row, int64_t order_max, uint32_t instrument_max) noexcept nogil:
    return (<uint64_t>row.order_id - <uint64_t>1 < <uint64_t>order_max
            and <uint32_t>row.venue - <uint32_t>1 < GATE_VENUES and <uint32_t>row.instrument <= instrument_max
            and <uint8_t>(row.side - SIDE_BUY) <= SIDE_SELL - SIDE_BUY and <uint64_t>row.now <= <uint64_t>time_max()
            and <uint64_t>(row.order_qty | row.cum_qty | row.leaves_qty | row.most_qty | row.family_qty
                           | row.parent_qty) <= <uint64_t>qty_max())
