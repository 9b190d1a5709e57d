"""What an account is worth: its cash and what its positions would fetch, by currency or in one by the rates given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..vocabulary.units import exact_sum
from .statement import Statement
from .valuation import Valuation, rounded

_COLUMNS = [("account", "text"), ("currency", "text"), ("cash", "decimal"), ("market_value", "decimal"),
            ("equity", "decimal"), ("unmarked", "int64")]


@dataclass(frozen=True, slots=True)
class BaseEquity:
    """Equity and cash in a base currency, derived by explicit rates; nothing of it is stored. `ratio` is the equity as
    an exact fraction, `rates` those that were used."""

    currency: str
    ratio: Fraction
    equity: Decimal
    cash: Decimal
    rates: dict[str, Fraction]


def equity(valuation: Valuation, opened: Mapping[tuple[str, str], Decimal], account: str | None, missing: str,
           max_age_ns: int | None, now: int | None) -> Statement:
    """Cash and market value by account and currency.

    The market value of an ordinary position is its quantity at the mark; an inverse contract moved no cash when it was
    opened, so it is worth what it would realise. One without a mark, where those may be left out, counts at its cost.
    """
    kept = valuation.kept
    bids, asks = valuation.fresh(missing, max_age_ns, now)
    rows = []
    for name in kept.account_names(account):
        legs = kept.account_legs(name)
        valuation.demand_marks(bids, asks, legs, missing)
        cash, unmarked = valuation.cash_flow(name), 0
        values = dict.fromkeys(cash, Decimal(0))
        for leg in legs:
            sums, _, _, without = kept.ledger.account_sums(leg, kept.scale_of, len(kept.scales), bids, asks)
            unmarked += without
            for ins, (_, cost, _, unrealised, _) in zip(kept.scales, sums, strict=True):
                worth = ins.money(unrealised if ins.inverse else cost + unrealised)
                values[ins.currency] = exact_sum(values[ins.currency], worth)
        for currency, flow in cash.items():
            total = exact_sum(opened.get((name, currency), Decimal(0)), flow)
            rows.append((name, currency, total, values[currency], exact_sum(total, values[currency]), unmarked))
    return Statement("equity", _COLUMNS, rows)


def base_equity(valuation: Valuation, rows: Statement, currency: str, max_age_ns: int | None,
                now: int | None) -> BaseEquity:
    """The sum of rows in one currency, by the rates at `now`."""
    valuation.kept.names.currencies.id(currency)
    at = valuation.kept.stamp(now, "now")
    used: dict[str, Fraction] = {}
    total = cash = Fraction(0)
    for row in rows:
        if row.equity or row.cash:
            used[row.currency] = valuation.rates.ratio(row.currency, currency, at, max_age_ns)
            total += Fraction(row.equity) * used[row.currency]
            cash += Fraction(row.cash) * used[row.currency]
    return BaseEquity(currency, total, rounded(total), rounded(cash), used)
