# Where a new order would go, without sending it: by the kernels that would route it. Nothing is changed, and no risk is
# asked. What would wait for a price or a session is asked about as if that had come.

from pipeline cimport *


# Only in C: a named tuple in Python.
cdef struct tc_plan:
    uint64_t mask                  # what is wrong with it; then the rest is empty
    uint64_t down                  # bit venue - 1
    int64_t limit                  # its worst price
    int64_t order_qty
    int route, count, term_count
    uint8_t market, routing        # MARKET_..., ROUTING_...
    tc_part parts[MAX_VENUES]      # their ticks are prices here
    tc_term terms[MAX_VENUES]      # the ranking, best first


# The venues that an order with this worst tick would have, and the ranking behind it.
cdef inline void plan_venues(
    tc_core* core, const tc_instrument* ins, tc_order* thought, bint is_whole, int64_t limit, tc_plan* plan
) noexcept nogil:
    cdef uint8_t side = direction(thought.side)
    cdef const tc_ranking* ranking = rank_venues(&core.router, ins, thought.instrument, side, core.now)
    cdef int64_t elsewhere = no_price()
    cdef int at
    plan.route = ROUTE_DIRECTED
    if thought.venue == 0:
        thought.venue = choose_venue(core, ins, thought, limit, ranking, plan.routing)
        plan.route = thought.route
    if thought.venue:
        elsewhere = price_elsewhere(core, ins, thought, thought.venue)
        plan.count = 1
        plan.parts[0].venue = thought.venue
        plan.parts[0].qty = thought.order_qty
        plan.parts[0].ticks = within_ticks(ins, side, limit, elsewhere)
    if plan.route != ROUTE_DIRECTED and not is_whole and is_divided(core, ins, thought, limit, plan.routing):
        plan.route = ROUTE_SPLIT
        plan.count = divide_qty(core, ins, thought, limit, thought.order_qty, barred_at_first(core, thought),
                                plan.routing, plan.parts)
    elif is_external(core, thought.venue) and is_kept_off(ins, thought, limit, elsewhere):
        plan.route = ROUTE_NONE
        plan.parts[0].qty = 0
    for at in range(plan.count):
        plan.parts[at].ticks *= ins.tick
    plan.term_count = ranking.count
    for at in range(ranking.count):
        plan.terms[at] = core.router.terms[side_row(thought.instrument, side) * MAX_VENUES + ranking.order[at] - 1]
    plan.down = core.router.down
    plan.limit = limit * ins.tick
    plan.market = market_state(&core.router, thought.instrument)


# What routing would do with a new order. Changes nothing.
cdef inline void plan_order(tc_core* core, tc_command* c, int64_t now, tc_plan* plan) noexcept nogil:
    cdef const tc_instrument* ins = find_instrument(core, c.instrument)
    cdef int64_t clock = core.now, time = stamp_of(c, now), latest = 0, bound = no_price()
    cdef uint64_t down = core.router.down
    cdef tc_order thought
    cdef tc_question q
    memset(plan, 0, sizeof(tc_plan))
    plan.limit = no_price()
    if 0 <= time and time <= time_max() and time > clock and not find_bad_stamp(core, time, now, &latest):
        core.now = time
        core.router.down = down_at(&core.router, time)
    if c.exec_inst & INST_CASH and ins != NULL:
        c.order_qty = convert_cash(core, ins, c, &bound)
    c.cl_ord_id = 0
    plan.order_qty = c.order_qty
    plan.routing = c.routing
    plan.mask = validate_order(ins, core.account_count, core.venue_count, last_id_of(&core.texts), core.now, c)
    if plan.mask and not plan.mask & ~closing_bits() and closes_as_thought(core, c):
        plan.mask = 0
    if not plan.mask:
        ask_record(core, ins, c, &q)
        think_order(c, &thought)
        thought.order_qty = c.order_qty
        plan.routing = strategy_of(&core.router, c.strategy, c.routing)
        plan_venues(core, ins, &thought, c.min_qty != 0, tighten_ticks(ins, q.side, limit_ticks(ins, &q), bound), plan)
    core.now = clock
    core.router.down = down
