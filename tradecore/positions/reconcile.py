"""Reconciliation against a broker's positions and fills: every difference is told, and none hides another.

A cause is called possible unless the two sides' own records prove it; it decides nothing. Each row is looked at once,
and the log once for all rows that differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from ..vocabulary.instrument import Instrument
from ..vocabulary.units import EXACT
from .csv_form import CsvForm
from .csv_lines import Header, Line, read_lines
from .kept_ledger import KeptLedger
from .statement import Statement

Key = tuple[int, int]  # instrument and account, from 1; hedged, both legs are one account
POSITION_FIELDS = ("symbol", "qty", "account", "cost")
_COLUMNS = [("kind", "text"), ("symbol", "text"), ("account", "text"), ("field", "text"), ("ours", "any"),
            ("theirs", "any"), ("cause", "text"), ("line", "int64"), ("proved", "int64")]


class Difference(NamedTuple):
    """One figure that differs. `kind` is POSITION, COST, FILL or UNREADABLE; `line` is the CSV's, 0 where the broker
    has none. A `cause` that is not `proved` begins with "possible"; `ours` and `theirs` are Decimals or texts."""

    kind: str
    symbol: str
    account: str
    field: str
    ours: Any
    theirs: Any
    cause: str
    line: int
    proved: bool = False


def possible(cause: str) -> str:
    """A cause that the figures suggest and do not prove."""
    return f"possible: {cause}"


def as_statement(found: list[Difference]) -> Statement:
    """The differences as a report."""
    return Statement("reconciliation", _COLUMNS, found, row_type=Difference)


class Row(NamedTuple):
    """A broker's row that could be read: whose it is, and its texts."""

    key: Key
    ins: Instrument
    account: str
    line: int
    fields: Mapping[str, tuple[str, ...]]


class Broker:
    """A broker's file as rows of ours, and as differences where a row is of nothing that is declared here."""

    def __init__(self, kept: KeptLedger, form: CsvForm) -> None:
        self._kept = kept
        self.form: CsvForm = form
        self.found: list[Difference] = []
        self._accounts = {name: at for at, name in enumerate(kept.names.accounts.names, 1)}
        self._symbols = {name: at for at, name in enumerate(kept.names.symbols.names, 1)}
        self.header: Header | None = None

    def rows(self, source: Any, kind: str, needed: tuple[str, ...], known: tuple[str, ...]) -> Iterator[Row]:
        """The rows of a file; what can't be read is added to `found`."""
        self.header, lines = read_lines(source, self.form, needed, known)
        for line in lines:
            if line.fate == "BAD":
                self.unreadable(line, "", "", line.problem)
            elif line.fate == "READ" and (row := self._row(kind, line)) is not None:
                yield row

    def _row(self, kind: str, line: Line) -> Row | None:
        symbol = self.form.symbols.get(line.fields["symbol"][0], line.fields["symbol"][0])
        account = line.fields.get("account", ("",))[0]
        if not account:
            account = self._kept.only_account or ""
            if not account:
                self.unreadable(line, "account", "", "must be named: there are " + ", ".join([*self._accounts][:8]))
                return None
        number, owner = self._symbols.get(symbol), self._accounts.get(account)
        for name, its, text in (("symbol", number, symbol), ("account", owner, account)):
            if its is None:
                cause = f"the {name} is not declared here"
                self.found.append(Difference(kind, symbol, account, name, None, text, cause, line.number, True))
        if number is None or owner is None:
            return None
        return Row((number, owner), self._kept.names.instruments[number - 1], account, line.number, line.fields)

    def unreadable(self, line: Line | Row, column: str, text: str, problem: str) -> None:
        """A row, or a field of one, that is no value."""
        number = line.number if isinstance(line, Line) else line.line
        its = [line.fields.get(name, ("",))[0] for name in ("symbol", "account")]
        self.found.append(Difference("UNREADABLE", its[0], its[1], column, None, text, problem, number, True))

    def number(self, row: Row, field: str) -> Decimal | None:
        """A row's number; None, and a difference, where it is none."""
        text = row.fields[field][0]
        try:
            return self.form.number(text)
        except ValueError as error:
            self.unreadable(row, field, text, str(error))
            return None


def units_of(value: Decimal, precision: int) -> int | None:
    """A quantity or price in units; None where it is finer."""
    scaled = value.scaleb(precision, EXACT)
    units = int(scaled)
    return units if units == scaled else None
