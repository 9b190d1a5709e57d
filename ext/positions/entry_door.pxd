# What an entry must be before the ledger looks at it: errors that name field, value and bound, told by the shell.
# Only in C: `open_batch` and `demand` in Python.

from intake cimport *
from shell cimport wide
from table cimport demand


cdef enum:
    INVERSE_DIGITS = 23            # with qty_max: an inverse trade's value at the price 1 is at most 10**37
    SPLIT_MAX = 1_000_000          # of a split's numerator and denominator


# Refuses a word that stands for no scale of an inverse contract (`Instrument.inverse_word`); 0 is an ordinary one.
cdef inline int demand_inverse(object inverse_scale) except -1:
    demand("inverse_scale", inverse_scale, 0, multiplier_max() * 64 + 63)
    cdef int64_t word = inverse_scale
    if word:
        demand("inverse_scale's power of ten", word & 63, 0, 24)
        if scale_of(word) < 1 or scale_of(word) > tc_power_of_ten(INVERSE_DIGITS):
            raise ValueError(f"inverse_scale's number {wide(scale_of(word))} must be 1 to {10**<int>INVERSE_DIGITS}")
    return 0


cdef inline int demand_qty(const tc_entry* e) except -1:
    demand("qty", e.qty, -qty_max(), qty_max())
    if e.qty == 0:
        raise ValueError("qty 0 is no fill")
    return 0


# The door's bounds of one entry, whatever the state.
cdef inline int demand_entry(const tc_entry* e, int32_t instruments, int32_t accounts, int32_t currencies) except -1:
    demand("kind", e.kind, 0, 6)
    demand("instrument", e.instrument, 1, instruments)
    demand("currency", e.currency, 0, currencies)
    demand("transact_time", e.transact_time, 0, time_max())
    demand("strategy", e.strategy, 0, 2**31 - 1)
    demand("fee", e.fee, -fee_max(), fee_max())
    if e.kind == ENTRY_CARRY:
        demand("account", e.account, 1, accounts)
        demand_qty(e)
        return 0
    demand("lot", e.lot, 0, 2**62)
    if e.kind == ENTRY_SHED:
        demand("account", e.account, 1, accounts)
        demand("denominator", e.price, 1, SPLIT_MAX)
        demand("numerator", e.qty, 1, e.price)
        return 0
    if e.kind == ENTRY_SPLIT:
        demand("numerator", e.qty, 1, SPLIT_MAX)
        demand("denominator", e.price, 1, SPLIT_MAX)
        return 0
    demand("price", e.price, -price_max(), price_max())
    if e.kind == ENTRY_DIVIDEND:
        demand("currency", e.currency, 1, currencies)
        return 0
    demand("account", e.account, 1, accounts)
    if e.kind == ENTRY_TRANSFER:
        demand("contra", e.contra, 1, accounts)
        demand("qty", e.qty, 1, position_max())
        if e.contra == e.account:
            raise ValueError(f"contra {e.contra} must be another account")
        return 0
    demand_qty(e)
    return 0


# The sizes that a ledger may have.
cdef inline int demand_sizes(
    int instruments, int accounts, int method, int legs, int currencies, int64_t trades, int64_t lots, int buckets
) except -1:
    demand("instruments", instruments, 1, 1_000_000)
    demand("accounts", accounts, 1, 131_070)
    demand("method", method, 0, 5)
    demand("legs", legs, 1, 2)
    demand("currencies", currencies, 1, 255)
    demand("trades", trades, 1, 2**31 - 2)
    demand("lots", lots, 1, 2**30 - 1)
    demand("buckets", buckets, 1, 65_535)
    return 0


# An account's sums as Python numbers: by group, and what is not 0 by currency.
cdef inline tuple sums_of(
    const tc_account_sums* sums, int groups, const tc_i128* charges, const tc_i128* incomes, int currencies
):
    return ([(wide(sums[i].realised), wide(sums[i].cost), wide(sums[i].carried), wide(sums[i].unrealised),
              wide(sums[i].fees)) for i in range(groups)],
            {c: wide(charges[c]) for c in range(1, currencies + 1) if charges[c] != 0},
            {c: wide(incomes[c]) for c in range(1, currencies + 1) if incomes[c] != 0})


# [(trade_id, opened, qty, cost)] from a position's oldest open lot to its newest.
cdef inline list lots_of(const tc_books* b, const tc_position* p):
    cdef int32_t at = p.first_lot
    cdef const tc_lot* lot
    cdef int64_t sign = 1 if p.qty > 0 else -1
    found = []
    while at:
        lot = &b.lots.rows[at]
        found.append((lot.trade_id, lot.opened, lot.qty * sign, wide(cost_of(lot) * sign)))
        at = newer_lot(b.lots.rows, p, at)
    return found


# Only in C: an entry in Python is replaced in one line.
# A fill or an opening with these figures, its fee in `currency`, where one is given.
cdef inline int correct_entry(
    tc_entry* e, int64_t trade_id, int64_t qty, int64_t price, int64_t fee, object currency, int32_t currencies
) except -1:
    if e.kind > ENTRY_OPENING:
        raise ValueError(f"trade {trade_id} is no fill: only a fill or an opening can be corrected, bust it")
    if currency is not None:
        demand("currency", currency, 0, currencies)
        e.currency = currency
    e.qty = qty
    e.price = price
    e.fee = fee
    return 0
