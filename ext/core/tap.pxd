# The tap: every command as it was applied, in that order, with the time that stamped it; for a test or a shadow.
# It grows by blocks that are made before a command needs them, outside the lock; what does not fit any more is counted,
# and nothing more is taken, so that what a tap gives is never a record with a hole in it.
# Only in C: a list in Python.

from records cimport *


cdef enum:
    CHUNK = 256                    # commands of a batch that run before others get in
    CHUNK_REPORTS = 4_096          # or fewer, once they have made so many reports
    AHEAD = 16                     # commands that are remembered: the one that runs, and those that come next
    TAP_ROWS = 1_024               # of a block: more than a chunk


# Where commands lie while they are applied, and their acks. So few that they stay in the processor's nearest cache.
cdef struct tc_slots:
    tc_command commands[AHEAD]      # [place in its batch & (AHEAD - 1)]
    tc_ack acks[CHUNK]


cdef struct tc_tap_row:
    tc_command command
    int64_t now


cdef struct tc_tap_block:
    tc_tap_block* next
    int64_t count
    tc_tap_row rows[TAP_ROWS]


cdef struct tc_tap:
    tc_tap_block* first            # unread, the oldest first
    tc_tap_block* last
    tc_tap_block* spare            # for what comes when the last is full
    int64_t blocks, blocks_most
    int64_t lost                   # commands that found no room
    bint is_on
    uint64_t sealed                # bit kind: of commands that are not for any batch


# From now on no batch has commands of these kinds, one that runs included.
cdef inline void seal_batches(tc_tap* tap, uint64_t kinds) noexcept nogil:
    tap.sealed = kinds


cdef inline bint wants_block(const tc_tap* tap) noexcept nogil:
    return tap.is_on and tap.spare == NULL and tap.lost == 0 and tap.blocks < tap.blocks_most


# Keeps a block as the spare one; the block itself where it is not wanted any more, or there is none.
cdef inline tc_tap_block* give_block(tc_tap* tap, tc_tap_block* block) noexcept nogil:
    if block == NULL:
        tap.lost += 1                                  # there is no memory
    if block == NULL or not wants_block(tap):
        return block
    block.next = NULL
    block.count = 0
    tap.spare = block
    return NULL


cdef inline void tap_command(tc_tap* tap, const tc_command* c, int64_t now) noexcept nogil:
    cdef tc_tap_row* row
    if tap.lost or ((tap.last == NULL or tap.last.count == TAP_ROWS) and tap.spare == NULL):
        tap.lost += 1
        return
    if tap.last == NULL or tap.last.count == TAP_ROWS:
        if tap.last == NULL:
            tap.first = tap.spare
        else:
            tap.last.next = tap.spare
        tap.last = tap.spare
        tap.spare = NULL
        tap.blocks += 1
    row = &tap.last.rows[tap.last.count]
    row.command = c[0]
    row.now = now
    tap.last.count += 1


# Everything that was not read yet: the blocks are the caller's now.
cdef inline tc_tap_block* take_blocks(tc_tap* tap, int64_t* lost) noexcept nogil:
    cdef tc_tap_block* first = tap.first
    lost[0] = tap.lost
    tap.first = NULL
    tap.last = NULL
    tap.blocks = 0
    return first


cdef inline int64_t rows_of(const tc_tap_block* block) noexcept nogil:
    cdef int64_t count = 0
    while block != NULL:
        count += block.count
        block = block.next
    return count


# From now on, as many commands as fit `most` in whole blocks (0: none); what an earlier tap has left is given back.
cdef inline tc_tap_block* start_tap(tc_tap* tap, int64_t most) noexcept nogil:
    cdef tc_tap_block* first = tap.first
    tap.first = NULL
    tap.last = NULL
    tap.blocks = 0
    tap.blocks_most = tc_floor_div(most + TAP_ROWS - 1, TAP_ROWS)
    tap.lost = 0
    tap.is_on = most > 0
    return first
