# Commands that declare and set: definitions, opening balances, limits. A refusal changes nothing.

from outbound cimport *
from known_ids cimport *
from open_counting cimport keep_opens


# Interns a text: its number is the ack's order_id. No report: it changes nothing that anyone asked for.
cdef inline void enter_text(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t number = intern_text(&core.texts, c.text)
    if number > 0:
        ack.order_id = number
    elif number == 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, 0, 56)
    else:
        refuse_command(core, c, ack, IDS_FULL, core.texts.count, core.texts.capacity)


cdef inline bint is_taken(const int64_t* names, int32_t count, int64_t name) noexcept nogil:
    cdef int32_t i
    for i in range(1, count + 1):
        if names[i] == name:
            return True
    return False


cdef inline bint venue_is_taken(const tc_core* core, int64_t name) noexcept nogil:
    cdef int32_t i
    for i in range(1, core.venue_count + 1):
        if core.router.venues[i].name == name:
            return True
    return False


# A name that can't be declared is refused here, and True returned.
cdef inline bint refuse_name(
    tc_core* core, const tc_command* c, tc_ack* ack, bint taken, int32_t count, int32_t most
) noexcept nogil:
    cdef int64_t value = 0, bound = 32
    cdef int reason = find_unknown_id(core, c.cl_ord_id, 32, &value, &bound) if c.cl_ord_id else INVALID_FIELD_VALUE
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
    elif taken:
        refuse_command(core, c, ack, ALREADY_DEFINED, 0, 0)
    elif count >= most:
        refuse_command(core, c, ack, TABLE_FULL, count, most)
    else:
        return False
    return True


cdef inline void define_currency(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if refuse_name(core, c, ack, is_taken(core.currencies, core.currency_count, c.cl_ord_id), core.currency_count,
                   core.currency_max):
        return
    if c.decimals < 0 or c.decimals > 12:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.decimals, 56)
        return
    core.currency_count += 1
    core.money_precisions[core.currency_count] = <uint8_t>c.decimals
    core.currencies[core.currency_count] = c.cl_ord_id
    accept_command(core, c, 0, 0, 0, core.currency_count, 0)


