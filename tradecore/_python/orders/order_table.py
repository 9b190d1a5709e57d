"""The order table: facts, and what follows from them. OrdStatus is computed here, never assigned.

Source: FIX 4.4 Appendix D. An order is open while it is live or a request about it is unanswered; the others are the
history, evicted first in, first out; those that reached no venue have one of their own, so that they push out none
that may still trade. The live handles that a user holds never influence it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tradecore.vocabulary.codes import Place, Reason
from tradecore.vocabulary.fix import OrdStatus, transition_table
from tradecore.vocabulary.records import NO_PRICE

from ..execution.unsent import Message, Unsent
from ..vocabulary.instrument import awaits_price, has_limit

(NEW, PARTIALLY_FILLED, FILLED, DONE_FOR_DAY, CANCELED, PENDING_CANCEL, STOPPED, REJECTED, SUSPENDED, PENDING_NEW,
 CALCULATED, EXPIRED, PENDING_REPLACE) = (int(status) for status in OrdStatus)
(NOWHERE, RESTING, AT_VENUE, AWAITS_PRICE, AWAITS_SESSION, AWAITS_PARENT, IN_CHILDREN, AWAITS_VENUE) = (
    int(place) for place in Place)
TRANSITIONS = transition_table()


@dataclass(slots=True, eq=False)
class Request:
    """A cancel or replace that was sent to a venue and has no outcome yet."""

    cl_ord_id: int
    is_replace: bool
    sent_time: int
    order_qty: int = 0  # what a replace asks for; each as the order has it where it asks for no change
    price: int = 0
    stop_px: int = 0
    expire_time: int = 0
    peg_offset: int = 0
    oco_limit: int = 0  # the order's, once it is done
    pending: bool = False  # the venue has acknowledged it: it counts in OrdStatus
    unknown: bool = False  # it timed out, or its session was lost
    reason: int = 0  # why the core asks of itself, 0 where a user asked
    message: Message | None = None  # while it is not handed out


@dataclass(slots=True, eq=False)
class Group:
    """A list of contingent orders (see lists): its account, its open members in the order in which they became so."""

    list_id: int
    account: int
    root: int = 0  # the parent's order_id, 0 where there is none
    waits: bool = False  # children wait: the parent has not ended, or it has just done so
    ended: bool = False  # the parent has ended
    parent_qty: int = 0  # what the parent had filled when it ended
    members: dict[int, Order] = field(default_factory=dict)
    held: int = 0  # members, open and ended
    has_news: bool = False
    root_instrument: int = 0
    oco_total: int = 0  # what OCO members have ever traded: a bust gives nothing back
    oco_filled: int = 0  # OCO members that are filled whole


@dataclass(slots=True)
class Order:
    """An order's facts; OrdStatus and LeavesQty follow from them."""

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
    transact_time: int
    # What few orders have.
    stop_px: int = NO_PRICE
    peg_offset: int = 0
    min_qty: int = 0
    display_qty: int = 0
    expire_time: int = 0
    list_id: int = 0
    strategy: int = 0
    trigger_price_type: int = 0
    peg_offset_type: int = 0
    contingency_type: int = 0
    # Facts of the life cycle.
    cum_qty: int = 0
    cum_amount: int = 0  # sum of last_qty * last_px
    admitted: bool = False  # it has passed risk
    acked: bool = False
    terminal: int = 0  # CANCELED, EXPIRED or REJECTED once it has ended without being filled
    done_for_day: bool = False
    calculated: bool = False
    stopped: bool = False
    suspended: bool = False
    triggered: bool = False
    repriced: bool = False  # its limit is no longer the one that it came with, but for splits
    awaited: bool = False  # sent to a venue that has not answered yet
    heard_of: bool = False  # the venue has said that it came in
    emptied: bool = False  # all that it had traded was taken back: it was executed before
    unknown_new: bool = False
    sent_time: int = 0
    expiry_asked: bool = False  # its venue was asked to cancel it when its time had come
    requests: list[Request] = field(default_factory=list)  # oldest first
    orig_cl_ord_id: int = 0
    venue_order_id: int = 0  # the venue's id of it, as its number
    note: int = 0  # the venue's last text about it
    entered: tuple[Any, ...] = ()  # its terms as first sent, to know the same order again
    # What the core makes of it.
    place: int = NOWHERE
    is_open: bool = True
    held: int = 0  # lots that risk counts as working
    last_status: int = PENDING_NEW  # as last reported
    watch: int = 0  # the price that it watches: see sources
    peak_px: int = 0  # the best price that a trailing stop has seen
    # The worst price that it may trade at, where that is no limit of its own: a cash order's, and a MARKET order's
    # whose venue has no protection.
    protect_px: int = NO_PRICE
    fund_px: int = NO_PRICE  # that it is counted at, where it has no limit of its own
    fund_held: int = 0  # of its account's cash, in 10**-9 of the instrument's currency
    doubt_qty: int = 0  # its venue is to tell how it stands: until then at least so much of it is held
    oco_own: int = 0  # what its list has heard that it traded
    oco_limit: int = 0  # what its user wants of it, and what the others of its list had traded by then
    oco_filled: bool = False  # its list counts it among those filled whole
    told_live: bool = False  # what its list has heard of it last
    group: Group | None = None  # the list that it joined: the same list_id may name a later one
    reserves: bool = False  # while it is open, places are kept for what its external venue may have to be sent
    recalled: bool = False  # taken back before it was handed out
    # Of each kind the one that is not handed out; its replaces that a user asked for are the requests'.
    new_message: Message | None = None
    cancel_message: Message | None = None
    change_message: Message | None = None  # a replace that the core itself asks for
    status_message: Message | None = None
    decision: int = 0
    route: int = 0  # how its venue was chosen: fix.Route
    routing: int = 0  # the RoutingStrategy that it says, or was routed by where that is not ALL_IN_COST
    value: int = 0
    bound: int = 0
    reject_mask: int = 0
    reason: int = 0
    size: int | None = None  # of one that may only reduce, and is indexed: its leaves_qty there
    trail: Any = None  # the group of trailing stops that it joined, while it trails
    trail_key: tuple[int, int, int] = (0, 0, 0)  # its place there: peg_offset, number of arming, order_id
    # Of a child: the order that it is a part of, and whether it was asked back for that. Of that order: its open
    # children, what they may still trade, and the venues (bit venue - 1) that it has tried.
    parent: int = 0
    stop_asked: bool = False
    children: dict[int, Order] = field(default_factory=dict)
    working: int = 0
    tried: int = 0
    tried_seq: int = 0  # command that tried the last of them: what is displayed since is new
    refused: int = 0  # venues that would not have what was to rest there
    worst_ticks: int = 0  # that it may trade at
    ending: int = 0  # the OrdStatus that it is to have once none of its children works, and why
    ending_reason: int = 0
    is_told: bool = False  # it stands in core.parents


