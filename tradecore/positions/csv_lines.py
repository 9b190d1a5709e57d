"""A CSV's lines as fields by our names, each with its line number, and what is wrong with a line as a value, not an
exception: one bad line never hides another. What is wrong with the file as a whole raises ValueError.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from ..vocabulary.units import show
from .csv_form import FIELDS, CsvForm

HEADER_WITHIN = 200  # lines before the header
DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Line(NamedTuple):
    """One line: our fields where they are known, or what is wrong with it. `fate` is READ, EMPTY, LEFT_OUT or BAD."""

    number: int
    fate: str
    fields: dict[str, tuple[str, ...]]
    problem: str


def open_text(source: str | Path | TextIO, encoding: str | None) -> TextIO:
    """The text of a file, decoded by its BOM or as UTF-8. ValueError naming line and byte for what can't be."""
    if not isinstance(source, (str, Path)):
        text = source.read()
        if not isinstance(text, str):
            raise TypeError("an open file must be opened as text")
        return io.StringIO(text.removeprefix("\ufeff"), newline="")
    data = Path(source).read_bytes()
    codec = encoding or next((name for bom, name in _BOMS if data.startswith(bom)), None)
    if codec is None:
        codec = "utf-8" if b"\0" not in data[:4] else "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: byte {data[error.start]:#04x} is no {codec}: name its encoding") from None
    except LookupError:
        raise ValueError(f"encoding {encoding!r} is not known") from None
    return io.StringIO(text.removeprefix("\ufeff"), newline="")


class Header(NamedTuple):
    """Where the header stands, and the place of each field in a line."""

    line: int
    width: int
    names: list[str]
    places: dict[str, tuple[int, ...]]
    where: dict[int, tuple[str, ...]]
    delimiter: str


def read_lines(
    source: str | Path | TextIO, form: CsvForm, needed: tuple[str, ...], known: tuple[str, ...] = FIELDS
) -> tuple[Header, Iterator[Line]]:
    """The header, and every line behind it. ValueError where no line has the columns, or one has a column twice."""
    text = open_text(source, form.encoding)
    header = _find_header(text, form, needed, known)
    text.seek(0)
    return header, _lines(text, header)


def _lines(text: TextIO, header: Header) -> Iterator[Line]:
    reader = csv.reader(text, delimiter=header.delimiter, strict=True)
    before = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number, before = before + 1, reader.line_num
            yield Line(number, "BAD", {}, f"is no line of a CSV: {error}")
            continue
        number, before = before + 1, reader.line_num
        if before > header.line:
            yield _line(number, row, header)
        elif before < header.line:
            yield Line(number, "LEFT_OUT", {}, "stands before the header")


def _line(number: int, row: list[str], header: Header) -> Line:
    if not any(cell.strip() for cell in row):
        return Line(number, "EMPTY", {}, "")
    for place, patterns in header.where.items():
        cell = row[place].strip() if place < len(row) else ""
        if not any(fnmatchcase(cell, pattern) for pattern in patterns):
            return Line(number, "LEFT_OUT", {}, f"{header.names[place]} is {show(cell)}")
    if len(row) != header.width:
        return Line(number, "BAD", {}, f"expected {header.width} fields, found {len(row)}")
    return Line(number, "READ", {name: tuple(row[place].strip() for place in places)
                                 for name, places in header.places.items()}, "")


def _find_header(text: TextIO, form: CsvForm, needed: tuple[str, ...], known: tuple[str, ...]) -> Header:
    """The first line that has all the columns, by the delimiter that finds them."""
    first: list[str] = []
    wanted = _wanted(form, needed, known)
    for delimiter in DELIMITERS if form.delimiter is None else (form.delimiter,):
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter)
        for _, row in zip(range(HEADER_WITHIN), reader, strict=False):
            names = [cell.strip() for cell in row]
            first = first or names
            places = _places(names, wanted, needed, form)
            if places is None:
                continue
            given = {names.index(name): (patterns,) if isinstance(patterns, str) else tuple(patterns)
                     for name, patterns in form.where.items()}
            _demand_single(names, {at for its in places.values() for at in its} | set(given), reader.line_num)
            if not form.columns:
                _demand_known(names, known, reader.line_num)
            return Header(reader.line_num, len(names), names, places, given, delimiter)
    headers = [name for its in (wanted[field] for field in needed) for name in its] + list(form.where)
    missing = next((name for name in headers if name not in first), headers[0])
    raise ValueError(f"line 1: column {missing!r} is missing; found: {', '.join(filter(None, first)) or 'nothing'}")


def _wanted(form: CsvForm, needed: tuple[str, ...], known: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The file's headers of each field. Those that were mapped are all needed."""
    if not form.columns:
        return {field: (field,) for field in (*needed, *(field for field in known if field not in needed))}
    for field in needed:
        if field not in form.columns:
            raise ValueError(f"columns must say which column is the {field}")
    return {field: (its,) if isinstance(its, str) else tuple(its) for field, its in form.columns.items()}


def _places(names: list[str], wanted: Mapping[str, tuple[str, ...]], needed: tuple[str, ...],
            form: CsvForm) -> dict[str, tuple[int, ...]] | None:
    if not all(name in names for name in form.where):
        return None
    places: dict[str, tuple[int, ...]] = {}
    for field, headers in wanted.items():
        if all(name in names for name in headers):
            places[field] = tuple(names.index(name) for name in headers)
        elif form.columns or field in needed:
            return None
    return places


def _demand_single(names: list[str], used: set[int], line: int) -> None:
    for at in sorted(used):
        if names.count(names[at]) > 1:
            both = [place + 1 for place, name in enumerate(names) if name == names[at]]
            raise ValueError(f"line {line}: column {names[at]!r} stands there twice: fields {both[0]} and {both[1]}")


def _demand_known(names: list[str], known: tuple[Any, ...], line: int) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"line {line}: column {name!r} is not known; known: {', '.join(known)}; or map `columns`")