cdef inline void define_account(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef uint32_t* place = find_name(&core.account_names, core.accounts, sizeof(int64_t), c.cl_ord_id)
    if refuse_name(core, c, ack, place[0] != 0, core.account_count, core.account_max):
        return
    core.account_count += 1
    place[0] = <uint32_t>core.account_count
    core.accounts[core.account_count] = c.cl_ord_id
    accept_command(core, c, 0, core.account_count, 0, core.account_count, 0)


cdef inline void define_instrument(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset = find_bad_definition(c, core.currency_count)
    cdef uint32_t* place = find_name(&core.instrument_names, &core.instruments[0].name, sizeof(tc_instrument),
                                     c.cl_ord_id)
    if refuse_name(core, c, ack, place[0] != 0, core.instrument_count, core.instrument_max):
        return
    if offset < 0 and c.money_precision != core.money_precisions[c.currency]:
        offset = 1
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, 0, offset)
        return
    core.instrument_count += 1
    place[0] = <uint32_t>core.instrument_count
    load_instrument(&core.instruments[core.instrument_count], c)
    core.ledger.marks[core.instrument_count] = no_price()
    core.ledger.lasts[core.instrument_count] = no_price()
    core.sessions[core.instrument_count] = SES_OPEN
    core.instruments[core.instrument_count].bands = &core.bands[core.instrument_count * BANDS]
    accept_command(core, c, core.instrument_count, 0, 0, core.instrument_count, 0)


# An account, or an instrument, is in a group from now on; a name that none has makes a new one.
cdef inline void define_group(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_member_groups* groups = &core.risk.rows.groups
    cdef int32_t* group
    if (c.account != 0) == (c.instrument != 0):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.instrument, 8)
        return
    if c.account and not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
        return
    if c.instrument and find_instrument(core, c.instrument) == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if refuse_name(core, c, ack, False, 0, 1):
        return
    group = &groups.of_account[c.account] if c.account else &groups.of_instrument[c.instrument]
    if group[0]:
        refuse_command(core, c, ack, ALREADY_DEFINED, group[0], 0)
        return
    if c.account:
        group[0] = group_named(groups.account_names, &groups.account_count, c.cl_ord_id)
    else:
        group[0] = group_named(groups.instrument_names, &groups.instrument_count, c.cl_ord_id)
    core.risk.rows.generation += 1
    if core.risk.values.is_kept:                       # what it holds counts for its group
        keep_exposures(&core.risk.values, core.instrument_count, False, False, False)
        keep_exposures(&core.risk.values, core.instrument_count, True, core.risk.rows.on_margin > 0,
                       core.risk.rows.on_firm > 0)
    accept_command(core, c, c.instrument, c.account, 0, group[0], 0)


# The next band of an instrument's tick table; band 0 begins the table anew.
cdef inline void define_ticks(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef int offset
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    offset = find_bad_band(ins, c.band, c.from_px, c.band_tick)
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.band if offset == 56 else c.from_px if offset == 64 else
                       c.band_tick, offset)
        return
    add_band(ins, c.band, c.from_px, c.band_tick)
    accept_command(core, c, c.instrument, 0, 0, c.from_px, c.band_tick)


# A venue charges by quantity or by notional, not both: so that a commission is rounded once.
cdef inline int find_bad_fee(const tc_command* c) noexcept nogil:
    cdef int64_t most = 1_000_000_000_000_000
    if c.maker_fee_per_unit > most or c.maker_fee_per_unit < -most:
        return 56
    if c.taker_fee_per_unit > most or c.taker_fee_per_unit < -most:
        return 64
    if c.maker_fee_ppm > 1_000_000 or c.maker_fee_ppm < -1_000_000 or (c.maker_fee_ppm and c.maker_fee_per_unit):
        return 72
    if c.taker_fee_ppm > 1_000_000 or c.taker_fee_ppm < -1_000_000 or (c.taker_fee_ppm and c.taker_fee_per_unit):
        return 80
    if c.request_timeout < 0 or c.request_timeout > <int64_t>86_400_000_000_000:      # a day
        return 88
    if c.external > 1:
        return 104
    if c.print_fills > FILLS_AFTER_QUEUE or (c.external and c.print_fills):
        return 108
    if c.day_end > DAY_END_EXPIRE:
        return 112
    return 116 if c.market_protection > 1 else -1


cdef inline void define_venue(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset = find_bad_fee(c)
    cdef tc_venue* venue
    if refuse_name(core, c, ack, venue_is_taken(core, c.cl_ord_id), core.venue_count, core.venue_max):
        return
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, 0, offset)
        return
    core.venue_count += 1
    core.router.venue_count = core.venue_count
    tc_assert((core.venue_count <= core.venue_max) & (core.venue_count <= MAX_VENUES))
    open_statistics(&core.router, core.venue_count)
    venue = &core.router.venues[core.venue_count]
    venue.maker_fee_per_unit = c.maker_fee_per_unit
    venue.taker_fee_per_unit = c.taker_fee_per_unit
    venue.maker_fee_ppm = c.maker_fee_ppm
    venue.taker_fee_ppm = c.taker_fee_ppm
    venue.request_timeout = c.request_timeout
    venue.external = c.external
    venue.print_fills = c.print_fills
    venue.native_ord_types = c.native_ord_types
    venue.native_times_in_force = c.native_times_in_force
    venue.day_end = c.day_end
    venue.market_protection = c.market_protection
    venue.name = c.cl_ord_id
    if core.risk.funds.is_kept:                        # it may be dearer than all others
        keep_funds(core, True)
    accept_command(core, c, 0, 0, core.venue_count, core.venue_count, 0)


cdef inline bint is_known_account(const tc_core* core, int32_t account) noexcept nogil:
    return account >= 1 and account <= core.account_count


# Only where nothing is booked, so that it can't be mistaken for a trade. It was paid for elsewhere: no cash moves.
cdef inline void open_position(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_position* p
    cdef int64_t bound = 0
    if find_instrument(core, c.instrument) == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
    elif not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
    elif c.position_qty > qty_max() or c.position_qty < -qty_max():
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.position_qty, 56)
    elif find_bad_price(&core.instruments[c.instrument], c.position_px, &bound):
        refuse_command(core, c, ack, PRICE_OUT_OF_RANGE, c.position_px, bound)
    elif is_beyond_amount(&core.instruments[c.instrument], c.position_px, c.position_qty):
        refuse_command(core, c, ack, ARITHMETIC_OVERFLOW, c.position_qty,
                       most_qty(&core.instruments[c.instrument], c.position_px))
    else:
        p = position_of(&core.ledger, c.instrument, c.account)
        if p.qty != 0 or p.cost != 0 or p.realised != 0 or p.fees != 0:
            refuse_command(core, c, ack, ALREADY_DEFINED, p.qty, 0)
            return
        apply_fill(p, c.position_qty, c.position_px)
        fold_position(&core.trades, &core.ledger, c.instrument, c.account)
        move_position(&core.risk, c.instrument, c.account, c.position_qty)
        open_amount(&core.risk.pnl, c.instrument, c.account, tc_wide(c.position_qty, c.position_px))
        if core.risk.pnl.is_kept:
            book_amount(&core.risk.pnl, c.instrument, c.account, tc_wide(c.position_qty, c.position_px))
        tc_assert(exposure_of(&core.risk, c.instrument, c.account).position_qty == p.qty)
        accept_command(core, c, c.instrument, c.account, 0, c.position_qty, c.position_px)


# Only in C: a report is one call with keywords in Python.
# Cash: the amount's low word is the value, its high word value_high.
cdef inline void accept_wide(
    tc_core* core, const tc_command* c, int32_t account, int64_t value, int64_t bound, int64_t high
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_ACCEPTED)
    put_place(r, account, 0)
    r.value = value
    r.bound = bound
    r.value_high = high
    r.cl_ord_id = c.cl_ord_id
    publish_report(&core.events, r)


cdef inline void open_cash(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_i128* cash
    cdef tc_i128 amount = tc_join(c.amount, c.amount_high), balance = amount
    if not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
    elif c.currency < 1 or c.currency > core.currency_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.currency, 20)
    else:
        cash = &core.ledger.cash[c.account * core.ledger.currency_stride + c.currency]
        if amount <= cash_max() and amount >= -cash_max():
            balance = cash[0] + amount
        if balance > cash_max() or balance < -cash_max():
            refuse_command(core, c, ack, ARITHMETIC_OVERFLOW, tell_size(balance),
                           c.currency if balance > 0 else -c.currency)
            return
        cash[0] = balance
        open_money(&core.risk.pnl, c.currency, c.account, amount)
        if core.risk.funds.is_kept:
            revalue_owed(&core.risk.funds, c.account, c.currency)
        accept_wide(core, c, c.account, <int64_t>c.amount, c.currency, c.amount_high)


# A change of a limit or a switch, with who asked for it and why.
cdef inline void accept_change(
    tc_core* core, const tc_command* c, int64_t value, int64_t bound, int64_t value_high
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_ACCEPTED)
    # A switch has its target in other fields; what is known of a venue is of nothing else.
    if c.kind == KIND_MARGIN_RATES:
        r.instrument = c.instrument
    elif c.kind == KIND_SET_LIMIT:
        r.instrument = c.instrument
        put_place(r, c.account, c.venue)
    elif c.kind == KIND_VENUE_STATISTICS or c.kind == KIND_VENUE_HEALTH:
        put_place(r, 0, c.venue)
    elif c.kind == KIND_SWITCH_GATE:
        put_place(r, 0, <int32_t>c.target)
    r.value = value
    r.bound = bound
    r.cl_ord_id = c.who
    r.orig_cl_ord_id = c.why
    r.value_high = value_high
    publish_report(&core.events, r)


# The byte offset of what a change of a limit can't have, or -1; `reason` and `value` say more.
cdef inline int find_bad_change(tc_core* core, const tc_command* c, int* reason, int64_t* value) noexcept nogil:
    cdef tc_rows* r = &core.risk.rows
    cdef int offset = find_bad_target(r, c, core.account_count, core.instrument_count, core.venue_count)
    cdef int64_t bound = 0
    cdef int bad
    reason[0] = INVALID_FIELD_VALUE
    if offset == 12 and not is_known_account(core, c.account):
        reason[0], value[0] = UNKNOWN_ACCOUNT, c.account
        return core.account_count
    if offset == 8 and find_instrument(core, c.instrument) == NULL:
        reason[0], value[0] = UNKNOWN_INSTRUMENT, c.instrument
        return core.instrument_count
    if offset < 0:
        offset = find_bad_limit(r, c)
    if offset < 0:
        bad = find_bad_note(core, c, value, &bound)
        reason[0] = bad if bad else INVALID_FIELD_VALUE
        return <int>bound if bad else -1
    value[0] = (
        c.account if offset == 12 else c.instrument if offset == 8 else c.venue if offset == 16
        else c.strategy if offset == 124 else c.rule if offset == 56
        else tc_saturate(tc_join(c.value, c.value_high)) if offset == 64 else c.window_ns if offset == 72
        else c.mode if offset == 80 else c.limit_scope if offset == 112 else c.soft_share)
    return offset


# A change of a set waits, counted in the set, until the last one comes: then all are made at once. The byte offset of
# what can't be, or -1.
cdef inline int stage_limit(tc_rows* r, const tc_command* c) noexcept nogil:
    if c.set_at == 0:
        r.staged_count = 0                             # what was not made whole is forgotten
        r.staged_size = c.set_size
    if c.set_size != r.staged_size or c.set_size > r.staged_max:
        return 116
    if c.set_at != r.staged_count:
        return 120
    r.staged[r.staged_count] = c[0]
    r.staged_count += 1
    return -1


# Makes the changes from `first` on, and tells of each; False, and none is made, where there is no room for all.
cdef inline bint make_changes(
    tc_core* core, const tc_command* first, uint32_t count, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef tc_rows* r = &core.risk.rows
    cdef uint32_t rows = r.row_count, counters = r.counter_count, i
    for i in range(count):
        count_needs(r, &first[i], &rows, &counters)
    if rows > r.row_max or counters > r.counter_max:
        value[0] = r.row_count if rows > r.row_max else r.counter_count
        bound[0] = r.row_max if rows > r.row_max else r.counter_max
        return False
    for i in range(count):
        set_row(r, &first[i], core.now)
        accept_change(core, &first[i], tc_tell_wide(tc_join(first[i].value, first[i].value_high), False), first[i].rule,
                      0)
    keep_exposures(&core.risk.values, core.instrument_count, r.on_marks > 0, r.on_margin > 0, r.on_firm > 0)
    keep_opens(&core.risk.opens, &core.orders, r.opens > 0)
    if r.on_loss + r.on_equity > 0 and not core.risk.pnl.is_kept:
        load_pnl(core)
    keep_pnl(&core.risk.pnl, core.instrument_count, r.on_loss + r.on_equity > 0, r.on_equity > 0)
    keep_strategies(&core.risk.strategies, core.instrument_count, r.on_strategies > 0)
    if core.risk.funds.is_kept != (r.on_funds > 0):
        keep_funds(core, r.on_funds > 0)
    for i in range(count):
        if first[i].limit_scope == SCOPE_STRATEGY and r.rules[first[i].rule].on_loss:
            forget_strategy_told(&core.risk.strategies, first[i].strategy)
        elif r.rules[first[i].rule].on_loss:
            forget_told(&core.risk.pnl, first[i].account, first[i].rule)
    return True


# Only in C: a number in Python.
cdef inline int64_t margin_max() noexcept nogil:
    return <int64_t>10_000_000


# What equity must cover of an instrument's positions: of what is held no more than for an order.
cdef inline void change_margins(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if find_instrument(core, c.instrument) == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
    elif c.initial_margin < 1 or c.initial_margin > margin_max():
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.initial_margin, 56)
    elif c.maintenance_margin < 1 or c.maintenance_margin > c.initial_margin:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.maintenance_margin, 64)
    elif not refuse_note(core, c, ack):
        set_margin_rates(&core.risk.pnl, c.instrument, <int32_t>c.initial_margin, <int32_t>c.maintenance_margin)
        accept_change(core, c, c.initial_margin, c.maintenance_margin, 0)


cdef inline void change_limit(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_rows* r = &core.risk.rows
    cdef int reason = 0, offset
    cdef int64_t value = 0, bound = 0
    cdef bint is_set = c.set_size > 1
    offset = find_bad_change(core, c, &reason, &value)
    if offset < 0 and is_set:
        offset = stage_limit(r, c)
        value = c.set_size if offset == 116 else c.set_at
    if offset >= 0:
        r.staged_count = r.staged_size = 0
        refuse_command(core, c, ack, reason, value, offset)
    elif is_set and r.staged_count < r.staged_size:
        return                                         # told when the set is whole
    elif not make_changes(core, r.staged if is_set else c, c.set_size if is_set else 1, &value, &bound):
        refuse_command(core, c, ack, TABLE_FULL, value, bound)
    if is_set:
        r.staged_count = r.staged_size = 0
