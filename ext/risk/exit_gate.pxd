# The exit gate: the last judgement before a venue, apart from risk. It has its own limits, its own flags, its own count
# of what went out, and asks none of risk's tables: what it stops, a check before it should have stopped.
#
# Cancels and questions pass. What only reduces passes a missing reference, twice the throttle, and a gate that is shut
# but for exits. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15, FIA 1.3: a second, independent control.

from records cimport *


cdef enum:
    GATE_TIMES = 4_096             # orders that the throttle can look back at
    GATE_OPEN = 0
    GATE_SHUT = 1
    GATE_EXITS_ONLY = 2
    GATE_VENUES = 64


# What was handed out of one order, by its slot: the commands that made its last messages.
cdef struct tc_gate_row:
    int64_t order_id
    int64_t sent_new, sent_replace


# What the exchange has told of an instrument; see vocabulary's price_limits. Made of that, by side, BUY first: between
# which prices an order surely keeps to it, none before that was looked at.
cdef struct tc_gate_market:
    int64_t least[2]
    int64_t most[2]
    int64_t low, high, reference
    int32_t dynamic_bps
    uint8_t is_told, halted, is_seen                   # not told: a row that is missing in Python


cdef struct tc_gate:
    tc_gate_row* rows
    tc_gate_market* markets        # by instrument
    int64_t* times                 # [sent & (GATE_TIMES - 1)]: when the last orders went out
    int64_t who, why               # of the last change: numbers of their texts
    int64_t sent, stopped          # orders and replaces that went out, and that were stopped, ever
    int64_t collar_bps, throttle, window_ns            # one more than it is: 0 is off
    int64_t told                   # instruments that are halted, or have limits
    uint64_t free_at               # from when on the throttle surely lets the next one out that does not reduce
    uint8_t shut_firm
    uint8_t shut_venues[GATE_VENUES + 1]
    uint8_t shut[GATE_VENUES + 1]  # of both, by venue, as bits: GATE_SHUT, GATE_EXITS_ONLY


# What is about to leave. `most_qty` is the order's own quantity, or the one that a replace asked for; of a part of an
# order, `family_qty` is what all its parts have traded and may still trade, and `parent_qty` the order's. A row of
# EXIT_DTYPE.
cdef struct tc_exit:
    int64_t order_id, order_qty, cum_qty, leaves_qty, most_qty
    int64_t family_qty, parent_qty
    int64_t price                  # -2**63 of what has no limit
    int64_t reference2, now
    int64_t made                   # of a message: the command that made it; 0: into a simulated venue's book
    int32_t venue
    uint8_t side
    uint8_t is_replace
    uint8_t asks_less              # a replace that only lowers the quantity: it passes as a cancel does
    uint8_t reduces                # with what left before it, it is no larger than the position that it reduces
    int32_t instrument             # 0: of none that the gate was told of
    uint8_t no_more                # a replace, and not for more of the order
    uint8_t waits                  # for a price: the exchange's limits are for when it has come


# Was this message handed out before? An order is new to its venue once.
cdef inline bint was_handed_out(const tc_gate_row* row, const tc_exit* e) noexcept nogil:
    if row.order_id != e.order_id or e.made == 0:
        return False
    return row.sent_replace == e.made if e.is_replace else row.sent_new != 0


# What is shut for a venue, as bits: GATE_SHUT, GATE_EXITS_ONLY.
cdef inline uint8_t shut_for(const tc_gate* gate, int32_t venue) noexcept nogil:
    return gate.shut[venue]


# Only in C: two assignments in Python. Opens or shuts the gate for a venue, for all (0) where it is none.
cdef inline void shut_gate(tc_gate* gate, int32_t venue, uint8_t shut) noexcept nogil:
    cdef int32_t at
    if venue:
        gate.shut_venues[venue] = shut
    else:
        gate.shut_firm = shut
    for at in range(GATE_VENUES + 1):
        gate.shut[at] = gate.shut_firm | gate.shut_venues[at]


# Would more be let out than before?
cdef inline bint opens(uint8_t before, int64_t shut) noexcept nogil:
    return shut != before and before != GATE_OPEN and shut != GATE_SHUT


