"""Which known name is nearest to one that is not known. What finds it is imported when there is such a one."""

from __future__ import annotations

from collections.abc import Iterable

ANY = 0.0  # however far it is
LIKE = 0.6  # as difflib has it: what could be a slip


def find_nearest(word: str, known: Iterable[str], least: float = ANY) -> str:
    """The known name that is nearest; empty where none is at least so like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), 1, least)), "")
