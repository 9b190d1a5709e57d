"""PositionKeeper: positions and P&L from fills, exactly, without the rest of the core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import RLock
from typing import Any, NoReturn, TextIO

import numpy as np

from ..vocabulary.currency import Currency
from ..vocabulary.fix import Side
from ..vocabulary.identifiers import check_name
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import CASH_MAX, POSITION_MAX, PRICE_MAX, QTY_MAX
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import Number, check_int, exact_sum, whole_units
from .accounts import AccountPnl, BasePnl, Exposure, KeptPosition
from .closed_lots import closed_lots
from .corporate import CorporateActions
from .csv_form import CsvForm
from .entries import SPLIT_MAX, EntryError, EntryKind
from .equity import BaseEquity, base_equity, equity
from .fills import Fills, Lots
from .holding import read_zone
from .kept_ledger import KeptLedger
from .ledger_reports import daily_pnl, positions, read_position, trades
from .load_csv import load_csv, read_form
from .locked import locked
from .pnl_by import pnl_by
from .reconcile import Difference, as_statement
from .reconcile_fills import reconcile_fills
from .reconcile_positions import reconcile_positions
from .statement import Statement
from .valuation import Column, MarkView, Valuation


class PositionKeeper:
    """Positions and P&L by instrument and account: fills in, exact figures out.

    `method` says which lots a closing fill takes from: average, fifo, lifo, hifo (the dearest first, by price, long or
    short), lofo (the cheapest) or specific. Netted by default; with `hedging` long and short stand side by side.
    `precision` is how bulk marks compute: exact, hybrid (float64 below `notional_threshold` where that is exact) or
    fast (float64). `groups` are instruments whose exposure is summed. `corporate`: spin-offs, mergers, new names.
    `trades` bounds the log of entries that can still be busted or corrected, `lots` the open lots. `clock`: ns UTC.

    Prices and quantities come as str, int, Decimal or float and must be whole numbers of the instrument's units; money
    leaves as Decimal. Commissions are booked when they occur, beside the P&L; `closed_lots` can put both legs' into the
    lot. Every refused call raises and changes nothing. Threads: any; callers wait for each other, without the GIL.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        accounts: Iterable[str] = ("main",),
        method: str = "average",
        *,
        hedging: bool = False,
        precision: str = "exact",
        notional_threshold: Number = 1_000_000,
        strategies: Iterable[str] = (),
        currencies: Iterable[str | Currency] = (),
        groups: Mapping[str, Iterable[str]] | None = None,
        trades: int = 1_048_576,
        lots: int = 262_144,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
    ) -> None:
        self._lock = RLock()
        self._guard: Callable[[], None] | None = None  # raises where the books are no longer true (DropCopy)
        self._kept = KeptLedger(instruments, accounts, method, hedging, strategies, currencies, groups or {}, trades,
                                lots, clock, backend)
        self._fills = Fills(self._kept)
        self._valuation = Valuation(self._kept, precision, notional_threshold)
        self.corporate: CorporateActions = CorporateActions(self, self._kept, self._fills, self._valuation)
        self._cash: dict[tuple[str, str], Decimal] = {}
        self._days: dict[str, list[AccountPnl]] = {}

    def __repr__(self) -> str:
        return f"<PositionKeeper {self._kept.told()}>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its ledger is one; build another keeper and book `trades()` in it")

    # ---- what is booked

    @locked
    def apply_fill(
        self, symbol: str, side: str | Side | None, qty: Number, price: Number, *, account: str | None = None,
        commission: Number = 0, commission_currency: str | None = None, position_effect: str | None = None,
        lot: Lots = None, strategy: str | None = None, transact_time: int | None = None, exec_id: str | None = None,
    ) -> int:
        """Book a fill; its trade id. Without a `side` (None) the quantity is signed. `commission` is in
        `commission_currency`, the instrument's by default; a rebate is negative. Hedged, `position_effect` (FIX 77)
        says OPEN or CLOSE. By specific lot, a closing fill names its `lot`: the trade id or exec_id that opened it, or
        {lot: quantity} for several, among which the commission is split exactly. An `exec_id` is booked once,
        busted or not.

        Raises TypeError or ValueError naming field, value and bound; UndeclaredError for a name; EntryError (a
        ValueError) where the position can't take it.
        """
        row = self._fills.row(
            symbol, side, qty, price, account=account, commission=commission, commission_currency=commission_currency,
            position_effect=position_effect, lot=None if isinstance(lot, Mapping) else lot, strategy=strategy,
            transact_time=transact_time,
        )
        try:
            return self._fills.apply(row, self._fills.free_id(exec_id), lot)
        except EntryError as error:
            error.args = (f"{symbol}: {error.text}",)
            raise

    @locked
    def apply_fills(self, fills: np.ndarray[Any, Any]) -> int:
        """Book a contiguous array of FILL_DTYPE or ENTRY_DTYPE rows, all or none; the first one's trade id.

        Ids are those of `ids`, prices int64 price units, signed int64 quantity units, fees int64 money units; a row
        without a transact_time gets the clock's, an exec_id of 0 is none. Raises ValueError naming row, field, value
        and bound: what `apply_fill` refuses is refused here. Threads: any; runs without the GIL.
        """
        if not isinstance(fills, np.ndarray):
            raise TypeError(f"fills must be a NumPy array of FILL_DTYPE or ENTRY_DTYPE, not {type(fills).__name__}")
        return self._fills.apply_batch(fills)

    @locked
    def load_csv(
        self, source: str | Path | TextIO, /, columns: Mapping[str, str | tuple[str, ...]] | None = None, *,
        form: CsvForm | None = None, account: str | None = None, skip_bad: bool = False, **options: Any,
    ) -> Statement:
        """Book a broker's file of fills; every line's fate: BOOKED, REFUSED with column, value and problem, LEFT_OUT
        or EMPTY. `columns` and `options` are those of `CsvForm`; `form` is one that is made (see BROKER_FORMS).
        `account` is that of lines that name none.

        Nothing is booked where a line can't be, unless `skip_bad`: LoadError (a ValueError) has every line's fate.
        Raises ValueError where the file as a whole can't be read.
        """
        return load_csv(self._fills, source, read_form(form, columns, options), account, skip_bad)

    def ids(self, symbol: str | None = None, *, account: str | None = None, leg: str | None = None,
            strategy: str | None = None, currency: str | None = None, exec_id: str | None = None) -> int:
        """The id for `apply_fills` of one declared name; hedged, of an account's LONG or SHORT `leg`; or the number
        that stands for an exec_id (an integer from 1 to 2**62 stands for itself)."""
        if exec_id is not None:
            return self._fills.number_of(exec_id)
        if symbol is not None:
            return self._kept.names.symbols.id(symbol)
        if strategy is not None:
            return self._kept.strategies.id(strategy)
        return self._kept.account(account, leg) if currency is None else self._kept.names.currencies.id(currency)

    @locked
    def bust(self, trade: int | str) -> None:
        """Take back a trade (id or exec_id), also out of a closed lot: as if it had never been booked. Splits,
        dividends and transfers can be taken back too."""
        self._fills.bust(trade)

    @locked
    def correct(self, trade: int | str, *, qty: Number | None = None, price: Number | None = None,
                commission: Number | None = None, commission_currency: str | None = None) -> None:
        """Change a trade's quantity, price, commission or its currency, as if it had been booked so; its side stays,
        and what isn't given. A fill that closed several lots is busted and booked anew."""
        self._fills.correct(trade, qty, price, commission, commission_currency)

    @locked
    def open_position(self, symbol: str, qty: Number, price: Number, *, account: str | None = None,
                      transact_time: int | None = None) -> int:
        """What is held already (signed qty, its average price): no cash moves. Several make several lots."""
        number, ins = self._kept.instrument(symbol)
        lots = whole_units(qty, ins.qty_precision, f"{symbol} qty", QTY_MAX)
        leg = None if self._kept.legs == 1 else "LONG" if lots > 0 else "SHORT"
        return self._fills.enter(EntryKind.OPENING, number, account=self._kept.account(account, leg), qty=lots,
                          price=self._kept.price(ins, price, "price"), time=transact_time)

    @locked
    def open_cash(self, currency: str, amount: Number, *, account: str | None = None) -> None:
        """Add to an account's cash: an opening balance, a deposit, or, negative, a withdrawal."""
        self._kept.names.currencies.id(currency)
        name = self._kept.account_name(self._kept.account_legs(account)[0])
        units = self._kept.names.money_units(currency, amount, f"{currency} amount", CASH_MAX)
        before = self._cash.get((name, currency), Decimal(0))
        self._cash[name, currency] = exact_sum(before, self._kept.names.money(currency, units))

    @locked
    def transfer(self, symbol: str, qty: Number, from_account: str, to_account: str, *, leg: str | None = None,
                 lot: int | str | None = None, transact_time: int | None = None) -> int:
        """Move part of a position to another account with its lots, their cost and their age; no cash moves."""
        number, ins = self._kept.instrument(symbol)
        lots = whole_units(qty, ins.qty_precision, f"{symbol} qty", POSITION_MAX, low=1)
        source, target = self._kept.account(from_account, leg), self._kept.account(to_account, leg)
        return self._fills.enter(EntryKind.TRANSFER, number, account=source, contra=target, qty=lots,
                                 lot=self._fills.lot(lot), time=transact_time)

    @locked
    def split(self, symbol: str, new: int, old: int, *, transact_time: int | None = None) -> int:
        """`new` shares for `old`, in every account; cost stays. The mark is forgotten: it was of the old shares.

        Refused where an account would hold a fraction of a lot: sell that first.
        """
        number, _ = self._kept.instrument(symbol)
        check_int(new, "new", 1, SPLIT_MAX)
        check_int(old, "old", 1, SPLIT_MAX)
        trade_id = self._fills.enter(EntryKind.SPLIT, number, qty=new, price=old, time=transact_time)
        self._valuation.forget_mark(number)
        return trade_id

    @locked
    def dividend(self, symbol: str, amount: Number, *, currency: str | None = None,
                 transact_time: int | None = None) -> int:
        """`amount` for a whole unit of what every account holds now, rounded half to even, once each. Shorts pay."""
        number, ins = self._kept.instrument(symbol)
        paid_in = self._kept.names.currencies.id(ins.currency if currency is None else currency)
        units = self._kept.names.money_units(paid_in, amount, f"{symbol} dividend", PRICE_MAX)
        return self._fills.enter(EntryKind.DIVIDEND, number, price=units, currency=paid_in, time=transact_time)

    @locked
    def forget_trades(self) -> int:
        """Make the present state the base, so that the log has room again; earlier trades can't be busted any more and
        leave the reports. Returns how many trades were ever booked."""
        booked = int(self._kept.ledger.forget_trades())
        self._fills.forget()
        return booked

    # ---- marks and rates

    @locked
    def mark(self, what: str | Sequence[str] | Mapping[str, Number] | Column, prices: Any = None, *, asks: Any = None,
             basis: str = "side", time: int | None = None) -> int:
        """Value positions; returns how many of those marked are held and have no mark.

        `mark(prices)`: an int64 array of price units, one an instrument in the order of declaration (NO_PRICE: none).
        `mark(symbol, price)`, `mark(symbols, prices)`, `mark({symbol: price})`: some instruments. With `asks`, `prices`
        are bids: by `basis` side a long position is worth the bid and a short one the ask, by mid both the middle.
        """
        if isinstance(what, np.ndarray):
            if prices is not None or asks is not None:
                raise TypeError("an array of all prices stands alone: mark(prices), or mark(symbols, prices)")
            return self._valuation.mark_all(what, time)
        if isinstance(what, Mapping):
            prices, what = list(what.values()), list(what)
        elif isinstance(what, str):
            what, prices, asks = [what], [prices], None if asks is None else [asks]
        return self._valuation.mark_some(what, prices, prices if asks is None else asks, basis, time)

    @locked
    def mark_last(self, *, time: int | None = None) -> int:
        """Value every instrument that has no mark at the price of its last live fill; returns how many were."""
        return self._valuation.mark_last(time)

    @locked
    def refresh(self) -> int:
        """Write every position's P&L into the view again, after fills; how many held positions have no mark."""
        return self._valuation.refresh()

    def view(self) -> MarkView:
        """Read-only NumPy views of quantities, costs and what marks wrote, without copying."""
        return self._valuation.view()

    @property
    def simd(self) -> str:
        """The instruction set that marks run on (TRADECORE_SIMD); python in the plain-Python twin."""
        return str(self._valuation.marking.simd)

    @locked
    def set_rate(self, base: str, quote: str, rate: Number, *, time: int | None = None) -> None:
        """One `base` is worth `rate` `quote`, since `time` (the clock's by default)."""
        self._valuation.rates.set(base, quote, rate, self._kept.stamp(time, "time"))

    # ---- what is told

    @locked
    def position(self, symbol: str, account: str | None = None, *, leg: str | None = None) -> KeptPosition:
        """A position as it is now; a copy. Hedged, of one `leg`: LONG or SHORT."""
        return read_position(self._kept, self._valuation, symbol, account, leg)

    @locked
    def pnl(self, account: str | None = None, *, missing: str = "error", max_age_ns: int | None = None,
            now: int | None = None) -> list[AccountPnl]:
        """P&L by account and currency. A held position without a mark, or with one older than `max_age_ns` at `now`, is
        an error, or with missing="exclude" left out and counted."""
        return self._valuation.pnl(account, missing, max_age_ns, now)

    @locked
    def base_pnl(self, currency: str, account: str | None = None, *, missing: str = "error",
                 max_age_ns: int | None = None, now: int | None = None) -> BasePnl:
        """P&L in one currency by the rates given, of an account or all. Raises MissingRateError where a rate is missing
        or older than `max_age_ns`."""
        rows = self._valuation.pnl(account, missing, max_age_ns, now)
        return self._valuation.base_pnl(rows, currency, max_age_ns, now)

    @locked
    def totals(self, *, missing: str = "error", max_age_ns: int | None = None,
               now: int | None = None) -> dict[str, dict[str, Decimal]]:
        """{account: {currency: unrealised P&L}} of all positions at their marks, exact in 128 bits."""
        return self._valuation.totals(missing, max_age_ns, now)

    @locked
    def exposure(self, account: str | None = None, *, group: str | None = None,
                 missing: str = "error") -> list[Exposure]:
        """Gross and net market value by currency, kept up with every fill and mark; summed anew after a bulk mark."""
        return self._valuation.exposures(account, group, missing)

    @locked
    def cash(self, currency: str, account: str | None = None) -> Decimal:
        """Opening cash, less what was paid for trades, less fees, plus dividends. No notional moves for an inverse
        contract: only what it realises."""
        self._kept.names.currencies.id(currency)
        name = self._kept.account_name(self._kept.account_legs(account)[0])
        return exact_sum(self._cash.get((name, currency), Decimal(0)), self._valuation.cash_flow(name)[currency])

    @locked
    def equity(self, account: str | None = None, *, missing: str = "error", max_age_ns: int | None = None,
               now: int | None = None) -> Statement:
        """Cash, market value and their sum by account and currency; an inverse contract's value is what it would
        realise. Missing marks as in `pnl`; one that is left out counts at its cost."""
        return equity(self._valuation, self._cash, account, missing, max_age_ns, now)

    @locked
    def base_equity(self, currency: str, account: str | None = None, *, missing: str = "error",
                    max_age_ns: int | None = None, now: int | None = None) -> BaseEquity:
        """Equity and cash in one currency by the rates at `now`, of an account or all. Raises MissingRateError."""
        rows = equity(self._valuation, self._cash, account, missing, max_age_ns, now)
        return base_equity(self._valuation, rows, currency, max_age_ns, now)

    @locked
    def roll_day(self, day: str | date, *, missing: str = "error", max_age_ns: int | None = None,
                 now: int | None = None) -> list[AccountPnl]:
        """Close a day, named by a date or a text: its P&L by account and currency. Positions carry over, day P&L
        restarts. Every held position needs a mark, or the next day would start wrong."""
        name = check_name(day.isoformat() if isinstance(day, date) else day, "day")
        if name in self._days:
            raise ValueError(f"day {name!r} is already closed")
        at = self._kept.stamp(now, "now")
        rows = self._days[name] = self._valuation.pnl(None, missing, max_age_ns, now)
        self._valuation.day_start = {(row.account, row.currency): row.net for row in rows}
        self._valuation.rolled_at = at
        return rows

    # ---- reports

    @locked
    def trades(self) -> Statement:
        """Every entry in the log, busted and corrected ones marked."""
        return trades(self._kept, self._fills.names)

    @locked
    def positions(self) -> Statement:
        """Every position that is held or was."""
        return positions(self._kept, self._valuation)

    @locked
    def closed_lots(self, *, attribute_commissions: bool = False, per_fill: bool = False, wash_sales: bool = False,
                    time_zone: str = "UTC") -> Statement:
        """Every closed piece of a lot: which trades opened and closed it, when and at what price, cost basis, proceeds,
        P&L, and how long it was held: in ns, in days of `time_zone`'s calendar, and as a `term` (see `holding`).

        With `attribute_commissions` both legs' commissions, where they are in the instrument's currency, are put into
        the lot in proportion to its quantity, as a broker's FIFO statement does: the basis includes what opening cost,
        the proceeds are less what closing cost. At average cost a lot is the position, opened when it was flat.
        `per_fill` sums the lots of each closing fill. `wash_sales` marks by the US rule which losses were deferred by
        buying again within 30 days (see `holding` for what it does not look at); it books nothing.
        """
        return closed_lots(self._kept, self._fills.names, attribute_commissions, read_zone(time_zone), per_fill,
                           wash_sales)

    @locked
    def pnl_by(self, *keys: str) -> Statement:
        """Realised P&L, fees and dividends by `keys`: any of day (UTC), symbol, account, strategy; and by currency.

        A strategy's figures are of a ledger of its own trades, without transfers: what one opened, another can't close.
        """
        return pnl_by(self._kept, keys)

    @locked
    def daily_pnl(self) -> Statement:
        """P&L of every day that `roll_day` closed, by account and currency."""
        return daily_pnl(self._days)

    @locked
    def reconcile(self, *, positions: Any = None, fills: Any = None, positions_form: CsvForm | None = None,
                  fills_form: CsvForm | None = None) -> Statement:
        """Compare with a broker's CSV, each a path or an open text file; the differences (`Difference`), all of them,
        with their causes: called possible, unless proved by the fills where both files are given.

        Positions have columns symbol, qty, and where wanted account, cost; fills exec_id, symbol, side, qty, price, and
        where wanted account, commission, commission_currency (the instrument's where none is named); or what a form
        says. What can't be read, symbols and accounts that are not declared, and figures finer than the units here are
        differences too. Raises ValueError where a file's columns are not found.
        """
        found: list[Difference] = []
        proof = None
        if fills is not None:
            found, proof = reconcile_fills(self._kept, self._fills, fills, fills_form or CsvForm())
        if positions is not None:
            found = reconcile_positions(self._kept, positions, positions_form or CsvForm(), proof) + found
        return as_statement(found)
