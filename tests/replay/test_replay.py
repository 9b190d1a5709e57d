"""The main job on real input: recorded markets come out as the exchange printed them, in both backends."""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from conftest import TEN_MINUTES

from tradecore.cli.main import main
from tradecore.core.config import ConfigError, load_session
from tradecore.execution.venues import ExternalVenue, SimulatedVenue
from tradecore.replay.market import OWN_ORDER_FIELDS, OwnOrdersError, Trade, compare_trades, replay_recording
from tradecore.replay.recording import Recording, find_newcomers_recording, read_recording

EXAMPLES = Path(str(files("tradecore").joinpath("examples/orders.csv"))).parent


@pytest.fixture(scope="module")
def some_events():
    """Enough of a recording for one that does not judge the core: from whichever is here."""
    path = TEN_MINUTES if TEN_MINUTES.is_dir() else find_newcomers_recording()
    return read_recording(path, max_events=24_000)


def first_events(recording, count):
    """The first events of a recording, and the trades whose takers are among them."""
    events = recording.events[:count]
    takers = np.isin(recording.trades["taker_order_id"], events["order_id"])
    return Recording("its first events", events, recording.trades[takers], ())


def demand_equal(results):
    native, twin = results
    assert (native.backend, twin.backend) == ("native", "python")
    assert (native.event_hash, native.state_hash) == (twin.event_hash, twin.state_hash)
    assert (native.pnl, native.rejects, native.cancel_rejects) == (twin.pnl, twin.rejects, twin.cancel_rejects)


def demand_half_hour(result):
    assert (result.events, result.trades_expected, result.trades_matched) == (306_968, 284, 284)
    assert result.first_difference is None
    assert result.is_exact
    assert result.rejects == {"POST_ONLY_WOULD_TAKE": 100_518}
    assert sum(result.cancel_rejects.values()) == 100_532
    assert result.cancel_rejects["UNKNOWN_ORDER"] == 13
    assert result.orders["submitted"] == 6_510 + 150_377
    assert sum(result.orders.values()) == 2 * result.orders["submitted"]
    assert result.fills == 2 * 284


def test_the_half_hour_comes_out_as_the_exchange_printed_it(half_hour):
    demand_half_hour(replay_recording(half_hour, backend="native"))


@pytest.mark.long
def test_the_half_hour_comes_out_of_the_twin_as_of_the_native_core(half_hour):
    results = [replay_recording(half_hour, backend=backend) for backend in ("native", "python")]
    demand_half_hour(results[1])
    demand_equal(results)


@pytest.mark.twin
def test_a_third_of_the_half_hour_comes_out_of_both_backends(half_hour):
    part = first_events(half_hour, 100_000)
    results = [replay_recording(part, backend=backend) for backend in ("native", "python")]
    for result in results:
        assert (result.events, result.trades_expected, result.trades_matched) == (100_000, 74, 74)
        assert result.is_exact
    demand_equal(results)


@pytest.mark.parametrize("backend", ["native", pytest.param("python", marks=pytest.mark.long)])
def test_ten_minutes_come_out_as_the_exchange_printed_them(ten_minutes, backend):
    result = replay_recording(ten_minutes, backend=backend)
    assert (result.trades_expected, result.trades_matched, result.first_difference) == (106, 106, None)


def test_without_one_resting_order_the_match_count_falls_and_the_first_difference_is_named(ten_minutes):
    maker = int(ten_minutes.trades["maker_order_id"][7])
    result = replay_recording(ten_minutes, without=[maker])
    assert not result.is_exact
    assert result.trades_matched < 106
    assert result.first_difference.startswith("trade ")
    assert f"exchange maker {maker} " in result.first_difference
    assert ", tradecore maker " in result.first_difference
    with pytest.raises(TypeError, match="without must be an int, not str"):
        replay_recording(ten_minutes, without=str(maker))


