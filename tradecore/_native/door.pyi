# What checkers and editors see of the compiled door: the calls themselves have the signatures of core/door.py.

from collections.abc import Callable
from typing import Any, NoReturn, Self, final

from tradecore.core.core_gate import CoreGate
from tradecore.orders.order import Order
from tradecore.vocabulary.identifiers import Identifier
from tradecore.vocabulary.units import Number

@final
class Door:
    @property
    def slow(self) -> dict[str, Callable[..., Any]]: ...
    def __new__(cls, gate: CoreGate, slow: dict[str, Callable[..., Any]], counterparty: int) -> Self: ...
    def calls(self) -> dict[str, Callable[..., Any]]: ...

@final
class Prepared:
    def __new__(cls, door: Door, record: bytes, typed: bool, slow: Callable[..., Order]) -> Self: ...
    def __call__(
        self,
        qty: Number | None = None,
        price: Number | None = None,
        *,
        cl_ord_id: Identifier | None = None,
        transact_time: int | None = None,
    ) -> Order: ...
    def __reduce__(self) -> NoReturn: ...

def is_described(name: str) -> bool: ...
def describe(name: str, signature: str, text: str) -> None: ...
