# The rows of limits: (scope, target, rule) with value, window, soft share and mode. Each target's rows are linked, from
# a head of its own; a row that was set once stays, with the value LIMIT_OFF where it is off. They refuse nothing.

from row_counters cimport *


cdef enum:
    RULES = 64                     # numbers that a rule may have, one bit each in `stated`
    RULE_MAX_ORDER_QTY = 0
    RULE_MAX_ORDER_NOTIONAL = 1
    RULE_PRICE_COLLAR = 2
    RULE_MAX_POSITION_QTY = 3
    RULE_ORDER_RATE = 4
    RULE_REPLACE_RATE = 5
    RULE_CANCEL_RATE = 6
    RULE_MESSAGE_RATE = 7
    RULE_DAILY_ORDER_COUNT = 8
    RULE_RESTRICTED_INSTRUMENT = 9
    RULE_ACCOUNT_BLOCKED = 10
    RULE_STRATEGY_DISABLED = 11
    RULE_PERMITTED_ONLY = 12
    RULE_PERMITTED_INSTRUMENT = 13
    RULE_ORDER_TO_TRADE_RATIO = 14
    RULE_DUPLICATE_ORDER = 15
    RULE_NOTIONAL_PER_WINDOW = 16
    RULE_MAX_GROSS_EXPOSURE = 20
    RULE_MAX_NET_EXPOSURE = 21
    RULE_MAX_POSITION_NOTIONAL = 22
    RULE_MAX_PENDING_NOTIONAL = 23
    RULE_STALE_QUOTE = 25
    RULE_DAILY_LOSS = 26
    RULE_DRAWDOWN = 27
    RULE_REPEATED_EXECUTION = 30
    RULE_CONSECUTIVE_REJECTS = 31
    RULE_REARM_NAMES = 32
    RULE_MAX_OPEN_ORDERS = 33
    RULE_GROUP_EXPOSURE = 34
    RULE_STRATEGY_LOSS = 35
    RULE_MAX_LEVERAGE = 40
    RULE_CONCENTRATION = 41
    RULE_MARGIN_USE = 42
    RULE_SHORT_SALE = 45
    RULE_LOCATE = 46
    RULE_INSUFFICIENT_POSITION = 47
    RULE_INSUFFICIENT_FUNDS = 48
    RULE_CREDIT_LIMIT = 49
    SENT_NEW = 1
    SENT_REPLACE = 2
    SENT_CANCEL = 4
    SENT_MESSAGES = 7              # of these: what came of an order is none
    SENT_TRADE = 8
    SENT_REJECT = 16
    SENT_EXECUTION = 32            # an order's first trade
    SENT_OUTCOMES = 48
    SENT_ALIKE = 64                # orders with the same terms
    SENT_NOTIONAL = 128            # what orders are worth
    SENT_OPEN = 256                # orders until they end
    SENT_BY_TERMS = 448
    UNIT_QUANTITY = 0
    UNIT_MONEY = 1
    UNIT_BASIS_POINTS = 2
    UNIT_COUNT = 3
    MODE_ENFORCE = 0
    MODE_OBSERVE = 1
    MODE_CANCEL = 2                # of a loss: enforced, and what works is canceled
    MODE_SOFT = 3                  # of a line, never of a row: what warns
    SCOPE_FIRM = 0
    SCOPE_ACCOUNT = 1
    SCOPE_INSTRUMENT = 2
    SCOPE_VENUE = 3
    SCOPE_STRATEGY = 4
    SCOPE_ACCOUNT_INSTRUMENT = 5
    SCOPE_ACCOUNT_GROUP = 6
    SCOPE_INSTRUMENT_GROUP = 7
    SOFT_MOST = 10_000             # of a soft share: the limit itself
    SLOTS = 39                     # of an effective line, see limit_lines.pxd
    VENUES = 65


