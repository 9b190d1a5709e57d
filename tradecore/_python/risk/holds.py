"""The tables of risk: limits, switches, exposures, and the orders of the last while. What rests is reserved, a fill
commits it, an end releases it. They are what the checks ask; they refuse nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tradecore.vocabulary.codes import LimitMode, Rule, Scope
from tradecore.vocabulary.records import LIMIT_MAX, LIMIT_OFF

from ..vocabulary.instrument import BUY, SELL, InstrumentRow
from ..vocabulary.shell import demand, demand_power_of_two

RULES = len(Rule)
ALL_RULES = (1 << RULES) - 1
ORDER_QTY, ORDER_NOTIONAL, COLLAR, POSITION_QTY, ORDER_RATE = (int(rule) for rule in Rule)


@dataclass(slots=True)
class AccountRisk:
    """One account's limits, and when its last orders passed."""

    sent_times: deque[int]  # as long as the largest rate limit
    limits: list[int] = field(default_factory=lambda: [0] * RULES)  # LIMIT_OFF: off; see `configured`
    watched: list[int] = field(default_factory=lambda: [0] * RULES)  # only observed: `limits` has them as off
    window_ns: int = 0  # of ORDER_RATE
    sent: int = 0  # orders that passed, ever
    configured: int = 0  # one bit a rule that was set, to a number or to off
    watching: int = 0  # one bit a rule that is only observed
    killed: bool = False


@dataclass(slots=True)
class Exposure:
    """Position and holds of one instrument in one account, in lots; account 0 is the whole firm."""

    position_qty: int = 0
    working_buy: int = 0
    working_sell: int = 0
    reduce_only: int = 0  # open orders that may only reduce


@dataclass(slots=True)
class Question:
    """What risk is asked about. Twice the reference price, so that a mid between units stays an integer."""

    order_qty: int
    leaves_qty: int  # of it, what is not traded yet
    hold_qty: int  # lots that would be held beyond what is: the whole of a new order, the increase of a replace
    price: int
    reference2: int
    touch2: int  # twice the best price that it could take, or NO_PRICE
    now: int
    instrument: int
    account: int
    venue: int
    side: int  # BUY or SELL
    ord_type: int  # MARKET or LIMIT: as what it would trade
    duplicate: bool
    reduce_only: bool
    closed: bool  # no session takes it now
    recheck: bool  # it was sent before: a replace that asks for no more, or an order that is let go; not counted again
    released: bool  # an order that is let go: what it holds is in the exposure
    open_orders: int
    max_open_orders: int
    # The rows that it is about.
    ins: InstrumentRow
    rules: AccountRisk
    exposure: Exposure
    killed: int  # 1 + the Scope of the switch that is engaged


class RiskTables:
    """Limits, switches and exposures: what the checks ask."""

    def __init__(self, accounts: int, instruments: int, order_rate: int) -> None:
        demand("accounts", accounts, 1, 65_535)
        demand("instruments", instruments, 1, 1_000_000)
        demand_power_of_two("order_rate", order_rate, 1 << 20)
        self.account_max, self.instrument_max, self.order_rate = accounts, instruments, order_rate
        self.instruments: dict[int, InstrumentRow] = {}
        self.accounts = [AccountRisk(deque(maxlen=order_rate)) for _ in range(accounts + 1)]
        self.exposures: dict[tuple[int, int], Exposure] = {}
        self.killed_firm = False
        self.killed_instruments: set[int] = set()
        self.killed_venues: set[int] = set()


def exposure_of(risk: RiskTables, instrument: int, account: int) -> Exposure:
    exposure = risk.exposures.get((instrument, account))
    if exposure is None:
        exposure = risk.exposures[instrument, account] = Exposure()
    return exposure


def is_killed(risk: RiskTables, instrument: int, account: int, venue: int) -> int:
    """1 + the Scope of the switch that is engaged, the widest first; 0 where none is."""
    if risk.killed_firm:
        return 1
    if risk.accounts[account].killed:
        return 2
    return 3 if instrument in risk.killed_instruments else 4 * (venue in risk.killed_venues)


def reducible_qty(position_qty: int, side: int) -> int:
    """How many lots an order of `side` can trade and only reduce the position."""
    return max(0, position_qty if side == SELL else -position_qty)


def reserve_order(risk: RiskTables, q: Question) -> None:
    """An order that passed: it counts for the rate, and its quantity is held."""
    count_sent(q)
    hold_lots(risk, q.instrument, q.account, q.side, q.hold_qty)


def count_sent(q: Question) -> None:
    """It counts for the rate."""
    q.rules.sent_times.append(q.now)
    q.rules.sent += 1


def hold_lots(risk: RiskTables, instrument: int, account: int, side: int, qty: int) -> None:
    """Holds `qty` more lots (negative: fewer), for the account and for the firm."""
    for e in (exposure_of(risk, instrument, account), exposure_of(risk, instrument, 0)):
        if side == BUY:
            e.working_buy += qty
        else:
            e.working_sell += qty


def move_position(risk: RiskTables, instrument: int, account: int, qty: int) -> None:
    """A trade's signed lots; account 0 is suspense, which only the firm's row has."""
    if account:
        exposure_of(risk, instrument, account).position_qty += qty
    exposure_of(risk, instrument, 0).position_qty += qty


def release_hold(risk: RiskTables, instrument: int, account: int, side: int, qty: int) -> None:
    hold_lots(risk, instrument, account, side, -qty)


def commit_fill(risk: RiskTables, instrument: int, account: int, side: int, qty: int) -> None:
    """A fill: the hold becomes position."""
    release_hold(risk, instrument, account, side, qty)
    move_position(risk, instrument, account, qty if side == BUY else -qty)


def set_limit(risk: RiskTables, account: int, rule: int, value: int, window_ns: int, mode: int) -> int:
    """Sets one limit. The byte offset of the field that can't be, or -1."""
    if not 0 <= rule < RULES:
        return 56
    most = {COLLAR: 1_000_000, ORDER_RATE: risk.order_rate}.get(rule, LIMIT_MAX)
    if not LIMIT_OFF <= value <= most:
        return 64
    if rule == ORDER_RATE and value >= 0 and window_ns < 1:
        return 72
    if mode not in (LimitMode.ENFORCE, LimitMode.OBSERVE):
        return 80
    rules = risk.accounts[account]
    rules.configured |= 1 << rule
    if mode == LimitMode.OBSERVE and value >= 0:
        rules.limits[rule], rules.watched[rule] = LIMIT_OFF, value
        rules.watching |= 1 << rule
    else:
        rules.limits[rule], rules.watched[rule] = value, 0
        rules.watching &= ~(1 << rule)
    if rule == ORDER_RATE:
        rules.window_ns = window_ns
    return -1


def switch(risk: RiskTables, scope: int, target: int, engaged: bool) -> None:
    """Engages or releases one kill switch; the caller has checked scope and target."""
    if scope == Scope.FIRM:
        risk.killed_firm = engaged
    elif scope == Scope.ACCOUNT:
        risk.accounts[target].killed = engaged
    else:
        killed = risk.killed_instruments if scope == Scope.INSTRUMENT else risk.killed_venues
        (killed.add if engaged else killed.discard)(target)
