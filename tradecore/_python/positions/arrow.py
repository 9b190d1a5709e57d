"""Columns behind the Arrow C stream interface, for any reader of its PyCapsules: pyarrow, polars, duckdb, pandas.

Its structs are freed by C functions, from any thread and in the middle of anything. Plain Python has none to offer, so
this twin lends pyarrow's, where that is installed.
"""

from __future__ import annotations

from typing import Any


def stream_columns(columns: list[tuple[str, str, int, list[Any]]], length: int) -> object:
    """A PyCapsule of an ArrowArrayStream: one batch of (name, Arrow format, nulls, buffers or None) columns, copied.

    Threads: any; the reader frees it from whichever it likes.
    """
    try:
        import pyarrow
    except ImportError:
        text = "without the compiled core, to_arrow() needs pyarrow: install it, or a wheel of tradecore"
        raise ImportError(text) from None
    arrays = []
    for _, form, nulls, buffers in columns:
        kind = {"u": pyarrow.utf8(), "l": pyarrow.int64(), "tsn:UTC": pyarrow.timestamp("ns", "UTC")}.get(form)
        if kind is None:
            kind = pyarrow.decimal128(*map(int, form.removeprefix("d:").split(",")))
        held = [None if buffer is None else pyarrow.py_buffer(bytes(memoryview(buffer))) for buffer in buffers]
        arrays.append(pyarrow.Array.from_buffers(kind, length, held, nulls))
    return pyarrow.table(arrays, names=[name for name, *_ in columns]).__arrow_c_stream__()
