"""The trade log: the newest executions, and what was booked before them. It decides nothing: a position after a bust or
a correction is its base, then its surviving trades in order.

When the log is full its oldest trade is folded into the base of its position: it stays booked, and can no longer be
busted or corrected.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tradecore.vocabulary.rows import TRADE_FOLDED, TRADE_LIVE, TradeRow

from ..positions.costs import Position, apply_fill, position_of
from ..positions.ledger import Ledger
from ..vocabulary.instrument import BUY

DAYS_KNOWN = 2  # rolls of the day over which an id is known


@dataclass(slots=True)
class Execution:
    """One execution. A bust and a correction have a row of their own, for their ids; `trade` is what they are about."""

    exec_id: int
    venue_exec_id: int  # 0 for the core's own trades
    exec_type: int
    order_id: int
    instrument: int
    account: int
    venue: int
    side: int  # BUY or SELL
    qty: int
    price: int
    commission: int
    day: int
    state: int = TRADE_LIVE
    trade: Execution | None = None
    ref_exec_id: int = 0  # of `trade`
    is_held: bool = True  # the log still has it
    currency: int = 0  # of its commission, 0 where that is the instrument's
    last_mkt: int = 0
    last_liquidity_ind: int = 0
    told: int = 0  # TOLD_COMMISSION where the commission is the venue's own
    strategy: int = 0  # its order's, however long that is remembered
    reported_currency: int = 0  # as `currency`, of the commission in the row's own report: a correction changes none

    @property
    def row(self) -> TradeRow:
        return TradeRow(self.exec_id, self.venue_exec_id, self.order_id, self.instrument, self.account, self.venue,
                        self.side, self.qty, self.price, self.commission, self.day, self.state, self.currency,
                        self.last_mkt, self.last_liquidity_ind, self.told, self.reported_currency)


class TradeLog:
    """The newest `capacity` executions, and the positions before them."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.rows: deque[Execution] = deque()
        self.bases: dict[tuple[int, int], Position] = {}  # by instrument and account
        self.folded = 0


def base_of(log: TradeLog, instrument: int, account: int) -> Position:
    return log.bases.setdefault((instrument, account), Position())


def apply_trade(p: Position, trade: Execution) -> None:
    if trade.state == TRADE_LIVE:
        apply_fill(p, trade.qty if trade.side == BUY else -trade.qty, trade.price)
        if not trade.currency:
            p.fees += trade.commission


def charge_fee(ledger: Ledger, trade: Execution, sign: int) -> None:
    """Books a commission in another currency than the instrument's, or (-1) takes it back."""
    if trade.currency and trade.commission:
        key = trade.account, trade.currency
        ledger.charges[key] = ledger.charges.get(key, 0) + sign * trade.commission


def append_execution(log: TradeLog, row: Execution) -> None:
    """Adds an execution; the oldest leaves when there is no room, its trade folded into its position's base."""
    if len(log.rows) == log.capacity:
        oldest = log.rows.popleft()
        oldest.is_held = False
        if oldest.trade is None and oldest.state != TRADE_FOLDED:
            apply_trade(base_of(log, oldest.instrument, oldest.account), oldest)
            fold_trade(log, oldest)
    log.rows.append(row)


def fold_trade(log: TradeLog, trade: Execution) -> None:
    trade.state = TRADE_FOLDED
    log.folded += 1


def trades_of(log: TradeLog, instrument: int, account: int) -> Iterator[Execution]:
    """The trades behind a position that are not folded, oldest first."""
    for row in log.rows:
        if row.trade is None and (row.instrument, row.account) == (instrument, account) and row.state != TRADE_FOLDED:
            yield row


def find_execution(log: TradeLog, exec_id: int) -> Execution | None:
    """The newest row with the core's own number, which never falls from one row to the next; None where the log has
    none."""
    at = bisect_right(log.rows, exec_id, key=lambda row: row.exec_id) - 1
    return log.rows[at] if at >= 0 and log.rows[at].exec_id == exec_id else None


def find_named_trade(log: TradeLog, venue: int, instrument: int, exec_id: int) -> Execution | None:
    """The one trade that a venue's exec_id is about; None where none is held, or several are. Instrument 0 is any. It
    walks the log: only what does not tell a trade's whole identity needs it."""
    found: Execution | None = None
    newest = 0
    for row in reversed(log.rows):
        if row.venue_exec_id != exec_id or row.venue != venue or not exec_id:
            continue
        if instrument in (0, row.instrument):
            trade = row.trade or row
            newest = row.day if found is None else newest
            if newest - row.day > DAYS_KNOWN:  # its id was free again when the newest came
                break
            if found is not None and trade is not found:
                return None
            found = trade
    return found if found is not None and found.is_held else None


def is_beyond_rebuild(log: TradeLog, trade: Execution, qty: int, most: int) -> tuple[int, int] | None:
    """The position on the way of a rebuild that leaves its integers where a trade becomes `qty`, with its bound."""
    at = base_of(log, trade.instrument, trade.account).qty
    for row in trades_of(log, trade.instrument, trade.account):
        lots = qty if row is trade else row.qty if row.state == TRADE_LIVE else 0
        at += lots if row.side == BUY else -lots
        if abs(at) > most:
            return at, most
    return None


def rebuild_position(log: TradeLog, ledger: Ledger, instrument: int, account: int) -> None:
    """The position as its base and its surviving trades in order make it; walks the log, for busts are rare."""
    p, base = position_of(ledger, instrument, account), base_of(log, instrument, account)
    p.qty, p.fees, p.cost, p.realised = base.qty, base.fees, base.cost, base.realised
    for trade in trades_of(log, instrument, account):
        apply_trade(p, trade)


def fold_position(log: TradeLog, ledger: Ledger, instrument: int, account: int) -> None:
    """Makes a position final as it is: what changes it from outside (a split, an opening) has no place among trades."""
    for trade in trades_of(log, instrument, account):
        fold_trade(log, trade)
    log.bases[instrument, account] = replace(position_of(ledger, instrument, account))


