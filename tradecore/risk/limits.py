"""Risk limits as users write them, and the answers of `check()`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple

from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import Reason, Rule
from ..vocabulary.fix import FixEnum
from ..vocabulary.instrument import Instrument
from ..vocabulary.reasons import reason_bound, reason_value
from ..vocabulary.records import LIMIT_OFF
from ..vocabulary.rows import Finding
from ..vocabulary.showing import html_table
from ..vocabulary.units import Number, check_int, demand_type, limit_units


class _Off(Enum):
    OFF = "off"

    def __repr__(self) -> str:
        return "OFF"


OFF: Final = _Off.OFF  # said, not forgotten: the rule is not armed
Limit = Number | _Off


class AccountKind(FixEnum):
    """What an account may do: trade with what it has alone (CASH), or also with what is lent to it (MARGIN)."""

    CASH = 1
    MARGIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """Limits of one account. Every rule is a number or OFF; what guards against errors has to be stated.

    `max_order_qty`: of one order, in whole units (15c3-5 (c)(1)(ii)). `price_collar_bps`: how far, in basis points
    of the reference price, an order may be priced through it; also bounds what a MARKET order may pay; refuses where
    there is no positive reference price. The reference is the mid, else the last trade, else the mark.
    `max_order_notional`: of one order, in the instrument's currency. `max_position_qty`: of one instrument, working
    orders counted as if they all filled (15c3-5 (c)(1)(i)). `order_rate`: orders in any `order_rate_window_ms`.
    An account without RiskLimits can't trade: RISK_CONFIG_MISSING.
    """

    max_order_qty: Limit
    price_collar_bps: Limit
    max_order_notional: Limit = OFF
    max_position_qty: Limit = OFF
    order_rate: Limit = OFF
    order_rate_window_ms: int = 1000

    def __post_init__(self) -> None:
        self.rows()

    def rows(self) -> list[tuple[Rule, int, int]]:
        """(rule, value in the rule's unit, window in ns) for every rule: the SET_LIMIT commands."""
        window = _count(self.order_rate_window_ms, "order_rate_window_ms", 10**12)
        if window < 1:
            raise ValueError("order_rate_window_ms must be at least 1")
        return [
            (Rule.MAX_ORDER_QTY, _amount(self.max_order_qty, "max_order_qty"), 0),
            (Rule.MAX_ORDER_NOTIONAL, _amount(self.max_order_notional, "max_order_notional"), 0),
            (Rule.PRICE_COLLAR, _count(self.price_collar_bps, "price_collar_bps", 1_000_000), 0),
            (Rule.MAX_POSITION_QTY, _amount(self.max_position_qty, "max_position_qty"), 0),
            (Rule.ORDER_RATE, _count(self.order_rate, "order_rate", 2**20), window * 1_000_000),
        ]


def demand_room(limits: RiskLimits, capacity: Capacity) -> None:
    """Refuses what are no limits, and those that a core has no room for, before anything changes."""
    demand_type(limits, RiskLimits, "limits")
    if limits.rows()[-1][1] > capacity.order_rate:
        raise ValueError(f"order_rate {limits.order_rate!r} exceeds the capacity order_rate {capacity.order_rate}")


def _amount(value: object, name: str) -> int:
    """10**-9 of a unit, or LIMIT_OFF."""
    if value is OFF:
        return LIMIT_OFF
    if value is None:
        raise TypeError(f"{name} must be a number or OFF, not None")
    return limit_units(value, name)  # type: ignore[arg-type]  # it checks the type itself


def _count(value: object, name: str, most: int) -> int:
    return LIMIT_OFF if value is OFF else check_int(value, name, 0, most)


class RiskCheck(NamedTuple):
    """One rule's answer: its value with the order, its limit, what is left, and PASS, REFUSE, OFF, or OBSERVE: it would
    refuse, but is only observed.

    Quantities are whole units, notionals are money, the collar is in bps, the rate counts orders.
    """

    rule: Reason
    value: int | Decimal | None
    limit: int | Decimal | None
    headroom: int | Decimal | None
    verdict: str


class CheckResult(Sequence[RiskCheck]):
    """All rules' answers at once; true where the order would pass."""

    __slots__ = ("_passed", "_rows", "_told")

    _passed: bool
    _rows: list[RiskCheck] | None  # None until they are first looked at
    _told: Any  # by a compiled core, which makes the object itself: called, it gives the rows

    def __init__(self, rows: list[RiskCheck]) -> None:
        self._rows = rows
        self._passed = all(row.verdict != "REFUSE" for row in rows)

    def __reduce__(self) -> tuple[type[CheckResult], tuple[list[RiskCheck]]]:
        return CheckResult, (self._table(),)  # what it says, without the core that says it

    def _table(self) -> list[RiskCheck]:
        if self._rows is None:
            self._rows = self._told()
        return self._rows

    @property
    def passed(self) -> bool:
        """Whether no rule refuses."""
        return self._passed

    def __bool__(self) -> bool:
        return self._passed

    def __len__(self) -> int:
        return len(self._table())

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, (str, Reason)):
            wanted = Reason.parse(place, "rule")
            for row in self._table():
                if row.rule is wanted:
                    return row
            raise KeyError(place)
        return self._table()[place]

    def __iter__(self) -> Iterator[RiskCheck]:
        return iter(self._table())

    def __repr__(self) -> str:
        armed = [row for row in self._table() if row.verdict != "OFF"]  # that fit a terminal
        return f"CheckResult: {'passes' if self.passed else 'refused'}\n{_lines(armed)}"

    def _repr_html_(self) -> str:
        rows = [(row.rule.name, row.value, row.limit, row.headroom, row.verdict) for row in self._table()]
        return html_table("check", ["rule", "value", "limit", "headroom", "verdict"], rows, len(rows),
                          [False, True, True, True, False])

    def __str__(self) -> str:
        return _lines(self._table())


