# What a simulated venue makes of an order: what it takes, what rests, and why it ends there.

from protection cimport *
from self_matching cimport *


# Takes what it may (`most`: what stands before an order of our own), rests what may rest; `elsewhere`: what it must not
# trade through, lock or cross; `row`: of the book that it takes from. Returns why the order ends here, or REASON_NONE.
cdef inline int execute_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, uint8_t side, uint32_t row, int64_t limit,
    int64_t elsewhere, int64_t most
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef int64_t left, leaves = leaves_of(order), within = within_ticks(ins, side, limit, elsewhere)
    cdef bint protects
    tc_assert((order.place == PLACE_NOWHERE) & (leaves > 0))
    core.book.fill_count = 0
    if order.exec_inst & INST_POST_ONLY and crosses(&core.book, row, limit):
        return POST_ONLY_WOULD_TAKE
    if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, within, leaves):
        return ORDER_PROTECTION if is_fillable(&core.book, row, limit, leaves) else FOK_NOT_FILLABLE
    if terms.min_qty and not is_fillable(&core.book, row, within, terms.min_qty):
        return MIN_QTY_NOT_MET
    protects = protects_position(core, order, limit)
    left = match_order(&core.book, row, within, most)
    if most < leaves:
        return SELF_MATCH
    if left == 0:
        return REASON_NONE
    if is_auction(order.time_in_force):
        return AUCTION_LEFTOVER
    if not has_limit(order.ord_type) and not protects:
        return MARKET_LEFTOVER
    if order.time_in_force == TIF_IOC:
        return IOC_LEFTOVER
    if reaches(ins, side, limit, elsewhere) and not protects:
        return ORDER_PROTECTION
    if is_no_book(row):
        if not use_book(&core.books, order.instrument, order.venue):
            return BOOKS_FULL                          # and nothing was taken: there was no book to take from
        sync_tops(core, order.instrument, order.venue)                 # as one that displays nothing yet
        row = row_of(core, order.instrument, order.venue, opposite(side))
    add_node(&core.book, row ^ 1, slot_of(&core.orders, order), limit, left, terms.display_qty)
    order.place = PLACE_RESTING
    return REASON_NONE
