"""ClOrdIDs of what the core itself sends to external venues: FIX wants one on every order and on every request. Each is
claimed as a client's is, so that orders are found by it and venues answer by it. What they look like: see made_ids.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import PREFIX_SIZE

from ..orders.open_orders import find_open
from ..orders.order_table import Order
from ..vocabulary.made_ids import id_is_made, made_text, next_made
from ..vocabulary.texts import find_text, text_is_valid
from .state import State, accept_command, refuse_command


def name_requests(core: State, c: Any) -> Any:
    """What ids that the core makes begin with: 1 to PREFIX_SIZE characters without spaces. Said before the first is
    made, whose text would change."""
    made = core.texts.made
    if not text_is_valid(c.text) or b" " in c.text or len(c.text) > PREFIX_SIZE:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, 0, 56)
    if made.count:
        return refuse_command(core, c, Reason.ALREADY_DEFINED, made.count, 0)
    made.prefix = c.text
    return accept_command(core, c, 0, 0)


def make_id(core: State, order: Order) -> int:
    """A ClOrdID that nobody has used, claimed for an order where there is room (else see find_unclaimed); 0 where there
    are no more."""
    texts = core.texts
    number = next_made(texts.made, core.now)
    while number and find_text(texts, made_text(texts.made, number)) != number:  # a client's own text looks like it
        number = next_made(texts.made, core.now)
    if number and len(core.ids.order_ids) < core.ids.capacity:
        core.ids.claim_id(number, order.order_id)
    elif number:
        core.ids.unclaimed += 1
    return number


def name_order(core: State, order: Order) -> None:
    """An order that goes to an external venue has a ClOrdID, whoever made it."""
    if not order.cl_ord_id:
        order.cl_ord_id = make_id(core, order)


def is_named(core: State, cl_ord_id: int) -> bool:
    """Did a user name a request? What the core asks for of itself has an id of the core's, or none."""
    return cl_ord_id != 0 and not id_is_made(core.texts.made, cl_ord_id)


def lacks_id(core: State, order: Order) -> bool:
    """Does an order need an id that has no room?"""
    return not order.cl_ord_id and len(core.ids.order_ids) == core.ids.capacity


def find_unclaimed(core: State, venue: int, number: int) -> int:
    """The order_id of an open order at a venue, 0 being any, whose made id, or a request's of it, had no room; 0 where
    there is none. A full table keeps no request in, nor what was accepted before: they are known while they are open.
    Where none ever was without, no order is looked at."""
    if core.ids.unclaimed == 0 or not id_is_made(core.texts.made, number):
        return 0
    for order in find_open(core.open_orders, 0, 0, venue, 0):
        asked = [request.cl_ord_id for request in order.requests]
        if number in (order.cl_ord_id, order.orig_cl_ord_id, *asked):
            return order.order_id
    return 0


def owner_of(core: State, venue: int, cl_ord_id: int) -> int:
    """The order_id that is meant by an id of what is at a venue, 0 being any; 0 where nothing is known by it."""
    return core.ids.order_ids.get(cl_ord_id, 0) or find_unclaimed(core, venue, cl_ord_id)
