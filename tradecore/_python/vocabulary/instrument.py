"""Reference data of one instrument, and the scales that follow from it once. Vocabulary: it decides nothing.

With the scales, an amount is compared with a limit by two multiplications, so nothing is ever rounded to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tradecore.vocabulary.codes import CommandType, Reason, RoutingStrategy
from tradecore.vocabulary.fix import OrdType, Side, TimeInForce, ValuationMethod
from tradecore.vocabulary.records import (
    AMOUNT_MAX,
    BANDS_MAX,
    BOOK_TICKS_MAX,
    CODECS,
    LIMIT_MAX,
    LIMIT_PRECISION,
    MULTIPLIER_MAX,
    PRICE_MAX,
    QTY_MAX,
)
from tradecore.vocabulary.units import MONEY_PRECISION, one_number, tell_wide

from .price_limits import PriceLimits
from .shell import open_command

# Plain ints: an order's side is compared with them many times.
BUY, SELL = int(Side.BUY), int(Side.SELL)
MARKET, LIMIT = int(OrdType.MARKET), int(OrdType.LIMIT)
DAY, GTC, IOC, FOK = (int(tif) for tif in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
ALL_IN_COST, BEST_PRICE, LOWEST_LATENCY, ROUND_ROBIN, PRO_RATA, SCORER = (
    int(strategy) for strategy in RoutingStrategy if strategy)
TIME_MAX = 2**62
_PRICED = {int(OrdType.LIMIT), int(OrdType.STOP_LIMIT), int(OrdType.LIMIT_IF_TOUCHED)}


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """An instrument's numbers: price units, quantity units; notionals in 10**-9 of its currency. What changes are its
    bands and its limits."""

    name: int
    currency: int
    price_precision: int
    qty_precision: int
    multiplier_precision: int
    any_sign: int
    ord_types: int
    times_in_force: int
    tick: int  # the finest, that divides all of its bands
    lot: int
    min_qty: int
    max_qty: int
    multiplier: int
    min_notional: int
    max_notional: int
    notional_scale: int  # amount * notional_scale / limit_scale is a notional
    limit_scale: int
    qty_scale: int  # quantity units * qty_scale / qty_limit_scale is a quantity as limits count it
    qty_limit_scale: int
    fee_scale: int  # amount * fee_scale * ppm / fee_divisor is a fee
    fee_divisor: int
    unit_fee_scale: int  # quantity units * fee per unit * unit_fee_scale / unit_fee_divisor is a fee
    unit_fee_divisor: int
    unit_scale: int
    lots_per_unit: int
    price_most: int  # of an order or a quote
    money_precision: int
    trigger_source: int  # what its stops watch that don't say
    print_max_age: int  # ns
    order_protection: int
    fok_over_venues: int  # a FILL_OR_KILL may be filled over several simulated venues
    valuation_method: int
    bands: list[tuple[int, int]]  # (from price, tick); none where one tick is for all
    limits: PriceLimits  # what its exchange lets be traded now


def opposite(side: int) -> int:
    return SELL if side == BUY else BUY


def awaits_price(ord_type: int) -> bool:
    """Is this a type that waits for a trigger price?"""
    return ord_type not in (OrdType.MARKET, OrdType.LIMIT)


def has_limit(ord_type: int) -> bool:
    """Does this type trade within a limit price once it is active?"""
    return ord_type in _PRICED


def direction(side: int) -> int:
    """BUY or SELL: a short sale is a sell to every book and position."""
    return BUY if side == BUY else SELL


def find_bad_definition(c: Any, currencies: int) -> int:
    """The byte offset of the first field that no instrument can have, or -1."""
    if c.money_precision > 12:
        return 1
    if not 1 <= c.currency <= currencies:
        return 20
    if c.trigger_source and c.trigger_source not in (1, 2, 3, 6):
        return 41
    if c.order_protection > 1:
        return 42
    if c.fok_over_venues > 1:
        return 43
    if c.valuation_method not in ValuationMethod._value2member_map_:
        return 44
    if not 0 <= c.print_max_age <= TIME_MAX:
        return 48
    if c.price_precision > 12:
        return 56
    if c.qty_precision > 12 or c.price_precision + c.qty_precision + c.multiplier_precision > 18:
        return 57
    if c.any_sign > 1:
        return 59
    if not 1 <= c.multiplier <= MULTIPLIER_MAX:
        return 60
    if not 1 <= c.tick <= PRICE_MAX:
        return 64
    if not 1 <= c.lot <= QTY_MAX:
        return 72
    if not 1 <= c.max_qty <= QTY_MAX:
        return 80
    if not 1 <= c.min_qty <= c.max_qty:
        return 88
    if not -1 <= one_number(c.min_notional, c.min_notional_high) <= LIMIT_MAX:
        return 96
    if not -1 <= one_number(c.max_notional, c.max_notional_high) <= LIMIT_MAX:
        return 112
    return -1


def load_instrument(c: Any) -> InstrumentRow:
    decimals = c.price_precision + c.qty_precision + c.multiplier_precision
    finer, money = decimals + 6 - c.money_precision, c.money_precision - MONEY_PRECISION
    return InstrumentRow(
        name=c.cl_ord_id, currency=c.currency, price_precision=c.price_precision, qty_precision=c.qty_precision,
        multiplier_precision=c.multiplier_precision, any_sign=c.any_sign, ord_types=c.ord_types,
        times_in_force=c.times_in_force, tick=c.tick, lot=c.lot, min_qty=c.min_qty, max_qty=c.max_qty,
        multiplier=c.multiplier, min_notional=one_number(c.min_notional, c.min_notional_high),
        max_notional=one_number(c.max_notional, c.max_notional_high),
        notional_scale=c.multiplier * 10 ** max(0, LIMIT_PRECISION - decimals),
        limit_scale=10 ** max(0, decimals - LIMIT_PRECISION),
        qty_scale=10 ** max(0, LIMIT_PRECISION - c.qty_precision),
        qty_limit_scale=10 ** max(0, c.qty_precision - LIMIT_PRECISION),
        fee_scale=c.multiplier * 10 ** max(0, -finer), fee_divisor=10 ** max(0, finer),
        unit_fee_scale=10 ** max(0, money), unit_fee_divisor=10 ** (c.qty_precision + max(0, -money)),
        unit_scale=10 ** (c.price_precision + c.multiplier_precision), lots_per_unit=10**c.qty_precision,
        price_most=min(PRICE_MAX, BOOK_TICKS_MAX * c.tick), money_precision=c.money_precision,
        trigger_source=c.trigger_source, print_max_age=c.print_max_age,
        order_protection=c.order_protection, fok_over_venues=c.fok_over_venues,
        valuation_method=c.valuation_method, bands=[], limits=PriceLimits(),
    )


def find_bad_band(ins: InstrumentRow, band: int, from_px: int, tick: int) -> int:
    """The byte offset of the first field that the instrument's next band can't have, or -1.

    A band begins on a whole number of its own tick and of the one below: a price rounded to its band's tick stays in
    the band, or on its edge.
    """
    if band not in (0, len(ins.bands)) or band >= BANDS_MAX:
        return 56
    if not 0 <= from_px <= PRICE_MAX or (from_px == 0) != (band == 0) or (band and from_px <= ins.bands[-1][0]):
        return 64
    if not 1 <= tick <= PRICE_MAX or tick % ins.tick or from_px % tick or (band and from_px % ins.bands[-1][1]):
        return 72
    return -1


def add_band(ins: InstrumentRow, band: int, from_px: int, tick: int) -> None:
    """The next band of the tick table; the first begins the table anew."""
    if band == 0:
        ins.bands.clear()
    ins.bands.append((from_px, tick))


def tick_at(ins: InstrumentRow, price: int) -> int:
    """The tick of orders at this price."""
    tick = ins.tick
    for from_px, its_tick in ins.bands:
        if abs(price) >= from_px:
            tick = its_tick
    return tick


def safe_price(ins: InstrumentRow, price: int, side: int) -> int:
    """The nearest price on its band's tick that is no worse for an order of `side` than this one."""
    tick = tick_at(ins, price)
    return price // tick * tick if side == BUY else -(-price // tick * tick)


