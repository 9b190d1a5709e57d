# Checks of what an account and the firm hold and work at marks: gross, net, what was lost, how old marks may be.
# Fail closed: what an account holds, works or asks for must have a mark, and its currency a rate. What reduces passes.

from strategy_checks cimport *


# What needs marks, as bits of slots: losses, amounts of the firm and of an account, and of the instrument alone.
cdef enum:
    LOSS_SLOTS = 1ULL << SLOT_LOSS | 1ULL << SLOT_DRAWDOWN
    FIRM_LOSS_SLOTS = 1ULL << SLOT_FIRM_LOSS | 1ULL << SLOT_FIRM_DRAWDOWN
    EQUITY_SLOTS = 1ULL << SLOT_LEVERAGE | 1ULL << SLOT_CONCENTRATION | 1ULL << SLOT_MARGIN
    FIRM_EQUITY_SLOTS = (1ULL << SLOT_FIRM_LEVERAGE | 1ULL << SLOT_FIRM_CONCENTRATION
                         | 1ULL << SLOT_FIRM_MARGIN)
    FIRM_SLOTS = (FIRM_LOSS_SLOTS | FIRM_EQUITY_SLOTS | 1ULL << SLOT_FIRM_GROSS | 1ULL << SLOT_FIRM_NET
                  | 1ULL << SLOT_FIRM_PENDING)
    GROUP_SLOTS = 1ULL << SLOT_GROUP_GROSS | 1ULL << SLOT_GROUP_NET
    AMOUNT_SLOTS = (FIRM_SLOTS | GROUP_SLOTS | LOSS_SLOTS | EQUITY_SLOTS | 1ULL << SLOT_GROSS | 1ULL << SLOT_NET
                    | 1ULL << SLOT_PENDING)
    OWN_SLOTS = (1ULL << SLOT_POSITION_WORTH | 1ULL << SLOT_FIRM_POSITION_WORTH | 1ULL << SLOT_GROUP_EXPOSURE
                 | 1ULL << SLOT_STRATEGY_LOSS)
    ACCOUNT_SLOTS = (LOSS_SLOTS | EQUITY_SLOTS | 1ULL << SLOT_GROSS | 1ULL << SLOT_NET | 1ULL << SLOT_PENDING
                     | 1ULL << SLOT_POSITION_WORTH)
    BESIDE_SLOTS = FIRM_SLOTS | GROUP_SLOTS | 1ULL << SLOT_FIRM_POSITION_WORTH | 1ULL << SLOT_GROUP_EXPOSURE
    ON_MARKS_SLOTS = ACCOUNT_SLOTS | BESIDE_SLOTS | 1ULL << SLOT_STALE
    MS = 1_000_000                 # ns


# The row that arms the first of these slots, 0 where none is.
cdef inline uint32_t first_row(const tc_question* q, uint64_t slots) noexcept nogil:
    cdef int slot
    while slots:
        slot = tc_lowest_bit(slots)
        if q.line.limits[slot] >= 0:
            return q.line.rows[slot]
        slots &= slots - 1
    return 0


# Only in C: a list in Python.
# How many parts of a P&L whose loss is limited, or of equity that is asked about, have no value for this reason.
cdef inline int64_t count_unknown_pnl(const tc_risk* risk, const tc_question* q, int why) noexcept nogil:
    if risk.pnl.totals[q.account].pnl.unknown[why] and first_row(q, LOSS_SLOTS):
        return risk.pnl.totals[q.account].pnl.unknown[why]
    if risk.pnl.totals[0].pnl.unknown[why] and first_row(q, FIRM_LOSS_SLOTS):
        return risk.pnl.totals[0].pnl.unknown[why]
    if risk.pnl.totals[q.account].equity.unknown[why] and first_row(q, EQUITY_SLOTS):
        return risk.pnl.totals[q.account].equity.unknown[why]
    if risk.pnl.totals[0].equity.unknown[why] and first_row(q, FIRM_EQUITY_SLOTS):
        return risk.pnl.totals[0].equity.unknown[why]
    return 0


