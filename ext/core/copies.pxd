# What a reader copies out of the tables, in one locked section each; what it makes of it, it makes behind the door.
# Nothing here changes anything but a view's hold on the ring.
# Only in C: in Python, what is read is an object already.

from libc.stdlib cimport qsort
from pipeline cimport *
from routehash cimport *
from usage cimport measure_row


cdef struct tc_order_copy:
    tc_order order
    tc_terms terms
    int64_t leaves_qty
    int16_t ord_rej_reason
    uint8_t status, unknown


cdef struct tc_handle_copy:
    int64_t order_id
    uint32_t slot


cdef struct tc_position_copy:
    tc_position ledger
    tc_exposure exposure
    tc_i128 opened


cdef struct tc_metrics:
    int64_t open_orders, open_orders_high_water, tables_full, orders_evicted, cl_ord_ids, ids, trades, events
    int64_t events_dropped, rankings_hit, rankings_missed, rankings_age, decisions_locked, decisions_crossed
    int64_t outbound_handed, outbound_pending, unbooked
    int64_t decisions, reports_refused, trades_in_suspense, trades_folded, unexpected_transitions, waiting_for_price


cdef struct tc_counters:
    int64_t command_seq, event_seq, now
    uint64_t event_hash
    int32_t instruments, accounts


cdef inline void copy_counters(const tc_core* core, tc_counters* copy) noexcept nogil:
    copy.command_seq = core.command_seq
    copy.event_seq = core.events.seq
    copy.event_hash = core.events.digest
    copy.now = core.now
    copy.instruments = core.instrument_count
    copy.accounts = core.account_count


# False where the order is no longer this one.
cdef inline bint copy_order(
    const tc_core* core, uint32_t slot, int64_t order_id, tc_order_copy* copy
) noexcept nogil:
    cdef const tc_order* order = &core.orders.slots[slot]
    if order.order_id != order_id:
        return False
    copy.order = order[0]
    copy.terms = terms_of(&core.orders, order)[0]
    copy.terms.stop_px = stop_of(&core.triggers, &core.orders, order)
    copy.leaves_qty = leaves_of(order)
    copy.status = derive_status(order)
    copy.unknown = unknown_of(&core.orders, order)
    copy.ord_rej_reason = core.ord_rej_reasons[order.reason] if order.terminal == STATUS_REJECTED else -1
    return True


# Copies rows into memory that has room for some; how many rows there are. What the two numbers mean is each one's own.
ctypedef int64_t (*tc_copier)(tc_core* core, int64_t one, int64_t other, void* memory, int64_t room) noexcept nogil


cdef inline int64_t copy_rows(
    tc_copier copy, tc_core* core, int64_t one, int64_t other, void* memory, int64_t room
) noexcept nogil:
    return copy(core, one, other, memory, room)


# Copies as many open orders as there is room for, oldest first; how many there are. Instrument or account 0 is any.
cdef inline int64_t copy_open(
    tc_core* core, int64_t instrument, int64_t account, void* memory, int64_t room
) noexcept nogil:
    cdef tc_handle_copy* rows = <tc_handle_copy*>memory
    cdef int64_t count, i
    if instrument < 0 or instrument > core.instrument_count or account < 0 or account > core.account_count:
        return 0
    count = find_open(&core.open_orders, &core.orders, <int32_t>instrument, <int32_t>account, 0, 0)
    for i in range(min(count, room)):
        rows[i].order_id = core.open_orders.found[i].order_id
        rows[i].slot = core.open_orders.found[i].slot
    return count


# The same of the trades that the log holds.
cdef inline int64_t copy_trades(
    tc_core* core, int64_t instrument, int64_t account, void* memory, int64_t room
) noexcept nogil:
    cdef tc_execution* rows = <tc_execution*>memory
    cdef const tc_trades* log = &core.trades
    cdef const tc_execution* row
    cdef int64_t number, count = 0
    for number in range(first_execution(log), log.count + 1):
        row = execution_at(log, number)
        if (row.trade == 0 and (instrument == 0 or row.instrument == instrument)
                and (account == 0 or row.account == account)):
            if count < room:
                rows[count] = row[0]
            count += 1
    return count


# The trade that an external venue's exec_id is about; False where it is not held.
cdef inline bint copy_trade(
    tc_core* core, int64_t venue, int64_t instrument, int64_t side, int64_t id, tc_execution* copy
) noexcept nogil:
    cdef int64_t number = find_told_trade(core, <int32_t>venue, <int32_t>instrument, <uint8_t>side, id)
    if number == 0:
        return False
    copy[0] = execution_at(&core.trades, number)[0]
    return True


# The id that an external venue gave the execution with this number, 0 where the log has none.
cdef inline int64_t venue_id_of(const tc_trades* log, int64_t exec_id) noexcept nogil:
    cdef int64_t number = find_execution(log, exec_id)
    return execution_at(log, number).venue_exec_id if number else 0


