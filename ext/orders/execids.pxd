# Execution ids that venues gave: the newest `capacity` of them, so that a trade counts once by (venue, instrument,
# side, exec_id), whatever is redelivered over two rolls of the day, also when the trade log has let it go: some venues
# number trades by symbol, and both sides of one trade may share a number. It decides nothing.
#
# A bucket is one cache line: the newest ids of one place by 16 bits of their hashes, enough to tell that an id is new,
# as nearly all are, without a look at any entry. What a full bucket pushes out while it is held forms a chain, the
# newest first. As the oldest entry always leaves first, the end of a chain is where the entries that are held end, and
# nothing is ever taken out of one.
#
# An identity is compared whole: venue, instrument, side, and the number that the table of ids gave the id.

from libc.string cimport memmove
from texts cimport *
from trades cimport *


cdef enum:
    WAYS = 10                      # ids of a bucket


cdef struct tc_exec_id:
    int64_t id                     # its number in the table of ids
    uint64_t said                  # what the report said, as a number: to know a repetition from a reuse
    uint64_t named                 # the same by what it named its order, which may be forgotten before its trade is
    uint64_t fee                   # the commission that was told with it last, as a number; 0 where none was
    int64_t execution              # the core's own number
    int32_t instrument
    uint8_t venue, side            # BUY or SELL
    uint16_t pad
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
    int64_t day_firsts[DAYS_KNOWN + 1]     # the numbers of the first of today, of the day before, and so on
    tc_exec_bucket* buckets        # by hash
    uint64_t bucket_mask
    uint64_t digest                # over all that was ever known, for the state hash


# Of a trade's identity, by the id's hash (texts.hash_of_id).
cdef inline uint64_t hash_exec_id(int64_t venue, int64_t instrument, int64_t side, uint64_t id_hash) noexcept nogil:
    return tc_fold(id_hash ^ <uint64_t>0x9E3779B97F4A7C15,
                   (<uint64_t>venue | <uint64_t>side << 8 | <uint64_t>instrument << 16) ^ <uint64_t>0x165667B19E3779F9)


# Only in C: a dict in Python.
# Where a trade's id stands: by its number, which needs no look at its text.
cdef inline uint64_t exec_id_place(int64_t venue, int64_t instrument, int64_t side, int64_t id) noexcept nogil:
    return hash_exec_id(venue, instrument, side, <uint64_t>id)


# Only in C: an entry knows its day in Python.
cdef inline void roll_exec_ids(tc_exec_ids* ids) noexcept nogil:
    cdef int day
    for day in range(DAYS_KNOWN, 0, -1):
        ids.day_firsts[day] = ids.day_firsts[day - 1]
    ids.day_firsts[0] = ids.count + 1


# What a report said: of a trade its order, of a bust or a correction the hash of the id that it names.
cdef inline uint64_t said_of(uint8_t exec_type, uint64_t subject, int64_t qty, int64_t price) noexcept nogil:
    return tc_fold(subject ^ <uint64_t>0x9E3779B97F4A7C15,
                   tc_fold(<uint64_t>qty ^ <uint64_t>0xC2B2AE3D27D4EB4F,
                           <uint64_t>price ^ <uint64_t>0x165667B19E3779F9) ^ exec_type)


# A commission that was told, as a number; currency 0 is the instrument's.
cdef inline uint64_t fee_told(int64_t commission, int32_t currency) noexcept nogil:
    return tc_fold(<uint64_t>commission ^ <uint64_t>0x9E3779B97F4A7C15,
                   <uint64_t>currency ^ <uint64_t>0xC2B2AE3D27D4EB4F)


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
    const tc_exec_id* entry, int32_t venue, int32_t instrument, uint8_t side, int64_t id
) noexcept nogil:
    return entry.id == id and entry.instrument == instrument and entry.side == side and entry.venue == venue


# The number of the newest entry with this identity, or 0.
cdef inline int64_t find_exec_id(
    const tc_exec_ids* ids, int32_t venue, int32_t instrument, uint8_t side, int64_t id
) noexcept nogil:
    cdef uint64_t hash = exec_id_place(venue, instrument, side, id)
    cdef const tc_exec_bucket* bucket = bucket_of_id(ids, hash)
    cdef int64_t age
    cdef uint32_t back = 1
    cdef int way
    if id == 0 or not may_be_known(ids, bucket, hash):
        return 0
    for way in range(WAYS):
        age = age_of_entry(ids, bucket.numbers[way])
        if age < ids.held and is_id(exec_id_at(ids, ids.count - age), venue, instrument, side, id):
            return ids.count - age
    age = age_of_entry(ids, bucket.pushed)
    while age < ids.held and back:
        if is_id(exec_id_at(ids, ids.count - age), venue, instrument, side, id):
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


# From now on the last row of the log is known by its id, whose hash is `logical`; the oldest entry leaves where there
# is no room.
cdef inline void know_exec_id(
    tc_exec_ids* ids, const tc_trades* log, int64_t exec_id, uint64_t said, uint64_t named, uint64_t fee,
    uint64_t logical
) noexcept nogil:
    cdef const tc_execution* row = execution_at(log, log.count)
    cdef uint64_t hash = exec_id_place(row.venue, row.instrument, row.side, row.venue_exec_id)
    cdef tc_exec_bucket* bucket = bucket_of_id(ids, hash)
    cdef tc_exec_id* entry
    push_out(ids, bucket)
    ids.count += 1
    if ids.held <= <int64_t>ids.mask:
        ids.held += 1
    tc_assert((ids.held <= ids.count) & (ids.held <= <int64_t>ids.mask + 1))
    tc_assert(log.held > 0)
    entry = &ids.entries[<uint64_t>ids.count & ids.mask]
    entry.id = row.venue_exec_id
    entry.said = said
    entry.named = named
    entry.fee = fee
    entry.execution = exec_id
    entry.instrument = row.instrument
    entry.venue = <uint8_t>row.venue
    entry.side = row.side
    entry.row = <uint32_t>log.count
    entry.back = 0
    bucket.numbers[0] = <uint32_t>ids.count
    bucket.tags[0] = <uint16_t>(hash >> 48)
    ids.digest = tc_fold(ids.digest ^ logical ^ said, named ^ fee ^ <uint64_t>0x9E3779B97F4A7C15)


# From now on this is the commission that was told under an id.
cdef inline void tell_fee(tc_exec_ids* ids, int64_t number, uint64_t fee) noexcept nogil:
    ids.entries[<uint64_t>number & ids.mask].fee = fee
    ids.digest = tc_fold(ids.digest ^ fee, <uint64_t>0x9E3779B97F4A7C15)
