"""The exit gate: the last judgement before a venue, apart from risk. It has its own limits, its own flags, its own
count of what went out, and asks none of risk's tables: what it stops, a check before it should have stopped.

Cancels and questions pass. What only reduces passes a missing reference, twice the throttle, and a gate that is shut
but for exits. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15, FIA 1.3: a second, independent control.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import Side, TradSesStatus
from tradecore.vocabulary.records import EXIT_CODEC, NO_PRICE, PRICE_MAX, QTY_MAX, TIME_MAX
from tradecore.vocabulary.units import check_int

from ..vocabulary.price_limits import DYNAMIC_BPS_MAX
from ..vocabulary.shell import Records, demand, open_batch

GATE_TIMES = 4_096  # orders that the throttle can look back at
OPEN, SHUT, EXITS_ONLY = 0, 1, 2
VENUES = 64
QUANTITIES = ("order_qty", "cum_qty", "leaves_qty", "most_qty", "family_qty", "parent_qty")


@dataclass(slots=True)
class GateRow:
    """What was handed out of one order: the commands that made its last messages."""

    sent_new: int = 0
    sent_replace: int = 0


@dataclass(slots=True)
class Exit:
    """What is about to leave. `most_qty` is the order's own quantity, or the one that a replace asked for; of a part of
    an order, `family_qty` is what all its parts have traded and may still trade, and `parent_qty` the order's."""

    order_id: int
    order_qty: int
    cum_qty: int
    leaves_qty: int
    most_qty: int
    price: int  # NO_PRICE of what has no limit
    reference2: int
    now: int
    venue: int
    side: int
    family_qty: int = 0
    parent_qty: int = 0
    reduces: bool = False  # with what left before it, it is no larger than the position that it reduces
    made: int = 0  # of a message: the command that made it; 0: into a simulated venue's book
    is_replace: bool = False
    asks_less: bool = False  # a replace that only lowers the quantity: it passes as a cancel does
    instrument: int = 0  # 0: of none that the gate was told of
    adds: bool = True  # a new order, or a replace for more of it
    waits: bool = False  # for a price: the exchange's limits are for when it has come


@dataclass(slots=True)
class GateMarket:
    """What the exchange has told of an instrument; see vocabulary's price_limits."""

    halted: bool = False
    low: int = NO_PRICE
    high: int = NO_PRICE
    reference: int = NO_PRICE
    dynamic_bps: int = -1


class ExitGate:
    """The gate's own limits, flags and memory; a limit of -1 is off."""

    def __init__(self) -> None:
        self.rows: dict[int, GateRow] = {}  # by order
        self.times: deque[int] = deque(maxlen=GATE_TIMES)  # when the last orders went out
        self.sent = self.stopped = 0  # orders and replaces that went out, and that were stopped, ever
        self.collar_bps = self.throttle = -1
        self.window_ns = 0
        self.who = self.why = 0  # of the last change: numbers of their texts
        self.shut_firm = OPEN
        self.shut_venues: dict[int, int] = {}
        self.markets: dict[int, GateMarket] = {}


def was_handed_out(gate: ExitGate, e: Exit) -> bool:
    """Was this message handed out before? An order is new to its venue once."""
    row = gate.rows.get(e.order_id)
    if row is None or e.made == 0:
        return False
    return row.sent_replace == e.made if e.is_replace else row.sent_new != 0


def shut_for(gate: ExitGate, venue: int) -> int:
    """What is shut for a venue, as bits: SHUT, EXITS_ONLY."""
    return gate.shut_firm | gate.shut_venues.get(venue, OPEN)


def opens(before: int, shut: int) -> bool:
    """Would more be let out than before?"""
    return shut != before and before != OPEN and shut != SHUT


def loosens(gate: ExitGate, collar_bps: int, throttle: int, window_ns: int) -> bool:
    """Would other limits let out what those that are set keep inside?"""
    if gate.collar_bps >= 0 and not 0 <= collar_bps <= gate.collar_bps:
        return True
    if gate.throttle < 0 or throttle == 0:
        return False
    return not 0 <= throttle <= gate.throttle or window_ns < gate.window_ns


def is_shut(gate: ExitGate, e: Exit) -> bool:
    shut = shut_for(gate, e.venue)
    return bool(shut & SHUT) or bool(shut & EXITS_ONLY and not e.reduces)


def is_beyond_collar(gate: ExitGate, e: Exit) -> bool:
    """Beyond the collar on the aggressive side."""
    away = 2 * e.price - e.reference2
    return (-away if e.side == Side.SELL else away) * 10_000 > gate.collar_bps * e.reference2


def is_throttled(gate: ExitGate, e: Exit) -> bool:
    """As many went out in the window as may; what reduces may be twice as many."""
    most = 2 * gate.throttle if e.reduces else gate.throttle
    return most == 0 or (gate.sent >= most and gate.times[-most] > e.now - gate.window_ns)


