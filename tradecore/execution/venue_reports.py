"""What external venues report, by the venue's id: in their words and numbers, into one command each.

Whatever a venue says is one command, and the core decides: a trade is booked whatever the order's status, a report that
contradicts the facts is refused and counted. The contents of a report never raise. Source: FIX 4.4 Appendix D.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypedDict

from ..vocabulary.codes import CommandType
from ..vocabulary.fix import (
    CxlRejReason,
    ExecRestatementReason,
    ExecType,
    LastLiquidityInd,
    OrdRejReason,
    OrdStatus,
    Side,
)
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import Identifier
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import NO_PRICE, TOLD_STATUS, UNTELLABLE
from ..vocabulary.reports import Report
from ..vocabulary.scalars import demand_plain
from ..vocabulary.units import NUMBERS, Number, check_bool, whole_units
from .told import Facts


class ExecutionFacts(TypedDict, total=False):
    """What an execution report of an external venue tells beside its ExecType. Each may be left out.

    `cl_ord_id` (any id in the order's chain) or `order_id` names the order. A trade that matches none is booked in
    suspense by `symbol` and `side`, and so is one whose symbol or side is not the order's. `exec_id`: the venue's, 1 to
    64 characters; a trade counts once by (venue, symbol, side, exec_id) over two rolls of the day. `last_qty` and
    `last_px` of a trade; `cum_qty`: the venue's own, compared with ours; `order_qty` and `price` of a Replaced or
    Restated order (0 and None: as asked for). `ord_status` goes with ExecType ORDER_STATUS. `reject_reason`: an
    OrdRejReason, its name or the venue's number; `exec_restatement_reason` likewise. `transact_time` (ns UTC): the
    venue's own, data that the report which follows tells, and that moves no clock; one that is no such time (0 or
    negative, seconds, milliseconds) is kept in words, and the report has the core's.

    `commission` (a rebate is negative) in `commission_currency`, the instrument's where none is told, replaces what we
    would compute. It may be told later, with the trade again or alone, under the trade's `exec_id`. `text`: what the
    venue says in words, up to 256 bytes of UTF-8, which `order.text` and the report show. `venue_order_id`: the venue's
    OrderID(37). `last_liquidity_ind`: a LastLiquidityInd, its name or FIX's number; `last_mkt`: a market identifier of
    up to four characters; another of either is kept in words, and the report has none.

    Quantities and prices are in whole units of the order's instrument. A price or a commission that is finer than its
    unit is rounded half to even, and the report says so (`is_rounded`). A trade that can't be booked whole (a quantity
    finer than the unit, an undeclared symbol or currency, no exec_id, one used for another trade, beyond the bounds)
    lies in `unbooked()`. A quantity of zero or less is refused by the core, as news.

    Source: FIX 5.0 SP2, ExecutionReport.
    """

    cl_ord_id: Identifier | None
    order_id: int | None
    exec_id: Identifier | None
    last_qty: Number | None
    last_px: Number | None
    cum_qty: Number | None
    order_qty: Number | None
    price: Number | None
    ord_status: OrdStatus | str | None
    reject_reason: OrdRejReason | str | int | None
    exec_restatement_reason: ExecRestatementReason | str | int | None
    symbol: str | None
    side: Side | str | None
    transact_time: int | None
    text: str | None
    commission: Number | None
    commission_currency: str | None
    venue_order_id: Identifier | None
    last_liquidity_ind: LastLiquidityInd | str | int | None
    last_mkt: str | None


class CorrectionFacts(TypedDict, total=False):
    """What a bust or a correction tells beside its ids. Each may be left out.

    `last_qty` and `last_px`: what a corrected trade becomes. `symbol` and `side`: which trade, where its venue has
    several under one id. `commission`, `commission_currency`, `text`, `transact_time`: see ExecutionFacts; a commission
    that the venue told before stays where it tells no other.
    """

    last_qty: Number | None
    last_px: Number | None
    symbol: str | None
    side: Side | str | None
    transact_time: int | None
    text: str | None
    commission: Number | None
    commission_currency: str | None


class RejectFacts(TypedDict, total=False):
    """What a refused cancel or replace tells. Each may be left out.

    `cl_ord_id` (the request's, or the order's, whose oldest request it then is) or `order_id`; `cxl_rej_reason`, its
    name or the venue's number; `ord_status`: the order's, by the venue, which is asked for the status where the order
    ended for it and not for us, or the other way round; `text`, `transact_time`: see ExecutionFacts.
    """

    cl_ord_id: Identifier | None
    order_id: int | None
    cxl_rej_reason: CxlRejReason | str | int | None
    ord_status: OrdStatus | str | None
    text: str | None
    transact_time: int | None


class VenueReports:
    """Takes what a venue says, by the venue's id."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def execution_report(
        self, venue: int, exec_type: ExecType | str, *,
        cl_ord_id: Identifier | None = None, order_id: int | None = None, exec_id: Identifier | None = None,
        last_qty: Number | None = None, last_px: Number | None = None, cum_qty: Number | None = None,
        order_qty: Number | None = None, price: Number | None = None, ord_status: OrdStatus | str | None = None,
        reject_reason: object = None, exec_restatement_reason: object = None, symbol: str | None = None,
        side: Side | str | None = None, transact_time: int | None = None, text: str | None = None,
        commission: Number | None = None, commission_currency: str | None = None,
        venue_order_id: Identifier | None = None, last_liquidity_ind: LastLiquidityInd | str | int | None = None,
        last_mkt: str | None = None,
    ) -> Report:
        kind = ExecType.parse(exec_type, "exec_type")
        if kind is ExecType.ORDER_STATUS and ord_status is None:
            raise TypeError("ord_status must be given with exec_type ORDER_STATUS")
        facts = Facts(self._gate, text)
        target = facts.order("on_execution_report", cl_ord_id, order_id)
        named = facts.id(exec_id, "exec_id")
        number = facts.symbol(symbol) or self._instrument_of_told(venue, target, named)
        ins = self._gate.names.instrument(max(0, number))
        why = facts.reason(OrdRejReason, reject_reason, "reject_reason")
        if kind is ExecType.RESTATED:
            why = facts.reason(ExecRestatementReason, exec_restatement_reason, "exec_restatement_reason")
        its_side = facts.side(side)
        traded = facts if kind is ExecType.TRADE else Facts(self._gate)  # of no trade they are not asked, but checked
        fields: dict[str, Any] = {"last_qty": traded.traded(ins, last_qty), "last_px": traded.price(ins, last_px)}
        if commission is not None or commission_currency is not None:
            fields |= facts.commission(ins, commission, commission_currency)
        if last_mkt is not None:
            fields["last_mkt"] = facts.market(last_mkt)
        if last_liquidity_ind is not None:
            fields["last_liquidity_ind"] = facts.liquidity(last_liquidity_ind)
        cumulated = -1 if cum_qty is None else _lots(ins, cum_qty, "cum_qty")
        return self._gate.ask(
            CommandType.EXECUTION_REPORT, facts.note, venue=venue, exec_type=kind, exec_id=named, **target,
            instrument=number, order_qty=_lots(ins, order_qty, "order_qty"), price=_units(ins, price, "price"),
            cum_qty=cumulated if cumulated >= 0 or cum_qty is None else UNTELLABLE,
            ord_status=0 if ord_status is None else OrdStatus.parse(ord_status, "ord_status"), reject_reason=why,
            side=its_side, transact_time=facts.time(transact_time), venue_order_id=facts.venue_order_id(venue_order_id),
            **fields, told=facts.told,
        )

    def trade_correction(
        self, venue: int, exec_type: ExecType | str, exec_ref_id: Identifier, exec_id: Identifier | None, *,
        last_qty: Number | None = None, last_px: Number | None = None, symbol: str | None = None,
        side: Side | str | None = None, transact_time: int | None = None, text: str | None = None,
        commission: Number | None = None, commission_currency: str | None = None,
    ) -> Report:
        facts, core = Facts(self._gate, text), self._gate.core
        kind = ExecType.parse(exec_type, "exec_type")
        reference = facts.id(exec_ref_id, "exec_ref_id")
        number, its_side = facts.symbol(symbol), facts.side(side)
        trade = core.find_trade(venue, max(0, number), its_side, core.find_text(reference or b""))
        if trade is not None:
            number, its_side = trade.instrument, its_side or trade.side
        ins = self._gate.names.instrument(max(0, number))
        traded = facts if kind is ExecType.TRADE_CORRECT else Facts(self._gate)  # of a bust they are checked alone
        fields: dict[str, Any] = {"last_qty": traded.traded(ins, last_qty), "last_px": traded.price(ins, last_px)}
        if commission is not None or commission_currency is not None:
            fields |= facts.commission(ins, commission, commission_currency)
        return self._gate.ask(
            CommandType.TRADE_CORRECTION, facts.note, venue=venue, instrument=number, side=its_side, exec_type=kind,
            exec_id=facts.id(exec_id, "exec_id"), exec_ref_id=reference, transact_time=facts.time(transact_time),
            **fields, told=facts.told,
        )

    def cancel_reject(
        self, venue: int, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        cxl_rej_reason: object = None, ord_status: OrdStatus | str | None = None, text: str | None = None,
        transact_time: int | None = None,
    ) -> Report:
        status = 0 if ord_status is None else OrdStatus.parse(ord_status, "ord_status")
        facts = Facts(self._gate, text)
        return self._gate.ask(
            CommandType.CANCEL_REJECT, facts.note, venue=venue, **facts.order("on_cancel_reject", cl_ord_id, order_id),
            reject_reason=facts.reason(CxlRejReason, cxl_rej_reason, "cxl_rej_reason"), ord_status=status,
            told=0 if ord_status is None else TOLD_STATUS, transact_time=facts.time(transact_time),
        )

    def set_session(self, venue: int, connected: bool, transact_time: int | None) -> None:
        self._gate.command(CommandType.VENUE_SESSION, venue=venue, connected=int(check_bool(connected, "connected")),
                           transact_time=self._gate.names.stamp(transact_time))

    def _instrument_of_told(self, venue: int, target: dict[str, Any], exec_id: bytes | None) -> int:
        """Whose units a report is in that names no symbol: its order's, or where that is forgotten by now, those of the
        trade that it tells again; 0 where there is none."""
        core, name = self._gate.core, target["cl_ord_id"]
        order_id = core.find_order_id(core.find_text(name)) if name else target["order_id"]
        with suppress(LookupError):
            return int(core.order(order_id).row().instrument)
        trade = core.find_trade(venue, 0, 0, core.find_text(exec_id)) if exec_id else None
        return 0 if trade is None else int(trade.instrument)


def _told(value: Any, precision: int, name: str) -> int:
    """A number as a venue told it, in units, or what the core refuses where no record can hold it exactly."""
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        value = demand_plain(value, NUMBERS, name, "str, int, Decimal or float")
    try:
        return whole_units(value, precision, name, UNTELLABLE - 1)
    except ValueError:
        return UNTELLABLE


def _lots(instrument: Instrument | None, value: Number | None, name: str) -> int:
    return 0 if value is None else _told(value, instrument.qty_precision if instrument else 0, name)


def _units(instrument: Instrument | None, value: Number | None, name: str) -> int:
    return NO_PRICE if value is None else _told(value, (instrument.price_precision or 0) if instrument else 0, name)