# What a rule is: a row of tradecore/vocabulary/rules.py.
cdef struct tc_limit_rule:
    tc_i128 most
    int32_t reason
    uint32_t scopes                # one bit a scope that it takes
    int8_t slot, firm_slot         # -1: it counts
    int8_t group_slot              # of rows on account groups
    uint8_t unit, stated, windowed
    uint16_t counts                # SENT_...
    uint8_t asks
    uint8_t on_marks               # it needs what is held at its marks
    uint8_t on_loss                # it acts whenever the day's P&L changes
    uint8_t on_equity              # it needs equity
    uint8_t permits                # it lets pass what another rule would refuse
    uint8_t on_funds               # it asks what there is and is held of an account's cash


cdef struct tc_limit_row:
    tc_i128 value                  # 10**-9 of a unit or a currency, bps, or times; -1: off
    int64_t window_ns
    int64_t who, why, set_time     # ids of texts, 0: not said
    int64_t breached, breaches     # when it last refused, or would have; how often
    int32_t account, instrument, venue                 # its target: what its scope does not name is 0
    int32_t strategy               # or group
    uint32_t next                  # of the same target
    uint32_t counter               # of a rule that counts, once it was armed
    uint16_t soft_share
    uint16_t counts                # as its rule
    uint8_t rule, scope, mode
    uint8_t asks, windowed


cdef struct tc_rows:
    tc_limit_rule* rules
    tc_limit_row* rows             # from 1
    tc_counter* counters           # from 1
    int64_t* times                 # [counter * (rate_mask + 1) + (sent & rate_mask)]
    tc_dealt* dealt                # beside `times`
    tc_i128* sums                  # in their place, of a rule about notionals: what all orders up to then were worth
    uint32_t* account_heads        # each by its id: the first row of the target, 0 where it has none
    uint32_t* instrument_heads
    uint32_t* venue_heads
    uint32_t* strategy_heads
    uint32_t* account_group_heads  # by group
    uint32_t* instrument_group_heads
    tc_member_groups groups
    uint32_t* pair_heads           # [instrument * stride + account]
    void* merged                   # see limit_lines.pxd
    uint64_t* stated               # by account: one bit a rule that was told it
    tc_command* staged             # changes of a set that is not whole yet
    int64_t stride
    int64_t generation             # of the effective lines: they count from 1
    uint64_t rate_mask
    uint32_t row_count, row_max, counter_count, counter_max, firm_head
    uint32_t staged_count, staged_size, staged_max
    uint64_t all_stated            # one bit a rule that an account must be told
    uint64_t counting              # one bit a rule that counts messages
    uint32_t observed, softened    # rows that are only observed, and that warn
    uint32_t on_marks              # rows that need what is held at its marks
    uint32_t breakers              # rows that disarm
    uint32_t alike                 # rows about orders with the same terms
    uint32_t notionals             # rows about what orders are worth
    uint32_t on_firm               # and are on all accounts together, armed or not
    uint32_t on_loss, on_strategies                    # rows that act on the day's P&L: of accounts, of strategies
    uint32_t on_equity, on_margin  # rows that need equity, and what positions must be covered with
    uint32_t on_funds, opens       # rows that ask for funds, and about how many orders are open
    uint32_t counted               # SENT_... that some row has counted
    int32_t strategy_max


# Only in C: a dict by key in Python.
# The head of a target's rows. The caller has checked that there is such a target.
cdef inline uint32_t* head_of(
    tc_rows* r, int scope, int32_t account, int32_t instrument, int32_t venue, int32_t strategy
) noexcept nogil:
    if scope == SCOPE_FIRM:
        return &r.firm_head
    if scope == SCOPE_ACCOUNT:
        return &r.account_heads[account]
    if scope == SCOPE_INSTRUMENT:
        return &r.instrument_heads[instrument]
    if scope == SCOPE_VENUE:
        return &r.venue_heads[venue]
    if scope == SCOPE_STRATEGY:
        return &r.strategy_heads[strategy]
    if scope == SCOPE_ACCOUNT_GROUP:
        return &r.account_group_heads[strategy]
    if scope == SCOPE_INSTRUMENT_GROUP:
        return &r.instrument_group_heads[strategy]
    return &r.pair_heads[instrument * r.stride + account]


