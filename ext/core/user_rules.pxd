# Users' rules, asked of each order behind the checks of risk: it fills the cells that their programs read.

from conditions cimport *
from keeping cimport *


# ---- cells

cdef inline void fill_wide(int64_t* cells, int cell, tc_i128 value, uint64_t* unknown, int bit) noexcept nogil:
    if tc_abs_wide(value) > amount_max():
        unknown[0] |= <uint64_t>1 << bit
        value = 0
    cells[cell] = <int64_t>tc_low(value)
    cells[cell + 1] = tc_high(value)


# One price; 0, and the bit, where there is none.
cdef inline void fill_price(int64_t* cells, int cell, int64_t price, uint64_t* unknown, int bit) noexcept nogil:
    cells[cell] = price
    if price == no_price():
        unknown[0] |= <uint64_t>1 << bit
        cells[cell] = 0


cdef inline void fill_scales(int64_t* cells, const tc_instrument* ins) noexcept nogil:
    cells[CELL_PRICE_SCALE] = tc_ten_to(ins.price_precision)
    cells[CELL_QTY_SCALE] = lots_per_unit(ins)
    cells[CELL_AMOUNT_SCALE] = unit_scale(ins) * lots_per_unit(ins)
    cells[CELL_MONEY_SCALE] = tc_ten_to(ins.money_precision)
    cells[CELL_MULTIPLIER] = ins.multiplier
    cells[CELL_MULTIPLIER_SCALE] = tc_ten_to(ins.multiplier_precision)
    cells[CELL_TICK] = ins.tick
    cells[CELL_LOT] = ins.lot


cdef inline void fill_order(
    int64_t* cells, const tc_question* q, int32_t strategy, uint64_t* unknown
) noexcept nogil:
    cells[CELL_ORDER_QTY] = q.order_qty
    cells[CELL_LEAVES_QTY] = q.leaves_qty
    fill_price(cells, CELL_PRICE, no_price() if q.ord_type == TYPE_MARKET else q.price, unknown, 0)
    cells[CELL_BUYS] = q.side == SIDE_BUY
    cells[CELL_IS_MARKET] = q.ord_type == TYPE_MARKET
    cells[CELL_REDUCE_ONLY] = q.reduce_only
    cells[CELL_INSTRUMENT] = q.instrument
    cells[CELL_ACCOUNT] = q.account
    cells[CELL_VENUE] = q.venue
    cells[CELL_STRATEGY] = strategy


# Twice what the order comes to, as MAX_ORDER_NOTIONAL counts it.
cdef inline void fill_notional(
    tc_core* core, int64_t* cells, const tc_instrument* ins, const tc_question* q, uint64_t* unknown
) noexcept nogil:
    cdef tc_question asked
    asked.ord_type, asked.side, asked.price = q.ord_type, q.side, q.price
    asked.reference2, asked.touch2 = q.reference2, q.touch2
    asked.line = q.line
    if q.reference2 == no_price() and counts_at_market(q.ord_type, q.side):        # no limit needed it
        asked.reference2 = twice_reference(core, q.instrument)
        asked.touch2 = twice_touch(&core.router, ins, q.instrument, q.side, core.now)
    if q.ord_type == TYPE_MARKET and asked.reference2 == no_price():
        fill_price(cells, CELL_NOTIONAL2, no_price(), unknown, 1)
        cells[CELL_NOTIONAL2 + 1] = 0
    else:
        fill_wide(cells, CELL_NOTIONAL2, tc_wide(notional_price2(q.line, &asked), q.order_qty), unknown, 1)


cdef inline void fill_money(tc_core* core, int64_t* cells, const tc_question* q, uint64_t* unknown) noexcept nogil:
    cdef const tc_position* p = position_of(&core.ledger, q.instrument, q.account)
    cdef int64_t mark = core.ledger.marks[q.instrument]
    cdef tc_i128 unrealised = 0
    fill_wide(cells, CELL_REALISED, p.realised, unknown, 2)
    fill_wide(cells, CELL_FEES, p.fees, unknown, 4)
    if p.qty and mark == no_price():
        unknown[0] |= <uint64_t>1 << 3
    else:
        unrealised = tc_wide(p.qty, mark) - p.cost
    fill_wide(cells, CELL_UNREALISED, unrealised, unknown, 3)


cdef inline void fill_exposure(tc_core* core, int64_t* cells, const tc_question* q) noexcept nogil:
    cdef const tc_exposure* e = exposure_of(&core.risk, q.instrument, q.account)
    cdef const tc_exposure* firm = exposure_of(&core.risk, q.instrument, 0)
    cells[CELL_POSITION_QTY] = e.position_qty
    cells[CELL_WORKING_BUY] = e.working_buy
    cells[CELL_WORKING_SELL] = e.working_sell
    cells[CELL_FIRM_QTY] = firm.position_qty
    cells[CELL_FIRM_BUY] = firm.working_buy
    cells[CELL_FIRM_SELL] = firm.working_sell
    cells[CELL_OPEN_ORDERS] = q.open_orders


