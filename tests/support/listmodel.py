"""What the random life knows of OCO lists: which orders share one, and what a member's trade must do to the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.fix import ContingencyType
from tradecore.vocabulary.rows import StaleOrderError

if TYPE_CHECKING:
    from lifemodel import Known

OCO, OTO = ContingencyType.OCO, ContingencyType.OTO


@dataclass(eq=False)
class ContingentList:
    account: int
    has_parent: bool
    members: list[Known] = field(default_factory=list)
    has_traded: bool = False

    def oco(self) -> list[Known]:
        return [o for o in self.members if o.command.contingency_type == OCO]


def wanted(o: Known) -> int:
    """Its quantity, once its venue has done what it was asked last."""
    return next((a.order_qty for a in reversed(o.asked) if a.is_replace), o.order_qty)


class ListModel:
    """All lists that have an open order, and the names under which orders join."""

    def __init__(self) -> None:
        self.named: dict[int, ContingentList] = {}
        self.lists: list[ContingentList] = []
        self.before: dict[int, tuple[int, int, int]] = {}  # by order: cum_qty, wanted, leaves

    def look(self) -> None:
        """Before a command."""
        self.before = {o.order_id: (o.cum_qty, wanted(o), o.leaves()) for one in self.lists for o in one.oco()}

    def check(self, c, o: Known | None, core, renewed: set[int]) -> None:
        """After a command; `o` is the order that it has entered, if it has; `renewed` what the last new day left open."""
        if o is not None and c.list_id:
            self.enter(c, o)
        for one in self.lists:
            self.check_trades(c, one)
        self.close(core, renewed if c.kind == CommandType.ROLL_DAY else None)

    def enter(self, c, o: Known) -> None:
        found = self.named.get(c.list_id)
        if not o.admitted:
            late = o.refused in (Reason.OTHER_FILLED, Reason.PARENT_ENDED)
            assert not late or found is not None, "no list refused it"
            return
        if found is None:
            found = self.named[c.list_id] = ContingentList(c.account, c.contingency_type == OTO)
            self.lists.append(found)
        assert c.account == found.account, "a list is of one account"
        if c.contingency_type == OCO and found.has_traded:
            room = max(self.before[m.order_id][2] for m in found.oco())
            assert c.order_qty <= room, "it takes more than the others' trades have left"
        found.members.append(o)

    def check_trades(self, c, one: ContingentList) -> None:
        traded = {m.order_id: m.cum_qty - self.before.get(m.order_id, (0,))[0] for m in one.oco()}
        one.has_traded |= any(qty > 0 for qty in traded.values())
        filled = [m for m in one.oco() if m.cum_qty >= m.order_qty]
        for m in one.oco():
            asked_back = any(not a.is_replace for a in m.asked)
            if not m.lives or asked_back:
                continue
            assert not filled or m.was_cancel_asked, (filled, m, "one has filled whole, and the other works on")
            others = sum(qty for order_id, qty in traded.items() if order_id != m.order_id and qty > 0)
            if others and self.before.get(m.order_id, (0, 0, 0))[2]:
                most = self.before[m.order_id][1] - others
                assert wanted(m) <= most, (m, others, "the others' trades were not taken from it")

    def close(self, core, renewed: set[int] | None) -> None:
        for list_id, one in list(self.named.items()):
            if any(m.is_open for m in one.members):
                continue
            sticks = one.has_parent or one.has_traded
            if renewed is not None:
                sticks = sticks and any(m.order_id in renewed for m in one.members)
            if not sticks or not any(is_held(core, m) for m in one.members):
                del self.named[list_id]
        named = set(map(id, self.named.values()))
        self.lists = [one for one in self.lists if id(one) in named or any(is_held(core, m) for m in one.members)]


def is_held(core, o: Known) -> bool:
    try:
        core.order(o.order_id)
    except (StaleOrderError, LookupError):
        return False
    return True
