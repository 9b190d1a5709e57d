# Execution ids that venues gave: the newest `capacity` of them, so that a trade counts once by (venue, exec_id, day),
# whatever is redelivered, also when the trade log has let it go. It decides nothing.
#
# A bucket is one cache line: the newest ids of one place by 16 bits of their hashes, enough to tell that an id is new,
# as nearly all are, without a look at any entry. What a full bucket pushes out while it is held forms a chain, the
# newest first. As the oldest entry always leaves first, the end of a chain is where the entries that are held end, and
# nothing is ever taken out of one.
#
# An id is told by its row while the trade log holds it, then by 64 bits of its hash: of 100,000 ids a day, two are
# taken for one once in 10**9 days, and then a trade is refused with its reason, not lost.

from libc.string cimport memcmp, memmove
from trades cimport *


cdef enum:
    WAYS = 10                      # ids of a bucket


cdef struct tc_exec_id:
    uint64_t hash                  # of venue and id
    uint64_t said                  # what the report said, as a number: to know a repetition from a reuse
    int64_t exec_id                # the core's own number
    uint32_t row                   # in the trade log, which may have let it go: the low 32 bits of its number
    uint32_t back                  # pushed out: how many entries before it the next one of its chain is, 0: none is


cdef struct tc_exec_bucket:
    uint32_t numbers[WAYS]         # the low 32 bits of the entries' numbers, the newest first
    uint32_t pushed                # of the newest that was pushed out
    uint16_t tags[WAYS]            # 16 bits of their hashes


cdef struct tc_exec_ids:
    tc_exec_id* entries            # ring of entry numbers from 1
    uint64_t mask
    int64_t count, held            # entries ever, and entries in the ring
    int64_t day_first              # the number of the first of today
    tc_exec_bucket* buckets        # by hash
    uint64_t bucket_mask
    uint64_t digest                # over all that was ever known, for the state hash


cdef inline uint64_t hash_exec_id(int64_t venue, const char* id) noexcept nogil:
    return tc_fold(tc_word(id) ^ <uint64_t>0x9E3779B97F4A7C15,
                   tc_fold(tc_word(id + 8) ^ <uint64_t>0xC2B2AE3D27D4EB4F,
                           tc_word(id + 16) ^ <uint64_t>venue ^ <uint64_t>0x165667B19E3779F9))


# What a report said: of a trade its order, of a bust or a correction the hash of the id that it names.
cdef inline uint64_t said_of(uint8_t exec_type, uint64_t subject, int64_t qty, int64_t price) noexcept nogil:
    return tc_fold(subject ^ <uint64_t>0x9E3779B97F4A7C15,
                   tc_fold(<uint64_t>qty ^ <uint64_t>0xC2B2AE3D27D4EB4F,
                           <uint64_t>price ^ <uint64_t>0x165667B19E3779F9) ^ exec_type)


# Only in C: a dict in Python.
cdef inline tc_exec_bucket* bucket_of_id(const tc_exec_ids* ids, uint64_t hash) noexcept nogil:
    return &ids.buckets[hash & ids.bucket_mask]


# How many entries before the last one this one is; held or more where it has left. A number that is 2**32 entries old,
# left in a bucket to which that many ids have not come, may be taken for one that is held: find_exec_id then compares
# its entry; push_out would link it. With 2**32 ids spread by their hashes no bucket is passed by so often.
cdef inline uint32_t age_of_entry(const tc_exec_ids* ids, uint32_t number) noexcept nogil:
    return <uint32_t>ids.count - number


# May an entry of this hash be held? By its bucket alone.
cdef inline bint may_be_known(const tc_exec_ids* ids, const tc_exec_bucket* bucket, uint64_t hash) noexcept nogil:
    cdef uint16_t tag = <uint16_t>(hash >> 48), same = 0
    cdef int way
    for way in range(WAYS):
        same |= bucket.tags[way] == tag
    return same | (age_of_entry(ids, bucket.pushed) < ids.held)


