"""Reference data of one instrument, and the scales that follow from it once. Vocabulary: it decides nothing.

With the scales, an amount is compared with a limit by two multiplications, so nothing is ever rounded to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.fix import OrdType, Side, TimeInForce
from tradecore.vocabulary.records import CODECS, MONEY_MAX, MULTIPLIER_MAX, PRICE_MAX, QTY_MAX

from .shell import open_command, saturate

# Plain ints: an order's side is compared with them many times.
BUY, SELL = int(Side.BUY), int(Side.SELL)
MARKET, LIMIT = int(OrdType.MARKET), int(OrdType.LIMIT)
DAY, GTC, IOC, FOK = (int(tif) for tif in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
TIME_MAX = 2**62
_PRICED = {int(OrdType.LIMIT), int(OrdType.STOP_LIMIT), int(OrdType.LIMIT_IF_TOUCHED)}


@dataclass(frozen=True, slots=True)
class InstrumentRow:
    """An instrument's numbers: price units, lots, micros."""

    name: int
    currency: int
    price_precision: int
    qty_precision: int
    multiplier_precision: int
    any_sign: int
    ord_types: int
    times_in_force: int
    tick: int
    lot: int
    min_qty: int
    max_qty: int
    multiplier: int
    min_notional: int
    max_notional: int
    notional_scale: int  # amount * notional_scale / limit_scale is micros
    limit_scale: int
    qty_scale: int  # lots * qty_scale / qty_limit_scale is millionths of a whole unit
    qty_limit_scale: int
    unit_scale: int
    lots_per_unit: int


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
    if not 1 <= c.currency <= currencies:
        return 20
    if c.price_precision > 12:
        return 56
    if c.qty_precision > 12 or c.price_precision + c.qty_precision + c.multiplier_precision > 18:
        return 57
    if c.any_sign > 1:
        return 59
    if not 1 <= c.tick <= PRICE_MAX:
        return 64
    if not 1 <= c.lot <= QTY_MAX:
        return 72
    if not 1 <= c.max_qty <= QTY_MAX:
        return 80
    if not 1 <= c.min_qty <= c.max_qty:
        return 88
    if not 1 <= c.multiplier <= MULTIPLIER_MAX:
        return 96
    if not -1 <= c.min_notional <= MONEY_MAX:
        return 104
    if not -1 <= c.max_notional <= MONEY_MAX:
        return 112
    return -1


def load_instrument(c: Any) -> InstrumentRow:
    decimals = c.price_precision + c.qty_precision + c.multiplier_precision
    return InstrumentRow(
        name=c.cl_ord_id, currency=c.currency, price_precision=c.price_precision, qty_precision=c.qty_precision,
        multiplier_precision=c.multiplier_precision, any_sign=c.any_sign, ord_types=c.ord_types,
        times_in_force=c.times_in_force, tick=c.tick, lot=c.lot, min_qty=c.min_qty, max_qty=c.max_qty,
        multiplier=c.multiplier, min_notional=c.min_notional, max_notional=c.max_notional,
        notional_scale=c.multiplier * 10 ** max(0, 6 - decimals), limit_scale=10 ** max(0, decimals - 6),
        qty_scale=10 ** max(0, 6 - c.qty_precision), qty_limit_scale=10 ** max(0, c.qty_precision - 6),
        unit_scale=10 ** (c.price_precision + c.multiplier_precision), lots_per_unit=10**c.qty_precision,
    )


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


def notional_micros(ins: InstrumentRow, amount: int, up: bool) -> int:
    """An amount in micros for reports, rounded up where it is to exceed a bound and down where it is to fall short
    of one; the checks themselves compare without dividing."""
    scaled = abs(amount) * ins.notional_scale
    return saturate(-(-scaled // ins.limit_scale) if up else scaled // ins.limit_scale)


def find_bad_price(ins: InstrumentRow, price: int) -> tuple[Reason, int, int] | None:
    """Why nothing can have this price, with value and bound; None where something can."""
    if price <= 0 and not ins.any_sign:
        return Reason.PRICE_OUT_OF_RANGE, price, ins.tick
    if not -PRICE_MAX <= price <= PRICE_MAX:
        return Reason.PRICE_OUT_OF_RANGE, price, PRICE_MAX if price > 0 else -PRICE_MAX
    return None