@pytest.mark.parametrize(("field", "row"), [
    ("side", 100), ("price", 4_321), ("qty", 17), ("order_id", 9_000), ("ts_ms", 9_999), ("post_only", "post_only"),
    ("time_in_force", 50),
])
def test_one_changed_field_of_one_event_changes_the_event_hash(some_events, field, row):
    before = replay_recording(some_events).event_hash
    events = some_events.events.copy()
    row = int(np.flatnonzero(events["post_only"])[3]) if row == "post_only" else row
    changed = {"side": 3 - events["side"][row], "post_only": not events["post_only"][row], "time_in_force": 3}
    events[field][row] = changed.get(field, events[field][row] + 1)
    assert replay_recording(Recording("changed", events, some_events.trades, ())).event_hash != before


def test_the_whole_recorded_path_gives_the_same_result_twice(some_events):
    first, second = replay_recording(some_events), replay_recording(some_events)
    assert (first.event_hash, first.state_hash, first.pnl) == (second.event_hash, second.state_hash, second.pnl)


def test_positions_of_all_accounts_cancel_out(some_events):
    """Every recorded trade has both sides among the sixteen accounts: realised and unrealised sum to zero."""
    result = replay_recording(some_events)
    assert sum(float(row["realized"]) + float(row["unrealized"]) for row in result.pnl) == pytest.approx(0, abs=1e-6)


# ---- own orders


def test_an_own_cancel_keeps_its_whole_id_among_the_recorded_orders(some_events, tmp_path):
    """Its last bytes lie where an order has none: NumPy leaves them out when it copies records as orders."""
    name, file = "a-name-of-24-characters-x", tmp_path / "own.csv"
    name = name[:24]
    file.write_text(f"{','.join(OWN_ORDER_FIELDS)}\n1000,new,{name},buy,limit,gtc,77900,0.01\n2000,cancel,{name},,,,,\n")
    for size in range(1, 200):  # what is allocated next is not zeroed
        np.full(128 * size, 0xAB, np.uint8)
    result = replay_recording(some_events, own_orders=file)
    assert [(own["cl_ord_id"], own["status"]) for own in result.own_orders] == [(name, "CANCELED")]


@pytest.mark.parametrize("backend", ["native", "python"])
def test_own_orders_trade_along_under_their_own_limits(some_events, backend):
    result = replay_recording(some_events, own_orders=EXAMPLES / "orders.csv", backend=backend)
    assert [(own["cl_ord_id"], own["status"]) for own in result.own_orders] == [
        ("buy-1", "NEW"), ("buy-2", "FILLED"), ("sell-1", "CANCELED"), ("too-big", "REJECTED"),
        ("far-off", "REJECTED"), ("sell-2", "FILLED")]
    assert result.own_orders[1] == {"cl_ord_id": "buy-2", "status": "FILLED", "cum_qty": "0.02000000",
                                    "avg_px": "78323", "reason": "NONE"}
    assert result.rejects["MAX_ORDER_QTY"] == 1
    assert result.rejects["PRICE_COLLAR"] == 1
    mine = next(row for row in result.pnl if row["account"] == "mine")
    assert float(mine["fees"]) > 0


