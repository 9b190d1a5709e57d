"""Runs a notebook's cells in order, in one namespace, and keeps what each shows: HTML where it has one, and text.

`python tools/notebook.py examples/back_office.ipynb` writes the outputs into the notebook; `--check` compares them with
those that are there. It needs no Jupyter: what a cell shows is what it prints, and its last expression.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any


def run_cell(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The outputs of one cell, as a notebook has them."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102  # our own cells are what is to be run
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307  # the same
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": lines_of(printed.getvalue())})
    if value is not None:
        data = {"text/plain": lines_of(repr(value))}
        if hasattr(value, "_repr_html_"):
            data["text/html"] = lines_of(value._repr_html_())
        found.append({"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": data})
    return found


def lines_of(text: str) -> list[str]:
    """A text as a notebook keeps it."""
    return text.splitlines(keepends=True)


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs of its code, in a namespace of its own."""
    names: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell = {**cell, "execution_count": count, "outputs": run_cell("".join(cell["source"]), names, count)}
        cells.append(cell)
    return {**notebook, "cells": cells}


def main(arguments: list[str]) -> int:
    """Write or check the outputs; the exit status."""
    path = Path(next(word for word in arguments if not word.startswith("--")))
    before = json.loads(path.read_text("utf-8"))
    after = run(before)
    if "--check" in arguments:
        return 0 if before == after else 1
    path.write_text(json.dumps(after, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
