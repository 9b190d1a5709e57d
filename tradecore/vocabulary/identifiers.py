"""Ids and names as users write them, into the form of a record."""

from __future__ import annotations

from .records import PREFIX_SIZE, TEXT_SIZE
from .scalars import demand_plain

Identifier = str | int | bytes
IDENTIFIERS = (str, int, bytes)
NAME_SIZE = 63
_INT_BITS_MAX = 212  # of 64 digits


def encode_cl_ord_id(value: Identifier | None, name: str = "cl_ord_id") -> bytes:
    """A ClOrdID(11) as text: 1 to 64 printable ASCII bytes without spaces; None is b"" (automatic).

    An int is its decimal text. Raises TypeError or ValueError naming the value and the bound.
    """
    if value is None:
        return b""
    if isinstance(value, bool) or not isinstance(value, IDENTIFIERS):
        value = demand_plain(value, IDENTIFIERS, name, "str, int, bytes or None")
    if isinstance(value, int) and value.bit_length() > _INT_BITS_MAX:
        raise ValueError(f"{name} of {value.bit_length()} bits has more than {TEXT_SIZE} digits")
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if not 1 <= len(text) <= TEXT_SIZE or not all("!" <= c <= "~" for c in text):
        raise ValueError(f"{name} {text[:80]!r} must be 1 to {TEXT_SIZE} printable ASCII characters without spaces")
    return text.encode("ascii")


def demand_prefix(value: object) -> str:
    """What ids that the core makes begin with: 1 to 32 printable ASCII characters without spaces.

    Raises TypeError or ValueError naming the value and the bound.
    """
    if not isinstance(value, str):
        raise TypeError(f"request_prefix must be a str, not {type(value).__name__}")
    if not 1 <= len(value) <= PREFIX_SIZE or not all("!" <= c <= "~" for c in value):
        raise ValueError(f"request_prefix {value[:80]!r} must be 1 to {PREFIX_SIZE} printable ASCII characters "
                         "without spaces")
    return value


def encode_told_id(value: Identifier | None, name: str) -> bytes | None:
    """An id as a venue said it: b"" for none, None for what is no id at all, which is the core's to refuse, as news.
    Raises TypeError for another type."""
    if value is None:
        return b""
    if isinstance(value, bool) or not isinstance(value, IDENTIFIERS):
        value = demand_plain(value, IDENTIFIERS, name, "str, int, bytes or None")
    if isinstance(value, int) and value.bit_length() > _INT_BITS_MAX:
        return None
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.encode("ascii") if is_printable(text, TEXT_SIZE) else b"" if not text else None


def is_printable(text: str, most: int) -> bool:
    """1 to `most` printable ASCII characters, spaces only between others."""
    return 1 <= len(text) <= most and all(" " <= c <= "~" for c in text) and text == text.strip(" ")


def check_name(value: object, what: str, most: int = NAME_SIZE) -> str:
    """A declared name: 1 to 63 printable ASCII characters, with spaces only between others."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not is_printable(value, most):
        raise ValueError(f"{what} {value[:80]!r} must be 1 to {most} printable ASCII characters, "
                         "with spaces only between others")
    return str(value)  # NumPy's str too


def check_names(names: object, what: str) -> None:
    """Refuses one name where an iterable of them is meant: its letters would be declared."""
    if isinstance(names, str):
        raise TypeError(f"{what} must be an iterable of names, not the str {names!r}")


def note(value: object, name: str) -> bytes:
    """Who or why, of a change: up to 64 printable ASCII characters, or empty. Raises TypeError or ValueError."""
    return b"" if value == "" else check_name(value, name, TEXT_SIZE).encode("ascii")