cdef inline int64_t order_id_of(tc_core* core, int64_t cl_ord_id) noexcept nogil:
    cdef tc_order* order = NULL
    return owner_of(core, 0, cl_ord_id, &order)


# False where the instrument, or an account that is not 0, is not declared.
cdef inline bint copy_position(
    const tc_core* core, int64_t instrument, int64_t account, tc_position_copy* copy
) noexcept nogil:
    if instrument < 1 or instrument > core.instrument_count or account < 0 or account > core.account_count:
        return False
    copy.ledger = position_of(&core.ledger, <int32_t>instrument, <int32_t>account)[0]
    copy.opened = opened_amount(&core.risk.pnl, <int32_t>instrument, <int32_t>account)
    copy.exposure = exposure_of(&core.risk, <int32_t>instrument, <int32_t>account)[0]
    return True


cdef inline bint copy_mark(const tc_core* core, int64_t instrument, int64_t* price) noexcept nogil:
    if instrument < 1 or instrument > core.instrument_count:
        return False
    price[0] = mark_of(&core.ledger, <int32_t>instrument)
    return True


cdef inline bint copy_top(
    const tc_core* core, int64_t instrument, int64_t venue, tc_top* bid, tc_top* ask
) noexcept nogil:
    if instrument < 1 or instrument > core.instrument_count or venue < 1 or venue > core.venue_count:
        return False
    bid[0] = core.router.tops[side_row(<int32_t>instrument, SIDE_SELL) * MAX_VENUES + venue - 1]
    ask[0] = core.router.tops[side_row(<int32_t>instrument, SIDE_BUY) * MAX_VENUES + venue - 1]
    return True


# How many terms a ranking has, -1 where it is not held; `made` is how many rankings there were.
cdef inline int copy_decision(
    const tc_router* router, int64_t decision, tc_term* terms, int64_t* made
) noexcept nogil:
    cdef const tc_history* history = &router.history
    made[0] = router.decisions
    if decision < 1 or decision > router.decisions or router.decisions - decision > <int64_t>history.mask:
        return -1
    return copy_kept(history, decision, &router.terms[kept_at(history, decision).row * MAX_VENUES], terms)


cdef inline int64_t first_held(const tc_events* events) noexcept nogil:
    cdef int64_t first = events.seq - <int64_t>events.mask
    return first if first > 1 else 1


# How many reports there are after one: what a copy of them needs room for.
cdef inline int64_t count_reports(const tc_events* events, int64_t after) noexcept nogil:
    cdef int64_t first = first_held(events) if after < first_held(events) else after + 1
    return events.seq - first + 1 if events.seq >= first else 0


# Copies up to `room` reports; how many of those that were asked for are lost.
cdef inline int64_t copy_reports(
    const tc_events* events, int64_t after, tc_report* copies, int64_t room, int64_t* kept
) noexcept nogil:
    cdef int64_t first = first_held(events) if after < first_held(events) else after + 1
    cdef int64_t count = events.seq - first + 1 if events.seq >= first else 0, i
    cdef const tc_report* report
    kept[0] = 0
    count = room if count > room else count
    for i in range(count):
        report = &events.ring[<uint64_t>(first + i) & events.mask]
        if report.seq != first + i:            # dropped while a view held its place; the last is in `spare`
            report = &events.spare
        if report.seq == first + i:
            copies[kept[0]] = report[0]
            kept[0] += 1
    return (first - after - 1 if first > after + 1 else 0) + count - kept[0]


# The report with this number, NULL where it was dropped: a view held its place.
cdef inline const tc_report* held_report(const tc_events* events, int64_t seq) noexcept nogil:
    cdef const tc_report* report = &events.ring[<uint64_t>seq & events.mask]
    if report.seq != seq:
        report = &events.spare
    return report if report.seq == seq else NULL


# From which report on there is something wanted that comes after this one; behind the newest where nothing is.
cdef inline int64_t first_wanted(const tc_events* events, int64_t after) noexcept nogil:
    if events.wanted_from == 0:
        return events.seq + 1
    return events.wanted_from if events.wanted_from > after else after + 1


cdef inline int64_t count_wanted(const tc_events* events, int64_t after, int64_t most) noexcept nogil:
    cdef int64_t at = first_wanted(events, after), count = 0
    cdef const tc_report* report
    if at < first_held(events):
        at = first_held(events)
    while at <= events.seq and count < most:
        report = held_report(events, at)
        count += report != NULL and is_wanted(events, report)
        at += 1
    return count


