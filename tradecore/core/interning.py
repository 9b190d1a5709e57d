"""Whole columns of ids into their numbers, for batches: texts are interned, a client's own integers are their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..vocabulary.codes import CommandType, ReportType
from ..vocabulary.gate import RefusedError
from ..vocabulary.identifiers import encode_cl_ord_id
from ..vocabulary.reasons import reason_text
from ..vocabulary.records import ACK_DTYPE, INTERN_DTYPE, OWN_ID_MAX, TEXT_SIZE, VERSION
from .core_gate import CoreGate

Array = Any
_PIECE = 16_384  # texts at a time: a column's records take three times what the column does


def intern_column(gate: CoreGate, texts: Any) -> Array:
    """The number of each id as an int64 array. A column of integers is copied."""
    if isinstance(texts, (str, bytes)) or not isinstance(texts, (np.ndarray, Iterable)):
        raise TypeError(f"texts must be a sequence or a NumPy column of ids, not {type(texts).__name__}")
    if isinstance(texts, np.ndarray) and texts.dtype.kind in "iu":
        return _demand_own(texts)
    column = _text_column(texts)
    numbers = np.zeros(len(column), np.int64)
    now, core = gate.time(), gate.core
    for at in range(0, len(column), _PIECE):
        piece = column[at : at + _PIECE]
        commands, acks = np.zeros(len(piece), INTERN_DTYPE), np.zeros(len(piece), ACK_DTYPE)
        commands["kind"], commands["version"], commands["text"] = CommandType.INTERN, VERSION, piece
        core.run(commands, acks, now)
        refused = acks["report_type"] == ReportType.BUSINESS_REJECT
        if refused.any():
            gate.bus.deliver()
            row = int(np.argmax(refused))
            held = core.metrics()["ids"]
            why = reason_text(CommandType.INTERN, int(acks["reason"][row]), held, gate.capacity.ids, 0, gate.names)
            raise RefusedError(f"texts[{at + row}] {piece[row].decode()!r} refused: {why}")
        numbers[at : at + _PIECE] = acks["order_id"]
    gate.bus.deliver()
    return numbers


def _demand_own(column: Array) -> Array:
    if column.ndim != 1:
        raise ValueError(f"texts must be one-dimensional, got shape {column.shape}")
    bad = (column < 1) | (column > OWN_ID_MAX)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(f"texts[{row}] {column[row]} must be 1 to {OWN_ID_MAX}: other integers are texts")
    return column.astype(np.int64)


def _text_column(texts: Any) -> Array:
    """The ids as fixed-width bytes, each one checked."""
    if not isinstance(texts, np.ndarray) or texts.dtype.kind == "O":
        ids = [encode_cl_ord_id(text, f"texts[{i}]") for i, text in enumerate(texts)]
        missing = [i for i, text in enumerate(ids) if not text]
        if missing:
            raise ValueError(f"texts[{missing[0]}] is None: every id must be given")
        return np.array(ids, f"S{TEXT_SIZE}")
    if texts.dtype.kind not in "SU" or texts.ndim != 1:
        raise ValueError("texts must be one-dimensional, of integers, S or U; "
                         f"got shape {texts.shape} of {texts.dtype}")
    if len(texts) == 0:
        return np.array([], f"S{TEXT_SIZE}")
    width = 1 if texts.dtype.kind == "S" else 4
    letters: Any = np.ascontiguousarray(texts).view(np.uint8 if width == 1 else np.uint32).reshape(len(texts), -1)
    size = np.char.str_len(texts)
    good = (letters > ord(" ")) & (letters <= ord("~"))
    bad = (size < 1) | (size > TEXT_SIZE) | (good.sum(axis=1) != size)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(f"texts[{row}] {texts[row]!r:.80} must be 1 to {TEXT_SIZE} printable ASCII characters "
                         "without spaces")
    return texts.astype(f"S{TEXT_SIZE}")
