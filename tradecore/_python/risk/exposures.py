"""What is held and works, at its marks, in the base currency: gross and net by account and for the firm.

Kept as holds, positions, marks and rates change, never walked on an order's path, and equal at any time to what adding
up every position gives: each is valued by itself, away from zero, to 10**-9 of the base currency, and the sums are of
those. Worst case, as holds are: all open buys fill, or all open sells. While no rule needs it nothing is kept. What has
no mark, or whose currency has no rate, has no value: it is counted, so that what asks can refuse.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from tradecore.vocabulary.fix import TradSesStatus
from tradecore.vocabulary.records import NO_PRICE, RATE_PRECISION

from ..vocabulary.instrument import InstrumentRow
from .groups import MemberGroups

RATE_ONE = 10**RATE_PRECISION
BASE_CURRENCY = 1  # the first that was declared
VALUE_MAX = 10**30  # of one position; what is beyond can't be told
WIDE_MAX = 2**127 - 1


class Known(IntEnum):
    """Whether an instrument has a value, else why not."""

    KNOWN = 0
    NO_MARK = 1
    NO_RATE = 2
    TOO_LARGE = 3


class Held(Protocol):
    """A position and what works."""

    position_qty: int
    working_buy: int
    working_sell: int


@dataclass(slots=True)
class Worth:
    """What quantity units of an instrument are worth: each `unit` / `divisor`."""

    mark: int = NO_PRICE
    time: int = 0  # of the mark
    unit: int = 0
    divisor: int = 1
    state: Known = Known.NO_MARK


@dataclass(slots=True)
class Value:
    """A position if all its open buys fill, and if all its open sells do; signed."""

    long_value: int = 0
    short_value: int = 0
    pending: int = 0  # all that works, on both sides
    state: Known = Known.KNOWN

    @property
    def gross(self) -> int:
        return max(abs(self.long_value), abs(self.short_value))


@dataclass(slots=True)
class Total:
    """The sums of an account; of account 0 the whole firm's, as its positions add up. Below 0 are those of an account
    group, as its accounts' add up; those of an instrument group are as the firm's in its instruments."""

    gross: int = 0
    net_long: int = 0
    net_short: int = 0
    pending: int = 0
    unknown: list[int] = field(default_factory=lambda: [0] * len(Known))  # positions by why they have no value


class Exposures:
    """Values by instrument and account."""

    def __init__(self, held: Mapping[tuple[int, int], Held], groups: MemberGroups) -> None:
        self.held, self.groups = held, groups
        self.instruments: Mapping[int, InstrumentRow] = {}
        self.sessions: Mapping[int, int] = {}
        self.rates: dict[int, int] = {BASE_CURRENCY: RATE_ONE}
        self.worths: dict[int, Worth] = {}  # in the order of their marks' times
        self.values: dict[tuple[int, int], Value] = {}
        self.totals: dict[int, Total] = {}
        self.group_totals: dict[int, Total] = {}  # of instrument groups
        self.holders: dict[int, set[int]] = {}  # by instrument: the accounts that hold or work something of it
        self.aged: list[tuple[int, int]] = []  # marks of what some account holds or works, by time: it, the instrument
        self.is_kept = False


def worth_of(x: Exposures, instrument: int) -> Worth:
    return x.worths.get(instrument) or Worth()


def total_of(x: Exposures, account: int) -> Total:
    total = x.totals.get(account)
    if total is None:
        total = x.totals[account] = Total()
    return total


def group_total_of(x: Exposures, group: int) -> Total:
    """The sums of an instrument group."""
    return x.group_totals.setdefault(group, Total())


def totals_of(x: Exposures, instrument: int, account: int) -> list[Total]:
    """The sums that a position counts in: its account's, or the firm's, and those of a group."""
    if account:
        group = x.groups.of_account.get(account, 0)
        return [total_of(x, account)] + ([total_of(x, -group)] if group else [])
    group = x.groups.of_instrument.get(instrument, 0)
    return [total_of(x, 0)] + ([group_total_of(x, group)] if group else [])


def find_worth(x: Exposures, instrument: int, mark: int, time: int) -> Worth:
    """What an instrument is worth at a mark."""
    ins = x.instruments[instrument]
    rate = x.rates.get(ins.currency, 0)
    if mark == NO_PRICE or rate == 0:
        return Worth(mark, time, 0, 1, Known.NO_MARK if mark == NO_PRICE else Known.NO_RATE)
    unit, divisor = abs(mark) * ins.notional_scale, ins.limit_scale
    if rate != RATE_ONE:
        unit, divisor = unit * rate, divisor * RATE_ONE
    if unit > WIDE_MAX:
        return Worth(mark, time, 0, 1, Known.TOO_LARGE)
    return Worth(mark, time, unit, divisor, Known.KNOWN)


def value_qty(worth: Worth, qty: int) -> int | None:
    """A signed quantity's value, away from zero; None where it can't be told."""
    amount = abs(qty) * worth.unit
    value = -(-amount // worth.divisor)
    if amount > WIDE_MAX or value > VALUE_MAX:
        return None
    return value if qty >= 0 else -value


def value_position(worth: Worth, held: Held, more: int) -> Value:
    """A position's value with `more` bought, or where it is negative sold."""
    longest = held.position_qty + held.working_buy + max(more, 0)
    shortest = held.position_qty - held.working_sell + min(more, 0)
    if longest == 0 and shortest == 0:
        return Value()
    if worth.state:
        return Value(state=worth.state)
    long_value, short_value = value_qty(worth, longest), value_qty(worth, shortest)
    pending = value_qty(worth, held.working_buy + held.working_sell + abs(more))
    if long_value is None or short_value is None or pending is None:
        return Value(state=Known.TOO_LARGE)
    return Value(long_value, short_value, pending)


