"""Which ids a command may name: those that the core knows. What found no room in the table of ids says that, and how
many it holds."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NO_ROOM

from ..vocabulary.texts import id_is_known
from .state import State, refuse_command


def given_id(core: State, number: int) -> int:
    """An id that was given, and is one; 0 where it is not."""
    return number if number > 0 and id_is_known(core.texts, number) else 0


def find_unknown_id(core: State, number: int, offset: int) -> tuple[Reason, int, int] | None:
    """Why an id is none that is known, with value and bound; 0 is none, and no fault. `offset` is its field's."""
    if id_is_known(core.texts, number):
        return None
    if number == NO_ROOM:
        return Reason.IDS_FULL, len(core.texts.texts), core.texts.capacity
    return Reason.INVALID_FIELD_VALUE, number, offset


def find_bad_note(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why who or why of a command is no id, with value and bound."""
    return find_unknown_id(core, c.who, 96) or find_unknown_id(core, c.why, 104)


def refuse_note(core: State, c: Any) -> Any:
    """The ack of who or why that are no ids, which is refused here; None where they are."""
    bad = find_bad_note(core, c)
    return None if bad is None else refuse_command(core, c, *bad)
