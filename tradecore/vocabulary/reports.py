"""Reports as users read them: one object per record, its texts and Decimals built when asked for."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

from .codes import CommandType, Reason, ReportType, TradingState
from .fields import OrderFields
from .fix import CxlRejReason, ExecRestatementReason, ExecType, LastLiquidityInd
from .later import Later
from .names import Directory
from .note_text import read_note
from .reasons import limit_scope_text, reason_text
from .records import REPORT_CODEC, REPORT_DTYPE, REPORT_SIZE
from .report_codec import FLAG_FOREIGN, FLAG_ROUNDED
from .rows import TradeRow
from .showing import refuse_copy
from .units import CENTS, MONEY_PRECISION, to_decimal


def _told(later: Later) -> bytes:
    """The record that answers a command that came inside of another, once it has run."""
    record: bytes = later.result[1]
    if not record:
        raise LookupError("the answer was overwritten by what followed from it: raise the capacity `events`")
    return record


_TRADES = {ExecType.TRADE, ExecType.TRADE_CORRECT, ExecType.TRADE_CANCEL}
_WORDY = {CommandType.EXECUTION_REPORT, CommandType.TRADE_CORRECTION, CommandType.CANCEL_REJECT,
          CommandType.BOOK_UNBOOKED, CommandType.DISMISS_UNBOOKED}
_BARE = {ExecType.TRADE, ExecType.TRADE_CORRECT, ExecType.TRADE_CANCEL, ExecType.REJECTED}


class Report(OrderFields, metaclass=ABCMeta):
    """One report record, immutable. Its integers are in `row` (ReportRow); properties speak the user's units. What a
    record has no room for, such as `contingency_type`, is read at the order: None once it is no longer held."""

    __slots__ = ("_row",)

    def __init__(self, record: bytes | Later, directory: Directory) -> None:
        self._row: Any = record
        self._directory = directory

    @property
    def row(self) -> Any:
        """The record's fields as a named tuple of integers, those of its kind and those that follow from them."""
        row = self._row
        if row.__class__ is bytes:  # read when it is first asked for: many are only passed on
            row = self._row = REPORT_CODEC.unpack(row)
        elif row.__class__ is Later:
            row = self._row = REPORT_CODEC.unpack(_told(row))
        return row

    @property
    def is_later(self) -> bool:
        """Whether it answers a command that has not run yet: in the plain-Python core, one that came inside of another
        (from a signal's handler, say) and runs right after it. Reading a property raises RuntimeError until then."""
        return isinstance(self._row, Later) and not self._row.is_done

    @property
    def seq(self) -> int:
        """Sequence number, from 1, without gaps."""
        return int(self.row.seq)

    @property
    def report_type(self) -> ReportType:
        """What kind of news this is."""
        return ReportType(self.row.report_type)

    @property
    def command_type(self) -> CommandType | None:
        """The command that caused it; None where its kind was no kind."""
        return CommandType.find(self.row.command_kind)

    @property
    def exec_type(self) -> ExecType | None:
        """ExecType(150); None on what is no execution report."""
        return ExecType(self.row.exec_type) if self.row.report_type == ReportType.EXECUTION_REPORT else None

    @property
    def exec_id(self) -> int:
        """ExecID(17) of a trade, bust or correction: the core's own number; 0 on what is none."""
        return int(self.row.exec_id)

    @property
    def exec_ref_id(self) -> int:
        """ExecRefID(19): the `exec_id` of the trade that a bust or a correction is about; 0 on what is none."""
        return int(self.row.exec_ref_id)

    @property
    def venue_exec_id(self) -> str:
        """ExecID(17) as the external venue gave it. Of a bust or a correction it is read in the trade log: empty once
        that has let it go."""
        row, core = self.row, self._directory.core
        return self._directory.text_of(core.venue_exec_id(row.exec_id) if row.exec_ref_id else row.venue_exec_id)

    @property
    def _order_row(self) -> Any:
        try:
            return self._directory.core.order(self.row.order_id).row()
        except (LookupError, RuntimeError):  # it is not held any more, or the core was closed
            return None

    @property
    def stop_px(self) -> Decimal | None:
        """StopPx(99): what it waits for, a trailing stop's as it stood then; None where it waits for no price. A trade
        and a refused order have no room for it: the order's as it is now, None where it is no longer held."""
        units, row = self.row.stop_px, self._order_row if self._is_bare else None
        return self._price(units if row is None else row.stop_px)

    @property
    def _is_bare(self) -> bool:
        """Does it leave its order's stop price to the order?"""
        return self.exec_type in _BARE

    @property
    def exec_restatement_reason(self) -> ExecRestatementReason:
        """ExecRestatementReason(378), NONE (-1) where nothing was restated, OTHER for one that FIX does not know."""
        known = ExecRestatementReason.find(self.row.exec_restatement_reason)
        return ExecRestatementReason.OTHER if known is None else known

    @property
    def total_affected_orders(self) -> int | None:
        """TotalAffectedOrders(533): how many orders a mass cancel canceled or asked back; None on other reports."""
        return int(self.row.value) if self.row.report_type == ReportType.ORDER_MASS_CANCEL_REPORT else None

    @property
    def trading_state(self) -> TradingState | None:
        """The TradingState that an accepted KILL_SWITCH or TRADING_STATE leaves; None on other reports."""
        is_switch = self.row.command_kind in (CommandType.KILL_SWITCH, CommandType.TRADING_STATE)
        accepted = self.row.report_type == ReportType.COMMAND_ACCEPTED
        return TradingState(self.row.value_high) if is_switch and accepted else None

    @property
    def last_qty(self) -> Decimal | None:
        """LastQty(32)."""
        return self._quantity(self.row.last_qty)

    @property
    def last_px(self) -> Decimal | None:
        """LastPx(31); None on what is no trade."""
        return self._price(self.row.last_px)

    @property
    def last_liquidity_ind(self) -> LastLiquidityInd:
        """LastLiquidityInd(851)."""
        return LastLiquidityInd(self.row.last_liquidity_ind)

    @property
    def commission(self) -> Decimal:
        """Commission(12) of this trade in `commission_currency`; a rebate is negative. Raises LookupError where that
        currency is not its instrument's, and no longer known: its decimals are not either."""
        name = self.commission_currency
        if name is None and self.row.flags & FLAG_FOREIGN and self.exec_type in _TRADES:
            raise LookupError(f"the commission of report {self.row.seq} is in a currency that is no longer known: the "
                              "trade log has let its trade go, or the core was closed")
        return to_decimal(self.row.commission, MONEY_PRECISION if name is None else self._directory.decimals_of(name),
                          CENTS)

    @property
    def cxl_rej_reason(self) -> CxlRejReason:
        """CxlRejReason(102), NONE (-1) where no request was rejected, OTHER for a venue's that FIX does not know."""
        known = CxlRejReason.find(self.row.cxl_rej_reason)
        return CxlRejReason.OTHER if known is None else known

    @property
    def text(self) -> str:
        """Text(58): why, naming field, value and bound; of what answers a venue, or an operator who decided about what
        lay unbooked, what that said in words, as long as the core holds it (capacity `notes`)."""
        r = self.row
        words, said = self._said if r.command_kind in _WORDY else ({}, "")
        why = reason_text(r.command_kind, r.reason, r.value, r.bound, r.instrument, self._directory, words)
        why += limit_scope_text(r.reason, r.reject_mask, self._directory)
        if not said or r.reason in (Reason.NONE, Reason.VENUE_REPORTED):
            return said or why
        return f"{why}; venue: {said}"

    @property
    def _said(self) -> tuple[dict[str, str], str]:
        try:
            return read_note(self._directory.core.note_of(self.row.seq))
        except RuntimeError:  # the core was closed
            return {}, ""

    @property
    def is_rounded(self) -> bool:
        """Whether the price or the commission that the venue told was finer than its unit, and was rounded."""
        return self.exec_type in _TRADES and bool(self.row.flags & FLAG_ROUNDED)

    @property
    def venue_order_id(self) -> str:
        """The external venue's OrderID(37), read at the order: empty where it told none, or the order is not held."""
        row = self._order_row
        return "" if row is None else self._directory.text_of(row.venue_order_id)

    @property
    def last_mkt(self) -> str:
        """LastMkt(30) of a venue's trade, read in the trade log; empty where it told none, or the log has let it go."""
        row = self._trade_row
        return "" if row is None else row.last_mkt.to_bytes(4, "little").rstrip(b"\0").decode()

    @property
    def commission_currency(self) -> str | None:
        """The currency of `commission`: the instrument's, or where the venue told another, that one, whatever it told
        later, read in the trade log; None where the log has let it go."""
        ins = self._directory.instrument(self.row.instrument)
        if not self.row.flags & FLAG_FOREIGN or self.exec_type not in _TRADES:
            return None if ins is None else ins.currency
        row = self._trade_row
        return None if row is None else self._directory.currencies.name(row.reported_currency)

    @property
    def _trade_row(self) -> Any:
        try:
            row = self._directory.core.execution(self.row.exec_id) if self.exec_type in _TRADES else None
        except RuntimeError:  # the core was closed
            return None
        return None if row is None else TradeRow(*row)

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it reads names in its core; keep its `row`")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Report) and self.row == other.row

    def __hash__(self) -> int:
        return hash(self.row)

    def __repr__(self) -> str:
        r = self.row
        if self.exec_type is None:
            said = f" {self.command_type.name if self.command_type else r.command_kind}"
            if r.order_id:
                said += f" order_id={r.order_id} {self.symbol} cl_ord_id={self.cl_ord_id}"
        else:
            said = f" {self.exec_type.name} order_id={r.order_id} {self.symbol} {self.ord_status.name}"
            if self.exec_type is ExecType.TRADE:
                said += f" last_qty={self.last_qty} last_px={self.last_px}"
            said += f" cum_qty={self.cum_qty} leaves_qty={self.leaves_qty}"
        why = f" {self.text}" if r.reason else ""
        return f"<{self.report_type.name} #{r.seq}{said}{why}>"


