"""Instruments: what is traded, its reference data, and its prices and quantities in the core's integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import ceil, floor

from .fix import OrdType, Side, TimeInForce, TriggerPriceType, ValuationMethod
from .identifiers import check_name
from .records import (
    MARGIN_MAX,
    MARGIN_PRECISION,
    MULTIPLIER_MAX,
    PRICE_MAX,
    PRINT_MAX_AGE,
    QTY_MAX,
    TIME_MAX,
    UNTELLABLE,
)
from .scalars import demand_plain
from .ticks import TickBand, TickTable, finest_tick, read_bands, table_decimals, table_of
from .units import (
    AMOUNT_PRECISION_MAX,
    CENTS,
    INVERSE_PRECISION,
    INVERSE_SCALE_MAX,
    MONEY_PRECISION,
    PRICE_DIGITS,
    PRICE_PRECISION_MOST,
    Number,
    check_bool,
    check_int,
    decimals_of,
    limit_units,
    read_number,
    show,
    to_decimal,
    whole_units,
)

ORD_TYPES, TIMES_IN_FORCE = tuple(OrdType), tuple(TimeInForce)  # one object each, whatever the number of instruments
_TICKS: dict[int, int] = {}  # many instruments have one tick: they share its number
_DECIMALS: dict[tuple[int, int], int] = {}  # of a tick in units of so many decimals
_AVG_PX = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is traded, and the reference data that its orders are checked against.

    `tick_size` is the step of order prices (Decimal text, in `currency`), or a table of them by price band: pairs of
    (from price, tick), or a mapping, the first from 0. `price_precision` is the number of decimals in which prices are
    booked: by default six finer than the tick up to ten, so that a trade may lie between ticks; fewer where all
    decimals together would be more than 18. `lot_size` is the step of order quantities, `qty_precision` the decimals in
    which quantities are booked, by default the lot's. `multiplier` is the contract size.
    `min_notional` and `max_notional` are in `currency`. `any_sign` allows zero and negative prices. `inverse` is a
    contract on the price turned over: a quantity is worth quantity x multiplier / price in `currency` (a coin, say),
    rounded at 12 decimals once a fill; for `PositionKeeper`, a `TradingCore` refuses it. `ord_types` and
    `times_in_force` are what its orders may be: what a venue can't do by itself, the core holds and triggers.
    `trigger_price_type` is what its stops watch that don't say; NONE: the last trade while this session has had a trade
    print that is no older than `print_max_age` (ns, 0: however old), else the touch, and of trailing stops the mid.
    `order_protection`: its orders trade through no better price that another venue displays, and lock or cross none
    (SEC Regulation NMS, Rules 610 and 611). `fok_over_venues`: a FILL_OR_KILL that no venue can fill alone may be
    filled whole over several simulated ones; external ones can't promise jointly. `valuation_method`: of what is
    FUTURES_STYLE only variation margin is equity, where else what is held counts at its mark. `initial_margin` and
    `maintenance_margin` are the shares of a position's value that equity must cover where `margin_use` is limited: to
    add to it, and to hold it; 1, the whole of it, unless they are said, and maintenance as initial.
    `group`: limits may be on the group of instruments that it is in, a sector, say, which its first instrument makes.
    """

    symbol: str
    tick_size: TickTable = "0.01"
    currency: str = "USD"
    lot_size: Number = 1
    min_qty: Number | None = None
    max_qty: Number | None = None
    multiplier: Number = 1
    min_notional: Number | None = None
    max_notional: Number | None = None
    price_precision: int | None = None
    qty_precision: int = None  # type: ignore[assignment]  # the lot's decimals; an int once it is made
    any_sign: bool = False
    inverse: bool = False
    ord_types: tuple[str | OrdType, ...] = ORD_TYPES
    times_in_force: tuple[str | TimeInForce, ...] = TIMES_IN_FORCE
    trigger_price_type: str | TriggerPriceType = TriggerPriceType.NONE
    print_max_age: int = PRINT_MAX_AGE
    order_protection: bool = False
    fok_over_venues: bool = False
    valuation_method: str | ValuationMethod = ValuationMethod.PREMIUM_STYLE
    initial_margin: Number = 1
    maintenance_margin: Number | None = None
    group: str = ""
    # Filled in below: the integers of the definition record.
    multiplier_precision: int = field(init=False)
    bands: tuple[TickBand, ...] = field(init=False)  # empty where the tick is the same at every price
    tick: int = field(init=False)  # the finest, that divides all
    lot: int = field(init=False)
    min_lots: int = field(init=False)
    max_lots: int = field(init=False)
    multiplier_units: int = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "symbol", check_name(self.symbol, "symbol"))
        put(self, "currency", check_name(self.currency, "currency"))
        where = f"instrument {self.symbol}:"
        pairs = table_of(self.tick_size, f"{where} tick_size")
        self._choose_precisions(table_decimals(pairs, f"{where} tick_size"), where)
        bands = read_bands(pairs, self.price_precision or 0, f"{where} tick_size")
        if len(pairs) > 1:
            put(self, "tick_size", tuple(pairs))
        put(self, "bands", bands if len(bands) > 1 else ())
        tick = finest_tick(bands)
        put(self, "tick", _TICKS.setdefault(tick, tick))
        put(self, "lot", self._lots(self.lot_size, f"{where} lot_size"))
        put(self, "min_lots", self.lot if self.min_qty is None else self._lots(self.min_qty, f"{where} min_qty"))
        most = QTY_MAX if self.max_qty is None else self._lots(self.max_qty, f"{where} max_qty")
        if most < self.min_lots:
            raise ValueError(f"{where} max_qty {self.max_qty} is below min_qty {self.quantity(self.min_lots)}")
        put(self, "max_lots", most)
        units = whole_units(self.multiplier, self.multiplier_precision, f"{where} multiplier", MULTIPLIER_MAX, low=1)
        put(self, "multiplier_units", units)
        if self.ord_types is not ORD_TYPES:
            put(self, "ord_types", OrdType.parse_all(self.ord_types, f"{where} ord_types"))
        if self.times_in_force is not TIMES_IN_FORCE:
            put(self, "times_in_force", TimeInForce.parse_all(self.times_in_force, f"{where} times_in_force"))
        put(self, "trigger_price_type", TriggerPriceType.parse(self.trigger_price_type, f"{where} trigger_price_type"))
        put(self, "valuation_method", ValuationMethod.parse(self.valuation_method, f"{where} valuation_method"))
        margin_units(self.initial_margin, self.maintenance_margin, where)
        check_int(self.print_max_age, f"{where} print_max_age", 0, TIME_MAX)
        for name in ("any_sign", "inverse", "order_protection", "fok_over_venues"):
            check_bool(getattr(self, name), f"{where} {name}")
        if self.group != "":
            check_name(self.group, f"{where} group")
        if self.inverse and (self.any_sign or not 1 <= self.inverse_scale <= INVERSE_SCALE_MAX):
            raise ValueError(
                f"{where} an inverse contract has positive prices only, and 10**(12 + price_precision "
                f"{self.price_precision} - quantity decimals {self.qty_precision}) x multiplier {self.multiplier} "
                f"= {self.inverse_scale} must be 1 to 10**23"
            )
        least, most = self._notionals(where)
        if 0 <= most < least:
            raise ValueError(f"{where} max_notional {self.max_notional} is below min_notional {self.min_notional}")

    def _choose_precisions(self, tick_decimals: int, where: str) -> None:
        """Decimals of prices, quantities and the multiplier; refuses what are together more than 18, with the sum."""
        put = object.__setattr__
        for name in ("price_precision", "qty_precision"):
            given = getattr(self, name)
            if type(given) is not int and given is not None:
                put(self, name, demand_plain(given, (int,), f"{where} {name}", "an int"))
        lot_decimals = decimals_of(self.lot_size, f"{where} lot_size")
        qty = lot_decimals if self.qty_precision is None else self.qty_precision
        if not lot_decimals <= qty <= 12:
            raise ValueError(f"{where} qty_precision {qty} must be {lot_decimals} (the lot's) to 12")
        multiplier = decimals_of(self.multiplier, f"{where} multiplier")
        price = self.price_precision
        if price is None:
            finer = max(tick_decimals, min(tick_decimals + PRICE_DIGITS, PRICE_PRECISION_MOST))
            price = max(tick_decimals, min(finer, AMOUNT_PRECISION_MAX - qty - multiplier))
        if not tick_decimals <= price <= 12:
            raise ValueError(f"{where} price_precision {price} must be {tick_decimals} (the tick's) to 12")
        if price + qty + multiplier > AMOUNT_PRECISION_MAX:
            raise ValueError(
                f"{where} price_precision {price} + quantity decimals {qty} + multiplier decimals {multiplier} = "
                f"{price + qty + multiplier}, at most {AMOUNT_PRECISION_MAX} are possible"
            )
        put(self, "price_precision", price)
        put(self, "qty_precision", qty)
        put(self, "multiplier_precision", multiplier)

    def _notionals(self, where: str) -> tuple[int, int]:
        return (limit_units(self.min_notional, f"{where} min_notional"),
                limit_units(self.max_notional, f"{where} max_notional"))

    def _lots(self, value: Number, name: str) -> int:
        return whole_units(value, self.qty_precision, name, QTY_MAX, low=1)

    @property
    def amount_precision(self) -> int:
        """Decimals of an amount (price unit x quantity unit x multiplier) in `currency`; of inverse contracts 12."""
        plain = (self.price_precision or 0) + self.qty_precision + self.multiplier_precision
        return INVERSE_PRECISION if self.inverse else plain

    def price_units(self, value: Number, name: str = "price") -> int:
        """A price in `currency` as price units; refuses what is not a whole number of them."""
        return whole_units(value, self.price_precision or 0, f"{self.symbol} {name}", PRICE_MAX)

    def order_units(self, value: Number, name: str = "price") -> int:
        """A price of an order as price units. One that is finer than a unit is off every tick: a number that the core
        refuses as such (PRICE_TICK_MULTIPLE), whatever the precision is. Raises as `price_units` for no price."""
        try:
            return self.price_units(value, name)
        except ValueError:
            exact = read_number(value)
            if exact is None or abs(exact) > self.price(PRICE_MAX):
                raise
            return UNTELLABLE

    def round_price(self, px: Number, side: Side | str) -> Decimal:
        """The nearest price on the tick of its band that is no worse for an order of `side`: a buy's is rounded down, a
        sell's up. Raises TypeError or ValueError naming field, value and bound."""
        exact = read_number(px)
        if exact is None or abs(exact) > self.price(PRICE_MAX):
            self.price_units(px, "px")  # says why
            raise ValueError(f"{self.symbol} px {show(px)} is no price")
        scaled, buys = Fraction(exact) * 10 ** (self.price_precision or 0), Side.parse(side, "side") is Side.BUY
        units = floor(scaled) if buys else ceil(scaled)
        tick = self._tick_at(units)
        units = units // tick * tick if buys else -(-units // tick) * tick
        if units <= 0 and not self.any_sign:
            raise ValueError(f"{self.symbol} px {show(px)} is below the tick {self.price(tick):f}")
        return self.price(units)

    def round_qty(self, qty: Number) -> Decimal:
        """The largest whole number of lots in a quantity, 0 where it is less than one. Raises TypeError or ValueError
        naming field, value and bound."""
        exact = read_number(qty)
        if exact is None or not 0 <= exact <= self.quantity(QTY_MAX):
            whole_units(qty, self.qty_precision, f"{self.symbol} qty", QTY_MAX, low=0)  # says why
            raise ValueError(f"{self.symbol} qty {show(qty)} is no quantity")
        lots = floor(Fraction(exact) * 10**self.qty_precision)
        return self.quantity(lots // self.lot * self.lot)

    def _tick_at(self, units: int) -> int:
        return next((band.tick for band in reversed(self.bands) if abs(units) >= band.from_px), self.tick)

    @property
    def tick_decimal(self) -> Decimal:
        """The finest tick, as a price."""
        return self.price(self.tick)

    def qty_lots(self, value: Number, name: str = "order_qty", *, low: int = 0) -> int:
        """A quantity as quantity units; refuses what is not a whole number of them."""
        return whole_units(value, self.qty_precision, f"{self.symbol} {name}", QTY_MAX, low=low)

    def price(self, units: int) -> Decimal:
        """Price units as a price, in the tick's decimals where they hold it."""
        precision = self.price_precision or 0
        return to_decimal(units, precision, _tick_decimals(self.tick, precision))

    @property
    def tick_decimals(self) -> int:
        """The decimals that a price on the tick has at most."""
        return _tick_decimals(self.tick, self.price_precision or 0)

    def quantity(self, lots: int) -> Decimal:
        """Quantity units as a quantity."""
        return to_decimal(lots, self.qty_precision)

    def price_ratio(self, amount: int, lots: int) -> Fraction:
        """The exact average price of an amount (price unit x quantity unit) over quantity units."""
        if self.inverse:
            return Fraction(-lots * self.inverse_scale, amount * 10 ** (self.price_precision or 0))
        return Fraction(amount, lots * 10 ** (self.price_precision or 0))

    def rounded_price(self, ratio: Fraction) -> Decimal:
        """A ratio as a Decimal: in this instrument's decimals where they hold it, else 28 digits, half to even."""
        quotient = _AVG_PX.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
        units = ratio * 10 ** (self.price_precision or 0)
        return self.price(units.numerator) if units.denominator == 1 else quotient

    def money(self, amount: int) -> Decimal:
        """An amount (price unit x quantity unit x multiplier) in `currency`, exactly."""
        return to_decimal(amount if self.inverse else amount * self.multiplier_units, self.amount_precision, CENTS)

    @property
    def inverse_scale(self) -> int:
        """An inverse contract's quantity units x this / price units is its amount, at 12 decimals; 0 for others."""
        digits = (self.price_precision or 0) + INVERSE_PRECISION - self.qty_precision - self.multiplier_precision
        return self.multiplier_units * 10**digits if self.inverse and digits >= 0 else 0

    @property
    def inverse_word(self) -> int:
        """`inverse_scale` as the ledger takes it, which 64 bits may not hold: multiplier x 64 + power of ten."""
        digits = (self.price_precision or 0) + INVERSE_PRECISION - self.qty_precision - self.multiplier_precision
        return self.multiplier_units * 64 + digits if self.inverse_scale else 0

    def value(self, lots: int, units: int) -> int:
        """The amount that signed lots are worth at a price, as the ledger books it."""
        if not self.inverse:
            return lots * units
        quotient, rest = divmod(lots * self.inverse_scale, units)
        return -(quotient + (2 * rest > units or (2 * rest == units and quotient % 2 == 1)))

    def definition(self, currency_id: int, money_precision: int = MONEY_PRECISION) -> dict[str, int | bytes]:
        """The fields of this instrument's DEFINE_INSTRUMENT record; `money_precision`: its currency's decimals."""
        where = f"instrument {self.symbol}:"
        least, most = self._notionals(where)
        return {
            "currency": currency_id, "money_precision": money_precision,
            "price_precision": self.price_precision or 0, "qty_precision": self.qty_precision,
            "multiplier_precision": self.multiplier_precision, "any_sign": int(self.any_sign) + 2 * self.inverse,
            "ord_types": sum(1 << OrdType.parse(v, where) for v in set(self.ord_types)),
            "times_in_force": sum(1 << TimeInForce.parse(v, where) for v in set(self.times_in_force)),
            "trigger_source": int(TriggerPriceType.parse(self.trigger_price_type, where)),
            "print_max_age": self.print_max_age, "order_protection": int(self.order_protection),
            "fok_over_venues": int(self.fok_over_venues),
            "valuation_method": int(ValuationMethod.parse(self.valuation_method, where)),
            "tick": self.tick, "lot": self.lot,
            "min_qty": self.min_lots, "max_qty": self.max_lots,
            "multiplier": self.multiplier_units, "min_notional": least, "max_notional": most,
        }

    def margin_definition(self) -> dict[str, int]:
        """The fields of this instrument's MARGIN_RATES record, which follows it; empty where it has none."""
        initial, maintenance = margin_units(self.initial_margin, self.maintenance_margin, self.symbol)
        if initial == maintenance == 10**MARGIN_PRECISION:
            return {}
        return {"initial_margin": initial, "maintenance_margin": maintenance}

    def tick_definitions(self) -> list[dict[str, int]]:
        """The fields of this instrument's DEFINE_TICKS records, which follow it; none where one tick is for all."""
        if not self.bands:
            return []
        return [{"band": at, "from_px": band.from_px, "band_tick": band.tick} for at, band in enumerate(self.bands)]


def margin_units(initial: Number, maintenance: Number | None, where: str) -> tuple[int, int]:
    """Margin rates as MARGIN_RATES has them. Raises TypeError or ValueError naming field, value and bound."""
    units = whole_units(initial, MARGIN_PRECISION, f"{where} initial_margin", MARGIN_MAX, low=1)
    if maintenance is None:
        return units, units
    return units, whole_units(maintenance, MARGIN_PRECISION, f"{where} maintenance_margin", units, low=1)


def _tick_decimals(tick: int, precision: int) -> int:
    """Decimals of a tick in units of 10**-precision: how many a price on it has at most."""
    found = _DECIMALS.get((tick, precision))
    if found is None:
        found = precision - next(n for n in range(precision + 1) if n == precision or tick % 10 ** (n + 1))
        _DECIMALS[tick, precision] = found
    return found