cdef inline void fill_market(tc_core* core, int64_t* cells, int32_t instrument, uint64_t* unknown) noexcept nogil:
    cdef tc_market market
    look_at_market(core, instrument, &market)
    fill_price(cells, CELL_BID_PX, market.bid, unknown, 5)
    fill_price(cells, CELL_ASK_PX, market.offer, unknown, 6)
    fill_price(cells, CELL_LAST_PX, market.last, unknown, 7)
    fill_price(cells, CELL_MARK_PX, core.ledger.marks[instrument], unknown, 8)
    fill_price(cells, CELL_REFERENCE2, twice_reference(core, instrument), unknown, 9)


# 1970 began on a Thursday.
cdef inline void fill_clock(int64_t* cells, int64_t now) noexcept nogil:
    cdef int64_t seconds = tc_floor_div(now, 1_000_000_000)
    cells[CELL_TIME] = now
    cells[CELL_SECOND_OF_DAY] = tc_floor_mod(seconds, 86_400)
    cells[CELL_WEEKDAY] = tc_floor_mod(tc_floor_div(seconds, 86_400) + 3, 7)


# What the rules read, for one question; the bits of what is not known.
cdef inline uint64_t fill_cells(
    tc_core* core, const tc_instrument* ins, const tc_question* q, int32_t strategy, int64_t* cells
) noexcept nogil:
    cdef uint32_t groups = core.rules.groups
    cdef uint64_t unknown = 0
    cells[CELL_ONE] = 1
    if groups & SCALES_GROUP:
        fill_scales(cells, ins)
    if groups & ORDER_GROUP:
        fill_order(cells, q, strategy, &unknown)
    if groups & NOTIONAL_GROUP:
        fill_notional(core, cells, ins, q, &unknown)
    if groups & (POSITION_GROUP | FIRM_GROUP):
        fill_exposure(core, cells, q)
    if groups & MONEY_GROUP:
        fill_money(core, cells, q, &unknown)
    if groups & MARKET_GROUP:
        fill_market(core, cells, q.instrument, &unknown)
    if groups & CLOCK_GROUP:
        fill_clock(cells, q.now)
    return unknown


# ---- asked

# The first rule from `at` on, of those that are enforced or of those that are only observed, that refuses an order by
# what its cells say; REASON_NONE where none does. The finding names the rule, what it said, and the column.
cdef inline int ask_user_rules(
    const tc_rules* rules, const int64_t* cells, uint64_t unknown, uint8_t mode, int32_t* at, tc_finding* finding
) noexcept nogil:
    cdef const tc_rule* rule
    cdef int outcome, column = 0
    while at[0] < rules.count:
        rule = &rules.rows[at[0]]
        at[0] += 1
        if rule.mode != mode:
            continue
        outcome = ask_rule(rule.steps, &rule.dense, rule.needs, cells, unknown, &column)
        if outcome:
            finding.armed = True
            finding.refused = True
            finding.reason = USER_RULE
            finding.row = 0
            finding.value = rule.name
            finding.limit = outcome | column << 2
            return USER_RULE
    return REASON_NONE


# The first rule of those that are enforced that refuses an order, or REASON_NONE.
cdef inline int ask_enforced_rules(
    tc_core* core, const tc_instrument* ins, const tc_question* q, int32_t strategy, tc_finding* finding
) noexcept nogil:
    cdef int64_t cells[CELLS]
    cdef uint64_t unknown = fill_cells(core, ins, q, strategy, cells)
    cdef int32_t at = 0
    return ask_user_rules(&core.rules, cells, unknown, MODE_ENFORCE, &at, finding)


# Only in C: an assignment in Python.
cdef inline void take_out(tc_core* core, int reason) noexcept nogil:
    core.drilled = reason


# What the rules of users that are enforced say to an order that is only a thought.
cdef inline void evaluate_user_rules(
    tc_core* core, const tc_instrument* ins, const tc_question* q, int32_t strategy, tc_finding* finding
) noexcept nogil:
    memset(finding, 0, sizeof(tc_finding))
    finding.reason = USER_RULE
    finding.armed = core.rules.count > core.rules.observed
    if finding.armed:
        ask_enforced_rules(core, ins, q, strategy, finding)


# The first of the rules of users that refuses an order.
cdef inline int find_rule_refusal(
    tc_core* core, const tc_instrument* ins, const tc_question* q, int32_t strategy, tc_finding* finding
) noexcept nogil:
    if tc_seldom(core.rules.count != core.rules.observed):
        return ask_enforced_rules(core, ins, q, strategy, finding)
    return REASON_NONE


# Why risk refuses an order: the first of its own checks that does, else the first of the rules of users.
cdef inline int find_risk_refusal(
    tc_core* core, const tc_instrument* ins, const tc_question* q, int32_t strategy, tc_finding* finding
) noexcept nogil:
    cdef int reason = check_admission(core, ins, q, finding)
    if TC_DRILL and reason and reason == core.drilled:
        reason = REASON_NONE
    return reason if reason else find_rule_refusal(core, ins, q, strategy, finding)


# The number of the text by which a rule in Python refuses an order; 0 where the core knows none.
cdef inline int64_t told_refusal(const tc_core* core, int64_t number) noexcept nogil:
    return number if id_is_known(&core.texts, number) else 0
