"""Recorded markets of the Bitstamp form: read an event file, or the raw capture of the ob-analytics wheel, as events.

Numbers are read exactly, never through float; a malformed line is an error that names file, line, field and value.
Refuses to judge what an event means to a market (a cancel of an unknown id, an id used twice): that is for the core.
Never imports ob_analytics, whose data it reads.
"""

from __future__ import annotations

import gzip
import importlib.util
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from ..vocabulary.fix import OrdType, Side, TimeInForce
from ..vocabulary.units import check_bool

Array = npt.NDArray[Any]
Table = dict[str, Array]  # the int64 columns of a file, by name, and `line`
Columns = Mapping[str, tuple[Callable[[str], int], str]]  # header: how a text becomes a number, what text is expected
Progress = Callable[[int, int], None]
Rules = Callable[[Table], Iterator[tuple[str, Array, str]]]  # field, the lines where it is right, what is right

PRICE_DECIMALS, QTY_DECIMALS = 0, 8  # a price tick is 1 USD, a quantity step 1e-8 BTC
DECIMAL_MAX = 10**16  # ticks or steps in one number; all the bitcoin that will ever be is 2.1e15 steps
_CHUNK_CHARS, _VALUE_CHARS = 1 << 18, 80  # read at once (2**22 takes half as long again); quoted of a wrong value

# line is that of the source file, where the header is 1. What a cancel, a market order or a print doesn't have is 0.
RECORDED_DTYPE = np.dtype([
    ("line", "i8"), ("ts_ms", "i8"), ("order_id", "i8"), ("price", "i8"), ("qty", "i8"), ("action", "u1"),
    ("side", "u1"), ("ord_type", "u1"), ("time_in_force", "u1"), ("post_only", "?")], align=True)
TRADE_DTYPE = np.dtype([
    ("trade_id", "i8"), ("price", "i8"), ("qty", "i8"), ("taker_order_id", "i8"), ("maker_order_id", "i8"),
    ("taker_side", "u1")], align=True)


class Action(IntEnum):
    SEED = 0  # in the book when the recording starts
    NEW = 1
    CANCEL = 2
    PRINT = 3  # a trade that the market printed; its side is the aggressor's


class BadLine(NamedTuple):
    """A malformed line by its first wrong field, or a malformed file by the line where that shows."""

    file: str
    line: int
    field: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: got {self.value!r}, expected {self.expected}"


