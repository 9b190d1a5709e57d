# The order in which lots close where it is not that of opening: by what a unit of them cost (HIFO, LOFO), or by the
# trade that opened them (specific lot, where fills name it). What a lot is, and how many may be open, stands here too.
#
# A position's lots are a treap: by the order from left to right, by a hash of the row from the root down. So it is as
# deep as a random tree, about 2 ln n, whatever comes; nothing is rebuilt, and a fill looks at few of the open lots.
# A lot leaves the tree before what it is ordered by changes, and comes back after.

from costs cimport *


cdef enum tc_method:
    METHOD_AVERAGE = 0
    METHOD_FIFO = 1
    METHOD_LIFO = 2
    METHOD_SPECIFIC = 3
    METHOD_HIFO = 4                # the dearest a unit first, long or short; of equals the oldest
    METHOD_LOFO = 5                # the cheapest


cdef struct tc_lot:
    tc_i128 cost                   # times the position's sign; of no meaning where the lot has a price
    int64_t qty                    # lots, positive
    int64_t price                  # what each of them cost, or NO_PRICE
    int64_t trade_id, opened       # the trade that opened it, and its time
    int32_t next, prev
    int64_t fee                    # only where a report is made: of the commission that opened it, what is left


# A lot's place in the order.
cdef struct tc_branch:
    int32_t left, right            # 0 is none
    int64_t age                    # the older of two lots has the lesser


cdef struct tc_lots:
    tc_lot* rows                   # from 1; 0 is none
    int32_t free, used, most       # first free row, rows ever taken, all rows
    int32_t open_count
    int32_t order                  # the method, where lots close by an order; else 0, and what follows is not there
    tc_branch* branches            # by row
    int32_t* roots                 # by position
    const tc_position* positions   # the first of them
    int64_t opened                 # lots that ever were


# Only in C: a field in Python.
cdef inline tc_i128 cost_of(const tc_lot* lot) noexcept nogil:
    return lot.cost if lot.price == no_price() else tc_wide(lot.qty, lot.price)


# Only in C: the next of a list in Python.
# The lot after this one, 0 after the newest.
cdef inline int32_t newer_lot(const tc_lot* rows, const tc_position* p, int32_t row) noexcept nogil:
    return 0 if row == p.last_lot else rows[row].next


# Only in C: a Fraction in Python.
# Above 0 where a unit of one lot cost more than a unit of another, below where it cost less: exactly, also where they
# have costs and no prices.
cdef inline int compare_costs(const tc_lot* a, const tc_lot* b) noexcept nogil:
    cdef tc_i128 whole, other, rest
    if a.price != no_price() and b.price != no_price():
        return (a.price > b.price) - (a.price < b.price)
    whole = tc_floor_div_wide(cost_of(a), a.qty)
    other = tc_floor_div_wide(cost_of(b), b.qty)
    if whole != other:
        return 1 if whole > other else -1
    rest = (tc_wide(<int64_t>tc_low(cost_of(a) - whole * a.qty), b.qty)
            - tc_wide(<int64_t>tc_low(cost_of(b) - other * b.qty), a.qty))
    return (rest > 0) - (rest < 0)


# Only in C: a key in Python.
# Whether a lot closes before another: by the method, and of equals the older.
cdef inline bint comes_before(const tc_lots* lots, int32_t row, int32_t other) noexcept nogil:
    cdef const tc_lot* a = &lots.rows[row]
    cdef const tc_lot* b = &lots.rows[other]
    cdef int first
    if lots.order == METHOD_SPECIFIC:
        first = (a.trade_id > b.trade_id) - (a.trade_id < b.trade_id)
    else:
        first = compare_costs(a, b)
    if lots.order == METHOD_HIFO:
        first = -first
    return lots.branches[row].age < lots.branches[other].age if first == 0 else first < 0


# Only in C: a treap's.
# Which of two lots is nearer to the root: a hash of the row, in which no pattern of rows is left.
cdef inline uint32_t height_of(int32_t row) noexcept nogil:
    cdef uint32_t mixed = <uint32_t>row
    mixed = (mixed ^ mixed >> 16) * <uint32_t>0x85EBCA6B
    mixed = (mixed ^ mixed >> 13) * <uint32_t>0xC2B2AE35
    return mixed ^ mixed >> 16


# Only in C: a treap's.
cdef inline int32_t* root_of(const tc_lots* lots, const tc_position* p) noexcept nogil:
    return &lots.roots[p - lots.positions]


# A lot that is in no place yet comes where it belongs.
cdef inline void put_in_order(tc_lots* lots, const tc_position* p, int32_t row) noexcept nogil:
    cdef tc_branch* branches = lots.branches
    cdef int32_t* link = root_of(lots, p)
    cdef int32_t* before = &branches[row].left
    cdef int32_t* behind = &branches[row].right
    cdef int32_t at
    while link[0] and height_of(link[0]) >= height_of(row):
        link = &branches[link[0]].right if comes_before(lots, link[0], row) else &branches[link[0]].left
    at = link[0]
    link[0] = row
    while at:                          # what stood there is divided into what closes before it and behind it
        if comes_before(lots, at, row):
            before[0] = at
            before = &branches[at].right
            at = before[0]
        else:
            behind[0] = at
            behind = &branches[at].left
            at = behind[0]
    before[0] = 0
    behind[0] = 0


# A lot leaves its place; what hung on it is joined.
cdef inline void take_out_of_order(tc_lots* lots, const tc_position* p, int32_t row) noexcept nogil:
    cdef tc_branch* branches = lots.branches
    cdef int32_t* link = root_of(lots, p)
    cdef int32_t left = branches[row].left, right = branches[row].right
    while link[0] != row:
        tc_assert(link[0] != 0)        # it stands in the tree, and is ordered by what it was put there by
        link = &branches[link[0]].right if comes_before(lots, link[0], row) else &branches[link[0]].left
    while left and right:
        if height_of(left) >= height_of(right):
            link[0] = left
            link = &branches[left].right
            left = link[0]
        else:
            link[0] = right
            link = &branches[right].left
            right = link[0]
    link[0] = left | right


# All lots of a position, after what they are ordered by has changed.
cdef inline void put_all_in_order(tc_lots* lots, const tc_position* p) noexcept nogil:
    cdef int32_t row = p.first_lot
    if lots.order:
        root_of(lots, p)[0] = 0
        while row:
            put_in_order(lots, p, row)
            row = newer_lot(lots.rows, p, row)


# The lot that closes before all others; 0 where there is none.
cdef inline int32_t first_in_order(const tc_lots* lots, const tc_position* p) noexcept nogil:
    cdef int32_t row = root_of(lots, p)[0]
    while row and lots.branches[row].left:
        row = lots.branches[row].left
    return row


# The open lot of a trade, or 0; the oldest, where parts of it came at different times by transfer.
cdef inline int32_t find_lot(const tc_lots* lots, const tc_position* p, int64_t trade_id) noexcept nogil:
    cdef int32_t row, found = 0
    if lots.order == METHOD_SPECIFIC:
        row = root_of(lots, p)[0]
        while row:
            if lots.rows[row].trade_id < trade_id:
                row = lots.branches[row].right
            else:
                found = row if lots.rows[row].trade_id == trade_id else found
                row = lots.branches[row].left
        return found
    row = p.first_lot
    while row and lots.rows[row].trade_id != trade_id:
        row = newer_lot(lots.rows, p, row)
    return row