# Only in C: each row has a deque in Python.
cdef inline int64_t* times_of(const tc_rows* r, uint32_t counter) noexcept nogil:
    return &r.times[counter * <int64_t>(r.rate_mask + 1)]


# Only in C: each row has a deque in Python.
cdef inline tc_i128* sums_of(const tc_rows* r, uint32_t counter) noexcept nogil:
    return &r.sums[counter * <int64_t>(r.rate_mask + 1)]


# Only in C: see row_counters.pxd.
# The row's limit, its window, or the trades that it counts have changed, or what waits ahead.
cdef inline void reset_free(tc_rows* r, const tc_limit_row* row) noexcept nogil:
    cdef tc_counter* counter = &r.counters[row.counter]
    cdef int64_t most = <int64_t>r.rate_mask + 1
    counter.recent = 0
    if not row.counts & SENT_MESSAGES:
        return
    counter.times = times_of(r, row.counter)
    counter.window_ns = row.window_ns
    counter.counts, counter.asks, counter.windowed = row.counts, row.asks, row.windowed
    counter.back = 0
    if row.value >= 0 and counter.ahead == 0:
        counter.back = <int64_t>row.value * (counter.trades if counter.trades > 1 else 1)
        if row.windowed and counter.back > most:
            counter.back = most
    keep_free(counter, r.rate_mask)


# The row of a rule among a target's, 0 where it has none.
cdef inline uint32_t find_row(const tc_rows* r, uint32_t head, int rule) noexcept nogil:
    cdef uint32_t at = head
    while at and r.rows[at].rule != rule:
        at = r.rows[at].next
    return at


# A row at its place among its target's, which stand in the order of the rules.
cdef inline uint32_t add_row(tc_rows* r, uint32_t* head, int rule) noexcept nogil:
    cdef uint32_t* place = head
    while place[0] and r.rows[place[0]].rule < rule:
        place = &r.rows[place[0]].next
    r.row_count += 1
    tc_assert(r.row_count <= r.row_max)
    r.rows[r.row_count].next = place[0]
    r.rows[r.row_count].rule = <uint8_t>rule
    r.rows[r.row_count].counts = r.rules[rule].counts
    r.rows[r.row_count].asks = r.rules[rule].asks
    r.rows[r.row_count].windowed = r.rules[rule].windowed
    place[0] = r.row_count
    return r.row_count


# The byte offset of the field of a SET_LIMIT that can't be, or -1; the caller has checked that its target is declared.
# A soft share of the hard limit's own or below it; none for what has no share.
cdef inline int find_bad_limit(const tc_rows* r, const tc_command* c) noexcept nogil:
    cdef tc_i128 value = tc_join(c.value, c.value_high), most
    cdef int scope = c.limit_scope
    if c.rule < 0 or c.rule >= RULES or r.rules[c.rule].reason == 0:
        return 56
    if not (r.rules[c.rule].scopes >> scope) & 1:
        return 112
    most = r.rules[c.rule].most if r.rules[c.rule].most >= 0 else <int64_t>r.rate_mask + 1
    if value < -1 or value > most:
        return 64
    if r.rules[c.rule].windowed and value >= 0 and (c.window_ns < 1 or c.window_ns > time_max()):
        return 72
    if c.mode < MODE_ENFORCE or c.mode > MODE_CANCEL or (c.mode == MODE_CANCEL and not r.rules[c.rule].on_loss):
        return 80
    if c.mode == MODE_OBSERVE and (r.rules[c.rule].permits or not r.rules[c.rule].counts | r.rules[c.rule].asks):
        return 80
    return 114 if c.soft_share > (0 if r.rules[c.rule].most == 0 else SOFT_MOST) else -1


