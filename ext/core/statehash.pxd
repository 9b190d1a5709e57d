# The state hash: over logical fields, sorted by key, never over slots, capacities or table order.
# A row is up to 32 words, zero-padded; it starts with its section. Only in C: a twin hashes rows in comprehensions.

from orderhash cimport *


cdef inline void hash_counters(tc_hasher* h, const tc_core* core) noexcept nogil:
    put(h, 1)
    put(h, core.command_seq)
    put(h, core.now)
    put(h, core.events.seq)
    put(h, core.exec_seq)
    put(h, core.orders.evicted)
    put(h, core.ids.count)
    put(h, <int64_t>core.ids.digest)
    put(h, state_at(&core.risk.kills, SCOPE_FIRM, 0) != STATE_ACTIVE)
    put(h, core.day)
    put(h, core.reports_refused)
    put(h, core.trades_in_suspense)
    put(h, core.unexpected)
    put(h, core.trades.folded)
    put(h, <int64_t>core.exec_ids.digest)
    put(h, core.order_seq)
    put(h, core.texts.count)
    put(h, <int64_t>core.texts.digest)
    put(h, core.orders.unsent.handed)
    end_row(h)
    hash_said(h, core)


# Which prices count for what waits, where that is not as it is by default.
cdef inline void hash_watched(tc_hasher* h, const tc_core* core, int32_t i) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[i]
    if ins.trigger_source or ins.print_max_age != <int64_t>60_000_000_000:
        put(h, 25)
        put(h, ins.trigger_source)
        put(h, ins.print_max_age)
        end_row(h)
    if ins.order_protection or ins.fok_over_venues:
        put(h, 33)
        put(h, ins.order_protection)
        put(h, ins.fok_over_venues)
        end_row(h)
    put_row(h, 72, ins.valuation_method, 0)
    if core.risk.values.worths[i].initial:
        put(h, 74)
        put(h, core.risk.values.worths[i].initial)
        put(h, core.risk.values.worths[i].maintenance)
        end_row(h)
    if core.triggers.watched[i].opened_at or core.triggers.watched[i].print_time:
        put(h, 26)
        put(h, core.triggers.watched[i].opened_at)
        put(h, core.triggers.watched[i].print_time)
        put(h, core.triggers.watched[i].last_told)
        end_row(h)


