"""The reports of a position keeper, made from its log when they are asked for: nothing is kept for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.instrument import Instrument
from ..vocabulary.records import NO_PRICE
from ..vocabulary.rows import PositionRow
from ..vocabulary.units import CENTS, exact_sum
from .accounts import AccountPnl, KeptPosition, OpenLot
from .entries import ENTRY_CODEC, EntryKind, EntryStatus, Method
from .kept_ledger import LEGS, KeptLedger
from .report_columns import Column, Decimals, Numbers, Values, Words
from .statement import Statement
from .valuation import Valuation

FILL, OPENING, SPLIT, DIVIDEND, TRANSFER, CARRY, SHED = (int(kind) for kind in EntryKind)
KEYS = ("day", "symbol", "account", "strategy")
_POSITIONS = [
    ("symbol", "text"), ("account", "text"), ("leg", "text"), ("qty", "decimal"), ("avg_px", "decimal"),
    ("cost", "decimal"), ("mark", "decimal"), ("unrealized_pnl", "decimal"), ("realized_pnl", "decimal"),
    ("fees", "decimal"), ("currency", "text"),
]


class Held(NamedTuple):
    """A position's lots on the way through the log, and when it was last opened from flat."""

    qty: int
    opened: int


def log_of(kept: KeptLedger) -> Iterator[tuple[int, Any]]:
    """(trade id, entry) of every entry in the log, as named tuples."""
    buffer = kept.ledger.entries().tobytes()
    for at in range(0, len(buffer), 64):
        yield kept.ledger.forgotten + at // 64 + 1, ENTRY_CODEC.unpack(buffer, at)


def leg_of(kept: KeptLedger, account: int) -> str | None:
    """LONG or SHORT where positions are hedged."""
    return None if kept.legs == 1 or not account else LEGS[(account - 1) % 2]


