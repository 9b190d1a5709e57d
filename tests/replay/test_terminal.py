"""The command at a terminal: whatever is closed, cut off or of the wrong kind is one line and a documented exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tradecore as tc
from tradecore.cli.main import main

HEADER = "seq,ts_ms,action,order_id,side,type,tif,price,qty\n"
ROWS = ["1,1000,seed,11,buy,limit,gtc,100,1.5", "2,1000,seed,12,sell,limit,gtc,110,2"]
COMMAND = [sys.executable, "-m", "tradecore"]
EXAMPLES = Path(tc.__file__).parent / "examples"
posix = pytest.mark.skipif(os.name != "posix", reason="a shell's redirections and signals")


@pytest.fixture
def recording(tmp_path):
    (tmp_path / "events.csv").write_text(HEADER + "\n".join(ROWS) + "\n")
    (tmp_path / "exchange_trades.csv").write_text(
        "n,event_seq,ts_ms,price,qty,taker_order_id,maker_order_id,taker_side,exchange_trade_id\n")
    return tmp_path


def shell(line):
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)


def one_line(error, *words):
    lines = error.splitlines()
    assert len(lines) == 1, error
    assert lines[0].startswith("tradecore: ")
    for word in words:
        assert word in lines[0]


@posix
def test_closed_outputs_are_one_line_or_nothing(recording):
    command = f"{' '.join(COMMAND)} replay {recording}"
    done = shell(f"{command} >&-")
    assert done.returncode == 2
    one_line(done.stderr, "standard output is closed")
    done = shell(f"{command} --json 2>&-")
    assert (done.returncode, done.stdout[:1]) == (0, "{")
    done = shell(f"{' '.join(COMMAND)} replay /no/such/place 2>&-")
    assert (done.returncode, done.stdout) == (2, "")  # what belongs on standard error is not the result
    assert shell(f"{command} >&- 2>&-").returncode == 2


@posix
def test_a_reader_that_goes_away_is_one_line_and_141(recording):
    done = shell(f"{{ {' '.join(COMMAND)} replay {recording}; echo status $? >&2; }} | true")
    told = done.stderr.splitlines()
    assert told == ["tradecore: the reader of standard output has gone away", "status 141"]


@posix
@pytest.mark.parametrize("moment", ["numpy", "tradecore.cli.main", "tradecore.replay.market", "tradecore._native.pipeline"])
def test_ctrl_c_during_an_import_is_one_line_and_130(recording, tmp_path, moment):
    """A finder in front of all others interrupts the process when the module is asked for."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {moment!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n")
    done = subprocess.run([*COMMAND, "replay", str(recording)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 130
    one_line(done.stderr, "interrupted")


@posix
@pytest.mark.parametrize("wait", [0.0, 0.2, 0.5, 1.0])
def test_ctrl_c_at_any_moment_of_a_replay_is_one_line_and_130(tmp_path, wait):
    rows = [f"{n},{n},new,{n},{'buy' if n % 2 else 'sell'},limit,gtc,{100 + n % 7},1" for n in range(1, 400_000)]
    (tmp_path / "events.csv").write_text(HEADER + "\n".join(rows) + "\n")
    (tmp_path / "sitecustomize.py").write_text(  # tells when the package has begun to be imported
        "import os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy':\n"
        "            os.write(3, b'!')\n"
        "sys.meta_path.insert(0, Finder())\n")
    read, write = os.pipe()
    process = subprocess.Popen(["bash", "-c", f"exec {' '.join(COMMAND)} replay {tmp_path} 3>&{write}"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, pass_fds=[write], env={**os.environ, "PYTHONPATH": str(tmp_path)})
    os.close(write)
    assert os.read(read, 1) == b"!"
    time.sleep(wait)
    done = process.poll() is not None  # a quick machine: then it was no interruption
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    os.close(read)
    if done:
        assert error == ""
        return
    assert process.returncode == 130
    one_line(error, "interrupted")


def test_an_import_of_the_library_leaves_ctrl_c_alone():
    text = "import signal; import tradecore; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120)
    assert done.stdout == "True\n"


@pytest.mark.parametrize(("arguments", "words"), [
    (["replay", str(EXAMPLES / "orders.csv")], ["is no recording", "own orders", "--orders"]),
    (["replay", str(EXAMPLES / "session.toml")], ["session.toml:1: header"]),
    (["replay", "BINARY"], ["header: got"]),
    (["replay", "RECORDING", "--orders", str(EXAMPLES / "session.toml")], ["session.toml:1: header"]),
    (["replay", "RECORDING", "--orders", "BINARY"], ["header: got"]),
    (["replay", "RECORDING", "--session", str(EXAMPLES / "orders.csv")], ["not TOML"]),
    (["replay", "RECORDING", "--session", "BINARY"], ["not UTF-8"]),
])
def test_a_file_of_the_wrong_kind_is_one_line(recording, tmp_path, capsys, arguments, words):
    (tmp_path / "binary").write_bytes(b"\x7fELF\x02\x01\xff\xfe")
    meant = {"RECORDING": str(recording), "BINARY": str(tmp_path / "binary")}
    assert main([meant.get(word, word) for word in arguments]) == 2
    one_line(capsys.readouterr().err, "error: ", *words)


def test_a_bom_is_no_part_of_a_session_or_of_own_orders(recording, tmp_path, capsys):
    for name in ("session.toml", "orders.csv"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (EXAMPLES / name).read_bytes())
    assert tc.load_session(tmp_path / "session.toml") == tc.load_session()
    given = ["replay", str(recording), "--session", str(tmp_path / "session.toml"), "--orders", str(tmp_path / "orders.csv"), "--json"]
    assert main(given) == 0
    assert '"own_orders"' in capsys.readouterr().out