def read_reports(array: Any, directory: Directory) -> list[Report]:
    """Report objects of a REPORT_DTYPE array."""
    assert array.dtype == REPORT_DTYPE
    data = array.tobytes()
    return [Report(data[at : at + REPORT_SIZE], directory) for at in range(0, len(data), REPORT_SIZE)]


def find_oldest(held: list[int], newest: int, *, gapless: bool) -> int:
    """The oldest of the reports that are held, or, `gapless`, of those of which all up to the newest are."""
    if not gapless:
        return held[0] if held else newest + 1
    oldest = newest + 1
    for seq in reversed(held):
        if seq != oldest - 1:
            break
        oldest = seq
    return oldest


class ReportReader:
    """Iterates over the reports from its cursor to the newest; iterate again later for what came since.

    `lost` counts reports that were overwritten before they were read.
    """

    def __init__(self, core: Any, directory: Directory, after: int, batch: int = 1024) -> None:
        self._core, self._directory, self._batch = core, directory, batch
        self.cursor: int = after
        self.lost: int = 0

    def read(self) -> list[Report]:
        """Up to one batch of reports; an empty list where there is nothing new."""
        while True:
            array, lost = self._core.read_events(self.cursor, self._batch)
            self.lost += lost
            self.cursor += lost + len(array)
            if len(array) or not lost:  # a view may have held the ring for more than a batch
                return read_reports(array, self._directory)

    def __repr__(self) -> str:
        return f"<ReportReader after report {self.cursor}: lost={self.lost}>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "ask for reports(after=...) again")

    def __iter__(self) -> Iterator[Report]:
        while reports := self.read():
            yield from reports
