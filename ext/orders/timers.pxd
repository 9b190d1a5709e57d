# Deadlines: one for each order, one for each instrument's session, one for its last print. The earliest first, then the
# one armed first.
# A binary heap of keys that knows where each key stands, so that disarming costs no more than arming.
# A key is an order's slot, or the number of order slots plus an instrument; of a print, plus all instruments and that.

from libc.stdint cimport int64_t, uint32_t
from records cimport tc_assert


cdef struct tc_timers:
    uint32_t* heap                 # keys from place 1, each no later than its children
    uint32_t* places               # [key]: its place, 0 where it is not armed
    int64_t* deadlines             # [key]
    int64_t* orders                # [key]: the order of arming
    uint32_t used
    int64_t count                  # armed ever


# Only in C: an attribute in Python.
cdef inline int64_t next_timer(const tc_timers* timers) noexcept nogil:
    return timers.deadlines[timers.heap[1]] if timers.used else <int64_t>0x7FFFFFFFFFFFFFFF


cdef inline bint fires_before(const tc_timers* timers, uint32_t a, uint32_t b) noexcept nogil:
    if timers.deadlines[a] != timers.deadlines[b]:
        return timers.deadlines[a] < timers.deadlines[b]
    return timers.orders[a] < timers.orders[b]


cdef inline void put_timer(tc_timers* timers, uint32_t place, uint32_t key) noexcept nogil:
    tc_assert((place >= 1) & (place <= timers.used))
    timers.heap[place] = key
    timers.places[key] = place


cdef inline void sift_timer(tc_timers* timers, uint32_t place, uint32_t key) noexcept nogil:
    cdef uint32_t child
    while place > 1 and fires_before(timers, key, timers.heap[place >> 1]):
        put_timer(timers, place, timers.heap[place >> 1])
        place >>= 1
    while 2 * place <= timers.used:
        child = 2 * place
        if child < timers.used and fires_before(timers, timers.heap[child + 1], timers.heap[child]):
            child += 1
        if not fires_before(timers, timers.heap[child], key):
            break
        put_timer(timers, place, timers.heap[child])
        place = child
    put_timer(timers, place, key)
    tc_assert((place == 1) | (not fires_before(timers, key, timers.heap[place >> 1])))


cdef inline void disarm_timer(tc_timers* timers, uint32_t key) noexcept nogil:
    cdef uint32_t place = timers.places[key], last
    if place == 0:
        return
    tc_assert((place <= timers.used) & (timers.heap[place] == key))
    last = timers.heap[timers.used]
    timers.used -= 1
    timers.places[key] = 0
    if last != key:
        sift_timer(timers, place, last)


# Sets a key's deadline; 0 disarms it.
cdef inline void arm_timer(tc_timers* timers, uint32_t key, int64_t deadline) noexcept nogil:
    if timers.places[key] and timers.deadlines[key] == deadline:
        return
    disarm_timer(timers, key)
    tc_assert(timers.places[key] == 0)
    if deadline == 0:
        return
    timers.count += 1
    timers.deadlines[key] = deadline
    timers.orders[key] = timers.count
    timers.used += 1
    sift_timer(timers, timers.used, key)


# Disarms the next key whose deadline has come; False where there is none.
cdef inline bint take_due(tc_timers* timers, int64_t now, uint32_t* key) noexcept nogil:
    if timers.used == 0 or timers.deadlines[timers.heap[1]] > now:
        return False
    key[0] = timers.heap[1]
    disarm_timer(timers, key[0])
    return True