@pytest.mark.parametrize(("row", "said"), [
    ("x,new,a,buy,limit,gtc,78000,0.1", "at_ms: got 'x'"),
    ("1,buy,a,buy,limit,gtc,78000,0.1", "action: got 'buy'"),
    ("1,new,,buy,limit,gtc,78000,0.1", "cl_ord_id: got ''"),
    ("1,new,a,up,limit,gtc,78000,0.1", "side: got 'up'"),
    ("1,new,a,buy,stop,gtc,78000,0.1", "type: got 'stop'"),
    ("1,new,a,buy,limit,never,78000,0.1", "tif: got 'never'"),
    ("1,new,a,buy,limit,gtc,cheap,0.1", "price: got 'cheap'"),
    ("1,new,a,buy,limit,gtc,nan,0.1", "price: got 'nan'"),
    ("1,new,a,buy,limit,gtc,78000,0.000000001", "qty: got '0.000000001'"),
    ("1,new,a,buy,limit,gtc,78000", "expected 8 values"),
    ("1,new,a,buy,limit,gtc,78000,1,2", "expected 8 values"),
    ("1,new,12,buy,limit,gtc,78000,1", "cl_ord_id: got '12': digits alone are the recorded orders' ids"),
    ("1,new,a,buy,market,ioc,78000,1", "price: got '78000': a market order has none"),
    ("1,new,a,buy,stop,gtc,78000,1", "type: got 'stop': expected market or limit"),
    ("1,new,a,buy,limit,gtd,78000,1", "tif: got 'gtd': expected day, gtc, ioc, fok or post_only"),
    ('1,new,"a,buy,limit,gtc,78000,1', "expected 8 values"),
])
def test_a_malformed_own_order_names_file_line_and_field(some_events, tmp_path, row, said):
    file = tmp_path / "mine.csv"
    file.write_text(",".join(OWN_ORDER_FIELDS) + "\n1,new,ok,buy,limit,gtc,78000,0.1\n" + row + "\n")
    with pytest.raises(OwnOrdersError, match=r"mine\.csv:3") as caught:
        replay_recording(some_events, own_orders=file)
    assert said in str(caught.value)


# ---- sessions


def test_the_shipped_session_turns_the_collar_off_in_so_many_words():
    session = load_session()
    assert repr(session.accounts["recorded"].price_collar_bps) == "OFF"
    assert session.orders_account == "mine"


@pytest.mark.parametrize(("text", "said"), [
    ("[[instruments]]\nsymbol = 'X'\ntick_sise = '1'", r"instruments\[0\]: unknown key 'tick_sise'; .* 'tick_size'"),
    ("[acounts.a]", "unknown key 'acounts'; .* 'accounts'"),
    ("[accounts.a]\nmax_order_qty = 1\nprice_colar_bps = 1",
     "accounts.a: unknown key 'price_colar_bps'; .* 'price_collar_bps'"),
    ("[accounts.a]\nmax_order_qty = 1", "price_collar_bps"),
    ("[accounts.a]\nmax_order_qty = -1\nprice_collar_bps = 'off'", "max_order_qty -1 is outside 0"),
    ("[accounts.a]\nmax_order_qty = true\nprice_collar_bps = 'off'", "max_order_qty must be .* not bool"),
    ("[accounts.a]\nmax_order_qty = nan\nprice_collar_bps = 'off'", "max_order_qty must be finite"),
    ("accounts = 3", "accounts must be a table"),
    ("instruments = 3", "instruments must be an array"),
    ("[replay]\norders_account = 'who'", "orders_account 'who' is not one of accounts"),
    ("[capacity]\nevents = 1000", "power of two: the next is 1024"),
    ("x = [", "not TOML"),
    ("[[venues]]\nname = 'X'\nkind = 'dark'", r"venues\[0\]: kind 'dark' is not one of simulated, external"),
    ("[[venues]]\nname = 'X'\nkind = ['external']", r"kind \['external'\] is not one of"),
    ("[[venues]]\nname = 'X'\nrequest_timeout = 5", "unknown key 'request_timeout'"),
    ("[[venues]]\nname = 'X'\nkind = 'external'\nrequest_timeout = 1.5", "request_timeout must be an int"),
    ("[[venues]]\nname = 'X'\nkind = 'external'\nord_types = ['PEGGED']", "PEGGED"),
    ("[accounts.recorded]\nmax_order_qty = 1\nprice_collar_bps = 'off'\n[replay]\norders_account = 'recorded'",
     "orders_account 'recorded' is not one of"),
])
def test_a_session_that_can_not_be_used_refuses_to_start(tmp_path, text, said):
    file = tmp_path / "session.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_session(file)


