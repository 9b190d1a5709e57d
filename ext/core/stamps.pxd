# The core's time. Only the caller's clock moves it: forwards, and by at most the capacity `clock_step` at once.
#
# A command of ours is stamped by its own transact_time, else by the clock. What a venue or a feed tells is stamped by
# the clock alone: its own time is data, and goes into its report. A stamp that is further ahead, or in another unit
# than ns, lets no new order and no replace in; whatever else bears one, a cancel, a kill, a limit, is done at the
# core's time. ADVANCE_CLOCK takes a longer step. A clock that stands still or goes back moves nothing.

from follow_ups cimport *
from sessions cimport fire_timers


# Only in C: membership in Python.
cdef inline bint is_told(uint8_t kind) noexcept nogil:
    return (kind == KIND_QUOTE or kind == KIND_MARK or kind == KIND_TRADE_PRINT or kind == KIND_CURRENCY_RATE
            or kind == KIND_EXECUTION_REPORT or kind == KIND_TRADE_CORRECTION or kind == KIND_CANCEL_REJECT)


# Only in C: membership in Python.
cdef inline bint is_timed(uint8_t kind) noexcept nogil:
    return kind == KIND_NEW_ORDER or kind == KIND_REPLACE or kind == KIND_CLOCK


# Only in C: membership in Python.
cdef inline bint is_exit(uint8_t kind) noexcept nogil:
    return (kind == KIND_CANCEL or kind == KIND_MASS_CANCEL or kind == KIND_KILL_SWITCH
            or kind == KIND_TRADING_STATE)


# When a command comes, by the caller's clock.
cdef inline int64_t stamp_of(const tc_command* c, int64_t now) noexcept nogil:
    return now if c.transact_time == 0 or is_told(c.kind) else c.transact_time


# Only in C: find_unit of tradecore/vocabulary/time_units.py.
# Does a time lie between 2005 and 2050 in another unit, though the core's own is in nanoseconds since 1970?
cdef inline bint is_other_unit(int64_t time, int64_t core_time) noexcept nogil:
    cdef int64_t since = 1_104_537_600, until = 2_524_608_000, scale = 1
    if core_time < since * 1_000_000_000:
        return False
    while scale < 1_000_000_000:
        if since * scale <= time and time < until * scale:
            return True
        scale *= 1_000
    return False


# The latest time that the clock may step to: from its own time, or, where it never had one, from `now`.
cdef inline int64_t latest_stamp(const tc_core* core, int64_t now) noexcept nogil:
    cdef int64_t since = core.now
    if since == 0:
        since = now if 0 < now and now <= time_max() else time_max()
    return since + core.clock_step if since + core.clock_step < time_max() else time_max()


# Why no new order can have a stamp, with its bound.
cdef inline int find_bad_stamp(const tc_core* core, int64_t time, int64_t now, int64_t* bound) noexcept nogil:
    bound[0] = 24
    if time < 0 or time > time_max() or (time < core.now and is_other_unit(time, core.now)):
        return INVALID_FIELD_VALUE
    bound[0] = latest_stamp(core, now)
    return CLOCK_STEP if time > bound[0] else REASON_NONE


# What is due by then happens.
cdef inline void set_time(tc_core* core, const tc_command* c, int64_t time) noexcept nogil:
    tc_assert(time >= core.now)
    core.now = time
    if tc_seldom(next_timer(&core.timers) <= time or core.router.next_turn <= time):
        if next_timer(&core.timers) <= time:
            fire_timers(core, c)
        if core.router.next_turn <= time:
            turn_venues(core, c)
        settle(core, c)
        core.answer_seq = core.events.seq + 1


# Only in C: the rare half of `move_clock`, apart from the path.
cdef inline bint judge_stamp(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t time, int64_t now
) noexcept nogil:
    cdef int64_t bound = 0
    cdef int reason = find_bad_stamp(core, time, now, &bound)
    cdef bint impossible = time < 0 or time > time_max()
    if not reason:
        return True
    if is_timed(c.kind):
        if not impossible or c.kind != KIND_NEW_ORDER:                 # an order's is a field that validation refuses
            core.stamp_reason, core.stamp, core.stamp_bound = reason, time, bound
    elif impossible and not is_told(c.kind) and not is_exit(c.kind) and c.version <= VERSION:
        refuse_command(core, c, ack, reason, time, bound)
        return False
    return True


# Moves the core's time to a command's; False where that is refused for its stamp. A new order or a replace that can't
# have its stamp is refused on its own way, by `core.stamp_reason`.
cdef inline bint move_clock(tc_core* core, const tc_command* c, tc_ack* ack, int64_t now) noexcept nogil:
    cdef int64_t time = stamp_of(c, now)
    core.stamp_reason = REASON_NONE
    if time > core.now:
        if time > latest_stamp(core, now):
            return judge_stamp(core, c, ack, time, now)
        set_time(core, c, time)
    elif time < 0 or core.now - time > (<int64_t>1 << 59):        # so far back that it may be no nanoseconds
        return judge_stamp(core, c, ack, time, now)
    return True


# A tick has no report of its own: what it sets off has.
cdef inline void enter_clock(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if core.stamp_reason:
        refuse_command(core, c, ack, core.stamp_reason, core.stamp, core.stamp_bound)


# A step of any length, told with the time before it.
cdef inline void advance_clock(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t before = core.now
    if c.clock_time < 1 or c.clock_time > time_max():
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.clock_time, 56)
    elif c.clock_time < before:
        refuse_command(core, c, ack, CLOCK_STEP, c.clock_time, before)
    else:
        set_time(core, c, c.clock_time)
        accept_command(core, c, 0, 0, 0, c.clock_time, before)
