"""The door in plain Python: what a user says, into one command, and its answer back. It explains what is wrong.

A compiled core has a door of its own (ext/core/door.pyx), which reads the usual calls many times faster and hands what
it can't read to this one; both make the same command of the same call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Unpack

from .._backend import room_module
from ..orders.order import Order
from ..orders.prepared import PreparedOrder
from ..orders.ticket import OrderTerms, pack_order
from ..orders.validation import failures
from ..risk.limits import CheckResult, RiskCheck, check_rows, refused_rows
from ..vocabulary.codes import CommandType, Reason
from ..vocabulary.fix import Side
from ..vocabulary.names import Directory
from ..vocabulary.nearest import LIKE, find_nearest
from ..vocabulary.records import CODECS
from ..vocabulary.rows import Finding
from ..vocabulary.units import Number
from .core_gate import CoreGate

_NEW_ORDER = CODECS[CommandType.NEW_ORDER]
_TERMS = list(OrderTerms.__annotations__)
_DEFAULTS = {"time_in_force": "DAY", "post_only": False, "reduce_only": False, "peg_offset_type": "PRICE",
             "trigger_price_type": "NONE", "contingency_type": "NONE", "strategy": 0,
             "routing": "NONE"}
Call = Callable[..., Any]
_OURS = __name__.partition(".")[0] + "."


class Door:
    """New orders, questions about them, and market data, through one gate. Threads: any may call."""

    def __init__(self, gate: CoreGate, counterparty: str | None = None) -> None:
        self._gate, self._counterparty = gate, counterparty

    @property
    def counterparty_id(self) -> int:
        """The venue of every order, 0 where an order says it or is routed."""
        return 0 if self._counterparty is None else self._gate.names.venues.id(self._counterparty)

    def submit(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> Order:
        """See TradingCore.submit."""
        demand_terms("submit", terms)
        return self._send(symbol, side, qty, price, terms)

    def new_order(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> Order:
        """See OrderManager.new_order."""
        demand_terms("new_order", terms)
        if terms.get("venue") is not None:
            raise TypeError(f"venue {terms['venue']!r}: an OrderManager has one counterparty, and no venues")
        return self._send(symbol, side, qty, price, {**terms, "venue": self._counterparty})

    def _send(self, symbol: str, side: Side | str, qty: Any, price: Any, terms: OrderTerms) -> Order:
        refusal = ""
        if self._gate.asked:  # what is called wrong is not asked about
            asked = pack_order(self._gate.names, self._gate.known_id, symbol, side, qty, price, **terms)
            refusal = self._gate.judge(_NEW_ORDER.unpack(asked))
        record = pack_order(self._gate.names, self._gate.id_of, symbol, side, qty, price, **terms)
        if refusal:
            fields = _NEW_ORDER.unpack(record)._asdict() | {"refusal": self._gate.refusal_id(refusal)}
            record = _NEW_ORDER.pack(**fields)
        return self._gate.order(self._gate.submit(record))

    def check(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> CheckResult:
        """See TradingCore.check."""
        demand_terms("check", terms)
        command = pack_order(self._gate.names, self._gate.known_id, symbol, side, qty, price, **terms)
        mask, findings = self._gate.core.check(command, self._gate.time())
        instrument = self._gate.names.find_instrument(symbol)[1]
        rows = refused_rows(failures(mask)) if mask else check_rows(findings, instrument)
        if not mask and self._gate.judge(_NEW_ORDER.unpack(command)):
            rows = [row for row in rows if row.rule is not Reason.USER_RULE] + refused_rows([Reason.USER_RULE])
        return CheckResult(rows)

    def prepare(
        self, symbol: str, side: Side | str, terms: OrderTerms, call: Call, compiled: Any
    ) -> Callable[..., Order]:
        """See TradingCore.prepare; `call` is the core's submit, `compiled` the door that it belongs to, or None."""
        demand_terms("prepare", terms)
        for name in ("cl_ord_id", "transact_time"):
            if name in terms:
                raise TypeError(f"prepare() got {name}, which every order has of its own: give it when it is sent")
        instrument = self._gate.names.find_instrument(symbol)[1]
        qty = None if terms.get("cash_order_qty") is not None else instrument.quantity(instrument.lot)
        record = pack_order(self._gate.names, lambda text: 0, symbol, side, qty, None, **terms)
        prepared = PreparedOrder(call, symbol, side, dict(terms))
        if compiled is None:
            return prepared
        native: Any = room_module("native", "door")
        sent: Callable[..., Order] = native.Prepared(compiled, record, terms.get("ord_type") is not None, prepared)
        return sent

    def quote(
        self, venue: str, symbol: str, *, bid: Number | None = None, bid_size: Number | None = None,
        ask: Number | None = None, ask_size: Number | None = None, transact_time: int | None = None,
    ) -> None:
        """See TradingCore.quote."""
        number, instrument = self._gate.names.find_instrument(symbol)
        sides: dict[str, int] = {}
        for name, price, size in (("bid", bid, bid_size), ("ask", ask, ask_size)):
            if (price is None) != (size is None):
                raise ValueError(f"{name} {price!r} and {name}_size {size!r} go together: give both or neither")
            sides[f"{name}_px"] = 0 if price is None else instrument.price_units(price, name)
            sides[f"{name}_size"] = 0 if size is None else instrument.qty_lots(size, f"{name}_size")
        self._gate.command(
            CommandType.QUOTE, instrument=number, venue=self._gate.names.venues.id(venue),
            transact_time=self._gate.names.stamp(transact_time), **sides,
        )

    def trade_print(
        self, symbol: str, price: Number, size: Number, venue: str | None = None, aggressor: Side | str | None = None,
        *, transact_time: int | None = None,
    ) -> None:
        """See TradingCore.trade_print."""
        number, instrument = self._gate.names.find_instrument(symbol)
        side = 0 if aggressor is None else Side.parse(aggressor, "aggressor")
        if side > Side.SELL:
            raise ValueError(f"aggressor {aggressor!r} must be BUY or SELL, or None where it is not known")
        self._gate.command(
            CommandType.TRADE_PRINT, instrument=number, side=side,
            venue=0 if venue is None else self._gate.names.venues.id(venue),
            print_px=instrument.price_units(price), print_size=instrument.qty_lots(size, "size", low=1),
            transact_time=self._gate.names.stamp(transact_time),
        )

    def mark(self, symbol: str, price: Number) -> None:
        """See TradingCore.mark."""
        number, instrument = self._gate.names.find_instrument(symbol)
        self._gate.command(CommandType.MARK, instrument=number, mark_px=instrument.price_units(price))


