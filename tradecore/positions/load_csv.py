"""A broker's file of fills into the books: every line has a fate, and all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..vocabulary.units import check_bool, exact_sum, show
from .csv_form import CsvForm
from .csv_lines import Header, Line, read_lines
from .entries import EntryError
from .fills import FillRow, Fills
from .statement import Statement

SHOWN = 5  # problems in an error's text; all are in its `fates`
_FATES = [("line", "int64"), ("fate", "text"), ("trade_id", "int64"), ("exec_id", "text"), ("column", "text"),
          ("value", "text"), ("problem", "text")]
Fate = tuple[int, str, int, str | None, str | None, str | None, str | None]


class LoadError(ValueError):
    """A file with lines that can't be booked. Nothing of it was booked; `fates` has every line, in order."""

    fates: Statement

    def __init__(self, fates: Statement) -> None:
        self.fates = fates
        bad = [row for row in fates if row.fate == "REFUSED"]
        told = [f"line {row.line}: " + (f"{row.column} " if row.column else "") + (row.problem or "")
                for row in bad[:SHOWN]]
        more = f"\n... and {len(bad) - SHOWN} more: see `fates`" if len(bad) > SHOWN else ""
        lines = len({row.line for row in bad})
        super().__init__(f"{lines} of {len({row.line for row in fates})} lines can't be booked, so none is:\n"
                         + "\n".join(told) + more)

    def __reduce__(self) -> Any:
        return LoadError, (self.fates,)


