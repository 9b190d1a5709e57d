"""Rules of users as Python callables, the slow way: asked before a core's own pass, outside its lock.

Each is asked of each new order and each replace, as the command would say it. What one refuses goes into the core all
the same, with the refusal in its record, so that the order is REJECTED there, and a recording says why. What a callable
raises refuses too: a rule that can't be asked lets nothing pass.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..vocabulary.codes import CommandType
from ..vocabulary.fix import ExecInst, OrdType, PegOffsetType, Side, TimeInForce
from ..vocabulary.names import Directory
from ..vocabulary.records import NO_PRICE, TEXT_SIZE, UNTELLABLE

REFUSED = "says no"
ASKED_KINDS = [int(CommandType.NEW_ORDER), int(CommandType.REPLACE)]  # no batch has them while a callable is in force


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """An order as a rule in Python sees it; it can't be changed. Of a replace, the order as it would be.

    `qty` is whole units, 0 of one for an amount of cash; `price` and `stop_px` are None where there is none, or where
    one is finer than a price unit. `venue` is None where it is routed, `order_id` 0 of a new one. `cl_ord_id` is the
    order's own, empty where it has none yet. `expire_time` is ns UTC, 0 where there is none; `peg_offset` is a price or
    basis points, as `peg_offset_type` says, None where there is none.
    """

    symbol: str
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    qty: Decimal
    price: Decimal | None
    stop_px: Decimal | None
    account: str
    venue: str | None
    strategy: int
    post_only: bool
    reduce_only: bool
    cl_ord_id: str
    order_id: int
    expire_time: int = 0
    peg_offset: Decimal | None = None
    peg_offset_type: PegOffsetType = PegOffsetType.PRICE


Asked = Callable[[AskedOrder], Any]  # it is to return None, a bool or a text; what else it may, is refused


@dataclass(frozen=True, slots=True)
class CallableRule:
    """A callable in force, and the name that it was given."""

    name: str
    ask: Asked


def view_order(names: Directory, facts: object, order_id: int, cl_ord_id: str) -> AskedOrder:
    """What a rule is asked, of a NEW_ORDER command or an order's row: both have the same integers."""
    said = {name: int(getattr(facts, name)) for name in (
        "instrument", "side", "ord_type", "time_in_force", "exec_inst", "order_qty", "price", "stop_px", "account",
        "venue", "strategy", "expire_time", "peg_offset", "peg_offset_type")}
    instrument = names.instruments[said["instrument"] - 1]
    prices = [None if units in (NO_PRICE, UNTELLABLE) else instrument.price(units)
              for units in (said["price"], said["stop_px"])]
    offset_type, offset = PegOffsetType(said["peg_offset_type"]), said["peg_offset"]
    in_cash = said["exec_inst"] & ExecInst.CASH_ORDER_QTY and order_id == 0
    return AskedOrder(
        symbol=instrument.symbol, side=Side(said["side"]), ord_type=OrdType(said["ord_type"]),
        time_in_force=TimeInForce(said["time_in_force"]), qty=instrument.quantity(0 if in_cash else said["order_qty"]),
        price=prices[0], stop_px=prices[1], account=names.accounts.names[said["account"] - 1],
        venue=names.venues.name(said["venue"]), strategy=said["strategy"],
        post_only=bool(said["exec_inst"] & ExecInst.POST_ONLY),
        reduce_only=bool(said["exec_inst"] & ExecInst.REDUCE_ONLY), cl_ord_id=cl_ord_id, order_id=order_id,
        expire_time=said["expire_time"], peg_offset_type=offset_type,
        peg_offset=None if not offset else instrument.price(offset) if offset_type is PegOffsetType.PRICE
        else Decimal(offset),
    )


def ask_callables(rules: list[CallableRule], order: AskedOrder) -> str:
    """What the first rule that refuses says, behind its name; empty where all let it pass."""
    for rule in tuple(rules):
        said = ask_one(rule, order)
        if said is not None:
            return f"{_spoken(rule.name)}{said.strip() or REFUSED}"
    return ""


def _spoken(name: str) -> str:
    return f"rule {name!r}: "


def plain_refusal(name: str) -> str:
    """What a rule refuses with that says nothing."""
    return _spoken(name) + REFUSED


def without_words(said: str) -> str:
    """A refusal without what the rule has said: there are no more of these than rules. A name has no colon."""
    return f"{said.partition(':')[0]}: {REFUSED}"


def ask_one(rule: CallableRule, order: AskedOrder) -> str | None:
    """Why a rule refuses an order; None where it lets it pass: it returns None or True."""
    try:
        answer = rule.ask(order)
    except Exception as error:  # whatever it is, the order is not asked about any further
        told = f"{type(error).__name__}: {_words_of(error)}"
        warn_of(f"rule {rule.name!r} raised {told}: {order.symbol} is refused")
        return told
    if answer is None or answer is True:
        return None
    if answer is False:
        return REFUSED
    if issubclass(type(answer), str):
        return str.__str__(answer)  # what a class of the user's makes of its text is not asked
    if inspect.iscoroutine(answer):
        answer.close()  # it is never awaited
    told = f"a {type(answer).__name__} is no answer"
    warn_of(f"rule {rule.name!r}: {told}: {order.symbol} is refused")
    return told


def _words_of(error: Exception) -> str:
    """What an exception says; nothing where that raises too."""
    try:
        return str(error)
    except Exception:
        return ""


def warn_of(text: str) -> None:
    """A RuntimeWarning beside the refusal, with all of what went wrong. Where warnings are errors it changes nothing:
    the order is refused, and its caller is told so by the order."""
    try:
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    except RuntimeWarning:
        return


def refusal_text(said: str) -> bytes:
    """A refusal as a record has it: printable ASCII, one line, cut where no more fits."""
    plain = " ".join("".join(c if " " <= c <= "~" else "?" for c in " ".join(said.split())).split())
    return plain[:TEXT_SIZE].rstrip().encode("ascii")


def demand_callable(ask: Any) -> Asked:
    """What can be asked. Raises TypeError for what can't be called, and for a coroutine function, whose answer would
    come too late."""
    if not callable(ask):
        raise TypeError(f"expression must be a str or a callable, not {type(ask).__name__}")
    if inspect.iscoroutinefunction(ask):
        raise TypeError("a rule must answer at once: a coroutine function can't")
    asked: Asked = ask
    return asked


def demand_none(rules: list[CallableRule], call: str) -> None:
    """Refuses a call that would pass rules in Python by. Raises RuntimeError naming them."""
    if rules:
        raise RuntimeError(f"{call} asks no rules in Python, and {', '.join(rule.name for rule in rules)} of them "
                           f"{'is' if len(rules) == 1 else 'are'} in force: submit one by one, or remove_rule() first")
