"""The back office's notebook runs, and shows what is stored in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from notebook import run

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "back_office.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return json.loads(NOTEBOOK.read_text("utf-8"))


def outputs(cells):
    return [output for cell in cells["cells"] for output in cell.get("outputs", [])]


def test_the_notebook_shows_what_it_says(notebook, monkeypatch):
    monkeypatch.delenv("TRADECORE_BACKEND", raising=False)
    again = run(notebook)
    assert outputs(again) == outputs(notebook), "python tools/notebook.py examples/back_office.ipynb writes them anew"
    assert sum("text/html" in output.get("data", {}) for output in outputs(again)) >= 8


def test_a_cell_that_says_something_else_is_seen(notebook):
    at = next(i for i, cell in enumerate(notebook["cells"]) if "".join(cell["source"]).startswith("keeper.equity"))
    cells = list(notebook["cells"])
    cells[at] = {**cells[at], "source": ["keeper.equity('beta')"]}
    assert outputs(run({**notebook, "cells": cells})) != outputs(notebook)
