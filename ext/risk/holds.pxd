# The tables of risk: limits, switches, exposures, and the orders of the last while. What rests is reserved, a fill
# commits it, an end releases it. They are what the checks ask; they refuse nothing.

from instrument cimport *


cdef enum:
    RULES = 5
    RULE_ORDER_QTY = 0
    RULE_ORDER_NOTIONAL = 1
    RULE_COLLAR = 2
    RULE_POSITION_QTY = 3
    RULE_ORDER_RATE = 4
    ALL_RULES = 31
    CHECKS = 13                    # one for each reason from KILL_SWITCH to SESSION_CLOSED
    OBSERVABLE = 6                 # of them, those that limits decide: from REFERENCE_PRICE_UNAVAILABLE to ORDER_RATE
    MODE_ENFORCE = 0
    MODE_OBSERVE = 1
    SCOPE_FIRM = 0
    SCOPE_ACCOUNT = 1
    SCOPE_INSTRUMENT = 2
    SCOPE_VENUE = 3


cdef struct tc_account_risk:
    tc_i128 limits[RULES]          # 10**-9 of a unit, of a currency, bps, 10**-9 of a unit, orders; -1: off
    tc_i128 watched[RULES]         # limits that are only observed: `limits` has them as off
    int64_t window_ns              # of ORDER_RATE
    int64_t sent                   # orders that passed, ever; the last rate_mask + 1 times are kept
    uint32_t configured            # one bit a rule that was set, to a number or to off
    uint32_t watching              # one bit a rule that is only observed
    uint8_t killed


cdef struct tc_exposure:
    int64_t position_qty, working_buy, working_sell
    uint32_t reduce_only           # open orders that may only reduce
    uint16_t is_trimmed            # it stands in the list of positions that moved under such orders
    uint16_t is_used               # of the firm's row: something of the instrument was ever held or booked


cdef struct tc_risk:
    tc_account_risk* accounts      # from 1
    tc_exposure* exposures         # [instrument * account_stride + account]; account 0 is the whole firm
    uint8_t* killed_instruments
    uint8_t* killed_venues
    int64_t* sent_times            # [account * (rate_mask + 1) + sent & rate_mask]
    int64_t account_stride
    uint64_t rate_mask
    uint8_t killed_firm


cdef struct tc_finding:
    int64_t value, limit           # in the rule's unit
    bint refused, armed


# What risk is asked about. Twice the reference price, so that a mid between units stays an integer.
cdef struct tc_question:
    int64_t order_qty, price, now
    int64_t leaves_qty             # of it, what is not traded yet
    int64_t hold_qty               # lots that would be held beyond what is: of a replace, its increase
    int64_t reference2, touch2     # twice the reference, and twice the best price that it could take; -2**63: none
    int32_t instrument, account, venue
    uint8_t side, ord_type         # BUY or SELL, MARKET or LIMIT: as what it would trade
    bint duplicate, reduce_only
    bint closed                    # no session takes it now
    bint recheck                   # a replace that asks for no more, or an order that is let go: not counted again
    bint released                  # an order that is let go: what it holds is in the exposure
    int64_t open_orders, max_open_orders


cdef inline tc_exposure* exposure_of(const tc_risk* risk, int32_t instrument, int32_t account) noexcept nogil:
    return &risk.exposures[instrument * risk.account_stride + account]


# How many lots an order of `side` can trade and only reduce the position.
cdef inline int64_t reducible_qty(int64_t position_qty, uint8_t side) noexcept nogil:
    cdef int64_t qty = position_qty if side == SIDE_SELL else -position_qty
    return qty if qty > 0 else 0


# Holds `qty` more lots (negative: fewer), for the account and for the firm, whose row it returns.
cdef inline tc_exposure* hold_lots(
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


# It counts for the rate.
cdef inline void count_sent(tc_risk* risk, const tc_question* q) noexcept nogil:
    cdef tc_account_risk* a = &risk.accounts[q.account]
    risk.sent_times[q.account * <int64_t>(risk.rate_mask + 1) + <int64_t>(<uint64_t>a.sent & risk.rate_mask)] = q.now
    a.sent += 1


# An order that passed: it counts for the rate, and its quantity is held.
cdef inline void reserve_order(tc_risk* risk, const tc_question* q) noexcept nogil:
    tc_assert((q.hold_qty > 0) & (q.account > 0))      # account 0 is the firm, which orders nothing
    count_sent(risk, q)
    hold_lots(risk, q.instrument, q.account, q.side, q.hold_qty).is_used = True


# A trade's signed lots; account 0 is suspense, which only the firm's row has.
cdef inline void move_position(tc_risk* risk, int32_t instrument, int32_t account, int64_t qty) noexcept nogil:
    cdef tc_exposure* firm = exposure_of(risk, instrument, 0)
    if account:
        firm[account].position_qty += qty
    firm.position_qty += qty
    firm.is_used = True


cdef inline void release_hold(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    hold_lots(risk, instrument, account, side, -qty)


# A fill: the hold becomes position.
cdef inline void commit_fill(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    release_hold(risk, instrument, account, side, qty)
    move_position(risk, instrument, account, qty if side == SIDE_BUY else -qty)


# 1 + the Scope of the switch that is engaged, the widest first; 0 where none is.
cdef inline int is_killed(const tc_risk* risk, int32_t instrument, int32_t account, int32_t venue) noexcept nogil:
    if not (risk.killed_firm | risk.accounts[account].killed | risk.killed_instruments[instrument]
            | risk.killed_venues[venue]):
        return 0
    if risk.killed_firm:
        return 1
    if risk.accounts[account].killed:
        return 2
    return 3 if risk.killed_instruments[instrument] else 4


# Sets one limit. The byte offset of the field that can't be, or -1.
cdef inline int set_limit(
    tc_risk* risk, int32_t account, int64_t rule, tc_i128 value, int64_t window_ns, int64_t mode
) noexcept nogil:
    cdef tc_i128 most = limit_max()
    cdef tc_account_risk* a = &risk.accounts[account]
    cdef uint32_t bit
    if rule < 0 or rule >= RULES:
        return 56
    if rule == RULE_COLLAR:
        most = 1_000_000
    elif rule == RULE_ORDER_RATE:
        most = <int64_t>risk.rate_mask + 1
    if value < -1 or value > most:
        return 64
    if rule == RULE_ORDER_RATE and value >= 0 and window_ns < 1:
        return 72
    if mode != MODE_ENFORCE and mode != MODE_OBSERVE:
        return 80
    bit = <uint32_t>1 << <int>rule
    a.configured |= bit
    if mode == MODE_OBSERVE and value >= 0:
        a.limits[rule] = -1
        a.watched[rule] = value
        a.watching |= bit
    else:
        a.limits[rule] = value
        a.watched[rule] = 0
        a.watching &= ~bit
    tc_assert((a.configured & a.watching) == a.watching)
    if rule == RULE_ORDER_RATE:
        a.window_ns = window_ns
    return -1
