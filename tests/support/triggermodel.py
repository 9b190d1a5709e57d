"""Which prices count, told apart from the core: for the random life's check that no stop stands whose price has come.

It hears each command, and what was displayed and reported before and after it; what an order watches it knows from the
order as it was entered.
"""

from __future__ import annotations

from lifecycle import EXT, SECOND, SIM, is_execution

from tradecore.vocabulary.codes import CommandType as C
from tradecore.vocabulary.codes import Place, ReportType
from tradecore.vocabulary.fix import ExecType, OrdType, Side, TradSesStatus, TriggerPriceType
from tradecore.vocabulary.records import NO_PRICE

OPEN = (TradSesStatus.OPEN, TradSesStatus.PRE_CLOSE)
PRINT_AGE = 60 * SECOND
T = TriggerPriceType


class Prices:
    """What was told of each instrument since its session opened."""

    def __init__(self, instruments: int) -> None:
        self.numbers = range(1, instruments + 1)
        self.sessions = dict.fromkeys(self.numbers, TradSesStatus.OPEN)
        self.closes = dict.fromkeys(self.numbers, 0)
        self.last: dict[int, int] = {}
        self.printed: dict[int, int] = {}
        self.stale: set[tuple[int, int, int]] = set()  # displayed before the opening
        self.tops: dict[tuple[int, int, int], tuple[int, int]] = {}
        self.connected = True

    def open(self, instrument: int) -> None:
        self.last.pop(instrument, None)
        self.printed.pop(instrument, None)
        self.stale |= {(instrument, venue, side) for venue in (EXT, SIM) for side in (0, 1)}

    def change(self, instrument: int, status: TradSesStatus) -> None:
        if status in OPEN and self.sessions[instrument] not in OPEN:
            self.open(instrument)
        self.sessions[instrument] = status

    def take(self, core, c, reports: list, now: int) -> None:
        accepted = any(r.report_type == ReportType.COMMAND_ACCEPTED for r in reports)
        for instrument in self.numbers:
            if 0 < self.closes[instrument] <= now:
                self.closes[instrument] = 0
                self.change(instrument, TradSesStatus.CLOSED)
        if c.kind == C.SESSION and accepted:
            for instrument in [c.instrument] if c.instrument else self.numbers:
                self.closes[instrument] = c.close_time
                self.change(instrument, TradSesStatus(c.trad_ses_status))
        if c.kind == C.VENUE_SESSION and accepted:
            self.connected = bool(c.connected)
        refused = any(r.report_type == ReportType.BUSINESS_REJECT for r in reports)
        printed = c.kind == C.TRADE_PRINT and not refused
        for r in reports:  # what a print fills comes before it, what it triggers after
            if printed and is_execution(r) and r.exec_type == ExecType.TRIGGERED:
                self.last[c.instrument], printed = c.print_px, False
            ended = r.flags & 0x40 and r.flags & 0x80 if is_execution(r) else 0  # a late trade is no price of now
            if is_execution(r) and r.exec_type == ExecType.TRADE and r.account and not ended:
                self.last[r.instrument] = r.last_px
        if printed:
            self.last[c.instrument] = c.print_px
        if c.kind == C.TRADE_PRINT and not refused and self.sessions[c.instrument] in OPEN:
            self.printed[c.instrument] = now
        for instrument in self.numbers:
            for venue in (EXT, SIM):
                bid_px, bid_size, ask_px, ask_size = core.top(instrument, venue)
                for side, told in enumerate(((bid_px, bid_size), (ask_px, ask_size))):
                    key = instrument, venue, side
                    said = c.kind == C.QUOTE and not refused and (c.instrument, c.venue) == (instrument, venue)
                    if said or self.tops.get(key, (NO_PRICE, 0)) != told:
                        self.stale.discard(key)
                    self.tops[key] = told

    def touch(self, instrument: int, side: int) -> int | None:
        """The best bid (0) or offer (1) at a venue that is up, of this session."""
        found = [self.tops[instrument, venue, side][0] for venue in (EXT, SIM)
                 if (venue != EXT or self.connected) and self.tops.get((instrument, venue, side), (0, 0))[1]
                 and (instrument, venue, side) not in self.stale]
        return (min(found) if side else max(found)) if found else None

    def watched(self, o, now: int) -> list[int]:
        """The price that an order watches, or none; a mid may lie between two."""
        i, sells = o.instrument, o.side != Side.BUY
        bid, offer, last = self.touch(i, 0), self.touch(i, 1), self.last.get(i)
        said = T(o.trigger_price_type)
        both = bid is not None and offer is not None
        if said is T.NONE:
            fresh = i in self.printed and now - self.printed[i] <= PRINT_AGE
            if o.ord_type == OrdType.TRAILING_STOP and both:
                said = T.BEST_MID
            else:
                said = T.LAST_TRADE if fresh else T.BEST_BID if sells else T.BEST_OFFER
        price = {T.LAST_TRADE: last, T.BEST_BID: bid, T.BEST_OFFER: offer,
                 T.BEST_MID: (bid + offer) / 2 if both else None}[said]
        return [] if price is None else [price]

    def check(self, core, now: int) -> None:
        """No stop stands when a price of the open session that it watches has passed it."""
        for handle in core.open_orders(0, 0):
            o = handle.row()
            if o.place != Place.AWAITS_PRICE or self.sessions[o.instrument] not in OPEN:
                continue
            touched = o.ord_type in (OrdType.MARKET_IF_TOUCHED, OrdType.LIMIT_IF_TOUCHED)
            rises = (o.side == Side.BUY) != touched
            for price in self.watched(o, now):
                assert price < o.stop_px if rises else price > o.stop_px, (o, price, "its price has come, and it stands")
