# The tables of risk: sized once, zeroed, owned by the shell that asked for them.
# Only in C: a twin's tables are Python's lists and dicts.

from table cimport table
from shell cimport number_of
from holds cimport *


# What exposures are worth: instruments have no mark yet, and only the base currency a rate.
cdef inline int open_values(
    list t, tc_values* x, tc_exposure* held, int64_t accounts, int64_t instruments, int64_t currencies
) except -1:
    x.held = held
    x.stride = accounts
    x.values = <tc_value*>table(t, instruments * accounts, sizeof(tc_value))
    x.worths = <tc_worth*>table(t, instruments, sizeof(tc_worth))
    x.totals = <tc_total*>table(t, 2 * accounts, sizeof(tc_total))
    x.group_totals = <tc_total*>table(t, instruments, sizeof(tc_total))
    x.rates = <int64_t*>table(t, currencies, sizeof(int64_t))
    x.rates[BASE_CURRENCY] = rate_one()
    return 0


# The day's P&L of what is held: nothing was paid yet. The caller has the instruments and the decimals of currencies.
cdef inline int open_pnl(
    list t, tc_pnl* p, tc_values* values, int64_t accounts, int64_t instruments, int64_t currencies
) except -1:
    p.values = values
    p.stride = accounts
    p.currencies = <int32_t>currencies - 1
    p.parts = <tc_pnl_part*>table(t, instruments * accounts, sizeof(tc_pnl_part))
    p.fees = <tc_pnl_part*>table(t, currencies * accounts, sizeof(tc_pnl_part))
    p.totals = <tc_day_total*>table(t, accounts, sizeof(tc_day_total))
    p.touched_words = (accounts + 63) >> 6
    p.touched = <uint64_t*>table(t, p.touched_words, sizeof(uint64_t))
    return 0


# The day's P&L of strategies, the same.
cdef inline int open_strategies(
    list t, tc_strategy_pnl* s, const tc_values* values, int64_t strategies, int64_t instruments, int64_t currencies
) except -1:
    s.values = values
    s.stride = strategies + 1
    s.strategy_max = <int32_t>strategies
    s.currencies = <int32_t>currencies - 1
    s.parts = <tc_strategy_part*>table(t, instruments * s.stride, sizeof(tc_strategy_part))
    s.fees = <tc_strategy_part*>table(t, currencies * s.stride, sizeof(tc_strategy_part))
    s.totals = <tc_day_total*>table(t, s.stride, sizeof(tc_day_total))
    s.touched_words = (s.stride + 63) >> 6
    s.touched = <uint64_t*>table(t, s.touched_words, sizeof(uint64_t))
    return 0


# The cash of accounts: nothing was paid or held yet. The caller has the instruments, the decimals of currencies and
# what was opened.
cdef inline int open_funds(
    list t, tc_funds* f, int64_t accounts, int64_t instruments, int64_t currencies
) except -1:
    f.stride, f.currency_stride = accounts, currencies
    f.paid_size, f.sum_size = instruments * accounts * sizeof(tc_i128), accounts * currencies * sizeof(tc_i128)
    f.part_size = accounts * currencies * sizeof(tc_owed)
    f.paid = <tc_i128*>table(t, instruments * accounts, sizeof(tc_i128))
    f.brought = <tc_i128*>table(t, accounts * currencies, sizeof(tc_i128))
    f.fees = <tc_i128*>table(t, accounts * currencies, sizeof(tc_i128))
    f.held = <tc_i128*>table(t, accounts * currencies, sizeof(tc_i128))
    f.parts = <tc_owed*>table(t, accounts * currencies, sizeof(tc_owed))
    f.owed = <tc_owed*>table(t, accounts, sizeof(tc_owed))
    return 0


