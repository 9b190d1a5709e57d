# Loss limits act on marks, not only when an order comes, and so does maintenance margin: what passes one is told, and
# its account or strategy, or the firm, may only reduce from then on. Where its limit says so, what works is canceled.
# To let it trade again is a command of its own.
#
# They look at what a command has changed, and nothing else: each passing of a limit, or of the share at which it
# warns, is told once, until the loss is within it again, the limit is set again, or a day ends.

from switching cimport *
from requests cimport mass_cancel
from usage cimport measure_on_marks


# Above which loss a limit warns: its soft share, or where it has none itself.
cdef inline tc_i128 soft_limit(const tc_limit_row* row) noexcept nogil:
    if row.soft_share and row.mode != MODE_OBSERVE:
        return tc_floor_div_wide(row.value * row.soft_share, SOFT_MOST)
    return row.value


# From now on only what reduces; what is stricter already stays. What works, exits too, is canceled, or asked back,
# where the limit says so.
cdef inline void stop_losing(tc_core* core, const tc_limit_row* row) noexcept nogil:
    cdef int64_t answer_seq = core.answer_seq
    cdef int32_t target = row.account if row.account else row.strategy
    cdef tc_command c
    cdef tc_ack ack
    memset(&c, 0, sizeof(c))
    memset(&ack, 0, sizeof(ack))
    if state_at(&core.risk.states, row.scope, target) == STATE_ACTIVE:
        c.kind = KIND_TRADING_STATE
        c.scope = row.scope
        c.target = target
        c.state = STATE_REDUCING
        set_trading_state(core, &c, &ack)
        tell_cause(&core.risk.states, row.scope, target, core.risk.rows.rules[row.rule].reason)
    if row.mode == MODE_CANCEL:
        memset(&c, 0, sizeof(c))
        c.kind = KIND_MASS_CANCEL
        c.account = row.account
        c.strategy = row.strategy
        mass_cancel(core, &c, &ack)
        core.answer_seq = answer_seq                   # it answers nobody


# One limit of an account, of the firm or of a strategy; where it is off nothing was told.
cdef inline void watch_loss(
    tc_core* core, const tc_command* c, tc_day_total* total, uint32_t number, int shift
) noexcept nogil:
    cdef const tc_limit_row* row = &core.risk.rows.rows[number]
    cdef uint8_t told = 0, was = (total.told >> shift) & (SOFT_TOLD | LIMIT_TOLD), news
    cdef tc_i128 loss = 0, bound = 0
    cdef tc_finding finding
    cdef tc_report* r
    if number and row.value >= 0:
        loss, bound = measure_on_marks(&core.risk, row), soft_limit(row)
        if loss < 0:
            return
        told = (SOFT_TOLD if loss > bound else 0) | (LIMIT_TOLD if loss > row.value else 0)
    total.told ^= (was ^ told) << shift
    news = told & ~was
    if number == 0 or news == 0:
        return
    bound = row.value if news & LIMIT_TOLD else bound
    tell_finding(&finding, core.risk.rows.rules[row.rule].reason, True, True, tc_tell_wide(loss, True),
                 tc_tell_wide(bound, False), number)
    r = start_report(core, c, REPORT_RISK_OBSERVED if row.mode == MODE_OBSERVE else REPORT_RISK_WARNING)
    put_place(r, row.account, 0)
    r.reason = <int16_t>finding.reason
    r.value = finding.value
    r.bound = finding.limit
    r.reject_mask = finding.row
    publish_report(&core.events, r)
    if news & LIMIT_TOLD:
        note_breach(&core.risk, &finding, core.now)
        if row.mode != MODE_OBSERVE:
            stop_losing(core, row)


# Only in C: the body of a loop in Python.
cdef inline void watch_account(tc_core* core, const tc_command* c, int32_t account) noexcept nogil:
    cdef tc_day_total* total = &core.risk.pnl.totals[account]
    cdef tc_rows* rows = &core.risk.rows
    cdef uint32_t head = head_of(rows, SCOPE_ACCOUNT if account else SCOPE_FIRM, account, 0, 0, 0)[0]
    if has_unknown(total.pnl.unknown):
        return                                         # it refuses what adds risk
    if total.pnl.value > total.peak:
        total.peak = total.pnl.value
    watch_loss(core, c, total, find_row(rows, head, RULE_DAILY_LOSS), told_shift(RULE_DAILY_LOSS))
    watch_loss(core, c, total, find_row(rows, head, RULE_DRAWDOWN), told_shift(RULE_DRAWDOWN))
    watch_loss(core, c, total, find_row(rows, head, RULE_MARGIN_USE), told_shift(RULE_MARGIN_USE))


# Only in C: the body of a loop in Python.
cdef inline void watch_strategy(tc_core* core, const tc_command* c, int32_t strategy) noexcept nogil:
    cdef tc_day_total* total = &core.risk.strategies.totals[strategy]
    cdef tc_rows* rows = &core.risk.rows
    if not has_unknown(total.pnl.unknown):
        watch_loss(core, c, total, find_row(rows, rows.strategy_heads[strategy], RULE_STRATEGY_LOSS), 0)


# Of each account whose P&L has changed, the firm first; then of each strategy.
cdef inline void watch_losses(tc_core* core, const tc_command* c) noexcept nogil:
    cdef uint64_t* touched = core.risk.pnl.touched
    cdef bint moved = core.risk.strategies.is_touched
    cdef int64_t word
    cdef int32_t at
    core.risk.pnl.is_touched = False
    core.risk.strategies.is_touched = False
    for word in range(core.risk.pnl.touched_words):
        while touched[word]:
            at = <int32_t>(64 * word) + tc_lowest_bit(touched[word])
            touched[word] &= touched[word] - 1         # first: whom the watch touches again is watched again
            watch_account(core, c, at)
    touched = core.risk.strategies.touched
    for word in range(core.risk.strategies.touched_words if moved else 0):
        while touched[word]:
            at = <int32_t>(64 * word) + tc_lowest_bit(touched[word])
            touched[word] &= touched[word] - 1
            watch_strategy(core, c, at)
