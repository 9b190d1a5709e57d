"""Random lives of orders, checked at every step against a second model, and in both backends, equal.

The sequences are seeded: clients' commands, quotes, sessions and time, and a venue that answers late, twice, out of
order, with nonsense, or never. At most 50 orders work at a time, so that all of them are looked at after each command.
"""

from __future__ import annotations

from functools import cache
from random import Random
from zlib import crc32

import pytest
from conftest import FRESH, seeds
from exitmodel import EXIT_MAX, EXITS_ALONE, OPEN_MAX, Exits
from lifecycle import EXT, REQUEST_TIMEOUT, SECOND, SIM, T0, Driver, build, id_of, record
from lifemodel import WORKING_MAX, Known, Model
from triggermodel import Prices

from tradecore._backend import room_module
from tradecore.vocabulary.codes import CommandType, DayEnd, MsgType, Reason, ReportType, Scope
from tradecore.vocabulary.fix import (
    ContingencyType,
    CxlRejReason,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
    TradSesStatus,
    TriggerPriceType,
)
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rows import StaleOrderError

BACKENDS = ("native", "python")
STEPS, LONG_STEPS = 2_500, 100_000
SEEDS = seeds(range(8), long=range(8, 40))  # with the long ones, 100,000 steps and a fresh life in each backend
TRADES = 128  # the log: small, so that trades become final within an episode
C, E, S, T = CommandType, ExecType, OrdStatus, TimeInForce
STATES = [E.NEW, E.PENDING_CANCEL, E.PENDING_REPLACE, E.REPLACED, E.CANCELED, E.EXPIRED, E.REJECTED, E.DONE_FOR_DAY, E.STOPPED,
          E.SUSPENDED, E.CALCULATED, E.RESTATED, E.ORDER_STATUS, E.PENDING_NEW, E.TRIGGERED]


