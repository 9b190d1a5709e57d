# The tables of risk: limits in effect, switches, exposures. What rests is reserved, a fill commits it, an end releases
# it. They are what the checks ask; they refuse nothing.

from strategy_pnl cimport *
from trips cimport *
from open_counts cimport *
from recent_orders cimport *
from overrides cimport *
from funds cimport *


cdef enum:
    ON_MARKS = 12 + COUNTING       # checks that limits decide, before those that need marks
    OF_FUNDS = ON_MARKS + 14       # and those of funds behind them
    OBSERVABLE = OF_FUNDS + 4      # and with them, see evaluate_limits
    FIRST_LIMIT = 7                # of all, where those stand: see evaluate_risk
    CHECKS = OBSERVABLE + 10
    UNBOOKED_ANSWER = CHECKS + OBSERVABLE              # after those of every check and of every observed limit
    RULES_ANSWER = UNBOOKED_ANSWER + 1                 # of users' rules
    ANSWERS = RULES_ANSWER + 1     # of a question


cdef struct tc_risk:
    tc_rows rows
    tc_line* lines                 # [instrument * account_stride + account]
    tc_line* watched               # the same of the rows that are only observed
    tc_line* softs                 # the same of what warns
    tc_exposure* exposures         # [instrument * account_stride + account]; account 0 is the whole firm
    tc_switches kills, states
    tc_breakers breakers
    tc_overrides overrides
    tc_recent recent
    tc_open_counts opens
    int64_t account_stride
    tc_values values               # what the exposures are worth
    tc_pnl pnl                     # what was won or lost since the previous close
    tc_strategy_pnl strategies     # and what each strategy's trades were
    tc_funds funds


cdef struct tc_finding:
    int64_t value, limit           # in the rule's unit
    int32_t reason
    uint32_t row                   # which row of limits says so, 0 where none does
    bint refused, armed


# What risk is asked about. Twice the reference price, so that a mid between units stays an integer.
cdef struct tc_question:
    int64_t order_qty, price, stop_px, now, peg_offset
    int64_t leaves_qty             # of it, what is not traded yet
    int64_t hold_qty               # lots that would be held beyond what is: of a replace, its increase
    int64_t reference2, touch2     # twice the reference, and twice the best price that it could take; -2**63: none
    int32_t instrument, account, venue, strategy
    uint8_t side, ord_type         # BUY or SELL, MARKET or LIMIT: as what it would trade
    uint8_t peg_offset_type
    uint8_t sent                   # SENT_NEW or SENT_REPLACE, 0 of what was counted before
    bint duplicate, reduce_only, moves_on              # the last: a replace that may trade more, sooner or later
    bint closed                    # no session takes it now
    bint recheck                   # a replace that asks for no more, or an order that is let go: not counted again
    bint released                  # an order that is let go: what it holds is in the exposure
    bint reduces                   # it only brings the position nearer to zero: see is_exempt
    int64_t open_orders, max_open_orders, max_exits    # the last: more that may be open where it reduces
    int64_t fund_px                # that it is counted at where it needs cash
    tc_i128 fund_more              # what it needs beyond what is held for it, -1: that can't be told
    const tc_line* line            # what binds it
    tc_line room                   # where its strategy or its venue has rows too


cdef inline tc_exposure* exposure_of(const tc_risk* risk, int32_t instrument, int32_t account) noexcept nogil:
    return &risk.exposures[instrument * risk.account_stride + account]


# Only in C: a call with keywords in Python.
cdef inline void tell_finding(
    tc_finding* f, int reason, bint armed, bint refused, int64_t value, int64_t limit, uint32_t row
) noexcept nogil:
    f.reason = reason
    f.row = row
    f.armed = armed
    f.refused = refused
    f.value = value
    f.limit = limit


# How many lots an order of `side` can trade and only reduce the position.
cdef inline int64_t reducible_qty(int64_t position_qty, uint8_t side) noexcept nogil:
    cdef int64_t qty = position_qty if side == SIDE_SELL else -position_qty
    return qty if qty > 0 else 0


# The position if everything working on the order's side fills, this order too; positive is worse.
cdef inline int64_t worst_position(const tc_exposure* e, const tc_question* q) noexcept nogil:
    if q.side == SIDE_BUY:
        return e.position_qty + e.working_buy + q.hold_qty
    return -(e.position_qty - e.working_sell - q.hold_qty)


# Does an order reduce: with the `works` lots that work on its side, does it only bring the position nearer to zero?
# Works: what is sent, at a venue, or about to be; what waits for a price counts once that has come; an OCO list counts
# once, with its largest order.
cdef inline bint is_reducing(int64_t position_qty, uint8_t side, int64_t leaves_qty, int64_t works) noexcept nogil:
    return works + leaves_qty <= reducible_qty(position_qty, side)


