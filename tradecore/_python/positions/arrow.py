"""Columns behind the Arrow C stream interface, for any reader of its PyCapsules: pyarrow, polars, duckdb, pandas.

Its structs are freed by C functions, from any thread and in the middle of anything. Plain Python has none to offer, so
this twin lends pyarrow's, where that is installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def stream_columns(columns: list[tuple[str, str, int, list[Any], Any]], length: int) -> object:
    """A PyCapsule of an ArrowArrayStream: one batch of (name, Arrow format, nulls, buffers or None, words) columns,
    copied. Decimals may come as int64, which are widened. `words` are the offsets and bytes of the texts that a
    column's numbers stand for, or None.

    Threads: any; the reader frees it from whichever it likes.
    """
    try:
        import pyarrow
    except ImportError:
        text = "without the compiled core, to_arrow() needs pyarrow: install it, or a wheel of tradecore"
        raise ImportError(text) from None
    plain = {"u": pyarrow.utf8(), "l": pyarrow.int64(), "tsn:UTC": pyarrow.timestamp("ns", "UTC"), "C": pyarrow.uint8(),
             "i": pyarrow.int32()}
    arrays = []
    for _, form, nulls, buffers, words in columns:
        kind = plain.get(form) or pyarrow.decimal128(*map(int, form.removeprefix("d:").split(",")))
        if form not in plain and buffers[1].dtype == np.int64:
            buffers = [buffers[0], np.stack([buffers[1], buffers[1] >> 63], axis=1).reshape(-1)]
        held = [None if buffer is None else pyarrow.py_buffer(bytes(memoryview(buffer))) for buffer in buffers]
        array = pyarrow.Array.from_buffers(kind, length, held, nulls)
        if words is not None:
            texts = [None, *(pyarrow.py_buffer(bytes(memoryview(part))) for part in words)]
            named = pyarrow.Array.from_buffers(pyarrow.utf8(), len(words[0]) - 1, texts)
            array = pyarrow.DictionaryArray.from_arrays(array, named)
        arrays.append(array)
    return pyarrow.table(arrays, names=[name for name, *_ in columns]).__arrow_c_stream__()
