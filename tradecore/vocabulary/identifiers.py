"""Ids and names as users write them, into the form of a record."""

from __future__ import annotations

from .scalars import demand_plain

Identifier = str | int | bytes
IDENTIFIERS = (str, int, bytes)


def encode_cl_ord_id(value: Identifier | None, name: str = "cl_ord_id") -> bytes:
    """The record's form of a ClOrdID(11): 1 to 24 printable ASCII bytes; None is b"" (automatic).

    An int is its decimal text. Raises TypeError or ValueError naming the value and the bound.
    """
    if value is None:
        return b""
    if isinstance(value, bool) or not isinstance(value, IDENTIFIERS):
        value = demand_plain(value, IDENTIFIERS, name, "str, int, bytes or None")
    if isinstance(value, int) and value.bit_length() > 80:
        raise ValueError(f"{name} of {value.bit_length()} bits has more than 24 digits")
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if not 1 <= len(text) <= 24 or not all("!" <= c <= "~" for c in text):
        raise ValueError(f"{name} {text[:60]!r} must be 1 to 24 printable ASCII characters without spaces")
    return text.encode("ascii")


def check_name(value: object, what: str) -> str:
    """A declared name: 1 to 24 printable ASCII characters, so that it fits a definition record."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if not 1 <= len(value) <= 24 or not all("!" <= c <= "~" for c in value):
        raise ValueError(f"{what} {value!r} must be 1 to 24 printable ASCII characters without spaces")
    return str(value)  # NumPy's str too


def check_names(names: object, what: str) -> None:
    """Refuses one name where an iterable of them is meant: its letters would be declared."""
    if isinstance(names, str):
        raise TypeError(f"{what} must be an iterable of names, not the str {names!r}")
