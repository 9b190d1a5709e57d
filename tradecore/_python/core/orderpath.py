"""The order path: a new order through the rooms, top to bottom, and an order that is let go again. It declares nothing.

It knows the order of the rooms; what each room decides is in the room's own file.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType, OrdRejReason
from tradecore.vocabulary.records import NO_ROOM, OWN_ID_MAX
from tradecore.vocabulary.rows import Finding

from ..execution.unsent import places_taken
from ..orders.lists import find_bad_join, join_group
from ..orders.open_orders import index_order
from ..orders.order_table import REJECTED, Order, load_order
from ..orders.validation import CASH, bit_of, explain_mask, first_reason, validate_order
from ..risk.holds import CLOSING_EXEMPTIONS, Question, exposure_of, note_breach, reserve_order
from ..vocabulary.texts import is_clients_id
from .cash import convert_cash
from .disarming import note_entry, note_reject
from .exits import closes_position
from .funding import note_fund_price, sync_funds
from .observing import observe_passed
from .open_counting import tell_counts
from .outbound import reserve_places
from .overriding import ask_with_overrides, use_overrides
from .placing import ask_order, reject_order, start_order
from .state import (
    EVENTS,
    EXECUTION,
    ORDER,
    REDUCE_ONLY,
    RISK,
    VALIDATION,
    State,
    acknowledge,
    arm_order_timer,
    count_stage,
    is_external,
    order_fields,
    publish,
    start_clock,
    sync_order,
)
from .user_rules import told_refusal
from .worst_prices import limit_ticks

CLOSING_BITS = sum(bit_of(reason) for reason in CLOSING_EXEMPTIONS)


# ---- a new order


def is_same_order(order: Order, c: Any) -> bool:
    """Is this command the order again, as it was first sent? A request's id is not its own."""
    again = load_order(c, order.order_id, order.transact_time)
    return order.entered == again.entered


def make_order(core: State, c: Any) -> Order:
    """A new order in the table, under the next order_id."""
    core.order_seq += 1
    order = load_order(c, core.order_seq, core.now)
    core.orders.open_order(order)
    return order


def answer_again(core: State, c: Any, first_id: int) -> Any:
    """An id that was used before: the same order again gets the first one's report and makes no second order; a
    different one is rejected, with the first one's status and quantities. Source: FIX 4.4 Appendix D, F.1.a and b."""
    first = core.orders.by_id.get(first_id)
    if first is not None and is_same_order(first, c):
        publish(core, c, EXECUTION, exec_type=ExecType.ORDER_STATUS, **order_fields(first))
        return acknowledge(first)
    order = make_order(core, c)
    order.terminal, order.reason = REJECTED, int(Reason.DUPLICATE_CLORDID)
    told = {"order_id": first_id, "ord_status": REJECTED, "cl_ord_id": c.cl_ord_id}
    publish(core, c, EXECUTION, **(told if first is None else order_fields(first)), exec_type=ExecType.REJECTED,
            reason=Reason.DUPLICATE_CLORDID, ord_rej_reason=OrdRejReason.DUPLICATE_ORDER, value=order.order_id)
    note_reject(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def claim_order_id(core: State, order: Order) -> Reason | None:
    """Claims an order's id. One that no client may give claims nothing: validation refuses it."""
    if not is_clients_id(core.texts, order.cl_ord_id):
        return None
    if len(core.ids.order_ids) == core.ids.capacity:
        return Reason.TABLE_FULL
    core.ids.claim_id(order.cl_ord_id, order.order_id)
    return None


def find_bar(core: State, c: Any, order: Order) -> tuple[Reason, int, int] | None:
    """Why an order can't enter that is well formed: its list, or a rule in Python that has refused it."""
    bad_join = find_bad_join(core.groups, order) if order.list_id else None
    if bad_join or not c.refusal:
        return bad_join
    return Reason.USER_RULE, told_refusal(core, c.refusal), 0


def enter_order(core: State, c: Any, timed: bool) -> Any:
    start = since = start_clock(timed)
    used = core.ids.order_ids.get(c.cl_ord_id, 0)
    if used:
        return answer_again(core, c, used)
    ins = core.instruments.get(c.instrument)
    declared = len(core.accounts), len(core.router.venues)
    known_ids = OWN_ID_MAX + len(core.texts.texts)
    order = make_order(core, c)
    if c.exec_inst & CASH and ins is not None:
        order.protect_px, order.order_qty = convert_cash(core, ins, c)
        c = c._replace(order_qty=order.order_qty)

    claimed = claim_order_id(core, order)
    mask = validate_order(ins, *declared, known_ids, core.now, c)
    if mask and not mask & ~CLOSING_BITS and closes_position(core, order):
        mask = 0
    since = count_stage(core, VALIDATION, since, timed)
    barred = find_bar(core, c, order)
    if c.cl_ord_id == NO_ROOM:
        reject_order(core, c, order, Reason.IDS_FULL, len(core.texts.texts), core.texts.capacity)
    elif core.bad_stamp is not None:
        order.reject_mask = bit_of(core.bad_stamp[0])
        reject_order(core, c, order, *core.bad_stamp)
    elif mask or ins is None:
        order.reject_mask = mask
        reasons = explain_mask(mask, ins, len(core.instruments), *declared, core.now, c)
        reject_order(core, c, order, first_reason(mask), *reasons)
    elif claimed == Reason.TABLE_FULL:
        reject_order(core, c, order, claimed, len(core.ids.order_ids), core.ids.capacity)
    elif barred:
        reject_order(core, c, order, *barred)
    else:
        q = ask_order(core, ins, order, order.order_qty, order.price, order.stop_px, order.order_qty, False)
        q.peg_offset, q.peg_offset_type = order.peg_offset, order.peg_offset_type
        refused, granted = ask_with_overrides(core, ins, order, q)
        if refused is not None:
            note_breach(core.risk, refused, core.now)
            order.reject_mask = refused.row  # the row of limits that spoke
        if refused is None and is_external(core, order.venue) and not reserve_places(core, order):
            refused = Finding(Reason.OUTBOUND_FULL, places_taken(core.orders.unsent), core.orders.unsent.most, True,
                              True)
        if refused is None:
            use_overrides(core, c, order, granted)
            observe_passed(core, c, ins, order, q)
            reserve_order(core.risk, q)
            admit_order(core, order, q)
        since = count_stage(core, RISK, since, timed)
        if refused is not None:
            reject_order(core, c, order, refused.reason, refused.value, refused.limit)
        else:
            since = start_order(core, c, ins, order, limit_ticks(ins, q), True, since, timed)
        if order.is_open and index_order(core.open_orders, order):
            tell_counts(core.risk.opens, order, 1)
    note_entry(core, order)
    count_stage(core, EVENTS, since, timed)
    count_stage(core, ORDER, start, timed)
    return acknowledge(order)


def admit_order(core: State, order: Order, q: Question) -> None:
    """An order that passed risk counts: in its hold, its list, among those that may only reduce, and for the clock."""
    order.admitted, order.held = True, order.order_qty
    note_fund_price(order, q)
    if core.risk.funds.is_kept:
        sync_funds(core, order, False)
    if order.list_id:
        join_group(core.groups, order)
    if order.exec_inst & REDUCE_ONLY:
        exposure_of(core.risk, order.instrument, order.account).reduce_only += 1
    if order.expire_time:
        arm_order_timer(core, order)
