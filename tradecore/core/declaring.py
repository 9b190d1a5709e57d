"""What is declared through a gate: an account, a currency, an instrument. Each is one command, or a few in a row."""

from __future__ import annotations

from ..vocabulary.codes import CommandType
from ..vocabulary.currency import Currency
from ..vocabulary.identifiers import check_name
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Names
from ..vocabulary.units import MONEY_PRECISION, demand_type
from .core_gate import CoreGate


def declare_instrument(gate: CoreGate, instrument: Instrument) -> None:
    """Declare an instrument, and its currency where it is new."""
    demand_type(instrument, Instrument, "instrument")
    currencies, symbols = gate.names.currencies, gate.names.symbols
    refused = instrument.symbol in symbols or len(symbols.names) >= gate.capacity.instruments
    if instrument.currency not in currencies and not refused:  # a refusal must not leave a new currency
        declare_currency(gate, instrument.currency)
    currency = 1 if refused else currencies.id(instrument.currency)
    money = MONEY_PRECISION if refused else gate.names.decimals_of(currency)
    gate.command(CommandType.DEFINE_INSTRUMENT, instrument.symbol, **instrument.definition(currency, money))
    for fields in instrument.tick_definitions():
        gate.command(CommandType.DEFINE_TICKS, instrument=len(symbols.names) + 1, **fields)
    gate.names.symbols.add(instrument.symbol)
    gate.names.instruments.append(instrument)
    if instrument.group:
        join_group(gate, gate.names.instrument_groups, instrument.group, instrument=len(symbols.names))


def join_group(gate: CoreGate, groups: Names, group: str, **member: int) -> None:
    """An account or an instrument is in a group; a new name makes one."""
    gate.command(CommandType.DEFINE_GROUP, check_name(group, groups.kind), **member)
    if group not in groups:
        groups.add(group)


def declare_account(gate: CoreGate, account: str, group: str = "") -> int:
    """Declare an account, and which group it is in, where it is in one; its number."""
    if group != "":
        check_name(group, "group")
    gate.command(CommandType.DEFINE_ACCOUNT, check_name(account, "account"))
    number = gate.names.accounts.add(account)
    if group != "":
        join_group(gate, gate.names.account_groups, group, account=number)
    return number


def declare_currency(gate: CoreGate, currency: str | Currency, decimals: int | None = None) -> None:
    """Declare a currency; its cash and fees are counted in 10**-decimals, 9 decimals where nothing is said."""
    if not isinstance(currency, Currency):
        currency = Currency(check_name(currency, "currency"), MONEY_PRECISION if decimals is None else decimals)
    elif decimals is not None:
        raise TypeError(f"decimals {decimals!r} are said by currency {currency.name} itself")
    gate.command(CommandType.DEFINE_CURRENCY, currency.name, decimals=currency.decimals)
    gate.names.add_currency(currency)
