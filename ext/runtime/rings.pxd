# Ring kernels: a bounded queue of fixed-size records between one or many producers and one consumer, without a lock.
#
# Positions count records from 0. What the two sides tell one another is an index or a word, stored with release after
# what it speaks of, and loaded with acquire before that is touched; all else is one side's own. The README says what
# can therefore not happen.
#
# One producer: records before `tail` are published. Many: `tail` is claimed by compare-and-swap, and a claim is
# published by one word, at its first position, that holds its end: a word of an earlier lap is not beyond its position.
# Overwriting: a slot's word is odd while it is written, 2 x position + 2 when it holds that position's record.

from ring_records cimport *


# ---- producers

# Room for the one producer's next records: up to `count`, or 0 where there is less than `least`. The consumer's index
# is looked at only where the last look does not do; with acquire, since the slots it left are written next. `together`:
# no further than the ring's edge.
cdef inline uint64_t claim_one(
    tc_ring* r, uint64_t count, uint64_t least, uint64_t* at, bint together,
) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t tail = tc_load_relaxed(&m.tail), room
    room = r.capacity - (tail - m.cached_head)
    if room < count:
        m.cached_head = tc_load_acquire(&m.head)
        room = r.capacity - (tail - m.cached_head)
    at[0] = tail
    if together:
        room = least_of(room, r.capacity - (tail & r.mask))
    return 0 if room < least else least_of(room, count)


# The same among many: `tail` goes to who swaps it first. What is used may seem more than the capacity: the tail is
# older than the head, or another producer has put back a head that is older than the one before; both are looked at
# again. The cached head is stored with release and loaded with acquire, so that what the consumer did before `head` is
# seen by who takes another producer's word for it.
cdef inline uint64_t claim_many(
    tc_ring* r, uint64_t count, uint64_t least, uint64_t* at, bint together,
) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t tail = tc_load_relaxed(&m.tail), head, used, room
    if r.rows != NULL:
        count = least_of(count, CLAIM_MOST)
        least = least_of(least, CLAIM_MOST)
    while True:
        used = tail - tc_load_acquire(&m.cached_head)
        if used > r.capacity or r.capacity - used < count:
            head = tc_load_acquire(&m.head)
            tc_store_release(&m.cached_head, head)
            used = tail - head
            if used > r.capacity:
                tail = tc_load_relaxed(&m.tail)
                continue
        room = least_of(r.capacity - used, count)
        if together:
            room = least_of(room, r.capacity - (tail & r.mask))
        if room < least:
            if r.rows != NULL:
                tc_store_release(&r.rows[r.row].intent, 0)
            return 0
        if r.rows != NULL:
            # Before the swap, which releases it: whoever sees the claim sees whose it may be.
            tc_store_release(&r.rows[r.row].intent, tail << 16 | room)
        if tc_swap_if(&m.tail, &tail, tail + room):
            at[0] = tail
            return room


cdef inline uint64_t claim_records(
    tc_ring* r, uint64_t count, uint64_t least, uint64_t* at, bint together,
) noexcept nogil:
    return claim_many(r, count, least, at, together) if r.many else claim_one(r, count, least, at, together)


# `count` of `claimed` records from `at` on are published, the others never will be. Release: the records are written
# before the word or index that tells of them.
cdef inline void commit_records(tc_ring* r, uint64_t at, uint64_t count, uint64_t claimed) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    if not r.many:
        tc_store_release(&m.tail, at + count)
    else:
        if count < claimed:
            tc_store_release(&r.words[(at + count) & r.mask], (at + claimed) | TC_SKIPPED)
        if count:
            tc_store_release(&r.words[at & r.mask], at + count)
        if r.rows != NULL:
            tc_store_release(&r.rows[r.row].intent, 0)
    wake(r, &m.consumer_waits)