class RecordingError(ValueError):
    """A recording that can't be read; `bad` says where and why."""

    def __init__(self, bad: BadLine) -> None:
        super().__init__(str(bad))
        self.bad = bad


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Events in exchange order, and the trades the exchange printed for them, in its order; both arrays read-only."""

    source: str
    events: Array
    trades: Array
    bad_lines: tuple[BadLine, ...]  # by file and line; always empty without skip_bad


def read_recording(
    path: str | Path, *, skip_bad: bool = False, max_events: int | None = None, progress: Progress | None = None
) -> Recording:
    """Read an event file, or a directory holding events.csv[.gz], or orders.csv[.gz] and trades.csv.

    An exchange_trades.csv beside an event file is read too. `skip_bad` collects malformed lines instead of raising;
    a file wrong as a whole always raises. `max_events` keeps the first events, and the trades whose takers arrive
    among them; the main file is read in pieces until it has them, and what is behind is not looked at.
    `progress(done, total)` is called now and then, in bytes of the main file.
    """
    if max_events is not None and max_events < 0:
        raise ValueError(f"max_events {max_events}: expected 0 or more, or None for all")
    check_bool(skip_bad, "skip_bad")
    file, bad = _find_file(Path(path)), list[BadLine]()  # all files' bad lines gather in this list
    read = _read_capture if _demand_kind(file) else _read_events
    events, arrivals, trades, takers = read(file, bad, progress, max_events)
    if bad and not skip_bad:
        raise RecordingError(min(bad))
    if max_events is not None and max_events < len(events):
        events, trades = events[:max_events], trades[np.isin(takers, arrivals[:max_events])]
    events.flags.writeable = trades.flags.writeable = False
    return Recording(str(path), events, trades, tuple(sorted(bad)))


def find_newcomers_recording() -> Path:
    """The recording that anyone can install: the sample data inside the ob-analytics wheel."""
    spec = importlib.util.find_spec("ob_analytics")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("ob_analytics is not installed: pip install --no-deps ob-analytics==0.1.0")
    return Path(spec.submodule_search_locations[0], "_sample_data")


def _find_file(path: Path) -> Path:
    names = ("events.csv.gz", "events.csv", "orders.csv.gz", "orders.csv")
    for file in [path / name for name in names] if path.is_dir() else [path]:
        if file.is_file():
            return file
    raise FileNotFoundError(f"no recording at {path}: expected an event file, or a directory with {' or '.join(names)}")


def _demand_kind(file: Path) -> bool:
    """Whether a file is a raw capture, by its name and what stands beside it. FileNotFoundError telling what a file
    called orders.csv may be, where it is none."""
    if not file.name.startswith("orders.csv"):
        return False
    if not (file.parent / "trades.csv").is_file():
        raise FileNotFoundError(f"{file} is no recording: a raw capture has its trades.csv beside it; own orders that "
                                "trade along are given by --orders (`own_orders`)")
    return True


class _Left:
    """How many more events are wanted, of a file that is read in pieces."""

    def __init__(self, most: int | None, wanted: Callable[[Table], Array]) -> None:
        self._left, self._wanted = most, wanted

    def is_enough(self, rows: Table) -> bool:
        """Whether these rows have what was left, and one more, so that the last is judged by what follows it."""
        if self._left is None:
            return False
        if not len(rows["line"]):
            return self._left < 0
        wanted = self._wanted(rows)
        self._left -= int(wanted.sum())
        return self._left < 0 and bool(wanted[-1])


class _Live:
    """Rows of a capture that are surely events of the market: not of its snapshot, no echo, not the recorder's end."""

    def __init__(self) -> None:
        self._snapshot: tuple[int, int] | None = None

    def __call__(self, rows: Table) -> Array:
        sent, seen = rows["exchange_timestamp"], rows["timestamp"]
        self._snapshot = self._snapshot or (int(sent[0]), int(seen[0]))
        created, deleted = rows["action"] == _CREATED, rows["action"] == _DELETED
        live = np.where(deleted, (rows["volume"] > 0) & (sent != seen), created)
        found: Array = live & ~((sent == self._snapshot[0]) & (seen == self._snapshot[1]))
        return found


def _read_events(
    file: Path, bad: list[BadLine], progress: Progress | None, most: int | None
) -> tuple[Array, Array, Array, Array]:
    """Events, what names each one's arrival, trades, and the arrival of each one's taker; so for the other form."""
    left = _Left(most, lambda rows: np.ones(len(rows["line"]), np.bool_))
    table = _read_table(file, _EVENT_COLUMNS, bad, _event_rules, progress, left)
    table["post_only"] = table["tif"] == _POST_ONLY
    table["tif"][table["post_only"]] = TimeInForce.GTC
    for name in ("order_id", "price", "qty", "type", "tif"):
        table[name][table[name] == _BLANK] = 0
    events = _records(RECORDED_DTYPE, table, ord_type="type", time_in_force="tif")
    if not (trades_file := file.parent / "exchange_trades.csv").is_file():
        return events, table["seq"], np.empty(0, TRADE_DTYPE), np.empty(0, np.int64)
    trades = _read_table(trades_file, _EVENT_TRADE_COLUMNS, bad)
    return events, table["seq"], _records(TRADE_DTYPE, trades, trade_id="exchange_trade_id"), trades["event_seq"]