def is_beyond_amount(ins: InstrumentRow, price: int, qty: int) -> bool:
    return abs(price * qty) * ins.multiplier > AMOUNT_MAX


def most_qty(ins: InstrumentRow, price: int) -> int:
    """The largest quantity whose |price x quantity x multiplier| is within its bound."""
    return AMOUNT_MAX // (max(1, abs(price)) * ins.multiplier)


def define_instrument_row(rows: dict[int, InstrumentRow], most: int, definition: bytes) -> int:
    """Adds a DEFINE_INSTRUMENT record to a room's own table; its id. Raises ValueError naming the field's offset."""
    c = open_command(definition, CODECS[CommandType.DEFINE_INSTRUMENT])
    offset = find_bad_definition(c, 255)
    if offset >= 0:
        raise ValueError(f"the definition's field at byte {offset} is out of range")
    if len(rows) >= most:
        raise ValueError(f"all {most} instruments are defined")
    rows[len(rows) + 1] = load_instrument(c)
    return len(rows)


def tell_notional(ins: InstrumentRow, amount: int, up: bool) -> int:
    """A notional for reports (`tell_wide`), rounded up where it is to exceed a bound and down where it is to fall short
    of one; the checks themselves compare without dividing."""
    scaled = min(abs(amount) * ins.notional_scale, 2**127 - 1)
    return tell_wide(-(-scaled // ins.limit_scale) if up else scaled // ins.limit_scale, up)


def find_bad_price(ins: InstrumentRow, price: int) -> tuple[Reason, int, int] | None:
    """Why nothing can have this price, with value and bound; None where something can."""
    if price <= 0 and not ins.any_sign:
        return Reason.PRICE_OUT_OF_RANGE, price, 1
    if not -PRICE_MAX <= price <= PRICE_MAX:
        return Reason.PRICE_OUT_OF_RANGE, price, PRICE_MAX if price > 0 else -PRICE_MAX
    return None
