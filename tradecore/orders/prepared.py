"""An order that is said once and sent many times: `core.prepare(...)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..vocabulary.fix import Side
from ..vocabulary.identifiers import Identifier
from ..vocabulary.units import Number, show
from .order import Order


class PreparedOrder:
    """A call of `submit` whose terms are fixed: quantity and price are what is left. Threads: any may call."""

    __slots__ = ("_call", "_side", "_symbol", "_terms")

    def __init__(self, call: Callable[..., Order], symbol: str, side: Side | str, terms: dict[str, Any]) -> None:
        self._call, self._symbol, self._side, self._terms = call, symbol, side, terms

    def __call__(
        self, qty: Number | None = None, price: Number | None = None, *, cl_ord_id: Identifier | None = None,
        transact_time: int | None = None,
    ) -> Order:
        """Send it: as `submit` with the terms that were prepared, or with a `cl_ord_id` and a `transact_time` of its
        own. Raises what `submit` raises."""
        return self._call(self._symbol, self._side, qty, price, cl_ord_id=cl_ord_id, transact_time=transact_time,
                          **self._terms)

    def __repr__(self) -> str:
        terms = "".join(f" {name}={show(value)}" for name, value in self._terms.items())
        return f"<PreparedOrder {self._side} {self._symbol}{terms}>"