def _read_capture(
    file: Path, bad: list[BadLine], progress: Progress | None, most: int | None
) -> tuple[Array, Array, Array, Array]:
    table = _read_table(file.parent / "trades.csv", _CAPTURE_TRADE_COLUMNS, bad)
    buy, pair = table["side"] == Side.BUY, (table["buy_order_id"], table["sell_order_id"])
    table |= {"taker_order_id": np.where(buy, *pair), "maker_order_id": np.where(buy, *pair[::-1])}
    trades = _records(TRADE_DTYPE, table, qty="amount", taker_side="side")

    def sized(rows: Table) -> Iterator[tuple[str, Array, str]]:
        in_usd = np.isin(rows["price"], _NO_PRICE) & np.isin(rows["id"], trades["taker_order_id"])
        right = (rows["action"] != _CREATED) | (rows["volume"] > 0) | in_usd
        yield "volume", right, f"a positive {_BTC}, or 0 for a market order with trades in trades.csv"

    left = _Left(most, _Live())
    events = _convert_capture(_read_table(file, _CAPTURE_COLUMNS, bad, sized, progress, left), trades)
    return events, np.where(events["action"] == Action.NEW, events["order_id"], 0), trades, trades["taker_order_id"]


_CREATED, _CHANGED, _DELETED = range(3)
_ROW_ACTIONS = {"created": _CREATED, "changed": _CHANGED, "deleted": _DELETED}
_NO_PRICE = (0, 999_999_999)  # what a market order carries: the worst price of its side
_GONE_BEFORE_SNAPSHOT = (2002347646152704, 2002347642003458)  # listed by the snapshot, but no longer in the market


def _convert_capture(rows: Table, trades: Array) -> Array:
    """Seeds in time priority, then new and cancel in file order; `changed` and empty `deleted` only echo fills."""
    created, deleted = rows["action"] == _CREATED, rows["action"] == _DELETED
    sent, seen = rows["exchange_timestamp"], rows["timestamp"]
    # The recorder wrote the starting book as orders that came at one moment, and at the end deleted by its own clock.
    snapshot = np.logical_and.accumulate(created & (sent == sent[:1]) & (seen == seen[:1]))
    closing = np.logical_and.accumulate((deleted & (sent == seen))[::-1])[::-1]
    seed, live = snapshot & ~np.isin(rows["id"], _GONE_BEFORE_SNAPSHOT), ~(snapshot | closing)
    new, cancel = live & created, live & deleted & (rows["volume"] > 0)
    market = new & np.isin(rows["price"], _NO_PRICE)  # a seed at 0 is a limit order below 1 USD, cut by the snapshot
    events = _records(RECORDED_DTYPE, rows, ts_ms="exchange_timestamp", order_id="id", qty="volume", side="direction")
    events["action"] = np.select([seed, cancel], [Action.SEED, Action.CANCEL], Action.NEW)
    events["ord_type"] = np.where(market, OrdType.MARKET, OrdType.LIMIT)
    events["time_in_force"] = np.where(market, TimeInForce.IOC, TimeInForce.GTC)
    events["post_only"] = new & ~market & _is_deleted_whole_next(rows, cancel)
    for index in np.flatnonzero(market & (rows["volume"] == 0)):
        events["qty"][index] = _traded_qty(trades, rows["id"][index])
    events["price"][market] = 0
    for name in ("price", "qty", "ord_type", "time_in_force"):
        events[name][cancel] = 0
    return np.concatenate([np.sort(events[seed], order="order_id"), events[new | cancel]])


def _is_deleted_whole_next(rows: Table, cancel: Array) -> Array:
    """Rows whose very next row deletes the order untouched: so a venue answers a post-only order that would take."""
    same = (rows["id"][1:] == rows["id"][:-1]) & (rows["volume"][1:] == rows["volume"][:-1])
    return np.append(cancel[1:] & same, False)[: len(cancel)]