def _lines(rows: list[RiskCheck]) -> str:
    lines = [f"{'rule':<28} {'value':>18} {'limit':>18} {'headroom':>18}  verdict"]
    for row in rows:
        cells = "".join(f" {number_cell(cell):>18}" for cell in (row.value, row.limit, row.headroom))
        lines.append(f"{row.rule.name:<28}{cells}  {row.verdict}")
    return "\n".join(lines)


def number_cell(value: object) -> str:
    """A number as a table shows it, without the zeros at its end; what is not there is a dash."""
    if value is None:
        return "-"
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if isinstance(value, Decimal) and "." in text else text


_SWITCHES = {
    Reason.KILL_SWITCH, Reason.TRADING_STATE, Reason.RISK_CONFIG_MISSING, Reason.DUPLICATE_CLORDID,
    Reason.REFERENCE_PRICE_UNAVAILABLE, Reason.SESSION_CLOSED, Reason.USER_RULE, Reason.MARK_UNAVAILABLE,
    Reason.RATE_UNAVAILABLE,
}


def check_rows(findings: list[Finding], instrument: Instrument | None) -> list[RiskCheck]:
    """A core's findings in the user's units; of an order of no declared instrument there is only its used id. Switches
    have no limit: only a verdict.

    A rule that comes a second time is one that is only observed: what it says stands in the place of its OFF.
    """
    rows: dict[Reason, RiskCheck] = {}
    for finding in findings:
        reason = Reason(finding.reason)
        if reason not in rows:
            rows[reason] = _row(finding, instrument, "REFUSE")
        elif rows[reason].verdict != "REFUSE":
            rows[reason] = _row(finding, instrument, "OBSERVE")
    return list(rows.values())


def _row(finding: Finding, instrument: Instrument | None, refused: str) -> RiskCheck:
    reason = Reason(finding.reason)
    verdict = refused if finding.refused else "PASS" if finding.armed else "OFF"
    if reason in _SWITCHES:
        return RiskCheck(reason, None, None, None, verdict)
    if reason is Reason.UNBOOKED_TRADE:  # the number of the report in unbooked()
        return RiskCheck(reason, finding.value, None, None, verdict)
    value = reason_value(reason, finding.value, instrument)
    limit = reason_bound(reason, finding.limit, instrument) if finding.armed else None
    return RiskCheck(reason, value, limit, None if value is None or limit is None else limit - value, verdict)


def refused_rows(reasons: Iterable[Reason]) -> list[RiskCheck]:
    """What validation refused; risk was not asked."""
    return [RiskCheck(reason, None, None, None, "REFUSE") for reason in reasons]
