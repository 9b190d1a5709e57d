"""Orders of one owner never meet at an external venue, over random lives whose answers come late, are lost or cross, in
both backends."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random

import pytest
from conftest import build_core, limits, seeds, small_capacity

import tradecore as tc

S, R = tc.OrdStatus, tc.Reason
SECOND = 1_000_000_000
ACCOUNTS = ("alpha", "beta", "gamma")
MODES = ("BLOCK", "CANCEL_NEWEST", "HOLD", "HOLD")
PRICES = range(98, 103)
ENDED = (S.CANCELED, S.REJECTED, S.EXPIRED)
ASK_FOR_TRADES = (tc.MsgType.NEW_ORDER_SINGLE, tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST)
LIVES, STEPS = 100, 100


def crosses(buys: bool, price: int, other: int) -> bool:
    """Does a limit of one side meet one of the other?"""
    return price >= other if buys else price <= other


@dataclass
class Mine:
    """What the answers that have come say of one order: until they say otherwise it may be at its venue as it was sent,
    and as each replace asks."""

    order: object
    account: str
    owner: str
    buys: bool
    qty: int
    price: int
    cum: int = 0
    handed: bool = False
    held: bool = False
    gone: bool = False
    asked: dict[str, tuple[int, int]] = field(default_factory=dict)  # open replaces: quantity and price, by ClOrdID
    cancels: set[str] = field(default_factory=set)  # those that are open

    def may_trade(self) -> bool:
        return not self.gone and not self.held and self.cum < max(self.qty, *(qty for qty, _ in self.asked.values()), 0)

    def worst(self) -> int:
        return (max if self.buys else min)(self.price, *(price for _, price in self.asked.values()), self.price)


@dataclass
class Resting:
    """An order as its venue has it."""

    mine: Mine
    qty: int
    price: int
    cum: int = 0
    over: bool = False

    def rests(self) -> bool:
        return not self.over and self.cum < self.qty


class Outside:
    """The venue: it takes messages in turn, and its answers wait until they are let through. Some are lost for long."""

    def __init__(self, random: Random) -> None:
        self.random, self.fair = random, False  # fair: nothing is lost and every cancel is obeyed
        self.inbox: deque = deque()
        self.answers: deque = deque()
        self.lost: list = []
        self.orders: dict[int, Resting] = {}
        self.exec_ids = 0

    def happens(self, chance: float) -> bool:
        return not self.fair and self.random.random() < chance

    def answer(self, word: str, order_id: int, **facts) -> None:
        (self.lost if self.happens(0.15) else self.answers).append((word, order_id, facts))

    def take(self) -> None:
        if not self.inbox:
            return
        mine, m = self.inbox.popleft()
        kind, known, ids = m.msg_type, self.orders.get(m.order_id), {"cl_ord_id": m.cl_ord_id}
        if kind is tc.MsgType.ORDER_STATUS_REQUEST:
            return  # what it would say is late or lost as all else
        if kind is tc.MsgType.NEW_ORDER_SINGLE:
            if self.happens(0.06):
                self.answer("REJECTED", m.order_id, **ids)
                return
            self.orders[m.order_id] = Resting(mine, int(m.order_qty), int(m.price))
            self.answer("NEW", m.order_id, **ids)
        elif known is None or not known.rests() or self.happens(0.3):
            self.answer("CANCEL_REJECT", m.order_id, **ids)
        elif kind is tc.MsgType.ORDER_CANCEL_REQUEST:
            known.over = True
            self.answer("CANCELED", m.order_id, **ids)
        elif int(m.order_qty) <= known.cum:
            self.answer("CANCEL_REJECT", m.order_id, **ids)
        else:
            known.qty, known.price = int(m.order_qty), int(m.price)
            self.answer("REPLACED", m.order_id, **ids)
        self.demand_no_self_match()

    def demand_no_self_match(self) -> None:
        resting = [each for each in self.orders.values() if each.rests()]
        for a in resting:
            for b in resting:
                if a.mine.buys and not b.mine.buys and a.mine.owner == b.mine.owner:
                    assert not crosses(True, a.price, b.price), f"{a} trades with {b}"

    def market(self) -> None:
        """Others trade with what rests, or the venue ends it."""
        resting = [number for number, each in self.orders.items() if each.rests()]
        if not resting:
            return
        number = self.random.choice(resting)
        known = self.orders[number]
        if self.happens(0.1):
            known.over = True
            self.answer("CANCELED", number)
            return
        qty = self.random.choice([known.qty - known.cum, self.random.randint(1, known.qty - known.cum)])
        known.cum, self.exec_ids = known.cum + qty, self.exec_ids + 1
        self.answer("TRADE", number, exec_id=f"x{self.exec_ids}", last_qty=qty, last_px=f"{known.price}.00")


class Lives:
    """Lives of a core, one behind the other, and what may be at its venue."""

    def __init__(self, backend: str, seed: int) -> None:
        self.random = Random(seed)
        self.core = build_core(backend, accounts=list(ACCOUNTS), limits={name: limits() for name in ACCOUNTS},
                               venues=[tc.SimulatedVenue("V"), tc.ExternalVenue("EXT", request_timeout=SECOND)],
                               capacity=small_capacity(open_orders=64, order_history=256))
        self.venue = Outside(self.random)
        self.mine: dict[int, Mine] = {}
        self.kept: set[int] = set()  # whose cancel the venue has refused in this step
        self.met: Counter[str] = Counter()
        self.booked: Counter[str] = Counter()
        self.modes: dict[str, str] = {}
        self.owners: dict[str, str] = {}

    def live(self, at: int) -> None:
        shared = self.random.random() < 0.6
        for account in ACCOUNTS:
            together = shared and account != "gamma"
            self.owners[account], self.modes[account] = "both" if together else account, self.random.choice(MODES)
            self.core.risk.prevent_self_match("OFF", account=account, outside=self.modes[account],
                                              self_match_id=f"desk-{at}" if together else "")
        self.mine, self.venue.orders, self.venue.fair = {}, {}, False
        steps = (self.submit, self.submit, self.hand_out, self.hand_out, self.venue.take, self.venue.take, self.deliver,
                 self.deliver, self.venue.market, self.replace, self.cancel, self.wait, self.find_lost)
        for _ in range(STEPS):
            self.kept.clear()
            self.random.choice(steps)()
            self.look()
        self.end()

    # ---- what is known

    def meets(self, mine: Mine, price: int) -> list[Mine]:
        """The orders of an order's owner that it could trade with at this price, as far as the answers tell."""
        return [other for other in self.mine.values() if other is not mine and other.owner == mine.owner
                and other.buys != mine.buys and other.may_trade() and crosses(mine.buys, price, other.worst())]

    def is_awaited(self, mine: Mine, price: int) -> bool:
        """Would one that is held have to wait for an order at this price, too?"""
        return any(other.held and other.owner == mine.owner and other.buys != mine.buys and crosses(mine.buys, price, other.price)
                   for other in self.mine.values())

    def refresh(self) -> None:
        """What the core itself ends, or holds, before anything was handed out."""
        for mine in self.mine.values():
            if mine.gone or mine.handed:
                continue
            status, was_held = mine.order.ord_status, mine.held
            mine.gone, mine.held = status in ENDED, status is S.SUSPENDED
            self.met["freed"] += was_held and not mine.held and not mine.gone
            if was_held and mine.gone and mine.order.reason is R.SELF_MATCH:
                awaited = self.is_awaited(mine, mine.price)  # it went, and was taken back for one that is held
                assert self.kept or awaited, f"{mine} ended though its venue has kept none"
                self.met["kept"] += not awaited

    def look(self) -> None:
        """What is held waits for one of its owner's, whole; nothing else is held."""
        self.refresh()
        for mine in self.mine.values():
            if mine.held:
                others = self.meets(mine, mine.price)
                assert others, f"{mine} waits for nothing"
                assert (int(mine.order.leaves_qty), int(mine.order.cum_qty)) == (mine.qty, 0)
                self.met["held for an unknown one"] += any(bool(other.order.unknown) for other in others)

    # ---- steps

    def submit(self) -> None:
        account, buys = self.random.choice(ACCOUNTS), self.random.random() < 0.5
        mine = Mine(None, account, self.owners[account], buys, self.random.randint(1, 9), self.random.choice(PRICES))
        met, mode = bool(self.meets(mine, mine.price)), self.modes[account]
        awaited = self.is_awaited(mine, mine.price)
        order = self.core.submit("AAPL", "BUY" if buys else "SELL", mine.qty, f"{mine.price}.00", account=account, venue="EXT")
        mine.order = order
        self.mine[order.order_id] = mine
        self.refresh()
        wanted = (S.PENDING_NEW, R.NONE)
        if met and mode == "BLOCK":
            wanted = (S.REJECTED, R.SELF_MATCH)
        elif met and mode == "CANCEL_NEWEST":
            wanted = (S.CANCELED, R.SELF_MATCH)
        elif met and self.meets(mine, mine.price):  # none of them is left where all were still here
            wanted = (S.SUSPENDED, R.NONE)  # whatever their venue has kept before
        elif awaited:  # one that is held would wait for it, and it is still here
            wanted = (S.CANCELED, R.SELF_MATCH)
        assert (order.ord_status, order.reason) == wanted, mine
        assert (int(order.order_qty), int(order.cum_qty)) == (mine.qty, 0)
        self.met[mode] += met

    def hand_out(self) -> list[tuple[int, str]]:
        said = []
        for m in self.core.outbound():
            mine = self.mine[m.order_id]
            if m.msg_type in ASK_FOR_TRADES:
                assert not (found := self.meets(mine, int(m.price))), f"{mine} leaves while {found[0]} may rest"
            mine.handed = True
            if m.msg_type is tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST:
                mine.asked[m.cl_ord_id] = int(m.order_qty), int(m.price)
            elif m.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST:
                mine.cancels.add(m.cl_ord_id)
            elif m.msg_type is tc.MsgType.NEW_ORDER_SINGLE:
                assert int(m.order_qty) == mine.qty
            said.append((m.order_id, m.msg_type.name))
            self.venue.inbox.append((mine, m))
        return said

    def replace(self) -> None:
        """To a quantity up to twice what it was."""
        self.hand_out()
        found = [mine for mine in self.mine.values() if mine.handed and mine.may_trade() and not mine.asked and not mine.cancels
                 and mine.order.ord_status in (S.NEW, S.PARTIALLY_FILLED) and not mine.order.unknown]
        if not found:
            return
        mine = self.random.choice(found)
        qty, price = self.random.randint(mine.cum + 1, 2 * mine.qty), self.random.choice(PRICES)
        if (qty, price) == (mine.qty, mine.price):
            return
        met, awaited = bool(self.meets(mine, price)), self.is_awaited(mine, price)
        self.core.replace(mine.order, qty=qty, price=f"{price}.00")
        sent = (mine.order.order_id, "ORDER_CANCEL_REPLACE_REQUEST") in self.hand_out()
        assert sent != met or awaited, mine
        self.met["replace refused" if met else "replace sent"] += 1

    def cancel(self) -> None:
        found = [mine for mine in self.mine.values() if mine.order.ord_status in (S.NEW, S.SUSPENDED, S.PENDING_NEW)]
        if found:
            self.core.cancel(self.random.choice(found).order)

    def wait(self) -> None:
        """So long that requests time out, at times."""
        self.core._gate.clock.now += self.random.choice([SECOND // 10, SECOND + 1])
        self.core.quote("V", "AAPL", bid="90.00", bid_size=1, ask="110.00", ask_size=1)

    def find_lost(self) -> None:
        """The venue says again, late and out of turn, what was lost."""
        if self.venue.lost and self.random.random() < 0.3:
            self.venue.answers.appendleft(self.venue.lost.pop(self.random.randrange(len(self.venue.lost))))
            self.deliver()

    def deliver(self) -> None:
        if not self.venue.answers:
            return
        word, number, facts = self.venue.answers.popleft()
        mine, cl_ord_id = self.mine[number], facts.pop("cl_ord_id", None)
        if word == "CANCEL_REJECT":
            self.core.execution.on_cancel_reject("EXT", cl_ord_id=cl_ord_id)
            if mine.asked.pop(cl_ord_id, None) is None:
                mine.cancels.discard(cl_ord_id)
                self.kept.add(number)
                self.met["crossed"] += mine.cum == mine.qty
            return
        if word == "REPLACED":
            mine.qty, mine.price = mine.asked.pop(cl_ord_id)
        elif word == "TRADE":
            mine.cum += facts["last_qty"]
            self.booked[mine.account] += facts["last_qty"] if mine.buys else -facts["last_qty"]
        mine.gone = mine.gone or word in ("CANCELED", "REJECTED")
        self.core.execution.on_execution_report("EXT", word, order_id=number, **facts)

    def end(self) -> None:
        """All is said, and what works is canceled: nothing is left, and what the venue traded is booked."""
        self.venue.fair = True
        for _ in range(3):
            self.core.mass_cancel()
            self.hand_out()
            while self.venue.inbox:
                self.venue.take()
            self.venue.answers.extend(self.venue.lost)
            self.venue.lost.clear()
            while self.venue.answers:
                self.kept.clear()
                self.deliver()
                self.look()
        assert not (left := self.core.orders.open_orders()), left
        for account in ACCOUNTS:
            row = self.core.positions.position("AAPL", account).row
            assert (row.qty, row.working_buy, row.working_sell) == (self.booked[account], 0, 0), account


HAPPENED = {*MODES, "freed", "kept", "crossed", "held for an unknown one", "replace refused", "replace sent"}


@pytest.mark.parametrize("seed", seeds([1], range(10, 28)), indirect=True)
def test_random_lives_before_an_external_venue(backend, seed):
    """A tenth of the lives; the others are long."""
    lives = Lives(backend, seed)
    for at in range(LIVES):
        lives.live(at)
    assert not (missing := {name for name in HAPPENED if not lives.met[name]}), (missing, lives.met)


def test_an_order_that_was_filled_while_a_raise_is_on_its_way_may_still_rest(backend):
    """FIX 4.4 Appendix D, J.1.a: its venue may yet make more of it, and that rests."""
    core = build_core(backend, venues=[tc.ExternalVenue("EXT")])
    core.risk.prevent_self_match("OFF", account="alpha", outside="BLOCK")
    ours = core.submit("AAPL", "SELL", 5, "100.00", venue="EXT", cl_ord_id="s")
    assert len(list(core.outbound())) == 1
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="s")
    core.replace(ours, qty=10)
    assert len(list(core.outbound())) == 1
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="s", exec_id="x", last_qty=5, last_px="100.00")
    order = core.submit("AAPL", "BUY", 5, "100.00", venue="EXT")
    core.execution.on_execution_report("EXT", "REPLACED", order_id=ours.order_id)
    assert ours.leaves_qty == 5
    assert order.reason is R.SELF_MATCH


