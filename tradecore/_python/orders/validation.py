"""Validation: is this order well formed for its instrument? Every failure is one bit of a mask (bit = reason - 101).

It looks at the order and at reference data, never at positions, limits or markets.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.fix import (
    ContingencyType,
    ExecInst,
    OrdType,
    PegOffsetType,
    Side,
    TimeInForce,
    TriggerPriceType,
)
from tradecore.vocabulary.records import CODECS, NO_PRICE, OWN_ID_MAX, PRICE_MAX, UNTELLABLE
from tradecore.vocabulary.units import tell_wide

from ..vocabulary.instrument import (
    BUY,
    FOK,
    GTC,
    IOC,
    LIMIT,
    MARKET,
    SCORER,
    TIME_MAX,
    InstrumentRow,
    add_band,
    awaits_price,
    define_instrument_row,
    direction,
    find_bad_band,
    has_limit,
    tell_notional,
    tick_at,
)
from ..vocabulary.price_limits import broken_limit
from ..vocabulary.shell import Records, demand, open_batch, open_command

POST_ONLY, CASH = int(ExecInst.POST_ONLY), int(ExecInst.CASH_ORDER_QTY)
CASH_FEES = int(ExecInst.CASH_INCLUDES_FEES)
ALL_EXEC_INST = POST_ONLY | int(ExecInst.REDUCE_ONLY) | CASH | CASH_FEES
AUCTIONS = {int(TimeInForce.AT_THE_OPEN), int(TimeInForce.AT_THE_CLOSE)}
GTD = int(TimeInForce.GTD)
SLICES_MAX = 1_000  # that an iceberg is shown in: each may cost a taker a step
TRAILING_STOP = int(OrdType.TRAILING_STOP)


class Validator:
    """Compiled reference-data rules of up to 1,024 instruments."""

    def __init__(self, accounts: int, venues: int) -> None:
        demand("accounts", accounts, 0, 65_535)
        demand("venues", venues, 0, 64)
        self._instruments: dict[int, InstrumentRow] = {}
        self._accounts, self._venues = accounts, venues

    def define(self, definition: bytes) -> int:
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        return define_instrument_row(self._instruments, 1024, definition)

    def define_ticks(self, band: bytes) -> None:
        """The next band of an instrument's tick table, a DEFINE_TICKS record. ValueError where it can't be."""
        c = open_command(band, CODECS[CommandType.DEFINE_TICKS])
        demand("instrument", c.instrument, 1, len(self._instruments))
        row = self._instruments[c.instrument]
        offset = find_bad_band(row, c.band, c.from_px, c.band_tick)
        if offset >= 0:
            raise ValueError(f"the band's field at byte {offset} is out of range")
        add_band(row, c.band, c.from_px, c.band_tick)

    def validate(self, orders: Records) -> Records:
        """Failures of each ORDER_DTYPE record as an int64 mask: bit n set means Reason(101 + n); 0 is good.

        Threads: do not define instruments meanwhile.
        """
        masks = [validate_order(self._instruments.get(c.instrument), self._accounts, self._venues, OWN_ID_MAX, 0, c)
                 for c in open_batch(orders, CODECS[CommandType.NEW_ORDER])]
        return np.array(masks, np.int64)


def bit_of(reason: int) -> int:
    return 1 << (reason - Reason.INVALID_FIELD_VALUE)


# Every field that holds a word, by its byte offset, with the words that it may hold.
_WORDS: tuple[tuple[int, str, frozenset[int]], ...] = (
    (1, "side", frozenset(Side)), (2, "ord_type", frozenset(OrdType)), (3, "time_in_force", frozenset(TimeInForce)),
)
_LATER_WORDS: tuple[tuple[int, str, frozenset[int]], ...] = (
    (120, "trigger_price_type", frozenset(TriggerPriceType)), (121, "peg_offset_type", frozenset(PegOffsetType)),
    (122, "contingency_type", frozenset(ContingencyType)),
)


def find_bad_field(c: Any) -> int:
    """The byte offset of the first field whose value is no word of the vocabulary, or -1."""
    for offset, name, words in _WORDS:
        if getattr(c, name) not in words:
            return offset
    if c.exec_inst & ~ALL_EXEC_INST:
        return 4
    if c.exec_inst & CASH_FEES and (not c.exec_inst & CASH or direction(c.side) != BUY):
        return 4  # of what is bought for cash
    if not 0 <= c.transact_time <= TIME_MAX:
        return 24
    if c.routing > SCORER:
        return 41
    for offset, name, words in _LATER_WORDS:
        if getattr(c, name) not in words:
            return offset
    return 124 if c.strategy < 0 else -1


def check_combination(ins: InstrumentRow, c: Any) -> int:
    """Types, times in force and instructions that don't go together."""
    mask = 0
    immediate = c.time_in_force in (IOC, FOK)
    if not ins.ord_types >> c.ord_type & 1:
        mask |= bit_of(Reason.UNSUPPORTED_ORDER_TYPE)
    if not ins.times_in_force >> c.time_in_force & 1:
        mask |= bit_of(Reason.UNSUPPORTED_TIF)
    if c.ord_type == MARKET and c.time_in_force in (GTC, GTD):  # a market order never rests
        mask |= bit_of(Reason.UNSUPPORTED_TIF)
    if awaits_price(c.ord_type) and c.time_in_force in AUCTIONS:
        mask |= bit_of(Reason.UNSUPPORTED_TIF)
    if c.exec_inst & POST_ONLY:
        if c.ord_type != LIMIT:
            mask |= bit_of(Reason.UNSUPPORTED_ORDER_TYPE)
        if immediate or c.time_in_force in AUCTIONS:
            mask |= bit_of(Reason.UNSUPPORTED_TIF)
    if (c.contingency_type == 0) != (c.list_id == 0) or c.list_id < 0:
        mask |= bit_of(Reason.INVALID_CONTINGENCY)
    return mask


