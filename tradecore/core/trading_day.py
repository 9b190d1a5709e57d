"""Time as the user tells it: the clock, sessions of instruments, the trading day, splits. Each is one command; what
follows from it (timers, expiries, openings) is the core's.
"""

from __future__ import annotations

from ..vocabulary.codes import CommandType
from ..vocabulary.fix import TradSesStatus
from ..vocabulary.units import check_int, check_time
from .gate import Face

_SPLIT_MAX = 1_000_000


class ClockFace(Face):
    """The clock and the trading day."""

    def clock_tick(self, transact_time: int | None = None) -> None:
        """Move the core's clock to a time (ns UTC), or to that of the `clock`: what is due by then happens, such as
        requests that time out, orders that expire, sessions that close. Every command does the same with its own time;
        the core's clock follows the latest, and never goes back."""
        self._command(CommandType.CLOCK, transact_time=check_time(transact_time))

    def roll_day(self, *, transact_time: int | None = None) -> None:
        """Begin the next trading day: what the core holds for the day expires, GOOD_TILL_CANCEL and GOOD_TILL_DATE
        orders are restated, and the ids of orders that are not open may be used again."""
        self._command(CommandType.ROLL_DAY, transact_time=check_time(transact_time))


class SessionsFace(ClockFace):
    """Trading sessions and splits."""

    def set_session(
        self, symbol: str | None, status: TradSesStatus | str, close_time: int | None = None, *,
        transact_time: int | None = None,
    ) -> None:
        """Set the TradSesStatus(340) of a symbol, or of every one (None): HALTED suspends what rests, OPEN lets it and
        what waited for the opening go, PRE_OPEN takes what can wait, CLOSED executes AT_THE_CLOSE orders and expires
        what is for the day. `close_time` (ns UTC): when it closes by itself. RefusedError where it can't be."""
        self._command(
            CommandType.SESSION, instrument=0 if symbol is None else self._directory.symbols.id(symbol),
            trad_ses_status=TradSesStatus.parse(status, "status"), close_time=check_time(close_time, "close_time"),
            transact_time=check_time(transact_time),
        )

    def split(self, symbol: str, numerator: int, denominator: int, *, transact_time: int | None = None) -> None:
        """A stock split: `numerator` new shares for `denominator` old ones (each 1 to 1,000,000). Quantities and
        positions are multiplied, prices divided, amounts stay. RefusedError while the symbol trades, where a quantity
        or price would not be whole, or an open order has a request that is not answered; then nothing is changed."""
        self._command(
            CommandType.SPLIT, instrument=self._directory.symbols.id(symbol),
            split_numerator=check_int(numerator, "numerator", 1, _SPLIT_MAX),
            split_denominator=check_int(denominator, "denominator", 1, _SPLIT_MAX),
            transact_time=check_time(transact_time),
        )
