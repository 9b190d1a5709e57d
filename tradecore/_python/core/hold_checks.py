"""What risk holds, beside what the working orders account for: the two are equal after every command, or something has
leaked. Builds that assert look at the pair that a command was about, where few of its orders work, and every so often
at all.
"""

from __future__ import annotations

from tradecore.vocabulary.records import CHECK_EVERY, CHECK_MOST

from ..orders.order_facts import held_of
from ..risk.holds import exposure_of
from ..vocabulary.instrument import BUY, direction
from .funding import needed_by
from .state import State, parent_of


def pair_balances(core: State, instrument: int, account: int) -> bool:
    """Do the holds of an account in an instrument equal the sum over its working orders? A part of an order is held for
    by its parent."""
    held = {True: 0, False: 0}
    for order in core.open_orders.by_position.get((instrument, account), {}).values():
        if order.admitted and parent_of(core, order) is None:
            held[direction(order.side) == BUY] += max(held_of(order), order.working)
    e = exposure_of(core.risk, instrument, account)
    return (e.working_buy, e.working_sell) == (held[True], held[False])


def funds_balance(core: State, instrument: int, account: int) -> bool:
    """Does each open order of an account in an instrument hold of its cash what it needs now, while that is kept?"""
    for order in core.open_orders.by_position.get((instrument, account), {}).values():
        is_held = core.risk.funds.is_kept and order.admitted and parent_of(core, order) is None
        if order.fund_held != (needed_by(core, order) if is_held else 0):
            return False
    return True


def cash_balances(core: State) -> bool:
    """And is what an account holds in a currency the sum of that?"""
    held: dict[tuple[int, int], int] = {}
    for order in core.orders.open.values():
        place = order.account, core.instruments[order.instrument].currency
        held[place] = held.get(place, 0) + order.fund_held
    return all(held.get(place, 0) == core.risk.funds.held.get(place, 0)
               for place in held.keys() | core.risk.funds.held.keys())


def all_balance(core: State) -> bool:
    """And those of every pair, and of the firm their sum."""
    for instrument in core.instruments:
        pairs = [exposure_of(core.risk, instrument, account) for account in core.accounts]
        firm = exposure_of(core.risk, instrument, 0)
        if (firm.working_buy, firm.working_sell) != (
                sum(e.working_buy for e in pairs), sum(e.working_sell for e in pairs)):
            return False
    return cash_balances(core) and all(
        pair_balances(core, instrument, account) and funds_balance(core, instrument, account)
        for instrument in core.instruments for account in core.accounts)


def holds_balance(core: State, order_id: int) -> bool:
    """After a command that was answered with this order, 0 of none. One that was never let in may name what there is
    not."""
    if core.command_seq % CHECK_EVERY == 0:
        return all_balance(core)
    order = core.orders.by_id.get(order_id)
    if order is None or not order.admitted:
        return True
    work = core.open_orders.by_position.get((order.instrument, order.account), {})
    return len(work) > CHECK_MOST or (pair_balances(core, order.instrument, order.account)
                                      and funds_balance(core, order.instrument, order.account))