# Copies up to `room` of the reports after a number that a filter takes; the number that it came to. What is lost counts
# from the first that was wanted.
cdef inline int64_t copy_wanted(
    tc_events* events, int64_t after, tc_report* copies, int64_t room, int64_t* kept, int64_t* lost
) noexcept nogil:
    cdef int64_t wanted = first_wanted(events, after), at = wanted
    cdef const tc_report* report
    kept[0], lost[0] = 0, 0
    if at <= events.seq and at < first_held(events):
        at = first_held(events)
        lost[0] = at - wanted
    while at <= events.seq:
        report = held_report(events, at)
        if report == NULL:
            lost[0] += 1
        elif is_wanted(events, report):
            if kept[0] == room:
                tc_say(&events.wanted_from, at)
                return at - 1
            copies[kept[0]] = report[0]
            kept[0] += 1
        at += 1
    tc_say(&events.wanted_from, 0)
    return events.seq


# From now on these are the filters, also for what came after a number.
cdef inline void set_filters(tc_events* events, const tc_filter* filters, int64_t count, int64_t after) noexcept nogil:
    cdef int64_t at = after + 1 if after >= first_held(events) else first_held(events), i
    cdef const tc_report* report
    for i in range(count):
        events.filters[i] = filters[i]
    events.filter_count = count
    tc_say(&events.wanted_from, 0)
    while at <= events.seq and count and events.wanted_from == 0:
        report = held_report(events, at)
        if report != NULL and is_wanted(events, report):
            tc_say(&events.wanted_from, at)
        at += 1


# Holds the reports after a number, up to the ring's edge, for a view: how many, -1 where another view holds some.
cdef inline int64_t hold_reports(tc_events* events, int64_t after, tc_report** from_here) noexcept nogil:
    cdef int64_t first = first_held(events) if after < first_held(events) else after + 1, count, edge
    if tc_heard(&events.held_from):
        return -1
    count = events.seq - first + 1
    edge = <int64_t>events.mask + 1 - <int64_t>(<uint64_t>first & events.mask)
    count = edge if count > edge else count
    if count <= 0:
        return 0
    from_here[0] = &events.ring[<uint64_t>first & events.mask]
    tc_say(&events.held_from, first)
    return count


cdef inline int compare_numbers(const void* one, const void* other) noexcept nogil:
    cdef int64_t a = (<const int64_t*>one)[0], b = (<const int64_t*>other)[0]
    return (a > b) - (a < b)


# The hash over everything; `ids` has room for every order that may be held.
cdef inline uint64_t hash_whole(tc_core* core, int64_t* ids) noexcept nogil:
    cdef tc_hasher h
    cdef int64_t count = 0
    cdef uint32_t slot
    memset(&h, 0, sizeof(h))
    for slot in range(core.order_slots):
        if core.orders.slots[slot].order_id:
            ids[count] = core.orders.slots[slot].order_id
            count += 1
    qsort(ids, <size_t>count, sizeof(int64_t), &compare_numbers)
    hash_state(&h, core, ids, count)
    hash_safeguards(&h, core, ids, count)
    hash_routing(&h, core)
    return h.chain


cdef inline void copy_metrics(const tc_core* core, tc_metrics* m) noexcept nogil:
    m.open_orders = core.orders.open.count
    m.open_orders_high_water = core.orders.open_high
    m.tables_full = core.tables_full
    m.orders_evicted = core.orders.evicted
    m.cl_ord_ids = core.ids.count
    m.ids = core.texts.count
    m.trades = core.exec_seq
    m.events = core.events.seq
    m.events_dropped = core.events.dropped
    m.rankings_hit = core.router.hits
    m.rankings_missed = core.router.misses
    m.rankings_age = tc_floor_div(core.router.ages, max(1, core.router.hits))
    m.decisions_locked = core.router.locked
    m.decisions_crossed = core.router.crossed
    m.decisions = core.router.decisions
    m.reports_refused = core.reports_refused
    m.trades_in_suspense = core.trades_in_suspense
    m.trades_folded = core.trades.folded
    m.unexpected_transitions = core.unexpected
    m.waiting_for_price = core.triggers.waiting
    m.outbound_handed = core.orders.unsent.handed
    m.outbound_pending = core.orders.unsent.count
    m.unbooked = core.unbooked.used


# One row of limits, with what is used of it.
cdef struct tc_limit_copy:
    tc_limit_row row
    tc_i128 used
    int64_t number
    int32_t used_instrument


# Copies as many rows of limits as there is room for, by number; how many there are.
cdef inline int64_t copy_limits(
    tc_core* core, int64_t first, int64_t last, void* memory, int64_t room
) noexcept nogil:
    cdef tc_limit_copy* rows = <tc_limit_copy*>memory
    cdef int64_t number, count = 0
    if first < 1:
        first = 1
    if last > core.risk.rows.row_count:
        last = core.risk.rows.row_count
    for number in range(first, last + 1):
        if count < room:
            rows[count].row = core.risk.rows.rows[number]
            rows[count].number = number
            rows[count].used = measure_row(&core.risk, core.instruments, core.instrument_count, <uint32_t>number,
                                           core.now, &rows[count].used_instrument)
        count += 1
    return count
