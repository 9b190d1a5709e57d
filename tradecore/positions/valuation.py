"""Marks, and what they make of the positions: unrealised P&L, P&L by currency, exposure. Missing is never zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.instrument import Instrument
from ..vocabulary.records import NO_PRICE, PRICE_MAX
from ..vocabulary.units import EXACT, Number, exact_sum, whole_units
from .accounts import AccountPnl, BasePnl, Exposure
from .entries import EntryKind, EntryStatus
from .kept_ledger import KeptLedger
from .precision import RUN_COARSE, RUN_EXCLUDED, RUN_WIDE, Precision
from .rates import Rates

Column = np.ndarray[Any, np.dtype[Any]]
_FLOAT_MOST = 2**52


class MarkView(NamedTuple):
    """Read-only NumPy views, without copying; instruments x accounts (hedged: two columns an account), amounts.

    `unrealized` is int64, NO_PRICE where a held position has no mark; where `kinds` (one an instrument) is 1 the value
    is unrealized_high x 2**64 + unrealized (unsigned), where it is 3, unrealized x 10**exponents (one an instrument)
    - rests: amounts beyond 64 bits, of a coin, say, without writing more of them. `unrealized_fast` is what fast
    precision wrote, `made_by` who made a number under hybrid precision: 1 float64, 2 integers.
    """

    qty: Column
    cost: Column
    cost_high: Column
    unrealized: Column
    unrealized_high: Column
    unrealized_fast: Column
    kinds: Column
    made_by: Column
    exponents: Column
    rests: Column

    def amount(self, instrument: int, account: int) -> int | None:
        """One position's unrealised P&L as the last mark wrote it, exactly; from 0; None where it has no mark."""
        low, kind = int(self.unrealized[instrument, account]), int(self.kinds[instrument])
        if kind == RUN_EXCLUDED:
            return None if low == NO_PRICE else 0
        if kind == RUN_WIDE:
            return (int(self.unrealized_high[instrument, account]) << 64) + low % 2**64
        if kind == RUN_COARSE:
            return low * int(10 ** int(self.exponents[instrument])) - int(self.rests[instrument, account])
        return low