class Script:
    """What happens next: a seeded choice that knows the orders, so that most of it makes sense."""

    def __init__(self, seed: int, model: Model) -> None:
        self.random, self.model = Random(seed), model
        self.count = 0
        self.most = self.random.choice([6, 12, 25, WORKING_MAX - 8])  # enters no more; busts bring some back
        self.closed = self.killed = False
        self.said: list[bytes] = []  # by the venue, to be delivered again
        self.exec_ids: list[bytes] = []
        self.kinds = {
            self.enter: 22, self.cancel: 6, self.replace: 9, self.mass_cancel: 1, self.ask_status: 2, self.trade: 22,
            self.state: 14, self.answer: 14, self.correct: 6, self.redeliver: 3, self.quote: 10, self.wait: 5,
            self.late: 4, self.chain: 3,
            self.session: 1, self.venue_session: 1, self.roll: 1, self.kill: 1, self.enter_again: 1, self.trade_print: 6,
        }
        self.choices, self.weights = list(self.kinds), list(self.kinds.values())

    def next(self) -> tuple[bytes, int]:
        """A command, and the seconds that pass before it."""
        while True:
            (kind,) = self.random.choices(self.choices, self.weights)
            command = self.mend() if self.random.random() < 0.08 else kind()
            if command is not None:
                waits = self.random.choices([0, SECOND // 7, 2 * SECOND], [80, 18, 2])[0]
                return command, waits

    def mend(self) -> bytes | None:
        """What is shut opens again soon, so that most of an episode trades."""
        if self.closed:
            self.closed = False
            return record(C.SESSION, trad_ses_status=TradSesStatus.OPEN)
        if not self.model.connected:
            return record(C.VENUE_SESSION, venue=EXT, connected=1)
        if self.killed:
            self.killed = False
            return record(C.KILL_SWITCH, scope=Scope.ACCOUNT, target=2, who=1, why=1)
        return None

    # ---- choosing

    def new_id(self) -> bytes:
        self.count += 1
        return b"" if self.random.random() < 0.1 else b"c%d" % self.count

    def pick(self, venue: int | None = None) -> Known | None:
        """Mostly an open order, sometimes any that there was."""
        pool = list(self.model.open.values())
        if self.random.random() < 0.1 or not pool:
            pool = list(self.model.orders.values())
        if venue is not None:
            pool = [o for o in pool if o.venue == venue] or pool
        return self.random.choice(pool) if pool else None

    def target(self, o: Known | None) -> dict:
        """How a client names an order: by an id in its chain, or by order_id."""
        if o is None or self.random.random() < 0.03:
            return {"orig_cl_ord_id": b"nosuch"}
        if not o.cl_ord_id or self.random.random() < 0.2:
            return {"order_id": o.order_id}
        return {"orig_cl_ord_id": self.random.choice([o.cl_ord_id, o.last_asked_id()])}

    def naming(self, o: Known | None, cl_ord_id: bytes | None = None) -> dict:
        """How the venue names it."""
        if o is None or self.random.random() < 0.03:
            return {"cl_ord_id": b"nosuch"}
        name = o.cl_ord_id if cl_ord_id is None else cl_ord_id
        return {"cl_ord_id": name} if name else {"order_id": o.order_id}

    # ---- clients

    def enter(self) -> bytes | None:
        if len(self.model.open) >= self.most:
            return None
        chance, random = self.random.random, self.random
        venue = random.choices([EXT, SIM, 0], [60, 35, 5])[0]
        ord_type = random.choices(list(OrdType), [5, 70, 6, 6, 3, 4, 6])[0]
        tif = random.choices([T.DAY, T.GTC, T.IOC, T.FOK, T.GTD, T.OPG, T.AT_THE_CLOSE], [60, 20, 6, 4, 6, 1, 3])[0]
        fields = {
            "cl_ord_id": self.new_id(), "instrument": random.choice([1, 1, 2]), "account": random.choice([1, 1, 2]),
            "venue": venue, "side": random.choice(list(Side)), "ord_type": ord_type, "time_in_force": tif,
            "order_qty": random.choice([1, 5, 10, 17, 100]), "strategy": random.choice([0, 0, 7]),
        }
        if ord_type in (OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED):
            fields["price"] = random.randint(95, 105)
        if ord_type == OrdType.TRAILING_STOP:
            fields |= {"peg_offset": random.randint(1, 5)}
        elif ord_type not in (OrdType.MARKET, OrdType.LIMIT):
            fields["stop_px"] = random.randint(93, 107)
        if ord_type not in (OrdType.MARKET, OrdType.LIMIT):
            fields["trigger_price_type"] = random.choice(list(TriggerPriceType))
        if tif == T.GTD:
            fields["expire_time"] = self.model.now + random.choice([SECOND // 2, 5 * SECOND])
        if chance() < 0.3:
            fields |= {"list_id": 1 + self.count // 8 % 12,  # used again and again, by both accounts
                       "contingency_type": random.choice(list(ContingencyType)[1:])}
        if chance() < 0.03 and ord_type == OrdType.LIMIT:
            fields["exec_inst"] = ExecInst.POST_ONLY
        position = self.model.books.chain(fields["instrument"], fields["account"]).now.qty
        if chance() < 0.1 and position:
            fields |= {"exec_inst": ExecInst.REDUCE_ONLY, "side": Side.SELL if position > 0 else Side.BUY,
                       "order_qty": min(abs(position), fields["order_qty"]) + (chance() < 0.1)}
        if chance() < 0.05 and fields["order_qty"] > 5:
            fields["display_qty"] = 5
        if chance() < 0.02:
            fields |= random.choice([{"order_qty": 0}, {"account": 9}, {"price": -1}, {"instrument": 3}])
        return record(C.NEW_ORDER, **fields)

    def enter_again(self) -> bytes | None:
        """An order under a used id: the same one, or another."""
        o = self.pick()
        if o is None or o.command is None or not o.command.cl_ord_id:
            return None
        fields = o.command._asdict()
        if self.random.random() < 0.5:
            fields["order_qty"] += 1
        return record(C.NEW_ORDER, **{k: v for k, v in fields.items() if k != "kind"})

    def cancel(self) -> bytes | None:
        return record(C.CANCEL, cl_ord_id=self.new_id(), **self.target(self.pick()))

    def replace(self) -> bytes | None:
        o, random = self.pick(), self.random
        fields = {"order_qty": random.choice([0, 1, 5, 10, 17, 25, 100, 120])}
        if random.random() < 0.3:
            fields["price"] = random.randint(95, 105)
        if random.random() < 0.1:
            fields["stop_px"] = random.randint(93, 107)
        return record(C.REPLACE, cl_ord_id=self.new_id(), **fields, **self.target(o))

    def mass_cancel(self) -> bytes | None:
        scope = self.random.choice(
            [{"account": 2}, {"instrument": 2}, {"side": 1}, {"strategy": 7}, {"venue": SIM}, {}]
        )
        return record(C.MASS_CANCEL, **scope) if scope or self.random.random() < 0.2 else None

    def ask_status(self) -> bytes | None:
        return record(C.STATUS_REQUEST, **self.target(self.pick()))

    def trade_print(self) -> bytes:
        random = self.random
        return record(C.TRADE_PRINT, instrument=random.choice([1, 1, 2]), venue=random.choice([0, SIM, SIM, EXT]),
                      side=random.choice([0, Side.BUY, Side.SELL]), print_px=random.randint(94, 106),
                      print_size=random.choice([1, 5, 10, 30]))

    def kill(self) -> bytes | None:
        self.killed = True
        return record(C.KILL_SWITCH, scope=Scope.ACCOUNT, target=2, engaged=1)

    # ---- the venue

    def say(self, kind: CommandType, **fields) -> bytes:
        command = record(kind, **{"venue": EXT, **fields})
        self.said.append(command)
        return command

    def trade(self) -> bytes | None:
        """A trade: mostly of an open order and within it; also too large, late, of nothing known, or of nothing."""
        o, random = self.pick(EXT), self.random
        self.count += 1
        fields = {"exec_id": b"t%d" % self.count, "instrument": 1, "side": 1, "last_px": random.randint(95, 105)}
        fields["last_qty"] = random.choice([1, 3, 5, 10])
        if o is not None:
            fields |= {"instrument": o.instrument, "side": 1 if o.buys else 2}
            left = o.order_qty - o.cum_qty
            if left > 0 and random.random() < 0.85:
                fields["last_qty"] = left if random.random() < 0.25 else random.randint(1, left)
        odd = random.random()
        if odd < 0.01:
            fields["last_qty"] = random.choice([0, -3])
        elif odd < 0.02:
            fields["last_px"] = random.choice([0, -100])
        elif odd < 0.03 and self.exec_ids:
            fields["exec_id"] = random.choice(self.exec_ids[-100:])
        elif odd < 0.04:
            fields["side"] = 3 - fields["side"]
        elif odd < 0.05:
            fields["exec_id"] = b""
        else:
            self.exec_ids.append(fields["exec_id"])
        if random.random() < 0.05:
            fields["cum_qty"] = (o.cum_qty if o else 0) + fields["last_qty"] + random.choice([0, 0, 5])
        return self.say(C.EXECUTION_REPORT, exec_type=E.TRADE, **fields, **self.naming(o))

    def state(self) -> bytes | None:
        """Any report about any order: many contradict the facts."""
        o, random = self.pick(EXT), self.random
        exec_type = random.choices(STATES, [30, 3, 3, 3, 4, 2, 2, 6, 3, 4, 2, 5, 6, 2, 2])[0]
        fields = {"exec_type": exec_type}
        if exec_type == E.RESTATED:
            fields |= {"order_qty": random.choice([0, 5, 17, 30]),
                       "reject_reason": random.choice(list(ExecRestatementReason))}
        elif exec_type == E.REJECTED:
            fields["reject_reason"] = random.choice(list(OrdRejReason))
        elif exec_type == E.ORDER_STATUS:
            fields["ord_status"] = random.choice([S.NEW, S.PARTIALLY_FILLED, S.PENDING_NEW, S.CANCELED, S.REJECTED])
            if o is not None and random.random() < 0.5:
                fields["order_qty"] = random.choice([o.order_qty, o.order_qty, 17])
        if random.random() < 0.1:
            fields["cum_qty"] = (o.cum_qty if o else 0) + random.choice([0, 0, 3])
        return self.say(C.EXECUTION_REPORT, **fields, **self.naming(o))

    def answer(self) -> bytes | None:
        """What the venue makes of a request, in any order of them."""
        asked = [(o, a) for o in self.model.open.values() for a in o.asked]
        waiting = [o for o in self.model.open.values() if o.awaited]
        if waiting and self.random.random() < 0.5:
            return self.say(C.EXECUTION_REPORT, exec_type=E.NEW, **self.naming(self.random.choice(waiting)))
        if not asked:
            return None
        o, a = self.random.choice(asked)
        if self.random.random() < 0.25:
            reason = self.random.choice(list(CxlRejReason))
            return self.say(C.CANCEL_REJECT, reject_reason=reason, **self.naming(o, a.cl_ord_id))
        ends = E.REPLACED if a.is_replace else E.CANCELED
        exec_type = self.random.choice([E.PENDING_REPLACE if a.is_replace else E.PENDING_CANCEL, ends])
        fields = {"exec_type": exec_type}
        if exec_type == E.REPLACED and self.random.random() < 0.1:
            fields["order_qty"] = self.random.choice([1, 20, 40])  # what the venue made of it
        return self.say(C.EXECUTION_REPORT, **fields, **self.naming(o, a.cl_ord_id))

    def late(self) -> bytes | None:
        """The answer to a replace that is past, in other terms or in none."""
        past = [(o, name) for o, name in self.model.past[-60:] if o in self.model.open]
        if not past:
            return None
        number, name = self.random.choice(past)
        qty = self.random.choice([0, self.model.open[number].order_qty, 9, 140])
        return self.say(C.EXECUTION_REPORT, exec_type=E.REPLACED, order_qty=qty, cl_ord_id=name)

    def chain(self) -> bytes | None:
        """A replace behind one that is not answered."""
        waiting = [o for o in self.model.open.values() if o.lives and o.asked and all(a.is_replace for a in o.asked)]
        if not waiting:
            return None
        o = self.random.choice(waiting)
        qty = self.random.choice([5, 10, 17, 25, 100, 120])
        return record(C.REPLACE, cl_ord_id=self.new_id(), order_qty=qty, order_id=o.order_id)

    def correct(self) -> bytes | None:
        if not self.exec_ids:
            return None
        random = self.random
        self.count += 1
        exec_id = b"t%d" % self.count
        fields = {"exec_id": exec_id, "exec_ref_id": random.choice(self.exec_ids[-60:])}
        if random.random() < 0.5:
            fields |= {"exec_type": E.TRADE_CANCEL}
        else:
            fields |= {
                "exec_type": E.TRADE_CORRECT,
                "last_qty": random.choice([1, 4, 9, 0]),
                "last_px": random.randint(95, 105),
            }
        if random.random() < 0.03:
            fields["exec_ref_id"] = b"nosuch"
        self.exec_ids.append(exec_id)
        return self.say(C.TRADE_CORRECTION, **fields)

    def redeliver(self) -> bytes | None:
        """Mostly something new; sometimes what the trade log has let go long ago."""
        said = self.said[-40:] if self.random.random() < 0.8 else self.said
        return self.random.choice(said) if said else None

    # ---- the market and the day

    def quote(self) -> bytes | None:
        bid, random = self.random.randint(94, 104), self.random
        return record(C.QUOTE, instrument=random.choice([1, 1, 2]), venue=SIM, bid_px=bid, bid_size=random.choice([0, 3, 20]),
                      ask_px=bid + random.randint(1, 4), ask_size=random.choice([0, 3, 20]))

    def wait(self) -> bytes | None:
        return record(C.CLOCK)

    def session(self) -> bytes | None:
        self.closed = True
        status = self.random.choices(list(TradSesStatus), [3, 1, 1, 1, 1])[0]
        closes = self.model.now + 3 * SECOND if self.random.random() < 0.1 else 0
        return record(C.SESSION, instrument=self.random.choice([0, 1, 2]), trad_ses_status=status, close_time=closes)

    def venue_session(self) -> bytes | None:
        return record(C.VENUE_SESSION, venue=EXT, connected=int(self.random.random() < 0.5))

    def roll(self) -> bytes | None:
        return record(C.ROLL_DAY) if self.random.random() < 0.2 else None


def day_end_of(seed: int) -> DayEnd:
    return DayEnd(seed % 3)


def play(core, seed: int, steps: int) -> list[int]:
    """One episode, checked at every step; a digest of what the core answered to each command."""
    driver, model, prices, exits = Driver(core), Model(TRADES, day_end_of(seed)), Prices(2), Exits(core)
    model.now = T0
    for limit in EXITS_ALONE:
        ack, _ = driver.apply(limit)
        assert ack.reason == 0
    script, journal = Script(seed, model), []
    for step in range(steps):
        command, waits = script.next()
        c = CODECS[command[0]].unpack(command)
        driver.now += waits
        try:
            foreseen = model.foresee_money(c, held(core, model, c))
            exits.look(c, model.orders)
            ack, reports = driver.apply(command)
            model.take(c, reports, driver.now, foreseen)
            model.check(core)
            exits.check(c, ack, reports, driver.now)
            prices.take(core, c, reports, driver.now)
            prices.check(core, driver.now)
        except Exception as error:
            error.add_note(f"seed {seed}, step {step}: {c}")
            raise
        journal.append(crc32(driver.trail.pop()))
    return [*journal, core.event_hash, core.state_hash()]


def held(core, model: Model, c) -> Known | None:
    """The order that a venue's report names, while the core holds it."""
    if c.kind != C.EXECUTION_REPORT:
        return None
    order_id = model.named(c)
    try:
        core.order(order_id)
    except (StaleOrderError, LookupError):
        return None
    return model.orders[order_id]


@cache
def episode(backend: str, seed: int, steps: int = STEPS) -> list[int]:
    core = build(room_module(backend, "pipeline").Core, instruments=2, trades=TRADES, order_history=48,
                 open_orders=OPEN_MAX, exit_orders=EXIT_MAX, day_end=day_end_of(seed))
    return play(core, seed, steps)


@pytest.mark.parametrize("seed", SEEDS, indirect=True)
@pytest.mark.parametrize("backend", list(BACKENDS))
def test_every_step_of_a_random_life_is_what_the_facts_say(backend, seed):
    assert len(episode(backend, seed)) == STEPS + 2


@pytest.mark.twin
@pytest.mark.parametrize("seed", SEEDS, indirect=True)
def test_both_backends_live_the_same_life(seed):
    native, python = (episode(backend, seed) for backend in BACKENDS)
    assert native == python


@pytest.mark.long
@pytest.mark.parametrize("seed", [FRESH], indirect=True)
def test_a_long_life_is_what_the_facts_say_and_the_same_in_both_backends(seed):
    native, python = (episode(backend, seed, LONG_STEPS) for backend in BACKENDS)
    assert native == python


# ---- a venue that never answers


@pytest.fixture(params=list(BACKENDS))
def silent(request):
    """A driver whose order X for 100 was sent to a venue that has said nothing since."""
    driver = Driver(build(room_module(request.param, "pipeline").Core))
    _, reports = driver.apply(X)
    assert [r.report_type for r in reports] == [ReportType.EXECUTION_REPORT, MsgType.NEW_ORDER_SINGLE]
    return driver


X = record(C.NEW_ORDER, cl_ord_id=b"X", instrument=1, account=1, venue=EXT, side=1, ord_type=2, order_qty=100, price=50)


def outcome(driver):
    row, position = driver.core.order(driver.core.find_order_id(id_of(b"X"))).row(), driver.core.position(1, 1)
    return row.ord_status, row.unknown, row.leaves_qty, position.qty, position.working_buy


def wait(driver, ns):
    driver.now += ns
    return driver.apply(record(C.CLOCK))[1]


def test_an_order_whose_venue_never_answers_is_unknown_and_held(silent):
    assert not wait(silent, REQUEST_TIMEOUT - 1)
    assert outcome(silent) == (S.PENDING_NEW, 0, 100, 0, 100)
    status, asked = wait(silent, 1)
    assert (status.exec_type, status.ord_status, status.unknown) == (E.ORDER_STATUS, S.PENDING_NEW, 1)
    assert (asked.report_type, asked.reason) == (MsgType.ORDER_STATUS_REQUEST, Reason.REQUEST_TIMEOUT)
    assert outcome(silent) == (S.PENDING_NEW, 1, 100, 0, 100)
    for _ in range(3):  # it is told once, and neither resent nor given up, however long it takes
        assert not wait(silent, 3600 * SECOND)
    assert outcome(silent) == (S.PENDING_NEW, 1, 100, 0, 100)


def test_the_same_cl_ord_id_again_creates_nothing_while_the_first_is_unknown(silent):
    wait(silent, REQUEST_TIMEOUT)
    before = silent.core.metrics()
    for _ in range(2):
        ack, (report,) = silent.apply(X)
        assert (report.report_type, report.exec_type, report.unknown) == (
            ReportType.EXECUTION_REPORT,
            E.ORDER_STATUS,
            1,
        )
        assert ack.order_id == report.order_id == silent.core.find_order_id(id_of(b"X"))
    assert outcome(silent) == (S.PENDING_NEW, 1, 100, 0, 100)
    counters = ("open_orders", "cl_ord_ids", "trades")
    assert [silent.core.metrics()[name] for name in counters] == [before[name] for name in counters]


@pytest.mark.parametrize(
    ("answer", "status", "leaves", "qty", "held"),
    [
        ({"exec_type": E.TRADE, "exec_id": b"1", "last_qty": 40, "last_px": 49}, S.PARTIALLY_FILLED, 60, 40, 60),
        ({"exec_type": E.TRADE, "exec_id": b"1", "last_qty": 100, "last_px": 49}, S.FILLED, 0, 100, 0),
        ({"exec_type": E.NEW}, S.NEW, 100, 0, 100),
        ({"exec_type": E.ORDER_STATUS, "ord_status": S.NEW}, S.NEW, 100, 0, 100),
        ({"exec_type": E.ORDER_STATUS, "ord_status": S.CANCELED}, S.CANCELED, 0, 0, 0),
        ({"exec_type": E.REJECTED, "reject_reason": 0}, S.REJECTED, 0, 0, 0),
    ],
    ids=["late fill", "late whole fill", "late acknowledgement", "status", "status that it ended", "operator ends it"],
)
def test_a_late_report_resolves_it(silent, answer, status, leaves, qty, held):
    wait(silent, REQUEST_TIMEOUT)
    silent.apply(record(C.EXECUTION_REPORT, venue=EXT, cl_ord_id=b"X", **answer))
    assert outcome(silent) == (status, 0, leaves, qty, held)
    assert not wait(silent, 10 * REQUEST_TIMEOUT), "what is resolved is not asked about again"


def test_a_status_that_says_nothing_new_resolves_nothing(silent):
    wait(silent, REQUEST_TIMEOUT)
    silent.apply(
        record(C.EXECUTION_REPORT, venue=EXT, cl_ord_id=b"X", exec_type=E.ORDER_STATUS, ord_status=S.PENDING_NEW)
    )
    assert outcome(silent) == (S.PENDING_NEW, 1, 100, 0, 100)
