# A batch knows what comes next: while one command runs, the memory of the next ones is fetched, step by step, since
# each step's address stands in what the step before has fetched. It decides nothing, and may fetch in vain.

from state cimport *


cdef enum:
    AHEAD_ID = 9                   # commands ahead: the id's place in the index
    AHEAD_ENTRY = 6                # the entry that it names
    AHEAD_ORDER = 3                # the order's facts and terms


cdef inline const char* named_id(const tc_command* c) noexcept nogil:
    if c.kind == KIND_EXECUTION_REPORT or c.kind == KIND_CANCEL_REJECT:
        return c.cl_ord_id
    return c.orig_cl_ord_id


cdef inline bint names_order(const tc_command* c) noexcept nogil:
    return (c.kind == KIND_EXECUTION_REPORT or c.kind == KIND_CANCEL or c.kind == KIND_REPLACE
            or c.kind == KIND_CANCEL_REJECT)


cdef inline uint32_t index_of(const tc_core* core, const tc_command* c) noexcept nogil:
    return core.ids.index[hash_id(named_id(c)) & core.ids.index_mask]


cdef inline void fetch_id(const tc_core* core, const tc_command* c) noexcept nogil:
    if not names_order(c):
        return
    if id_is_empty(named_id(c)):
        tc_prefetch(&core.orders.by_id[home_of(&core.orders, c.order_id)])
    else:
        tc_prefetch(&core.ids.index[hash_id(named_id(c)) & core.ids.index_mask])


cdef inline void fetch_entry(const tc_core* core, const tc_command* c) noexcept nogil:
    cdef uint32_t number
    if names_order(c) and not id_is_empty(named_id(c)):
        number = index_of(core, c)
        if number:
            tc_prefetch(&core.ids.entries[number - 1])
            tc_prefetch(<const char*>&core.ids.entries[number - 1] + sizeof(tc_id_entry) - 1)


cdef inline void fetch_order(const tc_core* core, const tc_command* c) noexcept nogil:
    cdef uint32_t number, slot
    cdef int line
    if not names_order(c):
        return
    if id_is_empty(named_id(c)):
        number = core.orders.by_id[home_of(&core.orders, c.order_id)]
        if number == 0:
            return
        slot = number - 1
    else:
        number = index_of(core, c)
        if number == 0:
            return
        slot = core.ids.entries[number - 1].slot
    for line in range(0, sizeof(tc_order), 64):
        tc_prefetch(<const char*>&core.orders.slots[slot] + line)
    for line in range(0, sizeof(tc_terms), 64):
        tc_prefetch(<const char*>&core.orders.terms[slot] + line)


# What command `i` of a batch of `count` starts to fetch for those behind it.
cdef inline void fetch_ahead(
    const tc_core* core, const tc_command* commands, int64_t i, int64_t count
) noexcept nogil:
    if i + AHEAD_ID < count:
        fetch_id(core, &commands[i + AHEAD_ID])
    if i + AHEAD_ENTRY < count:
        fetch_entry(core, &commands[i + AHEAD_ENTRY])
    if i + AHEAD_ORDER < count:
        fetch_order(core, &commands[i + AHEAD_ORDER])
