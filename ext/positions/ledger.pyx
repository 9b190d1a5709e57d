# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The ledger alone: entries in, exact positions and P&L out. Door checks here, the arithmetic in the .pxd files."""

from libc.string cimport memcpy, memset
from columns cimport aligned, numbers, read_only
from definitions cimport *
from entry_door cimport correct_entry, demand_entry, demand_inverse, demand_sizes, lots_of, sums_of
from holdings cimport note_holdings, tc_holding
from shell cimport open_batch, wide
from closings cimport *
from intake cimport *

import numpy as np

from tradecore.positions.entries import CLOSING_DTYPE, ENTRY_DTYPE, HOLDING_DTYPE, EntryError
from tradecore.vocabulary.records import FILL_DTYPE, NO_PRICE


cdef extern from "tradecore/marking.h" nogil:
    ctypedef struct tc_simd:
        int64_t (*count_bad)(const int64_t*, const int64_t*, int64_t, int64_t) noexcept nogil
    const tc_simd* tc_find_simd(const char* name)


cdef object new_column(int64_t count, object dtype=np.int64):
    return aligned(np.zeros(count + 16, dtype), count)


cdef class Ledger:
    """Exact positions by instrument and account, by average cost, FIFO, LIFO, HIFO, LOFO or specific lot.

    `method` is a `Method`; `legs` 2 keeps long and short apart, account 2n - 1 the long and 2n the short leg of n.
    `trades` bounds the log of entries that can still be busted, `lots` the open lots, `buckets` the exposure sums of
    an account. Amounts are integers of price unit x quantity unit, fees and dividends money units.
    """

    cdef tc_books books
    cdef tc_instrument* instruments
    cdef const tc_simd* kernels    # one bound check takes any instruction set: there is nothing to choose
    cdef int64_t* lows             # the least mark of each instrument
    cdef int count, instrument_max, account_max, currency_max
    cdef list tables, blocks
    cdef tuple sizes, settings
    cdef tuple narrow
    cdef object least_column, qty_column, low_column, high_column, mark_column, limit_column

    def __cinit__(self, int instruments, int accounts, int method=0, int legs=1, int currencies=1,
                  long long trades=65_536, long long lots=65_536, int buckets=1):
        demand_sizes(instruments, accounts, method, legs, currencies, trades, lots, buckets)
        cdef tc_books* b = &self.books
        cdef int64_t rows = <int64_t>(instruments + 1) * (accounts + 1), cells = <int64_t>instruments * accounts
        t = self.tables = []
        self.blocks = []
        self.settings = instruments, accounts, method, legs, currencies, trades, lots, buckets
        self.instrument_max, self.account_max, self.currency_max = instruments, accounts, currencies
        self.instruments = <tc_instrument*>table(t, instruments + 1, sizeof(tc_instrument))
        b.accounts, b.method = accounts, method
        b.legs, b.doubts = legs, legs == 2 or method == METHOD_SPECIFIC
        b.in_turn = method == METHOD_FIFO or method == METHOD_LIFO
        b.bucket_stride = buckets
        b.ledger.account_stride = accounts + 1
        b.ledger.currency_stride = currencies + 1
        b.ledger.positions = <tc_position*>self.memory(rows, sizeof(tc_position))
        b.base_positions = <tc_position*>table(t, rows, sizeof(tc_position))
        b.lots.most = <int32_t>(lots if method else 1)
        b.lots.rows = <tc_lot*>self.memory(2 * <int64_t>b.lots.most + 1, sizeof(tc_lot))
        b.base_lots = <tc_lot*>table(t, 2 * <int64_t>b.lots.most + 1, sizeof(tc_lot))
        b.lots.positions = b.ledger.positions
        if method >= METHOD_SPECIFIC:
            b.lots.order = method
            b.lots.branches = <tc_branch*>table(t, 2 * <int64_t>b.lots.most + 1, sizeof(tc_branch))
            b.lots.roots = <int32_t*>table(t, rows, sizeof(int32_t))
        b.entry_most = trades
        b.entries = <tc_entry*>self.memory(trades, sizeof(tc_entry))
        b.tallies = <tc_tally*>self.memory(instruments + 1, sizeof(tc_tally))
        b.exposures = <tc_exposure_sum*>table(t, <int64_t>(accounts + 1) * buckets, sizeof(tc_exposure_sum))
        b.charges = <tc_i128*>table(t, rows * (currencies + 1), sizeof(tc_i128))
        b.incomes = <tc_i128*>table(t, rows * (currencies + 1), sizeof(tc_i128))
        b.carried = <tc_i128*>table(t, rows, sizeof(tc_i128))
        b.base_charges = <tc_i128*>table(t, rows * (currencies + 1), sizeof(tc_i128))
        b.base_incomes = <tc_i128*>table(t, rows * (currencies + 1), sizeof(tc_i128))
        b.base_carried = <tc_i128*>table(t, rows, sizeof(tc_i128))
        self.qty_column, self.low_column, self.high_column = new_column(cells), new_column(cells), new_column(cells)
        forms = np.array([[<int>FIRST_SPLIT, 0]] * instruments, np.uint8)
        rests, nears = new_column(cells, np.uint32), new_column(instruments)
        self.narrow = new_column(cells, np.int32), new_column(cells), forms, rests, nears
        b.small_qtys = <int32_t*>numbers(self.narrow[0])
        b.words = numbers(self.narrow[1])
        b.forms = <tc_form*>numbers(self.narrow[2])
        b.rests, b.nears = <uint32_t*>numbers(rests), numbers(nears)
        self.mark_column = np.full(instruments + 1, NO_PRICE)
        self.limit_column = np.full(instruments, 2**62)
        self.least_column = np.full(instruments, -price_max())
        self.lows = numbers(self.least_column)
        self.kernels = tc_find_simd("auto")
        b.qtys, b.costs_low = numbers(self.qty_column), numbers(self.low_column)
        b.costs_high = numbers(self.high_column)
        b.ledger.marks = numbers(self.mark_column)
        b.mark_limits = numbers(self.limit_column)

    def __dealloc__(self):
        free_tables(self.tables)

    cdef void* memory(self, int64_t count, int64_t size) except NULL:
        """A zeroed table from the start of a cache line; NumPy's large arrays lie on huge pages where there are any."""
        block = new_column((count * size + 7) >> 3)
        self.blocks.append(block)
        return numbers(block)

    def define(self, bytes definition, inverse_scale=0, int bucket=0):
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be.

        `inverse_scale`: `Instrument.inverse_word`, 0 where it is none; `bucket`: where its exposure is summed.
        """
        demand_inverse(inverse_scale)
        demand("bucket", bucket, 0, self.books.bucket_stride - 1)
        cdef int count = define_instrument_row(self.instruments, self.count, self.instrument_max, definition)
        cdef tc_tally* t = &self.books.tallies[count]
        demand("currency", self.instruments[count].currency, 1, self.currency_max)
        self.count = count
        t.inverse_scale, t.bucket = inverse_scale, bucket
        t.amount_most = amount_most(&self.instruments[count])
        t.doubts = AMOUNT_DOUBT * (t.amount_most < tc_power_of_ten(30)) | INVERSE_DOUBT * (inverse_scale != 0)
        t.home = home_exponent(self.instruments[count].tick)
        t.lots_per_unit = lots_per_unit(&self.instruments[count])
        t.currency = self.instruments[count].currency
        if inverse_scale:
            self.limit_column[count - 1] = -1
            self.least_column[count - 1] = 1
        return self.count

    cdef bint is_row(self, const tc_entry* e) noexcept nogil:
        """Whether a row that is no plain fill is within its bounds: rare, so it is asked where errors are told."""
        with gil:
            try:
                demand_entry(e, self.count, self.account_max, self.currency_max)
            except ValueError:
                return False
        return True

    def apply_fills(self, fills, long long now=0):
        """Book FILL_DTYPE or ENTRY_DTYPE rows in order; return the first one's trade id.

        Signed quantity units, price units, fees in money units; a row without a time came `now`. All or none: a row
        outside its bounds raises ValueError, one that the state refuses EntryError. Threads: one caller at a time.
        """
        cdef bint whole = fills.dtype == ENTRY_DTYPE
        if not whole and fills.dtype != FILL_DTYPE:
            raise ValueError(f"expected FILL_DTYPE, got {fills.dtype}")
        cdef Py_ssize_t size = sizeof(tc_entry) if whole else sizeof(tc_booking)
        cdef const unsigned char[::1] source = open_batch(fills, size)
        cdef int64_t count = len(fills), ahead = min(count, AHEAD), at, failed, first = self.books.entry_count
        cdef tc_entry* entry
        cdef tc_entry refused
        cdef tc_coming ring[AHEAD]
        cdef tc_finding found
        cdef int reason = 0
        if count > self.books.entry_most - first:
            raise ValueError(f"{first + count} entries exceed the stated capacity of {self.books.entry_most} trades: "
                             "forget_trades() makes the present state the base")
        with nogil:
            start_fetching(&self.books, ring)
            for at in range(count + ahead):    # checked and fetched into the cache `ahead` of where it is booked
                if at >= ahead:
                    reason = add_entry(&self.books, &found)
                    if reason:
                        break
                if at < count:
                    entry = &self.books.entries[first + at]
                    load_entry(entry, &source[at * size], whole, now)
                    if not is_plain_fill(&self.books, self.count, entry, whole) and not self.is_row(entry):
                        reason = -1
                        break
                    fetch_rows(&self.books, entry, &ring[at & (AHEAD - 1)])
                fetch_ahead(&self.books, ring, at)
            failed = self.books.entry_count - first
            if reason:
                take_back(&self.books, first)
        if reason:
            for at in range(count):            # a row that no state could take is told before one that this can't
                load_entry(&refused, &source[at * size], whole, now)
                demand_entry(&refused, self.count, self.account_max, self.currency_max)
            raise EntryError(reason, found.value, found.bound, failed, 0)
        return self.books.forgotten + first + 1

    def amend(self, long long trade_id, int status, long long qty, long long price, long long fee, currency=None):
        """Mark an entry BUSTED, LIVE again, or CORRECTED to these figures, and rebuild its instrument.

        A corrected fee is in `currency` (0: its instrument's own), or, where none is given, in the one that it had.

        EntryError where a later entry can't follow: then nothing has changed. Threads: one caller at a time.
        """
        demand("trade_id", trade_id, self.books.forgotten + 1, self.books.forgotten + self.books.entry_count)
        demand("status", status, 0, 2)
        cdef tc_entry* e = &self.books.entries[trade_id - self.books.forgotten - 1]
        cdef tc_entry before = e[0], changed = e[0]
        cdef int64_t failed = 0, ignored = 0
        cdef tc_finding found, other
        cdef int reason
        changed.status = status
        if status == ENTRY_CORRECTED:
            correct_entry(&changed, trade_id, qty, price, fee, currency, self.currency_max)
            demand_entry(&changed, self.count, self.account_max, self.currency_max)
        with nogil:
            e[0] = changed
            reason = rebuild(&self.books, e.instrument, &failed, &found)
            if reason:
                e[0] = before
                rebuild(&self.books, e.instrument, &ignored, &other)
        if reason:
            raise EntryError(reason, found.value, found.bound, -1, failed)

    def forget_trades(self):
        """Make the present state the base: trades so far can't be busted any more. Returns how many those are.

        Threads: one caller at a time.
        """
        cdef tc_books* b = &self.books
        cdef int64_t rows = <int64_t>(self.instrument_max + 1) * (self.account_max + 1), sums, i
        sums = rows * (self.currency_max + 1)
        with nogil:
            memcpy(b.base_positions, b.ledger.positions, rows * sizeof(tc_position))
            memcpy(b.base_lots, b.lots.rows, (b.lots.used + 1) * sizeof(tc_lot))
            memcpy(b.base_charges, b.charges, sums * sizeof(tc_i128))
            memcpy(b.base_incomes, b.incomes, sums * sizeof(tc_i128))
            memcpy(b.base_carried, b.carried, rows * sizeof(tc_i128))
            for i in range(self.instrument_max + 1):
                b.tallies[i].first_entry = 0
                b.tallies[i].last_entry = 0
            b.forgotten += b.entry_count
            b.entry_count = 0
        return b.forgotten

    cdef const tc_position* row(self, int instrument, int account) except NULL:
        demand("instrument", instrument, 1, self.count)
        demand("account", account, 1, self.account_max)
        return position_of(&self.books.ledger, instrument, account)

    def position(self, int instrument, int account):
        """(qty, cost, realised, fees): quantity units, amounts (price x quantity unit x multiplier), money units."""
        cdef const tc_position* p = self.row(instrument, account)
        return p.qty, wide(p.cost), wide(p.realised), wide(p.fees)

    def sums(self, int instrument, int account):
        """(carried, {currency: fees}, {currency: dividends}): an amount, and money units where they are not 0."""
        cdef const tc_position* p = self.row(instrument, account)
        cdef int64_t at = row_of(&self.books, instrument, account), first = at * self.books.ledger.currency_stride
        charges = {c: wide(self.books.charges[first + c]) for c in range(1, self.currency_max + 1)}
        incomes = {c: wide(self.books.incomes[first + c]) for c in range(1, self.currency_max + 1)}
        charges[self.books.tallies[instrument].currency] = wide(p.fees)
        return (wide(self.books.carried[at]), {c: v for c, v in charges.items() if v},
                {c: v for c, v in incomes.items() if v})

    def lots(self, int instrument, int account):
        """[(trade_id, opened, qty, cost)] from the oldest open lot to the newest; empty at average cost."""
        return lots_of(&self.books, self.row(instrument, account))

    def holdings(self):
        """Every position that is held or was, by instrument and account, as HOLDING_DTYPE rows."""
        cdef int64_t count = note_holdings(&self.books, self.count, NULL, 0)
        found = np.zeros(count, HOLDING_DTYPE)
        note_holdings(&self.books, self.count, <tc_holding*>numbers(found), count)
        return found

    def entries(self):
        """A copy of the log as ENTRY_DTYPE rows, busted and corrected ones marked; the first is `forgotten` + 1."""
        found = np.empty(self.books.entry_count, ENTRY_DTYPE)
        memcpy(numbers(found), self.books.entries, self.books.entry_count * sizeof(tc_entry))
        return found

    def entry(self, long long trade_id):
        """A copy of one entry of the log as an ENTRY_DTYPE record's bytes."""
        demand("trade_id", trade_id, self.books.forgotten + 1, self.books.forgotten + self.books.entry_count)
        return (<const char*>&self.books.entries[trade_id - self.books.forgotten - 1])[: sizeof(tc_entry)]

    def base(self, int instrument, int account):
        """(qty, cost, realised, fees) as they were when trades were last forgotten."""
        self.row(instrument, account)
        cdef const tc_position* p = &self.books.base_positions[row_of(&self.books, instrument, account)]
        return p.qty, wide(p.cost), wide(p.realised), wide(p.fees)

    def closings(self):
        """Every closed piece of a lot since the base, in order, as CLOSING_DTYPE rows: the log replayed on the side.

        At average cost a piece has no opening trade. Costs and values are signed amounts, fees money units of the
        instrument's currency: low and high 64 bits.
        """
        cdef tc_closings sink
        cdef Ledger side = Ledger(*self.settings)
        cdef int64_t rows = <int64_t>(self.instrument_max + 1) * (self.account_max + 1)
        memcpy(side.books.tallies, self.books.tallies, (self.instrument_max + 1) * sizeof(tc_tally))
        memcpy(side.books.base_positions, self.books.base_positions, rows * sizeof(tc_position))
        memcpy(side.books.base_lots, self.books.base_lots, (self.books.lots.used + 1) * sizeof(tc_lot))
        sink.pools = <tc_i128*>table(side.tables, rows, sizeof(tc_i128))
        sink.since = <int64_t*>table(side.tables, rows, sizeof(int64_t))
        sink.count, sink.positions = 0, side.books.ledger.positions
        for _ in range(2):                 # a piece ends a fill or a lot, where no transfer moves more
            sink.most = max(sink.count, 2 * self.books.entry_count + self.books.lots.used)
            sink.count = 0
            found = np.empty(sink.most, CLOSING_DTYPE)
            sink.rows = <tc_closing*>numbers(found)
            with nogil:
                note_closings(&self.books, &side.books, self.count, &sink)
            if sink.count <= sink.most:
                break
        found = found[: sink.count]
        return found[np.argsort(found["closing_trade"], kind="stable")]

    def account_sums(self, int account, const long long[::1] groups not None, int group_count,
                     const long long[::1] bids not None, const long long[::1] asks not None):
        """One account over all instruments: ([(realised, cost, carried, unrealised, fees)] by group, {currency: fees in
        other currencies}, {currency: dividends}, held positions without a mark).

        `groups`, `bids` and `asks` are int64, one an instrument. Amounts are exact; fees and dividends money units. A
        position without a mark counts in all but `unrealised`. Threads: one caller at a time.
        """
        cdef int64_t i, unmarked = 0
        demand("account", account, 1, self.account_max)
        demand("group_count", group_count, 1, 65_535)
        for i in (groups.shape[0], bids.shape[0], asks.shape[0]):
            demand("length of groups, bids and asks", i, self.count, self.count)
        for i in range(self.count):
            demand(f"groups[{i}]", groups[i], 0, group_count - 1)
        cdef list tables = []
        cdef tc_account_sums* all_sums = <tc_account_sums*>table(tables, group_count, sizeof(tc_account_sums))
        cdef tc_i128* charges = <tc_i128*>table(tables, 2 * (self.currency_max + 1), sizeof(tc_i128))
        cdef tc_i128* incomes = &charges[self.currency_max + 1]
        try:
            with nogil:
                for i in range(self.count):
                    unmarked += sum_position(&self.books, <int32_t>i + 1, account, bids[i], asks[i],
                                             &all_sums[groups[i]], charges, incomes)
            return sums_of(all_sums, group_count, charges, incomes, self.currency_max) + (unmarked,)
        finally:
            free_tables(tables)

    def set_mark(self, int instrument, long long mark):
        """Value an instrument at `mark` price units, or at none (NO_PRICE); exposures follow."""
        demand("instrument", instrument, 1, self.count)
        if mark != NO_PRICE:
            demand("mark", mark, 1 if self.books.tallies[instrument].inverse_scale else -price_max(), price_max())
        set_mark(&self.books, instrument, mark)

    def set_marks(self, const long long[::1] marks):
        """Value instrument 1, 2, ... at these price units, all or none; exposures are summed anew when next read."""
        cdef int64_t i
        cdef const int64_t* given = <const int64_t*>&marks[0] if marks.shape[0] else NULL
        demand("marks", marks.shape[0], self.count, self.count)
        if self.count and self.kernels.count_bad(given, self.lows, price_max(), self.count):
            for i in range(self.count):
                if given[i] != no_price():
                    demand(f"marks[{i}]", given[i], self.lows[i], price_max())
        if self.count:
            memcpy(&self.books.ledger.marks[1], given, self.count * sizeof(int64_t))
        self.books.exposures_are_stale = True

    def exposure(self, int account, int bucket):
        """(gross, net): amounts of a bucket's positions at their marks; an unmarked instrument counts as nothing."""
        demand("account", account, 1, self.account_max)
        demand("bucket", bucket, 0, self.books.bucket_stride - 1)
        if self.books.exposures_are_stale:
            with nogil:
                recompute_exposures(&self.books, self.count)
        cdef const tc_exposure_sum* sum = &self.books.exposures[account * self.books.bucket_stride + bucket]
        return wide(sum.gross), wide(sum.net)

    def tally(self, int instrument):
        """(net, gross, cost) of an instrument over all accounts: lots, lots, amount."""
        demand("instrument", instrument, 1, self.count)
        cdef const tc_tally* t = &self.books.tallies[instrument]
        return wide(t.net), wide(t.gross), wide(t.cost)

    @property
    def trade_count(self):
        """Entries in the log."""
        return self.books.entry_count

    @property
    def forgotten(self):
        """Entries before the log: their trade ids are 1 to this."""
        return self.books.forgotten

    @property
    def open_lots(self):
        """Lots open in all positions; 0 at average cost."""
        return self.books.lots.open_count

    @property
    def columns(self):
        """(qty, cost low 64 bits, cost high, marks, mark limits, 32-bit qty, words, forms, rests, nears): read-only.

        They follow every entry; marks, limits, forms and nears are one an instrument. Up to |limit|, below 0 in units
        of 10**exponent, a marked position of the run fits 64 bits. A form is (split, exponent): with a split a word is
        (cost - qty x near) / 10**exponent x 2**split + qty; else the 32-bit column has the quantities modulo 2**32,
        themselves where |limit| is at least 2**31, and with an exponent cost is word x 10**exponent + rest.
        """
        wide = self.qty_column, self.low_column, self.high_column, self.mark_column[1:], self.limit_column
        return tuple(map(read_only, wide + self.narrow))
