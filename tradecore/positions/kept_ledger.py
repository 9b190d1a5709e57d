"""What a position keeper is built from: names, instruments, one ledger, and the conversions between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import ModuleType
from typing import Any

import numpy as np

from .._backend import choose_backend, room_module
from ..vocabulary.codes import CommandType
from ..vocabulary.currency import Currency, read_currencies
from ..vocabulary.identifiers import check_name
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory, Names
from ..vocabulary.records import CODECS, FEE_MAX, TIME_MAX
from ..vocabulary.time_units import demand_nanoseconds
from ..vocabulary.units import Number, check_bool, check_int, exact_sum, show
from .entries import Method

LEGS = ("LONG", "SHORT")


EFFECTS = ("OPEN", "CLOSE")


class KeptLedger:
    """One ledger and the names of what is in it. It checks what is given and decides nothing about money."""

    backend: str
    method: Method
    clock: Callable[[], int]
    names: Directory
    strategies: Names
    _decimals: dict[str, Currency]
    groups: dict[str, str]
    aside: frozenset[str] = frozenset()  # accounts that nobody means without naming them
    times_are_told: bool = False  # by a core that has judged them (DropCopy)
    now: int = 0  # the latest time that was given, or told by the clock
    scale_of: np.ndarray[Any, np.dtype[np.int64]]

    def __init__(
        self, instruments: Iterable[Instrument], accounts: Iterable[str], method: str, hedging: bool,
        strategies: Iterable[str], currencies: Iterable[str | Currency], groups: Mapping[str, Iterable[str]],
        trades: int, lots: int, clock: Callable[[], int], backend: str | None,
    ) -> None:
        if not isinstance(method, str) or method.upper() not in Method.__members__:
            raise ValueError(f"method {method!r} must be average, fifo, lifo, hifo, lofo or specific")
        if not callable(clock):
            raise TypeError(f"clock must be callable, not {type(clock).__name__}")
        self.backend = choose_backend(backend).name
        self.method, self.legs, self.clock = Method[method.upper()], 2 if check_bool(hedging, "hedging") else 1, clock
        self.names, self.strategies = Directory(), Names("strategy")
        given = read_currencies(currencies)
        self._decimals = {currency.name: currency for currency in given}
        if len(self._decimals) < len(given):
            raise ValueError(f"currencies {', '.join(currency.name for currency in given)}: one is declared twice")
        for instrument in instruments:
            self._add_instrument(instrument)
        _declare(self.names.accounts, accounts, "account")
        _declare(self.strategies, strategies, "strategy")
        for currency in given:
            self._add_currency(currency.name)
        for what, names in (("instruments", self.names.symbols.names), ("accounts", self.names.accounts.names)):
            if not names:
                raise ValueError(f"{what} must have at least one")
        self.groups = self._read_groups(groups)
        trades = check_int(trades, "trades", 1, 2**31 - 2)
        lots = check_int(lots, "lots", 1, 2**30 - 1)
        self._number_scales()
        width = len(self.names.accounts.names) * self.legs
        self.ledger: Any = self.new_ledger(width, self.method, self.legs, trades, lots)

    def _add_instrument(self, instrument: Instrument) -> None:
        if not isinstance(instrument, Instrument):
            raise TypeError(f"instruments must be Instrument, not {type(instrument).__name__}")
        if instrument.symbol in self.names.symbols:
            raise ValueError(f"instrument {instrument.symbol!r} is declared twice")
        self._add_currency(instrument.currency)
        self.names.symbols.add(instrument.symbol)
        self.names.instruments.append(instrument)

    def rename(self, symbol: str, new_symbol: str) -> None:
        """A symbol's new name; its id stays."""
        number, instrument = self.instrument(symbol)
        self.names.symbols.rename(symbol, new_symbol)
        self.names.instruments[number - 1] = replace(instrument, symbol=new_symbol)
        if symbol in self.groups:
            self.groups[new_symbol] = self.groups.pop(symbol)

    def _add_currency(self, name: str) -> None:
        if name not in self.names.currencies:
            self.names.add_currency(self._decimals.get(name, Currency(name)))

    def _read_groups(self, groups: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """{symbol: group}; a symbol is in one group at most."""
        found: dict[str, str] = {}
        for group, symbols in groups.items():
            check_name(group, "group")
            for symbol in [symbols] if isinstance(symbols, str) else symbols:
                self.names.symbols.id(symbol)
                if symbol in found:
                    raise ValueError(f"{symbol} is in group {found[symbol]!r} and in group {group!r}")
                found[symbol] = group
        return found

    def _number_scales(self) -> None:
        """Amounts add up where they have one currency and one scale: such instruments share a group of sums; with
        one exposure group too, a bucket."""
        self.scales: list[Instrument] = []  # any instrument of the group, for its currency and its money()
        self.buckets: list[tuple[Instrument, str | None]] = []
        scale_ids: dict[Any, int] = {}
        bucket_ids: dict[Any, int] = {}
        self.scale_of = np.zeros(len(self.names.instruments), np.int64)
        self.bucket_of: list[int] = []
        for at, ins in enumerate(self.names.instruments):
            key = ins.currency, ins.inverse, ins.amount_precision, 1 if ins.inverse else ins.multiplier_units
            if key not in scale_ids:
                scale_ids[key] = len(self.scales)
                self.scales.append(ins)
            self.scale_of[at] = scale_ids[key]
            wider = *key, self.groups.get(ins.symbol)
            if wider not in bucket_ids:
                bucket_ids[wider] = len(self.buckets)
                self.buckets.append((ins, self.groups.get(ins.symbol)))
            self.bucket_of.append(bucket_ids[wider])

    def strategy_ledger(self, entries: int) -> Any:
        """An empty ledger for `entries`, with accounts of their own for every strategy, and for none."""
        width = len(self.names.accounts.names) * self.legs * (len(self.strategies.names) + 1)
        method = Method.FIFO if self.method is Method.SPECIFIC else self.method
        return self.new_ledger(width, method, 1, entries, entries)

    def new_ledger(self, width: int, method: Method, legs: int, trades: int, lots: int) -> Any:
        """An empty ledger of these instruments."""
        sizes = len(self.names.instruments), width, int(method), legs, len(self.names.currencies.names)
        ledger = self.room("ledger").Ledger(*sizes, trades, lots, len(self.buckets))
        for ins, bucket in zip(self.names.instruments, self.bucket_of, strict=True):
            currency = self.names.currencies.id(ins.currency)
            fields = {**ins.definition(currency, self.names.decimals_of(currency)), "any_sign": int(ins.any_sign)}
            record = CODECS[CommandType.DEFINE_INSTRUMENT].pack(kind=CommandType.DEFINE_INSTRUMENT, **fields)
            ledger.define(record, ins.inverse_word, bucket)
        return ledger

    def room(self, name: str) -> ModuleType:
        """A room's module in this ledger's backend."""
        return room_module(self.backend, name)

    def leg(self, bought: bool, effect: str | None) -> str | None:
        """The leg that a fill is for: None where positions are netted. ValueError for an effect that does not fit."""
        if self.legs == 1:
            if effect is not None:
                raise ValueError(f"position_effect {effect!r}: positions are netted here, only hedging=True has legs")
            return None
        if effect not in EFFECTS:
            raise ValueError(f"position_effect {effect!r} must be OPEN or CLOSE: positions are hedged here")
        return "LONG" if bought == (effect == "OPEN") else "SHORT"

    def told(self) -> str:
        """What is kept, in counts."""
        ledger, names = self.ledger, self.names
        return (f"{self.method.name.lower()}, {self.backend}: {len(names.instruments)} instruments, "
                f"{len(names.accounts.names)} accounts, {ledger.trade_count + ledger.forgotten} entries, "
                f"{ledger.open_lots} open lots")

    def price(self, ins: Instrument, price: Number, name: str) -> int:
        """A price in units; ValueError where the instrument has none such."""
        units = ins.price_units(price, name)
        if units <= 0 and not ins.any_sign:
            raise ValueError(f"{ins.symbol} {name} {price} must be at least {ins.price(1):f}")
        return units

    def demand_specific(self, lot: int | str) -> None:
        """ValueError where lots can't be named: the method chooses them."""
        if self.method is not Method.SPECIFIC:
            raise ValueError(f"lot {show(lot)}: lots are named only by method='specific', not {self.method.name}")

    def stamp(self, time: int | None, name: str = "transact_time") -> int:
        """A given time, or the clock's; int nanoseconds UTC. ValueError for one that looks like another unit."""
        its = name if time is not None else "clock()"
        at = check_int(self.clock() if time is None else time, its, 0, TIME_MAX)
        if not self.times_are_told:
            demand_nanoseconds(at, its, self)
        self.now = max(self.now, at)
        return at

    def instrument(self, symbol: str) -> tuple[int, Instrument]:
        """An instrument and its id. UndeclaredError naming the nearest."""
        number = self.names.symbols.id(symbol)
        return number, self.names.instruments[number - 1]

    def account(self, account: str | None, leg: str | None = None) -> int:
        """The ledger's account: optional where there is one; hedged, each account has a long and a short leg."""
        if account is None:
            account = self.only_account
            if account is None:
                raise ValueError(f"account must be named: there are {', '.join(self.names.accounts.names[:8])}")
        number = self.names.accounts.id(account)
        if self.legs == 1:
            if leg is not None:
                raise ValueError(f"leg {leg!r}: positions are netted here, only hedging=True has legs")
            return number
        if leg not in LEGS:
            raise ValueError(f"leg {leg!r} must be LONG or SHORT: positions are hedged here")
        return 2 * number - 1 + LEGS.index(leg)

    @property
    def only_account(self) -> str | None:
        """The account that is meant where none is named: the only one, those aside left out."""
        names = [name for name in self.names.accounts.names[:3] if name not in self.aside]
        return names[0] if len(names) == 1 and len(self.names.accounts.names) == 1 + len(self.aside) else None

    def account_legs(self, account: str | None) -> list[int]:
        """The ledger's accounts of an account: one, or its two legs."""
        return [self.account(account)] if self.legs == 1 else [self.account(account, leg) for leg in LEGS]

    def account_name(self, number: int) -> str:
        """The account of a ledger's account."""
        return self.names.accounts.names[(number - 1) // self.legs]

    def account_names(self, account: str | None) -> list[str]:
        """That account, or all of them."""
        if account is not None:
            self.names.accounts.id(account)
        return self.names.accounts.names if account is None else [account]

    def money(self, sums: Iterable[int]) -> dict[str, Decimal]:
        """Sums by scale as money by currency, exactly."""
        found: dict[str, Decimal] = {}
        for ins, amount in zip(self.scales, sums, strict=True):
            found[ins.currency] = exact_sum(found.get(ins.currency, Decimal(0)), ins.money(amount))
        return found

    def fees(self, sums: Mapping[int, int]) -> dict[str, Decimal]:
        """Money units by currency id as money by currency."""
        return {self.names.currencies.names[c - 1]: self.names.money(c, v) for c, v in sums.items()}

    def fee_units(self, ins: Instrument, currency: int, commission: Number) -> int:
        """A commission in money units of a currency, the instrument's where it is 0."""
        return self.names.money_units(currency or ins.currency, commission, f"{ins.symbol} commission", FEE_MAX)

    def fee(self, entry: Any, units: int) -> Decimal:
        """Money units of an entry's currency, which is its instrument's where it names none, as money."""
        return self.names.money(entry.currency or self.names.instruments[entry.instrument - 1].currency, units)


def _declare(names: Names, given: Iterable[str], what: str, *, again: bool = False) -> None:
    if isinstance(given, str):
        raise TypeError(f"{what} names must be an iterable of names, not the str {given!r}")
    for name in given:
        check_name(name, what)
        if name not in names:
            names.add(name)
        elif not again:
            raise ValueError(f"{what} {name!r} is declared twice")
