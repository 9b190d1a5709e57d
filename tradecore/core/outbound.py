"""What external venues are to be sent, out of the core's queue: message by message, or many at once as an array.

What is handed out is no longer the core's: so one at a time, where a reader takes one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..vocabulary.codes import CommandType
from ..vocabulary.messages import OutboundMessage
from ..vocabulary.records import CODECS, VERSION
from .core_gate import CoreGate


def hand_out(gate: CoreGate, most: int) -> Any:
    """The next messages, at most so many, as an OUTBOUND_DTYPE array. Where none waits, no command is made."""
    record = CODECS[CommandType.HAND_OUT].pack(kind=CommandType.HAND_OUT, version=VERSION, most=most)
    taken = gate.core.hand_out(record, gate.time())
    gate.bus.deliver()
    return taken


def messages(gate: CoreGate) -> Iterator[OutboundMessage]:
    """The messages that wait, each once, until none does."""
    while len(taken := hand_out(gate, 1)):
        yield OutboundMessage(taken.tobytes(), gate.names)
