"""What reduces, told apart from the core: for the random life's check that no order that reduces is refused for what it
is exempt from. Limits are set that only exits pass now and then."""

from __future__ import annotations

from collections import defaultdict

from lifecycle import SECOND, is_execution, record

from tradecore.vocabulary.codes import CommandType as C
from tradecore.vocabulary.codes import Place, Reason, Rule
from tradecore.vocabulary.fix import ContingencyType, ExecType, OrdType, Side

EXITS_ALONE = (
    record(C.SET_LIMIT, account=2, rule=Rule.MAX_POSITION_QTY, value=20 * 10**9),
    record(C.SET_LIMIT, account=2, rule=Rule.ORDER_RATE, value=2, window_ns=SECOND // 2),
)
EXEMPT = {Reason.MAX_POSITION_QTY, Reason.REFERENCE_PRICE_UNAVAILABLE}
WORKS = {Place.RESTING, Place.AT_VENUE, Place.AWAITS_SESSION, Place.AWAITS_VENUE}


class Exits:
    """What works and what is held, as it was before a command."""

    def __init__(self, core) -> None:
        self.core = core
        self.left = 0  # what an order of the command may be, to reduce
        self.seen = 0  # exits that were looked at

    def look(self, c) -> None:
        """How much a new order may have, at least: what the position is, less all that works on its side; of an OCO list
        its largest."""
        self.left = 0
        if c.kind != C.NEW_ORDER or not (1 <= c.instrument <= 2 and 1 <= c.account <= 2) or c.list_id:
            return
        position = self.core.position(c.instrument, c.account).qty
        self.left = -position if c.side == Side.BUY else position
        lists: dict[int, int] = defaultdict(int)
        for handle in self.core.open_orders(c.instrument, c.account):
            o = handle.row()
            if (o.side == Side.BUY) == (c.side == Side.BUY) and o.place in WORKS:
                if o.list_id and o.contingency_type == ContingencyType.OCO:
                    lists[o.list_id] += o.order_qty  # each of them: no more than that can count
                else:
                    self.left -= max(0, o.order_qty - o.cum_qty) if not o.unknown else 10**9
        self.left -= sum(lists.values())

    def check(self, c, reports: list) -> None:
        if not 0 < c_qty(c) <= self.left:
            return
        self.seen += 1
        for r in reports[:1]:
            if is_execution(r) and r.exec_type == ExecType.REJECTED:
                exempt = r.reason in EXEMPT - ({Reason.REFERENCE_PRICE_UNAVAILABLE} if c.ord_type == OrdType.MARKET
                                               or c.ord_type == OrdType.TRAILING_STOP else set())
                assert not exempt, (c, Reason(r.reason), "it reduces, and is exempt from this")


def c_qty(c) -> int:
    return c.order_qty if c.kind == C.NEW_ORDER else 0
