# Commands that declare and set: definitions, opening balances, limits, the kill switch. A refusal changes nothing.

from state cimport *


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


cdef inline bint instrument_is_taken(const tc_core* core, int64_t name) noexcept nogil:
    cdef int32_t i
    for i in range(1, core.instrument_count + 1):
        if core.instruments[i].name == name:
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
    if c.cl_ord_id == 0 or not id_is_known(&core.texts, c.cl_ord_id):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, 0, 32)
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
    core.currency_count += 1
    core.currencies[core.currency_count] = c.cl_ord_id
    accept_command(core, c, 0, 0, 0, core.currency_count, 0)


cdef inline void define_account(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if refuse_name(core, c, ack, is_taken(core.accounts, core.account_count, c.cl_ord_id), core.account_count,
                   core.account_max):
        return
    core.account_count += 1
    core.accounts[core.account_count] = c.cl_ord_id
    accept_command(core, c, 0, core.account_count, 0, core.account_count, 0)


cdef inline void define_instrument(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset = find_bad_definition(c, core.currency_count)
    if refuse_name(core, c, ack, instrument_is_taken(core, c.cl_ord_id), core.instrument_count, core.instrument_max):
        return
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, 0, offset)
        return
    core.instrument_count += 1
    load_instrument(&core.instruments[core.instrument_count], c)
    accept_command(core, c, core.instrument_count, 0, 0, core.instrument_count, 0)


# A venue charges by quantity or by notional, not both: so that a commission is rounded once.
cdef inline int find_bad_fee(const tc_command* c) noexcept nogil:
    cdef int64_t most = 1_000_000_000_000
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
    return 104 if c.external > 1 else -1


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
    venue = &core.router.venues[core.venue_count]
    venue.maker_fee_per_unit = c.maker_fee_per_unit
    venue.taker_fee_per_unit = c.taker_fee_per_unit
    venue.maker_fee_ppm = c.maker_fee_ppm
    venue.taker_fee_ppm = c.taker_fee_ppm
    venue.request_timeout = c.request_timeout
    venue.external = c.external
    venue.native_ord_types = c.native_ord_types
    venue.native_times_in_force = c.native_times_in_force
    venue.name = c.cl_ord_id
    accept_command(core, c, 0, 0, core.venue_count, core.venue_count, 0)


cdef inline bint is_known_account(const tc_core* core, int32_t account) noexcept nogil:
    return account >= 1 and account <= core.account_count


# Only where nothing is booked, so that it can't be mistaken for a trade.
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
    else:
        p = position_of(&core.ledger, c.instrument, c.account)
        if p.qty != 0 or p.cost != 0 or p.realised != 0 or p.fees != 0:
            refuse_command(core, c, ack, ALREADY_DEFINED, p.qty, 0)
            return
        apply_fill(p, c.position_qty, c.position_px)
        fold_position(&core.trades, &core.ledger, c.instrument, c.account)
        move_position(&core.risk, c.instrument, c.account, c.position_qty)
        accept_command(core, c, c.instrument, c.account, 0, c.position_qty, c.position_px)


cdef inline void open_cash(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t* cash
    cdef tc_i128 balance
    if not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
    elif c.currency < 1 or c.currency > core.currency_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.currency, 20)
    else:
        cash = &core.ledger.cash[c.account * core.ledger.currency_stride + c.currency]
        balance = <tc_i128>cash[0] + c.amount
        if tc_abs_wide(balance) > money_max():
            refuse_command(core, c, ack, ARITHMETIC_OVERFLOW, c.amount, money_max())
            return
        cash[0] = <int64_t>balance
        accept_command(core, c, 0, c.account, 0, c.amount, c.currency)


cdef inline void change_limit(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset
    if not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
        return
    offset = set_limit(&core.risk, c.account, c.rule, c.value, c.window_ns, c.mode)
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.rule if offset == 56 else
                       c.value if offset == 64 else c.window_ns if offset == 72 else c.mode, offset)
    else:
        accept_command(core, c, 0, c.account, 0, c.value, c.rule)


cdef inline void switch_kill(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef uint8_t on = c.engaged == 1
    if c.engaged != 0 and c.engaged != 1:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.engaged, 72)
        return
    if c.scope == SCOPE_FIRM and c.target == 0:
        core.risk.killed_firm = on
    elif c.scope == SCOPE_ACCOUNT and 1 <= c.target <= core.account_count:
        core.risk.accounts[c.target].killed = on
    elif c.scope == SCOPE_INSTRUMENT and 1 <= c.target <= core.instrument_count:
        core.risk.killed_instruments[c.target] = on
    elif c.scope == SCOPE_VENUE and 1 <= c.target <= core.venue_count:
        core.risk.killed_venues[c.target] = on
        set_down(core)
    else:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.target if 0 <= c.scope <= SCOPE_VENUE else c.scope,
                       64 if 0 <= c.scope <= SCOPE_VENUE else 56)
        return
    accept_command(core, c, 0, 0, 0, c.scope, c.target)
