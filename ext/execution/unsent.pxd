# What external venues are to be sent, until it is handed out: a queue that loses nothing, and the places in it.
#
# An order that is open at an external venue has at most PLACES messages that are not handed out: its new, its cancel,
# its status request and what the core itself changes of it, each the last of its kind; those places are kept for it,
# whatever else is waiting. A replace that a user asks for takes a place when it is asked. So what the core must be able
# to send always finds room, and what finds none is refused before it changes anything.
#
# A message is handed out later than it was made: the exit gate judges it then, by the order as it is. What its venue
# has answered by then is judged by its own terms; of an order that has ended and left the table, nothing but cancels
# and questions leaves.
#
# Rows, and a list through them in the order in which they were made; a row that was given back is the next one that is
# taken, so that memory is touched as it is used.

from records cimport *


cdef enum:
    PLACES = 4                     # that an open order keeps
    PLACES_PER_ORDER = 8           # of the queue: a new order that waits, the places that it keeps, some for replaces
    NO_MESSAGE = 0                 # rows count from 1


cdef struct tc_message_row:
    int64_t order_id
    uint32_t slot                  # the order's, while it is held
    uint32_t request               # its row + 1, 0: none, or it is answered
    uint32_t prev, next


cdef struct tc_unsent:
    tc_message* messages           # beside rows
    tc_message_row* rows
    uint32_t first, last
    uint32_t free_first            # through `next`
    uint32_t row_max, rows_used    # rows that there are; that were ever taken
    int64_t count
    int64_t most                   # places
    int64_t away                   # open orders that keep places
    int64_t handed                 # messages handed out so far: the number of the last one
    tc_message* reader             # where they are handed out to; nobody listens in a replay


# Places that messages have, and those that are kept.
cdef inline int64_t places_taken(const tc_unsent* unsent) noexcept nogil:
    return unsent.count + PLACES * unsent.away


# Is there room for so many places more?
cdef inline bint has_places(const tc_unsent* unsent, int64_t more) noexcept nogil:
    return places_taken(unsent) + more <= unsent.most


# The row of a new message at the end of the queue.
cdef inline uint32_t append_message(tc_unsent* unsent) noexcept nogil:
    cdef uint32_t at = unsent.free_first
    if at != NO_MESSAGE:
        unsent.free_first = unsent.rows[at].next
    else:
        tc_assert(unsent.rows_used < unsent.row_max)
        unsent.rows_used += 1
        at = unsent.rows_used
    unsent.rows[at].prev = unsent.last
    unsent.rows[at].next = NO_MESSAGE
    if unsent.last == NO_MESSAGE:
        unsent.first = at
    else:
        unsent.rows[unsent.last].next = at
    unsent.last = at
    unsent.count += 1
    return at


# Only in C: a key of a dict in Python.
# Takes a row out of the queue.
cdef inline void free_message(tc_unsent* unsent, uint32_t at) noexcept nogil:
    cdef const tc_message_row* row = &unsent.rows[at]
    tc_assert((at != NO_MESSAGE) & (at <= unsent.rows_used) & (unsent.count > 0))
    if row.prev == NO_MESSAGE:
        unsent.first = row.next
    else:
        unsent.rows[row.prev].next = row.next
    if row.next == NO_MESSAGE:
        unsent.last = row.prev
    else:
        unsent.rows[row.next].prev = row.prev
    unsent.rows[at].next = unsent.free_first
    unsent.free_first = at
    unsent.count -= 1
    tc_assert((unsent.count == 0) == (unsent.first == NO_MESSAGE))