def test_a_session_may_have_external_venues(tmp_path):
    file = tmp_path / "session.toml"
    file.write_text("[[venues]]\nname = 'IN'\n[[venues]]\nname = 'OUT'\nkind = 'external'\ntaker_fee_bps = '1'\n"
                    "request_timeout = 5_000_000_000\nord_types = ['LIMIT', 'STOP']\ntimes_in_force = ['DAY']")
    inside, outside = load_session(file).venues
    assert (inside, outside) == (SimulatedVenue("IN"), ExternalVenue(
        "OUT", taker_fee_bps="1", request_timeout=5_000_000_000, ord_types=("LIMIT", "STOP"), times_in_force=("DAY",)))


@pytest.mark.parametrize(("change", "said"), [
    (('name = "BITSTAMP"', 'name = "BITSTAMP"\nkind = "external"'), "a replay trades at a simulated venue"),
    (('tick_size = "1"', 'tick_size = "0.01"'), "ticks of 1 .* not tick_size 0.01"),
    (('lot_size = "0.00000001"', 'lot_size = "0.001"'), "steps of 1E-8, not .* lot_size 0.001"),
    (("[accounts.mine]", "[accounts.r03]"), "'r03' is one of the sixteen"),
    (("[accounts.recorded]", "[accounts.others]"), "account `recorded`"),
])
def test_a_session_that_would_play_another_market_is_refused(some_events, tmp_path, change, said):
    text = (EXAMPLES / "session.toml").read_text().replace("[replay]\norders_account = \"mine\"", "")
    assert change[0] in text
    (tmp_path / "session.toml").write_text(text.replace(*change))
    with pytest.raises(ValueError, match=said):
        replay_recording(some_events, session=load_session(tmp_path / "session.toml"))


def test_a_small_ring_of_reports_plays_the_same_market(some_events, tmp_path):
    text = (EXAMPLES / "session.toml").read_text().replace("events = 65_536", "events = 1_024")
    (tmp_path / "session.toml").write_text(text)
    small = replay_recording(some_events, session=load_session(tmp_path / "session.toml"))
    assert small.event_hash == replay_recording(some_events).event_hash


# ---- the command


def test_compare_trades_counts_what_is_there_in_order():
    a, b, c = Trade(1, 2, 3, 4), Trade(5, 6, 7, 8), Trade(9, 9, 9, 9)
    assert compare_trades([a, b], [a, b]) == (2, None)
    assert compare_trades([a, b, c], [a, c])[0] == 2
    assert compare_trades([a], []) == (0, "trade 1: exchange maker 1 taker 2 0.00000004 @ 3, tradecore nothing")
    assert compare_trades([a], [a, b])[1].startswith("trade 2: exchange nothing, tradecore maker 5")


@pytest.fixture
def small(tmp_path):
    """A recording of six events in which one trade happens."""
    header = "seq,ts_ms,action,order_id,side,type,tif,price,qty\n"
    rows = ["1,1000,seed,11,buy,limit,gtc,100,1.5", "2,1000,seed,12,sell,limit,gtc,110,2",
            "3,1001,new,13,buy,limit,post_only,110,1", "4,1002,cancel,13,buy,,,,",
            "5,1003,new,14,sell,limit,gtc,100,0.5", "6,1004,cancel,11,buy,,,,"]
    (tmp_path / "events.csv").write_text(header + "\n".join(rows) + "\n")
    trades = "n,event_seq,ts_ms,price,qty,taker_order_id,maker_order_id,taker_side,exchange_trade_id\n"
    (tmp_path / "exchange_trades.csv").write_text(trades + "1,5,1003,100,0.5,14,11,sell,77\n")
    return tmp_path