cdef inline void hash_definitions(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef int32_t i, band
    cdef const tc_instrument* ins
    cdef const tc_venue* venue
    for i in range(1, core.currency_count + 1):
        put(h, 2)
        put_id(h, core, core.currencies[i])
        put(h, core.money_precisions[i])
        end_row(h)
        if i != BASE_CURRENCY and core.risk.values.rates[i]:
            put_row(h, 35, core.risk.values.rates[i], 0)
    for i in range(1, core.instrument_count + 1):
        ins = &core.instruments[i]
        put(h, 3)
        put_id(h, core, ins.name)
        put(h, ins.currency)
        put(h, ins.price_precision)
        put(h, ins.qty_precision)
        put(h, ins.multiplier_precision)
        put(h, ins.any_sign)
        put(h, ins.ord_types)
        put(h, ins.times_in_force)
        put(h, ins.tick)
        put(h, ins.lot)
        put(h, ins.min_qty)
        put(h, ins.max_qty)
        put(h, ins.multiplier)
        put_wide(h, ins.min_notional)
        put_wide(h, ins.max_notional)
        put(h, state_at(&core.risk.kills, SCOPE_INSTRUMENT, i) != STATE_ACTIVE)
        put(h, core.ledger.marks[i])
        put(h, core.ledger.lasts[i])
        put(h, core.sessions[i])
        put(h, core.close_times[i])
        end_row(h)
        put_row(h, 34, core.risk.values.worths[i].time, 0)
        for band in range(ins.band_count):
            put(h, 16)
            put(h, ins.bands[band].from_px)
            put(h, ins.bands[band].tick)
            end_row(h)
        if ins.limits.low != no_price() or ins.limits.high != no_price() or ins.limits.dynamic_bps >= 0:
            put(h, 67)
            put(h, ins.limits.low)
            put(h, ins.limits.high)
            put(h, ins.limits.reference)
            put(h, ins.limits.dynamic_bps)
            end_row(h)
        hash_watched(h, core, i)
    for i in range(1, core.venue_count + 1):
        venue = &core.router.venues[i]
        put(h, 4)
        put_id(h, core, venue.name)
        put(h, venue.maker_fee_per_unit)
        put(h, venue.taker_fee_per_unit)
        put(h, venue.maker_fee_ppm)
        put(h, venue.taker_fee_ppm)
        put(h, state_at(&core.risk.kills, SCOPE_VENUE, i) != STATE_ACTIVE)
        put(h, venue.request_timeout)
        put(h, venue.native_ord_types)
        put(h, venue.native_times_in_force)
        put(h, venue.external)
        put(h, (core.disconnected >> (i - 1)) & 1)
        end_row(h)
        put_row(h, 18, venue.print_fills, 0)
        put_row(h, 19, 4 * <int64_t>venue.market_protection + venue.day_end, 0)


cdef inline void hash_accounts(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef int32_t i, j
    for i in range(1, core.account_count + 1):
        put(h, 5)
        put_id(h, core, core.accounts[i])
        put(h, core.risk.rows.stated[i])
        put(h, state_at(&core.risk.kills, SCOPE_ACCOUNT, i) != STATE_ACTIVE)
        end_row(h)
        for j in range(1, core.currency_count + 1):
            put(h, 7)
            put_wide(h, core.ledger.cash[i * core.ledger.currency_stride + j])
            end_row(h)


# Account 0: the suspense position, and the firm's exposure.
cdef inline void hash_positions(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef int32_t i, j
    cdef const tc_position* p
    cdef const tc_exposure* e
    for i in range(1, core.instrument_count + 1):
        if not exposure_of(&core.risk, i, 0).is_used:
            continue                                   # so are the rows of all accounts: they are not walked
        for j in range(core.account_count + 1):
            p = position_of(&core.ledger, i, j)
            e = exposure_of(&core.risk, i, j)
            if (p.qty == 0 and p.fees == 0 and p.cost == 0 and p.realised == 0
                    and e.working_buy == 0 and e.working_sell == 0 and e.position_qty == 0):
                continue
            put(h, 8)
            put(h, i)
            put(h, j)
            put(h, p.qty)
            put_wide(h, p.fees)
            put_wide(h, p.cost)
            put_wide(h, p.realised)
            put(h, e.position_qty)
            put(h, e.working_buy)
            put(h, e.working_sell)
            put(h, e.reduce_only)
            end_row(h)


# The trades that can still be busted or corrected, in order.
cdef inline void hash_trades(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_execution* row
    cdef int64_t number
    for number in range(first_execution(&core.trades), core.trades.count + 1):
        row = execution_at(&core.trades, number)
        put(h, 14)
        put(h, row.exec_id)
        put_id(h, core, row.venue_exec_id)
        put(h, row.exec_type)
        put(h, row.order_id)
        put(h, row.instrument)
        put(h, row.account)
        put(h, row.venue)
        put(h, row.side)
        put(h, row.qty)
        put(h, row.price)
        put_wide(h, row.commission)
        put(h, row.day)
        put(h, row.state)
        put(h, row.ref_exec_id)
        end_row(h)
        put_row(h, 90, row.strategy, 0)
        if row.told or row.currency or row.reported_currency or row.last_mkt or row.last_liquidity_ind:
            put(h, 94)
            put(h, row.told)
            put(h, row.currency)
            put(h, row.reported_currency)
            put(h, row.last_mkt)
            put(h, row.last_liquidity_ind)
            end_row(h)


# Open orders in the order in which they became so.
cdef inline void hash_open(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef uint32_t at = core.orders.open.head
    while at != NO_SLOT:
        put_row(h, 15, core.orders.slots[at].order_id, -1)
        at = core.orders.slots[at].next


# What is not handed out, in its order.
cdef inline void hash_outbound(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef uint32_t at = core.orders.unsent.first
    cdef const tc_message* m
    while at != NO_MESSAGE:
        m = &core.orders.unsent.messages[at]
        put(h, 17)
        put(h, m.command_seq)
        put(h, m.event_seq)
        put(h, m.transact_time)
        put(h, m.order_id)
        put(h, m.msg_type)
        put(h, m.side)
        put(h, m.ord_type)
        put(h, m.time_in_force)
        put(h, m.exec_inst)
        put(h, m.ord_status)
        put(h, m.unknown)
        put(h, m.instrument)
        put(h, m.account)
        put(h, m.venue)
        put(h, m.reason)
        put(h, m.command_kind)
        put(h, m.trigger_price_type)
        put(h, m.peg_offset_type)
        put(h, m.contingency_type)
        put(h, m.order_qty)
        put(h, m.cum_qty)
        put(h, m.price)
        put(h, m.stop_px)
        put(h, m.expire_time)
        put(h, m.min_qty)
        put(h, m.display_qty)
        put(h, m.peg_offset)
        put(h, m.list_id)
        put(h, m.strategy)
        put_id(h, core, m.cl_ord_id)
        put_id(h, core, m.orig_cl_ord_id)
        end_row(h)
        at = core.orders.unsent.rows[at].next


# One side of one book: what rests, in price-time priority, and when the top last changed.
cdef inline void hash_row(
    tc_hasher* h, const tc_core* core, int32_t instrument, int32_t venue, uint8_t side
) noexcept nogil:
    cdef uint32_t row = row_of(core, instrument, venue, side), level = core.book.rows[row].best, node
    cdef const tc_top* top = &core.router.tops[side_row(instrument, opposite(side)) * MAX_VENUES + venue - 1]
    if top.stamp == 0 and level == NO_LEVEL:
        return
    put(h, 10)
    put(h, instrument)
    put(h, venue)
    put(h, side)
    put(h, top.stamp)
    end_row(h)
    if core.triggers.watched[instrument].opened_at:
        put_row(h, 27, top.told, -1)
    if core.books.printed[row]:
        put_row(h, 24, core.books.printed[row], 0)
    while level != NO_LEVEL:
        node = core.book.levels[level].head
        while node != NO_NODE:
            put(h, 11)
            put(h, core.book.levels[level].price)
            put(h, core.book.nodes[node].qty)
            put(h, core.orders.slots[node].order_id if node < core.order_slots else 0)
            put(h, core.book.nodes[node].hidden)
            end_row(h)
            node = core.book.nodes[node].next
        level = next_level(&core.book, level)


# Only where something was ever displayed: what was not is not walked.
cdef inline void hash_books(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef int32_t i, venue
    cdef uint8_t side
    cdef uint64_t seen
    for i in range(1, core.instrument_count + 1):
        seen = core.router.rankings[side_row(i, SIDE_BUY)].seen | core.router.rankings[side_row(i, SIDE_SELL)].seen
        while seen:
            venue = tc_lowest_bit(seen) + 1
            seen &= seen - 1
            for side in range(SIDE_BUY, SIDE_SELL + 1):
                hash_row(h, core, i, venue, side)


# The whole state: `ids` are the order_ids of all held orders, ascending.
cdef inline void hash_state(tc_hasher* h, tc_core* core, const int64_t* ids, int64_t count) noexcept nogil:
    cdef const tc_order* order
    cdef int64_t i
    hash_counters(h, core)
    hash_definitions(h, core)
    hash_accounts(h, core)
    hash_charges(h, core)
    hash_groups(h, core)
    hash_limits(h, core)
    hash_switches(h, core, &core.risk.kills, 29)
    hash_switches(h, core, &core.risk.states, 38)
    hash_breakers(h, core)
    hash_overrides(h, core)
    hash_positions(h, core)
    hash_day_pnl(h, core)
    hash_strategies(h, core)
    for i in range(count):
        order = find_order(&core.orders, ids[i])
        hash_order(h, core, order)
        hash_terms(h, core, order)
        hash_words_of_order(h, core, order)
        hash_requests(h, core, order)
    hash_books(h, core)
    hash_trades(h, core)
    hash_open(h, core)
    hash_outbound(h, core)
