"""Realised P&L, fees and dividends by key, from the ledger's log and the pieces that it closed, column by column."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from .entries import ENTRY_CODEC, EntryKind, EntryStatus, Method
from .kept_ledger import KeptLedger
from .report_columns import Array, Column, Exact, Words
from .report_money import ReportMoney, halves_of
from .statement import Statement

FILL, OPENING, SPLIT, DIVIDEND, TRANSFER, CARRY, SHED = (int(kind) for kind in EntryKind)
KEYS = ("day", "symbol", "account", "strategy")
_DAY = 86_400 * 10**9
_EPOCH = date(1970, 1, 1)
Amounts = Array | list[int]


class _Part(NamedTuple):
    """Rows of one kind: when, of whom, in which currency, and how much, in units of the currency's scale."""

    times: Array
    instruments: Array
    accounts: Array  # the ledger's; 0 is none
    strategies: Array
    currencies: Array
    amounts: Amounts


class _Keys:
    """What the rows of a report are by."""

    def __init__(self, kept: KeptLedger, keys: tuple[str, ...]) -> None:
        self._kept, self._keys = kept, keys
        names = kept.names
        self._names = {"symbol": names.symbols.names, "account": names.accounts.names,
                       "strategy": ["", *kept.strategies.names], "currency": names.currencies.names}
        orders = {key: sorted(range(len(its)), key=its.__getitem__) for key, its in self._names.items()}
        self._ranks = {key: np.argsort(np.array(order, np.int64)) for key, order in orders.items()}
        self._words = {key: [self._names[key][at] for at in order] for key, order in orders.items()}

    def ranks(self, part: _Part) -> Array:
        """Of each row, its keys and its currency as numbers in the order of their words."""
        codes = {"symbol": part.instruments - 1, "account": (part.accounts - 1) // self._kept.legs,
                 "strategy": part.strategies, "currency": part.currencies - 1}
        ranks = {key: self._ranks[key][code] for key, code in codes.items()}
        ranks["day"] = np.where(part.times > 0, part.times // _DAY, -1)
        return np.stack([ranks[key].astype(np.int64) for key in (*self._keys, "currency")], axis=1)

    def columns(self, ranks: Array) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for key, its in zip((*self._keys, "currency"), ranks.T, strict=True):
            words: list[Any] = self._words.get(key, [])
            if key == "day":
                days, its = np.unique(its, return_inverse=True)
                words = ["" if day < 0 else (_EPOCH + timedelta(day)).isoformat() for day in days.tolist()]
            found[key] = Words(its, words)
        return found


def pnl_by(kept: KeptLedger, keys: tuple[str, ...]) -> Statement:
    """Realised P&L, fees and dividends by day, symbol, account, strategy, in any combination, and by currency."""
    if not keys or any(key not in KEYS for key in keys) or len(set(keys)) < len(keys):
        raise ValueError(f"keys {', '.join(map(repr, keys)) or '(none)'} must be some of {', '.join(KEYS)}, each once")
    names = kept.names
    scales = np.array(names.decimals, np.int64)
    for ins in names.instruments:
        at = names.currencies.id(ins.currency) - 1
        scales[at] = max(scales[at], ins.amount_precision)
    parts = [_realised(kept, scales, by_strategy="strategy" in keys), _fees(kept, scales), _dividends(kept, scales)]
    words = _Keys(kept, keys)
    ranks = [words.ranks(part) for part in parts]
    found, places = _groups(np.concatenate(ranks))
    groups = np.split(places, np.cumsum([len(its) for its in ranks])[:-1])
    money = ReportMoney(kept, np.ones(len(found), np.int64))
    realised, fees, dividends = (money.sums(part.amounts, group, len(found))
                                 for part, group in zip(parts, groups, strict=True))
    net = money.sum(money.sum(realised, fees, -1), dividends)
    order = sorted(range(len(names.currencies.names)), key=names.currencies.names.__getitem__)
    scale = scales[np.array(order, np.int64)][found[:, -1]]
    figures = {"realized_pnl": realised, "fees": fees, "dividends": dividends, "net": net}
    return Statement.of("pnl_by", words.columns(found) | {name: Exact(its, scale) for name, its in figures.items()})


def _groups(rows: Array) -> tuple[Array, Array]:
    """The different rows in order, and of each row which it is."""
    code = np.zeros(len(rows), np.int64)
    size = 1
    for column in rows.T:
        low = int(column.min(initial=0))
        width = int(column.max(initial=0)) - low + 1
        if size * width >= 2**62:
            code = np.unique(code, return_inverse=True)[1].reshape(-1)
            size = len(rows)
        code, size = code * width + (column - low), size * width
    _, first, places = np.unique(code, return_index=True, return_inverse=True)
    return rows[first], places.reshape(-1)


def _own_currency(kept: KeptLedger) -> Array:
    return np.array([kept.names.currencies.id(ins.currency) for ins in kept.names.instruments], np.int64)


def _realised(kept: KeptLedger, scales: Array, *, by_strategy: bool) -> _Part:
    """What every closed piece realised; by strategy, of a ledger of each one's own trades."""
    ledger, width = kept.ledger, len(kept.names.accounts.names) * kept.legs
    if by_strategy:
        log = ledger.entries()
        log = log[(log["status"] != EntryStatus.BUSTED) & (log["kind"] < TRANSFER)]
        log["account"] += log["strategy"] * width * (log["account"] > 0)
        if kept.method is Method.SPECIFIC:
            log["lot"] = 0
        ledger = kept.strategy_ledger(len(log) + 1)
        ledger.apply_fills(log)
    rows = ledger.closings()
    money = ReportMoney(kept, rows["instrument"])
    currency = _own_currency(kept)[money.at]
    money.scale = scales[currency - 1]
    cost, value = (money.amounts(halves_of(rows, name)) for name in ("cost", "value"))
    strategies, accounts = np.divmod(rows["account"].astype(np.int64) - 1, width)
    return _Part(rows["closed"], money.at + 1, accounts + 1, strategies, currency,
                 money.minus(money.sum(cost, value)))


def _fees(kept: KeptLedger, scales: Array) -> _Part:
    log = kept.ledger.entries()
    log = log[(log["status"] != EntryStatus.BUSTED) & (log["fee"] != 0) & (log["account"] > 0)]
    own = _own_currency(kept)[log["instrument"] - 1]
    currency = np.where(log["currency"] > 0, log["currency"], own)
    return _money_units(kept, scales, log, currency, np.ascontiguousarray(log["fee"]))


def _money_units(kept: KeptLedger, scales: Array, rows: Array, currency: Array, units: Array) -> _Part:
    money = ReportMoney(kept, rows["instrument"])
    money.scale = scales[currency - 1]
    amounts = money.scaled_fees(units, np.array(kept.names.decimals, np.int64)[currency - 1])
    whose = [rows[name].astype(np.int64) for name in ("instrument", "account", "strategy")]
    return _Part(rows["transact_time"], whose[0], whose[1], whose[2], currency, amounts)


def _dividends(kept: KeptLedger, scales: Array) -> _Part:
    """What dividends paid: of the instruments that have any, the log entry by entry, with what each account held."""
    log = kept.ledger.entries()
    live = log["status"] != EntryStatus.BUSTED
    paying = np.unique(log["instrument"][live & (log["kind"] == DIVIDEND)])
    chosen = log[live & np.isin(log["instrument"], paying)]
    rows, units = [], []
    for at, account, due in _dues(kept, chosen):
        rows.append(chosen[at : at + 1].copy())
        rows[-1]["account"] = account
        units.append(due)
    paid = np.concatenate(rows) if rows else log[:0]
    return _money_units(kept, scales, paid, paid["currency"].astype(np.int64), _smallest(units))


def _smallest(units: list[int]) -> Array:
    """int64 where that holds all."""
    return np.array(units, np.int64 if all(abs(unit) < 2**63 for unit in units) else object)


def _dues(kept: KeptLedger, log: Array) -> list[tuple[int, int, int]]:
    """(row, account, money units) of what each dividend of a log paid each account."""
    held: dict[tuple[int, int], int] = {}
    found: list[tuple[int, int, int]] = []
    width = len(kept.names.accounts.names) * kept.legs
    buffer = log.tobytes()

    def get(instrument: int, account: int) -> int:
        key = instrument, account
        if key not in held:
            held[key] = int(kept.ledger.base(*key)[0])
        return held[key]

    for row in range(len(log)):
        e = ENTRY_CODEC.unpack(buffer, row * 64)
        if e.kind == DIVIDEND:
            unit = 10 ** kept.names.instruments[e.instrument - 1].qty_precision
            found += [(row, account, round(Fraction(qty * e.price, unit))) for account in range(1, width + 1)
                      if (qty := get(e.instrument, account))]
        elif e.kind == SPLIT:
            for account in range(1, width + 1):
                held[e.instrument, account] = get(e.instrument, account) * e.qty // e.price
        elif e.kind == TRANSFER:
            moved = e.qty if get(e.instrument, e.account) > 0 else -e.qty
            held[e.instrument, e.account] -= moved
            held[e.instrument, e.contra] = get(e.instrument, e.contra) + moved
        elif e.kind == SHED:
            if e.qty == e.price:
                held[e.instrument, e.account] = 0
        else:
            held[e.instrument, e.account] = get(e.instrument, e.account) + e.qty
    return found