def held_for_one_that_rests(backend):
    """Our offer stands at its venue, and two bids are held for it."""
    core = build_core(backend, venues=[tc.ExternalVenue("EXT")])
    core.risk.prevent_self_match("OFF", account="alpha", outside="HOLD")
    core.submit("AAPL", "SELL", 5, "100.00", venue="EXT", cl_ord_id="s")
    assert len(list(core.outbound())) == 1
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="s")
    return core, [core.submit("AAPL", "BUY", 5, "100.00", venue="EXT") for _ in range(2)]


def refuse_cancel(core):
    (message,) = core.outbound()
    assert message.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST
    core.execution.on_cancel_reject("EXT", cl_ord_id=message.cl_ord_id)


def test_a_refusal_is_the_last_word_for_what_is_held_then_and_not_for_what_comes_later(backend):
    core, held = held_for_one_that_rests(backend)
    core.cancel(held[0])
    core.cancel(held[1])
    refuse_cancel(core)
    later = core.submit("AAPL", "BUY", 5, "100.00", venue="EXT")
    assert (later.ord_status, later.reason) == (S.SUSPENDED, R.NONE)
    refuse_cancel(core)  # it was asked for again
    assert (later.ord_status, later.reason) == (S.CANCELED, R.SELF_MATCH)