def test_json_is_one_object_with_what_a_program_needs(small, capsys):
    assert main(["replay", str(small), "--json", "--backend", "python"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["backend"] == "python"
    assert (found["events"], found["trades_expected"], found["trades_matched"]) == (6, 1, 1)
    assert found["rejects"] == {"POST_ONLY_WOULD_TAKE": 1}
    assert found["cancel_rejects"] == {"TOO_LATE_TO_CANCEL": 1}
    assert found["orders"]["filled"] == 1
    assert found["latency_ns"]["order"].keys() >= {"p50", "p99", "p99_9"}
    assert len(found["event_hash"]) == len(found["state_hash"]) == 16
    assert found["events_per_second"] > 0


def test_the_table_is_for_people(small, capsys):
    assert main(["replay", str(small)]) == 0
    printed = capsys.readouterr().out
    for words in ("recorded trades matched: 1 of 1", "POST_ONLY_WOULD_TAKE", "throughput", "P99.9", "r11", "met"):
        assert words in printed


def test_a_replay_that_differs_says_so_in_its_exit_status(small, capsys):
    (small / "exchange_trades.csv").write_text(
        (small / "exchange_trades.csv").read_text().replace("1,5,1003,100,0.5", "1,5,1003,100,0.6"))
    assert main(["replay", str(small)]) == 1
    said = "first difference: trade 1: exchange maker 11 taker 14 0.60000000 @ 100, tradecore maker 11 taker 14 0.5"
    assert said in capsys.readouterr().out
    assert main(["replay", str(small), "--without", "12"]) == 0  # asked for: reported, not judged


def test_a_malformed_line_stops_the_replay_or_is_counted(small, capsys):
    text = (small / "events.csv").read_text()
    (small / "events.csv").write_text(text.replace("limit,post_only,110", "limit,post_only,11O"))
    assert main(["replay", str(small)]) == 2
    assert "events.csv:4: price: got '11O', expected" in capsys.readouterr().err
    assert main(["replay", str(small), "--skip-bad", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["events"] == 5
    assert len(found["bad_lines"]) == 1
    assert "price: got '11O'" in found["bad_lines"][0]


@pytest.mark.parametrize(("arguments", "said"), [
    (["replay", "/no/such/place"], "no recording at"),
    (["replay", "--session", "/no/such/file.toml"], "No such file"),
])
def test_what_is_not_there_is_an_error_of_one_line(arguments, said, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_doctor_names_the_backend_and_why(capsys, monkeypatch):
    monkeypatch.delenv("TRADECORE_BACKEND", raising=False)
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["backend"], found["why"]) == ("native", "auto: a compiled core is installed")
    assert found["modules"]["pipeline"].endswith((".so", ".pyd"))
    assert main(["doctor"]) == 0
    assert "numpy" in capsys.readouterr().out
    monkeypatch.setenv("TRADECORE_BACKEND", "quick")
    assert main(["doctor", "--json"]) == 1
    assert "auto, native, python" in json.loads(capsys.readouterr().out)["why"]


def test_a_full_disk_is_an_error_not_a_traceback(small):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this platform")
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "tradecore", "replay", str(small)], stdout=full,
                              stderr=subprocess.PIPE, text=True, env=buffered)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


# ---- a shadow beside it


def test_no_shadow_of_the_recording_differs(small, capsys):
    assert main(["replay", str(small), "--shadow", "--json"]) in (0, 1)
    found = json.loads(capsys.readouterr().out)["shadow"]
    assert (found["backend"], found["difference"], found["uncompared_reports"]) == ("python", None, 0)
    assert found["commands"] == len(read_recording(small).events)
    assert main(["replay", str(small), "--shadow", "--backend", "python", "--json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["shadow"]["backend"] == "native"


def test_a_session_with_another_limit_is_found_and_printed(small, tmp_path, capsys):
    text = (EXAMPLES / "session.toml").read_text("utf-8")
    other = tmp_path / "other.toml"
    other.write_text(text.replace('max_order_qty = "1_000_000"', 'max_order_qty = "0.5"'))
    assert main(["replay", str(small), "--shadow-session", str(other)]) == 1
    printed = capsys.readouterr().out
    assert "report by report: DIFFERS" in printed
    assert "first difference at command" in printed
    assert "second            MAX_ORDER_QTY" in printed
