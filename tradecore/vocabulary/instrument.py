"""Instruments: what is traded, its reference data, and its prices and quantities in the core's integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from .fix import OrdType, TimeInForce
from .identifiers import check_name
from .records import MULTIPLIER_MAX, PRICE_MAX, QTY_MAX
from .units import (
    AMOUNT_PRECISION_MAX,
    EXACT,
    INVERSE_PRECISION,
    INVERSE_SCALE_MAX,
    Number,
    decimals_of,
    micros,
    to_decimal,
    whole_units,
)

_AVG_PX = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is traded, and the reference data that its orders are checked against.

    `tick_size` is the grid of order and quote prices (Decimal text, in `currency`). `price_precision`
    is the number of decimals in which prices are booked: by default two finer than the tick, so that
    a fill may lie between ticks. `lot_size` is the quantity step. `multiplier` is the contract size.
    `min_notional` and `max_notional` are in `currency`. `any_sign` allows zero and negative prices. `inverse` is a
    contract on the price turned over: a quantity is worth quantity x multiplier / price in `currency` (a coin, say),
    rounded at 12 decimals once a fill; for `PositionKeeper`, a `TradingCore` refuses it. `ord_types` and
    `times_in_force` are what its orders may be: what a venue can't do by itself, the core holds and triggers.
    """

    symbol: str
    tick_size: Number = "0.01"
    currency: str = "USD"
    lot_size: Number = 1
    min_qty: Number | None = None
    max_qty: Number | None = None
    multiplier: Number = 1
    min_notional: Number | None = None
    max_notional: Number | None = None
    price_precision: int | None = None
    any_sign: bool = False
    inverse: bool = False
    ord_types: tuple[str | OrdType, ...] = tuple(OrdType)
    times_in_force: tuple[str | TimeInForce, ...] = tuple(TimeInForce)
    # Filled in below: the integers of the definition record.
    qty_precision: int = field(init=False)
    multiplier_precision: int = field(init=False)
    tick: int = field(init=False)
    lot: int = field(init=False)
    min_lots: int = field(init=False)
    max_lots: int = field(init=False)
    multiplier_units: int = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        check_name(self.symbol, "symbol")
        check_name(self.currency, "currency")
        where = f"instrument {self.symbol}:"
        if isinstance(self.price_precision, bool) or not isinstance(self.price_precision, (int, type(None))):
            raise TypeError(f"{where} price_precision must be an int, not {type(self.price_precision).__name__}")
        tick_decimals = decimals_of(self.tick_size, f"{where} tick_size")
        precision = tick_decimals + 2 if self.price_precision is None else self.price_precision
        if not tick_decimals <= precision <= 12:
            raise ValueError(f"{where} price_precision {precision} must be {tick_decimals} (the tick's) to 12")
        put(self, "price_precision", precision)
        put(self, "qty_precision", decimals_of(self.lot_size, f"{where} lot_size"))
        put(self, "multiplier_precision", decimals_of(self.multiplier, f"{where} multiplier"))
        if self.amount_precision > AMOUNT_PRECISION_MAX:
            raise ValueError(
                f"{where} price_precision {precision} + lot_size decimals {self.qty_precision} + multiplier decimals "
                f"{self.multiplier_precision} = {self.amount_precision}, at most {AMOUNT_PRECISION_MAX} are possible"
            )
        put(self, "tick", whole_units(self.tick_size, precision, f"{where} tick_size", PRICE_MAX, low=1))
        put(self, "lot", self._lots(self.lot_size, f"{where} lot_size"))
        put(self, "min_lots", self.lot if self.min_qty is None else self._lots(self.min_qty, f"{where} min_qty"))
        most = QTY_MAX if self.max_qty is None else self._lots(self.max_qty, f"{where} max_qty")
        if most < self.min_lots:
            raise ValueError(f"{where} max_qty {self.max_qty} is below min_qty {self.quantity(self.min_lots)}")
        put(self, "max_lots", most)
        units = whole_units(self.multiplier, self.multiplier_precision, f"{where} multiplier", MULTIPLIER_MAX, low=1)
        put(self, "multiplier_units", units)
        put(self, "ord_types", tuple(OrdType.parse(v, f"{where} ord_types") for v in self.ord_types))
        put(self, "times_in_force", tuple(TimeInForce.parse(v, f"{where} times_in_force") for v in self.times_in_force))
        if not isinstance(self.any_sign, bool):
            raise TypeError(f"{where} any_sign must be a bool, not {type(self.any_sign).__name__}")
        if not isinstance(self.inverse, bool):
            raise TypeError(f"{where} inverse must be a bool, not {type(self.inverse).__name__}")
        if self.inverse and (self.any_sign or not 1 <= self.inverse_scale <= INVERSE_SCALE_MAX):
            raise ValueError(
                f"{where} an inverse contract has positive prices only, and 10**(12 + price_precision {precision}) x "
                f"multiplier {self.multiplier} in lots must be 1 to 10**18"
            )
        fields = self.definition(1)
        if 0 <= int(fields["max_notional"]) < int(fields["min_notional"]):
            raise ValueError(f"{where} max_notional {self.max_notional} is below min_notional {self.min_notional}")

    def _lots(self, value: Number, name: str) -> int:
        return whole_units(value, self.qty_precision, name, QTY_MAX, low=1)

    @property
    def amount_precision(self) -> int:
        """Decimals of an amount (price unit x lot x multiplier) in `currency`; of an inverse contract's always 12."""
        plain = (self.price_precision or 0) + self.qty_precision + self.multiplier_precision
        return INVERSE_PRECISION if self.inverse else plain

    def price_units(self, value: Number, name: str = "price") -> int:
        """A price in `currency` as price units; refuses what is not a whole number of them."""
        return whole_units(value, self.price_precision or 0, f"{self.symbol} {name}", PRICE_MAX)

    def qty_lots(self, value: Number, name: str = "order_qty", *, low: int = 0) -> int:
        """A quantity as lots; refuses what is not a whole number of them."""
        return whole_units(value, self.qty_precision, f"{self.symbol} {name}", QTY_MAX, low=low)

    def price(self, units: int) -> Decimal:
        """Price units as a price."""
        return to_decimal(units, self.price_precision or 0)

    def quantity(self, lots: int) -> Decimal:
        """Lots as a quantity."""
        return to_decimal(lots, self.qty_precision)

    def price_ratio(self, amount: int, lots: int) -> Fraction:
        """The exact average price of an amount (price unit x lot) over lots."""
        if self.inverse:
            return Fraction(-lots * self.inverse_scale, amount * 10 ** (self.price_precision or 0))
        return Fraction(amount, lots * 10 ** (self.price_precision or 0))

    def rounded_price(self, ratio: Fraction) -> Decimal:
        """A ratio as a Decimal: in this instrument's decimals where they hold it, else 28 digits, half to even."""
        quotient = _AVG_PX.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
        plain = quotient.quantize(to_decimal(1, self.price_precision or 0), context=EXACT)
        return plain if plain == quotient else quotient

    def money(self, amount: int) -> Decimal:
        """An amount (price unit x lot x multiplier) in `currency`, exactly."""
        return to_decimal(amount if self.inverse else amount * self.multiplier_units, self.amount_precision)

    @property
    def inverse_scale(self) -> int:
        """An inverse contract's lots x this / price units is its amount, at 12 decimals; 0 for an ordinary one."""
        digits = (self.price_precision or 0) + INVERSE_PRECISION - self.qty_precision - self.multiplier_precision
        return self.multiplier_units * 10**digits if self.inverse and digits >= 0 else 0

    def value(self, lots: int, units: int) -> int:
        """The amount that signed lots are worth at a price, as the ledger books it."""
        if not self.inverse:
            return lots * units
        quotient, rest = divmod(lots * self.inverse_scale, units)
        return -(quotient + (2 * rest > units or (2 * rest == units and quotient % 2 == 1)))

    def definition(self, currency_id: int) -> dict[str, int | bytes]:
        """The fields of this instrument's DEFINE_INSTRUMENT record."""
        where = f"instrument {self.symbol}:"
        return {
            "currency": currency_id,
            "price_precision": self.price_precision or 0, "qty_precision": self.qty_precision,
            "multiplier_precision": self.multiplier_precision, "any_sign": int(self.any_sign) + 2 * self.inverse,
            "ord_types": sum(1 << OrdType.parse(v, where) for v in set(self.ord_types)),
            "times_in_force": sum(1 << TimeInForce.parse(v, where) for v in set(self.times_in_force)),
            "tick": self.tick, "lot": self.lot, "min_qty": self.min_lots, "max_qty": self.max_lots,
            "multiplier": self.multiplier_units,
            "min_notional": micros(self.min_notional, f"{where} min_notional"),
            "max_notional": micros(self.max_notional, f"{where} max_notional"),
        }