def _traded_qty(trades: Array, order_id: int) -> int:
    """The quantity of a market order that was given in USD (its volume is 0): what it traded."""
    return sum(trades["qty"][trades["taker_order_id"] == order_id].tolist())


_INVALID, _BLANK = -1, -2  # marks in a column of int64, where no valid number is negative
_POST_ONLY = 100  # a word of the tif column that is no TimeInForce
_DECIMAL = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?(?:[eE]([+-]?[0-9]{1,2}))?")


def _parse_id(text: str) -> int:  # of an order; a print has none
    return _parse_integer(text) if text else _BLANK


def _parse_integer(text: str) -> int:  # int() alone takes '1_0', ' 1' and other alphabets' digits
    value = int(text) if len(text) <= 19 and text.isascii() and text.isdigit() else 0
    return value if 0 < value < 2**63 else _INVALID


def _decimal(decimals: int, minimum: int, expected: str, optional: bool = False) -> tuple[Callable[[str], int], str]:
    def parse(text: str) -> int:
        if (match := _DECIMAL.fullmatch(text)) is None:
            return _BLANK if optional and not text else _INVALID
        whole, fraction, exponent = match.groups("")
        shift = decimals - len(fraction) + int(exponent or 0)
        value, rest = divmod(int(whole + fraction) * 10 ** max(shift, 0), 10 ** max(-shift, 0))
        return value if not rest and minimum <= value <= DECIMAL_MAX else _INVALID

    return parse, expected


def _words(words: dict[str, int]) -> tuple[Callable[[str], int], str]:
    return lambda text: words.get(text, _INVALID), "one of " + ", ".join(map(repr, words))