class Valuation:
    """The marks of one kept. Threads: one caller at a time."""

    kept: KeptLedger
    precision: Precision
    rates: Rates
    count: int
    width: int
    all_since: int

    def __init__(self, kept: KeptLedger, precision: str, notional_threshold: Number) -> None:
        if not isinstance(precision, str) or precision.upper() not in Precision.__members__:
            raise ValueError(f"precision {precision!r} must be exact, hybrid or fast")
        self.kept, self.precision, self.rates = kept, Precision[precision.upper()], Rates(kept.names.currencies)
        threshold = whole_units(notional_threshold, 6, "notional_threshold", 2**62, low=0)
        instruments = kept.names.instruments
        limits = [min(_FLOAT_MOST, _amount_of(threshold, instrument)) for instrument in instruments]
        self.count, self.width = len(instruments), len(kept.names.accounts.names) * kept.legs
        self.marking: Any = kept.room("marking").Marking(
            kept.ledger.columns, self.width, np.array([ins.inverse_word for ins in instruments], np.int64),
            np.array(limits, np.float64),
        )
        self.marks: Column = kept.ledger.columns[3]  # the ledger's own: the middle where bids and asks differ
        self.own: tuple[Column, Column] | None = None  # bids and asks, where any differ
        self.all_since = 0  # when all were marked at once
        self.since: Column | None = None  # when each was, where some were marked since
        self.rolled_at = 0  # when the last day was closed
        self.day_start: dict[tuple[str, str], Decimal] = {}

    # ---- marks in

    def mark_all(self, prices: Column, time: int | None) -> int:
        """Int64 price units of every instrument, in the order of declaration; NO_PRICE where there is none."""
        now = self.kept.stamp(time)
        try:
            self.kept.ledger.set_marks(prices)
        except (TypeError, ValueError):
            self._demand_prices(prices)
            raise
        self.own, self.all_since, self.since = None, now, None
        excluded: int = self.marking.mark(self.marks, self.marks, self.precision)[0]
        return excluded

    def _demand_prices(self, prices: Column) -> None:
        if prices.dtype != np.int64 or prices.shape != self.marks.shape or not prices.flags.c_contiguous:
            raise ValueError(f"prices must be a contiguous int64 array of price units of shape {self.marks.shape}, "
                             f"got {prices.dtype} of shape {prices.shape}")

    def mark_some(
        self, symbols: Sequence[str], bids: Sequence[Any], asks: Sequence[Any], basis: str, time: int | None
    ) -> int:
        """Prices of some instruments; all are checked before the first counts."""
        if basis not in ("side", "mid"):
            raise ValueError(f"basis {basis!r} must be side or mid")
        for name, column in (("symbols", symbols), ("prices", bids), ("asks", asks)):
            if isinstance(column, (str, bytes)) or not isinstance(column, Sequence):
                raise TypeError(f"{name} must be a sequence, one a symbol, not {type(column).__name__}")
            if len(column) != len(symbols):
                raise ValueError(f"{name} must be one a symbol: {len(symbols)} symbols, {len(column)} {name}")
        now, rows, named = self.kept.stamp(time), [], set[int]()
        for symbol, bid, ask in zip(symbols, bids, asks, strict=True):
            number, ins = self.kept.instrument(symbol)
            if number in named:
                raise ValueError(f"{symbol} is named twice: which price is meant?")
            named.add(number)
            low, high = _mark_units(ins, bid, "mark"), _mark_units(ins, ask, "mark")
            if low > high:
                raise ValueError(f"{symbol} bid {bid} is above ask {ask}")
            if basis == "mid":
                low = high = _middle(low, high)
            rows.append((number, low, high))
        if self.own is None and any(low != high for _, low, high in rows):
            self.own = self.marks.copy(), self.marks.copy()
        times = self.times()
        for number, low, high in rows:
            if self.own is not None:
                self.own[0][number - 1], self.own[1][number - 1] = low, high
            times[number - 1] = now
            self.kept.ledger.set_mark(number, _middle(low, high))
        changed = np.array([number - 1 for number, _, _ in rows], np.int64)
        return int(self.marking.mark(self.bids, self.asks, self.precision, changed)[0]) if rows else 0

    def mark_last(self, time: int | None) -> int:
        """Instruments without a mark at the price of their last live fill; how many those are."""
        rows = self.kept.ledger.entries()
        fills = rows[(rows["kind"] == EntryKind.FILL) & (rows["status"] != EntryStatus.BUSTED)]
        last = dict(zip(fills["instrument"].tolist(), fills["price"].tolist(), strict=True))
        wanted = [number for number in last if self.bids[number - 1] == NO_PRICE]
        chosen = [self.kept.names.instruments[number - 1] for number in wanted]
        quotes = [ins.price(last[number]) for number, ins in zip(wanted, chosen, strict=True)]
        self.mark_some([ins.symbol for ins in chosen], quotes, quotes, "side", time)
        return len(wanted)

    def forget_mark(self, number: int) -> None:
        """An instrument whose mark is of no use any more: after a split, until it is marked again."""
        if self.own is not None:
            self.own[0][number - 1] = self.own[1][number - 1] = NO_PRICE
        self.kept.ledger.set_mark(number, NO_PRICE)
        self.marking.mark(self.bids, self.asks, self.precision, np.array([number - 1], np.int64))

    @property
    def bids(self) -> Column:
        """What long positions are worth."""
        return self.marks if self.own is None else self.own[0]

    @property
    def asks(self) -> Column:
        """What short positions are worth: the very column of the bids where all are marked alike."""
        return self.marks if self.own is None else self.own[1]

    def times(self) -> Column:
        """When each instrument was marked, ns UTC."""
        if self.since is None:
            self.since = np.full(self.count, self.all_since, np.int64)
        return self.since

    def refresh(self) -> int:
        """Write every position's P&L again, after fills; returns how many held positions have no mark."""
        return int(self.marking.mark(self.bids, self.asks, self.precision)[0])

    # ---- figures out

    def fresh(self, missing: str, max_age_ns: int | None, now: int | None) -> tuple[Column, Column]:
        """Bids and asks, without those that are too old."""
        if missing not in ("error", "exclude"):
            raise ValueError(f"missing {missing!r} must be error or exclude")
        bids, asks = self.bids, self.asks
        if max_age_ns is None and now is None:
            return bids, asks
        ages = self.kept.stamp(now, "now") - self.times()
        old = ages < 0
        if max_age_ns is not None:
            old |= ages > max_age_ns
        return np.where(old, NO_PRICE, bids), np.where(old, NO_PRICE, asks)

    def demand_marks(self, bids: Column, asks: Column, accounts: Iterable[int], missing: str) -> None:
        """Refuses held positions without a mark, naming the first, unless they may be excluded."""
        if missing == "exclude":
            return
        qty = self.kept.ledger.columns[0].reshape(-1, self.width)[: self.count]
        for at in np.flatnonzero((bids == NO_PRICE) | (asks == NO_PRICE)):
            for account in accounts:
                if qty[at, account - 1]:
                    symbol = self.kept.names.symbols.names[at]
                    why = "has no mark" if NO_PRICE in (self.bids[at], self.asks[at]) else "has a stale mark"
                    name = self.kept.account_name(account)
                    raise ValueError(f"{symbol} {why} and account {name} holds it: mark() it first, or leave it out "
                                     "with missing='exclude'")

    def pnl(self, account: str | None, missing: str, max_age_ns: int | None, now: int | None) -> list[AccountPnl]:
        """P&L by account and currency."""
        bids, asks = self.fresh(missing, max_age_ns, now)
        found = []
        for name in self.kept.account_names(account):
            legs = self.kept.account_legs(name)
            self.demand_marks(bids, asks, legs, missing)
            found += self._account_pnl(name, legs, bids, asks)
        return found

    def _account_pnl(self, name: str, legs: list[int], bids: Column, asks: Column) -> list[AccountPnl]:
        names, scales = self.kept.names.currencies.names, self.kept.scales
        realised, unrealised, fees, dividends = ({c: Decimal(0) for c in names} for _ in range(4))
        unmarked = 0
        for leg in legs:
            sums, charges, incomes, without = self.kept.ledger.account_sums(
                leg, self.kept.scale_of, len(scales), bids, asks)
            unmarked += without
            _add(realised, self.kept.money(row[0] for row in sums))
            _add(unrealised, self.kept.money(row[3] for row in sums))
            _add(fees, self.kept.fees(charges))
            _add(dividends, self.kept.fees(incomes))
            for ins, row in zip(scales, sums, strict=True):
                _add(fees, {ins.currency: self.kept.names.money(ins.currency, row[4])})
        return [AccountPnl(name, c, realised[c], unrealised[c], fees[c], dividends[c],
                           self.day_start.get((name, c), Decimal(0)), unmarked)
                for c in names]

    def base_pnl(self, rows: list[AccountPnl], currency: str, max_age_ns: int | None, now: int | None) -> BasePnl:
        """The sum of rows in one currency, by the rates at `now`; what the day began with, by those when it began."""
        self.kept.names.currencies.id(currency)
        at = self.kept.stamp(now, "now")
        used: dict[str, Fraction] = {}
        net = day = Fraction(0)
        for row in rows:
            if row.net or row.day_pnl:
                ratio = used[row.currency] = self.rates.ratio(row.currency, currency, at, max_age_ns)
                net, day = net + Fraction(row.net) * ratio, day + Fraction(row.net) * ratio
            if row.day_start:  # what was brought in from yesterday, at yesterday's rate
                day -= Fraction(row.day_start) * self.rates.ratio(row.currency, currency, self.rolled_at, None)
        return BasePnl(currency, net, rounded(net), rounded(day), used)

    def cash_flow(self, name: str) -> dict[str, Decimal]:
        """What trades, fees and dividends moved, by currency. An inverse contract moves only what it realises."""
        found = {c: Decimal(0) for c in self.kept.names.currencies.names}
        for leg in self.kept.account_legs(name):
            sums, charges, incomes, _ = self.kept.ledger.account_sums(leg, self.kept.scale_of, len(self.kept.scales),
                                                                      self.bids, self.bids)
            _add(found, self.kept.fees(incomes))
            _add(found, {c: v.copy_negate() for c, v in self.kept.fees(charges).items()})
            for ins, (realised, cost, carried, _, fees) in zip(self.kept.scales, sums, strict=True):
                moved = realised if ins.inverse else realised - cost + carried
                _add(found, {ins.currency: exact_sum(ins.money(moved), self.kept.names.money(ins.currency, -fees))})
        return found

    def exposures(self, account: str | None, group: str | None, missing: str) -> list[Exposure]:
        """Gross and net by currency, of an account or all, of a group or all."""
        declared = sorted(set(self.kept.groups.values()))
        if group is not None and group not in declared:
            raise ValueError(f"group {group!r} is not declared; declared: {', '.join(declared) or 'none'}")
        legs = [leg for name in self.kept.account_names(account) for leg in self.kept.account_legs(name)]
        bids, asks = self.fresh(missing, None, None)
        self.demand_marks(bids, asks, legs, missing)
        gross, net = ({c: Decimal(0) for c in self.kept.names.currencies.names} for _ in range(2))
        for bucket, (ins, its_group) in enumerate(self.kept.buckets):
            for leg in legs if group in (None, its_group) else ():
                both = self.kept.ledger.exposure(leg, bucket)
                _add(gross, {ins.currency: ins.money(both[0])})
                # An inverse contract's value is below 0 where it is long; its exposure has the position's sign.
                _add(net, {ins.currency: ins.money(-both[1] if ins.inverse else both[1])})
        qty = self.kept.ledger.columns[0].reshape(-1, self.width)[: self.count][:, [leg - 1 for leg in legs]]
        unmarked = qty[(bids == NO_PRICE) | (asks == NO_PRICE)].any(axis=1).sum() if self.count else 0
        return [Exposure(c, gross[c], net[c], int(unmarked)) for c in self.kept.names.currencies.names]

    def totals(self, missing: str, max_age_ns: int | None, now: int | None) -> dict[str, dict[str, Decimal]]:
        """{account: {currency: unrealised P&L}}, one exact pass over all positions."""
        bids, asks = self.fresh(missing, max_age_ns, now)
        self.demand_marks(bids, asks, range(1, self.width + 1), missing)
        sums, _ = self.marking.totals(bids, asks, self.kept.scale_of, len(self.kept.scales))
        found: dict[str, dict[str, Decimal]] = {}
        for at in range(self.width):
            _add(found.setdefault(self.kept.account_name(at + 1), {}), self.kept.money(group[at] for group in sums))
        return found

    def view(self) -> MarkView:
        """The columns as they are."""
        shape = self.count, self.width
        qty, cost, high = (column.reshape(shape) for column in self.kept.ledger.columns[:3])
        low, low_high, fast, kinds, made_by, exponents = self.marking.views
        return MarkView(qty, cost, high, low.reshape(shape), low_high.reshape(shape), fast.reshape(shape), kinds,
                        made_by.reshape(shape), exponents, self.kept.ledger.columns[8].reshape(shape))


def _mark_units(ins: Instrument, price: Any, name: str) -> int:
    units = ins.price_units(price, name)
    if units <= 0 and not ins.any_sign:
        raise ValueError(f"{ins.symbol} {name} {price} must be at least {ins.price(1):f}")
    assert abs(units) <= PRICE_MAX
    return units


def _middle(low: int, high: int) -> int:
    """The middle, rounded half to even to a price unit: a mark is an estimate, the ledger is not."""
    half = (low + high) // 2
    return half + ((low + high) % 2) * (half % 2)


def _amount_of(micros: int, ins: Instrument) -> int:
    """A notional in micros as an amount, rounded down."""
    multiplier = 1 if ins.inverse else ins.multiplier_units
    return int(micros * 10**ins.amount_precision // (10**6 * multiplier))


def _add(sums: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for currency, amount in more.items():
        sums[currency] = exact_sum(sums.get(currency, Decimal(0)), amount)


def rounded(ratio: Fraction) -> Decimal:
    """Exact where 60 digits hold it, else half to even at 28."""
    exact = EXACT.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    if Fraction(exact) == ratio:
        return exact
    return Context(prec=28, rounding=ROUND_HALF_EVEN).divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