# The header's field that a scope names must be declared, and no other be said: its byte offset, or -1.
cdef inline int find_bad_target(
    const tc_rows* r, const tc_command* c, int32_t accounts, int32_t instruments, int32_t venues
) noexcept nogil:
    cdef int scope = c.limit_scope
    cdef bint by_account = scope == SCOPE_ACCOUNT or scope == SCOPE_ACCOUNT_INSTRUMENT
    cdef bint by_instrument = scope == SCOPE_INSTRUMENT or scope == SCOPE_ACCOUNT_INSTRUMENT
    cdef int32_t numbered = (
        r.strategy_max if scope == SCOPE_STRATEGY else r.groups.account_count if scope == SCOPE_ACCOUNT_GROUP
        else r.groups.instrument_count if scope == SCOPE_INSTRUMENT_GROUP else -1)
    if scope > SCOPE_INSTRUMENT_GROUP:
        return 112
    if c.account < by_account or c.account > (accounts if by_account else 0):
        return 12
    if c.instrument < by_instrument or c.instrument > (instruments if by_instrument else 0):
        return 8
    if c.venue < (scope == SCOPE_VENUE) or c.venue > (venues if scope == SCOPE_VENUE else 0):
        return 16
    if c.strategy < (numbered >= 0) or c.strategy > (numbered if numbered >= 0 else 0):
        return 124
    return -1


# Does a row stand in the lines of a mode? What is enforced warns too where it has a soft share.
cdef inline bint binds(const tc_limit_row* row, int mode) noexcept nogil:
    if row.value < 0 or (row.mode == MODE_OBSERVE) != (mode == MODE_OBSERVE):
        return False
    return mode != MODE_SOFT or row.soft_share > 0


# Does a row let pass what another would refuse? Whatever its mode: only observed it would refuse more.
cdef inline bint permits(const tc_rows* r, const tc_limit_row* row, int mode) noexcept nogil:
    return r.rules[row.rule].permits != 0 and row.value >= 0 and mode != MODE_SOFT