# Only in C: a constant in Python.
# |position| of a whole firm, in quantity units: of it no sum leaves its integers.
cdef inline int64_t firm_max() noexcept nogil:
    return <int64_t>1 << 62


# Only in C: a set in Python. What refuses no order that reduces: of switches and states those that leave REDUCING; a
# runaway exit is a runaway too, so rates hold at twice their limit; open orders as far as the places of exits go;
# without a reference only what has a limit price passes. What is not here binds exits as well.
cdef inline bint is_exempt(int reason) noexcept nogil:
    return (reason == KILL_SWITCH or reason == TRADING_STATE or reason == REPEATED_EXECUTION
            or reason == CONSECUTIVE_REJECTS or reason == MAX_OPEN_ORDERS or reason == OPEN_ORDERS_LIMIT
            or reason == MAX_POSITION_QTY or reason == ORDER_RATE or reason == REFERENCE_PRICE_UNAVAILABLE
            or reason == MAX_GROSS_EXPOSURE or reason == MAX_NET_EXPOSURE or reason == MAX_POSITION_NOTIONAL
            or reason == MAX_PENDING_NOTIONAL or reason == GROUP_EXPOSURE or reason == STALE_QUOTE
            or reason == MAX_LEVERAGE or reason == CONCENTRATION or reason == INSUFFICIENT_MARGIN
            or reason == MARK_UNAVAILABLE or reason == RATE_UNAVAILABLE or reason == DAILY_LOSS or reason == DRAWDOWN
            or reason == SHORT_SALE or reason == INSUFFICIENT_POSITION or reason == INSUFFICIENT_FUNDS
            or reason == CREDIT_LIMIT or reason == STRATEGY_LOSS)


