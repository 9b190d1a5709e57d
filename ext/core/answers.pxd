# What a reader is answered: rows of integers, out of the tables. Called under the lock by the shell, which names them.
# Only in C: a twin's tables hold what it answers.

from pipeline cimport *
from shell cimport wide


cdef inline tuple order_row(const tc_core* core, const tc_order* o):
    cdef const tc_terms* more = terms_of(&core.orders, o)
    return (
        o.order_id, (<bytes>o.cl_ord_id[:24]).rstrip(b"\0"), o.instrument, o.account, o.venue, o.side, o.ord_type,
        o.time_in_force, o.exec_inst, o.order_qty, o.price, o.cum_qty, leaves_of(o), wide(o.cum_amount),
        derive_status(o), o.reason,
        core.ord_rej_reasons[o.reason] if o.terminal == STATUS_REJECTED else -1,
        o.value, o.bound, o.reject_mask, o.transact_time, o.decision, o.route,
        (<bytes>more.orig_cl_ord_id[:24]).rstrip(b"\0"), more.stop_px, more.peg_offset, more.min_qty,
        more.display_qty, more.expire_time, more.list_id, o.strategy, more.trigger_price_type,
        more.peg_offset_type, more.contingency_type, o.place, unknown_of(&core.orders, o))


cdef inline tuple trade_row(const tc_execution* row):
    return (row.exec_id, (<bytes>row.venue_exec_id[:24]).rstrip(b"\0"), row.order_id, row.instrument,
            row.account, row.venue, row.side, row.qty, row.price, wide(row.commission), row.day, row.state)


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
    cdef int i
    return [(KILL_SWITCH + i if i < CHECKS else REFERENCE_PRICE_UNAVAILABLE + i - CHECKS,
             findings[i].value, findings[i].limit, bool(findings[i].refused), bool(findings[i].armed))
            for i in range(CHECKS + OBSERVABLE) if i < CHECKS or findings[i].armed]


cdef inline dict count_metrics(const tc_core* core):
    return {
        "open_orders": core.orders.open.count, "orders_evicted": core.orders.evicted,
        "cl_ord_ids": core.ids.count, "trades": core.exec_seq, "events": core.events.seq,
        "events_dropped": core.events.dropped, "rankings_hit": core.router.hits,
        "rankings_missed": core.router.misses, "decisions": core.router.decisions,
        "reports_refused": core.reports_refused, "trades_in_suspense": core.trades_in_suspense,
        "trades_folded": core.trades.folded, "unexpected_transitions": core.unexpected,
        "waiting_for_price": core.triggers.waiting,
    }
