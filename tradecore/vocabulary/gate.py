"""What an engine knows of the core that it acts on: its names, its questions, and one command at a time.

Every change of state is one command record, and what comes back is a report record. The core that stands behind it, its
clock, its lock and its subscribers are the conductor's (core.core_gate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .capacity import Capacity
from .codes import CommandType
from .names import Directory
from .reports import Report

Words = Callable[[Mapping[str, bytes]], int]  # see Gate.ask


class RefusedError(ValueError):
    """A setting or a quote that the core refused; nothing was changed. An order is never refused this way."""


class Gate(Protocol):
    """One core behind its names. Threads: any may call; one lock per core."""

    @property
    def core(self) -> Any:
        """The backend's core: what may be asked without a command."""

    @property
    def names(self) -> Directory:
        """What was declared."""

    @property
    def capacity(self) -> Capacity:
        """The sizes of its tables."""

    @property
    def asked(self) -> list[Any]:
        """The rules in Python that are in force: see risk.callables."""

    def judge(self, facts: Any, order_id: int = 0) -> str:
        """Why a rule in Python refuses an order, of its NEW_ORDER command or of its row as a replace asks for it; empty
        where none does."""

    def refusal_id(self, said: str) -> int:
        """The number by which a record says that a rule in Python refuses it, and why; 0 where none does. Only so many
        different texts are kept."""

    def order(self, handle: Any) -> Any:
        """The live order of a backend's handle."""

    def command(self, kind: CommandType, name: str = "", /, **fields: int | bytes | None) -> Report | None:
        """Run a command that has no order, a definition with its `name`; the report that answers it, None where it is
        told of later. RefusedError, naming field, value and bound, where it is refused."""

    def note(self, text: bytes) -> int:
        """The number of a free text (see vocabulary.note_text), 0 of none."""

    def ask(self, kind: CommandType, words: Words | None = None, /, **fields: int | bytes | None) -> Report:
        """Run a command about an order; the report that answers it. Ids are texts (b"": none; None: what is no id).
        `words` gives the number of its note, from the ids for whose texts the core has no room."""
