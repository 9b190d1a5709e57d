"""What a venue said and can't be booked whole, as an operator reads it and decides about it."""

from __future__ import annotations

from typing import Any, NoReturn

from ..vocabulary.codes import CommandType, Reason
from ..vocabulary.fix import ExecType, LastLiquidityInd, Side
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import Identifier
from ..vocabulary.note_text import read_note
from ..vocabulary.reasons import reason_text
from ..vocabulary.records import CODECS, NO_PRICE, TOLD_COMMISSION, TOLD_ROUNDED, UNTELLABLE
from ..vocabulary.rows import UnbookedRow
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import Number, demand_type, to_decimal
from .told import Facts


class Unbooked:
    """One report that lies unbooked, with all it said. Threads: any; `book` and `dismiss` are commands."""

    __slots__ = ("_fields", "_gate", "_said", "row", "text")

    def __init__(self, row: UnbookedRow, gate: Gate) -> None:
        self.row: UnbookedRow = row
        self._gate = gate
        self._fields: Any = CODECS[row.said[0]].unpack(row.said)
        self.text: str
        self._said, self.text = read_note(row.note)

    @property
    def number(self) -> int:
        """Its number, from 1 in the order in which they came."""
        return self.row.number

    @property
    def reason(self) -> Reason:
        """Why it can't be booked whole."""
        return Reason(self.row.reason)

    @property
    def why(self) -> str:
        """The reason with field, value and bound."""
        r = self.row
        return reason_text(self._fields.kind, r.reason, r.value, r.bound, r.instrument, self._gate.names, self._said)

    @property
    def account(self) -> str | None:
        """The account that takes no more risk for it; None where it is not known."""
        return self._gate.names.accounts.name(self.row.account)

    @property
    def order_id(self) -> int:
        """The core's order that it named; 0 for none."""
        return self.row.order_id

    @property
    def exec_type(self) -> ExecType:
        """ExecType(150): TRADE, TRADE_CORRECT or TRADE_CANCEL."""
        return ExecType(self._fields.exec_type)

    @property
    def said(self) -> dict[str, str]:
        """All that it said, in words: by the names of `on_execution_report`'s facts; what is absent was not said."""
        f, names, words = self._fields, self._gate.names, self._gate.names.text_of
        ins = names.instrument(max(0, f.instrument))
        told: dict[str, str | None] = {
            "venue": names.venues.name(f.venue), "symbol": names.symbols.name(f.instrument),
            "side": side.name if (side := Side.find(f.side)) else None, "exec_id": words(f.exec_id),
            "venue_order_id": words(f.venue_order_id), "cl_ord_id": words(getattr(f, "cl_ord_id", 0)),
            "exec_ref_id": words(getattr(f, "exec_ref_id", 0)),
            "last_qty": _decimal(f.last_qty, None if ins is None else ins.qty_precision),
            "last_px": _decimal(f.last_px, None if ins is None else ins.price_precision),
            "transact_time": str(f.transact_time) if f.transact_time else None, "text": self.text,
        }
        if f.last_mkt:
            told["last_mkt"] = f.last_mkt.to_bytes(4, "little").rstrip(b"\0").decode("ascii", "replace")
        if f.last_liquidity_ind in LastLiquidityInd._value2member_map_:
            told["last_liquidity_ind"] = LastLiquidityInd(f.last_liquidity_ind).name if f.last_liquidity_ind else None
        if getattr(f, "cum_qty", -1) >= 0:
            told["cum_qty"] = _decimal(f.cum_qty, None if ins is None else ins.qty_precision)
        if f.told & TOLD_COMMISSION and f.currency > 0:
            told["commission"] = str(names.money(f.currency, f.commission))
            told["commission_currency"] = names.currencies.name(f.currency)
        return {name: value for name, value in told.items() if value} | self._said

    def book(
        self, *, who: Identifier, why: str, last_qty: Number | None = None, last_px: Number | None = None,
        symbol: str | None = None, side: Side | str | None = None, account: str | None = None,
        exec_id: Identifier | None = None, commission: Number | None = None, commission_currency: str | None = None,
    ) -> None:
        """Book it: as it was said, but for what is given. `who` decides and `why` are told by the command's report.

        RefusedError, and nothing is changed, where it can't be booked so either, or lies there no more; UndeclaredError
        for a name that is not declared; TypeError or ValueError for a wrong call.
        """
        facts, names = Facts(self._gate), self._gate.names
        f = self._fields
        number = 0 if symbol is None else names.symbols.id(symbol)
        ins = names.instrument(number or max(0, f.instrument) or self.row.instrument)
        if number and not self.row.instrument:  # now that its symbol is known, what it said has units
            last_qty = self._said.get("last_qty") if last_qty is None else last_qty
            last_px = self._said.get("last_px") if last_px is None else last_px
        fields: dict[str, Any] = {
            "instrument": number, "side": 0 if side is None else Side.parse(side, "side"),
            "account": 0 if account is None else names.accounts.id(account),
            "last_qty": NO_PRICE if last_qty is None or ins is None else ins.qty_lots(last_qty, "last_qty", low=1),
            "last_px": NO_PRICE if last_px is None else facts.price(ins, last_px),
        }
        if commission is None and f.told & TOLD_COMMISSION and f.currency <= 0 and "commission" in self._said:
            commission = self._said["commission"]  # it had no unit yet
            commission_currency = commission_currency or self._said.get("commission_currency") or None
        elif commission is None and "commission" in self._said:
            facts.told |= f.told & TOLD_ROUNDED  # it stays as it was rounded
        if commission is not None:
            fields |= facts.commission(ins, commission, commission_currency)
        if last_px is None and "last_px" in self._said:
            facts.told |= f.told & TOLD_ROUNDED
        fields |= {"exec_id": facts.id(exec_id, "exec_id"), "told": facts.told}
        self._settle(CommandType.BOOK_UNBOOKED, who, why, **fields)

    def dismiss(self, *, who: Identifier, why: str) -> None:
        """Let it go without booking it. `who` decides and `why` are told by the command's report. RefusedError where it
        lies there no more."""
        self._settle(CommandType.DISMISS_UNBOOKED, who, why)

    def _settle(self, kind: CommandType, who: Identifier, why: str, **fields: Any) -> None:
        demand_type(why, str, "why")
        if not why.strip():
            raise ValueError("why must say something: an operator's decision is told with its reason")
        named = Facts(self._gate).id(who, "who")
        if not named:
            raise ValueError(f"who {who!r} must be 1 to 64 printable ASCII characters")
        self._gate.command(kind, cl_ord_id=named, unbooked=self.number, note=Facts(self._gate, why).note(), **fields)

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it reads names in its core; keep its `row`")

    def __repr__(self) -> str:
        words = " ".join(f"{name}={value}" for name, value in self.said.items())
        return f"<Unbooked #{self.number} {self.exec_type.name} {words}: {self.why}>"


def _decimal(units: int, precision: int | None) -> str | None:
    """A number of a record in words; None where it was not said, or only in words."""
    if units in (NO_PRICE, UNTELLABLE) or precision is None:
        return None
    return f"{to_decimal(units, precision):f}"