# Never waits for the consumer: the oldest record gives way. Many producers wait for one another where one is a lap
# behind and still writes; who finds its slot taken by a later lap leaves its record out, which the consumer counts.
cdef inline void publish_over(tc_ring* r, const char* source, uint64_t count) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t i, at, seen, odd
    cdef uint64_t* word
    for i in range(count):
        # Release, as the store below: a consumer that sees the claim sees what this producer published before it.
        at = tc_add_release(&m.tail, 1) if r.many else tc_load_relaxed(&m.tail)
        word, odd = &r.words[at & r.mask], 2 * at + 1
        seen = tc_load_relaxed(word)
        while r.many and seen < odd:
            if seen & 1:
                tc_yield()
                seen = tc_load_relaxed(word)
            elif tc_swap_if(word, &seen, odd):
                break
        if r.many and seen > odd:
            continue
        if not r.many:
            tc_store_relaxed(word, odd)
        tc_fence_release()                              # odd is seen before any word of the record
        tc_write_words(r.slots + (at & r.mask) * r.stride, source + i * r.record_size, r.record_size)
        tc_store_release(word, odd + 1)
        if not r.many:
            tc_store_release(&m.tail, at + 1)
    wake(r, &m.consumer_waits)


# Up to `count` records, as many as there is room for now, none where that is less than `least`; how many went in.
cdef inline uint64_t publish_some(tc_ring* r, const char* source, uint64_t count, uint64_t least) noexcept nogil:
    cdef uint64_t at = 0, got
    if r.on_full == FULL_OVERWRITE:
        publish_over(r, source, count)
        return count
    got = claim_records(r, count, least, &at, False)
    if got:
        copy_in(r, at, source, got)
        commit_records(r, at, got, got)
    return got


# ---- the consumer

# Records that can be drained now, up to `limit`. Acquire: they are read after the index or word that tells of them.
cdef inline uint64_t ready_records(tc_ring* r, uint64_t limit) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t head = tc_load_relaxed(&m.head), known = m.known
    if known - head < limit:
        if r.on_full == FULL_OVERWRITE:
            return least_of(least_of(tc_load_acquire(&m.tail) - head, r.capacity), limit)
        if r.many:
            head = follow_claims(r, head, known, limit if limit > LOOK_AHEAD else LOOK_AHEAD)
            known = m.known
        else:
            m.known = known = tc_load_acquire(&m.tail)
    return least_of(known - head, limit)


# Follows the claims that are committed, from `known` on; skips one that is given up when it is the oldest.
cdef inline uint64_t follow_claims(tc_ring* r, uint64_t head, uint64_t known, uint64_t limit) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t word, end
    while known - head < limit:
        word = tc_load_acquire(&r.words[known & r.mask])
        end = word & ~TC_SKIPPED
        if end - known - 1 >= r.capacity:               # of an earlier lap: nobody committed here yet
            break
        if word & TC_SKIPPED:
            if known != head:
                break
            skip_records(r, end - known)
            head = end
        known = end
    m.known = known
    return head


# What nobody will ever commit, counted. Release: as a record that was drained. The head first: who dies then leaves
# no position behind it that is known, and no figure that is counted and not passed.
cdef inline void skip_records(tc_ring* r, uint64_t count) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t head = tc_load_relaxed(&m.head) + count
    tc_store_release(&m.head, head)
    m.known = head
    tc_store_release(&m.abandoned, tc_load_relaxed(&m.abandoned) + count)
    wake(r, &m.producers_wait)


# Whether a producer that lives is making a claim of this position, or holds one: its intent stands from before the
# claim until after the commit.
cdef inline bint is_claimed_by_living(tc_ring* r, uint64_t at) noexcept nogil:
    cdef uint64_t intent
    cdef int row
    for row in range(TC_RING_PRODUCERS):
        intent = tc_load_acquire(&r.rows[row].intent)
        # Positions in an intent have 48 bits: so have their distances, which are below a lap.
        if ((at << 16) - (intent & ~<uint64_t>0xFFFF)) >> 16 < (intent & 0xFFFF):
            if row == r.row or tc_is_locked(r.fd, 1 + row):
                return True
    return False


# In a shared ring: positions at the head that were claimed by who died before the commit are skipped; how many. A
# living owner is seen by its intent, or, where that is gone already, by its commit.
cdef inline uint64_t skip_orphans(tc_ring* r) noexcept nogil:
    cdef uint64_t head = tc_load_relaxed(&r.memory.head), tail = tc_load_acquire(&r.memory.tail), at = head
    if r.rows == NULL or r.memory.known != head:
        return 0
    while at != tail and not is_claimed_by_living(r, at):
        if (tc_load_acquire(&r.words[at & r.mask]) & ~TC_SKIPPED) - at - 1 < r.capacity:
            break
        at += 1
    if at != head:
        skip_records(r, at - head)
    return at - head


