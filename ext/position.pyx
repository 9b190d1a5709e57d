# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The ledger alone: fills in, exact positions and P&L out. Door checks here, the arithmetic in position.pxd."""

from definitions cimport *
from shell cimport open_batch, wide
from position cimport *

from tradecore.order import FILL_DTYPE


cdef packed struct tc_booking:
    int32_t instrument, account
    int64_t qty, price, fee


cdef class Ledger:
    """Exact average-cost positions by instrument and account."""

    cdef tc_ledger ledger
    cdef tc_instrument* instruments
    cdef int count, instrument_max, account_max
    cdef list tables

    def __cinit__(self, int instruments, int accounts):
        demand("instruments", instruments, 1, 32_766)
        demand("accounts", accounts, 1, 65_535)
        self.tables = t = []
        self.instrument_max, self.account_max = instruments, accounts
        self.instruments = <tc_instrument*>table(t, instruments + 1, sizeof(tc_instrument))
        self.ledger.account_stride = accounts + 1
        self.ledger.positions = <tc_position*>table(
            t, <int64_t>(instruments + 1) * (accounts + 1), sizeof(tc_position))

    def __dealloc__(self):
        free_tables(self.tables)

    def define(self, bytes definition):
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        self.count = define_instrument_row(self.instruments, self.count, self.instrument_max, definition)
        return self.count

    def apply_fills(self, fills):
        """Book FILL_DTYPE rows in order: signed lots at a price in price units, fee in micros.

        All rows are checked before the first is booked. Threads: one caller at a time.
        """
        cdef const unsigned char[::1] source = open_batch(fills, sizeof(tc_booking))
        cdef int64_t count = len(fills), i
        cdef const tc_booking* f
        cdef tc_position* p
        if fills.dtype != FILL_DTYPE:
            raise ValueError(f"expected FILL_DTYPE, got {fills.dtype}")
        for i in range(count):
            f = <const tc_booking*>&source[i * <int64_t>sizeof(tc_booking)]
            demand("instrument", f.instrument, 1, self.count)
            demand("account", f.account, 1, self.account_max)
            demand("qty", f.qty, -qty_max(), qty_max())
            demand("price", f.price, -price_max(), price_max())
            demand("fee", f.fee, -money_max(), money_max())
            if f.qty == 0:
                raise ValueError("qty 0 is no fill")
        with nogil:
            for i in range(count):
                f = <const tc_booking*>&source[i * <int64_t>sizeof(tc_booking)]
                p = position_of(&self.ledger, f.instrument, f.account)
                apply_fill(p, f.qty, f.price)
                p.fees = p.fees + f.fee

    def position(self, int instrument, int account):
        """(qty, cost, realised, fees): lots, amounts (price unit x lot x multiplier), micros."""
        demand("instrument", instrument, 1, self.count)
        demand("account", account, 1, self.account_max)
        cdef const tc_position* p = position_of(&self.ledger, instrument, account)
        return p.qty, wide(p.cost), wide(p.realised), wide(p.fees)