def demand_terms(call: str, terms: Mapping[str, object]) -> None:
    """Refuses a keyword that is no term of an order, naming the one that was meant: its initials count too."""
    for word in terms:
        if word not in OrderTerms.__annotations__:
            meant = [name for name in _TERMS if "".join(part[0] for part in name.split("_")) == word.lower()]
            near = meant[0] if meant else find_nearest(word, ["qty", "price", *_TERMS], LIKE)
            hint = f"; did you mean {near}?" if near else f": the terms are {', '.join(_TERMS)}"
            raise TypeError(f"{call}() got an unexpected keyword {word!r}{hint}")


def read_answers(alone: int, mask: int, told: bytes, names: Directory, instrument: int) -> list[RiskCheck]:
    """What a compiled core answered a question, in the user's units: once somebody looks."""
    if mask and not alone:
        return refused_rows(failures(mask))
    found = [Finding._make(row) for row in room_module("native", "readers")._read_findings(told)]
    if alone:
        found = [Finding(alone, found[0].value, found[0].limit, True, True)]
    return check_rows(found, names.instruments[instrument - 1])


def compiled_door(gate: CoreGate, door: Door, slow: dict[str, Call], documented: type) -> Any:
    """The door of a compiled core; `slow` has its calls in Python, `documented` their signatures and texts, which are
    told once: they are those of every core."""
    native: Any = room_module("native", "door")
    for name in slow:
        if not native.is_described(name):
            # What a class of the user's says of its own call is not said of ours.
            ours = next(cls for cls in documented.__mro__ if name in vars(cls) and cls.__module__.startswith(_OURS))
            method = vars(ours)[name]
            native.describe(name, _signature(method), inspect.getdoc(method) or "")
    return native.Door(gate, slow, door.counterparty_id)


def is_ours(method: Call) -> bool:
    """Is it a call of this package's, and none that a class of the user's has overridden?"""
    return method.__module__.startswith(_OURS)


def _signature(method: Call) -> str:
    """A method's parameters as help() and inspect read them in a compiled call's text: without annotations, and with
    the terms of an order one by one."""
    told = []
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            told += ["*", *(f"{name}={_DEFAULTS.get(name)!r}" for name in _TERMS)]
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            told += [*([] if "*" in told else ["*"]), f"{parameter.name}={parameter.default!r}"]
        elif parameter.default is inspect.Parameter.empty:
            told.append("$self" if parameter.name == "self" else parameter.name)
        else:
            told.append(f"{parameter.name}={parameter.default!r}")
    return f"({', '.join(told)})"