# Whether nobody will ever commit what lies behind the records that are ready: until those are taken, no more will be.
cdef inline bint ends_at_gap(tc_ring* r) noexcept nogil:
    cdef uint64_t known = r.memory.known, word
    if not r.many or r.on_full == FULL_OVERWRITE or known == tc_load_relaxed(&r.memory.head):
        return False
    word = tc_load_acquire(&r.words[known & r.mask])
    if (word & ~TC_SKIPPED) - known - 1 >= r.capacity:
        if r.rows == NULL or known == tc_load_acquire(&r.memory.tail) or is_claimed_by_living(r, known):
            return False
        word = tc_load_acquire(&r.words[known & r.mask])           # as in skip_orphans
        return (word & ~TC_SKIPPED) - known - 1 >= r.capacity
    return (word & TC_SKIPPED) != 0


# The oldest records, which `ready_records` said are there. Release: they are read before their slots are given back.
cdef inline void take_records(tc_ring* r, char* target, uint64_t count) noexcept nogil:
    cdef uint64_t head = tc_load_relaxed(&r.memory.head)
    copy_out(r, head, target, count)
    give_back(r, head + count)


# Where the oldest are overwritten while they are read: a record counts when its slot's word was the same before and
# after; what was overwritten is counted as lost. How many were read.
cdef inline uint64_t take_over(tc_ring* r, char* target, uint64_t limit) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t head = tc_load_relaxed(&m.head), tail, whole, seen, got = 0, lost = 0
    while got < limit:
        tail = tc_load_acquire(&m.tail)
        if tail - head > r.capacity:
            lost += tail - head - r.capacity
            head = tail - r.capacity
        if head == tail:
            break
        whole, seen = 2 * head + 2, tc_load_acquire(&r.words[head & r.mask])
        if seen < whole:                                # claimed, and not written yet
            break
        if seen == whole:
            tc_read_words(target + got * r.record_size, r.slots + (head & r.mask) * r.stride, r.record_size)
            tc_fence_acquire()                          # the record's words are read before its word again
            if tc_load_relaxed(&r.words[head & r.mask]) == whole:
                got += 1
                head += 1
                continue
        lost += 1
        head += 1
    tc_store_release(&m.head, head)
    m.known = head
    tc_store_release(&m.lost, tc_load_relaxed(&m.lost) + lost)
    return got


# Up to `limit` records that are there now; how many.
cdef inline uint64_t drain_some(tc_ring* r, char* target, uint64_t limit) noexcept nogil:
    cdef uint64_t count
    if r.on_full == FULL_OVERWRITE:
        return take_over(r, target, limit)
    count = ready_records(r, limit)
    if count:
        take_records(r, target, count)
    return count


# ---- waiting

# Only in C: constants of C as functions.
cdef inline uint64_t never() noexcept nogil:
    return ~<uint64_t>0


# Only in C: the twin naps in Python. A deadline of the monotonic clock; of the timeout 0, none to wait for.
cdef inline uint64_t deadline_of(int64_t timeout) noexcept nogil:
    return never() if timeout < 0 else tc_nanoseconds() + <uint64_t>timeout if timeout else 0


# Only in C: the twin naps in Python. When a call that waits looks for signals again: every 10 ms.
cdef inline uint64_t next_look(uint64_t deadline) noexcept nogil:
    return least_of(tc_nanoseconds() + 10_000_000, deadline)


