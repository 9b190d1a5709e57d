# The one place for every command: it is copied into the core's own slot, then tapped, then applied. Nobody else can
# write that slot: what was validated is what runs. A batch does so in chunks, and others get in between two of them.
# Only in C: slots; a twin's commands are bytes, which nobody can change.

from pipeline cimport *
from prefetch cimport AHEAD_ID, fetch_ahead, tc_fetching
from tap cimport *

cdef extern from "tradecore/turnstile.h" nogil:
    void tc_copy_shared(void* to, const void* source, int64_t bytes)


cdef enum:
    NO_KIND = 0


# A caller's records: other threads may write them meanwhile, and its acks too.
cdef struct tc_batch:
    const tc_command* commands
    tc_ack* acks
    int64_t count, done, now
    bint timed
    bint watched                   # it stops where what a bus wants of its reports must be read before it goes on
    bint stopped                   # there it is
    uint64_t refused               # bit kind: of commands that are not for a batch
    tc_fetching ahead


cdef inline void take_command(
    tc_core* core, tc_tap* tap, const tc_command* c, tc_ack* ack, int64_t now, bint timed
) noexcept nogil:
    if tc_seldom(tap.is_on):
        tap_command(tap, c, now)
    apply_command(core, c, ack, now, timed)


cdef inline void run_single(
    tc_core* core, tc_tap* tap, tc_slots* slots, const tc_command* c, tc_ack* ack, int64_t now
) noexcept nogil:
    slots.commands[0] = c[0]
    take_command(core, tap, &slots.commands[0], ack, now, False)


cdef inline uint64_t definitions() noexcept nogil:
    return (1 << KIND_DEFINE_INSTRUMENT | 1 << KIND_DEFINE_VENUE | 1 << KIND_DEFINE_ACCOUNT
            | 1 << KIND_DEFINE_CURRENCY | 1 << KIND_DEFINE_TICKS | <uint64_t>1 << KIND_DEFINE_GROUP)


# Is half of the ring written since the first report that a bus wants and has not read?
cdef inline bint must_be_read(const tc_events* events) noexcept nogil:
    return events.wanted_from and 2 * (events.seq - events.wanted_from) >= <int64_t>events.mask


# Only in C: a slice in Python. A command of a batch into its slot.
cdef inline void copy_command(tc_slots* slots, const tc_batch* batch, int64_t place) noexcept nogil:
    tc_copy_shared(&slots.commands[place & (AHEAD - 1)], &batch.commands[place], sizeof(tc_command))


# The next chunk of a batch: each command is copied, once, before it is looked at. What lies behind the chunk is copied
# again with the next one: nothing but addresses to fetch is read from it.
cdef inline void run_chunk(tc_core* core, tc_tap* tap, tc_slots* slots, tc_batch* batch) noexcept nogil:
    cdef int64_t first = batch.done, place = first, rest = batch.count - first
    cdef int64_t seen = batch.count if rest < CHUNK + AHEAD_ID else first + CHUNK + AHEAD_ID
    cdef int64_t end = batch.count if rest < CHUNK else first + CHUNK
    cdef int64_t enough = core.events.seq + CHUNK_REPORTS
    cdef uint64_t refused = batch.refused | tap.sealed
    cdef tc_command* c
    for place in range(first, min(first + AHEAD_ID, seen)):
        copy_command(slots, batch, place)
    place = first
    while place < end and core.events.seq < enough and not (
            place > first and batch.watched and must_be_read(&core.events)):
        if place + AHEAD_ID < seen:
            copy_command(slots, batch, place + AHEAD_ID)
        fetch_ahead(core, slots.commands, place, seen, &batch.ahead)
        c = &slots.commands[place & (AHEAD - 1)]
        if c.kind < 64 and (refused >> c.kind) & 1:
            c.kind = NO_KIND                           # a command of no kind is refused for it
        take_command(core, tap, c, &slots.acks[place - first], batch.now, batch.timed)
        place += 1
    tc_copy_shared(&batch.acks[first], slots.acks, (place - first) * <int64_t>sizeof(tc_ack))
    batch.done = place
    batch.stopped = batch.watched and must_be_read(&core.events)


# Copies the report that answers the command; False where none is held.
cdef inline bint copy_answer(const tc_core* core, tc_report* answer) noexcept nogil:
    cdef int64_t seq = core.answer_seq
    cdef const tc_report* report = &core.events.ring[<uint64_t>seq & core.events.mask]
    if report.seq != seq:                  # dropped while a view held its place; the last is in `spare`
        report = &core.events.spare
    if core.events.seq < seq or report.seq != seq:     # the command's own later reports overwrote it
        return False
    answer[0] = report[0]
    return True


cdef inline bint run_answered(
    tc_core* core, tc_tap* tap, tc_slots* slots, const tc_command* c, tc_ack* ack, int64_t now, tc_report* answer
) noexcept nogil:
    run_single(core, tap, slots, c, ack, now)
    return copy_answer(core, answer)


# The slot of an order, NO_SLOT where it is not held.
cdef inline uint32_t slot_of_id(const tc_core* core, int64_t order_id) noexcept nogil:
    cdef const tc_order* order = find_order(&core.orders, order_id)
    return NO_SLOT if order == NULL else slot_of(&core.orders, order)


cdef inline uint32_t run_held(
    tc_core* core, tc_tap* tap, tc_slots* slots, const tc_command* c, tc_ack* ack, int64_t now
) noexcept nogil:
    run_single(core, tap, slots, c, ack, now)
    return slot_of_id(core, ack.order_id)


# A HAND_OUT, unless nothing waits; how many messages were handed out, into `rows`.
cdef inline int64_t run_handed(
    tc_core* core, tc_tap* tap, tc_slots* slots, const tc_command* c, tc_ack* ack, int64_t now, tc_message* rows
) noexcept nogil:
    cdef int64_t before = core.orders.unsent.handed
    if core.orders.unsent.count == 0:
        return 0
    core.orders.unsent.reader = rows
    run_single(core, tap, slots, c, ack, now)
    core.orders.unsent.reader = NULL
    return core.orders.unsent.handed - before


cdef inline int64_t count_unsent(const tc_core* core) noexcept nogil:
    return core.orders.unsent.count