# Would other limits let out what those that are set keep inside?
cdef inline bint loosens(const tc_gate* gate, int64_t collar_bps, int64_t throttle, int64_t window_ns) noexcept nogil:
    if gate.collar_bps and (collar_bps < 0 or collar_bps > gate.collar_bps - 1):
        return True
    if gate.throttle == 0 or throttle == 0:
        return False
    return throttle < 0 or throttle > gate.throttle - 1 or window_ns < gate.window_ns


cdef inline bint is_shut(const tc_gate* gate, const tc_exit* e) noexcept nogil:
    cdef uint8_t shut = shut_for(gate, e.venue)
    return shut & GATE_SHUT or (shut & GATE_EXITS_ONLY and not e.reduces)


# Beyond the collar on the aggressive side.
cdef inline bint is_beyond_collar(const tc_gate* gate, const tc_exit* e) noexcept nogil:
    cdef tc_i128 away = tc_wide(2, e.price) - e.reference2
    if e.side == SIDE_SELL:
        away = -away
    return away * 10_000 > tc_wide(gate.collar_bps - 1, e.reference2)


# As many went out in the window as may; what reduces may be twice as many.
cdef inline bint is_throttled(const tc_gate* gate, const tc_exit* e) noexcept nogil:
    cdef int64_t most = gate.throttle - 1
    if e.reduces:
        most = 2 * most
    if most == 0:
        return True
    return (gate.sent >= most
            and gate.times[<uint64_t>(gate.sent - most) & (GATE_TIMES - 1)] > e.now - gate.window_ns)


cdef inline bint is_halted(const tc_gate* gate, const tc_exit* e) noexcept nogil:
    return gate.told != 0 and gate.markets[e.instrument].halted and not (e.is_replace and e.no_more)


# The exchange's limit that a price is beyond, or no_price().
cdef inline int64_t limit_beyond(const tc_gate* gate, const tc_exit* e) noexcept nogil:
    cdef const tc_gate_market* market
    cdef int64_t sign = 1 if e.side == SIDE_BUY else -1, edge
    if gate.told == 0 or e.waits or e.price == no_price():
        return no_price()
    market = &gate.markets[e.instrument]
    if not market.is_told:
        return no_price()
    if e.price < market.low:                           # no_price() is below every price
        return market.low
    if market.high != no_price() and e.price > market.high:
        return market.high
    if market.dynamic_bps < 0:
        return no_price()
    edge = <int64_t>tc_floor_div_wide(tc_wide(tc_abs(market.reference), market.dynamic_bps), 10_000)
    edge = market.reference + sign * edge
    return edge if sign * e.price > sign * edge else no_price()


# Only in C: limit_beyond in Python. No price surely keeps to what the exchange says.
cdef inline void hide_market(tc_gate_market* market) noexcept nogil:
    market.is_seen = False
    market.least[0] = market.least[1] = ~no_price()
    market.most[0] = market.most[1] = no_price()


# Only in C: limit_beyond in Python. Of which side an order may have which price, in two numbers: in a halt none.
cdef inline void see_market(tc_gate_market* market) noexcept nogil:
    cdef int64_t edge
    if market.halted:
        hide_market(market)
        return
    market.is_seen = True
    market.least[0] = market.least[1] = market.low
    market.most[0] = market.most[1] = market.high if market.high != no_price() else ~no_price()
    if market.dynamic_bps >= 0:
        edge = <int64_t>tc_floor_div_wide(tc_wide(tc_abs(market.reference), market.dynamic_bps), 10_000)
        market.most[0] = min(market.most[0], market.reference + edge)
        market.least[1] = max(market.least[1], market.reference - edge)


# Only in C: is_beyond_collar in Python. Is a price surely no further from the market than the collar, in 64 bits?
cdef inline bint is_within_collar(
    const tc_gate* gate, uint8_t side, int64_t price, int64_t reference2
) noexcept nogil:
    cdef int64_t away = 0, allowed = 0
    if reference2 <= 0:
        return False
    if tc_sum_is_wide(price, price, &away) or tc_difference_is_wide(away, reference2, &away):
        return price == no_price()
    return not (tc_product_is_wide(away, 10_000 if side == SIDE_BUY else -10_000, &away)
                or tc_product_is_wide(reference2, gate.collar_bps - 1, &allowed) or away > allowed)