# Does something refuse that an order which reduces is exempt from?
cdef inline bint is_exempt_refusal(const tc_finding* f, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        if f[i].refused and is_exempt(f[i].reason):
            return True
    return False


# Only in C: the first half of hold_lots.
cdef inline tc_exposure* count_lots(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    cdef tc_exposure* firm = exposure_of(risk, instrument, 0)
    cdef tc_exposure* e = firm + account
    if side == SIDE_BUY:
        e.working_buy += qty
        firm.working_buy += qty
    else:
        e.working_sell += qty
        firm.working_sell += qty
    tc_assert((e.working_buy >= 0) & (e.working_sell >= 0))
    tc_assert((firm.working_buy >= e.working_buy) & (firm.working_sell >= e.working_sell))
    return firm


# Holds `qty` more lots (negative: fewer), for the account and for the firm, whose row it returns.
cdef inline tc_exposure* hold_lots(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    cdef tc_exposure* firm = count_lots(risk, instrument, account, side, qty)
    revalue_both(&risk.values, instrument, account)
    return firm


# Only in C: one of the lines that lines_counting gives in Python.
# What is only observed of an order, NULL where nothing is.
cdef inline const tc_line* observed_line(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_line* room
) noexcept nogil:
    if not risk.rows.observed:
        return NULL
    return line_of(risk.watched, &risk.rows, ins, q.instrument, q.account, q.venue, q.strategy, MODE_OBSERVE, room)


# What makes another order the same as this one.
cdef inline tc_alike alike_of(const tc_question* q) noexcept nogil:
    cdef tc_alike terms
    terms.account, terms.instrument, terms.side = q.account, q.instrument, q.side
    terms.order_qty = q.order_qty
    terms.price = no_price() if q.ord_type == TYPE_MARKET else q.price
    terms.stop_px = 0 if q.stop_px == no_price() else q.stop_px
    terms.peg_offset, terms.peg_offset_type = q.peg_offset, q.peg_offset_type
    return terms


cdef inline bint has_reference(const tc_question* q) noexcept nogil:
    return q.reference2 > 0


# The worst price so many basis points from a reference.
cdef inline int64_t collar_price(int64_t reference2, int64_t bps, uint8_t side) noexcept nogil:
    cdef bint buys = side == SIDE_BUY
    cdef tc_i128 price = tc_floor_div_wide(tc_wide(reference2, bps + 10_000 if buys else bps - 10_000), 20_000)
    price = price if buys else -price
    return price_max() if price > price_max() else -price_max() if price < -price_max() else <int64_t>price


# The worst price that the collar lets an order trade at; only called with a reference and an armed collar.
cdef inline int64_t protection_price(const tc_line* line, const tc_question* q) noexcept nogil:
    return collar_price(q.reference2, <int64_t>line.limits[SLOT_COLLAR], q.side)


# Twice the price that an order counts at, by magnitude: a buy at its limit, a sell at the highest of its limit, the
# reference and the best bid that it could take, a market order at its protection price, or without a collar at the
# higher of the reference and what it could take first.
cdef inline int64_t notional_price2(const tc_line* line, const tc_question* q) noexcept nogil:
    cdef int64_t price2 = 0
    if q.ord_type == TYPE_MARKET and q.side == SIDE_BUY and line.limits[SLOT_COLLAR] >= 0:
        return tc_abs(2 * protection_price(line, q))
    if q.ord_type != TYPE_MARKET:
        price2 = tc_abs(2 * q.price)
        if q.side == SIDE_BUY:
            return price2
    if q.reference2 != no_price() and tc_abs(q.reference2) > price2:
        price2 = tc_abs(q.reference2)
    if q.touch2 != no_price() and tc_abs(q.touch2) > price2:
        price2 = tc_abs(q.touch2)
    return price2


# What an order counts for in a row, in 10**-9 of the row's currency, rounded up: its instrument's where the row names
# one, else the base currency. -1 where that is not known or can't be told: without a reference or a rate.
cdef inline tc_i128 money_of(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, const tc_limit_row* row
) noexcept nogil:
    cdef int64_t rate = rate_one() if row.instrument else risk.values.rates[ins.currency]
    cdef tc_i128 amount = 0, divisor = tc_wide(2, ins.limit_scale)
    cdef int64_t price2, narrow = 0
    if rate == 0 or (q.ord_type == TYPE_MARKET and not has_reference(q)):
        return -1
    price2 = notional_price2(q.line, q)
    if (rate == rate_one() and not tc_product_is_wide(price2, q.order_qty, &narrow)
            and not tc_product_is_wide(narrow, ins.notional_scale, &narrow)):
        return -tc_floor_div(-narrow, 2 * ins.limit_scale)
    if tc_mul_overflows(tc_wide(price2, q.order_qty), ins.notional_scale, &amount):
        return -1
    if rate != rate_one():
        if tc_mul_overflows(amount, rate, &amount):
            return -1
        divisor *= rate_one()
    amount = -tc_floor_div_wide(-amount, divisor)
    return -1 if amount > tc_power_of_ten(30) else amount


# What an order, or what a replace asks for, is worth; what is not known, which only passes where a row is not enforced,
# is nothing.
cdef inline void count_notional(
    tc_risk* risk, const tc_instrument* ins, const tc_line* line, const tc_question* q
) noexcept nogil:
    cdef tc_rows* r = &risk.rows
    cdef tc_limit_row* row
    cdef tc_counter* counter
    cdef tc_i128* sums
    cdef tc_i128 before, money
    cdef int32_t i
    for i in range(line.by_terms_count if line.looked_at & SENT_NOTIONAL else 0):
        row = &r.rows[line.by_terms[i]]
        if not row.counts & SENT_NOTIONAL:
            continue
        counter = &r.counters[row.counter]
        sums = sums_of(r, row.counter)
        money = money_of(risk, ins, q, row)
        before = sums[<uint64_t>(counter.sent - 1) & r.rate_mask] if counter.sent else 0
        sums[<uint64_t>counter.sent & r.rate_mask] = before + (money if money > 0 else 0)
        times_of(r, row.counter)[<uint64_t>counter.sent & r.rate_mask] = q.now
        counter.sent += 1
        while (counter.recent < counter.sent - 1
               and times_of(r, row.counter)[<uint64_t>counter.recent & r.rate_mask] <= q.now - row.window_ns):
            counter.recent += 1


# Only in C: the rare half of count_sent, apart from the path.
cdef inline void count_beside(tc_risk* risk, const tc_instrument* ins, const tc_question* q) noexcept nogil:
    cdef tc_line room
    cdef tc_alike terms
    cdef const tc_line* observed = observed_line(risk, ins, q, &room)
    cdef uint32_t looked_at = q.line.looked_at
    if observed != NULL:
        count_line(&risk.rows, observed, q.now, q.sent)
        count_notional(risk, ins, observed, q)
        looked_at |= observed.looked_at
    count_notional(risk, ins, q.line, q)
    if q.sent & SENT_NEW and looked_at & SENT_ALIKE:   # some row asks which orders had the same terms
        terms = alike_of(q)
        note_order(&risk.recent, &terms, q.now)


# It counts for the rates that bind it, and for those that are only observed; a new one that some row compares with
# others is one of the recent.
cdef inline void count_sent(tc_risk* risk, const tc_instrument* ins, const tc_question* q) noexcept nogil:
    count_line(&risk.rows, q.line, q.now, q.sent)
    if tc_seldom((risk.rows.observed | q.line.looked_at) != 0):
        count_beside(risk, ins, q)


# Only in C: a loop over lines in Python.
cdef inline void count_line_ahead(
    tc_risk* risk, const tc_instrument* ins, const tc_line* line, const tc_question* q, int sign
) noexcept nogil:
    cdef tc_rows* r = &risk.rows
    cdef tc_i128 money
    cdef int32_t i
    for i in range(line.counted_count):
        if r.rows[line.counted[i]].counts & q.sent:
            r.counters[r.rows[line.counted[i]].counter].ahead += sign
            reset_free(r, &r.rows[line.counted[i]])
    for i in range(line.by_terms_count):
        if r.rows[line.by_terms[i]].counts & SENT_NOTIONAL:
            money = money_of(risk, ins, q, &r.rows[line.by_terms[i]])
            r.counters[r.rows[line.by_terms[i]].counter].amount_ahead += sign * (money if money > 0 else 0)


# It counts for what is asked about behind it in a basket, or, with `sign` -1, no longer.
cdef inline void count_ahead(tc_risk* risk, const tc_instrument* ins, const tc_question* q, int sign) noexcept nogil:
    cdef tc_line room
    cdef const tc_line* observed = observed_line(risk, ins, q, &room)
    if risk.opens.is_kept:
        count_open(&risk.opens, q.instrument, q.account, q.strategy, sign)
    count_line_ahead(risk, ins, q.line, q, sign)
    if observed != NULL:
        count_line_ahead(risk, ins, observed, q, sign)


# A cancel counts too, and is never refused for it.
cdef inline void count_cancel(
    tc_risk* risk, const tc_instrument* ins, int32_t instrument, int32_t account, int32_t venue, int32_t strategy,
    int64_t now
) noexcept nogil:
    cdef tc_line room
    count_line(&risk.rows, line_of(risk.lines, &risk.rows, ins, instrument, account, venue, strategy, MODE_ENFORCE,
                                   &room), now, SENT_CANCEL)
    if risk.rows.observed:
        count_line(&risk.rows, line_of(risk.watched, &risk.rows, ins, instrument, account, venue, strategy,
                                       MODE_OBSERVE, &room), now, SENT_CANCEL)


# Only in C: a loop over lines in Python.
cdef inline void count_line_trade(tc_rows* r, const tc_line* line) noexcept nogil:
    cdef int32_t i
    for i in range(line.counted_count):
        if r.rules[r.rows[line.counted[i]].rule].counts & SENT_TRADE:
            r.counters[r.rows[line.counted[i]].counter].trades += 1
            reset_free(r, &r.rows[line.counted[i]])


# A trade counts for what is limited by trades, whichever venue it was at.
cdef inline void count_trade(
    tc_risk* risk, const tc_instrument* ins, int32_t instrument, int32_t account, int32_t strategy
) noexcept nogil:
    cdef tc_line room
    count_line_trade(&risk.rows, line_of(risk.lines, &risk.rows, ins, instrument, account, 0, strategy, MODE_ENFORCE,
                                         &room))
    if risk.rows.observed:
        count_line_trade(&risk.rows, line_of(risk.watched, &risk.rows, ins, instrument, account, 0, strategy,
                                             MODE_OBSERVE, &room))


# A new day: what counts by day begins anew.
cdef inline void start_day(tc_rows* r) noexcept nogil:
    cdef uint32_t i
    for i in range(1, r.counter_count + 1):
        r.counters[i].day_first = r.counters[i].sent
        r.counters[i].trades = 0
    for i in range(1, r.row_count + 1):
        if r.rows[i].counter:
            reset_free(r, &r.rows[i])


# A refusal, or what would have been one: its row says when it last spoke.
cdef inline void note_breach(tc_risk* risk, const tc_finding* finding, int64_t now) noexcept nogil:
    risk.rows.rows[finding.row].breached = now
    risk.rows.rows[finding.row].breaches += 1


# An order that passed: it counts for the rate, and its quantity is held.
cdef inline void reserve_order(tc_risk* risk, const tc_instrument* ins, const tc_question* q) noexcept nogil:
    tc_assert((q.hold_qty > 0) & (q.account > 0))      # account 0 is the firm, which orders nothing
    count_sent(risk, ins, q)
    hold_lots(risk, q.instrument, q.account, q.side, q.hold_qty).is_used = True


# A trade's signed lots; account 0 is suspense, which only the firm's row has.
cdef inline void move_position(tc_risk* risk, int32_t instrument, int32_t account, int64_t qty) noexcept nogil:
    cdef tc_exposure* firm = exposure_of(risk, instrument, 0)
    if account:
        firm[account].position_qty += qty
    firm.position_qty += qty
    firm.is_used = True
    revalue_both(&risk.values, instrument, account)


cdef inline void release_hold(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    hold_lots(risk, instrument, account, side, -qty)


# A fill: the hold becomes position, which is valued once.
cdef inline void commit_fill(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    count_lots(risk, instrument, account, side, -qty)
    move_position(risk, instrument, account, qty if side == SIDE_BUY else -qty)
