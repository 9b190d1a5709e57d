# What a reader makes of its copies: rows of integers, which the shell names.
# Only in C: a twin's tables hold what it answers.

from copies cimport *
from shell cimport wide


# The trade that the core's own number is about, as it is now, but for the currency that the number's own report named;
# False where the log has none.
cdef inline bint copy_execution(const tc_trades* log, int64_t exec_id, tc_execution* copy) noexcept nogil:
    cdef int64_t row = find_execution(log, exec_id), number = row
    if row and execution_at(log, row).trade:
        number = execution_at(log, row).trade
    if number < first_execution(log):
        return False
    copy[0] = execution_at(log, number)[0]
    copy.reported_currency = execution_at(log, row).reported_currency
    return True


cdef inline bint copy_instrument(const tc_core* core, int64_t instrument, tc_instrument* ins) noexcept nogil:
    if instrument < 1 or instrument > core.instrument_count:
        return False
    ins[0] = core.instruments[instrument]
    return True


# What is known of a venue; -1, or where there is none, how many there are.
cdef inline int32_t copy_statistics(const tc_core* core, int64_t venue, tc_statistics* copy) noexcept nogil:
    if venue < 1 or venue > core.venue_count:
        return core.venue_count
    copy[0] = core.router.statistics[venue]
    return -1


# How a venue is; -1, or where there is none, how many there are.
cdef inline int32_t copy_health(
    const tc_core* core, int64_t venue, tc_health* copy, bint* is_disconnected, bint* is_down
) noexcept nogil:
    if venue < 1 or venue > core.venue_count:
        return core.venue_count
    copy[0] = core.router.health[venue]
    is_disconnected[0] = (core.disconnected >> (venue - 1)) & 1
    is_down[0] = (core.router.down >> (venue - 1)) & 1
    return -1


# How the market lay when a decision was taken; MARKET_NORMAL where it is no longer held.
cdef inline uint8_t copy_market(const tc_router* router, int64_t decision) noexcept nogil:
    if decision < 1 or decision > router.decisions or router.decisions - decision > <int64_t>router.history.mask:
        return MARKET_NORMAL
    return kept_at(&router.history, decision).market


# Copies as much of what lies unbooked as there is room for, oldest first; how much there is.
cdef inline int64_t copy_unbooked(tc_core* core, int64_t one, int64_t other, void* rows, int64_t room) noexcept nogil:
    memcpy(rows, core.unbooked.rows, <size_t>min(room, core.unbooked.used) * sizeof(tc_unbooked))
    return core.unbooked.used


# An account's sum in a currency, of cash or of charges; False where the account (0 is suspense) or the currency is not
# declared.
cdef inline bint copy_money(
    const tc_core* core, const tc_i128* sums, int64_t account, int64_t currency, tc_i128* sum
) noexcept nogil:
    if account < 0 or account > core.account_count or currency < 1 or currency > core.currency_count:
        return False
    sum[0] = sums[account * core.ledger.currency_stride + currency]
    return True


# The free text with a number, or where that is 0, the one that a report tells; False where it is not held.
cdef inline bint copy_note(const tc_notes* notes, int64_t number, int64_t seq, tc_note* copy) noexcept nogil:
    cdef const tc_note* note
    cdef int64_t at = notes.count
    if number == 0:
        while find_note(notes, at) != NULL and find_note(notes, at).seq != seq:
            at -= 1
        number = at
    note = find_note(notes, number)
    if note == NULL:
        return False
    copy[0] = note[0]
    return True


# Copies as many parts that an order was divided into, open or not, as there is room for; how many there are.
cdef inline int64_t copy_children(
    tc_core* core, int64_t order_id, int64_t other, void* memory, int64_t room
) noexcept nogil:
    cdef tc_handle_copy* rows = <tc_handle_copy*>memory
    cdef const tc_order* order
    cdef uint32_t at
    cdef int64_t count = 0
    for at in range(core.order_slots):
        order = &core.orders.slots[at]
        if order.order_id and order.extended and core.orders.terms[at].parent_id == order_id > 0:
            if count < room:
                rows[count].order_id = order.order_id
                rows[count].slot = at
            count += 1
    return count


