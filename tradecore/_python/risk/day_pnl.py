"""The day's P&L by account and for the firm, in base currency: since the previous close, realised or not, less fees;
and their equity: opening cash, and all that was won or lost since, at marks.

Kept as trades, fees, marks and rates arrive, never walked on an order's path, and equal at any time to what adding
up all trades gives. Each position counts by itself in its own currency, at the rate of now, rounded down to 10**-9
of the base currency, so that a loss is rounded up; an opened position counts from its price until the first close.
While no rule needs it nothing is kept: what was paid until then is asked of the ledger. What is held needs a mark, what
was won or lost a rate: without one the P&L is not known, and it is counted why, so that what asks can refuse.

Equity is what is held at its marks, less what was paid for it, and cash. Of a future that is its variation margin,
which is won or lost from its price on. What an opened position cost was not paid from the opening cash: it is added
back, unless the instrument is valued as a future.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tradecore.vocabulary.codes import Rule
from tradecore.vocabulary.fix import ValuationMethod
from tradecore.vocabulary.records import LIMIT_PRECISION, NO_PRICE
from tradecore.vocabulary.units import BEYOND

from .exposures import RATE_ONE, VALUE_MAX, WIDE_MAX, Exposures, Known, set_margins, set_rate, set_worth, worth_of

LOSSES = (Rule.DAILY_LOSS, Rule.DRAWDOWN, Rule.MARGIN_USE)  # what acts on marks
RATIO_ONE: int = 10**LIMIT_PRECISION
BPS_ONE = 10_000
SOFT_TOLD, LIMIT_TOLD = 1, 2  # two bits of what was told for each of them


@dataclass(slots=True)
class PartValue:
    """What a part is worth in the base currency."""

    value: int = 0
    state: Known = Known.KNOWN


@dataclass(slots=True)
class PartSum:
    """What all parts of an account are worth."""

    value: int = 0
    unknown: list[int] = field(default_factory=lambda: [0] * len(Known))  # parts by why they have no value


@dataclass(slots=True)
class PnlPart:
    """Of an account's P&L: an instrument's, in amounts (quantity x price), or a currency's fees, in money units."""

    paid: int = 0  # ever, less what was got
    closed: int = 0  # P&L at the previous close
    opened: int = 0  # there without being paid for here: an opened position's cost, or opening cash
    pnl: PartValue = field(default_factory=PartValue)  # since the close
    equity: PartValue = field(default_factory=PartValue)


@dataclass(slots=True)
class DayTotal:
    """The sums of an account; of account 0 the whole firm's, as its positions add up."""

    pnl: PartSum = field(default_factory=PartSum)
    equity: PartSum = field(default_factory=PartSum)
    peak: int = 0  # of the P&L, when a command was done; at the close it is 0
    told: int = 0  # bits of what was told: see losses


class DayPnl:
    """Parts by instrument or currency, and account."""

    def __init__(self, values: Exposures) -> None:
        self.values = values
        self.parts: dict[tuple[int, int], PnlPart] = {}  # by instrument and account
        self.fees: dict[tuple[int, int], PnlPart] = {}  # by currency and account
        self.precisions: Mapping[int, int] = {}  # decimals of a currency's money unit
        self.totals: dict[int, DayTotal] = {}
        self.touched: set[int] = set()  # accounts whose P&L has changed since they were looked at
        self.is_kept = False
        self.equity_is_kept = False  # only where the P&L is


def day_total_of(p: DayPnl, account: int) -> DayTotal:
    total = p.totals.get(account)
    if total is None:
        total = p.totals[account] = DayTotal()
    return total


