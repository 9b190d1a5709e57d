# ClOrdID(11) and names: 1 to 24 printable ASCII bytes, NUL-padded to 24; all NULs is "none". An order may have several:
# its own, and those of the requests about it.

from libc.string cimport memcmp, memcpy
from records cimport *


cdef struct tc_id_entry:
    char id[24]
    int64_t order_id
    uint32_t slot


cdef struct tc_id_place:
    uint32_t number                # of the entry, from 1; 0 is empty
    uint32_t tag                   # the high half of its hash, so that hardly an entry is looked at in vain


# An open-addressed index over declared names, which stand in their own table by number, from 1.
cdef struct tc_names:
    uint32_t* places               # the number, 0 is empty
    uint64_t mask


# Ids of the day: entries in order of arrival, and an open-addressed index over them. Nothing is ever removed.
cdef struct tc_ids:
    tc_id_entry* entries
    tc_id_place* index
    uint32_t count, capacity
    uint64_t index_mask
    uint64_t digest                # over all ids in order of arrival, for the state hash


# Only in C: == in Python.
cdef inline bint id_is_empty(const char* id) noexcept nogil:
    return (tc_word(id) | tc_word(id + 8) | tc_word(id + 16)) == 0


# Every byte is in 0x21..0x7e up to the first NUL, and only NULs follow. Eight bytes at a time, each answering in its
# high bit; where one has that bit itself, what the sums carry into its neighbours changes nothing: the id is bad.
cdef inline bint id_is_valid(const char* id) noexcept nogil:
    cdef uint64_t ones = <uint64_t>0x0101010101010101, high = ones << 7
    cdef uint64_t bad = 0, before = high, word, used
    cdef int i
    if id_is_empty(id):                                # as most orders' are, in a batch
        return True
    for i in range(0, 24, 8):
        word = tc_word(id + i)
        used = (word + ones * 0x7F) & high             # bytes that are no NUL
        bad |= word | (word + ones)                    # above 0x7f, and 0x7f
        bad |= (word + ones * 0x5F) ^ used             # below 0x21, though no NUL
        bad |= used & ~(used << 8 | before >> 56)      # the byte before is NUL
        before = used
    return (bad & high) == 0


cdef inline uint64_t hash_id(const char* id) noexcept nogil:
    return tc_fold(tc_word(id) ^ <uint64_t>0x9E3779B97F4A7C15,
                   tc_fold(tc_word(id + 8) ^ <uint64_t>0xC2B2AE3D27D4EB4F,
                           tc_word(id + 16) ^ <uint64_t>0x165667B19E3779F9) ^ <uint64_t>0xD6E8FEB86659FD93)


# Only in C: a dict in Python.
# Where a name stands or would: `first` is the name of number 0, and the next lie `stride` bytes apart.
cdef inline uint32_t* find_name(
    const tc_names* names, const char* first, size_t stride, const char* name
) noexcept nogil:
    cdef uint64_t at = hash_id(name) & names.mask
    while names.places[at] and memcmp(first + names.places[at] * stride, name, 24) != 0:
        at = (at + 1) & names.mask
    return &names.places[at]


# Only in C: a dict in Python.
# Where an id of this hash may stand, at `at` or behind it: the first place with its tag, else an empty one.
cdef inline uint64_t likely_place(const tc_ids* ids, uint64_t hash, uint64_t at) noexcept nogil:
    at &= ids.index_mask
    while ids.index[at].number and ids.index[at].tag != <uint32_t>(hash >> 32):
        at = (at + 1) & ids.index_mask
    return at


# Only in C: a dict in Python.
# The entry of an id, or NULL.
cdef inline tc_id_entry* find_id(const tc_ids* ids, const char* id) noexcept nogil:
    cdef uint64_t hash = hash_id(id), at = likely_place(ids, hash, hash)
    while ids.index[at].number:
        if memcmp(ids.entries[ids.index[at].number - 1].id, id, 24) == 0:
            return &ids.entries[ids.index[at].number - 1]
        at = likely_place(ids, hash, at + 1)
    return NULL


# Adds an id that find_id did not find; the caller has checked count < capacity.
cdef inline void claim_id(tc_ids* ids, const char* id, int64_t order_id, uint32_t slot) noexcept nogil:
    cdef uint64_t hash = hash_id(id), at = hash & ids.index_mask
    cdef tc_id_entry* entry = &ids.entries[ids.count]
    tc_assert((ids.count < ids.capacity) & (order_id > 0))
    while ids.index[at].number:
        at = (at + 1) & ids.index_mask
    memcpy(entry.id, id, 24)
    entry.order_id = order_id
    entry.slot = slot
    ids.count += 1
    tc_assert(ids.count <= ids.index_mask)             # an empty place ends every search
    ids.index[at].number = ids.count
    ids.index[at].tag = <uint32_t>(hash >> 32)
    ids.digest = tc_fold(ids.digest ^ hash, <uint64_t>0x9E3779B97F4A7C15)
