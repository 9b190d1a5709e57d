"""A replay moves its clock over gaps that no clock steps over by itself; one wrong stamp moves nothing."""

import json

import numpy as np
import pytest
from conftest import T0

from tradecore.cli.main import main
from tradecore.replay.gaps import follow_clock, move_over_gaps
from tradecore.replay.market import replay_recording
from tradecore.replay.recording import read_recording
from tradecore.vocabulary.codes import CommandType
from tradecore.vocabulary.records import COMMAND_DTYPES, new_orders

DAY_MS, START_MS = 86_400_000, T0 // 10**6
DAY, STEP = DAY_MS * 10**6, 14 * DAY_MS * 10**6
FAR_MS = 4 * 10**12  # in 2096
HEADER = "seq,ts_ms,action,order_id,side,type,tif,price,qty"


def market(folder, *times_ms):
    """A recording in which order 11 rests at the first time, and is taken from a little at each other one."""
    rows = [f"1,{times_ms[0]},new,11,buy,limit,gtc,100,1.5"]
    trades = ["n,event_seq,ts_ms,price,qty,taker_order_id,maker_order_id,taker_side,exchange_trade_id"]
    for number, time in enumerate(times_ms[1:]):
        rows.append(f"{2 + number},{time},new,{20 + number},sell,limit,gtc,100,0.1")
        trades.append(f"{1 + number},{2 + number},{time},100,0.1,{20 + number},11,sell,{70 + number}")
    (folder / "events.csv").write_text("\n".join([HEADER, *rows, ""]))
    (folder / "exchange_trades.csv").write_text("\n".join([*trades, ""]))
    return read_recording(folder)


@pytest.mark.parametrize("backend", ["native", "python"])
@pytest.mark.parametrize("days", [[3], [14], [17], [17, 17.1, 40, 40.1], [15, 30, 45], [400, 401]],
                         ids=["weekend", "a step", "a fortnight's holiday", "two", "three in a row", "a year"])
def test_a_market_goes_on_after_a_gap(tmp_path, backend, days):
    times = [START_MS, START_MS + 1, *(START_MS + int(day * DAY_MS) for day in days)]
    result = replay_recording(market(tmp_path, *times, times[-1] + 1), backend=backend)
    assert result.is_exact
    assert (result.trades_matched, result.rejects) == (len(days) + 2, {})


@pytest.mark.parametrize("backend", ["native", "python"])
@pytest.mark.parametrize("after", [0, 17 * DAY_MS], ids=["alone", "before a holiday"])
def test_one_event_of_another_year_is_refused_and_moves_nothing(tmp_path, backend, after):
    times = [START_MS, START_MS + 1, FAR_MS, START_MS + after + 2, START_MS + after + 3]
    result = replay_recording(market(tmp_path, *times), backend=backend)
    assert result.rejects == {"CLOCK_STEP": 1}
    assert (result.trades_matched, result.trades_expected) == (3, 4)


def test_own_orders_trade_along_beyond_a_gap(tmp_path):
    market(tmp_path, START_MS, START_MS + 1, START_MS + 17 * DAY_MS, START_MS + 17 * DAY_MS + 9)
    own = tmp_path / "own.csv"
    rows = [f"{days * DAY_MS + 5},new,mine{days},buy,limit,gtc,99.00,0.1" for days in (0, 10, 16, 17)]
    own.write_text("\n".join(["at_ms,action,cl_ord_id,side,type,tif,price,qty", *rows, ""]))
    result = replay_recording(read_recording(tmp_path), own_orders=own)
    assert result.is_exact
    assert {row["status"] for row in result.own_orders} == {"NEW"}
    assert len(result.own_orders) == 4


def test_own_orders_keep_their_place_behind_an_event_of_another_year(tmp_path):
    market(tmp_path, START_MS, START_MS + 1, FAR_MS, START_MS + 2, START_MS + 3)
    own = tmp_path / "own.csv"
    own.write_text("at_ms,action,cl_ord_id,side,type,tif,price,qty\n9,new,mine,buy,limit,gtc,101.00,0.1\n")
    result = replay_recording(read_recording(tmp_path), own_orders=own)
    assert result.trades_matched == 3  # nobody sold to it: it came last
    assert [row["cum_qty"] for row in result.own_orders] == ["0"]


def test_the_command_replays_it_too(tmp_path, capsys):
    market(tmp_path, START_MS, START_MS + 1, START_MS + 17 * DAY_MS, START_MS + 17 * DAY_MS + 9)
    assert main(["replay", str(tmp_path), "--json", "--shadow"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["trades_matched"], shown["shadow"]["difference"]) == (3, None)


@pytest.mark.parametrize(("stamps", "clock", "moves"), [
    ([0], [0], []), ([], [], []), ([0, STEP, STEP - 5, 2 * STEP], [0, STEP, STEP, 2 * STEP], []),
    ([0, STEP + 1], [0, 0], []),  # nobody agrees
    ([0, STEP + 1, STEP + 2], [0, STEP + 1, STEP + 2], [(1, STEP + 1)]),
    ([0, 3 * STEP, STEP + 2], [0, STEP + 2, STEP + 2], [(1, STEP + 2)]),  # up to the earlier, from where the later is too far
    ([0, 9 * STEP, 1, STEP], [0, 0, 1, STEP], []),
    ([5, 9 * STEP, 2 * STEP, 2 * STEP + 1], [5, 2 * STEP, 2 * STEP, 2 * STEP + 1], [(1, 2 * STEP)]),
])
def test_the_course_of_the_clock(stamps, clock, moves):
    course = follow_clock(np.array(stamps, np.int64), STEP)
    assert list(zip(course.rows, course.times, strict=True)) == moves
    assert course.clock.tolist() == clock


def test_the_clock_is_moved_before_the_command_that_needs_it():
    orders = new_orders(4)
    orders["transact_time"] = T0 + np.array([0, 1, 20 * DAY, 20 * DAY])
    moved = move_over_gaps(orders, STEP)
    assert moved["kind"].tolist() == [10, 10, CommandType.ADVANCE_CLOCK, 10, 10]
    assert moved.view(COMMAND_DTYPES[CommandType.ADVANCE_CLOCK])["clock_time"][2] == T0 + 20 * DAY
    assert (np.delete(moved, 2) == orders).all()
    assert (move_over_gaps(orders[:2], STEP) == orders[:2]).all()
