"""The tables of a core's positions: each position, and each account's P&L by currency, from one copy of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from ..vocabulary.names import Directory
from ..vocabulary.records import NO_PRICE
from ..vocabulary.units import CENTS, exact_sum, to_decimal
from .report_columns import Array, Column, Decimals
from .statement import Statement
from .tables import Table, amounts, averages, groups_of, names_of, of_instruments, prices, sums, wide_rows_of, words

SUSPENSE = "(suspense)"
PNL_COLUMNS = [("account", "text"), ("currency", "text"), ("realized_pnl", "decimal"), ("unrealized_pnl", "decimal"),
               ("fees", "decimal"), ("net", "decimal"), ("unmarked", "int64")]


def position_table(lines: Array, directory: Directory) -> Table:
    """A row for each position that has a quantity, a P&L, a fee or orders that work, by symbol, then account."""
    instruments = directory.instruments
    names = names_of(directory)
    names["account"][0] = SUSPENSE
    of = lines["instrument"]
    unmarked = (lines["mark"] == NO_PRICE) & (lines["qty"] != 0)

    def by_instrument(value: Callable[[Any], int]) -> Array:
        found: Array = of_instruments(instruments, value)[of]
        return found

    def money(name: str, none: Array | None = None) -> Column:
        return amounts(lines, name, by_instrument(lambda i: 1 if i.inverse else i.multiplier_units),
                       by_instrument(lambda i: i.amount_precision), none)

    def fees() -> Column:
        return amounts(lines, "fees", np.ones(len(lines), np.int64),
                       by_instrument(lambda i: directory.decimals_of(i.currency)))

    def quantities(name: str) -> Column:
        return Decimals(lines[name], by_instrument(lambda i: i.qty_precision), 0)

    def average() -> Column:
        return averages(instruments, of, wide_rows_of(lines, "cost"), lines["qty"])

    def currency() -> Column:
        codes = by_instrument(lambda i: directory.currencies.id(i.currency))
        return words(codes, names["currency"])

    return Table.over("positions", lines, names, {
        "symbol": ("text", lambda: words(of, names["instrument"])),
        "account": ("text", lambda: words(lines["account"], names["account"])),
        "currency": ("text", currency),
        "qty": ("decimal", lambda: quantities("qty")),
        "avg_px": ("decimal", average),
        "cost": ("decimal", lambda: money("cost")),
        "mark": ("decimal", lambda: prices(lines["mark"], by_instrument(lambda i: i.price_precision),
                                           by_instrument(lambda i: i.tick_decimals))),
        "unrealized_pnl": ("decimal", lambda: money("unrealised", unmarked)),
        "realized_pnl": ("decimal", lambda: money("realised")),
        "fees": ("decimal", fees),
        "working_buy_qty": ("decimal", lambda: quantities("working_buy")),
        "working_sell_qty": ("decimal", lambda: quantities("working_sell")),
    })


def pnl_table(lines: Array, charges: Mapping[tuple[int, int], int], directory: Directory) -> Statement:
    """A row for each account and currency of which there is anything; suspense is one. `charges` are the fees that
    venues told in other currencies than their instruments', by account and currency. Where a position has no mark,
    `unrealized_pnl` and `net` are None and `unmarked` counts it: a missing mark is never zero."""
    # What is summed as integers is of one account, and of one kind: currency, decimals of an amount, multiplier.
    kinds: dict[tuple[int, int, int], int] = {}
    kind_of = of_instruments(directory.instruments, lambda i: kinds.setdefault(
        (directory.currencies.id(i.currency), i.amount_precision, i.multiplier_units), len(kinds)))
    codes = np.take(kind_of, lines["instrument"])
    codes += lines["account"].astype(np.int64) * len(kinds)
    groups, at = groups_of(codes, (len(directory.accounts.names) + 1) * len(kinds))
    count = len(groups)
    unmarked = np.flatnonzero(lines["mark"] == NO_PRICE)
    unmarked = unmarked[lines["qty"][unmarked] != 0]
    totals = {name: sums(lines, name, at, count) for name in ("realised", "unrealised", "fees")}
    missing = np.bincount(at[unmarked], minlength=count).tolist()
    rows: dict[tuple[int, int], list[Any]] = {}
    for i, group in enumerate(groups.tolist()):
        account, kind = divmod(group, len(kinds))
        in_currency, decimals, times = list(kinds)[kind]
        row = rows.setdefault((account, in_currency), [Decimal(0), Decimal(0), Decimal(0), 0])
        row[0] = exact_sum(row[0], to_decimal(totals["realised"][i] * times, decimals, CENTS))
        row[1] = exact_sum(row[1], to_decimal(totals["unrealised"][i] * times, decimals, CENTS))
        row[2] = exact_sum(row[2], directory.money(in_currency, totals["fees"][i]))
        row[3] += missing[i]
    for (account, in_currency), fees in charges.items():
        row = rows.setdefault((account, in_currency), [Decimal(0), Decimal(0), Decimal(0), 0])
        row[2] = exact_sum(row[2], directory.money(in_currency, fees))
    return Statement("pnl", PNL_COLUMNS, [
        (directory.accounts.name(account) or SUSPENSE, directory.currencies.name(in_currency), realized,
         None if lacks else unrealized, fees, None if lacks else exact_sum(realized, unrealized, -fees), lacks)
        for (account, in_currency), (realized, unrealized, fees, lacks) in sorted(rows.items())])