# The tables of the rows: `rules` is tradecore.vocabulary.rules.rule_numbers(). Accounts and instruments from 0, so one
# more than there can be. Each account's ORDER_RATE has a counter, beside `counters` of other rows.
cdef inline int open_risk(
    list t, tc_risk* risk, int64_t accounts, int64_t instruments, int64_t currencies, int64_t rows, int64_t counters,
    int64_t strategies, int64_t order_rate, list rules
) except -1:
    cdef tc_rows* r = &risk.rows
    cdef tc_limit_rule* rule
    cdef tc_switches* s
    r.rules = <tc_limit_rule*>table(t, RULES, sizeof(tc_limit_rule))
    r.rows = <tc_limit_row*>table(t, rows + 1, sizeof(tc_limit_row))
    r.counters = <tc_counter*>table(t, counters + 1, sizeof(tc_counter))
    r.times = <int64_t*>table(t, (counters + 1) * order_rate, sizeof(int64_t))
    r.dealt = <tc_dealt*>table(t, (counters + 1) * order_rate, sizeof(tc_dealt))
    r.sums = <tc_i128*>r.dealt     # a row is about executions or about notionals
    tc_assert(sizeof(tc_dealt) == sizeof(tc_i128))
    r.account_heads = <uint32_t*>table(t, accounts, sizeof(uint32_t))
    r.instrument_heads = <uint32_t*>table(t, instruments, sizeof(uint32_t))
    r.venue_heads = <uint32_t*>table(t, VENUES, sizeof(uint32_t))
    r.account_group_heads = <uint32_t*>table(t, accounts, sizeof(uint32_t))
    r.instrument_group_heads = <uint32_t*>table(t, instruments, sizeof(uint32_t))
    r.groups.of_account = <int32_t*>table(t, accounts, sizeof(int32_t))
    r.groups.of_instrument = <int32_t*>table(t, instruments, sizeof(int32_t))
    r.groups.account_names = <int64_t*>table(t, accounts, sizeof(int64_t))
    r.groups.instrument_names = <int64_t*>table(t, instruments, sizeof(int64_t))
    r.strategy_heads = <uint32_t*>table(t, strategies + 1, sizeof(uint32_t))
    r.pair_heads = <uint32_t*>table(t, instruments * accounts, sizeof(uint32_t))
    r.merged = table(t, MERGED, sizeof(tc_merged_line))
    r.stated = <uint64_t*>table(t, accounts, sizeof(uint64_t))
    r.staged = <tc_command*>table(t, rows, sizeof(tc_command))
    r.stride = accounts
    r.rate_mask = risk.recent.mask = <uint64_t>order_rate - 1
    risk.recent.orders = <tc_recent_order*>table(t, order_rate, sizeof(tc_recent_order))
    risk.recent.last = <int64_t*>table(t, order_rate, sizeof(int64_t))
    r.row_max = r.staged_max = <uint32_t>rows
    r.counter_max = <uint32_t>counters
    r.strategy_max = <int32_t>strategies
    r.generation = 1
    for (reason, unit, most, scopes, slot, firm_slot, stated, windowed, counts, asks, on_marks, on_loss, on_equity,
         permitting, on_funds, group_slot, number) in rules:
        rule = &r.rules[<int>number]
        rule.reason, rule.unit, rule.most, rule.scopes = reason, unit, number_of(most), scopes
        rule.slot, rule.firm_slot, rule.stated, rule.windowed = slot, firm_slot, stated, windowed
        rule.group_slot = group_slot
        rule.counts, rule.asks, rule.on_marks = counts, asks, on_marks
        rule.on_loss, rule.on_equity = on_loss, on_equity
        rule.permits, rule.on_funds = permitting, on_funds
        r.all_stated |= <uint64_t>stated << <int>number
        r.counting |= <uint64_t>((counts & SENT_MESSAGES) != 0) << <int>number
    risk.opens.stride, risk.opens.places = accounts, instruments * accounts
    risk.opens.strategy_max = <int32_t>strategies
    risk.opens.by_place = <uint32_t*>table(t, instruments * accounts, sizeof(uint32_t))
    risk.opens.by_strategy = <uint32_t*>table(t, strategies + 1, sizeof(uint32_t))
    risk.account_stride = accounts
    risk.lines = <tc_line*>table(t, instruments * accounts, sizeof(tc_line))
    risk.watched = <tc_line*>table(t, instruments * accounts, sizeof(tc_line))
    risk.softs = <tc_line*>table(t, instruments * accounts, sizeof(tc_line))
    risk.exposures = <tc_exposure*>table(t, instruments * accounts, sizeof(tc_exposure))
    risk.values.groups = &r.groups
    open_values(t, &risk.values, risk.exposures, accounts, instruments, currencies)
    risk.breakers.by_strategy = <tc_tripped*>table(t, strategies + 1, sizeof(tc_tripped))
    open_funds(t, &risk.funds, accounts, instruments, currencies)
    risk.funds.rates = risk.values.rates
    open_pnl(t, &risk.pnl, &risk.values, accounts, instruments, currencies)
    open_strategies(t, &risk.strategies, &risk.values, strategies, instruments, currencies)
    for switches in range(2):
        s = &risk.states if switches else &risk.kills
        for scope, most in ((SCOPE_FIRM, 1), (SCOPE_ACCOUNT, accounts), (SCOPE_INSTRUMENT, instruments),
                            (SCOPE_VENUE, VENUES), (SCOPE_STRATEGY, strategies + 1)):
            s.by_scope[<int>scope] = <tc_switch*>table(t, most, sizeof(tc_switch))
        s.strategy_max = <int32_t>strategies
    return 0
