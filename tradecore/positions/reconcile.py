"""Reconciliation against a broker's positions and fills: CSV in, differences out, each with its probable cause.

A cause is a guess from the figures alone, and says so by naming what it would take; it decides nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from ..vocabulary.fix import Side
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import UndeclaredError
from ..vocabulary.records import FEE_MAX, POSITION_MAX
from ..vocabulary.units import exact_sum, show, whole_units
from .entries import EntryKind, EntryStatus, Method
from .kept_ledger import KeptLedger
from .ledger_reports import log_of

SPLITS = ((2, 1), (3, 1), (4, 1), (5, 1), (10, 1), (20, 1), (3, 2), (2, 3),
          (1, 2), (1, 3), (1, 4), (1, 5), (1, 10), (1, 20))
UNKNOWN = "no single trade, split or transfer explains it"


class Difference(NamedTuple):
    """One figure that differs. `kind` is POSITION, COST or FILL; `line` is the CSV's, 0 where the broker has none."""

    kind: str
    symbol: str
    account: str
    field: str
    ours: Any
    theirs: Any
    cause: str
    line: int


# ---- reading

def read_csv(
    source: str | Path | TextIO, needed: tuple[str, ...], known: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, {column: text}) of a CSV with a header. ValueError naming what is missing or unknown."""
    if isinstance(source, (str, Path)):
        with open(source, newline="", encoding="utf-8-sig") as file:
            yield from read_csv(file, needed, known)
        return
    reader = csv.DictReader(source)
    columns = [name.strip() for name in reader.fieldnames or []]
    for name in needed:
        if name not in columns:
            raise ValueError(f"line 1: column {name!r} is missing; found: {', '.join(columns) or 'nothing'}")
    for name in columns:
        if name not in (*needed, *known):
            raise ValueError(f"line 1: column {name!r} is not known; known: {', '.join((*needed, *known))}")
    reader.fieldnames = columns
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"line {reader.line_num}: expected {len(columns)} fields")
        yield reader.line_num, {name: text.strip() for name, text in row.items()}


def _instrument(kept: KeptLedger, line: int, row: Mapping[str, str]) -> tuple[int, Instrument, str]:
    """The row's instrument and account name."""
    try:
        number, ins = kept.instrument(row["symbol"])
        account = row.get("account") or None
        if account is None and len(kept.names.accounts.names) != 1:
            raise ValueError(f"account must be named: there are {', '.join(kept.names.accounts.names[:8])}")
        return number, ins, kept.names.accounts.names[0 if account is None else kept.names.accounts.id(account) - 1]
    except (UndeclaredError, ValueError) as error:
        raise ValueError(f"line {line}: {error}") from None


def _number(line: int, name: str, text: str, precision: int, bound: int) -> int:
    try:
        return whole_units(text, precision, name, bound)
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from None


# ---- positions

def reconcile_positions(kept: KeptLedger, source: Any) -> list[Difference]:
    """Differences of quantity, and of cost where the broker gives one."""
    theirs: dict[tuple[int, str], tuple[int, str, int]] = {}
    for line, row in read_csv(source, ("symbol", "qty"), ("account", "cost")):
        number, ins, account = _instrument(kept, line, row)
        if (number, account) in theirs:
            before = theirs[number, account][2]
            raise ValueError(f"line {line}: {ins.symbol} in account {account} stands on line {before} too")
        qty = _number(line, "qty", row["qty"], ins.qty_precision, POSITION_MAX)
        theirs[number, account] = qty, row.get("cost", ""), line
    ours = _held(kept)
    found: list[Difference] = []
    gaps = {key: theirs.get(key, (0, "", 0))[0] - ours.get(key, 0) for key in theirs.keys() | ours.keys()}
    for key in sorted(gaps):
        number, account = key
        ins, (qty, cost, line) = kept.names.instruments[number - 1], theirs.get(key, (0, "", 0))
        if gaps[key]:
            cause = _position_cause(kept, number, account, ours.get(key, 0), qty, gaps)
            found.append(Difference("POSITION", ins.symbol, account, "qty", ins.quantity(ours.get(key, 0)),
                                    ins.quantity(qty), cause, line))
        elif cost:
            found += _cost_difference(kept, number, account, cost, line)
    return found


def _legs(kept: KeptLedger, account: str) -> list[int]:
    return kept.account_legs(account)


def _held(kept: KeptLedger) -> dict[tuple[int, str], int]:
    """Lots held by instrument and account, both legs together."""
    found = {}
    for account in kept.names.accounts.names:
        for number in range(1, len(kept.names.instruments) + 1):
            qty = sum(kept.ledger.position(number, leg)[0] for leg in _legs(kept, account))
            if qty:
                found[number, account] = qty
    return found


def _position_cause(
    kept: KeptLedger, number: int, account: str, ours: int, theirs: int, gaps: Mapping[Any, int]
) -> str:
    gap, legs = theirs - ours, _legs(kept, account)
    if ours == -theirs:
        return "long and short are swapped: a sign convention"
    for other, its_gap in gaps.items():
        if other[0] == number and other[1] != account and its_gap == -gap:
            return f"the opposite difference is in account {other[1]}: a transfer or allocation on one side only"
    for trade_id, e in log_of(kept):
        if e.instrument != number or e.kind > EntryKind.OPENING or e.account not in legs:
            continue
        if e.status == EntryStatus.BUSTED and gap == e.qty:
            return f"trade {trade_id} is busted here and stands at the broker"
        if e.status != EntryStatus.BUSTED and gap == -e.qty:
            return f"trade {trade_id} is missing at the broker, or busted there"
        if e.status != EntryStatus.BUSTED and gap == -2 * e.qty:
            return f"trade {trade_id} has the other side at the broker"
        if e.status != EntryStatus.BUSTED and gap == e.qty:
            return f"trade {trade_id} is booked twice at the broker, or a fill like it is missing here"
    for new, old in SPLITS:
        if ours and ours * new == theirs * old:
            return f"a split, {new} for {old}, is missing here"
    if not ours:
        return "the position, or its opening, is missing here"
    return "the position is missing at the broker" if not theirs else UNKNOWN