# Only in C: limit_beyond in Python. Does a price surely keep to what the exchange says, if it says anything?
cdef inline bint keeps_to_market(const tc_gate_market* market, uint8_t side, int64_t price) noexcept nogil:
    return not market.is_told or (market.least[side - 1] <= price and price <= market.most[side - 1])


# Only in C: ask_gate in Python. Does a price surely pass all that is not about quantities, without being asked whether
# it reduces? Most do: what does not is asked check by check.
cdef inline bint passes_at_once(
    const tc_gate* gate, int32_t venue, int32_t instrument, uint8_t side, int64_t price, int64_t reference2, int64_t now
) noexcept nogil:
    return (gate.shut[venue] == 0 and <uint64_t>now >= gate.free_at
            and (gate.told == 0 or keeps_to_market(&gate.markets[instrument], side, price))
            and (gate.collar_bps == 0 or is_within_collar(gate, side, price, reference2)))


# Only in C: ask_gate in Python. What reduces is counted otherwise.
cdef inline bint leaves_at_once(const tc_gate* gate, uint32_t slot, const tc_exit* e) noexcept nogil:
    return (not e.reduces and e.order_qty <= e.most_qty and e.cum_qty + e.leaves_qty <= e.order_qty
            and e.family_qty <= e.parent_qty and not was_handed_out(&gate.rows[slot], e)
            and passes_at_once(gate, e.venue, e.instrument, e.side, e.price, e.reference2, e.now))


# The check that should have stopped what leaves, with its bound; REASON_NONE where it may leave. Changes nothing.
cdef inline int ask_gate(tc_gate* gate, uint32_t slot, const tc_exit* e, int64_t* bound) noexcept nogil:
    cdef tc_gate_market* market
    bound[0] = 0
    if leaves_at_once(gate, slot, e):
        return REASON_NONE
    market = &gate.markets[e.instrument]
    if gate.told and market.is_told and not market.is_seen:          # what is made of it is no change
        see_market(market)
    if was_handed_out(&gate.rows[slot], e):
        return DUPLICATE_CLORDID
    if e.asks_less:
        return REASON_NONE
    if is_shut(gate, e):
        return KILL_SWITCH
    if is_halted(gate, e):
        bound[0] = SES_HALTED
        return SESSION_CLOSED
    bound[0] = e.most_qty
    if e.order_qty > e.most_qty or e.cum_qty + e.leaves_qty > e.order_qty:
        return OVERFILL
    bound[0] = e.parent_qty
    if e.family_qty > e.parent_qty:
        return OVERFILL
    bound[0] = limit_beyond(gate, e)
    if bound[0] != no_price():
        return PRICE_LIMIT
    bound[0] = gate.collar_bps - 1
    if gate.collar_bps and e.reference2 <= 0:          # no positive price to hold it against
        if not e.reduces or e.price == no_price():
            return REFERENCE_PRICE_UNAVAILABLE
    elif gate.collar_bps and e.price != no_price() and is_beyond_collar(gate, e):
        return PRICE_COLLAR
    bound[0] = gate.throttle - 1
    return ORDER_RATE if gate.throttle and is_throttled(gate, e) else REASON_NONE


# Only in C: ask_gate in Python. Has it no limit, and nothing shut for a venue? Then quantities are all it asks about.
cdef inline bint asks_quantities_alone(const tc_gate* gate, int32_t venue) noexcept nogil:
    return (gate.collar_bps | gate.throttle | gate.told | shut_for(gate, venue)) == 0


# Could what a check stops leave, if it reduced?
cdef inline bint lets_exits_out(const tc_gate* gate, const tc_exit* e, int check) noexcept nogil:
    if check == KILL_SWITCH:
        return not shut_for(gate, e.venue) & GATE_SHUT
    if check == REFERENCE_PRICE_UNAVAILABLE:
        return e.price != no_price()
    return check == ORDER_RATE and gate.throttle > 1


