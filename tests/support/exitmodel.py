"""What reduces, told apart from the core: for the random life's check that no order that reduces is refused for what it
is exempt from. Limits are set that only exits pass now and then."""

from __future__ import annotations

from collections import defaultdict

from lifecycle import SECOND, is_execution, record

from tradecore.vocabulary.codes import CommandType as C
from tradecore.vocabulary.codes import Place, Reason, Rule, Scope
from tradecore.vocabulary.fix import ContingencyType, ExecType, OrdType, Side

LIMITED, RATE, WINDOW = 2, 2, SECOND // 2  # the account that has limits, and its ORDER_RATE
OPEN_MAX, EXIT_MAX = 8, 5  # orders, and exits beyond them
EXITS_ALONE = (
    record(C.SET_LIMIT, limit_scope=Scope.ACCOUNT, account=LIMITED, rule=Rule.MAX_POSITION_QTY, value=20 * 10**9),
    record(C.SET_LIMIT, limit_scope=Scope.ACCOUNT, account=LIMITED, rule=Rule.ORDER_RATE, value=RATE, window_ns=WINDOW),
)
UNCOUNTED = {Reason.MAX_POSITION_QTY, Reason.MAX_OPEN_ORDERS, Reason.ORDER_RATE}  # it is refused before it counts for a rate
WORKS = {Place.RESTING, Place.AT_VENUE, Place.AWAITS_SESSION, Place.AWAITS_VENUE}


class Exits:
    """What works and what is held, as it was before a command."""

    def __init__(self, core) -> None:
        self.core = core
        self.left = 0  # what an order of the command may be, to reduce
        self.open = 0  # orders, before the command
        self.times: list[int] = []  # of the limited account's orders and replaces, one for each that may have counted
        self.seen = 0  # exits that were looked at

    def look(self, c, known: dict) -> None:
        """How much a new order may have, at least: what the position is, less all that works on its side; of an OCO list
        its largest. `known`: the model's orders, which say what is held."""
        self.left, self.open = 0, self.core.metrics()["open_orders"]
        if c.kind != C.NEW_ORDER or not (1 <= c.instrument <= 2 and 1 <= c.account <= 2) or c.list_id:
            return
        position = self.core.position(c.instrument, c.account).qty
        self.left = -position if c.side == Side.BUY else position
        lists: dict[int, int] = defaultdict(int)
        for handle in self.core.open_orders(c.instrument, c.account):
            o = handle.row()
            if (o.side == Side.BUY) == (c.side == Side.BUY) and o.place in WORKS:
                if o.list_id and o.contingency_type == ContingencyType.OCO:
                    lists[o.list_id] += max(o.order_qty, known[o.order_id].held())  # each of them: no more than that can count
                else:
                    self.left -= known[o.order_id].held() if not o.unknown else 10**9
        self.left -= sum(lists.values())

    def check(self, c, ack, reports: list, now: int) -> None:
        """Of a command that was done at `now`."""
        if 0 < c_qty(c) <= self.left:
            self.seen += 1
            refused = any(is_execution(r) and r.exec_type == ExecType.REJECTED and r.order_id == ack.order_id for r in reports)
            assert not (refused and self.is_exempt(c, ack.reason, now)), (
                c, Reason(ack.reason), "it reduces, and is exempt from this")
        if c.kind in (C.NEW_ORDER, C.REPLACE) and ack.reason not in UNCOUNTED and any(r.account == LIMITED for r in reports):
            self.times.append(now)

    def is_exempt(self, c, reason: int, now: int) -> bool:
        """Must this not refuse an order that reduces? Rates hold at twice their limit, open orders with the places of
        exits, and what has no limit price needs a reference."""
        if reason == Reason.ORDER_RATE:
            return sum(time > now - WINDOW for time in self.times) < 2 * RATE
        if reason == Reason.MAX_OPEN_ORDERS:
            return self.open < OPEN_MAX + EXIT_MAX
        if reason == Reason.REFERENCE_PRICE_UNAVAILABLE:
            return c.ord_type not in (OrdType.MARKET, OrdType.TRAILING_STOP)
        return reason == Reason.MAX_POSITION_QTY


def c_qty(c) -> int:
    return c.order_qty if c.kind == C.NEW_ORDER else 0
