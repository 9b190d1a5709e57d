# Which ids a command may name: those that the core knows. What found no room in the table of ids says that, and how
# many it holds.

from state cimport *


# An id that was given, and is one; 0 where it is not.
cdef inline int64_t given_id(const tc_core* core, int64_t id) noexcept nogil:
    return id if id_is_known(&core.texts, id) else 0


# Why an id is none that is known, with value and bound; 0 is none, and no fault. `offset` is its field's.
cdef inline int find_unknown_id(
    const tc_core* core, int64_t number, int offset, int64_t* value, int64_t* bound
) noexcept nogil:
    if id_is_known(&core.texts, number):
        return REASON_NONE
    if number == NO_ROOM:
        value[0] = core.texts.count
        bound[0] = core.texts.capacity
        return IDS_FULL
    value[0] = number
    bound[0] = offset
    return INVALID_FIELD_VALUE


# Why who or why of a command is no id, with value and bound.
cdef inline int find_bad_note(const tc_core* core, const tc_command* c, int64_t* value, int64_t* bound) noexcept nogil:
    cdef int reason = find_unknown_id(core, c.who, 96, value, bound)
    return reason if reason else find_unknown_id(core, c.why, 104, value, bound)


# Are who and why ids? Else refused here.
cdef inline bint refuse_note(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t value = 0, bound = 0
    cdef int reason = find_bad_note(core, c, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
    return reason != REASON_NONE
