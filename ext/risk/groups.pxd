# Which accounts, and which instruments, are one group: what limits on a group bind, or bound together. Each is in one
# at most, from when it was told.

from instrument cimport *


# The group of each account and instrument, 0 where it has none, and the names of groups, numbered from 1.
cdef struct tc_member_groups:
    int32_t* of_account
    int32_t* of_instrument
    int64_t* account_names
    int64_t* instrument_names
    int32_t account_count, instrument_count


# The number of a name, which is a new group's where none has it.
cdef inline int32_t group_named(int64_t* names, int32_t* count, int64_t name) noexcept nogil:
    cdef int32_t number
    for number in range(1, count[0] + 1):
        if names[number] == name:
            return number
    count[0] += 1
    names[count[0]] = name
    return count[0]
