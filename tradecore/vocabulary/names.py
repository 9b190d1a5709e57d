"""Names at the edge: what was declared, under which small id. The core itself only knows the ids."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .currency import Currency
from .instrument import Instrument
from .nearest import LIKE, find_nearest
from .time_units import demand_nanoseconds
from .units import CENTS, Number, check_time, to_decimal, whole_units


class UndeclaredError(LookupError):
    """A symbol, account, venue or currency that was never declared. It is refused, not invented."""


class Names:
    """Ids of one kind, from 1, in the order of declaration."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.names: list[str] = []
        self.ids: dict[str, int] = {}

    def add(self, name: str) -> int:
        """Declare the next name; the core has accepted it."""
        name = str(name)  # a NumPy text is declared as the text that it is
        self.names.append(name)
        self.ids[name] = len(self.names)
        return len(self.names)

    def rename(self, name: str, new_name: str) -> None:
        """Another name for an id; the old one is free again."""
        number = self.ids.pop(name)
        self.names[number - 1] = new_name
        self.ids[new_name] = number

    def __contains__(self, name: object) -> bool:
        return name in self.ids

    def id(self, name: object) -> int:
        """The id of a name. Raises TypeError for what is no str, UndeclaredError naming the nearest declared one."""
        if not isinstance(name, str):
            raise TypeError(f"{self.kind} must be a str, not {type(name).__name__}")
        found = self.ids.get(name)
        if found is None:
            near = find_nearest(name, self.names, LIKE)
            hint = f"; did you mean {near!r}?" if near else f"; declared: {', '.join(self.names[:8]) or 'none'}"
            raise UndeclaredError(f"{self.kind} {str(name)!r} is not declared{hint}")
        return found

    def name(self, number: int) -> str | None:
        """The name of an id, or None for 0 and for what was never declared."""
        return self.names[number - 1] if 1 <= number <= len(self.names) else None


class Directory:
    """Everything that was declared in one core. Orders and reports share it, and read in `core`, the backend's, what no
    record has room for: texts of ids, an order's facts."""

    def __init__(self, core: Any = None) -> None:
        self.core = core
        self.currencies: Names = Names("currency")
        self.decimals: list[int] = []  # of each currency's money unit
        self.accounts: Names = Names("account")
        self.account_groups: Names = Names("account_group")
        self.instrument_groups: Names = Names("instrument_group")
        self.venues: Names = Names("venue")
        self.symbols: Names = Names("symbol")
        self.instruments: list[Instrument] = []

    def text_of(self, number: int) -> str:
        """The text of an id; empty for none."""
        text: str = self.core.text_of(number)
        return text

    def stamp(self, value: int | None) -> int:
        """A transact_time of the caller's clock, ns UTC, or 0 where none is given. Raises TypeError or ValueError,
        naming the unit where it is another."""
        return demand_nanoseconds(check_time(value), "transact_time", self.core)

    def add_currency(self, currency: Currency) -> int:
        """Declare the next currency; the core has accepted it."""
        self.decimals.append(currency.decimals)
        return self.currencies.add(currency.name)

    def money(self, currency: int | str, units: int) -> Decimal:
        """Money units of a currency, by id or name, as money."""
        return to_decimal(units, self.decimals_of(currency), CENTS)

    def money_units(self, currency: int | str, value: Number, name: str, bound: int) -> int:
        """Money as a currency's money units; refuses what is not a whole number of them, or beyond the bound."""
        return whole_units(value, self.decimals_of(currency), name, bound)

    def decimals_of(self, currency: int | str) -> int:
        """The decimals of a currency's money unit."""
        return self.decimals[(self.currencies.id(currency) if isinstance(currency, str) else currency) - 1]

    def find_instrument(self, symbol: object) -> tuple[int, Instrument]:
        """A declared symbol's id and instrument."""
        number = self.symbols.id(symbol)
        return number, self.instruments[number - 1]

    def ids(self, symbol: str | None, account: str | None, venue: str | None) -> int:
        """The id of the one name that is given, for the columns of a batch."""
        if symbol is not None:
            return self.symbols.id(symbol)
        return self.accounts.id(account) if account is not None else self.venues.id(venue)

    def find_account(self, account: object) -> int:
        """A declared account's id; None is the only one. UndeclaredError where there is none, or more than one."""
        if account is None:
            if len(self.accounts.names) != 1:
                raise UndeclaredError(f"account must be named where {len(self.accounts.names)} are declared")
            return 1
        return self.accounts.id(account)

    def instrument(self, number: int) -> Instrument | None:
        """The instrument of an id, or None where it was never declared."""
        return self.instruments[number - 1] if 1 <= number <= len(self.instruments) else None
