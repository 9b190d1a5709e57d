# Prices and sessions that let orders go: what a trigger watches, and what a session takes. It reads, and never acts.

from state cimport *


cdef inline bint is_trading(const tc_core* core, int32_t instrument) noexcept nogil:
    return core.sessions[instrument] == SES_OPEN or core.sessions[instrument] == SES_PRE_CLOSE


# Does the session take a new order? Before the opening: what can wait for it; after it: all but AT_THE_OPEN.
cdef inline bint session_takes(const tc_core* core, int32_t instrument, uint8_t time_in_force) noexcept nogil:
    if is_trading(core, instrument):
        return time_in_force != TIF_AT_THE_OPEN
    return core.sessions[instrument] == SES_PRE_OPEN and not is_immediate(time_in_force)


# Must an order wait for another session?
cdef inline bint session_waits(const tc_core* core, int32_t instrument, uint8_t time_in_force) noexcept nogil:
    return not is_trading(core, instrument) or time_in_force == TIF_AT_THE_CLOSE


# The price that a trigger watches, or -2**63. A mid between two units counts as the one not yet reached: the lower
# where a rising price is waited for, the higher for a falling one.
cdef inline int64_t trigger_price(tc_core* core, int32_t instrument, uint8_t source, bint rising) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[instrument]
    cdef int64_t offer2 = no_price(), bid2 = no_price(), mid2
    if source == TRIGGER_LAST_TRADE:
        return core.ledger.lasts[instrument]
    if source != TRIGGER_BEST_BID:
        offer2 = twice_touch(&core.router, ins, instrument, SIDE_BUY, core.now)
    if source != TRIGGER_BEST_OFFER:
        bid2 = twice_touch(&core.router, ins, instrument, SIDE_SELL, core.now)
    if source == TRIGGER_BEST_OFFER:
        return no_price() if offer2 == no_price() else tc_floor_div(offer2, 2)
    if source == TRIGGER_BEST_BID:
        return no_price() if bid2 == no_price() else tc_floor_div(bid2, 2)
    if offer2 == no_price() or bid2 == no_price():
        return no_price()
    mid2 = tc_floor_div(offer2 + bid2, 2)
    return tc_floor_div(mid2, 2) if rising else -tc_floor_div(-mid2, 2)