def is_halted(gate: ExitGate, e: Exit) -> bool:
    market = gate.markets.get(e.instrument)
    return market is not None and market.halted and e.adds


def limit_beyond(gate: ExitGate, e: Exit) -> int:
    """The exchange's limit that a price is beyond, or NO_PRICE."""
    market = gate.markets.get(e.instrument)
    if market is None or e.waits or e.price == NO_PRICE:
        return NO_PRICE
    if e.price < market.low:  # NO_PRICE is below every price
        return market.low
    if market.high != NO_PRICE and e.price > market.high:
        return market.high
    if market.dynamic_bps < 0:
        return NO_PRICE
    sign = 1 if e.side == Side.BUY else -1
    edge = market.reference + sign * (abs(market.reference) * market.dynamic_bps // 10_000)
    return edge if sign * e.price > sign * edge else NO_PRICE


def ask_gate(gate: ExitGate, e: Exit) -> tuple[Reason, int] | None:
    """The check that should have stopped what leaves, with its bound; None where it may leave. Changes nothing."""
    if was_handed_out(gate, e):
        return Reason.DUPLICATE_CLORDID, 0
    if e.asks_less:
        return None
    if is_shut(gate, e):
        return Reason.KILL_SWITCH, 0
    if is_halted(gate, e):
        return Reason.SESSION_CLOSED, int(TradSesStatus.HALTED)
    if e.order_qty > e.most_qty or e.cum_qty + e.leaves_qty > e.order_qty:
        return Reason.OVERFILL, e.most_qty
    if e.family_qty > e.parent_qty:
        return Reason.OVERFILL, e.parent_qty
    beyond = limit_beyond(gate, e)
    if beyond != NO_PRICE:
        return Reason.PRICE_LIMIT, beyond
    if gate.collar_bps >= 0 and e.reference2 <= 0:  # no positive price to hold it against
        if not e.reduces or e.price == NO_PRICE:
            return Reason.REFERENCE_PRICE_UNAVAILABLE, gate.collar_bps
    elif gate.collar_bps >= 0 and e.price != NO_PRICE and is_beyond_collar(gate, e):
        return Reason.PRICE_COLLAR, gate.collar_bps
    if gate.throttle >= 0 and is_throttled(gate, e):
        return Reason.ORDER_RATE, gate.throttle
    return None


def lets_exits_out(gate: ExitGate, e: Exit, check: Reason) -> bool:
    """Could what a check stops leave, if it reduced?"""
    if check == Reason.KILL_SWITCH:
        return not shut_for(gate, e.venue) & SHUT
    if check == Reason.REFERENCE_PRICE_UNAVAILABLE:
        return e.price != NO_PRICE
    return check == Reason.ORDER_RATE and gate.throttle > 0


def count_exit(gate: ExitGate, now: int) -> None:
    gate.times.append(now)
    gate.sent += 1


def let_out(gate: ExitGate, e: Exit) -> None:
    """It leaves: counted, and remembered where it is a message."""
    if not e.asks_less:
        count_exit(gate, e.now)
    if e.made:
        row = gate.rows.setdefault(e.order_id, GateRow())
        if e.is_replace:
            row.sent_replace = e.made
        else:
            row.sent_new = e.made


def find_bad_gate(collar_bps: int, throttle: int, window_ns: int) -> int:
    """The byte offset of the first of the gate's limits that can't be, or -1."""
    if not -1 <= collar_bps <= 1_000_000:
        return 56
    if not -1 <= throttle <= GATE_TIMES // 2:
        return 64
    if throttle >= 0 and not 1 <= window_ns <= TIME_MAX:
        return 72
    return -1


def set_gate(gate: ExitGate, collar_bps: int, throttle: int, window_ns: int) -> None:
    gate.collar_bps, gate.throttle, gate.window_ns = collar_bps, throttle, window_ns


def keep_limits(gate: ExitGate, instrument: int, low: int, high: int, reference: int, dynamic_bps: int) -> None:
    """What the exchange says of an instrument's prices."""
    market = gate.markets.setdefault(instrument, GateMarket())
    market.low, market.high, market.reference, market.dynamic_bps = low, high, reference, dynamic_bps


def keep_trade(gate: ExitGate, instrument: int, price: int) -> None:
    """A trade moves what dynamic limits are taken from."""
    market = gate.markets.get(instrument)
    if market is not None and market.dynamic_bps >= 0:
        market.reference = price


def keep_halt(gate: ExitGate, instrument: int, halted: bool) -> None:
    if halted or instrument in gate.markets:
        gate.markets.setdefault(instrument, GateMarket()).halted = halted


def told_int(value: object, name: str, low: int, high: int, absent: int) -> int:
    """A number within its bounds, or what stands for none."""
    return absent if value is None else check_int(value, name, low, high)


class GateTable:
    """An exit gate with limits, flags and a memory of its own, for a system that has its own order handling; of so many
    `instruments` it knows what their exchange says."""

    def __init__(self, orders: int, instruments: int = 0) -> None:
        demand("orders", orders, 1, 1_000_000)
        demand("instruments", instruments, 0, 1_000_000)
        self.order_max, self.instrument_max, self.gate = orders, instruments, ExitGate()
        self.lasts: dict[int, int] = {}  # by instrument: what was traded last

    def set(self, collar_bps: int, throttle: int, window_ns: int) -> None:
        """Set the collar and the throttle, -1 is off. ValueError where one can't be."""
        if find_bad_gate(collar_bps, throttle, window_ns) >= 0:
            raise ValueError(f"collar {collar_bps} bps and throttle {throttle} in {window_ns} ns can't be")
        set_gate(self.gate, collar_bps, throttle, window_ns)

    def switch(self, venue: int, shut: int) -> None:
        """Open (0) or shut (1) the gate for a venue, or for all (venue 0); 2 lets exits out."""
        demand("venue", venue, 0, VENUES)
        demand("shut", shut, OPEN, EXITS_ONLY)
        if venue:
            self.gate.shut_venues[venue] = shut
        else:
            self.gate.shut_firm = shut

    def set_price_limits(
        self, instrument: int, low_limit_price: int | None = None, high_limit_price: int | None = None,
        dynamic_bps: int | None = None, trading_reference_price: int | None = None,
    ) -> None:
        """Say between which prices (price units) the exchange takes orders in an instrument, and how many basis points
        from the last trade it lets one trade; `trading_reference_price` stands for a trade until there is one. What is
        left out has no limit from now on. ValueError or TypeError where they can't be; nothing is changed then."""
        demand("instrument", instrument, 1, self.instrument_max)
        low = told_int(low_limit_price, "low_limit_price", -PRICE_MAX, PRICE_MAX, NO_PRICE)
        high = told_int(high_limit_price, "high_limit_price", -PRICE_MAX, PRICE_MAX, NO_PRICE)
        bps = told_int(dynamic_bps, "dynamic_bps", 0, DYNAMIC_BPS_MAX, -1)
        reference = told_int(trading_reference_price, "trading_reference_price", -PRICE_MAX, PRICE_MAX, NO_PRICE)
        if high != NO_PRICE and high < low:
            raise ValueError(f"high_limit_price {high} must be {low} to {PRICE_MAX}")
        if reference == NO_PRICE:
            reference = self.lasts.get(instrument, NO_PRICE)
        if bps >= 0 and reference == NO_PRICE:
            raise ValueError("dynamic limits need trading_reference_price until there was a trade")
        keep_limits(self.gate, instrument, low, high, reference if bps >= 0 else NO_PRICE, bps)

    def trade_print(self, instrument: int, price: int) -> None:
        """A trade of the market moves what dynamic limits are taken from. ValueError where it can't be."""
        demand("instrument", instrument, 1, self.instrument_max)
        price = check_int(price, "price", -PRICE_MAX, PRICE_MAX)
        self.lasts[instrument] = price
        keep_trade(self.gate, instrument, price)

    def set_session(self, instrument: int, status: int) -> None:
        """Set the TradSesStatus of an instrument: while it is HALTED no new order leaves, and no replace that asks for
        more. ValueError where it can't be."""
        demand("instrument", instrument, 1, self.instrument_max)
        demand("status", status, int(TradSesStatus.HALTED), int(TradSesStatus.PRE_CLOSE))
        keep_halt(self.gate, instrument, status == TradSesStatus.HALTED)

    def pass_out(self, exits: Records) -> Records:
        """Ask for each EXIT_DTYPE row, and count it where it leaves; int16 reasons, 0 where it left.

        Threads: one caller at a time.
        """
        rows = open_batch(exits, EXIT_CODEC)
        reasons = np.zeros(len(exits), np.int16)
        asked = [Exit(row.order_id, row.order_qty, row.cum_qty, row.leaves_qty, row.most_qty, row.price, row.reference2,
                      row.now, row.venue, row.side, row.family_qty, row.parent_qty, bool(row.reduces), row.made,
                      bool(row.is_replace), bool(row.asks_less), row.instrument,
                      not (row.is_replace and row.no_more), bool(row.waits)) for row in rows]
        for e in asked:
            demand("order_id", e.order_id, 1, self.order_max)
            demand("venue", e.venue, 1, VENUES)
            demand("instrument", e.instrument, 0, self.instrument_max)
            demand("side", e.side, Side.BUY, Side.SELL)
            demand("now", e.now, 0, TIME_MAX)
            for name in QUANTITIES:
                demand(name, getattr(e, name), 0, QTY_MAX)
        for at, e in enumerate(asked):
            found = ask_gate(self.gate, e)
            if found is None:
                let_out(self.gate, e)
            else:
                reasons[at] = found[0]
        return reasons