# Only in C: is_throttled in Python. When the next one that does not reduce surely may leave; where fewer went out than
# may, a time without an order stands for the first of them.
cdef inline void look_ahead(tc_gate* gate) noexcept nogil:
    cdef int64_t most = gate.throttle - 1
    gate.free_at = ~<uint64_t>0
    if most:
        gate.free_at = <uint64_t>gate.times[<uint64_t>(gate.sent - most) & (GATE_TIMES - 1)] + <uint64_t>gate.window_ns


cdef inline void count_exit(tc_gate* gate, int64_t now) noexcept nogil:
    gate.times[<uint64_t>gate.sent & (GATE_TIMES - 1)] = now
    gate.sent += 1
    if gate.throttle:
        look_ahead(gate)


# It leaves: counted, and remembered where it is a message.
cdef inline void let_out(tc_gate* gate, uint32_t slot, const tc_exit* e) noexcept nogil:
    cdef tc_gate_row* row = &gate.rows[slot]
    if not e.asks_less:
        count_exit(gate, e.now)
    if e.made == 0:
        return
    if row.order_id != e.order_id:
        row.order_id = e.order_id
        row.sent_new = 0
        row.sent_replace = 0
    if e.is_replace:
        row.sent_replace = e.made
    else:
        row.sent_new = e.made


# The byte offset of the first of the gate's limits that can't be, or -1.
cdef inline int find_bad_gate(int64_t collar_bps, int64_t throttle, int64_t window_ns) noexcept nogil:
    if collar_bps < -1 or collar_bps > 1_000_000:
        return 56
    if throttle < -1 or throttle > GATE_TIMES >> 1:
        return 64
    if throttle >= 0 and (window_ns < 1 or window_ns > time_max()):
        return 72
    return -1


cdef inline void set_gate(tc_gate* gate, int64_t collar_bps, int64_t throttle, int64_t window_ns) noexcept nogil:
    gate.collar_bps = collar_bps + 1
    gate.throttle = throttle + 1
    gate.window_ns = window_ns
    gate.free_at = 0
    if gate.throttle:
        look_ahead(gate)


# Only in C: setdefault in Python. An instrument's row, with no limits before the first: it takes no memory until the
# exchange says something of it.
cdef inline tc_gate_market* open_market(tc_gate* gate, int32_t instrument) noexcept nogil:
    cdef tc_gate_market* market = &gate.markets[instrument]
    if not market.is_told:
        market.is_told = True
        market.low = no_price()
        market.high = no_price()
        market.reference = no_price()
        market.dynamic_bps = -1
    return market


# Only in C: rows that there are in Python.
cdef inline bint was_told(const tc_gate_market* market) noexcept nogil:
    return market.is_told and (market.halted or market.low != no_price() or market.high != no_price()
                               or market.dynamic_bps >= 0)


# What the exchange says of an instrument's prices.
cdef inline void keep_limits(
    tc_gate* gate, int32_t instrument, int64_t low, int64_t high, int64_t reference, int64_t dynamic_bps
) noexcept nogil:
    cdef tc_gate_market* market = open_market(gate, instrument)
    gate.told -= was_told(market)
    market.low = low
    market.high = high
    market.reference = reference
    market.dynamic_bps = <int32_t>dynamic_bps
    see_market(market)
    gate.told += was_told(market)


# A trade moves what dynamic limits are taken from. They are looked at when an order comes: most trades have none.
cdef inline void keep_trade(tc_gate* gate, int32_t instrument, int64_t price) noexcept nogil:
    cdef tc_gate_market* market = &gate.markets[instrument]
    if market.is_told and market.dynamic_bps >= 0:
        market.reference = price
        hide_market(market)


cdef inline void keep_halt(tc_gate* gate, int32_t instrument, bint halted) noexcept nogil:
    cdef tc_gate_market* market
    if not (halted or gate.markets[instrument].is_told):
        return
    market = open_market(gate, instrument)
    gate.told -= was_told(market)
    market.halted = halted
    see_market(market)
    gate.told += was_told(market)