_USD, _BTC = "decimal number of USD that is a multiple of 1", "decimal number of BTC that is a multiple of 1e-8"
_INT, _SIDE = (_parse_integer, f"an integer from 1 to {2**63 - 1}"), _words({"buy": Side.BUY, "sell": Side.SELL})
_PRICE, _QTY = _decimal(PRICE_DECIMALS, 1, f"a positive {_USD}"), _decimal(QTY_DECIMALS, 1, f"a positive {_BTC}")
_EVENT_COLUMNS = {
    "seq": _INT, "ts_ms": _INT, "action": _words({action.name.lower(): action for action in Action}),
    "order_id": (_parse_id, _INT[1]), "side": _SIDE,
    "type": _words({"market": OrdType.MARKET, "limit": OrdType.LIMIT, "": _BLANK}),
    "tif": _words({"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "post_only": _POST_ONLY, "": _BLANK}),
    "price": _decimal(PRICE_DECIMALS, 0, f"a {_USD}", True), "qty": _decimal(QTY_DECIMALS, 1, _QTY[1], True),
}
_EVENT_TRADE_COLUMNS = {
    "n": _INT, "event_seq": _INT, "ts_ms": _INT, "price": _PRICE, "qty": _QTY, "taker_order_id": _INT,
    "maker_order_id": _INT, "taker_side": _SIDE, "exchange_trade_id": _INT,
}
_CAPTURE_COLUMNS = {
    "id": _INT, "timestamp": _INT, "exchange_timestamp": _INT, "price": _decimal(PRICE_DECIMALS, 0, f"a {_USD}"),
    "volume": _decimal(QTY_DECIMALS, 0, f"a {_BTC}"), "action": _words(_ROW_ACTIONS),
    "direction": _words({"bid": Side.BUY, "ask": Side.SELL}),
}
_CAPTURE_TRADE_COLUMNS = {
    "trade_id": _INT, "timestamp": _INT, "exchange_timestamp": _INT, "price": _PRICE, "amount": _QTY,
    "buy_order_id": _INT, "sell_order_id": _INT, "side": _SIDE,
}


def _event_rules(table: Table) -> Iterator[tuple[str, Array, str]]:
    """What one field of an event demands of another."""
    tif, price, blank = table["tif"], table["price"], {name: table[name] == _BLANK for name in table}
    seed, cancel = table["action"] == Action.SEED, table["action"] == Action.CANCEL
    printed = table["action"] == Action.PRINT
    market, limit = table["type"] == OrdType.MARKET, table["type"] == OrdType.LIMIT
    yield "order_id", blank["order_id"] == printed, "nothing for print, else " + _INT[1]
    right = np.select([cancel | printed, seed], [blank["type"], limit], market | limit)
    yield "type", right, "limit for seed, market or limit for new, nothing for cancel and print"
    right = np.select([cancel | printed, seed, market],
                      [blank["tif"], tif == TimeInForce.GTC, tif == TimeInForce.IOC], tif > 0)
    yield "tif", right, "gtc for seed, ioc for a market order, gtc, ioc or post_only for a limit order, else nothing"
    right = np.select([cancel | market, seed], [blank["price"], price >= 0], price > 0)
    yield "price", right, f"a positive {_USD} for limit and print, 0 too for seed, nothing for a market order or cancel"
    yield "qty", blank["qty"] == cancel, f"a positive {_BTC} for seed, new and print, nothing for cancel"


def _records(dtype: np.dtype[np.void], table: Table, **renamed: str) -> Array:
    records = np.zeros(len(table["line"]), dtype)
    for field in dtype.names or ():
        if (column := renamed.get(field, field)) in table:
            records[field] = table[column]
    return records


def _read_table(
    file: Path, columns: Columns, bad: list[BadLine], rules: Rules | None = None, progress: Progress | None = None,
    left: _Left | None = None,
) -> Table:
    """The good lines of a file; the others go to `bad`, each by its first wrong field."""
    tables: list[Table] = [{name: np.empty(0, np.int64) for name in ("line", *columns)}]
    for first, lines in _read_lines(file, ",".join(columns), progress):
        rows, good = [line.rstrip("\n").split(",") for line in lines], np.ones(len(lines), np.bool_)
        shaped = np.array([len(row) == len(columns) for row in rows])
        rows = [row if len(row) == len(columns) else [""] * len(columns) for row in rows]
        texts = dict(zip(columns, zip(*rows, strict=True), strict=True)) | {"line": tuple(lines)}
        table, checks = {}, [("line", shaped, f"{len(columns)} values separated by commas")]
        for name, (parse, expected) in columns.items():
            known = {text: parse(text) for text in set(texts[name])}  # a market repeats itself: most texts come often
            table[name] = np.fromiter(map(known.__getitem__, texts[name]), np.int64, len(lines))
            checks.append((name, table[name] != _INVALID, expected))
        for name, right, expected in [*checks, *(rules(table) if rules else ())]:
            for at in np.flatnonzero(good & ~right).tolist():
                bad.append(BadLine(file.name, first + at, name, texts[name][at].rstrip("\n")[:_VALUE_CHARS], expected))
            good &= right
        tables.append({"line": np.flatnonzero(good) + first} | {name: table[name][good] for name in table})
        if left is not None and left.is_enough(tables[-1]):
            if progress:
                progress(1, 1)  # all that is wanted
            break
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _read_lines(file: Path, header: str, progress: Progress | None) -> Iterator[tuple[int, list[str]]]:
    """Yield lines by the chunk, with the number of the first. Bytes that are no UTF-8 come as r'\\xff'."""
    last, total = 1, file.stat().st_size
    try:
        with file.open("rb") as raw:
            data = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if file.suffix == ".gz" else raw
            text = TextIOWrapper(data, "utf-8-sig", errors="backslashreplace")
            if (line := text.readline(len(header) + _VALUE_CHARS).rstrip("\n")) != header:
                raise RecordingError(BadLine(file.name, 1, "header", line, header))
            while lines := text.readlines(_CHUNK_CHARS):
                if progress:
                    progress(raw.tell(), total)
                yield last + 1, lines
                last += len(lines)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(BadLine(file.name, last, "file", str(error), "a whole gzip file")) from error
