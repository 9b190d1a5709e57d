"""What a core answers when it is read: facts as integers, in named tuples."""

from __future__ import annotations

from typing import NamedTuple


class StaleOrderError(LookupError):
    """The order was evicted: terminal, and older than the `order_history` most recent terminal orders; of those that
    reached no venue, than the `reject_history` most recent of them."""


def evicted(order_id: int, history: int, rejects: int) -> StaleOrderError:
    """The error of an order that is no longer held, with the capacities that its eviction followed from."""
    return StaleOrderError(f"order {order_id} was evicted: the last {history} orders that ended are held, and the last "
                           f"{rejects} that reached no venue")


class OrderRow(NamedTuple):
    """An order's facts as integers: prices in price units, quantities in lots, the core's ids; a text's number."""

    order_id: int
    cl_ord_id: int
    instrument: int
    account: int
    venue: int
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    order_qty: int
    price: int
    cum_qty: int
    leaves_qty: int
    cum_amount: int
    ord_status: int
    reason: int
    ord_rej_reason: int
    value: int
    bound: int
    reject_mask: int
    transact_time: int
    decision: int
    route: int
    orig_cl_ord_id: int
    stop_px: int
    peg_offset: int
    min_qty: int
    display_qty: int
    expire_time: int
    list_id: int
    strategy: int
    trigger_price_type: int
    peg_offset_type: int
    contingency_type: int
    place: int
    unknown: int
    parent: int
    venue_order_id: int  # the venue's OrderID(37), as its number
    note: int  # of the venue's last text about it, 0 where it said none
    routing: int  # the RoutingStrategy that it was given, or was routed by where that is not ALL_IN_COST


class TradeRow(NamedTuple):
    """A booked trade as integers, its venue's id as its number. `state` is TRADE_LIVE, TRADE_BUSTED or TRADE_FOLDED
    (into its position for good)."""

    exec_id: int
    venue_exec_id: int
    order_id: int
    instrument: int
    account: int
    venue: int
    side: int
    qty: int
    price: int
    commission: int
    day: int
    state: int
    currency: int  # of its commission, 0 where that is the instrument's
    last_mkt: int
    last_liquidity_ind: int
    told: int  # TOLD_COMMISSION where the commission is the venue's own
    reported_currency: int  # as `currency`, as the report named it that the row was asked by: a correction changes none


class UnbookedRow(NamedTuple):
    """A report that lies unbooked: why, whom it blocks (0: nobody, and no instrument alone), and all that it said, as
    the command's record and the note's bytes."""

    number: int
    time: int
    order_id: int
    reason: int
    value: int
    bound: int
    instrument: int
    account: int
    said: bytes
    note: bytes


class PositionRow(NamedTuple):
    """A ledger row and its holds: quantity units, amounts (price unit x quantity unit), money units."""

    qty: int
    cost: int
    realised: int
    fees: int
    working_buy: int
    working_sell: int
    opened: int = 0  # an amount: what an opening position cost, before anything was paid here


class Term(NamedTuple):
    """One venue's line of a ranking; fee and cost are in millionths of a price unit."""

    venue: int
    price: int
    size: int
    stamp: int
    fee: int
    cost: int
    latency: int = 0
    miss: int = 0
    degraded: int = 0


class VenueFacts(NamedTuple):
    """What is known of a venue: ns, and millionths."""

    round_trip: int
    take_fill: int
    post_fill: int
    reject: int
    quote_age: int
    answers: int


class PriceLimitFacts(NamedTuple):
    """An exchange's limits of an instrument in price units, and what they come to now; NO_PRICE, -1: there is none."""

    low: int
    high: int
    reference: int
    dynamic_bps: int
    lowest_sell: int
    highest_buy: int


class HealthFacts(NamedTuple):
    """How a venue is: what was set, and what was met since."""

    state: int
    reject_max: int
    timeout_max: int
    cooldown: int
    on_disconnect: int
    stale_after: int
    rejects: int
    timeouts: int
    closes_at: int
    trials: int
    trying: int
    is_stale: bool
    is_disconnected: bool
    is_down: bool


class PlanRow(NamedTuple):
    """Where a new order would go: what is wrong with it (bits of validation's reasons), its Route, the venues that
    would have it, with lots and the worst price there, the ranking, the venues that are down (bit venue - 1), its
    worst price (NO_PRICE where there is none), and how the market lies, a MarketState."""

    mask: int
    route: int
    parts: list[tuple[int, int, int]]  # venue, lots, price
    terms: list[Term]
    down: int
    limit: int
    order_qty: int
    market: int
    routing: int


class Finding(NamedTuple):
    """One risk rule's answer, in the rule's own unit; `row` is the number of the limit that says so, 0 for none."""

    reason: int
    value: int
    limit: int
    refused: bool
    armed: bool
    row: int = 0


class LimitFacts(NamedTuple):
    """One row of limits as integers: its target (what its scope does not name is 0), its value and what is used of it
    in the rule's unit (-1: off; nothing to measure), and where `used` is an instrument's, which."""

    number: int
    rule: int
    scope: int
    account: int
    instrument: int
    venue: int
    strategy: int
    value: int
    window_ns: int
    mode: int
    soft_share: int
    who: int
    why: int
    set_time: int
    breached: int
    breaches: int
    used: int
    used_instrument: int


class SwitchFacts(NamedTuple):
    """A kill switch that is engaged, a trading state other than ACTIVE, or a strategy that a breaker has disarmed: its
    scope and target, who set it, why and when, which of them (a CommandType), the TradingState that it leaves, and the
    Reason of the breaker or limit that has done so, 0 where someone did. Of a breaker `who` is the first of two names
    that arm it again, 0 until it is said."""

    scope: int
    target: int
    who: int
    why: int
    since: int
    kind: int
    state: int
    reason: int = 0


class OverrideFacts(NamedTuple):
    """An override that has not expired: of the order that was blocked, by which rule, who lets it pass and why, since
    when and until when (ns UTC), and the order that has used it, 0 for none."""

    order_id: int
    rule: int
    who: int
    why: int
    since: int
    until: int
    used: int


TRADE_LIVE, TRADE_BUSTED, TRADE_FOLDED = range(3)
