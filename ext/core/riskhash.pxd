# The hash of risk's own state: rows of limits, what they count, and switches.
# Only in C: a twin hashes rows in comprehensions.

from hasher cimport *


# One row with the times that it still counts, oldest first, by what it is about: never by its number.
cdef inline uint64_t limit_digest(const tc_core* core, const tc_limit_row* row) noexcept nogil:
    cdef const tc_rows* r = &core.risk.rows
    cdef const tc_counter* counter = &r.counters[row.counter]
    cdef const tc_dealt* dealt
    cdef int64_t kept = <int64_t>r.rate_mask + 1, at
    cdef tc_hasher h
    memset(&h, 0, sizeof(h))
    put(&h, row.scope)
    put(&h, row.instrument)
    put(&h, row.account)
    put(&h, row.venue)
    put(&h, row.strategy)
    put(&h, row.rule)
    put_wide(&h, row.value)
    put(&h, row.window_ns)
    put(&h, row.mode)
    put(&h, row.soft_share)
    put_id(&h, core, row.who)
    put_id(&h, core, row.why)
    put(&h, row.set_time)
    put(&h, row.breached)
    put(&h, row.breaches)
    put(&h, row.counter != 0)
    put(&h, counter.sent)
    put(&h, counter.day_first)
    end_row(&h)
    for at in range(counter.sent - kept if counter.sent > kept else 0, counter.sent):
        put(&h, times_of(r, row.counter)[<uint64_t>at & r.rate_mask])
        end_row(&h)
    if counter.trades:
        put(&h, counter.trades)
        end_row(&h)
    if row.rule == RULE_NOTIONAL_PER_WINDOW:
        for at in range(counter.sent - kept if counter.sent > kept else 0, counter.sent):
            put_wide(&h, sums_of(r, row.counter)[<uint64_t>at & r.rate_mask])
            end_row(&h)
    if row.rule == RULE_REPEATED_EXECUTION:
        for at in range(counter.sent - kept if counter.sent > kept else 0, counter.sent):
            dealt = &deals_of(r, row.counter)[<uint64_t>at & r.rate_mask]
            put(&h, dealt.instrument)
            put(&h, dealt.side)
            put(&h, dealt.order_qty)
            end_row(&h)
    return h.chain


# A change of a set that is not whole yet: what it will make.
cdef inline void hash_staged(tc_hasher* h, const tc_core* core, const tc_command* c) noexcept nogil:
    put(h, 36)
    put(h, c.limit_scope)
    put(h, c.instrument)
    put(h, c.account)
    put(h, c.venue)
    put(h, c.strategy)
    put(h, c.rule)
    put_wide(h, tc_join(c.value, c.value_high))
    put(h, c.window_ns)
    put(h, c.mode)
    put(h, c.soft_share)
    put_id(h, core, c.who)
    put_id(h, core, c.why)
    end_row(h)


# The orders that another is compared with, oldest first.
cdef inline void hash_recent(tc_hasher* h, const tc_recent* recent) noexcept nogil:
    cdef const tc_recent_order* order
    cdef int64_t forgotten = recent.count - <int64_t>recent.mask - 1, number
    for number in range(forgotten + 1 if forgotten > 0 else 1, recent.count + 1):
        order = &recent.orders[<uint64_t>number & recent.mask]
        put(h, 66)
        put(h, order.time)
        put(h, order.terms.account)
        put(h, order.terms.instrument)
        put(h, order.terms.side)
        put(h, order.terms.order_qty)
        put(h, order.terms.price)
        put(h, order.terms.stop_px)
        put(h, order.terms.peg_offset)
        put(h, order.terms.peg_offset_type)
        end_row(h)


