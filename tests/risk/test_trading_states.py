"""Trading states and kill switches by scope: what each lets through, what works then, and who may let more be traded.

A desk is long 10 AAPL in alpha: SELL up to 10 reduces. HALTED bars everything, REDUCING what adds risk; a kill switch is
HALTED, or with allow_reduce REDUCING. The strictest of all that an order meets counts, of equals the widest.
"""

import pytest
from conftest import limits, small_capacity

import tradecore as tc

R, STATE, S = tc.Reason, tc.TradingState, tc.OrdStatus
SCOPES = {"firm": {}, "account": {"account": "alpha"}, "instrument": {"symbol": "AAPL"}, "venue": {"venue": "P"},
          "strategy": {"strategy": 7}}
OFFICER = {"who": "r.lee", "why": "fills are explained"}


@pytest.fixture
def desk(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], limits=limits(price_collar_bps=tc.OFF),
                     venues=[tc.SimulatedVenue("P"), tc.SimulatedVenue("Q"), tc.ExternalVenue("EXT")], accounts=["alpha", "beta"])
    core.risk.set_limits(limits(price_collar_bps=tc.OFF), account="beta")
    core.positions.open_position("AAPL", 10, 100, account="alpha")
    return core


def send(core, side, qty, **more):
    return core.submit(**{"symbol": "AAPL", "account": "alpha", "venue": "P", "strategy": 7, "side": side, "qty": qty, "price": 100} | more)


def kill(core, state, scope, **notes):
    """A kill switch that leaves a state."""
    if state is STATE.ACTIVE:
        core.risk.release_kill_switch(**scope, **notes)
    else:
        core.risk.engage_kill_switch(**scope, allow_reduce=state is STATE.REDUCING, **notes)


def set_state(core, state, scope, **notes):
    core.risk.set_trading_state(state, **scope, **notes)


KINDS = {"kill": (kill, R.KILL_SWITCH, tc.CommandType.KILL_SWITCH), "state": (set_state, R.TRADING_STATE, tc.CommandType.TRADING_STATE)}


