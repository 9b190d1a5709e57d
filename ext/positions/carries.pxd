# What a corporate action moves between instruments: cost that is carried into a position, and cost that it sheds. No
# cash moves and nothing is realised; what came or left so is counted in `carried`.
#
# A spin-off sheds a share of every lot's cost here and carries it into lots of the new instrument there; a merger sheds
# all, with the lots. Each is an entry of one instrument, so that a bust replays its own chain.

from entries cimport *


# The cost that a CARRY brings, with the sign of its quantity at positive prices.
cdef inline tc_i128 carried_cost(const tc_entry* e) noexcept nogil:
    return tc_join(<uint64_t>e.price, e.lot)


cdef inline int find_bad_carry(const tc_books* b, const tc_entry* e, bint strict, tc_finding* found) noexcept nogil:
    cdef const tc_position* p = position_of(&b.ledger, e.instrument, e.account)
    cdef int64_t after = p.qty + e.qty
    cdef tc_i128 cost = carried_cost(e), most = tc_wide(tc_abs(e.qty), price_max())
    if p.qty != 0 and (p.qty > 0) != (e.qty > 0):
        found.value = e.qty
        found.bound = p.qty
        return CARRY_OPPOSED
    if tc_abs(after) > position_most(&b.tallies[e.instrument]):
        found.value = after
        found.bound = position_most(&b.tallies[e.instrument])
        return BEYOND_POSITION
    if cost > most or cost < -most or tc_abs_wide(cost) > b.tallies[e.instrument].amount_most:
        found.value = tc_abs(e.qty)
        found.bound = price_max()
        return BEYOND_COST
    if is_beyond_sum(p.realised) or is_beyond_sum(b.carried[row_of(b, e.instrument, e.account)]):
        found.value = 0
        found.bound = 0
        return BEYOND_SUM
    if b.lots.open_count >= b.lots.most and b.method != METHOD_AVERAGE:
        found.value = b.lots.open_count + 1
        found.bound = b.lots.most
        return LOTS_FULL
    if strict and b.legs == 2 and (after < 0 if e.account & 1 else after > 0):
        found.value = tc_abs(e.qty)
        found.bound = tc_abs(p.qty)
        return BEYOND_LEG
    return ENTRY_GOOD


cdef inline int find_bad_shed(const tc_books* b, const tc_entry* e, tc_finding* found) noexcept nogil:
    found.value = 0
    found.bound = 0
    return BEYOND_SUM if is_beyond_sum(b.carried[row_of(b, e.instrument, e.account)]) else ENTRY_GOOD


# Why an entry of any kind can't be booked now.
cdef inline int find_bad(const tc_books* b, const tc_entry* e, bint strict, tc_finding* found) noexcept nogil:
    if e.kind == ENTRY_CARRY:
        return find_bad_carry(b, e, strict, found)
    return find_bad_shed(b, e, found) if e.kind == ENTRY_SHED else find_bad_entry(b, e, strict, found)


# A lot of a cost and an age that it had elsewhere.
cdef inline void book_carry(tc_books* b, const tc_entry* e, int64_t trade_id) noexcept nogil:
    cdef tc_position* p = position_of(&b.ledger, e.instrument, e.account)
    cdef tc_i128* carried = &b.carried[row_of(b, e.instrument, e.account)]
    cdef tc_i128 cost = carried_cost(e)
    p.qty += e.qty
    p.cost = p.cost + cost
    carried[0] = carried[0] + cost
    b.carries = b.doubts = True
    if b.method != METHOD_AVERAGE:
        open_lot(&b.lots, p, tc_abs(e.qty), cost * tc_sign(e.qty), no_price(), trade_id, e.transact_time)


# qty of price parts of every lot's cost leave; where those are all, the lots leave too.
cdef inline void book_shed(tc_books* b, const tc_entry* e) noexcept nogil:
    cdef tc_position* p = position_of(&b.ledger, e.instrument, e.account)
    cdef tc_i128* carried = &b.carried[row_of(b, e.instrument, e.account)]
    cdef int64_t sign = 1 if p.qty > 0 else -1
    cdef tc_i128 gone = 0, part
    cdef int32_t row
    cdef tc_lot* lot
    if e.qty == e.price:
        gone = p.cost
        p.qty = 0
        drop_lots(&b.lots, p)
    elif b.method == METHOD_AVERAGE:
        gone = release_cost(p.cost * sign, e.price, e.qty) * sign
    else:
        row = p.first_lot
        while row:
            lot = &b.lots.rows[row]
            part = release_cost(cost_of(lot), e.price, e.qty)
            lot.cost = cost_of(lot) - part
            lot.price = no_price()
            gone = gone + part * sign
            row = newer_lot(b.lots.rows, p, row)
        put_all_in_order(&b.lots, p)
    p.cost = p.cost - gone
    carried[0] = carried[0] - gone
    b.carries = b.doubts = True
    tc_assert((p.qty != 0) | ((p.cost == 0) & (p.first_lot == 0)))
