"""What is asked of a new order without sending it: every check's answer, and nothing is changed."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NEW_ID, OWN_ID_MAX, TIME_MAX
from tradecore.vocabulary.rows import Finding

from ..orders.lists import find_bad_join
from ..orders.order_table import load_order
from ..orders.validation import CASH, bit_of, validate_order
from ..risk.holds import is_exempt_refusal
from ..risk.risk import evaluate_risk
from .cash import convert_cash
from .exits import closes_position, reduces
from .keeping import weigh_unbooked
from .observing import observe_question
from .orderpath import CLOSING_BITS
from .placing import ask_order
from .stamps import find_bad_stamp, stamp_of
from .state import State
from .user_rules import evaluate_user_rules


def answer_question(core: State, c: Any, now: int) -> tuple[int, list[Finding]]:
    """What validation and risk would say to a new order (see `Core.check`). Changes nothing."""
    ins = core.instruments.get(c.instrument)
    clock, time = core.now, stamp_of(c, now)
    bad_stamp = find_bad_stamp(core, time, now) if 0 <= time <= TIME_MAX else None  # else validation's
    core.now = clock if bad_stamp else max(clock, time)
    try:
        if c.exec_inst & CASH and ins is not None:
            c = c._replace(order_qty=convert_cash(core, ins, c)[1])
        duplicate, named = c.cl_ord_id in core.ids.order_ids, c.cl_ord_id != 0
        no_room = c.cl_ord_id == NEW_ID and len(core.texts.texts) == core.texts.capacity
        if c.cl_ord_id == NEW_ID:
            c = c._replace(cl_ord_id=0)
        known_ids = OWN_ID_MAX + len(core.texts.texts)
        mask = validate_order(ins, len(core.accounts), len(core.router.venues), known_ids, core.now, c)
        if bad_stamp is not None:
            mask = bit_of(bad_stamp[0])
        thought = load_order(c, 0, 0)
        if mask and not mask & ~CLOSING_BITS and closes_position(core, thought):
            mask = 0
        if mask or ins is None:
            return (0, [Finding(Reason.DUPLICATE_CLORDID, 1, 0, True, True)]) if duplicate else (mask, [])
        if no_room:
            return bit_of(Reason.IDS_FULL), []
        if named and not duplicate and len(core.ids.order_ids) == core.ids.capacity:
            return bit_of(Reason.TABLE_FULL), []
        bad_join = find_bad_join(core.groups, thought) if c.list_id and not duplicate else None
        if bad_join:
            return 0, [Finding(*bad_join, True, True)]
        q = ask_order(core, ins, thought, c.order_qty, c.price, c.stop_px, c.order_qty, False)
        q.duplicate, q.open_orders = duplicate, core.orders.open_count
        found, observed = evaluate_risk(q), observe_question(core, ins, q)
        if is_exempt_refusal(found + observed) and reduces(core, thought, q.leaves_qty):
            q.reduces = True
            found, observed = evaluate_risk(q), observe_question(core, ins, q)
        kept = weigh_unbooked(core, q)
        told = found + [f for f in observed if f.armed] + ([] if kept is None else [kept])
        return 0, told + evaluate_user_rules(core, ins, q, c.strategy)
    finally:
        core.now = clock