class Loading:
    """One file on its way into the books."""

    def __init__(self, fills: Fills, form: CsvForm, account: str | None) -> None:
        self._fills, self._form, self._account = fills, form, account
        self._seen: dict[str, int] = {}
        self.fates: list[Fate] = []
        self.rows: list[tuple[int, FillRow, str | None]] = []  # line, fill, exec_id

    def read(self, header: Header, line: Line) -> None:
        """A line as a fill, or as what is wrong with it: every field of it, not only the first."""
        if line.fate in ("EMPTY", "LEFT_OUT"):
            self.fates.append((line.number, line.fate, 0, None, None, None, line.problem or None))
            return
        if line.fate == "BAD":
            self._refuse(line.number, None, None, line.problem)
            return
        given: dict[str, Any] = {}
        bad = False
        for name, read in self._readers().items():
            texts = line.fields.get(name, ())
            if not any(texts):
                continue
            try:
                given[name] = read(texts)
            except (ValueError, LookupError) as error:
                bad = True
                its = ", ".join(header.names[place] for place in header.places[name])
                self._refuse(line.number, its, ", ".join(texts), str(error))
        for name in ("symbol", "qty", "price"):
            if not any(line.fields.get(name, ())):
                bad = True
                its = header.names[header.places[name][0]]
                self._refuse(line.number, its, "", f"is empty: a fill needs its {name}")
        if not bad:
            self._take(header, line, given)

    def _readers(self) -> Mapping[str, Callable[[tuple[str, ...]], Any]]:
        form, names = self._form, self._fills
        return {
            "symbol": lambda t: names.declared("symbol", form.symbols.get(t[0], t[0])),
            "account": lambda t: names.declared("account", t[0]), "side": lambda t: form.side(t[0]),
            "qty": lambda t: form.number(t[0]), "price": lambda t: form.number(t[0]),
            "commission": lambda t: exact_sum(*(form.number(part) for part in t if part)),
            "commission_currency": lambda t: names.declared("currency", t[0]),
            "transact_time": lambda t: form.time(t[0]), "exec_id": lambda t: self._new_id(t[0]),
            "position_effect": lambda t: form.effect(t[0]), "strategy": lambda t: names.declared("strategy", t[0]),
            "lot": lambda t: int(t[0]) if t[0].isdecimal() else t[0],
        }

    def _new_id(self, exec_id: str) -> str:
        if exec_id in self._seen:
            raise ValueError(f"exec_id {show(exec_id)} stands on line {self._seen[exec_id]} too")
        return self._fills.free_id(exec_id) or exec_id

    def _take(self, header: Header, line: Line, given: dict[str, Any]) -> None:
        qty, side = given["qty"], given.get("side")
        if self._form.signed or "side" not in header.places:
            side = None
        elif side is None:
            self._refuse(line.number, header.names[header.places["side"][0]], "", "is empty: a fill needs its side")
            return
        fee = given.get("commission", 0)
        exec_id = given.get("exec_id")
        try:
            row = self._fills.row(
                given["symbol"], side, qty, given["price"], account=given.get("account", self._account),
                commission=-fee if self._form.commission_paid_negative else fee,
                commission_currency=given.get("commission_currency"), position_effect=given.get("position_effect"),
                lot=given.get("lot"), strategy=given.get("strategy"), transact_time=given.get("transact_time"),
            )
        except (ValueError, LookupError) as error:
            column, value = self._named(header, line, str(error))
            self._refuse(line.number, column, value, str(error))
            return
        if exec_id is not None:
            self._seen[exec_id] = line.number
        self.rows.append((line.number, row, exec_id))

    def _named(self, header: Header, line: Line, text: str) -> tuple[str | None, str | None]:
        """The column that an error's text names, and its value."""
        for name in ("qty", "price", "commission", "account", "position_effect", "lot", "transact_time"):
            if name in text and name in header.places:
                return header.names[header.places[name][0]], line.fields[name][0]
        return None, None

    def _refuse(self, line: int, column: str | None, value: str | None, problem: str) -> None:
        self.fates.append((line, "REFUSED", 0, None, column, value, problem))

    def book(self, skip_bad: bool) -> None:
        """Book what was read. Without `skip_bad` all or nothing; with it, a fill that the ledger's state refuses is
        left out, and what comes behind it is judged without it."""
        if not skip_bad and any(fate[1] == "REFUSED" for fate in self.fates):
            raise LoadError(self.told())
        left, booked = self.rows, []
        while left:
            try:
                first = self._fills.book([row for _, row, _ in left], [exec_id for *_, exec_id in left])
            except EntryError as error:
                line = left[error.row][0]
                self._refuse(line, None, None, error.text)
                if not skip_bad:
                    raise LoadError(self.told()) from None
                good, left = left[: error.row], left[error.row + 1 :]
                if good:
                    first = self._fills.book([row for _, row, _ in good], [exec_id for *_, exec_id in good])
                    booked += [(line, first + at, its) for at, (line, _, its) in enumerate(good)]
                continue
            booked += [(line, first + at, exec_id) for at, (line, _, exec_id) in enumerate(left)]
            left = []
        self.fates += [(line, "BOOKED", trade_id, exec_id, None, None, None) for line, trade_id, exec_id in booked]

    def told(self) -> Statement:
        """Every line's fate, in the order of the lines."""
        done = {fate[0] for fate in self.fates}
        waiting = [(line, "NOT_BOOKED", 0, exec_id, None, None, None)
                   for line, _, exec_id in self.rows if line not in done]
        rows = sorted([*self.fates, *waiting], key=lambda fate: fate[0])
        return Statement("load_csv", _FATES, rows)


def read_form(form: CsvForm | None, columns: Mapping[str, Any] | None, options: dict[str, Any]) -> CsvForm:
    """The form of a file: one that was made, changed by what is given besides."""
    if columns is not None:
        options = {"columns": columns, **options}
    return CsvForm(**options) if form is None else replace(form, **options)


def load_csv(fills: Fills, source: Any, form: CsvForm, account: str | None, skip_bad: bool) -> Statement:
    """Book a file; the fate of every line."""
    check_bool(skip_bad, "skip_bad")
    header, lines = read_lines(source, form, ("symbol", "qty", "price"))
    loading = Loading(fills, form, account)
    for line in lines:
        loading.read(header, line)
    loading.book(skip_bad)
    return loading.told()
