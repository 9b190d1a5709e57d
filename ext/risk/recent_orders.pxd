# Orders with the same terms: same account, instrument, side, quantity, price and trigger, sent again within a window. A
# table of the last orders that some row is about, as many as the capacity `order_rate`: what no row compares with
# others takes no place in it. It says how many there were, and refuses nothing.

from rule_rows cimport *


# What makes two orders the same; without a limit its price is no_price().
cdef struct tc_alike:
    int64_t order_qty, price, stop_px, peg_offset
    int32_t account, instrument, side, peg_offset_type


# One of the last orders, and which came before it with the same hash: it and the one before it count from 1.
cdef struct tc_recent_order:
    tc_alike terms
    int64_t time, before


cdef struct tc_recent:
    tc_recent_order* orders        # [number & mask]
    int64_t* last                  # by hash: the last order's number, 0 where there was none
    int64_t count                  # ever
    int64_t ahead                  # of a basket that is asked about: orders like this one that stand before it
    uint64_t mask


# Only in C: == in Python.
cdef inline bint is_alike(const tc_alike* one, const tc_alike* other) noexcept nogil:
    return (one.order_qty == other.order_qty and one.price == other.price and one.stop_px == other.stop_px
            and one.peg_offset == other.peg_offset and one.peg_offset_type == other.peg_offset_type
            and one.account == other.account and one.instrument == other.instrument and one.side == other.side)


# Only in C: hash() in Python.
cdef inline uint64_t place_of(const tc_recent* recent, const tc_alike* terms) noexcept nogil:
    cdef uint64_t who = <uint64_t>terms.account << 34 ^ <uint64_t>terms.instrument << 2 ^ <uint64_t>terms.side
    cdef uint64_t h = tc_fold(<uint64_t>terms.order_qty ^ <uint64_t>0x9E3779B97F4A7C15,
                              <uint64_t>terms.price ^ <uint64_t>0xBF58476D1CE4E5B9)
    return tc_fold(h ^ <uint64_t>terms.stop_px, who ^ <uint64_t>0x94D049BB133111EB) & recent.mask


# One more order; of as many as are kept the oldest is forgotten.
cdef inline void note_order(tc_recent* recent, const tc_alike* terms, int64_t now) noexcept nogil:
    cdef uint64_t place = place_of(recent, terms)
    cdef tc_recent_order* order
    recent.count += 1
    order = &recent.orders[<uint64_t>recent.count & recent.mask]
    order.terms = terms[0]
    order.time = now
    order.before = recent.last[place]
    recent.last[place] = recent.count


# How many orders with these terms came after a time; -1 where more came since than are kept: then nobody knows.
cdef inline int64_t count_alike(const tc_recent* recent, const tc_alike* terms, int64_t since) noexcept nogil:
    cdef int64_t forgotten = recent.count - <int64_t>recent.mask - 1, count = recent.ahead
    cdef int64_t number = recent.last[place_of(recent, terms)]
    cdef const tc_recent_order* order
    if forgotten >= 0 and recent.orders[<uint64_t>(forgotten + 1) & recent.mask].time > since:
        return -1
    while number > 0 and number > forgotten:
        order = &recent.orders[<uint64_t>number & recent.mask]
        if order.time <= since:
            break
        count += is_alike(&order.terms, terms)
        number = order.before
    return count
