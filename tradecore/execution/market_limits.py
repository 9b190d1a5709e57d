"""An exchange's price limits as people set and read them: `core.execution.set_price_limits`, `price_limits`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from ..vocabulary.gate import Gate
from ..vocabulary.records import NO_PRICE
from ..vocabulary.units import Number, check_int

DYNAMIC_BPS_MAX = 1_000_000


class PriceLimits(NamedTuple):
    """What the exchange lets be traded of a symbol; None where there is no such limit."""

    low_limit_price: Decimal | None
    high_limit_price: Decimal | None
    dynamic_bps: int | None
    trading_reference_price: Decimal | None
    """What dynamic limits are taken from now: the last trade, or what was said and nothing has traded since."""
    lowest_sell: Decimal | None
    """The lowest price that a SELL may have now."""
    highest_buy: Decimal | None
    """The highest price that a BUY may have now."""


def price_fields(
    units: Callable[[Number, str], int], low_limit_price: Number | None, high_limit_price: Number | None,
    dynamic_bps: int | None, trading_reference_price: Number | None
) -> dict[str, int]:
    """A PRICE_LIMITS command's fields. TypeError or ValueError names what is no price."""
    prices = {"low_limit_price": low_limit_price, "high_limit_price": high_limit_price,
              "trading_reference_price": trading_reference_price}
    fields = {name: NO_PRICE if price is None else units(price, name) for name, price in prices.items()}
    bps = -1 if dynamic_bps is None else check_int(dynamic_bps, "dynamic_bps", 0, DYNAMIC_BPS_MAX)
    return fields | {"dynamic_bps": bps}


def read_price_limits(gate: Gate, symbol: str) -> PriceLimits:
    """What the core holds a symbol's orders to. UndeclaredError where there is no such symbol."""
    number = gate.names.symbols.id(symbol)
    instrument, facts = gate.names.instruments[number - 1], gate.core.price_limits(number)

    def told(price: int) -> Decimal | None:
        return None if price == NO_PRICE else instrument.price(price)

    return PriceLimits(
        told(facts.low), told(facts.high), facts.dynamic_bps if facts.dynamic_bps >= 0 else None,
        told(facts.reference), told(facts.lowest_sell), told(facts.highest_buy))
