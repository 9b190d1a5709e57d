"""A new order as users write it, into its NEW_ORDER record. It asks only what can be said at all: what an order may be
is the core's to decide, and a refusal is then news.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ..vocabulary.codes import CommandType, RoutingStrategy
from ..vocabulary.fix import ContingencyType, ExecInst, OrdType, PegOffsetType, Side, TimeInForce, TriggerPriceType
from ..vocabulary.identifiers import Identifier, encode_cl_ord_id
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.records import CASH_ORDER_MAX, CODECS, NO_PRICE, QTY_MAX, TIME_MAX, VERSION
from ..vocabulary.units import CASH_ORDER_PRECISION, Number, check_bool, check_int, check_time, show, whole_units

STRATEGY_MAX = 2**31 - 1
_POST_ONLY, _REDUCE_ONLY, _CASH = int(ExecInst.POST_ONLY), int(ExecInst.REDUCE_ONLY), int(ExecInst.CASH_ORDER_QTY)
_CASH_FEES = int(ExecInst.CASH_INCLUDES_FEES)
PRICED = {OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED}


class OrderTerms(TypedDict, total=False):
    """The terms of a new order beside symbol, side, qty and price. Each may be left out.

    `account`: where one is declared it is that one. `venue` directs the order; otherwise it is routed. `cl_ord_id`: 1
    to 64 printable ASCII characters, or an int; the same order again under the same id is answered with the first.
    `ord_type`: where it is not given, TRAILING_STOP with a `peg_offset`, STOP_LIMIT or STOP with a `stop_px`, else
    LIMIT with a price, else MARKET. `peg_offset`: a price, or with `peg_offset_type` BASIS_POINTS an int, 1 to 9999.
    `trigger_price_type`: the price that a stop watches; where it is not given, its instrument's, else the last trade
    while a print is fresh, else the bid for a sell and the offer for a buy, and a trailing stop the mid. BID_ASK is the
    best offer for a buy and the best bid for a sell. `min_qty` (of an IMMEDIATE_OR_CANCEL order) and `display_qty`
    (iceberg) are whole units. `expire_time` (ns UTC) belongs to GOOD_TILL_DATE. `cash_order_qty` is money in place of
    `qty`, converted to whole lots at the worst price that the order may pay, with which it is sent: it never spends
    more than that, fees aside; with `cash_includes_fees` (of a purchase) the declared fees of its venue too, or the
    dearest of any where none is named, but for the rounding of each fill's commission; a sale at the most that it may
    bring. `list_id` (from 1) and `contingency_type` go together: OCO members reduce each other, OTO children wait for
    the list's first order.
    `strategy`: an int from 0, for mass cancels. `routing`: the RoutingStrategy of this order alone; else its
    strategy's, or the core's (see SmartOrderRouter.set_strategy). `transact_time` (ns UTC) stands for the `clock`.

    Source: FIX 5.0 SP2, NewOrderSingle.
    """

    account: str | None
    venue: str | None
    cl_ord_id: Identifier | None
    ord_type: OrdType | str | None
    time_in_force: TimeInForce | str
    post_only: bool
    reduce_only: bool
    stop_px: Number | None
    peg_offset: Number | None
    peg_offset_type: PegOffsetType | str
    trigger_price_type: TriggerPriceType | str
    min_qty: Number | None
    display_qty: Number | None
    expire_time: int | None
    cash_order_qty: Number | None
    cash_includes_fees: bool
    list_id: int | None
    contingency_type: ContingencyType | str
    strategy: int
    transact_time: int | None
    routing: RoutingStrategy | str


def pack_order(
    directory: Directory, id_of: Callable[[bytes], int], symbol: str, side: object, qty: Number | None,
    price: Number | None, *,
    account: str | None = None, venue: str | None = None, cl_ord_id: Identifier | None = None, ord_type: object = None,
    time_in_force: object = TimeInForce.DAY, post_only: bool = False, reduce_only: bool = False,
    stop_px: Number | None = None, peg_offset: Number | None = None, peg_offset_type: object = PegOffsetType.PRICE,
    trigger_price_type: object = TriggerPriceType.NONE, min_qty: Number | None = None,
    display_qty: Number | None = None, expire_time: int | None = None,
    cash_order_qty: Number | None = None, cash_includes_fees: bool = False,
    list_id: int | None = None, contingency_type: object = ContingencyType.NONE,
    strategy: int = 0, transact_time: int | None = None, routing: object = RoutingStrategy.NONE,
) -> bytes:
    """The record of an order; `id_of` gives its id's number, and is asked last: a wrong call interns nothing. Raises
    TypeError, ValueError or UndeclaredError naming field, value and bound."""
    number, instrument = directory.find_instrument(symbol)
    its_side = Side.parse(side, "side")
    kind = _choose_type(ord_type, price, stop_px, peg_offset)
    offset_type = PegOffsetType.parse(peg_offset_type, "peg_offset_type")
    flags = _POST_ONLY if check_bool(post_only, "post_only") else 0
    flags += _REDUCE_ONLY if check_bool(reduce_only, "reduce_only") else 0
    flags += _CASH_FEES if check_bool(cash_includes_fees, "cash_includes_fees") else 0
    if flags & _CASH_FEES and (cash_order_qty is None or its_side is not Side.BUY):
        raise ValueError("cash_includes_fees True is of a BUY with cash_order_qty")
    if cash_order_qty is None:
        order_qty = instrument.qty_lots(qty, "order_qty", low=-QTY_MAX)  # type: ignore[arg-type]  # refuses None
    elif qty is not None:
        raise TypeError(f"qty {show(qty)} and cash_order_qty {show(cash_order_qty)} exclude each other: give one")
    else:
        flags += _CASH
        order_qty = whole_units(cash_order_qty, CASH_ORDER_PRECISION, "cash_order_qty", CASH_ORDER_MAX, low=0)
    name = encode_cl_ord_id(cl_ord_id)
    return CODECS[CommandType.NEW_ORDER].pack(
        kind=CommandType.NEW_ORDER, version=VERSION, side=its_side, ord_type=kind,
        time_in_force=TimeInForce.parse(time_in_force, "time_in_force"), exec_inst=flags, instrument=number,
        account=directory.find_account(account), venue=0 if venue is None else directory.venues.id(venue),
        transact_time=directory.stamp(transact_time), order_qty=order_qty,
        price=NO_PRICE if price is None else instrument.order_units(price),
        stop_px=NO_PRICE if stop_px is None else instrument.order_units(stop_px, "stop_px"),
        peg_offset=_offset_units(instrument, peg_offset, offset_type), peg_offset_type=offset_type,
        trigger_price_type=_trigger_source(trigger_price_type, its_side),
        min_qty=_lots(instrument, min_qty, "min_qty"), display_qty=_lots(instrument, display_qty, "display_qty"),
        expire_time=check_time(expire_time, "expire_time"),
        list_id=0 if list_id is None else check_int(list_id, "list_id", 1, TIME_MAX),
        contingency_type=ContingencyType.parse(contingency_type, "contingency_type"),
        strategy=check_int(strategy, "strategy", 0, STRATEGY_MAX),
        routing=RoutingStrategy.parse(routing, "routing"), cl_ord_id=id_of(name),
    )


def _choose_type(ord_type: object, price: object, stop_px: object, peg_offset: object) -> OrdType:
    if ord_type is not None:
        kind = OrdType.parse(ord_type, "ord_type")
    elif peg_offset is not None:
        kind = OrdType.TRAILING_STOP
    elif stop_px is not None:
        kind = OrdType.STOP if price is None else OrdType.STOP_LIMIT
    else:
        kind = OrdType.MARKET if price is None else OrdType.LIMIT
    if price is not None and kind not in PRICED:
        raise ValueError(f"price {show(price)}: a {kind.name} order has none")
    return kind


def _lots(instrument: Instrument, value: Number | None, name: str) -> int:
    return 0 if value is None else instrument.qty_lots(value, name, low=-QTY_MAX)


def _offset_units(instrument: Instrument, value: Number | None, offset_type: PegOffsetType) -> int:
    if value is None:
        return 0
    if offset_type is PegOffsetType.BASIS_POINTS:
        return check_int(value, "peg_offset in basis points", 0, 10_000)
    return instrument.price_units(value, "peg_offset")


def _trigger_source(value: object, side: Side) -> TriggerPriceType:
    if isinstance(value, str) and value.strip().upper() == "BID_ASK":
        return TriggerPriceType.BEST_OFFER if side is Side.BUY else TriggerPriceType.BEST_BID
    return TriggerPriceType.parse(value, "trigger_price_type")
