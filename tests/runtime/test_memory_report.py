"""`tradecore bench --memory`: every row with its target, and a counter that counts."""

import json
import os
import subprocess
import sys
import tempfile

import pytest

from tradecore.cli import memory
from tradecore.cli.main import main

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")


def can_count():
    """Is there a compiler, and for this processor?"""
    with tempfile.TemporaryDirectory() as folder:
        return memory._build(folder) is not None


# The counting library goes before all others, as a sanitizer's own must: the two exclude each other.
COUNTS = pytest.mark.skipif("san.so" in os.environ.get("LD_PRELOAD", ""), reason="a sanitizer counts memory by itself")


@COUNTS
def test_every_row_says_its_value_and_whether_it_met_its_target(capsys):
    status = main(["bench", "--memory", "--backend", "native", "--json"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert status == any(row["ok"] is False for row in rows)
    assert all({"name", "value", "unit", "target", "ok"} <= row.keys() for row in rows)
    found = {row["name"]: row for row in rows}
    for name, row in found.items():
        assert row["value"] is not None or not can_count(), name
        assert (row["ok"] is None) == (row["target"] is None or row["value"] is None)
    if "TRADECORE_EMULATED" not in os.environ:  # an emulator's own memory is a process's too
        assert found["peak memory after 1,000,000 orders, Capacity.small()"]["ok"]
    if can_count():
        assert found["malloc calls in the native pass, 1,000,000 orders after warm-up"]["value"] == 0
        assert found["Python objects made an order, in a batch"]["ok"]


def test_the_twin_has_nothing_to_show(capsys):
    assert main(["bench", "--memory", "--backend", "python"]) == 0
    said = capsys.readouterr().out
    assert said.count("n/a") == len(said.splitlines()) > 5


@COUNTS
def test_a_malloc_in_the_pass_is_counted():
    if not can_count():
        pytest.skip("there is no C compiler for this processor")
    with tempfile.TemporaryDirectory() as folder:
        planted = memory._MALLOCS.replace("run(orders, acks, now)", "run(orders, acks, now), c.malloc(5)")
        assert planted != memory._MALLOCS
        assert memory._run(planted, memory._build(folder), False) == {"mallocs": 100}


def test_a_measure_needs_to_be_named():
    done = subprocess.run([sys.executable, "-m", "tradecore", "bench"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--memory" in done.stderr