def count_value(total: Total, value: Value, sign: int) -> None:
    """A position's value into its account's sums, or out of them."""
    total.gross += sign * value.gross
    total.net_long += sign * value.long_value
    total.net_short += sign * value.short_value
    total.pending += sign * value.pending
    if value.state:
        total.unknown[value.state] += sign


def holds(held: Held) -> bool:
    return bool(held.position_qty or held.working_buy or held.working_sell)


def forget_age(x: Exposures, instrument: int) -> None:
    """A mark's age does not count any more."""
    entry = worth_of(x, instrument).time, instrument
    at = bisect_left(x.aged, entry)
    if x.aged[at : at + 1] == [entry]:
        del x.aged[at]


def count_age(x: Exposures, instrument: int) -> None:
    """A mark's age counts where some account holds or works something of the instrument."""
    worth = worth_of(x, instrument)
    if x.holders.get(instrument) and worth.mark != NO_PRICE:
        insort(x.aged, (worth.time, instrument))


def change_holders(x: Exposures, instrument: int, account: int) -> None:
    """An account holds or works something of an instrument from now on, or nothing any more."""
    forget_age(x, instrument)
    x.holders.setdefault(instrument, set()).symmetric_difference_update({account})
    count_age(x, instrument)


def revalue(x: Exposures, instrument: int, account: int) -> None:
    """A position, or what works in it, has changed, or what it is worth."""
    if not x.is_kept:
        return
    was, held = x.values.get((instrument, account), Value()), x.held[instrument, account]
    value = x.values[instrument, account] = value_position(worth_of(x, instrument), held, 0)
    for total in totals_of(x, instrument, account):
        count_value(total, was, -1)
        count_value(total, value, 1)
    if account and holds(held) != (account in x.holders.get(instrument, ())):
        change_holders(x, instrument, account)


def revalue_instrument(x: Exposures, instrument: int) -> None:
    """What an instrument is worth has changed: so has what each account holds or works of it, and the firm."""
    for account in (0, *x.holders.get(instrument, ())):
        if (instrument, account) in x.values:
            revalue(x, instrument, account)


def last_mark_time(x: Exposures) -> int:
    """When the youngest mark was told, 0 where none was."""
    return next(reversed(x.worths.values()), Worth()).time


def set_worth(x: Exposures, instrument: int, mark: int, time: int) -> None:
    """A mark, which is the youngest now, or NO_PRICE: it has none any more."""
    forget_age(x, instrument)
    x.worths.pop(instrument, None)
    x.worths[instrument] = find_worth(x, instrument, mark, time)
    count_age(x, instrument)
    revalue_instrument(x, instrument)


def set_rate(x: Exposures, currency: int, rate: int) -> None:
    """What a currency is worth, in 10**-12 of the base currency."""
    x.rates[currency] = rate
    for instrument, worth in x.worths.items():
        if x.instruments[instrument].currency == currency:
            x.worths[instrument] = find_worth(x, instrument, worth.mark, worth.time)
            revalue_instrument(x, instrument)


def keep_exposures(x: Exposures, is_kept: bool) -> None:
    """Some rule needs the sums from now on, or none any more."""
    if is_kept and not x.is_kept:
        x.is_kept = True
        x.values, x.totals, x.group_totals, x.holders, x.aged = {}, {}, {}, {}, []
        for instrument, account in x.held:
            revalue(x, instrument, account)
    x.is_kept = is_kept


def find_stale(x: Exposures, instrument: int, account: int, before: int) -> int | None:
    """The time of the oldest mark that is older than `before` of the instrument asked for, or of one that the account
    holds or works and whose session is open; None where there is none. Oldest first, of what some account holds or
    works: where none of those is old, one is looked at."""
    own = worth_of(x, instrument)
    is_old = own.mark != NO_PRICE and own.time < before
    for time, its in x.aged:
        if time >= (own.time if is_old else before):
            break
        if account in x.holders[its] and x.sessions.get(its, TradSesStatus.OPEN) == TradSesStatus.OPEN:
            return time
    return own.time if is_old else None