def _cost_difference(kept: KeptLedger, number: int, account: str, text: str, line: int) -> list[Difference]:
    ins, legs = kept.names.instruments[number - 1], _legs(kept, account)
    try:
        theirs = Decimal(text)
    except ArithmeticError:
        raise ValueError(f"line {line}: cost {show(text)} is not a decimal number") from None
    if not theirs.is_finite():
        raise ValueError(f"line {line}: cost must be finite, not {show(text)}")
    rows = [kept.ledger.position(number, leg) for leg in legs]
    ours = ins.money(sum(row[1] for row in rows))
    if ours == theirs:
        return []
    cause = UNKNOWN
    if exact_sum(ours, kept.names.money(ins.currency, sum(row[3] for row in rows))) == theirs:
        cause = "the broker's cost includes commissions"
    elif ours == -theirs:
        cause = "the broker's cost has the other sign"
    else:
        for method in Method:
            if method not in (kept.method, Method.SPECIFIC) and _cost_by(kept, method, number, legs) == theirs:
                cause = f"it is the cost by {method.name}; this ledger keeps {kept.method.name}"
    return [Difference("COST", ins.symbol, account, "cost", ours, theirs, cause, line)]


def _cost_by(kept: KeptLedger, method: Method, number: int, legs: list[int]) -> Decimal | None:
    """What the position would have cost by another method; None where it began before the log."""
    if kept.ledger.forgotten:
        return None
    rows = kept.ledger.entries()
    rows = rows[(rows["status"] != EntryStatus.BUSTED) & (rows["instrument"] == number)]
    side = kept.new_ledger(len(kept.names.accounts.names) * kept.legs, method, 1, len(rows) + 1, len(rows) + 1)
    rows["lot"] = 0
    side.apply_fills(rows)
    return kept.names.instruments[number - 1].money(sum(side.position(number, leg)[1] for leg in legs))


# ---- fills

def reconcile_fills(kept: KeptLedger, exec_ids: Mapping[int, str], source: Any) -> list[Difference]:
    """Differences of fills, matched by exec_id."""
    ours = {exec_ids[trade_id]: (trade_id, e) for trade_id, e in log_of(kept) if trade_id in exec_ids}
    seen: dict[str, int] = {}
    found: list[Difference] = []
    for line, row in read_csv(source, ("exec_id", "symbol", "side", "qty", "price"), ("account", "commission")):
        number, ins, account = _instrument(kept, line, row)
        exec_id = row["exec_id"]
        if exec_id in seen:
            found.append(Difference("FILL", ins.symbol, account, "exec_id", exec_id, exec_id,
                                    f"the broker lists it twice: line {seen[exec_id]} too", line))
            continue
        seen[exec_id] = line
        if exec_id not in ours:
            found.append(Difference("FILL", ins.symbol, account, "exec_id", None, exec_id, "it is missing here", line))
        else:
            found += _fill_differences(kept, ins, number, account, ours[exec_id], row, line)
    for exec_id, (trade_id, e) in ours.items():
        if exec_id not in seen and e.status != EntryStatus.BUSTED:
            symbol, account = kept.names.symbols.names[e.instrument - 1], kept.account_name(e.account)
            cause = f"trade {trade_id} is missing at the broker, or busted there"
            found.append(Difference("FILL", symbol, account, "exec_id", exec_id, None, cause, 0))
    return found


def _fill_differences(
    kept: KeptLedger, ins: Instrument, number: int, account: str, ours: tuple[int, Any], row: Mapping[str, str],
    line: int,
) -> list[Difference]:
    trade_id, e = ours
    if e.status == EntryStatus.BUSTED:
        return [Difference("FILL", ins.symbol, account, "exec_id", None, row["exec_id"],
                           f"trade {trade_id} is busted here and stands at the broker", line)]
    try:
        side = Side.parse(row["side"], "side")
        price = ins.price_units(row["price"])
    except ValueError as error:
        raise ValueError(f"line {line}: {error}") from None
    qty = _number(line, "qty", row["qty"], ins.qty_precision, POSITION_MAX)
    its_side = Side.BUY if e.qty > 0 else Side.SELL
    corrected = "a correction is booked on one side only"
    pairs = [
        ("symbol", kept.names.symbols.names[e.instrument - 1], ins.symbol, "one side has the wrong symbol"),
        ("account", kept.account_name(e.account), account, "an allocation is booked on one side only"),
        ("side", its_side.name, side.name, "one side has the wrong side"),
        ("qty", ins.quantity(abs(e.qty)), ins.quantity(qty), corrected),
        ("price", ins.price(e.price), ins.price(price), corrected),
    ]
    if row.get("commission"):
        decimals = kept.names.decimals_of(e.currency or ins.currency)
        fee = _number(line, "commission", row["commission"], decimals, FEE_MAX)
        sign = "the sign: one side books what is paid as negative"
        cause = sign if fee == -e.fee else "another fee schedule, or a rebate"
        pairs.append(("commission", kept.fee(e, e.fee), kept.fee(e, fee), cause))
    return [Difference("FILL", ins.symbol, account, name, mine, its, f"trade {trade_id}: {cause}", line)
            for name, mine, its, cause in pairs if mine != its]
