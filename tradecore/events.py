"""Reports as users read them: one object per record, its texts and Decimals built when asked for."""

from __future__ import annotations

import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from .fields import OrderFields
from .fix import CommandType, CxlRejReason, ExecType, LastLiquidityInd, ReportType
from .instrument import MONEY_PRECISION, to_decimal
from .names import Directory
from .order import REPORT_CODEC, REPORT_DTYPE
from .reasons import reason_text

Callback = Callable[["Report"], object]
CALLBACK_FAILURES = 3


class Report(OrderFields):
    """One report record, immutable. Integers as in REPORT_DTYPE are in `row`; properties speak the user's units."""

    __slots__ = ("_row",)

    def __init__(self, row: Any, directory: Directory) -> None:
        self._row, self._directory = row, directory

    @property
    def row(self) -> Any:
        """The record's fields as a named tuple of integers."""
        return self._row

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
        kind = self.row.command_kind
        return CommandType(kind) if kind in CommandType._value2member_map_ else None

    @property
    def exec_type(self) -> ExecType | None:
        """ExecType(150); None on what is no execution report."""
        return ExecType(self.row.exec_type) if self.row.report_type == ReportType.EXECUTION_REPORT else None

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
        """Commission(12) of this trade in the instrument's currency; a rebate is negative."""
        return to_decimal(self.row.commission, MONEY_PRECISION)

    @property
    def cxl_rej_reason(self) -> CxlRejReason:
        """CxlRejReason(102), NONE (-1) where no cancel was rejected."""
        return CxlRejReason(self.row.cxl_rej_reason)

    @property
    def text(self) -> str:
        """Text(58): why, naming field, value and bound."""
        r = self.row
        return reason_text(r.command_kind, r.reason, r.value, r.bound, r.instrument, self._directory)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Report) and self.row == other.row

    def __hash__(self) -> int:
        return hash(self.row)

    def __repr__(self) -> str:
        r = self.row
        if self.exec_type is None:
            said = f" {self.command_type.name if self.command_type else r.command_kind}"
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
    size = REPORT_CODEC.struct.size
    return [Report(REPORT_CODEC.unpack(data, at), directory) for at in range(0, len(data), size)]


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
        array, lost = self._core.read_events(self.cursor, self._batch)
        self.lost += lost
        self.cursor += lost + len(array)
        return read_reports(array, self._directory)

    def __iter__(self) -> Iterator[Report]:
        while reports := self.read():
            yield from reports


class _Subscription:
    """One subscription: the same callback may have several."""

    def __init__(self, callback: Callback) -> None:
        self.callback, self.failures = callback, 0


class EventBus:
    """Delivers reports to callbacks, after the command that made them, each in order and once.

    The outermost call delivers: what a callback commands runs at once, and its reports wait for the loop that is
    running; so do those of another thread's command meanwhile.
    """

    def __init__(self, core: Any, directory: Directory) -> None:
        self._reader = ReportReader(core, directory, 0)
        self._core = core
        self._subscriptions: list[_Subscription] = []
        self._waiting: deque[Report] = deque()
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._complaints: list[str] = []

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody listens."""
        return bool(self._subscriptions)

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Deliver from now on; the function that is returned undoes it. TypeError for what can't be called."""
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        if not self._subscriptions:
            self._reader.cursor = self._core.event_seq
        subscription = _Subscription(callback)
        self._subscriptions.append(subscription)

        def unsubscribe() -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

        return unsubscribe

    def collect(self) -> None:
        """Copy what is new out of the ring, before it can be overwritten; deliver later."""
        if self._subscriptions:
            with self._reading:
                lost = self._reader.lost
                self._waiting.extend(self._reader)
                if self._reader.lost > lost:
                    self._complaints.append(f"{self._reader.lost - lost} reports were overwritten before they could be "
                                            "delivered: raise the capacity `events`")  # fmt: skip

    def deliver(self) -> None:
        """Call back with everything that is new."""
        while self._subscriptions and (self._waiting or self._reader.cursor < self._core.event_seq):
            if not self._lock.acquire(blocking=False):
                return
            try:
                self.collect()
                while self._waiting:
                    self._call(self._waiting.popleft())
            finally:
                self._lock.release()
        # Only now: where warnings are errors, one must not keep a report from another subscriber.
        while self._complaints:
            warnings.warn(self._complaints.pop(0), RuntimeWarning, stacklevel=3)

    def _call(self, report: Report) -> None:
        for subscription in list(self._subscriptions):
            try:
                subscription.callback(report)
            except Exception as error:  # one subscriber's bug must not reach the core or another subscriber
                self._count_failure(subscription, error)

    def _count_failure(self, subscription: _Subscription, error: Exception) -> None:
        subscription.failures += 1
        said = f"({subscription.failures} of {CALLBACK_FAILURES} failures)"
        if subscription.failures >= CALLBACK_FAILURES:
            said = "and was removed"
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
        self._complaints.append(f"report callback {subscription.callback!r} raised {error!r} {said}")
