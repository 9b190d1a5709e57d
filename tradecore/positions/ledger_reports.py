"""The reports of a position keeper, made from its log when they are asked for: nothing is kept for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..vocabulary.instrument import Instrument
from ..vocabulary.records import NO_PRICE
from ..vocabulary.rows import PositionRow
from ..vocabulary.units import CENTS
from .accounts import AccountPnl, KeptPosition, OpenLot
from .entries import EntryKind, EntryStatus
from .kept_ledger import LEGS, KeptLedger
from .report_columns import Column, Decimals, Numbers, Values, Words
from .report_money import ReportMoney, halves_of
from .statement import Statement
from .valuation import Valuation

FILL, OPENING, SPLIT, DIVIDEND, TRANSFER, CARRY, SHED = (int(kind) for kind in EntryKind)
KEYS = ("day", "symbol", "account", "strategy")


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
    rows = kept.ledger.holdings()
    money, qty = ReportMoney(kept, rows["instrument"]), np.ascontiguousarray(rows["qty"])
    marks = np.where(qty >= 0, valuation.bids[money.at], valuation.asks[money.at])
    unmarked, flat = marks == NO_PRICE, qty == 0
    amount = halves_of(rows, "cost")
    cost = money.amounts(amount)
    worth = money.values(qty, np.where(unmarked | flat, 0, marks))
    return Statement.of("positions", {
        "symbol": money.symbol(), "account": money.account(rows["account"]), "leg": money.leg(rows["account"]),
        "qty": money.quantity(qty),
        "avg_px": money.average(amount, qty, flat),
        "cost": money.money(cost),
        "mark": money.price(marks, unmarked),
        "unrealized_pnl": money.money(money.sum(worth, cost, -1), unmarked & ~flat),
        "realized_pnl": money.money(money.amounts(halves_of(rows, "realised"))),
        "fees": money.fee_column(halves_of(rows, "fees")),
        "currency": money.currency(),
    })


def daily_pnl(days: Mapping[str, Sequence[AccountPnl]]) -> Statement:
    """P&L of every day that was closed, by account and currency."""
    rows = [(day, row.account, row.currency, row.day_pnl, row.net, row.unmarked)
            for day, found in days.items() for row in found]
    columns = [("day", "text"), ("account", "text"), ("currency", "text"), ("day_pnl", "decimal"),
               ("net", "decimal"), ("unmarked", "int64")]
    return Statement("daily_pnl", columns, rows)
