"""How things show themselves: times, tables as text and as HTML for a notebook. It only arranges what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

SHOWN = 20  # rows of a table in a notebook; the rest is counted
_LEFT, _RIGHT = "text-align:left", "text-align:right"


def iso_time(time: int) -> str:
    """Ns UTC as ISO 8601 with as many decimals as it has, 0, 3, 6 or 9; empty for 0, which is none."""
    if not time:
        return ""
    seconds, rest = divmod(time, 10**9)
    digits = f"{rest:09}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{digits}Z"


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """A table in columns as wide as their widest cell; `right` aligned are numbers."""
    cells = [columns, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ([cell.rjust(width) if is_number else cell.ljust(width)
              for cell, width, is_number in zip(row, widths, right, strict=True)] for row in cells)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def html_table(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], count: int,
               right: Sequence[bool]) -> str:
    """A table with its caption; `count` rows there are, of which `rows` are shown; `right` aligned are numbers."""
    from html import escape  # hardly a session shows one

    styles = [_RIGHT if is_number else _LEFT for is_number in right]
    head = "".join(f'<th style="{s}">{escape(c)}</th>' for s, c in zip(styles, columns, strict=True))
    body = "".join(
        "<tr>" + "".join(f'<td style="{s}">{escape(str(v))}</td>' for s, v in zip(styles, row, strict=True)) + "</tr>"
        for row in rows
    )
    hidden = count - len(rows)
    more = f", {hidden} more not shown" if hidden > 0 else ""
    unit = "row" if count == 1 else "rows"
    return (f"<table><caption>{escape(name)}: {count} {unit}{more}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>")


def refuse_copy(thing: object, instead: str) -> NoReturn:
    """Raises TypeError for what has a state that can't be copied or pickled, saying what to do instead."""
    raise TypeError(f"{type(thing).__name__} can't be copied or pickled: {instead}")


def refuse_making(kind: type, instead: str) -> staticmethod[..., NoReturn]:
    """A `__new__` that raises TypeError for a type whose objects are not made by name, saying what to do instead."""

    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise TypeError(f"{kind.__name__} is not made by name: {instead}")

    return staticmethod(refuse)
