"""A report: named columns and rows, to be read, written as CSV, or handed on as Arrow."""

from __future__ import annotations

import csv
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, TextIO

from ..vocabulary.showing import SHOWN, html_table, iso_time
from .arrow import ArrowStream
from .report_columns import KINDS, Column, Values, plain_text


class Statement:
    """Rows of one report. Iterating gives named tuples; money and quantities are exact Decimals, times ns UTC.

    It is a table for whoever reads the Arrow C stream interface: `polars.DataFrame(statement)`,
    `pandas.DataFrame.from_arrow(statement)`, `pyarrow.table(statement)`, and a variable's name in DuckDB's SQL. It can
    be pickled, compared, and shows itself in a notebook. Threads: any; it is a copy and never changes.
    """

    name: str
    columns: list[tuple[str, str]]

    def __init__(self, name: str, columns: Iterable[tuple[str, str]], rows: Iterable[Sequence[Any]], *,
                 row_type: Callable[..., Any] | None = None) -> None:
        columns, rows = list(columns), list(rows)
        for column, kind in columns:
            if kind not in KINDS:
                raise ValueError(f"column {column!r}: kind {kind!r} must be one of {', '.join(KINDS)}")
        for at, row in enumerate(rows):
            if len(row) != len(columns):
                raise ValueError(f"row {at} has {len(row)} values, there are {len(columns)} columns")
        values = zip(*rows, strict=True) if rows else ([] for _ in columns)
        self._fill(name, {column: Values(kind, its) for (column, kind), its in zip(columns, values, strict=True)},
                   row_type)

    @classmethod
    def of(cls, name: str, columns: dict[str, Column]) -> Statement:
        """A report of whole columns of one length."""
        made = cls.__new__(cls)
        made._fill(name, columns, None)
        return made

    def _fill(self, name: str, columns: dict[str, Column], row_type: Callable[..., Any] | None) -> None:
        self.name, self.columns = name, [(column, its.kind) for column, its in columns.items()]
        self._columns, self._row_type = columns, row_type
        self._length = len(next(iter(columns.values()), ()))
        self._rows: list[Any] | None = None

    @property
    def rows(self) -> list[Any]:
        """All rows as named tuples, made when they are first asked for."""
        if self._rows is None:
            row_type = self._row_type or _row_type(self.name, tuple(self._columns))
            self._rows = [row_type(*row) for row in zip(*(its.values() for its in self._columns.values()), strict=True)]
        return self._rows

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __getitem__(self, at: Any) -> Any:
        return self.rows[at]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, list):
            return self.rows == other
        if not isinstance(other, Statement):
            return NotImplemented
        return (self.name, self.columns, self.rows) == (other.name, other.columns, other.rows)

    __hash__: ClassVar[None]  # type: ignore[assignment]  # it is compared by its rows, which makes it None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}: {self._length} rows of {', '.join(self._columns)})"

    def _repr_html_(self) -> str:
        first = zip(*(its.values(SHOWN) for its in self._columns.values()), strict=True)
        kinds = [kind for _, kind in self.columns]
        shown = [[_written(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in first]
        return html_table(self.name, list(self._columns), shown, self._length, [kind != "text" for kind in kinds])

    def __reduce__(self) -> Any:
        return _made_again, (self.name, self._columns, self._row_type)

    def column(self, name: str) -> list[Any]:
        """One column's values. Raises LookupError naming the columns there are."""
        if name not in self._columns:
            raise LookupError(f"column {name!r} is none of {', '.join(self._columns)}")
        return list(self._columns[name].values())

    def to_csv(self, target: str | Path | TextIO) -> None:
        """Write as CSV with a header; Decimals in full, times as ISO 8601 in UTC with all digits, None empty."""
        if isinstance(target, (str, Path)):
            with open(target, "w", newline="", encoding="utf-8") as file:
                self.to_csv(file)
            return
        writer = csv.writer(target)
        writer.writerow(list(self._columns))
        written = [[_written(its.kind, value) for value in its.values()] for its in self._columns.values()]
        writer.writerows(zip(*written, strict=True))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow C stream interface: Decimals are decimal128, exact; times are timestamps in ns, UTC, null where
        they are 0. Needs no pyarrow. Raises ValueError where a column's decimals don't fit 38 digits."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> ArrowStream:
        """The same as an object of its own, encoded once for several readers."""
        return ArrowStream([its.encode(name) for name, its in self._columns.items()], self._length)


def _written(kind: str, value: Any) -> Any:
    return iso_time(value) if kind == "time" else plain_text(value)


_ROW_TYPES: dict[tuple[str, tuple[str, ...]], Any] = {}


def _row_type(name: str, columns: tuple[str, ...]) -> Any:
    if (name, columns) in _ROW_TYPES:
        return _ROW_TYPES[name, columns]
    make: Any = namedtuple  # its fields are a report's columns, known only here
    made = make(name, columns)
    made.__reduce__ = lambda row: (_row_again, (name, columns, tuple(row)))
    _ROW_TYPES[name, columns] = made
    return made


def _row_again(name: str, columns: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return _row_type(name, columns)(*values)


def _made_again(name: str, columns: dict[str, Column], row_type: Callable[..., Any] | None) -> Statement:
    made = Statement.of(name, columns)
    made._row_type = row_type
    return made