cdef inline tuple order_row(const tc_order_copy* copy):
    cdef const tc_order* o = &copy.order
    cdef const tc_terms* more = &copy.terms
    return (
        o.order_id, o.cl_ord_id, o.instrument, o.account, o.venue, o.side, o.ord_type,
        o.time_in_force, o.exec_inst, o.order_qty, o.price, o.cum_qty, copy.leaves_qty, wide(o.cum_amount),
        copy.status, o.reason, copy.ord_rej_reason,
        o.value, o.bound, o.reject_mask, o.transact_time, o.decision, o.route,
        more.orig_cl_ord_id, more.stop_px, more.peg_offset, more.min_qty,
        more.display_qty, more.expire_time, more.list_id, o.strategy, more.trigger_price_type,
        more.peg_offset_type, more.contingency_type, o.place, copy.unknown, more.parent_id, more.venue_order_id,
        more.note, more.routing)


cdef inline tuple trade_row(const tc_execution* row):
    return (row.exec_id, row.venue_exec_id, row.order_id, row.instrument,
            row.account, row.venue, row.side, row.qty, row.price, wide(row.commission), row.day, row.state,
            row.currency, row.last_mkt, row.last_liquidity_ind, row.told, row.reported_currency)


cdef inline tuple unbooked_row(const tc_unbooked* row):
    return (row.number, row.time, row.order_id, row.reason, row.value, row.bound, row.instrument, row.account,
            (<const char*>&row.said)[:sizeof(tc_command)], row.text[:row.size])


# A text as the table has it, padded; False where it can't be there.
cdef inline bint pad_text(bytes text, char* padded):
    if len(text) > TEXT_SIZE:
        return False
    memset(padded, 0, TEXT_SIZE)
    memcpy(padded, <const char*>text, len(text))
    return text_size(padded) == len(text)


# Of suspense nothing works.
cdef inline tuple position_row(const tc_position* p, const tc_exposure* e, tc_i128 opened):
    return (p.qty, wide(p.cost), wide(p.realised), wide(p.fees), 0 if e == NULL else e.working_buy,
            0 if e == NULL else e.working_sell, wide(opened))


cdef inline tuple displayed_top(const tc_top* bid, const tc_top* ask):
    return bid.price if bid.size else no_price(), bid.size, ask.price if ask.size else no_price(), ask.size


cdef inline list term_rows(const tc_term* terms, int count):
    return [(terms[i].venue, terms[i].price, terms[i].size, terms[i].stamp, wide(term_fee(&terms[i])),
             wide(terms[i].cost), terms[i].latency, terms[i].miss, wide(tc_wide(tc_abs(terms[i].price),
                                                                                terms[i].degraded)))
            for i in range(count)]


# The rows of a question that was asked of every check, those of observed limits behind them, of users' rules last.
cdef inline list finding_rows(const tc_finding* findings):
    return [(findings[i].reason, findings[i].value, findings[i].limit, bool(findings[i].refused),
             bool(findings[i].armed), findings[i].row)
            for i in range(ANSWERS) if i < CHECKS or findings[i].armed]


cdef inline tuple limit_facts(const tc_limit_copy* copy):
    cdef const tc_limit_row* row = &copy.row
    return (copy.number, row.rule, row.scope, row.account, row.instrument, row.venue, row.strategy, wide(row.value),
            row.window_ns, row.mode, row.soft_share, row.who, row.why, row.set_time, row.breached, row.breaches,
            wide(copy.used), copy.used_instrument)


# Bytes from `first` on, that nobody may write; `shape` and `strides` are the exporter's own.
cdef inline void show_bytes(Py_buffer* buffer, object owner, void* first, Py_ssize_t* shape, Py_ssize_t* strides):
    buffer.buf = first
    buffer.obj = owner
    buffer.len = shape[0]
    buffer.itemsize = 1
    buffer.readonly = 1
    buffer.ndim = 1
    buffer.format = "B"
    buffer.shape = shape
    buffer.strides = strides
    buffer.suboffsets = NULL
    buffer.internal = NULL
