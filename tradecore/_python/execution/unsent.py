"""What external venues are to be sent, until it is handed out: a queue that loses nothing, and the places in it.

An order that is open at an external venue has at most PLACES messages that are not handed out: its new, its cancel, its
status request and what the core itself changes of it, each the last of its kind; those places are kept for it, whatever
else is waiting. A replace that a user asks for takes a place when it is asked. So what the core must be able to send
always finds room, and what finds none is refused before it changes anything.

A message is handed out later than it was made: the exit gate judges it then, by the order as it is. What its venue has
answered by then is judged by its own terms; of an order that has ended and left the table, nothing but cancels and
questions leaves.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

PLACES = 4  # that an open order keeps
PLACES_PER_ORDER = 8  # of the queue: a new order that waits, the places that it keeps, and some for replaces


@dataclass(slots=True, eq=False)
class Message:
    """One message, as its record has it; and whose it is."""

    fields: dict[str, int]
    order: Any
    request: Any = None  # while it is not answered


class Unsent:
    """Messages in the order in which they were made."""

    def __init__(self, open_max: int) -> None:
        self.most = PLACES_PER_ORDER * open_max
        self.messages: OrderedDict[Message, None] = OrderedDict()
        self.away = 0  # open orders that keep places
        self.handed = 0  # messages handed out so far: the number of the last one
        self.reader: list[bytes] | None = None  # where they are handed out to; nobody listens in a replay


def places_taken(unsent: Unsent) -> int:
    """Places that messages have, and those that are kept."""
    return len(unsent.messages) + PLACES * unsent.away


def has_places(unsent: Unsent, more: int) -> bool:
    """Is there room for so many places more?"""
    return places_taken(unsent) + more <= unsent.most


def append_message(unsent: Unsent, message: Message) -> None:
    unsent.messages[message] = None


def drop_message(unsent: Unsent, message: Message) -> None:
    """Takes a message out of the queue; nothing knows of it any more."""
    order = message.order
    for name in ("new_message", "cancel_message", "change_message", "status_message"):
        if getattr(order, name) is message:
            setattr(order, name, None)
    if message.request is not None:
        message.request.message = message.request = None
    del unsent.messages[message]