def check_price(ins: InstrumentRow, c: Any) -> int:
    mask = 0
    if not has_limit(c.ord_type):
        return 0
    if c.price == NO_PRICE:
        return bit_of(Reason.MISSING_REQUIRED_FIELD)
    if c.price == UNTELLABLE:  # finer than a price unit: off every tick
        return bit_of(Reason.PRICE_TICK_MULTIPLE)
    if not -ins.price_most <= c.price <= ins.price_most or (c.price <= 0 and not ins.any_sign):
        mask |= bit_of(Reason.PRICE_OUT_OF_RANGE)
    elif broken_price_limit(ins, c) != NO_PRICE:
        mask |= bit_of(Reason.PRICE_LIMIT)
    if c.price % tick_at(ins, c.price):
        mask |= bit_of(Reason.PRICE_TICK_MULTIPLE)
    return mask


def broken_price_limit(ins: InstrumentRow, c: Any) -> int:
    """The exchange's limit that an order's price is beyond, or NO_PRICE. What waits for a price meets those that there
    are once it has come."""
    if awaits_price(c.ord_type):
        return NO_PRICE
    return broken_limit(ins.limits, direction(c.side), c.price, ins.price_most)


def check_trigger(ins: InstrumentRow, c: Any) -> int:
    """The stop price of what waits for one, on the tick; a trailing stop has an offset instead; others have neither."""
    mask = 0
    if c.ord_type == TRAILING_STOP:
        most = PRICE_MAX if c.peg_offset_type == PegOffsetType.PRICE else 9_999
        if not 1 <= c.peg_offset <= most:
            mask |= bit_of(Reason.INVALID_PEG_OFFSET)
    elif c.peg_offset or c.peg_offset_type:
        mask |= bit_of(Reason.INVALID_PEG_OFFSET)
    if not awaits_price(c.ord_type) or c.ord_type == TRAILING_STOP:
        if c.stop_px not in (0, NO_PRICE):
            mask |= bit_of(Reason.STOP_PX_OUT_OF_RANGE)
    elif c.stop_px == NO_PRICE:
        mask |= bit_of(Reason.MISSING_STOP_PX)
    elif (not -PRICE_MAX <= c.stop_px <= PRICE_MAX or (c.stop_px <= 0 and not ins.any_sign)
          or c.stop_px % tick_at(ins, c.stop_px)):
        mask |= bit_of(Reason.STOP_PX_OUT_OF_RANGE)
    return mask


def check_terms(ins: InstrumentRow, now: int, c: Any) -> int:
    """Minimum and displayed quantity, and when it expires."""
    mask = 0
    # Only an order that never rests: one that rests would have to refuse every smaller taker.
    if c.min_qty and (not 1 <= c.min_qty <= c.order_qty or c.time_in_force != IOC):
        mask |= bit_of(Reason.INVALID_MIN_QTY)
    if c.display_qty:
        immediate = c.time_in_force in (IOC, FOK) or c.time_in_force in AUCTIONS
        whole = 1 <= c.display_qty <= c.order_qty <= c.display_qty * SLICES_MAX and c.display_qty % ins.lot == 0
        if not whole or immediate or not has_limit(c.ord_type):
            mask |= bit_of(Reason.INVALID_DISPLAY_QTY)
    if c.time_in_force == GTD:
        if not now < c.expire_time <= TIME_MAX:
            mask |= bit_of(Reason.EXPIRE_TIME_IN_PAST)
    elif c.expire_time:
        mask |= bit_of(Reason.EXPIRE_TIME_IN_PAST)
    return mask


def check_qty(ins: InstrumentRow, c: Any) -> int:
    mask = 0
    if c.order_qty < ins.min_qty:
        mask |= bit_of(Reason.QTY_BELOW_MIN)
    if c.order_qty > ins.max_qty:
        mask |= bit_of(Reason.QTY_ABOVE_MAX)
    if c.order_qty % ins.lot:
        mask |= bit_of(Reason.QTY_LOT_MULTIPLE)
    return mask


