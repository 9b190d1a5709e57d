# A batch knows what comes next: while one command runs, the memory of the next ones is fetched, step by step, since
# each step's address stands in what the step before has fetched. It decides nothing, and may fetch in vain.

from state cimport *


cdef enum:
    AHEAD_ID = 9                   # commands ahead: where the numbers of its ids or its order stand
    AHEAD_ENTRY = 6                # the entries of the ids
    AHEAD_ORDER = 3                # the order's facts and terms
    AHEAD = 16                     # commands that are remembered


# What is known of the next commands, by their place in the batch.
cdef struct tc_ahead:
    const uint32_t* numbers[AHEAD] # of the id's entry or of the order's slot; NULL: it names no order
    uint8_t by_name[AHEAD]


cdef inline bint names_order(const tc_command* c) noexcept nogil:
    return (c.kind == KIND_EXECUTION_REPORT or c.kind == KIND_CANCEL or c.kind == KIND_REPLACE
            or c.kind == KIND_CANCEL_REJECT)


cdef inline void fetch_number(const tc_core* core, const tc_command* c, tc_ahead* ahead, int at) noexcept nogil:
    cdef const char* id = c.orig_cl_ord_id
    ahead.numbers[at] = NULL
    if not names_order(c):
        return
    if c.kind == KIND_EXECUTION_REPORT or c.kind == KIND_CANCEL_REJECT:
        id = c.cl_ord_id
    ahead.by_name[at] = not id_is_empty(id)
    if ahead.by_name[at]:
        ahead.numbers[at] = &core.ids.index[hash_id(id) & core.ids.index_mask]
    else:
        ahead.numbers[at] = &core.orders.by_id[home_of(&core.orders, c.order_id)]
    tc_prefetch(ahead.numbers[at])


cdef inline void fetch_entry(const tc_core* core, const tc_ahead* ahead, int at) noexcept nogil:
    cdef const char* entry
    if ahead.numbers[at] != NULL and ahead.by_name[at] and ahead.numbers[at][0]:
        entry = <const char*>&core.ids.entries[ahead.numbers[at][0] - 1]
        tc_prefetch(entry)
        tc_prefetch(entry + sizeof(tc_id_entry) - 1)


cdef inline void fetch_order(const tc_core* core, const tc_ahead* ahead, int at) noexcept nogil:
    cdef uint32_t slot
    cdef int line
    if ahead.numbers[at] == NULL or ahead.numbers[at][0] == 0:
        return
    slot = ahead.numbers[at][0] - 1
    if ahead.by_name[at]:
        slot = core.ids.entries[slot].slot
    for line in range(0, sizeof(tc_order), 64):
        tc_prefetch(<const char*>&core.orders.slots[slot] + line)
    tc_prefetch(&core.orders.terms[slot])


# The bucket of a trade's execution id, and the entry to come.
cdef inline void fetch_exec_id(const tc_core* core, const tc_command* c) noexcept nogil:
    cdef const tc_exec_ids* ids = &core.exec_ids
    if c.kind == KIND_EXECUTION_REPORT and c.exec_type == EXEC_TRADE:
        tc_prefetch(bucket_of_id(ids, hash_exec_id(c.venue, c.exec_id)))
        tc_prefetch(&ids.entries[<uint64_t>(ids.count + AHEAD_ID + 1) & ids.mask])


# What command `i` of a batch of `count` starts to fetch for those behind it.
cdef inline void fetch_ahead(
    const tc_core* core, const tc_command* commands, int64_t i, int64_t count, tc_ahead* ahead
) noexcept nogil:
    if i + AHEAD_ID < count:
        fetch_number(core, &commands[i + AHEAD_ID], ahead, (i + AHEAD_ID) & (AHEAD - 1))
        fetch_exec_id(core, &commands[i + AHEAD_ID])
    fetch_entry(core, ahead, (i + AHEAD_ENTRY) & (AHEAD - 1))
    fetch_order(core, ahead, (i + AHEAD_ORDER) & (AHEAD - 1))
