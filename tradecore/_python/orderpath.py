"""The order path: new orders and cancels through the rooms, top to bottom. It declares nothing.

It knows the order of the rooms; what each room decides is in the room's own file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tradecore.fix import CxlRejReason, ExecType, Reason, Route
from tradecore.order import NO_PRICE, PRICE_MAX

from .execution import Book, Fill, add_node, crosses, is_fillable, match_order, remove_node
from .fills import Charge, book_fills, report_fills
from .ids import id_is_valid
from .instrument import BUY, FOK, IOC, LIMIT, MARKET, InstrumentRow, opposite
from .orders import REJECTED, Order, derive_status, leaves_of, load_order
from .risk import (
    COLLAR,
    Question,
    ask_risk,
    check_risk,
    needs_reference,
    observe_risk,
    protection_price,
    release_hold,
    reserve_order,
    watched_rules,
)  # fmt: skip
from .routing import keep_decision, posting_venue, rank_venues, touch_price, twice_touch
from .state import (
    ACK_ACCEPTED,
    CANCEL,
    CANCEL_REJECT,
    EVENTS,
    EXECUTING,
    ORDER,
    POSITION,
    RISK,
    RISK_OBSERVED,
    ROUTING,
    VALIDATION,
    State,
    acknowledge,
    book_of,
    count_stage,
    publish,
    report_end,
    report_execution,
    start_clock,
    sync_top,
    sync_tops,
    twice_reference,
)  # fmt: skip
from .validation import POST_ONLY, explain_mask, first_reason, validate_order


def reject_order(core: State, c: Any, order: Order, reason: int, value: int, bound: int) -> None:
    order.rejected, order.reason, order.value, order.bound = True, int(reason), value, bound
    report_end(core, c, order, ExecType.REJECTED)
    core.orders.end_order(order)


def cancel_order(core: State, c: Any, order: Order, reason: Reason) -> None:
    release_hold(core.risk, order.instrument, order.account, order.side, leaves_of(order))
    order.ended, order.reason = True, int(reason)
    report_end(core, c, order, ExecType.CANCELED)
    core.orders.end_order(order)


def limit_ticks(ins: InstrumentRow, q: Question) -> int:
    """The worst tick that the order may trade at."""
    if q.ord_type != MARKET:
        price = q.price
    elif q.rules.limits[COLLAR] >= 0:
        price = protection_price(q)
    else:
        price = PRICE_MAX if q.side == BUY else -PRICE_MAX
    return price // ins.tick if q.side == BUY else -(-price // ins.tick)


def route_order(core: State, ins: InstrumentRow, order: Order, limit: int) -> int:
    """The first ranked venue that displays a price within the limit (FILL_OR_KILL: and holds the whole quantity);
    where there is none, the venue where the order rests best. 0: every venue is down."""
    ranking = rank_venues(core.router, ins, order.instrument, order.side, core.now)
    if ranking.changed:
        keep_decision(core.router, ranking)
    order.decision = ranking.decision
    if not order.exec_inst & POST_ONLY:
        taken_side = opposite(order.side)
        for term in ranking.terms:
            book = book_of(core, order.instrument, term.venue)
            if term.venue in core.router.down or not crosses(book, taken_side, limit):
                continue
            if order.time_in_force == FOK and not is_fillable(book, taken_side, limit, order.order_qty):
                continue
            order.route = Route.TAKES
            return term.venue
    order.route = Route.RESTS
    return posting_venue(core.router, ins, limit * ins.tick if order.ord_type == LIMIT else 0)


def execute_order(book: Book, order: Order, limit: int) -> tuple[Reason | None, list[Fill]]:
    """Takes what it may, rests what may rest. Why the order ends here, if it does, and the trades."""
    taken_side = opposite(order.side)
    if order.exec_inst & POST_ONLY and crosses(book, taken_side, limit):
        return Reason.POST_ONLY_WOULD_TAKE, []
    if order.time_in_force == FOK and not is_fillable(book, taken_side, limit, order.order_qty):
        return Reason.FOK_NOT_FILLABLE, []
    left, fills = match_order(book, taken_side, limit, order.order_qty)
    if left == 0:
        return None, fills
    if order.ord_type == MARKET:
        return Reason.MARKET_LEFTOVER, fills
    if order.time_in_force == IOC:
        return Reason.IOC_LEFTOVER, fills
    add_node(book, order.side, order.order_id, limit, left)
    return None, fills


def finish_order(
    core: State, c: Any, order: Order, reason: Reason | None, fills: list[Fill], charges: list[Charge]
) -> None:
    """Reports New, the trades, and the end where it ends at once."""
    if reason == Reason.POST_ONLY_WOULD_TAKE:
        release_hold(core.risk, order.instrument, order.account, order.side, order.order_qty)
        touch = touch_price(core.router, order.instrument, order.side, order.venue)
        reject_order(core, c, order, reason, order.price, touch)
        return
    report_execution(core, c, order, ExecType.NEW)
    report_fills(core, c, order.instrument, order, fills, charges)
    if reason:
        cancel_order(core, c, order, reason)
    elif leaves_of(order) == 0:
        core.orders.end_order(order)


def claim_order_id(core: State, order: Order) -> Reason | None:
    """Finds a used id, or claims it. An id that is no id claims nothing: validation refuses it."""
    if not order.cl_ord_id or not id_is_valid(order.cl_ord_id):
        return None
    if order.cl_ord_id in core.ids.order_ids:
        return Reason.DUPLICATE_CLORDID
    if len(core.ids.order_ids) == core.ids.capacity:
        return Reason.TABLE_FULL
    core.ids.claim_id(order.cl_ord_id, order.order_id)
    return None


def observe_order(core: State, c: Any, ins: InstrumentRow, order: Order, q: Question) -> None:
    """Reports what the limits that are only observed would have refused of an order that passed and holds nothing."""
    if needs_reference(watched_rules(q.rules), q.ord_type, q.side):
        q = replace(q, reference2=twice_reference(core, q.instrument),
                    touch2=twice_touch(core.router, ins, q.instrument, q.side, core.now))  # fmt: skip
    for finding in observe_risk(q, explain=False):
        if finding.refused:
            publish(
                core, c, RISK_OBSERVED, order_id=order.order_id, instrument=q.instrument, account=q.account,
                side=q.side, cl_ord_id=order.cl_ord_id, order_qty=order.order_qty, price=order.price,
                reason=finding.reason, value=finding.value, bound=finding.limit,
            )  # fmt: skip


def enter_order(core: State, c: Any, timed: bool) -> Any:
    start = since = start_clock(timed)
    ins = core.instruments.get(c.instrument)
    declared = len(core.accounts), len(core.router.venues)
    open_orders = core.orders.open_count
    order = load_order(c, core.command_seq, core.now)
    core.orders.open_order(order)

    claimed = claim_order_id(core, order)
    mask = validate_order(ins, *declared, c)
    since = count_stage(core, VALIDATION, since, timed)
    if mask or ins is None:
        order.reject_mask = mask
        reject_order(core, c, order, first_reason(mask), *explain_mask(mask, ins, len(core.instruments), *declared, c))
    elif claimed == Reason.TABLE_FULL:
        reject_order(core, c, order, claimed, len(core.ids.order_ids), core.ids.capacity)
    else:
        reference2 = touch2 = NO_PRICE
        if needs_reference(core.risk.accounts[c.account], c.ord_type, c.side):
            reference2 = twice_reference(core, c.instrument)
            touch2 = twice_touch(core.router, ins, c.instrument, c.side, core.now)
        q = ask_risk(core.risk, ins, c, reference2, touch2, core.now, claimed is not None, open_orders,
                     core.orders.open_max)  # fmt: skip
        refused = check_risk(q)
        if refused is None:
            if q.rules.watching:
                observe_order(core, c, ins, order, q)
            reserve_order(q)
        since = count_stage(core, RISK, since, timed)
        if refused is not None:
            reject_order(core, c, order, refused.reason, refused.value, refused.limit)
        else:
            since = place_order(core, c, ins, order, limit_ticks(ins, q), since, timed)
    count_stage(core, EVENTS, since, timed)
    count_stage(core, ORDER, start, timed)
    return acknowledge(order)


def place_order(core: State, c: Any, ins: InstrumentRow, order: Order, limit: int, since: int, timed: bool) -> int:
    """Routing, execution, position and reports of an order that passed; when its last stage began."""
    if order.venue == 0:
        order.venue = route_order(core, ins, order, limit)
    else:
        order.route = Route.DIRECTED
    since = count_stage(core, ROUTING, since, timed)
    if order.venue == 0:
        release_hold(core.risk, order.instrument, order.account, order.side, order.order_qty)
        reject_order(core, c, order, Reason.NO_VENUE, 0, len(core.router.venues))
        return since
    reason, fills = execute_order(book_of(core, order.instrument, order.venue), order, limit)
    sync_tops(core, order.instrument, order.venue)
    since = count_stage(core, EXECUTING, since, timed)
    charges = book_fills(core, order.instrument, order.venue, order, order.side, fills)
    since = count_stage(core, POSITION, since, timed)
    finish_order(core, c, order, reason, fills, charges)
    return since


# ---- a cancel


def enter_cancel(core: State, c: Any, timed: bool) -> Any:
    start = start_clock(timed)
    order_id, reason = c.order_id, Reason.UNKNOWN_ORDER
    if c.orig_cl_ord_id:
        order_id = core.ids.order_ids.get(c.orig_cl_ord_id, 0)
        if order_id:
            reason = Reason.TOO_LATE_TO_CANCEL  # unless it is held, it ended so long ago that it is evicted
    order = core.orders.by_id.get(order_id)
    if order is not None and leaves_of(order) > 0:
        remove_node(book_of(core, order.instrument, order.venue), order.order_id)
        sync_top(core, order.instrument, order.venue, opposite(order.side))
        cancel_order(core, c, order, Reason.CANCEL_REQUESTED)
        ack = acknowledge(order)
    else:
        ack = refuse_cancel(core, c, order_id, order, Reason.TOO_LATE_TO_CANCEL if order else reason)
    count_stage(core, CANCEL, start, timed)
    return ack


def refuse_cancel(core: State, c: Any, order_id: int, order: Order | None, reason: Reason) -> Any:
    too_late = reason == Reason.TOO_LATE_TO_CANCEL
    fix_reason = int(CxlRejReason.TOO_LATE_TO_CANCEL if too_late else CxlRejReason.UNKNOWN_ORDER)
    status = REJECTED if order is None else derive_status(order)
    facts = {} if order is None else {
        "instrument": order.instrument, "account": order.account, "venue": order.venue, "side": order.side,
        "cum_qty": order.cum_qty, "order_qty": order.order_qty,
    }  # fmt: skip
    publish(core, c, CANCEL_REJECT, order_id=order_id, reason=reason, cxl_rej_reason=fix_reason, ord_status=status,
            cl_ord_id=c.orig_cl_ord_id, **facts)  # fmt: skip
    return ACK_ACCEPTED._replace(
        order_id=order_id, cum_qty=order.cum_qty if order else 0, report_type=CANCEL_REJECT, ord_status=status,
        reason=int(reason), cxl_rej_reason=fix_reason,
    )  # fmt: skip