# Only in C: a dict in Python.
cdef inline const tc_exec_id* exec_id_at(const tc_exec_ids* ids, int64_t number) noexcept nogil:
    return &ids.entries[<uint64_t>number & ids.mask]


# Only in C: a dict in Python.
# The number of the log's row that an entry is about, or 0 where it is held no more.
cdef inline int64_t row_of_id(const tc_trades* log, const tc_exec_id* entry) noexcept nogil:
    cdef int64_t age = <uint32_t>(<uint32_t>log.count - entry.row)
    return log.count - age if age < log.held else 0


cdef inline bint is_id(
    const tc_trades* log, const tc_exec_id* entry, int32_t venue, const char* id, uint64_t hash
) noexcept nogil:
    cdef int64_t row
    if entry.hash != hash:
        return False
    row = row_of_id(log, entry)
    return row == 0 or (execution_at(log, row).venue == venue
                        and memcmp(execution_at(log, row).venue_exec_id, id, 24) == 0)


# The number of the newest entry with this id at this venue, or 0.
cdef inline int64_t find_exec_id(
    const tc_exec_ids* ids, const tc_trades* log, int32_t venue, const char* id, uint64_t hash
) noexcept nogil:
    cdef const tc_exec_bucket* bucket = bucket_of_id(ids, hash)
    cdef int64_t age
    cdef uint32_t back = 1
    cdef int way
    if id[0] == 0 or not may_be_known(ids, bucket, hash):
        return 0
    for way in range(WAYS):
        age = age_of_entry(ids, bucket.numbers[way])
        if age < ids.held and is_id(log, exec_id_at(ids, ids.count - age), venue, id, hash):
            return ids.count - age
    age = age_of_entry(ids, bucket.pushed)
    while age < ids.held and back:
        if is_id(log, exec_id_at(ids, ids.count - age), venue, id, hash):
            return ids.count - age
        back = exec_id_at(ids, ids.count - age).back
        age += back
    return 0


# The bucket's oldest id makes room for a newer one; while its entry is held, it is the newest of the chain.
cdef inline void push_out(tc_exec_ids* ids, tc_exec_bucket* bucket) noexcept nogil:
    cdef uint32_t age = age_of_entry(ids, bucket.numbers[WAYS - 1]), older = age_of_entry(ids, bucket.pushed)
    if age < ids.held:
        tc_assert((older > age) | (older >= ids.held))     # a chain goes back, so that it ends
        ids.entries[<uint64_t>(ids.count - age) & ids.mask].back = older - age if older < ids.held else 0
        bucket.pushed = bucket.numbers[WAYS - 1]
    memmove(&bucket.numbers[1], &bucket.numbers[0], (WAYS - 1) * sizeof(uint32_t))
    memmove(&bucket.tags[1], &bucket.tags[0], (WAYS - 1) * sizeof(uint16_t))


# From now on the last row of the log is known by its id; the oldest entry leaves where there is no room.
cdef inline void know_exec_id(
    tc_exec_ids* ids, const tc_trades* log, uint64_t hash, int64_t exec_id, uint64_t said
) noexcept nogil:
    cdef tc_exec_bucket* bucket = bucket_of_id(ids, hash)
    cdef tc_exec_id* entry
    push_out(ids, bucket)
    ids.count += 1
    if ids.held <= <int64_t>ids.mask:
        ids.held += 1
    tc_assert((ids.held <= ids.count) & (ids.held <= <int64_t>ids.mask + 1))
    tc_assert(log.held > 0)
    entry = &ids.entries[<uint64_t>ids.count & ids.mask]
    entry.hash = hash
    entry.said = said
    entry.exec_id = exec_id
    entry.row = <uint32_t>log.count
    entry.back = 0
    bucket.numbers[0] = <uint32_t>ids.count
    bucket.tags[0] = <uint16_t>(hash >> 48)
    ids.digest = tc_fold(ids.digest ^ hash ^ said, <uint64_t>0x9E3779B97F4A7C15)
