# Time: sessions of instruments, of venues and of the day, and the deadlines that the clock brings. It matches nothing.
# A halt suspends what rests in the core's own venues; the opening lets go what waited for it; the close executes
# AT_THE_CLOSE orders, then expires what was for the day. What is at an external venue is that venue's.

from marketdata cimport clear_quotes
from exit_gate cimport keep_halt
from health cimport *
from requests cimport *


cdef inline bint is_good_till(uint8_t time_in_force) noexcept nogil:
    return time_in_force == TIF_GTC or time_in_force == TIF_GTD


# ---- instruments

# What rests waits for the next session.
cdef inline void leave_book(tc_core* core, tc_order* order) noexcept nogil:
    if order.place == PLACE_RESTING:
        withdraw_order(core, order)
        order.place = PLACE_AWAITS_SESSION
    tc_assert(order.place != PLACE_RESTING)


# A halt takes what rests out of the book; it comes back in the order in which it was entered.
cdef inline void suspend_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    if order.suspended or not is_live(order) or order.place == PLACE_IN_CHILDREN:
        return                                         # of what is worked in children, they are suspended
    leave_book(core, order)
    order.suspended = True
    report_execution(core, c, order, EXEC_SUSPENDED)
    sync_order(core, order)


cdef inline void reinstate_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    if order.suspended:
        order.suspended = False
        report_execution(core, c, order, EXEC_NEW)
        sync_order(core, order)


cdef inline void resume_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    if order.place == PLACE_AWAITS_VENUE:
        return
    reinstate_order(core, c, order)
    if order.place == PLACE_AWAITS_SESSION and order.time_in_force != TIF_AT_THE_CLOSE:
        release_order(core, c, order, False)
    elif order.place == PLACE_IN_CHILDREN:
        tell_parent(core, order)