# Who is in which group, by its name.
cdef inline void hash_groups(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_member_groups* groups = &core.risk.rows.groups
    cdef int32_t i
    for i in range(1, core.account_count + 1):
        if groups.of_account[i]:
            put(h, 84)
            put(h, i)
            put_id(h, core, groups.account_names[groups.of_account[i]])
            end_row(h)
    for i in range(1, core.instrument_count + 1):
        if groups.of_instrument[i]:
            put(h, 85)
            put(h, i)
            put_id(h, core, groups.instrument_names[groups.of_instrument[i]])
            end_row(h)


# Rows have no order of their own: their digests are added up.
cdef inline void hash_limits(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef uint64_t total = 0
    cdef uint32_t i
    for i in range(1, core.risk.rows.row_count + 1):
        total += limit_digest(core, &core.risk.rows.rows[i])
    put(h, 28)
    put(h, core.risk.rows.row_count)
    put(h, <int64_t>total)
    put(h, core.risk.rows.staged_count)
    put(h, core.risk.rows.staged_size)
    end_row(h)
    for i in range(core.risk.rows.staged_count):
        hash_staged(h, core, &core.risk.rows.staged[i])
    hash_recent(h, &core.risk.recent)


# How many targets a scope has, from its first.
cdef inline int32_t targets_of(const tc_core* core, int scope) noexcept nogil:
    return (core.account_count if scope == SCOPE_ACCOUNT else core.instrument_count if scope == SCOPE_INSTRUMENT
            else core.venue_count if scope == SCOPE_VENUE else core.risk.rows.strategy_max)


cdef inline void hash_switches(tc_hasher* h, const tc_core* core, const tc_switches* switches, int row) noexcept nogil:
    cdef const tc_switch* switch
    cdef int32_t i
    cdef int scope
    for scope in range(SWITCHED):
        for i in range(scope != SCOPE_FIRM, (targets_of(core, scope) if scope != SCOPE_FIRM else 0) + 1):
            switch = &switches.by_scope[scope][i]
            if switch.state == STATE_ACTIVE:
                continue
            put(h, row)
            put(h, scope)
            put(h, i)
            put_id(h, core, switch.who)
            put_id(h, core, switch.why)
            put(h, switch.since)
            put(h, switch.state)
            put(h, switch.reason)
            end_row(h)


# The strategies that breakers have disarmed.
cdef inline void hash_breakers(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_tripped* tripped
    cdef int32_t strategy
    for strategy in range(1, core.risk.rows.strategy_max + 1 if core.risk.breakers.count else 1):
        tripped = &core.risk.breakers.by_strategy[strategy]
        if tripped.row == 0:
            continue
        put(h, 62)
        put(h, strategy)
        put(h, tripped.reason)
        put(h, tripped.value)
        put(h, tripped.limit)
        put(h, tripped.since)
        put(h, tripped.names)
        put_id(h, core, tripped.first)
        end_row(h)


# The overrides, as they came.
cdef inline void hash_overrides(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_override* override
    cdef int32_t i
    for i in range(core.risk.overrides.count):
        override = &core.risk.overrides.rows[i]
        put(h, 63)
        put(h, override.order_id)
        put(h, override.rule)
        put_id(h, core, override.who)
        put_id(h, core, override.why)
        put(h, override.since)
        put(h, override.until)
        put(h, override.used)
        end_row(h)


# Only in C: the body of a loop in Python.
cdef inline void hash_closed(
    tc_hasher* h, const tc_core* core, int row, const tc_pnl_part* parts, int32_t count
) noexcept nogil:
    cdef int64_t stride = core.risk.pnl.stride
    cdef int32_t account, i
    for i in range(1, count + 1):
        for account in range(core.account_count + 1):
            if parts[i * stride + account].closed != 0:
                put(h, row)
                put(h, i)
                put(h, account)
                put_wide(h, parts[i * stride + account].closed)
                end_row(h)


# Only in C: the body of a loop in Python.
cdef inline void hash_opened(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_pnl_part* part
    cdef int32_t account, i
    for i in range(1, core.instrument_count + 1):
        for account in range(core.account_count + 1):
            part = &core.risk.pnl.parts[i * core.risk.pnl.stride + account]
            if part.opened != 0:
                put(h, 73)
                put(h, i)
                put(h, account)
                put_wide(h, part.opened)
                end_row(h)


# From where the day's P&L counts, and what was told of it: the rest follows from trades, marks and rates.
cdef inline void hash_day_pnl(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_day_total* total
    cdef int32_t account
    hash_closed(h, core, 57, core.risk.pnl.parts, core.instrument_count)
    hash_closed(h, core, 58, core.risk.pnl.fees, core.currency_count)
    hash_opened(h, core)
    for account in range(core.account_count + 1):
        total = &core.risk.pnl.totals[account]
        if total.peak != 0 or total.told:
            put(h, 59)
            put(h, account)
            put_wide(h, total.peak)
            put(h, total.told)
            end_row(h)


# Only in C: the body of a loop in Python.
cdef inline void hash_parts(
    tc_hasher* h, const tc_core* core, int number, const tc_strategy_part* parts, int32_t count
) noexcept nogil:
    cdef const tc_strategy_part* row
    cdef int32_t i, strategy
    for i in range(1, count + 1):
        row = &parts[i * core.risk.strategies.stride]
        for strategy in range(1, core.risk.strategies.strategy_max + 1 if row.earlier else 1):
            if row[strategy].qty != 0 or row[strategy].paid != 0 or row[strategy].closed != 0:
                put(h, number)
                put(h, i)
                put(h, strategy)
                put_wide(h, row[strategy].qty)
                put_wide(h, row[strategy].paid)
                put_wide(h, row[strategy].closed)
                end_row(h)


# What trades of strategies moved and cost, from where their P&L counts, and what was told of it.
cdef inline void hash_strategies(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef int32_t strategy
    hash_parts(h, core, 91, core.risk.strategies.parts, core.instrument_count)
    hash_parts(h, core, 92, core.risk.strategies.fees, core.currency_count)
    for strategy in range(1, core.risk.strategies.strategy_max + 1):
        if core.risk.strategies.totals[strategy].told:
            put(h, 93)
            put(h, strategy)
            put(h, core.risk.strategies.totals[strategy].told)
            end_row(h)