def check_notional(ins: InstrumentRow, c: Any) -> int:
    """A MARKET order has no price to take a notional at; risk holds it against its protection price."""
    scaled = abs(c.price) * c.order_qty * ins.notional_scale
    if 0 <= ins.max_notional * ins.limit_scale < scaled:
        return bit_of(Reason.NOTIONAL_ABOVE_MAX)
    if ins.min_notional > 0 and scaled < ins.min_notional * ins.limit_scale:
        return bit_of(Reason.NOTIONAL_BELOW_MIN)
    return 0


def validate_order(ins: InstrumentRow | None, accounts: int, venues: int, ids: int, now: int, c: Any) -> int:
    """All failures of an order. `ins` is None where the instrument is not declared; `ids` is the largest number that is
    an id."""
    mask = 0
    known = find_bad_field(c) < 0
    if not known:
        mask |= bit_of(Reason.INVALID_FIELD_VALUE)
    if not 1 <= c.account <= accounts:
        mask |= bit_of(Reason.UNKNOWN_ACCOUNT)
    if not 0 <= c.venue <= venues:
        mask |= bit_of(Reason.UNKNOWN_VENUE)
    if not 0 <= c.cl_ord_id <= ids:
        mask |= bit_of(Reason.INVALID_CL_ORD_ID)
    if ins is None:
        return mask | bit_of(Reason.UNKNOWN_INSTRUMENT)
    bounds = check_price(ins, c) | check_qty(ins, c)
    if known:
        mask |= check_combination(ins, c) | check_trigger(ins, c) | check_terms(ins, now, c)
        if has_limit(c.ord_type) and not bounds:
            bounds = check_notional(ins, c)
    return mask | bounds


def field_value(c: Any, offset: int) -> int:
    fields: dict[int, int] = {
        1: c.side, 2: c.ord_type, 3: c.time_in_force, 4: c.exec_inst, 24: c.transact_time, 41: c.routing,
        120: c.trigger_price_type, 121: c.peg_offset_type, 122: c.contingency_type, 124: c.strategy,
    }
    return fields[offset]


def first_reason(mask: int) -> Reason:
    """The reason of a mask's lowest bit."""
    return Reason(Reason.INVALID_FIELD_VALUE + (mask & -mask).bit_length() - 1)


def explain_mask(
    mask: int, ins: InstrumentRow | None, instruments: int, accounts: int, venues: int, now: int, c: Any
) -> tuple[int, int]:
    """The number and the bound of the first failure, for its text. Runs only for refused orders."""
    reason = first_reason(mask)
    if reason == Reason.INVALID_FIELD_VALUE:
        offset = find_bad_field(c)
        return field_value(c, offset), offset
    if reason == Reason.UNKNOWN_ACCOUNT:
        return c.account, accounts
    if reason == Reason.UNKNOWN_VENUE:
        return c.venue, venues
    if ins is None:
        return c.instrument, instruments
    price_bound = ins.price_most if c.price > 0 else -ins.price_most if ins.any_sign else ins.tick
    amount = c.price * c.order_qty
    answers = {
        Reason.UNSUPPORTED_ORDER_TYPE: (c.ord_type, ins.ord_types),
        Reason.UNSUPPORTED_TIF: (c.time_in_force, ins.times_in_force),
        Reason.PRICE_TICK_MULTIPLE: (c.price, tick_at(ins, c.price)),
        Reason.PRICE_OUT_OF_RANGE: (c.price, price_bound),
        Reason.PRICE_LIMIT: (c.price, broken_price_limit(ins, c)),
        Reason.QTY_LOT_MULTIPLE: (c.order_qty, ins.lot),
        Reason.QTY_BELOW_MIN: (c.order_qty, ins.min_qty),
        Reason.QTY_ABOVE_MAX: (c.order_qty, ins.max_qty),
        Reason.NOTIONAL_BELOW_MIN: (tell_notional(ins, amount, False), tell_wide(ins.min_notional, True)),
        Reason.NOTIONAL_ABOVE_MAX: (tell_notional(ins, amount, True), tell_wide(ins.max_notional, False)),
        Reason.STOP_PX_OUT_OF_RANGE: (c.stop_px, tick_at(ins, c.stop_px)),
        Reason.INVALID_MIN_QTY: (c.min_qty, c.order_qty),
        Reason.INVALID_DISPLAY_QTY: (c.display_qty, c.order_qty),
        Reason.EXPIRE_TIME_IN_PAST: (c.expire_time, now),
        Reason.INVALID_PEG_OFFSET: (c.peg_offset, c.ord_type),
        Reason.INVALID_CONTINGENCY: (c.list_id, c.contingency_type),
    }
    return answers.get(reason, (0, 0))
