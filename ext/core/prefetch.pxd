# A batch knows what comes next: while one command runs, the memory of the next ones is fetched, step by step, since
# each step's address stands in what the step before has fetched. It decides nothing, and may fetch in vain.
# Only in C: fetching memory ahead.

from state cimport *
from tap cimport AHEAD


cdef enum:
    AHEAD_ID = 9                   # commands ahead: where the numbers of its ids or its order stand
    AHEAD_ENTRY = 6                # the entries of the ids
    AHEAD_ORDER = 3                # the order's facts and terms, and a report


# What is known of the order that a coming command names.
cdef struct tc_coming:
    uint64_t hash                  # of its id, 0 where it names the order by number
    const uint32_t* place          # where the order's slot stands, where it does so; NULL: it names none
    uint32_t number                # of the id's entry, or the slot + 1; 0 is none


# What of those that come is being fetched. It outlives a chunk, which may end anywhere.
cdef struct tc_fetching:
    tc_coming ring[AHEAD]          # [place in its batch & (AHEAD - 1)]
    uint64_t named                 # a bit for each that names an order, the last that was looked at the lowest


cdef inline uint64_t names_order(const tc_command* c) noexcept nogil:
    cdef uint64_t kinds = (1 << KIND_EXECUTION_REPORT | 1 << KIND_CANCEL | 1 << KIND_REPLACE
                           | 1 << KIND_CANCEL_REJECT)
    return (kinds >> c.kind) & 1 if c.kind < 64 else 0


cdef inline void fetch_place(const tc_core* core, const tc_command* c, tc_coming* next) noexcept nogil:
    cdef int64_t id = c.orig_cl_ord_id
    next.hash = 0
    next.place = NULL
    next.number = 0
    if c.kind == KIND_EXECUTION_REPORT or c.kind == KIND_CANCEL_REJECT:
        id = c.cl_ord_id
    if id == 0:
        next.place = &core.orders.by_id[home_of(&core.orders, c.order_id)]
        tc_prefetch(next.place)
    else:
        next.hash = hash_number(id)
        tc_prefetch(&core.ids.index[next.hash & core.ids.index_mask])


cdef inline void fetch_entry(const tc_core* core, tc_coming* next) noexcept nogil:
    cdef const char* entry
    next.number = 0
    if next.place != NULL:
        next.number = next.place[0]
    elif next.hash:
        next.number = numbered_at(&core.ids, likely_place(&core.ids, next.hash, next.hash))
    if next.number and next.hash:
        entry = <const char*>&core.ids.entries[next.number - 1]
        tc_prefetch(entry)
        tc_prefetch(entry + sizeof(tc_id_entry) - 1)


# The order, and the report to come, whose lines were last written a whole ring ago.
cdef inline void fetch_order(const tc_core* core, const tc_coming* next) noexcept nogil:
    cdef const char* report
    cdef uint32_t slot
    cdef int line
    if next.number == 0:
        return
    report = <const char*>&core.events.ring[<uint64_t>(core.events.seq + AHEAD_ORDER + 1) & core.events.mask]
    for line in range(0, sizeof(tc_report), 64):
        tc_prefetch(report + line)
    slot = core.ids.entries[next.number - 1].slot if next.hash else next.number - 1
    for line in range(0, sizeof(tc_order), 64):
        tc_prefetch(<const char*>&core.orders.slots[slot] + line)
    tc_prefetch(&core.orders.terms[slot])
    tc_prefetch(&core.timers.places[slot])


# The bucket of a trade's execution id, and the entry to come.
cdef inline void fetch_exec_id(const tc_core* core, const tc_command* c) noexcept nogil:
    cdef const tc_exec_ids* ids = &core.exec_ids
    if c.kind == KIND_EXECUTION_REPORT and c.exec_type == EXEC_TRADE:
        tc_prefetch(bucket_of_id(ids, exec_id_place(c.venue, c.instrument, direction(c.side), c.exec_id)))
        tc_prefetch(&ids.entries[<uint64_t>(ids.count + AHEAD_ID + 1) & ids.mask])


# What the command at `place` in its batch starts to fetch for those behind it that name an order. `slots`: where the
# commands lie, [place & (AHEAD - 1)], up to the one at `end`.
cdef inline void fetch_ahead(
    const tc_core* core, const tc_command* slots, int64_t place, int64_t end, tc_fetching* f
) noexcept nogil:
    cdef int64_t coming = (place + AHEAD_ID) & (AHEAD - 1)
    f.named <<= 1
    if place + AHEAD_ID < end:
        f.named |= names_order(&slots[coming])
    if f.named == 0:                                   # of what makes orders alone
        return
    if f.named & 1:
        fetch_place(core, &slots[coming], &f.ring[coming])
        fetch_exec_id(core, &slots[coming])
    if (f.named >> (AHEAD_ID - AHEAD_ENTRY)) & 1:
        fetch_entry(core, &f.ring[(place + AHEAD_ENTRY) & (AHEAD - 1)])
    if (f.named >> (AHEAD_ID - AHEAD_ORDER)) & 1:
        fetch_order(core, &f.ring[(place + AHEAD_ORDER) & (AHEAD - 1)])