def test_a_refusal_ends_all_that_is_held_for_it(backend):
    core, held = held_for_one_that_rests(backend)
    refuse_cancel(core)
    assert [(order.ord_status, order.reason) for order in held] == [(S.CANCELED, R.SELF_MATCH)] * 2
    assert core.outbound_pending == 0


def test_a_part_that_was_asked_back_for_one_that_was_held_is_asked_back_again(backend):
    core = build_core(backend, venues=[tc.ExternalVenue("EXT"), tc.ExternalVenue("E2"), tc.SimulatedVenue("V")])
    core.risk.prevent_self_match("OFF", account="alpha", outside="HOLD")
    for venue, size in (("EXT", 300), ("E2", 400)):
        core.quote(venue, "AAPL", bid="99.98", bid_size=100, ask="100.00", ask_size=size)
    whole = core.submit("AAPL", "BUY", 700, "100.00")
    parts = {message.venue: message for message in core.outbound()}
    for venue, message in parts.items():
        core.execution.on_execution_report(venue, "NEW", cl_ord_id=message.cl_ord_id)
    held = core.submit("AAPL", "SELL", 5, "100.00", venue="EXT")
    assert held.ord_status is S.SUSPENDED
    core.cancel(held)
    refuse_cancel(core)
    core.cancel(whole)
    assert {message.venue for message in core.outbound()} == {"EXT", "E2"}