# One more look that found nothing: by its strategy, spin, give the processor away, nap twice as long as before, or
# sleep until woken: the word says so before the last look. False where it is time to leave.
cdef inline bint wait_more(tc_ring* r, int strategy, uint64_t* turns, uint32_t* word, uint64_t until) noexcept nogil:
    cdef uint64_t now, nap
    turns[0] += 1
    if tc_load_word(&r.closed):
        return False
    if turns[0] & (SPINS - 1) and (strategy == WAIT_BUSY or turns[0] < SPINS):
        tc_spin()
        return True
    now = tc_nanoseconds()
    if now >= until:
        return False
    if strategy == WAIT_BUSY and turns[0] & (SPINS_BUSY - 1) == 0:
        tc_yield()                                      # or who is waited for may have no processor to run on
    elif strategy == WAIT_YIELD or (strategy == WAIT_BACKOFF and turns[0] < SPINS + 8):
        tc_yield()
    elif strategy == WAIT_BACKOFF:
        nap = least_of(<uint64_t>1_000 << least_of(turns[0] - SPINS - 8, 10), NAP_MOST)
        tc_sleep(<int64_t>least_of(nap, until - now))
    elif strategy == WAIT_FUTEX and turns[0] & 1:
        tc_sleep_on(word, <int64_t>(until - now))
    elif strategy == WAIT_FUTEX:
        tc_store_word(word, 1)
        tc_fence_full()
    return True


# Publishes until all is in, until `until` (ns of the monotonic clock), or until the ring is closed; how many went in.
cdef inline uint64_t publish_until(tc_ring* r, const char* source, uint64_t count, uint64_t until) noexcept nogil:
    if count == 1 and publish_record(r, source):
        return 1
    return publish_rest(r, source, count, until)


# Only in C: publish_until in Python.
cdef inline uint64_t publish_rest(tc_ring* r, const char* source, uint64_t count, uint64_t until) noexcept nogil:
    cdef uint64_t done = 0, turns = 0, got
    cdef int strategy = WAIT_BUSY if r.on_full == FULL_SPIN else r.wait
    while True:
        got = publish_some(r, source + done * r.record_size, count - done, 1)
        done += got
        if done == count:
            return done
        if got:
            turns = 0
        elif not wait_more(r, strategy, &turns, &r.memory.producers_wait, until):
            return done


# Claims at least one record, or none by `until`; for what is written in place.
cdef inline uint64_t claim_until(tc_ring* r, uint64_t count, uint64_t* at, uint64_t until) noexcept nogil:
    cdef uint64_t turns = 0, got
    cdef int strategy = WAIT_BUSY if r.on_full == FULL_SPIN else r.wait
    while True:
        got = claim_records(r, count, 1, at, True)
        if got or not wait_more(r, strategy, &turns, &r.memory.producers_wait, until):
            return got


# Waits until `count` records are there; how many are.
cdef inline uint64_t ready_until(tc_ring* r, uint64_t count, uint64_t until) noexcept nogil:
    cdef uint64_t turns = 0, found
    while True:
        found = ready_records(r, count)
        if found >= count or not wait_more(r, r.wait, &turns, &r.memory.consumer_waits, until):
            return found


# A stream that is drained as fast as it comes moves its lines from one processor to the other for each record. So who
# has caught up with it lets some gather before the next look: longer each time as long as so many have come at once
# that it paid, and not at all where they come one by one, as in a conversation.
cdef inline void let_gather(tc_ring* r) noexcept nogil:
    cdef uint32_t i
    for i in range(r.grace):
        tc_spin()


cdef inline void judge_grace(tc_ring* r, uint64_t turns, uint64_t came) noexcept nogil:
    if turns > 2 or came <= r.grace:
        r.grace >>= 1
    elif r.grace < GRACE_MOST:
        r.grace = 2 * r.grace + 1


# Drains until `least` records are in, at most `limit`, or until `until`; how many are.
cdef inline uint64_t drain_until(
    tc_ring* r, char* target, uint64_t least, uint64_t limit, uint64_t until,
) noexcept nogil:
    if limit == 1 and take_record(r, target):
        return 1
    return drain_rest(r, target, least, limit, until)


# Only in C: drain_until in Python.
cdef inline uint64_t drain_rest(
    tc_ring* r, char* target, uint64_t least, uint64_t limit, uint64_t until,
) noexcept nogil:
    cdef uint64_t done = 0, turns = 0, got
    while True:
        if turns == 1:
            let_gather(r)
        got = drain_some(r, target + done * r.record_size, limit - done)
        done += got
        if got and turns:
            judge_grace(r, turns, got + r.memory.known - tc_load_relaxed(&r.memory.head))
        if done >= least:
            return done
        if got:
            turns = 0
        elif not wait_more(r, r.wait, &turns, &r.memory.consumer_waits, until):
            return done
