# The ClOrdIDs of the day, by number (vocabulary/texts.pxd), each with the order that first used it. Nothing is ever
# removed in a day, and an order may have several: its own, and those of the requests about it.

from texts cimport *


cdef struct tc_id_entry:
    int64_t id, order_id
    uint32_t slot


# An open-addressed index over declared names, which stand in their own table by number, from 1.
cdef struct tc_names:
    uint32_t* places               # the number, 0 is empty
    uint64_t mask


# Ids of the day: entries in order of arrival, and an open-addressed index over them.
cdef struct tc_ids:
    tc_id_entry* entries
    uint32_t* index                # see tag_of
    uint32_t count, capacity
    uint64_t index_mask
    uint64_t digest                # over all ids in order of arrival, for the state hash
    uint64_t unclaimed             # ids of open orders that were found without a claim, ever: 0, nobody need be asked


# Only in C: a dict in Python.
# Where a name stands or would: `first` is the name of number 0, and the next lie `stride` bytes apart.
cdef inline uint32_t* find_name(
    const tc_names* names, const int64_t* first, size_t stride, int64_t name
) noexcept nogil:
    cdef uint64_t at = hash_number(name) & names.mask
    while names.places[at] and (<const int64_t*>(<const char*>first + names.places[at] * stride))[0] != name:
        at = (at + 1) & names.mask
    return &names.places[at]


# Only in C: a dict in Python.
# Where an id of this hash may stand, at `at` or behind it: the first place with its tag, else an empty one.
cdef inline uint64_t likely_place(const tc_ids* ids, uint64_t hash, uint64_t at) noexcept nogil:
    cdef uint32_t tag = tag_of(hash, ids.index_mask)
    at &= ids.index_mask
    while ids.index[at] and ids.index[at] & ~<uint32_t>ids.index_mask != tag:
        at = (at + 1) & ids.index_mask
    return at


# Only in C: a dict in Python.
# The number of the entry at a place, from 1; 0 where it is empty.
cdef inline uint32_t numbered_at(const tc_ids* ids, uint64_t at) noexcept nogil:
    return ids.index[at] & <uint32_t>ids.index_mask


# Only in C: a dict in Python.
# The entry of an id, or NULL.
cdef inline tc_id_entry* find_id(const tc_ids* ids, int64_t id) noexcept nogil:
    cdef uint64_t hash = hash_number(id), at = likely_place(ids, hash, hash)
    while ids.index[at]:
        if ids.entries[numbered_at(ids, at) - 1].id == id:
            return &ids.entries[numbered_at(ids, at) - 1]
        at = likely_place(ids, hash, at + 1)
    return NULL


# An order is back: a new day since it ended has let its ids go.
cdef inline void note_return(tc_ids* ids, int64_t id, int64_t order_id) noexcept nogil:
    cdef const tc_id_entry* entry = find_id(ids, id)
    if id and (entry == NULL or entry.order_id != order_id):
        ids.unclaimed += 1


# Adds an id that find_id did not find; the caller has checked count < capacity.
cdef inline void claim_id(
    tc_ids* ids, const tc_texts* texts, int64_t id, int64_t order_id, uint32_t slot
) noexcept nogil:
    cdef uint64_t hash = hash_number(id), at = hash & ids.index_mask
    cdef tc_id_entry* entry = &ids.entries[ids.count]
    tc_assert((ids.count < ids.capacity) & (order_id > 0))
    while ids.index[at]:
        at = (at + 1) & ids.index_mask
    entry.id = id
    entry.order_id = order_id
    entry.slot = slot
    ids.count += 1
    tc_assert(ids.count <= ids.index_mask)             # an empty place ends every search
    ids.index[at] = tag_of(hash, ids.index_mask) | ids.count
    hash = hash if id <= own_id_max() else hash_of_id(texts, id)       # of what is no text: the same
    ids.digest = tc_fold(ids.digest ^ hash, <uint64_t>0x9E3779B97F4A7C15)