# Only in C: a number below 0 in Python.
# Where the sums of the account's group stand.
cdef inline int32_t group_place(const tc_risk* risk, const tc_question* q) noexcept nogil:
    return <int32_t>risk.values.stride + risk.rows.groups.of_account[q.account]


# The sums of the group that the order's instrument is in.
cdef inline const tc_total* instrument_total(const tc_risk* risk, const tc_question* q) noexcept nogil:
    return &risk.values.group_totals[risk.rows.groups.of_instrument[q.instrument]]


# How many instruments that are held, work or are asked for have no value for this reason: the account's, or where that
# has none and its group or the firm has a limit, theirs; where a loss is limited, or equity is asked about, also of
# what was traded or charged, and of cash.
cdef inline int64_t count_unvalued(const tc_risk* risk, const tc_question* q, int why) noexcept nogil:
    cdef const tc_values* x = &risk.values
    cdef int64_t unknown
    if x.totals[q.account].unknown[why]:
        return x.totals[q.account].unknown[why]
    if x.totals[group_place(risk, q)].unknown[why] and first_row(q, GROUP_SLOTS):
        return x.totals[group_place(risk, q)].unknown[why]
    if x.totals[0].unknown[why] and first_row(q, FIRM_SLOTS):
        return x.totals[0].unknown[why]
    unknown = count_unknown_pnl(risk, q, why)
    if unknown:
        return unknown
    return state_of_worth(&x.worths[q.instrument]) == why


# What is held, works or is asked for must have a mark, and its currency a rate. Source: SEC 15c3-5 (c)(1)(i).
cdef inline bint check_unknown(
    const tc_risk* risk, const tc_question* q, int why, int reason, uint64_t slots, tc_finding* f, bint explain
) noexcept nogil:
    cdef uint32_t row = first_row(q, slots)
    cdef int64_t unknown
    if row:
        unknown = count_unvalued(risk, q, why)
    else:
        unknown = state_of_worth(&risk.values.worths[q.instrument]) == why
        row = first_row(q, OWN_SLOTS)
    if unknown == 0 and q.line.limits[SLOT_GROUP_EXPOSURE] >= 0 and instrument_total(risk, q).unknown[why]:
        unknown, row = instrument_total(risk, q).unknown[why], q.line.rows[SLOT_GROUP_EXPOSURE]
    if unknown == 0 and q.line.limits[SLOT_STRATEGY_LOSS] >= 0 and strategy_sum(risk, q).unknown[why]:
        unknown, row = strategy_sum(risk, q).unknown[why], q.line.rows[SLOT_STRATEGY_LOSS]
    cdef bint refused = row != 0 and unknown > 0 and adds_risk(q)
    if explain or refused:
        tell_finding(f, reason, row != 0, refused, unknown, 0, row)
    return refused


