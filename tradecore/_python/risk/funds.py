"""The cash of cash accounts, by account and currency: what there is of it, and what orders that work hold of it.

Kept as trades, fees and orders come, never walked on an order's path, and equal at any time to what adding up all
positions, fees and orders gives. What each instrument has cost or brought in counts by itself, in 10**-9 of its
currency and rounded against the account; fees and opened cash are summed in money units before that. An order holds
what it needs at its worst; what can't be told holds more than anyone has. Where that is more than there is, the rest is
owed: in the base currency, rounded up, by account and by the firm. While no row asks for funds nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tradecore.vocabulary.records import LIMIT_PRECISION, NO_PRICE

from ..vocabulary.instrument import BUY, InstrumentRow
from .exposures import RATE_ONE, VALUE_MAX, WIDE_MAX

FEE_SCALE = 1_000_000  # a fee is in millionths of a price unit
Place = tuple[int, int]


@dataclass(slots=True)
class Owed:
    """What is owed in a currency, or by an account in all of them; of account 0 by the whole firm."""

    money: int = 0  # of the base currency
    unknown: int = 0  # currencies in which it can't be told: without a rate, or beyond 128 bits


class Funds:
    """Sums by account and currency; what is paid by instrument and account."""

    def __init__(self) -> None:
        self.instruments: Mapping[int, InstrumentRow] = {}
        self.precisions: Mapping[int, int] = {}  # decimals of a currency's money unit
        self.opened: Mapping[Place, int] = {}  # cash, in money units
        self.rates: Mapping[int, int] = {}
        self.is_kept = False
        self.forget()

    def forget(self) -> None:
        """Nothing is booked or held any more."""
        self.paid: dict[Place, int] = {}  # quantity x price of all that was bought, less what was sold
        self.brought: dict[Place, int] = {}  # what instruments brought in, less what they cost
        self.fees: dict[Place, int] = {}  # in money units
        self.held: dict[Place, int] = {}
        self.parts: dict[Place, Owed] = {}
        self.owed: dict[int, Owed] = {}  # by account


def money_of_amount(ins: InstrumentRow, amount: int) -> int:
    """What an amount brings in, in 10**-9 of its currency, rounded down; what can't be told is as if all were spent."""
    scaled = amount * ins.notional_scale
    money = scaled // ins.limit_scale
    return -VALUE_MAX if abs(scaled) > WIDE_MAX or abs(money) > VALUE_MAX else money


def book_flow(f: Funds, instrument: int, account: int, amount: int) -> None:
    """What was paid for a position, or got for it: signed quantity x price."""
    ins, was = f.instruments[instrument], f.paid.get((instrument, account), 0)
    place = account, ins.currency
    f.paid[instrument, account] = was + amount
    f.brought[place] = f.brought.get(place, 0) + money_of_amount(ins, -was - amount) - money_of_amount(ins, -was)
    revalue_owed(f, account, ins.currency)


def book_charge(f: Funds, currency: int, account: int, fee: int) -> None:
    """A fee that an account was charged, in money units; negative: it is given back."""
    f.fees[account, currency] = f.fees.get((account, currency), 0) + fee
    revalue_owed(f, account, currency)


def cash_of(f: Funds, account: int, currency: int) -> int:
    """What an account has in a currency, in 10**-9 of it, rounded down."""
    place = account, currency
    units: int = f.opened.get(place, 0) - f.fees.get(place, 0)
    decimals = f.precisions[currency]
    scaled: int = units * 10 ** max(0, LIMIT_PRECISION - decimals)
    if abs(scaled) > WIDE_MAX:
        return -VALUE_MAX
    divisor: int = 10 ** max(0, decimals - LIMIT_PRECISION)
    return f.brought.get(place, 0) + scaled // divisor


def hold_cash(f: Funds, account: int, currency: int, more: int) -> None:
    """Holds so much more, or where it is negative less."""
    f.held[account, currency] = f.held.get((account, currency), 0) + more
    revalue_owed(f, account, currency)


def value_debit(f: Funds, account: int, currency: int, more: int) -> int | None:
    """What an account owes in a currency with so much more held, in the base currency, rounded up; None where that
    can't be told."""
    debit = f.held.get((account, currency), 0) + more - cash_of(f, account, currency)
    rate = f.rates.get(currency, 0)
    if debit <= 0:
        return 0
    value = -(-debit * rate // RATE_ONE)
    return None if rate == 0 or debit * rate > WIDE_MAX or value > VALUE_MAX else value


def owed_of(f: Funds, account: int) -> Owed:
    owed = f.owed.get(account)
    if owed is None:
        owed = f.owed[account] = Owed()
    return owed


def revalue_owed(f: Funds, account: int, currency: int) -> None:
    """What an account has or holds in a currency has changed, or what that is worth: so has what it owes, and the
    firm."""
    was, value = f.parts.get((account, currency), Owed()), value_debit(f, account, currency, 0)
    part = f.parts[account, currency] = Owed(value or 0, int(value is None))
    for whose in {account, 0}:
        owed = owed_of(f, whose)
        owed.money += part.money - was.money
        owed.unknown += part.unknown - was.unknown


def revalue_currency(f: Funds, currency: int) -> None:
    """What a currency is worth has changed."""
    for account, its in list(f.parts):
        if its == currency:
            revalue_owed(f, account, currency)


def owed_with(f: Funds, whose: int, account: int, currency: int, more: int) -> int | None:
    """What an account, or the firm, would owe if the account held so much more of a currency; None where that can't be
    told."""
    owed, part = owed_of(f, whose), f.parts.get((account, currency), Owed())
    value = value_debit(f, account, currency, more)
    return None if value is None or owed.unknown > part.unknown else owed.money - part.money + value


def need_of(ins: InstrumentRow, side: int, qty: int, price: int, fee: int) -> int | None:
    """What an order needs of its currency, in 10**-9 and rounded up: what is bought at a price, or sold at one below
    zero, and where it buys the fee, which is for one quantity unit. A sale pays its fee of what it brings. None where
    it can't be told: without a price, or beyond 128 bits."""
    if qty == 0:
        return 0
    if price == NO_PRICE:
        return None
    paid = max(0, price if side == BUY else -price)
    cost, charge = qty * paid * ins.notional_scale, qty * (fee if side == BUY else 0) * ins.notional_scale
    need = -(-cost // ins.limit_scale) - (-charge // (ins.limit_scale * FEE_SCALE))
    return None if max(cost, charge) > WIDE_MAX or need > VALUE_MAX else need
