# What a reader is answered: rows of integers, out of the tables. Called under the lock by the shell, which names them.
# Only in C: a twin's tables hold what it answers.

from pipeline cimport *
from shell cimport wide


# The report that answers the command, b"" where none is held.
cdef inline bytes answer_of(const tc_core* core):
    cdef int64_t seq = core.answer_seq
    cdef const tc_report* report = &core.events.ring[<uint64_t>seq & core.events.mask]
    if report.seq != seq:                  # dropped while a view held its place; the last is in `spare`
        report = &core.events.spare
    if core.events.seq < seq or report.seq != seq:     # the command's own later reports overwrote it
        return b""
    return (<const char*>report)[:sizeof(tc_report)]


cdef inline list stage_counts(const tc_core* core, int stage):
    return [core.histograms[stage * BUCKETS + i] for i in range(BUCKETS)]


cdef inline tuple order_row(const tc_core* core, const tc_order* o):
    cdef const tc_terms* more = terms_of(&core.orders, o)
    return (
        o.order_id, o.cl_ord_id, o.instrument, o.account, o.venue, o.side, o.ord_type,
        o.time_in_force, o.exec_inst, o.order_qty, o.price, o.cum_qty, leaves_of(o), wide(o.cum_amount),
        derive_status(o), o.reason,
        core.ord_rej_reasons[o.reason] if o.terminal == STATUS_REJECTED else -1,
        o.value, o.bound, o.reject_mask, o.transact_time, o.decision, o.route,
        more.orig_cl_ord_id, more.stop_px, more.peg_offset, more.min_qty,
        more.display_qty, more.expire_time, more.list_id, o.strategy, more.trigger_price_type,
        more.peg_offset_type, more.contingency_type, o.place, unknown_of(&core.orders, o))


cdef inline tuple trade_row(const tc_execution* row):
    return (row.exec_id, row.venue_exec_id, row.order_id, row.instrument,
            row.account, row.venue, row.side, row.qty, row.price, wide(row.commission), row.day, row.state)


# The number of a text, 0 where it has none.
cdef inline int64_t number_of_text(const tc_texts* texts, bytes text):
    cdef char padded[TEXT_SIZE]
    if len(text) > TEXT_SIZE:
        return 0
    memset(padded, 0, TEXT_SIZE)
    memcpy(padded, <const char*>text, len(text))
    return find_text(texts, padded) if text_size(padded) == len(text) else 0


# An id or a name as text, an integer's, and that of a number that was never given, in decimal.
cdef inline str text_of_number(const tc_texts* texts, int64_t number):
    cdef const tc_text* entry
    if number <= own_id_max() or number > last_id_of(texts):
        return str(number) if number > 0 else ""
    entry = &texts.entries[number - own_id_max() - 1]
    return (texts.letters + (entry.place >> 8))[:entry.place & 0xFF].decode("ascii")


cdef inline int64_t order_id_of(const tc_ids* ids, int64_t cl_ord_id):
    cdef const tc_id_entry* entry = find_id(ids, cl_ord_id)
    return 0 if entry == NULL else entry.order_id


# The id that an external venue gave the execution with this number, 0 where the log has none.
cdef inline int64_t venue_id_of(const tc_trades* log, int64_t exec_id):
    cdef int64_t number
    for number in range(first_execution(log), log.count + 1):
        if execution_at(log, number).exec_id == exec_id:
            return execution_at(log, number).venue_exec_id
    return 0


# The number in the log of the trade that an external venue's exec_id is about, 0 where it is not held.
cdef inline int64_t number_of_trade(tc_core* core, int64_t venue, int64_t id):
    cdef const tc_trades* log = &core.trades
    cdef int64_t known = find_exec_id(&core.exec_ids, <int32_t>venue, id)
    cdef int64_t number = row_of_id(log, exec_id_at(&core.exec_ids, known)) if known else 0
    if number:
        number = execution_at(log, number).trade or number
    return number if number >= first_execution(log) else 0


cdef inline tuple displayed_top(const tc_core* core, int32_t instrument, int32_t venue):
    cdef const tc_top* bid = &core.router.tops[side_row(instrument, SIDE_SELL) * MAX_VENUES + venue - 1]
    cdef const tc_top* ask = &core.router.tops[side_row(instrument, SIDE_BUY) * MAX_VENUES + venue - 1]
    return bid.price if bid.size else no_price(), bid.size, ask.price if ask.size else no_price(), ask.size


cdef inline tuple firm_row(const tc_exposure* e):
    return e.position_qty, e.working_buy, e.working_sell


cdef inline list decision_terms(const tc_router* router, int64_t slot):
    cdef const tc_term* term
    cdef int64_t i
    terms = []
    for i in range(router.history_counts[slot]):
        term = &router.history[slot * MAX_VENUES + i]
        terms.append((term.venue, term.price, term.size, term.stamp, wide(term.fee), wide(term.cost)))
    return terms


# The rows of a question that was asked of every check, those of observed limits last.
cdef inline list finding_rows(const tc_finding* findings):
    return [(KILL_SWITCH + i if i < CHECKS else REFERENCE_PRICE_UNAVAILABLE + i - CHECKS,
             findings[i].value, findings[i].limit, bool(findings[i].refused), bool(findings[i].armed))
            for i in range(CHECKS + OBSERVABLE) if i < CHECKS or findings[i].armed]


cdef inline dict count_metrics(const tc_core* core):
    return {
        "open_orders": core.orders.open.count, "open_orders_high_water": core.orders.open_high,
        "tables_full": core.tables_full, "orders_evicted": core.orders.evicted,
        "cl_ord_ids": core.ids.count, "ids": core.texts.count, "trades": core.exec_seq, "events": core.events.seq,
        "events_dropped": core.events.dropped, "rankings_hit": core.router.hits,
        "rankings_missed": core.router.misses, "decisions": core.router.decisions,
        "reports_refused": core.reports_refused, "trades_in_suspense": core.trades_in_suspense,
        "trades_folded": core.trades.folded, "unexpected_transitions": core.unexpected,
        "waiting_for_price": core.triggers.waiting,
    }


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
