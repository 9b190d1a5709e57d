"""A report: named columns and rows, to be read, written as CSV, or handed on as Arrow."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from .arrow import ArrowStream

# text: str or None; int64: int; decimal: Decimal or None; time: int ns UTC, 0 is none.
KINDS = ("text", "int64", "decimal", "time")


class Statement:
    """Rows of one report. Iterating gives named tuples; money and quantities are exact Decimals, times ns UTC."""

    name: str
    columns: list[tuple[str, str]]

    def __init__(self, name: str, columns: Iterable[tuple[str, str]], rows: Iterable[tuple[Any, ...]]) -> None:
        self.name, self.columns = name, list(columns)
        assert all(kind in KINDS for _, kind in self.columns)
        row_type: Any = NamedTuple(name, [(column, Any) for column, _ in self.columns])  # type: ignore[misc]
        self.rows: list[Any] = [row_type(*row) for row in rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def column(self, name: str) -> list[Any]:
        """One column's values."""
        return [getattr(row, name) for row in self.rows]

    def to_csv(self, target: str | Path | TextIO) -> None:
        """Write as CSV with a header; Decimals in full, None empty."""
        if isinstance(target, (str, Path)):
            with open(target, "w", newline="", encoding="utf-8") as file:
                self.to_csv(file)
            return
        writer = csv.writer(target)
        writer.writerow([name for name, _ in self.columns])
        writer.writerows([_plain(value) for value in row] for row in self.rows)

    def to_arrow(self) -> ArrowStream:
        """The rows behind the Arrow C stream interface: `pyarrow.table(statement.to_arrow())`, polars, duckdb, ...

        Decimals are decimal128, exact; times are timestamps in ns, UTC, null where they are 0. Needs no pyarrow.
        Raises ValueError where a column's decimals don't fit 38 digits.
        """
        return ArrowStream(self.columns, [[row[i] for row in self.rows] for i in range(len(self.columns))])


def _plain(value: Any) -> Any:
    """A cell of a CSV: all digits of a Decimal, 0.000000001 and not 1E-9; nothing for None."""
    return f"{value:f}" if isinstance(value, Decimal) else "" if value is None else value