STOPS = {  # what stops, what it is loosened to, and where it is said who did it
    "kill": (lambda core, **note: core.risk.engage_kill_switch(**note), lambda core, **note: core.risk.release_kill_switch(**note)),
    "kill_to_reduce": (lambda core, **note: core.risk.engage_kill_switch(venue="P", **note),
                       lambda core, **note: core.risk.engage_kill_switch(venue="P", allow_reduce=True, **note)),
    "halted": (lambda core, **note: core.risk.set_trading_state("HALTED", account="alpha", **note),
               lambda core, **note: core.risk.set_trading_state("REDUCING", account="alpha", **note)),
    "gate": (lambda core, **note: core.risk.gate.shut(**note), lambda core, **note: core.risk.gate.open(**note)),
    "gate_of_a_venue": (lambda core, **note: core.risk.gate.shut(venue="P", **note),
                        lambda core, **note: core.risk.gate.shut(venue="P", exits=True, **note)),
    "exits_alone": (lambda core, **note: core.risk.gate.shut(exits=True, **note), lambda core, **note: core.risk.gate.open(**note)),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_full_table_of_ids_stops_no_stop_and_loosens_nothing(make_core, stop):
    """Who and why for whose texts there is no room are not said; what is known already is."""
    core = make_core(venues=[tc.SimulatedVenue("P")], capacity=small_capacity(ids=64))
    core.quote("P", "AAPL", bid=99, bid_size=10, ask=101, ask_size=10)
    at = 0
    while core.submit("AAPL", "BUY", 1, 90, cl_ord_id=f"o{at}").reason is not R.IDS_FULL:
        at += 1
    stops, loosens = STOPS[stop]
    for note in ({"who": "r.lee"}, {"why": "it loops"}, {"who": "r.lee", "why": "it loops"}, {"who": "o1", "why": "o2"}):
        stops(core, **note)
        assert core.submit("AAPL", "BUY", 1, 90).ord_status is S.REJECTED
        said, standing = list(core.reports(0))[-2].row, core.risk.switches()
        if "gate" not in stop and stop != "exits_alone":
            (line,) = standing
            assert (line.set_by, line.reason) == (("o1", "o2") if "o1" in note.values() else ("", ""))
            assert (core.id_text(said.cl_ord_id), core.id_text(said.orig_cl_ord_id)) == (line.set_by, line.reason)
    with pytest.raises(tc.RefusedError, match="IDS_FULL: the table of ids is full"):
        loosens(core, who="r.lee", why="o2")
    assert core.risk.switches() == standing
    assert core.submit("AAPL", "BUY", 1, 90).ord_status is S.REJECTED


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", KINDS)
def test_reducing_lets_through_what_reduces_and_halted_nothing(desk, kind, scope):
    change, reason, command = KINDS[kind]
    change(desk, STATE.REDUCING, SCOPES[scope], who="r.lee", why="it loops")
    entry = send(desk, "BUY", 1)
    assert (entry.ord_status, entry.reason, entry.ord_rej_reason) == (S.REJECTED, reason, tc.OrdRejReason.BROKER_OPTION)
    assert scope in entry.text
    assert send(desk, "SELL", 11).reason is reason  # one more than the position
    exit_order = send(desk, "SELL", 10)
    assert exit_order.ord_status is S.NEW
    assert desk.check("AAPL", "SELL", 1, 100, account="alpha", venue="P", strategy=7)[reason].verdict == "REFUSE"  # all works already
    desk.cancel(exit_order)
    answer = desk.check("AAPL", "SELL", 10, 100, account="alpha", venue="P", strategy=7)
    assert (answer[reason].verdict, answer.passed) == ("PASS", True)
    (line,) = desk.risk.switches()
    assert (line.set_by, line.reason, line.kind, line.state) == ("r.lee", "it loops", command, STATE.REDUCING)
    change(desk, STATE.HALTED, SCOPES[scope])
    assert [send(desk, *order).reason for order in (("BUY", 1), ("SELL", 1))] == [reason, reason]
    assert desk.check("AAPL", "SELL", 1, 100, account="alpha", venue="P", strategy=7)[reason].verdict == "REFUSE"
    for other in ({"symbol": "MSFT"}, {"account": "beta"}, {"venue": "Q"}, {"strategy": 8}):
        named = {"instrument": "symbol"}.get(scope, scope)
        assert (send(desk, "BUY", 1, **other).ord_status is S.NEW) == (named in other)
    change(desk, STATE.ACTIVE, SCOPES[scope], **OFFICER)
    assert send(desk, "BUY", 1).ord_status is S.NEW
    assert desk.risk.switches() == []


@pytest.mark.parametrize("kind", KINDS)
def test_to_let_more_be_traded_takes_who_and_why(desk, kind):
    change, _, _ = KINDS[kind]
    change(desk, STATE.HALTED, {})
    for notes, missing in (({}, "who"), ({"why": "x"}, "who"), ({"who": "joe"}, "why")):
        for state in (STATE.ACTIVE, STATE.REDUCING):
            with pytest.raises(tc.RefusedError, match=f"NOT_AUTHORIZED.* {missing} is missing"):
                change(desk, state, {}, **notes)
    assert send(desk, "SELL", 1).reason is not R.NONE
    change(desk, STATE.HALTED, {})  # the same again, and anything stricter, needs nobody
    change(desk, STATE.REDUCING, {}, **OFFICER)
    change(desk, STATE.HALTED, {})
    change(desk, STATE.ACTIVE, {}, **OFFICER)
    change(desk, STATE.ACTIVE, {})  # nothing is let go
    assert desk.risk.switches() == []


def test_the_strictest_counts_and_of_equals_the_widest(desk):
    desk.risk.set_trading_state("REDUCING")
    desk.risk.set_trading_state("HALTED", account="alpha")
    desk.risk.set_trading_state("HALTED", symbol="AAPL")
    assert send(desk, "SELL", 1).text.startswith("TRADING_STATE: the account is HALTED")
    desk.risk.set_trading_state("ACTIVE", account="alpha", **OFFICER)
    assert "the instrument is HALTED" in send(desk, "SELL", 1).text
    desk.risk.set_trading_state("ACTIVE", symbol="AAPL", **OFFICER)
    assert "the firm is REDUCING" in send(desk, "BUY", 1).text
    assert send(desk, "SELL", 1).ord_status is S.NEW
    desk.risk.engage_kill_switch(account="alpha", allow_reduce=True)
    assert send(desk, "BUY", 1).text == "KILL_SWITCH: the kill switch of the account is engaged: only what reduces a position passes"


def test_a_state_is_an_event_with_who_and_why(desk):
    seen = []
    desk.subscribe(seen.append)
    desk.risk.set_trading_state("REDUCING", account="alpha", who="r.lee", why="loss")
    desk.risk.engage_kill_switch(account="alpha", allow_reduce=True, who="r.lee", why="loss")
    assert [(r.command_type, r.cl_ord_id, r.orig_cl_ord_id, r.trading_state) for r in seen] == [
        (tc.CommandType.TRADING_STATE, "r.lee", "loss", STATE.REDUCING), (tc.CommandType.KILL_SWITCH, "r.lee", "loss", STATE.REDUCING)]
    desk.risk.set_trading_state("HALTED", account="alpha", who="r.lee", why="loss")
    assert [(line.scope, line.kind.name, line.state.name) for line in desk.risk.switches()] == [
        ("account alpha", "KILL_SWITCH", "REDUCING"), ("account alpha", "TRADING_STATE", "HALTED")]
    lines = str(desk.risk.switches()).splitlines()
    assert [line.split()[:2] for line in lines] == [["scope", "switch"], ["account", "alpha"], ["account", "alpha"]]
    assert lines[1].split()[2:4] == ["KILL_SWITCH", "REDUCING"]
    assert lines[1].endswith("r.lee  loss")
    assert ">loss</td>" in desk.risk.switches()._repr_html_()


CHANGES = [(kind, state, scope, who, why) for kind in KINDS for state in (STATE.REDUCING, STATE.HALTED)
           for scope in ({}, {"account": "alpha"}, {"account": "beta"}, {"strategy": 7}, {"strategy": 8})
           for who, why in (("ann", "loss"), ("joe", "loss"), ("ann", "joe"))]


def test_each_state_its_target_and_its_words_are_in_the_hash(make_core):
    """Of desks that took as many commands; the one without a change took one that lets nothing go."""
    hashes = []
    for kind, state, scope, who, why in [*CHANGES, CHANGES[0], ("state", STATE.ACTIVE, {}, "ann", "loss")]:
        core = make_core(accounts=["alpha", "beta"])
        for text in ("ann", "joe", "loss"):
            core._gate.id_of(text.encode())
        KINDS[kind][0](core, state, scope, who=who, why=why)
        hashes.append(core.state_hash())
    assert len(set(hashes)) == len(CHANGES) + 1
    assert hashes[0] == hashes[len(CHANGES)]


def test_replaces_under_reducing_may_ask_for_less_only(desk):
    entry = send(desk, "BUY", 5, price=90)
    desk.risk.set_trading_state("REDUCING", account="alpha")
    seen = []
    desk.subscribe(seen.append)
    desk.replace(entry, qty=6)
    desk.replace(entry, qty=4)
    assert [r.reason for r in seen if r.cxl_rej_reason is not tc.CxlRejReason.NONE] == [R.TRADING_STATE]
    assert entry.order_qty == 4
    desk.cancel(entry)  # a cancel is never blocked
    assert entry.ord_status is S.CANCELED


def test_what_works_stays_unless_it_is_to_be_canceled(desk):
    for state in ("REDUCING", "HALTED"):
        order = send(desk, "BUY", 5, price=90)
        desk.risk.set_trading_state(state, account="alpha")
        assert order.ord_status is S.NEW
        desk.risk.set_trading_state(state, account="alpha", cancel=True)
        assert (order.ord_status, order.reason) == (S.CANCELED, R.CANCEL_REQUESTED)
        desk.risk.set_trading_state("ACTIVE", account="alpha", **OFFICER)


@pytest.mark.parametrize("kind", KINDS)
def test_of_what_nobody_has_read_reducing_keeps_what_reduces(desk, kind):
    change, reason, _ = KINDS[kind]
    entry, exit_order = send(desk, "BUY", 5, venue="EXT"), send(desk, "SELL", 5, venue="EXT")
    change(desk, STATE.REDUCING, {"account": "alpha"})
    assert (entry.ord_status, entry.reason, exit_order.ord_status) == (S.CANCELED, reason, S.PENDING_NEW)
    assert [message.cl_ord_id for message in desk.outbound()] == [exit_order.cl_ord_id]
    late = send(desk, "SELL", 5, venue="EXT")
    change(desk, STATE.HALTED, {"account": "alpha"})
    assert (late.ord_status, late.reason, exit_order.ord_status) == (S.CANCELED, reason, S.PENDING_NEW)
    assert late.text.startswith(reason.name)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exit_that_triggers_waits_for_halted_and_not_for_reducing(desk, kind):
    change, reason, _ = KINDS[kind]
    stop = send(desk, "SELL", 10, price=None, stop_px=95)
    entry = send(desk, "SELL", 5, price=None, stop_px=94)
    change(desk, STATE.REDUCING, {"account": "alpha"})
    desk.quote("P", "AAPL", bid=94, bid_size=100)
    assert (stop.ord_status, entry.ord_status, entry.reason) == (S.FILLED, S.CANCELED, reason)
    change(desk, STATE.ACTIVE, {"account": "alpha"}, **OFFICER)
    desk.quote("P", "AAPL", bid=99, bid_size=100)
    desk.positions.open_position("MSFT", 10, 100, account="alpha")
    stop = send(desk, "SELL", 10, symbol="MSFT", price=None, stop_px=95)
    change(desk, STATE.HALTED, {"account": "alpha"})
    desk.quote("P", "MSFT", bid=94, bid_size=100)
    assert (stop.ord_status, stop.place) == (S.SUSPENDED, tc.Place.AWAITS_VENUE)
    change(desk, STATE.REDUCING, {"account": "alpha"}, **OFFICER)  # it may go on as soon as what reduces may
    assert stop.ord_status is S.FILLED


def test_a_venue_that_is_less_than_active_takes_what_names_it(desk):
    desk.quote("P", "AAPL", ask=100, ask_size=5)
    desk.quote("Q", "AAPL", ask=101, ask_size=5)
    desk.risk.set_trading_state("REDUCING", venue="P")
    order = send(desk, "BUY", 1, venue=None, price=101)
    assert (order.ord_status, order.venue) == (S.FILLED, "Q")
    assert send(desk, "BUY", 1, venue="P").reason is R.TRADING_STATE
    assert send(desk, "SELL", 1, venue="P").ord_status is S.NEW


@pytest.mark.parametrize(("change", "offset"), [
    ({"kind": 35, "state": 3}, 72), ({"kind": 35, "state": -1}, 72), ({"kind": 35, "scope": 5}, 56), ({"kind": 35, "scope": -1}, 56),
    ({"kind": 35, "scope": 1, "target": 3}, 64), ({"kind": 35, "scope": 0, "target": 1}, 64), ({"kind": 35, "who": 2**63 - 1}, 96),
    ({"kind": 35, "why": -7}, 104), ({"kind": 31, "allow_reduce": 1}, 80), ({"kind": 31, "engaged": 1, "allow_reduce": 2}, 80),
    ({"kind": 31, "engaged": 1, "allow_reduce": -1}, 80), ({"kind": 31, "engaged": 2}, 72)])
def test_a_change_that_cannot_be_changes_nothing(desk, change, offset):
    before = desk.risk.switches()
    with pytest.raises(tc.RefusedError, match="INVALID_FIELD_VALUE"):
        desk._gate.command(tc.CommandType(change["kind"]), **{name: value for name, value in change.items() if name != "kind"})
    assert list(desk.reports(0))[-1].row.bound == offset
    assert desk.risk.switches() == before == []