class Orders:
    """Open orders in the order in which they became so, and the `history_size` others that ended last, beside the
    `reject_size` that reached no venue."""

    def __init__(self, open_max: int, exit_max: int, history_size: int, reject_size: int) -> None:
        self.open_max, self.exit_max = open_max, exit_max  # what reduces may be open beyond open_max
        self.history_size, self.reject_size = history_size, reject_size
        self.by_id: dict[int, Order] = {}
        self.open: dict[int, Order] = {}
        self.history: dict[int, Order] = {}  # oldest first
        self.rejects: dict[int, Order] = {}
        self.unsent = Unsent(open_max)
        self.evicted = 0
        self.open_high = 0  # the most that were open at once: not part of the state
        self.replaces = 0  # that venues have not answered

    @property
    def open_count(self) -> int:
        return len(self.open)

    def open_order(self, order: Order) -> None:
        self.by_id[order.order_id] = self.open[order.order_id] = order
        self.note_open()

    def note_open(self) -> None:
        self.open_high = max(self.open_high, len(self.open))

    def reopen_order(self, order: Order) -> None:
        """A bust or a replace can bring an ended order back to life."""
        del self.history[order.order_id]
        self.open[order.order_id] = order
        self.note_open()
        order.is_open = True

    def end_order(self, order: Order) -> Order | None:
        """Moves an order to its history; the oldest leaves when there is no room, and is returned."""
        evicted = None
        del self.open[order.order_id]
        order.is_open = False
        history, size = (self.rejects, self.reject_size) if reached_no_venue(order) else (
            self.history, self.history_size)
        if len(history) == size:
            evicted = history.pop(next(iter(history)))
            del self.by_id[evicted.order_id]
            self.evicted += 1
        history[order.order_id] = order
        return evicted


def reached_no_venue(order: Order) -> bool:
    """Was it refused here, or taken back before it was handed out? Nothing can trade it any more."""
    return order.recalled or (order.terminal == REJECTED and order.reason != Reason.VENUE_REPORTED)


def load_order(c: Any, order_id: int, now: int) -> Order:
    order = Order(
        order_id, c.cl_ord_id, c.instrument, c.account, c.venue, c.side, c.ord_type, c.time_in_force,
        c.exec_inst & 0xFF, c.order_qty, c.price if has_limit(c.ord_type) else NO_PRICE, now,
        c.stop_px if awaits_price(c.ord_type) else NO_PRICE, c.peg_offset, c.min_qty, c.display_qty, c.expire_time,
        c.list_id, c.strategy, c.trigger_price_type, c.peg_offset_type, c.contingency_type & 0xFF,
    )
    order.routing = c.routing
    order.entered = (
        order.cl_ord_id, order.instrument, order.account, order.venue, order.side, order.ord_type,
        order.time_in_force, order.exec_inst, order.order_qty, order.price, order.stop_px, order.peg_offset,
        order.min_qty, order.display_qty, order.expire_time, order.list_id, order.strategy, order.trigger_price_type,
        order.peg_offset_type, order.contingency_type,
    )
    return order


def add_request(orders: Orders, order: Order, request: Request) -> None:
    order.requests.append(request)
    orders.replaces += request.is_replace


def remove_request(orders: Orders, order: Order, request: Request) -> None:
    if request.message is not None:
        request.message.request = None  # what is not handed out yet still goes out
        request.message = None
    order.requests.remove(request)
    orders.replaces -= request.is_replace
