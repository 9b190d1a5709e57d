"""NumPy's scalars as the plain numbers and texts that they are, at the door where a user's value comes in.

It converts no dates, arrays or truths: what is none of its kinds is left to the check that follows, which refuses it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from numpy import dtype, format_float_scientific, generic, isfinite

_WORDS = {"i": int, "u": int, "U": str, "S": bytes}


def plain(value: object) -> object:
    """A NumPy integer as an int, a text as a str, a float64 as a float; anything else as it is.

    A float of another size is the shortest decimal that names it among its own: np.float32(50.12) is 50.12, not the
    float32's binary value 50.11999893..., which no price was meant to be. np.bool_, dates and arrays stay as they are.
    """
    if not isinstance(value, generic):
        return value
    kind = value.dtype.kind
    if kind == "f":
        if isinstance(value, float) or not isfinite(value):
            return float(value)
        return Decimal(format_float_scientific(value))  # type: ignore[arg-type]  # kind f: a floating
    word = _WORDS.get(kind)
    return value if word is None else word(value)


def demand_plain(value: object, kinds: tuple[type, ...], name: str, words: str) -> Any:
    """What a NumPy scalar is, where that is one of these types; for what passed no isinstance() at its door.

    Raises TypeError naming the argument and the types (`words`) for anything else, bools too.
    """
    found = plain(value)
    if isinstance(found, bool) or not isinstance(found, kinds):
        raise TypeError(f"{name} must be {words}, not {type(value).__name__}")
    return found


def dtype_of(value: Any) -> dtype[Any]:
    """The dtype of an argument `dtype`. Raises TypeError for what names none, and None, NumPy's word for float64."""
    if value is None:
        raise TypeError("dtype None is none: say which")
    try:
        found: dtype[Any] = dtype(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"dtype {value!r} is none: {error}") from error
    return found
