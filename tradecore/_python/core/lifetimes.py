"""What is in use of a core's tables, beside what the orders that are there account for: after every command the two are
equal, or something has leaked. For tests; it changes nothing, and walks every order that is held.
"""

from __future__ import annotations

from ..orders.order_facts import held_of, leaves_of
from ..orders.order_table import AWAITS_PRICE, Group, Order
from ..orders.timers import PRINT_TIMER
from ..risk.holds import Exposure
from .conditions import has_fresh_print
from .state import REDUCE_ONLY, State, order_deadline, parent_of


def count_lifetimes(core: State) -> dict[str, tuple[int, int]]:
    """(in use, accounted for) by name. Only an open order has requests, a deadline, a price that it waits for, or lots
    that are held for it; a session that has an end has a deadline too."""
    held, opened = list(core.orders.by_id.values()), list(core.orders.open.values())
    listed = [*opened, *core.orders.history.values(), *core.orders.rejects.values()]
    groups = groups_of(core, listed)
    holds = sum(max(held_of(order), order.working) for order in opened
                if order.admitted and parent_of(core, order) is None)
    exposures = core.risk.exposures.items()
    return {
        "slots": (len(held), len(listed)),
        "requests": (count_requests(held), count_requests(opened)),
        "replaces": (core.orders.replaces, sum(r.is_replace for order in opened for r in order.requests)),
        "places": (core.orders.unsent.away, sum(order.reserves for order in opened)),
        "timers": (len(core.timers.armed), sum(order_deadline(core, order) != 0 for order in opened)
                   + sum(time != 0 for time in core.close_times.values())
                   + sum(awaits_print_end(core, instrument) for instrument in core.instruments)),
        "lists": (len(groups), sum(group.held > 0 for group in groups)),
        "members": (sum(group.held for group in groups), sum(order.group is not None for order in listed)),
        "waiting": (core.triggers.counts.total(), sum(order.place == AWAITS_PRICE for order in opened)),
        "indexed": (sum(map(len, core.open_orders.by_position.values())), sum(o.admitted for o in opened)),
        "reducing": (-sum(size for sizes in core.open_orders.sizes.values() for size, _ in sizes), sum(
            leaves_of(order) for order in opened if order.admitted and order.exec_inst & REDUCE_ONLY)),
        "holds": (sum(working(e) for (_, account), e in exposures if account), holds),
        "firm_holds": (sum(working(e) for (_, account), e in exposures if not account), holds),
    }


def awaits_print_end(core: State, instrument: int) -> bool:
    """Is what watches a fresh print to be told once it is none any more? So it is until then, though the last that
    watched it has gone meanwhile."""
    if not core.instruments[instrument].print_max_age or not has_fresh_print(core, instrument):
        return False
    return core.triggers.counts[instrument] > 0 or (PRINT_TIMER, instrument) in core.timers.armed


def groups_of(core: State, listed: list[Order]) -> list[Group]:
    """The lists that orders can join, and those that are known to their orders alone, each once."""
    known = [*core.groups.by_id.values(), *(order.group for order in listed if order.group is not None)]
    return list({id(group): group for group in known}.values())


def count_requests(orders: list[Order]) -> int:
    return sum(len(order.requests) for order in orders)


def working(e: Exposure) -> int:
    return e.working_buy + e.working_sell