# Does a row need what is held at its marks?
cdef inline bint needs_marks(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    return r.rules[row.rule].on_marks != 0 and row.value >= 0


# Does a row disarm, or tell of what would?
cdef inline bint is_breaker(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    return r.rules[row.rule].counts & SENT_OUTCOMES != 0 and row.value >= 0


# Does a row look at what orders ask for: whether they are alike, what they are worth, how many are open?
cdef inline bint is_about(const tc_rows* r, const tc_limit_row* row, int what) noexcept nogil:
    return r.rules[row.rule].counts & what != 0 and row.value >= 0


# Has each armed row of a rule a counter of its own?
cdef inline bint takes_counter(const tc_rows* r, int rule) noexcept nogil:
    return r.rules[rule].counts & ~(SENT_ALIKE | SENT_OPEN) != 0


# Does a row act whenever the day's P&L of an account or the firm changes?
cdef inline bint acts_on_loss(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    return r.rules[row.rule].on_loss != 0 and row.scope != SCOPE_STRATEGY and row.value >= 0


# Does a row act whenever the day's P&L of a strategy changes?
cdef inline bint acts_on_strategy(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    return r.rules[row.rule].on_loss != 0 and row.scope == SCOPE_STRATEGY and row.value >= 0


# Is a row about equity?
cdef inline bint needs_equity(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    return r.rules[row.rule].on_equity != 0 and row.value >= 0


# Is a row about margin?
cdef inline bint needs_margin(const tc_limit_row* row) noexcept nogil:
    return row.rule == RULE_MARGIN_USE and row.value >= 0


# Does a row ask for funds?
cdef inline bint asks_funds(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    return r.rules[row.rule].on_funds != 0 and row.value >= 0


# Does a row of this scope bound what all accounts have together?
cdef inline bint is_of_firm(int scope) noexcept nogil:
    return scope == SCOPE_FIRM or scope == SCOPE_INSTRUMENT or scope == SCOPE_INSTRUMENT_GROUP


# How many rows and counters a change would take that are not there yet.
cdef inline void count_needs(tc_rows* r, const tc_command* c, uint32_t* rows, uint32_t* counters) noexcept nogil:
    cdef uint32_t at = find_row(
        r, head_of(r, c.limit_scope, c.account, c.instrument, c.venue, c.strategy)[0], <int>c.rule)
    rows[0] += at == 0
    counters[0] += takes_counter(r, <int>c.rule) and c.value_high >= 0 and r.rows[at].counter == 0


# Sets one row, which find_bad_limit and find_bad_target let pass and there is room for; its number.
cdef inline uint32_t set_row(tc_rows* r, const tc_command* c, int64_t now) noexcept nogil:
    cdef uint32_t* head = head_of(r, c.limit_scope, c.account, c.instrument, c.venue, c.strategy)
    cdef uint32_t at = find_row(r, head[0], <int>c.rule)
    cdef tc_limit_row* row
    cdef bint was_off
    if not at:
        at = add_row(r, head, <int>c.rule)
        r.rows[at].value = -1
        r.on_firm += r.rules[c.rule].on_marks != 0 and is_of_firm(c.limit_scope)
    row = &r.rows[at]
    was_off = row.value < 0
    r.observed -= binds(row, MODE_OBSERVE)
    r.softened -= binds(row, MODE_SOFT)
    r.on_marks -= needs_marks(r, row)
    r.breakers -= is_breaker(r, row)
    r.alike -= is_about(r, row, SENT_ALIKE)
    r.notionals -= is_about(r, row, SENT_NOTIONAL)
    r.opens -= is_about(r, row, SENT_OPEN)
    r.on_loss -= acts_on_loss(r, row)
    r.on_strategies -= acts_on_strategy(r, row)
    r.on_equity -= needs_equity(r, row)
    r.on_margin -= needs_margin(row)
    r.on_funds -= asks_funds(r, row)
    row.scope = <uint8_t>c.limit_scope
    row.account = c.account
    row.instrument = c.instrument
    row.venue = c.venue
    row.strategy = c.strategy
    row.value = tc_join(c.value, c.value_high)
    row.mode = <uint8_t>c.mode
    row.soft_share = c.soft_share
    row.who = c.who
    row.why = c.why
    row.set_time = now
    if r.rules[c.rule].windowed:
        row.window_ns = c.window_ns
    r.observed += binds(row, MODE_OBSERVE)
    r.softened += binds(row, MODE_SOFT)
    r.on_marks += needs_marks(r, row)
    r.on_loss += acts_on_loss(r, row)
    r.on_strategies += acts_on_strategy(r, row)
    r.on_equity += needs_equity(r, row)
    r.on_margin += needs_margin(row)
    r.on_funds += asks_funds(r, row)
    r.breakers += is_breaker(r, row)
    r.alike += is_about(r, row, SENT_ALIKE)
    r.notionals += is_about(r, row, SENT_NOTIONAL)
    r.opens += is_about(r, row, SENT_OPEN)
    if takes_counter(r, <int>c.rule) and row.value >= 0 and row.counter == 0:
        r.counter_count += 1
        tc_assert(r.counter_count <= r.counter_max)
        row.counter = r.counter_count
        r.counted |= r.rules[c.rule].counts
    if row.counter:
        reset_free(r, row)
    if was_off and is_breaker(r, row):                 # what it counted before it was off, nobody has looked at since
        r.counters[row.counter].day_first = r.counters[row.counter].sent
    if row.scope == SCOPE_ACCOUNT:
        r.stated[row.account] |= <uint64_t>1 << <int>c.rule
    r.generation += 1
    return at
