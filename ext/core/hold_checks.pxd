# What risk holds, beside what the working orders account for: the two are equal after every command, or something has
# leaked. Builds that assert look at the pair that a command was about, where few of its orders work, and every so often
# at all.

from follow_ups cimport *


cdef enum:
    CHECK_EVERY = 1_024            # commands, a power of two: after so many all holds are looked at
    CHECK_MOST = 1_024             # orders of a pair: where more work, its holds are looked at with all


# Do the holds of an account in an instrument equal the sum over its working orders? A part of an order is held for by
# its parent.
cdef inline bint pair_balances(const tc_core* core, int32_t instrument, int32_t account) noexcept nogil:
    cdef uint32_t at = core.open_orders.rows[row_at(&core.open_orders, instrument, account)].head
    cdef const tc_exposure* e = exposure_of(&core.risk, instrument, account)
    cdef const tc_order* order
    cdef int64_t buys = 0, sells = 0, held
    while at:
        order = &core.orders.slots[at - 1]
        if order.admitted and parent_of(&core.orders, order) == NULL:
            held = max(held_of(&core.orders, order), terms_of(&core.orders, order).working)
            if direction(order.side) == SIDE_BUY:
                buys += held
            else:
                sells += held
        at = order.position_next
    return e.working_buy == buys and e.working_sell == sells


# Does each open order of an account in an instrument hold of its cash what it needs now, while that is kept?
cdef inline bint funds_balance(const tc_core* core, int32_t instrument, int32_t account) noexcept nogil:
    cdef uint32_t at = core.open_orders.rows[row_at(&core.open_orders, instrument, account)].head
    cdef const tc_order* order
    cdef bint is_held
    while at:
        order = &core.orders.slots[at - 1]
        is_held = core.risk.funds.is_kept and order.admitted and parent_of(&core.orders, order) == NULL
        if terms_of(&core.orders, order).fund_held != (needed_by(core, order) if is_held else 0):
            return False
        at = order.position_next
    return True


# And is what an account holds in a currency the sum of that?
cdef inline bint cash_balances(const tc_core* core) noexcept nogil:
    cdef const tc_order* order
    cdef tc_i128 held
    cdef int32_t account, currency
    cdef uint32_t at
    for account in range(1, core.account_count + 1):
        for currency in range(1, core.currency_count + 1):
            held, at = 0, core.orders.open.head
            while at != NO_SLOT:
                order = &core.orders.slots[at]
                if order.account == account and core.instruments[order.instrument].currency == currency:
                    held = held + terms_of(&core.orders, order).fund_held
                at = order.next
            if held != core.risk.funds.held[account * core.risk.funds.currency_stride + currency]:
                return False
    return True


# And those of every pair, and of the firm their sum.
cdef inline bint all_balance(const tc_core* core) noexcept nogil:
    cdef const tc_exposure* firm
    cdef int64_t buys, sells
    cdef int32_t instrument, account
    for instrument in range(1, core.instrument_count + 1):
        firm = exposure_of(&core.risk, instrument, 0)
        buys = sells = 0
        for account in range(1, core.account_count + 1):
            buys += firm[account].working_buy
            sells += firm[account].working_sell
            if not (pair_balances(core, instrument, account) and funds_balance(core, instrument, account)):
                return False
        if firm.working_buy != buys or firm.working_sell != sells:
            return False
    return cash_balances(core)


# Only in C: a len() in Python.
cdef inline bint few_work(const tc_core* core, int32_t instrument, int32_t account) noexcept nogil:
    cdef uint32_t at = core.open_orders.rows[row_at(&core.open_orders, instrument, account)].head
    cdef int count = 0
    while at and count <= CHECK_MOST:
        at = core.orders.slots[at - 1].position_next
        count += 1
    return count <= CHECK_MOST


# After a command that was answered with this order, 0 of none. One that was never let in may name what there is not.
cdef inline bint holds_balance(tc_core* core, int64_t order_id) noexcept nogil:
    cdef const tc_order* order
    if core.command_seq & (CHECK_EVERY - 1) == 0:
        return all_balance(core)
    order = find_order(&core.orders, order_id)
    if order == NULL or not order.admitted or not few_work(core, order.instrument, order.account):
        return True
    return (pair_balances(core, order.instrument, order.account)
            and funds_balance(core, order.instrument, order.account))