# The end of the day orders; what is good longer leaves the book until the next session.
cdef inline void close_day(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    if is_good_till(order.time_in_force):
        leave_book(core, order)
    else:
        end_day(core, c, order)


# The orders of this instrument that are open now and at no external venue, in `open_orders.found`; what the change does
# may end some of them.
cdef inline int64_t list_mine(tc_core* core, int32_t instrument) noexcept nogil:
    cdef tc_found* found = core.open_orders.found
    cdef int64_t listed = find_open(&core.open_orders, &core.orders, instrument, 0, 0, 0), count = 0, i
    for i in range(listed):
        if core.orders.slots[found[i].slot].place != PLACE_AT_VENUE:
            found[count] = found[i]
            count += 1
    tc_assert(count <= core.orders.open.count)
    return count


# The closing trades, then the end of the day.
cdef inline void close_session(tc_core* core, const tc_command* c, int64_t count) noexcept nogil:
    cdef tc_order* order
    cdef int64_t i
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if (is_live(order) and order.place == PLACE_AWAITS_SESSION and order.time_in_force == TIF_AT_THE_CLOSE):
            reinstate_order(core, c, order)
            release_order(core, c, order, True)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if is_live(order) and order.place != PLACE_AT_VENUE:
            close_day(core, c, order)


cdef inline void change_session(
    tc_core* core, const tc_command* c, int32_t instrument, uint8_t status
) noexcept nogil:
    cdef uint8_t was = core.sessions[instrument]
    cdef int64_t count = list_mine(core, instrument), i
    cdef tc_order* order
    core.sessions[instrument] = status
    keep_halt(&core.gate, instrument, status == SES_HALTED)
    if status == SES_CLOSED:
        close_session(core, c, count)
        return
    if is_trading(core, instrument) and was != SES_OPEN and was != SES_PRE_CLOSE:
        core.triggers.watched[instrument].opened_at = core.command_seq - 1
        forget_print(core, instrument)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if status == SES_HALTED:
            suspend_order(core, c, order)
        elif status == SES_PRE_OPEN:
            leave_book(core, order)
        elif is_live(order):
            resume_order(core, c, order)
    if is_trading(core, instrument) and was != status:
        core.triggers.asks_again = True
        tell_price(core, instrument)


cdef inline uint32_t session_key(const tc_core* core, int32_t instrument) noexcept nogil:
    return core.order_slots + <uint32_t>instrument


cdef inline void enter_session(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int32_t instrument
    if c.instrument < 0 or c.instrument > core.instrument_count:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if c.trad_ses_status < SES_HALTED or c.trad_ses_status > SES_PRE_CLOSE:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.trad_ses_status, 56)
        return
    if c.close_time and (c.close_time <= core.now or c.close_time > time_max()):
        refuse_command(core, c, ack, EXPIRE_TIME_IN_PAST, c.close_time, core.now)
        return
    accept_command(core, c, c.instrument, 0, 0, c.trad_ses_status, c.close_time)
    for instrument in range(c.instrument if c.instrument else 1,
                            (c.instrument if c.instrument else core.instrument_count) + 1):
        core.close_times[instrument] = c.close_time
        arm_timer(&core.timers, session_key(core, instrument), c.close_time)
        change_session(core, c, instrument, <uint8_t>c.trad_ses_status)


# ---- the clock

# Every request that was sent by then and has no answer.
cdef inline void mark_unknown(tc_core* core, tc_order* order, int64_t sent_until) noexcept nogil:
    cdef uint32_t at = order.first_request
    if order.awaited and terms_of(&core.orders, order).sent_time <= sent_until:
        order.unknown_new = True
    while at != NO_SLOT:
        if core.orders.requests[at].sent_time <= sent_until:
            core.orders.requests[at].unknown = True
        at = core.orders.requests[at].next


# One by one, so that a second one of a kind is seen too.
cdef inline int64_t count_unknown(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef uint32_t at = order.first_request
    cdef int64_t count = order.unknown_new
    while at != NO_SLOT:
        count += core.orders.requests[at].unknown
        at = core.orders.requests[at].next
    return count


# Neither a reject nor a reason to resend: the hold stays, and the venue is asked for the status, at once or when its
# session is there again.
cdef inline void report_unknown(tc_core* core, const tc_command* c, tc_order* order, int reason) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, EXEC_ORDER_STATUS)
    r.reason = <int16_t>reason
    publish_execution(core, order, r)
    if not is_disconnected(core, order.venue):
        send_status_request(core, c, order, reason)


# Requests without an answer become UNKNOWN and the venue is asked; an order that has expired ends.
cdef inline void fire_order_timer(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef int64_t timeout = core.router.venues[order.venue].request_timeout if order.place == PLACE_AT_VENUE else 0
    cdef int64_t before = count_unknown(core, order), expire_time = terms_of(&core.orders, order).expire_time
    tc_assert(order.order_id != 0)                     # who leaves the table has no timer
    if timeout:
        mark_unknown(core, order, core.now - timeout)
    if count_unknown(core, order) != before:
        report_unknown(core, c, order, REQUEST_TIMEOUT)
        fail_health(core, c, order.venue, True)
    if order.place == PLACE_AT_VENUE and (core.router.venues[order.venue].native_times_in_force >> TIF_GTD) & 1:
        expire_time = 0                                # that venue's own
    if expire_time and expire_time <= core.now and is_live(order):
        if recall_order(core, order):
            end_order(core, c, order, STATUS_EXPIRED, EXPIRE_TIME_REACHED)
            return
        order.expiry_asked = True
        if not has_cancel(&core.orders, order):
            ask_cancel(core, c, order, 0, EXPIRE_TIME_REACHED)
    sync_order(core, order)


# Everything whose time has come, in the order of the deadlines.
cdef inline void fire_timers(tc_core* core, const tc_command* c) noexcept nogil:
    cdef uint32_t key = 0
    while take_due(&core.timers, core.now, &key):
        if key < core.order_slots:
            fire_order_timer(core, c, &core.orders.slots[key])
        elif key >= print_key(core, 0):
            end_print(core, <int32_t>(key - print_key(core, 0)))
        else:
            core.close_times[key - core.order_slots] = 0
            change_session(core, c, <int32_t>(key - core.order_slots), SES_CLOSED)


# ---- venues

# What becomes of an order whose venue's session is lost: see LOST_....
cdef inline void lose_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef uint8_t on_disconnect = core.router.health[order.venue].on_disconnect
    cdef bint works = order.acked and is_live(order), doubts = works and on_disconnect == LOST_DOUBT
    cdef int64_t before
    if works and on_disconnect == LOST_CANCEL:
        drop_requests(core, order)
        order.place = PLACE_NOWHERE
        end_order(core, c, order, STATUS_CANCELED, VENUE_DISCONNECTED)
        return
    if not (order.awaited or order.first_request != NO_SLOT or doubts):
        return
    before = count_unknown(core, order)
    mark_unknown(core, order, core.now)
    if doubts:
        doubt_order(core, c, order, order.order_qty, VENUE_DISCONNECTED)
    if doubts or count_unknown(core, order) != before:
        report_unknown(core, c, order, VENUE_DISCONNECTED)
    sync_order(core, order)


# A lost session: the outcome of everything that was sent and not answered is UNKNOWN; no new order goes there. Once it
# is there again, the venue is asked about everything that is UNKNOWN.
cdef inline void enter_venue_session(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_order* order
    cdef int64_t count, i
    cdef int32_t instrument
    cdef uint64_t bit
    if not is_external(core, c.venue):
        refuse_command(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    if c.connected != 0 and c.connected != 1:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.connected, 56)
        return
    accept_command(core, c, 0, 0, c.venue, c.connected, 0)
    bit = <uint64_t>1 << (c.venue - 1)
    core.disconnected = core.disconnected & ~bit if c.connected else core.disconnected | bit
    set_barred(core)
    core.triggers.asks_again = core.triggers.asks_again or c.connected == 1
    if core.triggers.waiting:                          # what is displayed there counts again, or no more
        for instrument in range(1, core.instrument_count + 1):
            tell_price(core, instrument)
    count = find_open(&core.open_orders, &core.orders, 0, 0, c.venue, 0)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if order.place != PLACE_AT_VENUE:
            pass
        elif c.connected:
            if unknown_of(&core.orders, order) or terms_of(&core.orders, order).doubt_qty:
                send_status_request(core, c, order, VENUE_DISCONNECTED)
        else:
            lose_order(core, c, order)