def ratio_of(amount: int, total: DayTotal, one: int) -> int:
    """An amount over equity, in parts of which `one` are equity itself, rounded up: against a whole limit that decides
    as the exact ratio does. BEYOND where no equity bears it: none above zero, or none that can be told."""
    if total.equity.value <= 0 or total.equity.unknown[Known.TOO_LARGE] or amount * one > WIDE_MAX:
        return BEYOND
    return -(-amount * one // total.equity.value)


def touch_account(p: DayPnl, account: int) -> None:
    """An account's losses are to be looked at when the command is done."""
    if p.is_kept:
        p.touched.add(account)


def told_shift(rule: int) -> int:
    """Where the bits of a limit stand in what was told."""
    return 2 * LOSSES.index(Rule(rule))


def forget_told(p: DayPnl, account: int, rule: int) -> None:
    """A limit was set: what is beyond it as it is now is told, whatever was told of it as it was before."""
    day_total_of(p, account).told &= ~((SOFT_TOLD | LIMIT_TOLD) << told_shift(rule))
    touch_account(p, account)


def value_amount(amount: int, factor: int, divisor: int, rate: int, is_held: bool) -> tuple[int, Known]:
    """An amount as P&L in the base currency, each `factor` / `divisor` of its own. What is nothing, and not held, needs
    no rate."""
    if rate == 0:
        return 0, Known.NO_RATE if amount or is_held else Known.KNOWN
    if rate != RATE_ONE:
        factor, divisor = factor * rate, divisor * RATE_ONE
    value = amount * factor // divisor
    if factor > WIDE_MAX or abs(amount * factor) > WIDE_MAX or abs(value) > VALUE_MAX:
        return 0, Known.TOO_LARGE
    return value, Known.KNOWN


def change_value(part: PartValue, total: PartSum, value: int, state: Known) -> bool:
    """A part's new value in place of what it was, in the sum that it stands in; is it another one?"""
    if (part.value, part.state) == (value, state):
        return False
    total.unknown[part.state] -= part.state > 0
    total.unknown[state] += state > 0
    total.value += value - part.value
    part.value, part.state = value, state
    return True


def set_value(p: DayPnl, account: int, part: PartValue, total: PartSum, value: int, state: Known) -> None:
    """A part's new value in place of what it was, in its account's sum."""
    if change_value(part, total, value, state):
        touch_account(p, account)


def value_part(
    p: DayPnl, account: int, part: PnlPart, amount: int, opened: int, factor: int, divisor: int, rate: int,
    is_held: bool,
) -> None:
    """What a part is worth, at `amount` for what is held of it; equity with what was `opened`."""
    earned, total = amount - part.paid, day_total_of(p, account)
    set_value(p, account, part.pnl, total.pnl, *value_amount(earned - part.closed, factor, divisor, rate, is_held))
    if p.equity_is_kept:
        set_value(p, account, part.equity, total.equity, *value_amount(earned + opened, factor, divisor, rate, is_held))


def amount_at_mark(p: DayPnl, instrument: int, account: int) -> int | None:
    """What is held is worth, as quantity x mark; None where it has no mark. Of nothing 0."""
    position_qty, mark = p.values.held[instrument, account].position_qty, worth_of(p.values, instrument).mark
    return 0 if position_qty == 0 else None if mark == NO_PRICE else position_qty * mark


def revalue_part(p: DayPnl, instrument: int, account: int) -> None:
    """A position has changed, or what it is worth."""
    part = p.parts.get((instrument, account))
    if not p.is_kept or part is None:
        return
    ins, amount = p.values.instruments[instrument], amount_at_mark(p, instrument, account)
    if amount is None:
        total = day_total_of(p, account)
        set_value(p, account, part.pnl, total.pnl, 0, Known.NO_MARK)
        if p.equity_is_kept:
            set_value(p, account, part.equity, total.equity, 0, Known.NO_MARK)
        return
    opened = part.opened if ins.valuation_method == ValuationMethod.PREMIUM_STYLE else 0
    value_part(p, account, part, amount, opened, ins.notional_scale, ins.limit_scale,
               p.values.rates.get(ins.currency, 0), p.values.held[instrument, account].position_qty != 0)


def revalue_fees(p: DayPnl, currency: int, account: int) -> None:
    """What an account was charged has changed, or its opening cash, or what the currency is worth."""
    if p.is_kept:
        part = p.fees[currency, account]
        value_part(p, account, part, 0, part.opened, 10**LIMIT_PRECISION, 10 ** p.precisions[currency],
                   p.values.rates.get(currency, 0), False)


def book_amount(p: DayPnl, instrument: int, account: int, amount: int) -> None:
    """What was paid for a position, or got for it: signed quantity x price. The position is the new one by now. The
    firm's are those of all."""
    for whose in {account, 0}:
        part = p.parts.get((instrument, whose))
        if part is None:
            part = p.parts[instrument, whose] = PnlPart()
        part.paid += amount
        revalue_part(p, instrument, whose)


def book_fee(p: DayPnl, currency: int, account: int, fee: int) -> None:
    """A fee that an account was charged, in money units; negative: it is given back. The firm's are those of all."""
    if fee == 0:
        return
    for whose in {account, 0}:
        p.fees.setdefault((currency, whose), PnlPart()).paid += fee
        revalue_fees(p, currency, whose)


def open_amount(p: DayPnl, instrument: int, account: int, amount: int) -> None:
    """What an opened position cost, before anything was paid here: signed quantity x price."""
    for whose in {account, 0}:
        p.parts.setdefault((instrument, whose), PnlPart()).opened += amount


def opened_amount(p: DayPnl, instrument: int, account: int) -> int:
    """What an account's position that was opened has cost elsewhere; in suspense (0) none is."""
    part = p.parts.get((instrument, account))
    return 0 if part is None or not account else part.opened


def open_money(p: DayPnl, currency: int, account: int, money: int) -> None:
    """Opening cash, in money units. The firm's is that of all."""
    for whose in {account, 0}:
        p.fees.setdefault((currency, whose), PnlPart()).opened += money
        revalue_fees(p, currency, whose)


def forget_paid(p: DayPnl) -> None:
    """Nothing is booked any more."""
    for part in (*p.parts.values(), *p.fees.values()):
        part.paid = 0


def set_mark(p: DayPnl, instrument: int, mark: int, time: int) -> None:
    """A mark, which is the youngest now, or NO_PRICE: what each account holds of it, and the firm, is worth that. What
    is flat needs none."""
    set_worth(p.values, instrument, mark, time)
    for account in (0, *p.values.holders.get(instrument, ())):
        revalue_part(p, instrument, account)


def set_margin_rates(p: DayPnl, instrument: int, initial: int, maintenance: int) -> None:
    """What equity must cover of an instrument's positions: of each account that holds or works it, and of the firm."""
    set_margins(p.values, instrument, initial, maintenance)
    for account in (0, *p.values.holders.get(instrument, ())):
        touch_account(p, account)


def set_currency_rate(p: DayPnl, currency: int, rate: int) -> None:
    """What a currency is worth: so is all that was won, lost or charged in it since the close, and what is held."""
    set_rate(p.values, currency, rate)
    for instrument, account in p.parts:
        if p.values.instruments[instrument].currency == currency:
            revalue_part(p, instrument, account)
    for its, account in p.fees:
        if its == currency:
            revalue_fees(p, currency, account)


def close_pnl(p: DayPnl) -> None:
    """The day's P&L begins anew, from the marks as they are. What is held without one counts from the close before."""
    for (instrument, account), part in p.parts.items():
        amount = amount_at_mark(p, instrument, account)
        if amount is not None:
            part.closed = amount - part.paid
            revalue_part(p, instrument, account)
    for (currency, account), part in p.fees.items():
        part.closed = -part.paid
        revalue_fees(p, currency, account)
    for account, total in p.totals.items():
        total.peak = total.told = 0
        touch_account(p, account)


def keep_pnl(p: DayPnl, is_kept: bool, equity_is_kept: bool) -> None:
    """Some rule needs the day's P&L, or equity, from now on, or none any more. What was told and the peak stay."""
    begins = (is_kept and not p.is_kept) or (equity_is_kept and not p.equity_is_kept)
    p.is_kept, p.equity_is_kept = is_kept, equity_is_kept
    if not is_kept:
        p.touched.clear()
    if not begins:
        return
    for account, total in p.totals.items():
        p.totals[account] = DayTotal(peak=total.peak, told=total.told)
    for part in (*p.parts.values(), *p.fees.values()):
        part.pnl, part.equity = PartValue(), PartValue()
    for instrument, account in p.parts:
        revalue_part(p, instrument, account)
    for currency, account in p.fees:
        revalue_fees(p, currency, account)
