"""What external venues are to be sent, out of the core's queue: message by message, or many at once as an array.

What is handed out is no longer the core's: so one at a time, where a reader takes one at a time. A long array is taken
piece by piece, so that nobody waits long for the core's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..vocabulary.codes import CommandType
from ..vocabulary.messages import OutboundMessage
from ..vocabulary.records import CODECS, VERSION
from .core_gate import CoreGate

_PIECE = 4_096


def hand_out(gate: CoreGate, most: int) -> Any:
    """The next messages, at most so many, as an OUTBOUND_DTYPE array. Where none waits, no command is made."""
    now, pieces = gate.time(), list[Any]()
    while most > 0 and (not pieces or len(pieces[-1]) == _PIECE):
        count = min(most, _PIECE)
        record = CODECS[CommandType.HAND_OUT].pack(kind=CommandType.HAND_OUT, version=VERSION, most=count)
        pieces.append(gate.core.hand_out(record, now))
        most -= count
    gate.bus.deliver()
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def messages(gate: CoreGate) -> Iterator[OutboundMessage]:
    """The messages that wait, each once, until none does."""
    while len(taken := hand_out(gate, 1)):
        yield OutboundMessage(taken.tobytes(), gate.names)
