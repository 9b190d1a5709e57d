# How much of a limit is used now: what a risk officer reads beside it. It refuses nothing and changes nothing.

from libc.string cimport memset
from risk cimport *


# A position with what works on its worse side, by magnitude, as limits count quantities.
cdef inline tc_i128 worst_qty(const tc_exposure* e, const tc_instrument* ins) noexcept nogil:
    cdef int64_t long_qty = tc_abs(e.position_qty + e.working_buy), short_qty = tc_abs(e.position_qty - e.working_sell)
    return tc_floor_div_wide(tc_wide(long_qty if long_qty > short_qty else short_qty, ins.qty_scale),
                             ins.qty_limit_scale)


# How far all that works to sell would bring a position below zero, as limits count quantities.
cdef inline tc_i128 short_qty(const tc_exposure* e, const tc_instrument* ins) noexcept nogil:
    cdef int64_t qty = e.working_sell - e.position_qty
    return tc_floor_div_wide(tc_wide(qty if qty > 0 else 0, ins.qty_scale), ins.qty_limit_scale)


# A position with what works on its worse side at its mark, -1 where it has no value.
cdef inline tc_i128 worst_worth(const tc_value* value) noexcept nogil:
    return -1 if value.state else value.gross


# The sums that a row bounds.
cdef inline const tc_total* total_bound(const tc_values* x, const tc_limit_row* row) noexcept nogil:
    if row.scope == SCOPE_INSTRUMENT_GROUP:
        return &x.group_totals[row.strategy]
    return &x.totals[x.stride + row.strategy if row.scope == SCOPE_ACCOUNT_GROUP else row.account]


# An exposure, -1 while something has no value.
cdef inline tc_i128 measure_total(const tc_total* total, int rule) noexcept nogil:
    cdef tc_i128 longest = tc_abs_wide(total.net_long), shortest = tc_abs_wide(total.net_short)
    if has_unknown(total.unknown):
        return -1
    if rule == RULE_MAX_GROSS_EXPOSURE or rule == RULE_GROUP_EXPOSURE:
        return total.gross
    if rule == RULE_MAX_PENDING_NOTIONAL:
        return total.pending
    return -1 if rule != RULE_MAX_NET_EXPOSURE else longest if longest > shortest else shortest


# Exposure, or what must be covered of it, over equity; 0 where there is none, -1 while something has no value.
cdef inline tc_i128 measure_over_equity(
    tc_i128 amount, const tc_total* total, const tc_day_total* day
) noexcept nogil:
    if has_unknown(total.unknown):
        return -1
    if has_unknown(day.equity.unknown):
        return -1
    return ratio_of(amount, day, RATIO_ONE) if amount else 0


# A position's value over equity; 0 where there is none, -1 while something has no value.
cdef inline tc_i128 measure_concentration(tc_i128 worth, const tc_day_total* day) noexcept nogil:
    if has_unknown(day.equity.unknown):
        return -1
    return ratio_of(worth, day, BPS_ONE) if worth > 0 else worth


# Does a rule bound each position?
cdef inline bint is_of_positions(int rule) noexcept nogil:
    return rule == RULE_MAX_POSITION_QTY or rule == RULE_MAX_POSITION_NOTIONAL or rule == RULE_CONCENTRATION


# A loss, 0 of a profit, -1 while something has no value.
cdef inline tc_i128 measure_loss(const tc_day_total* total, int rule) noexcept nogil:
    cdef tc_i128 loss = (total.peak if rule == RULE_DRAWDOWN else 0) - total.pnl.value
    if has_unknown(total.pnl.unknown):
        return -1
    return loss if loss > 0 else 0


# The day's sums that a row bounds.
cdef inline const tc_day_total* day_total_bound(const tc_risk* risk, const tc_limit_row* row) noexcept nogil:
    return &risk.strategies.totals[row.strategy] if row.scope == SCOPE_STRATEGY else &risk.pnl.totals[row.account]


# What acts on marks: a loss, or how much of its equity an account needs to hold what it has; -1: not known.
cdef inline tc_i128 measure_on_marks(const tc_risk* risk, const tc_limit_row* row) noexcept nogil:
    cdef const tc_total* total = &risk.values.totals[row.account]
    if row.rule == RULE_MARGIN_USE:
        return measure_over_equity(total.maintenance, total, day_total_bound(risk, row))
    return measure_loss(day_total_bound(risk, row), row.rule)


# What is used of a row, in its unit: of what counts, in the window that ends now, or today; of a position, that of its
# instrument, which is returned, or where it names none of the one with most; of a breaker what came last. -1 of what
# only bounds one order.
cdef inline tc_i128 measure_row(
    const tc_risk* risk, const tc_instrument* instruments, int32_t instrument_count, uint32_t number, int64_t now,
    int32_t* instrument
) noexcept nogil:
    cdef const tc_limit_row* row = &risk.rows.rows[number]
    cdef tc_dealt nothing
    cdef int64_t at
    cdef tc_i128 most = -1, qty
    cdef int32_t first = row.instrument if row.instrument else 1, i
    cdef int32_t last = row.instrument if row.instrument else instrument_count
    instrument[0] = row.instrument
    if risk.rows.rules[row.rule].counts & SENT_OUTCOMES:
        memset(&nothing, 0, sizeof(nothing))
        at = risk.rows.counters[row.counter].sent
        return count_outcomes(&risk.rows, number, &nothing if at == 0 else
                              &deals_of(&risk.rows, row.counter)[<uint64_t>(at - 1) & risk.rows.rate_mask], now)
    if risk.rows.rules[row.rule].counts & SENT_ALIKE:
        return -1
    if risk.rows.rules[row.rule].counts & SENT_OPEN:
        return open_of(&risk.opens, row)
    if risk.rows.rules[row.rule].counts & SENT_NOTIONAL:
        return sum_recent(&risk.rows, number, now)
    if risk.rows.rules[row.rule].counts:
        return -tc_floor_div(-count_recent(&risk.rows, number, now), trades_of(&risk.rows, row))
    if row.rule == RULE_MAX_LEVERAGE or row.rule == RULE_MARGIN_USE:
        instrument[0] = 0
        most = risk.values.totals[row.account].gross
        if row.rule == RULE_MARGIN_USE:
            most = risk.values.totals[row.account].initial
        return measure_over_equity(most, &risk.values.totals[row.account], &risk.pnl.totals[row.account])
    if risk.rows.rules[row.rule].on_loss:
        instrument[0] = 0
        return measure_loss(day_total_bound(risk, row), row.rule)
    if risk.rows.rules[row.rule].on_marks and not is_of_positions(row.rule):
        instrument[0] = 0
        return measure_total(total_bound(&risk.values, row), row.rule)
    if row.rule == RULE_CREDIT_LIMIT:
        instrument[0] = 0
        return -1 if risk.funds.owed[row.account].unknown else risk.funds.owed[row.account].money
    if row.rule == RULE_LOCATE:
        return short_qty(exposure_of(risk, row.instrument, row.account), &instruments[row.instrument])
    if not is_of_positions(row.rule):
        return -1
    for i in range(first, last + 1):
        if row.rule == RULE_MAX_POSITION_QTY:
            qty = worst_qty(exposure_of(risk, i, row.account), &instruments[i])
        else:
            qty = worst_worth(&risk.values.values[i * risk.values.stride + row.account])
        if qty > most:
            most = qty
            instrument[0] = i
    return measure_concentration(most, &risk.pnl.totals[row.account]) if row.rule == RULE_CONCENTRATION else most