def trades(kept: KeptLedger, exec_ids: Mapping[int, str]) -> Statement:
    """Every entry in the log, column by column."""
    log, names = kept.ledger.entries(), kept.names
    first, kinds = kept.ledger.forgotten + 1, log["kind"]
    at = log["instrument"] - 1
    parts = (kinds == SPLIT) | (kinds == SHED)
    raw = parts | (kinds == DIVIDEND)
    lots = np.where(kinds == CARRY, 0, log["lot"])
    own = np.array([names.currencies.id(ins.currency) for ins in names.instruments], np.int64)
    currency = np.where(log["currency"] > 0, log["currency"], own[at])
    decimals = np.array([0, *names.decimals], np.int64)[currency]
    qty_scale, price_scale, tick_decimals = (
        np.array(found, np.int64)[at] for found in zip(*map(_scales, names.instruments), strict=True))
    is_dividend = kinds == DIVIDEND
    price_scale = np.where(is_dividend, decimals, np.where(parts, 0, price_scale))
    unpriced = (kinds == TRANSFER) | (kinds == CARRY)
    codes = log["account"].astype(np.int64), log["contra"].astype(np.int64)
    accounts: list[str | None] = [None, *names.accounts.names]
    owner, contra = ((code + kept.legs - 1) // kept.legs for code in codes)
    leg = (codes[0] - 1) % 2 + 1 if kept.legs == 2 else np.zeros(len(log), np.int64)
    strategies: list[str | None] = [None, *kept.strategies.names]
    return Statement.of("trades", {
        "trade_id": Numbers("int64", np.arange(first, first + len(log))),
        "exec_id": _exec_ids(exec_ids, first, len(log)),
        "kind": Words(kinds, [kind.name for kind in EntryKind]),
        "status": Words(log["status"], [status.name for status in EntryStatus]),
        "transact_time": Numbers("time", log["transact_time"]),
        "symbol": Words(at, names.symbols.names),
        "account": Words(owner, accounts),
        "leg": Words(np.where(codes[0] > 0, leg, 0), [None, *LEGS]),
        "qty": Decimals(log["qty"], np.where(raw, 0, qty_scale), 12),
        "price": Decimals(log["price"], price_scale, np.where(is_dividend, CENTS, tick_decimals), unpriced),
        "commission": Decimals(log["fee"], decimals),
        "commission_currency": Words(currency - 1, names.currencies.names),
        "strategy": Words(log["strategy"], strategies),
        "lot": Numbers("int64", lots),
        "contra_account": Words(contra, accounts),
    })


def _scales(ins: Instrument) -> tuple[int, int, int]:
    """Decimals of an instrument's quantities, of its prices, and of its tick."""
    return ins.qty_precision, ins.price_precision or 0, ins.tick_decimals


def _exec_ids(exec_ids: Mapping[int, str], first: int, count: int) -> Column:
    if not exec_ids:
        return Words(np.zeros(count, np.int64), [None])
    return Values("text", list(map(exec_ids.get, range(first, first + count))))


def read_position(
    kept: KeptLedger, valuation: Valuation, symbol: str, account: str | None, leg: str | None
) -> KeptPosition:
    """One position as it is now."""
    number, ins = kept.instrument(symbol)
    at, ledger = kept.account(account, leg), kept.ledger
    qty, cost, realised, fees = ledger.position(number, at)
    carried, charges, incomes = ledger.sums(number, at)
    lots = tuple(OpenLot(i, t, ins.quantity(q), ins.money(c)) for i, t, q, c in ledger.lots(number, at))
    mark = (valuation.bids if qty >= 0 else valuation.asks)[number - 1]
    row, decimals = PositionRow(qty, cost, realised, fees, 0, 0), kept.names.decimals_of(ins.currency)
    return KeptPosition(ins, kept.account_name(at), row, int(mark), decimals, kept.fees(charges), kept.fees(incomes),
                        ins.money(carried), lots)


def positions(kept: KeptLedger, valuation: Valuation) -> Statement:
    """Every position that is held or was."""
    rows, bids, asks = [], valuation.bids, valuation.asks
    for row in kept.ledger.holdings().tolist():
        number, account, qty = row[:3]
        cost, realised, fees = (_wide(*row[at : at + 2]) for at in (3, 5, 7))
        ins = kept.names.instruments[number - 1]
        mark = int((bids if qty >= 0 else asks)[number - 1])
        marked = mark != NO_PRICE
        rows.append((
            ins.symbol, kept.account_name(account), leg_of(kept, account), ins.quantity(qty),
            ins.rounded_price(ins.price_ratio(cost, qty)) if qty else None, ins.money(cost),
            ins.price(mark) if marked else None,
            ins.money((ins.value(qty, mark) if qty else 0) - cost) if marked or not qty else None,
            ins.money(realised), kept.names.money(ins.currency, fees), ins.currency,
        ))
    return Statement("positions", _POSITIONS, rows)


def walk(kept: KeptLedger) -> Iterator[tuple[int, Any, dict[tuple[int, int], Held]]]:
    """Every live entry with what was held before it, by instrument and ledger account."""
    held: dict[tuple[int, int], Held] = {}
    width = len(kept.names.accounts.names) * kept.legs

    def get(key: tuple[int, int]) -> Held:
        return held.get(key) or held.setdefault(key, Held(kept.ledger.base(*key)[0], 0))

    def add(key: tuple[int, int], qty: int, time: int) -> None:
        before = get(key)
        after = before.qty + qty
        held[key] = Held(after, time if before.qty * after <= 0 and after else before.opened)

    for trade_id, e in log_of(kept):
        if e.status == EntryStatus.BUSTED:
            continue
        every = e.kind in (SPLIT, DIVIDEND)
        accounts = range(1, width + 1) if every else (e.account, e.contra or e.account)
        for account in accounts:
            get((e.instrument, account))
        yield trade_id, e, held
        if e.kind == SPLIT:
            for account in accounts:
                before = held[e.instrument, account]
                held[e.instrument, account] = Held(before.qty * e.qty // e.price, before.opened)
        elif e.kind == TRANSFER:
            moved = e.qty if held[e.instrument, e.account].qty > 0 else -e.qty
            add((e.instrument, e.account), -moved, e.transact_time)
            add((e.instrument, e.contra), moved, e.transact_time)
        elif e.kind == SHED:
            if e.qty == e.price:
                held[e.instrument, e.account] = Held(0, 0)
        elif e.kind != DIVIDEND:
            add((e.instrument, e.account), e.qty, e.transact_time)


def day_of(time: int) -> str:
    """The UTC date of a time in ns; empty where the time is unknown."""
    return datetime.fromtimestamp(time // 10**9, UTC).date().isoformat() if time else ""


class Tally:
    """Realised P&L, fees and dividends of one key."""

    realised: Decimal
    fees: Decimal
    dividends: Decimal

    def __init__(self) -> None:
        self.realised = self.fees = self.dividends = Decimal(0)

    def row(self) -> tuple[Decimal, ...]:
        net = exact_sum(self.realised, self.fees.copy_negate(), self.dividends)
        return self.realised, self.fees, self.dividends, net


def pnl_by(kept: KeptLedger, keys: tuple[str, ...]) -> Statement:
    """Realised P&L, fees and dividends by day, symbol, account, strategy, in any combination, and by currency."""
    if not keys or any(key not in KEYS for key in keys) or len(set(keys)) < len(keys):
        raise ValueError(f"keys {', '.join(map(repr, keys)) or '(none)'} must be some of {', '.join(KEYS)}, each once")
    tallies: dict[tuple[str, ...], Tally] = {}

    def tally(time: int, ins: Instrument, account: int, strategy: int, currency: str) -> Tally:
        words = {"day": day_of(time), "symbol": ins.symbol, "account": kept.account_name(account),
                 "strategy": kept.strategies.name(strategy) or ""}
        return tallies.setdefault((*(words[key] for key in keys), currency), Tally())

    for time, instrument, account, strategy, amount in _realised(kept, "strategy" in keys):
        ins = kept.names.instruments[instrument - 1]
        found = tally(time, ins, account, strategy, ins.currency)
        found.realised = exact_sum(found.realised, ins.money(amount))
    for _, e, held in walk(kept):
        ins = kept.names.instruments[e.instrument - 1]
        currency = kept.names.currencies.name(e.currency) or ins.currency
        if e.fee and e.account:
            found = tally(e.transact_time, ins, e.account, e.strategy, currency)
            found.fees = exact_sum(found.fees, kept.fee(e, e.fee))
        if e.kind == DIVIDEND:
            for (instrument, account), its in held.items():
                if instrument == e.instrument and its.qty:
                    found = tally(e.transact_time, ins, account, e.strategy, currency)
                    due = kept.fee(e, _half_even(its.qty * e.price, 10**ins.qty_precision))
                    found.dividends = exact_sum(found.dividends, due)
    columns = [*((key, "text") for key in keys), ("currency", "text"), ("realized_pnl", "decimal"), ("fees", "decimal"),
               ("dividends", "decimal"), ("net", "decimal")]
    return Statement("pnl_by", columns, [(*key, *tallies[key].row()) for key in sorted(tallies)])


def _half_even(a: int, b: int) -> int:
    return round(Fraction(a, b))


def _realised(kept: KeptLedger, by_strategy: bool) -> Iterator[tuple[int, int, int, int, int]]:
    """(time, instrument, account, strategy, realised amount) of every closed piece."""
    if not by_strategy:
        for row in kept.ledger.closings().tolist():
            yield row[3], row[9], row[10], 0, -_wide(row[5], row[6]) - _wide(row[7], row[8])
        return
    width = len(kept.names.accounts.names) * kept.legs
    rows = kept.ledger.entries()
    rows = rows[(rows["status"] != EntryStatus.BUSTED) & (rows["kind"] < TRANSFER)]
    rows["account"] += rows["strategy"] * width * (rows["account"] > 0)
    if kept.method is Method.SPECIFIC:
        rows["lot"] = 0
    side = kept.strategy_ledger(len(rows) + 1)
    side.apply_fills(rows)
    for row in side.closings().tolist():
        strategy, account = divmod(row[10] - 1, width)
        yield row[3], row[9], account + 1, strategy, -_wide(row[5], row[6]) - _wide(row[7], row[8])


def _wide(low: int, high: int) -> int:
    return int((high << 64) + low % 2**64)


def daily_pnl(days: Mapping[str, Sequence[AccountPnl]]) -> Statement:
    """P&L of every day that was closed, by account and currency."""
    rows = [(day, row.account, row.currency, row.day_pnl, row.net, row.unmarked)
            for day, found in days.items() for row in found]
    columns = [("day", "text"), ("account", "text"), ("currency", "text"), ("day_pnl", "decimal"),
               ("net", "decimal"), ("unmarked", "int64")]
    return Statement("daily_pnl", columns, rows)
