"""Commands that stop trading and let it go on: kill switches and trading states, by scope, and strategies that
breakers have disarmed. Who stops may be anyone; to let more be traded again takes who and why. A refusal changes
nothing.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason, Rule, Scope, TradingState

from ..orders.open_orders import find_open
from ..orders.order_facts import leaves_of
from ..orders.order_table import CANCELED, Order, Request
from ..risk.switches import Switches, set_switch, state_at
from ..risk.trips import begin_anew, breaker_row
from .departures import wants_more
from .exits import reduces
from .health import set_barred
from .known_ids import refuse_note
from .outbound import is_unsent, recall_order, withdraw_replace
from .replaces import moves_on
from .rule_commands import spare_note
from .settings import accept_change
from .state import State, end_order, refuse_command


def find_bad_scope(core: State, c: Any) -> tuple[int, int] | None:
    """The value and the byte offset of what no switch can be of."""
    most = {Scope.FIRM: 0, Scope.ACCOUNT: len(core.accounts), Scope.INSTRUMENT: len(core.instruments),
            Scope.VENUE: len(core.router.venues), Scope.STRATEGY: core.risk.rows.strategy_max}
    if c.scope not in most:
        return c.scope, 56
    return None if int(c.scope != Scope.FIRM) <= c.target <= most[c.scope] else (c.target, 64)


def switch_kill(core: State, c: Any) -> Any:
    """Engages or releases a kill switch."""
    if c.engaged not in (0, 1):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.engaged, 72)
    if not 0 <= c.allow_reduce <= c.engaged:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.allow_reduce, 80)
    state = TradingState.REDUCING if c.allow_reduce else TradingState.HALTED if c.engaged else TradingState.ACTIVE
    return change_switch(core, c, core.risk.kills, state, Reason.KILL_SWITCH)


def set_trading_state(core: State, c: Any) -> Any:
    """Sets what a scope may trade."""
    if not TradingState.ACTIVE <= c.state <= TradingState.HALTED:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.state, 72)
    return change_switch(core, c, core.risk.states, c.state, Reason.TRADING_STATE)


def change_switch(core: State, c: Any, switches: Switches, state: int, reason: Reason) -> Any:
    bad = find_bad_scope(core, c)
    if bad is not None:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, *bad)
    loosens = state < state_at(switches, c.scope, c.target)
    c = c if loosens else spare_note(c)
    refused = refuse_note(core, c)
    if refused is not None:
        return refused
    if loosens and not (c.who and c.why):
        return refuse_command(core, c, Reason.NOT_AUTHORIZED, 0, 104 if c.who else 96)
    set_switch(switches, c.scope, c.target, state, c.who, c.why, core.now)
    if c.scope == Scope.VENUE:
        set_barred(core)
    core.triggers.asks_again = core.triggers.asks_again or loosens
    ack = accept_change(core, c, c.scope, c.target, value_high=int(state))
    if state != TradingState.ACTIVE:
        withdraw_barred(core, c, c.scope, c.target, state, reason, 1 + c.scope, state)
    return ack


def withdraw_barred(
    core: State, c: Any, scope: int, target: int, state: int, reason: Reason, value: int, bound: int
) -> None:
    """A scope may trade less: new orders that were not handed out are Canceled and never sent; replaces that ask for
    more are refused. Where it may reduce, what reduces stays."""
    named = {Scope(scope): target}
    for order in find_open(core.open_orders, named.get(Scope.INSTRUMENT, 0), named.get(Scope.ACCOUNT, 0),
                           named.get(Scope.VENUE, 0), named.get(Scope.STRATEGY, 0)):
        if is_unsent(order):
            if state == TradingState.HALTED or not reduces(core, order, leaves_of(order)):
                recall_order(core, order)
                order.value, order.bound = value, bound
                end_order(core, c, order, CANCELED, reason)
            continue
        for request in list(order.requests):
            if request.message is not None and is_barred(core, order, request, state):
                withdraw_replace(core, c, order, request, reason, value, bound)


def withdraw_disarmed(core: State, c: Any) -> None:
    """Breakers have disarmed strategies: what the one with the lowest number still asks for is taken back, but for what
    reduces."""
    strategy = min(core.risk.breakers.due)
    core.risk.breakers.due.remove(strategy)
    tripped = core.risk.breakers.tripped[strategy]
    withdraw_barred(core, c, Scope.STRATEGY, strategy, TradingState.REDUCING, tripped.reason, tripped.value,
                    tripped.limit)


def arm_strategy(core: State, c: Any) -> Any:
    """Arms a strategy again that a breaker has disarmed; where it takes two names, with the second. The ack's report
    tells how many are missing."""
    strategy, breakers = c.strategy, core.risk.breakers
    tripped = breakers.tripped.get(strategy)
    refused = refuse_note(core, c)
    if refused is not None:
        return refused
    if tripped is None:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, strategy, 124)
    if not (c.who and c.why):
        return refuse_command(core, c, Reason.NOT_AUTHORIZED, 0, 104 if c.who else 96)
    if c.who == tripped.first:
        return refuse_command(core, c, Reason.NOT_AUTHORIZED, tripped.names, 96)
    if tripped.names > 1 and not tripped.first:
        tripped.first = c.who
        return accept_change(core, c, strategy, 1)
    for rule in (Rule.REPEATED_EXECUTION, Rule.CONSECUTIVE_REJECTS):
        begin_anew(breaker_row(core.risk.rows, strategy, rule))
    del breakers.tripped[strategy]
    return accept_change(core, c, strategy, 0)


def is_barred(core: State, order: Order, request: Request, state: int) -> bool:
    """Is a replace that was not handed out to be taken back? One that was answered is not; where the scope may reduce,
    neither is one that reduces, or gives way."""
    if not wants_more(order, request):
        return False
    asked = request.order_qty, request.price, request.stop_px, request.expire_time, request.peg_offset
    further = request.order_qty > order.cum_qty and moves_on(order, *asked)
    return state == TradingState.HALTED or (further and not reduces(core, order, request.order_qty - order.cum_qty))