# A mark of what is held, works or is asked for is older than so many ms. Source: SEC 15c3-5 (c)(1)(i).
cdef inline bint check_stale(const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef int64_t limit = <int64_t>q.line.limits[SLOT_STALE], time
    cdef uint32_t row = q.line.rows[SLOT_STALE]
    cdef bint refused
    if limit < 0:
        if explain:
            tell_finding(f, STALE_QUOTE, False, False, no_price(), -1, 0)
        return False
    if not explain and not adds_risk(q):
        return False                                   # whatever the ages are
    time = find_stale(&risk.values, q.instrument, q.account, q.now - limit * MS)
    refused = time != no_price() and adds_risk(q)
    if explain or refused:
        if time != no_price():
            time = tc_floor_div(q.now - time, MS)      # its age
        tell_finding(f, STALE_QUOTE, True, refused, time, told_limit(risk, q, row), row)
    return refused


# What an account, its group, the group of an instrument or the firm has, and would have with the order in the order's
# instrument.
cdef struct tc_with:
    const tc_total* total
    const tc_day_total* day        # of an account or the firm
    const tc_value* was
    tc_value value
    const tc_worth* worth


# What an account, or the firm, would have in the order's instrument with the order, of a group its account; of the
# group of an instrument (`total`) the firm. What has no mark or no rate is refused before.
cdef inline void find_with(
    const tc_risk* risk, const tc_question* q, const tc_total* total, int32_t account, tc_with* w
) noexcept nogil:
    cdef int64_t place = q.instrument * risk.values.stride + account
    w.total = total
    w.day = &risk.pnl.totals[account]
    w.was = &risk.values.values[place]
    w.worth = &risk.values.worths[q.instrument]
    value_position(w.worth, &risk.exposures[place], q.hold_qty if q.side == SIDE_BUY else -q.hold_qty, &w.value)


# Can what it would have not be told?
cdef inline bint is_untold(const tc_with* w) noexcept nogil:
    return w.value.state == TOO_LARGE or w.total.unknown[<int>TOO_LARGE] > 0


# Gross exposure with the order, as if all that works on the worse side of each position filled.
cdef inline tc_i128 gross_with(const tc_with* w) noexcept nogil:
    return beyond_exposure() if is_untold(w) else w.total.gross - w.was.gross + w.value.gross


# Net exposure with the order on its side, as if all that works on that side filled; positive is worse.
cdef inline tc_i128 net_with(const tc_with* w, const tc_question* q) noexcept nogil:
    if is_untold(w):
        return beyond_exposure()
    if q.side == SIDE_BUY:
        return w.total.net_long - w.was.long_value + w.value.long_value
    return w.was.short_value - w.total.net_short - w.value.short_value


# What the position in the order's instrument would be worth with the order, as if all on its worse side filled.
cdef inline tc_i128 position_with(const tc_with* w) noexcept nogil:
    return beyond_exposure() if w.value.state == TOO_LARGE else w.value.gross


# What works would be worth with the order, on both sides.
cdef inline tc_i128 pending_with(const tc_with* w) noexcept nogil:
    return beyond_exposure() if is_untold(w) else w.total.pending - w.was.pending + w.value.pending


# Gross exposure with the order over equity.
cdef inline tc_i128 leverage_with(const tc_with* w) noexcept nogil:
    return ratio_of(gross_with(w), w.day, RATIO_ONE)


# What the position in the order's instrument would be worth with the order, over equity. Not over gross exposure, of
# which the first position of an account is always all.
cdef inline tc_i128 concentration_with(const tc_with* w) noexcept nogil:
    return ratio_of(position_with(w), w.day, BPS_ONE)


# What equity must cover with the order, as if all that works on the worse side of each position filled, over equity.
# Source: Regulation T 220.12; FINRA 4210(c).
cdef inline tc_i128 margin_with(tc_with* w) noexcept nogil:
    if is_untold(w):
        return beyond_exposure()
    margin_of(w.worth, &w.value)
    return ratio_of(w.total.initial - w.was.initial + w.value.initial, w.day, RATIO_ONE)


# The loss since the previous close, realised or not, with fees; a profit is negative.
cdef inline tc_i128 loss_of(const tc_day_total* total) noexcept nogil:
    return beyond_exposure() if total.pnl.unknown[<int>TOO_LARGE] else -total.pnl.value


# How far the day's P&L is below its highest since the previous close, where it was 0.
cdef inline tc_i128 drawdown_of(const tc_day_total* total) noexcept nogil:
    if total.pnl.unknown[<int>TOO_LARGE]:
        return beyond_exposure()
    return total.peak - total.pnl.value if total.peak > total.pnl.value else 0


# Only in C: a function as an argument in Python.
cdef inline tc_i128 amount_with(tc_with* w, const tc_question* q, int slot) noexcept nogil:
    if slot == SLOT_GROSS or slot == SLOT_GROUP_EXPOSURE:
        return gross_with(w)
    if slot == SLOT_NET:
        return net_with(w, q)
    if slot == SLOT_POSITION_WORTH:
        return position_with(w)
    if slot == SLOT_PENDING:
        return pending_with(w)
    if slot == SLOT_LEVERAGE:
        return leverage_with(w)
    if slot == SLOT_CONCENTRATION:
        return concentration_with(w)
    if slot == SLOT_MARGIN:
        return margin_with(w)
    return loss_of(w.day) if slot == SLOT_LOSS else drawdown_of(w.day)


# Only in C: an argument in Python.
# The slot of a limit on an account group, that of an account and the firm beside it; -1 where there is none.
cdef inline int group_slot_of(int slot) noexcept nogil:
    return SLOT_GROUP_GROSS if slot == SLOT_GROSS else SLOT_GROUP_NET if slot == SLOT_NET else -1


# Only in C: the account's number, below 0 for its group, is enough in Python.
# What a limit in the first, second or third place bounds: the account's, its group's, the firm's; of an instrument
# group there is one place.
cdef inline void find_bound(
    const tc_risk* risk, const tc_question* q, int slot, int place, tc_with* w
) noexcept nogil:
    if slot == SLOT_GROUP_EXPOSURE:
        find_with(risk, q, instrument_total(risk, q), 0, w)
    elif place == 2:
        find_with(risk, q, &risk.values.totals[0], 0, w)
    else:
        find_with(risk, q, &risk.values.totals[group_place(risk, q) if place else q.account], q.account, w)


# Exposure or loss of an account, of its group, and of the firm. Of the limits the first that refuses speaks, else the
# one with least left. Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b), 16(1); FIA 1.2.
cdef inline bint check_amount(
    const tc_risk* risk, const tc_question* q, int slot, int reason, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 amount, left = 0, limit
    cdef bint refused = False, found = False
    cdef tc_with w
    cdef int its, i
    if explain:
        tell_finding(f, reason, False, False, no_price(), -1, 0)
    for i in range(3 if slot != SLOT_GROUP_EXPOSURE else 1):
        its = slot if i == 0 else group_slot_of(slot) if i == 1 else slot + 1
        if its < 0:
            continue
        limit = q.line.limits[its]
        if limit < 0:
            continue
        find_bound(risk, q, slot, i, &w)
        amount = amount_with(&w, q, slot)
        refused = amount > limit and adds_risk(q)
        if refused or (explain and (not found or limit - amount < left)):
            tell_finding(f, reason, True, refused, tc_tell_wide(amount, True),
                         told_limit(risk, q, q.line.rows[its]), q.line.rows[its])
        if not found or limit - amount < left:
            left = limit - amount
        found = True
        if refused:
            return True
    return False


# Only in C: the part of passes_with that few accounts have limits on.
cdef inline bint passes_day(tc_with* w, const tc_i128* limits, uint64_t slots) noexcept nogil:
    return not ((slots & 1ULL << SLOT_LOSS and loss_of(w.day) > limits[SLOT_LOSS])
                or (slots & 1ULL << SLOT_DRAWDOWN and drawdown_of(w.day) > limits[SLOT_DRAWDOWN])
                or (slots & 1ULL << SLOT_LEVERAGE and leverage_with(w) > limits[SLOT_LEVERAGE])
                or (slots & 1ULL << SLOT_CONCENTRATION and concentration_with(w) > limits[SLOT_CONCENTRATION])
                or (slots & 1ULL << SLOT_MARGIN and margin_with(w) > limits[SLOT_MARGIN]))


# Does what the order would bring pass all limits in these slots of an account, or, from `limits` on, of the firm?
cdef inline bint passes_with(
    tc_with* w, const tc_question* q, const tc_i128* limits, uint64_t slots
) noexcept nogil:
    if ((slots & 1ULL << SLOT_GROSS and gross_with(w) > limits[SLOT_GROSS])
            or (slots & 1ULL << SLOT_NET and net_with(w, q) > limits[SLOT_NET])
            or (slots & 1ULL << SLOT_POSITION_WORTH and position_with(w) > limits[SLOT_POSITION_WORTH])
            or (slots & 1ULL << SLOT_PENDING and pending_with(w) > limits[SLOT_PENDING])):
        return False
    return not tc_seldom(slots & (LOSS_SLOTS | EQUITY_SLOTS) != 0) or passes_day(w, limits, slots)


# Only in C: the rare half of passes_kept: limits on what the account's group, the instrument's or the firm has.
cdef inline bint passes_beside(const tc_risk* risk, const tc_question* q, tc_with* w) noexcept nogil:
    cdef uint64_t armed = q.line.armed
    cdef const tc_total* firm = &risk.values.totals[0]
    cdef const tc_day_total* day = &risk.pnl.totals[0]
    if armed & GROUP_SLOTS:
        w.total = &risk.values.totals[group_place(risk, q)]
        if (has_unknown(w.total.unknown)
                or (armed & 1ULL << SLOT_GROUP_GROSS and gross_with(w) > q.line.limits[SLOT_GROUP_GROSS])
                or (armed & 1ULL << SLOT_GROUP_NET and net_with(w, q) > q.line.limits[SLOT_GROUP_NET])):
            return False
    if armed & (FIRM_SLOTS | 1ULL << SLOT_FIRM_POSITION_WORTH):
        if (has_unknown(firm.unknown) or (armed & FIRM_LOSS_SLOTS and has_unknown(day.pnl.unknown))
                or (armed & FIRM_EQUITY_SLOTS and has_unknown(day.equity.unknown))):
            return False
        find_with(risk, q, firm, 0, w)
        if not passes_with(w, q, &q.line.limits[1], armed >> 1 & ACCOUNT_SLOTS):       # each stands behind an account's
            return False
    if armed & 1ULL << SLOT_GROUP_EXPOSURE == 0:
        return True
    find_with(risk, q, instrument_total(risk, q), 0, w)
    return not has_unknown(w.total.unknown) and gross_with(w) <= q.line.limits[SLOT_GROUP_EXPOSURE]


# Only in C: it asks what check_kept does, and finds once what the order would bring. False where a check refuses, or
# where something has no value: then each is asked by itself.
cdef inline bint passes_kept(const tc_risk* risk, const tc_question* q) noexcept nogil:
    cdef uint64_t armed = q.line.armed
    cdef const tc_total* total = &risk.values.totals[q.account]
    cdef const tc_day_total* day = &risk.pnl.totals[q.account]
    cdef tc_with w
    if armed & ON_MARKS_SLOTS == 0 or not adds_risk(q):
        return True
    if has_unknown(total.unknown) or state_of_worth(&risk.values.worths[q.instrument]):
        return False
    if armed & LOSS_SLOTS and has_unknown(day.pnl.unknown):
        return False
    if armed & EQUITY_SLOTS and has_unknown(day.equity.unknown):
        return False
    if armed & 1ULL << SLOT_STALE and find_stale(
            &risk.values, q.instrument, q.account, q.now - <int64_t>q.line.limits[SLOT_STALE] * MS) != no_price():
        return False
    find_with(risk, q, total, q.account, &w)
    return passes_with(&w, q, q.line.limits, armed & ACCOUNT_SLOTS) and (
        not tc_seldom(armed & BESIDE_SLOTS != 0) or passes_beside(risk, q, &w))


# Only in C: the rare half of `check_on_marks`, apart from the path.
cdef inline bint check_kept(const tc_risk* risk, const tc_question* q, tc_finding* f) noexcept nogil:
    return (check_unknown(risk, q, NO_MARK, MARK_UNAVAILABLE, AMOUNT_SLOTS | 1ULL << SLOT_STALE, f, False)
            or check_unknown(risk, q, NO_RATE, RATE_UNAVAILABLE, AMOUNT_SLOTS, f, False)
            or check_stale(risk, q, f, False)
            or check_amount(risk, q, SLOT_GROSS, MAX_GROSS_EXPOSURE, f, False)
            or check_amount(risk, q, SLOT_NET, MAX_NET_EXPOSURE, f, False)
            or check_amount(risk, q, SLOT_POSITION_WORTH, MAX_POSITION_NOTIONAL, f, False)
            or check_amount(risk, q, SLOT_PENDING, MAX_PENDING_NOTIONAL, f, False)
            or check_amount(risk, q, SLOT_GROUP_EXPOSURE, GROUP_EXPOSURE, f, False)
            or check_amount(risk, q, SLOT_LEVERAGE, MAX_LEVERAGE, f, False)
            or check_amount(risk, q, SLOT_CONCENTRATION, CONCENTRATION, f, False)
            or check_amount(risk, q, SLOT_MARGIN, INSUFFICIENT_MARGIN, f, False)
            or check_amount(risk, q, SLOT_LOSS, DAILY_LOSS, f, False)
            or check_amount(risk, q, SLOT_DRAWDOWN, DRAWDOWN, f, False)
            or check_strategy_loss(risk, q, f, False))


# The first refusal of what needs marks. Only in C: nothing is asked while nothing is kept.
cdef inline bint check_on_marks(const tc_risk* risk, const tc_question* q, tc_finding* f) noexcept nogil:
    if tc_seldom(q.line.armed & 1ULL << SLOT_STRATEGY_LOSS != 0):       # it needs nothing that is kept for others
        return check_kept(risk, q, f)
    return tc_seldom(risk.values.is_kept) and not passes_kept(risk, q) and check_kept(risk, q, f)


# The same, all of them, refused or not.
cdef inline void evaluate_on_marks(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    f[0].refused = check_unknown(risk, q, NO_MARK, MARK_UNAVAILABLE, AMOUNT_SLOTS | 1ULL << SLOT_STALE, &f[0], explain)
    f[1].refused = check_unknown(risk, q, NO_RATE, RATE_UNAVAILABLE, AMOUNT_SLOTS, &f[1], explain)
    f[2].refused = check_stale(risk, q, &f[2], explain)
    f[3].refused = check_amount(risk, q, SLOT_GROSS, MAX_GROSS_EXPOSURE, &f[3], explain)
    f[4].refused = check_amount(risk, q, SLOT_NET, MAX_NET_EXPOSURE, &f[4], explain)
    f[5].refused = check_amount(risk, q, SLOT_POSITION_WORTH, MAX_POSITION_NOTIONAL, &f[5], explain)
    f[6].refused = check_amount(risk, q, SLOT_PENDING, MAX_PENDING_NOTIONAL, &f[6], explain)
    f[7].refused = check_amount(risk, q, SLOT_GROUP_EXPOSURE, GROUP_EXPOSURE, &f[7], explain)
    f[8].refused = check_amount(risk, q, SLOT_LEVERAGE, MAX_LEVERAGE, &f[8], explain)
    f[9].refused = check_amount(risk, q, SLOT_CONCENTRATION, CONCENTRATION, &f[9], explain)
    f[10].refused = check_amount(risk, q, SLOT_MARGIN, INSUFFICIENT_MARGIN, &f[10], explain)
    f[11].refused = check_amount(risk, q, SLOT_LOSS, DAILY_LOSS, &f[11], explain)
    f[12].refused = check_amount(risk, q, SLOT_DRAWDOWN, DRAWDOWN, &f[12], explain)
    f[13].refused = check_strategy_loss(risk, q, &f[13], explain)
