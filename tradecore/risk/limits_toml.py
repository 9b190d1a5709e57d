"""Limits as TOML: what a risk officer keeps in a file, a table `[[limits]]` for each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from ..vocabulary.nearest import find_nearest
from .limit_table import LimitLine
from .limits import OFF

_TARGETS = ("account", "symbol", "venue", "strategy", "account_group", "instrument_group")
_KEYS = ("rule", "value", *_TARGETS, "window_ms", "soft", "observe", "cancel", "who", "why")


def to_toml(lines: Iterable[LimitLine]) -> str:
    """Rows as TOML; numbers are texts where they have decimals, so that none is lost."""
    told = []
    for line in lines:
        fields: dict[str, Any] = {"rule": line.rule.name.lower()}
        fields |= {name: getattr(line, name) for name in _TARGETS}
        fields["value"] = "off" if line.value is OFF else line.value
        fields |= {"window_ms": line.window_ms, "soft": line.soft, "observe": line.is_observed or None,
                   "cancel": line.cancels or None,
                   "who": line.set_by or None, "why": line.reason or None}
        told.append("[[limits]]\n" + "".join(
            f"{key} = {_value(value)}\n" for key, value in fields.items() if value is not None))
    return "\n".join(told)


def from_toml(text: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """The changes of a TOML text, each with who and why. Raises ValueError naming what is wrong, or TypeError."""
    import tomllib  # what an order's path does not need is imported when it is asked for

    if not isinstance(text, str):
        raise TypeError(f"text must be a str, not {type(text).__name__}")
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"text is not TOML: {error}") from None
    _demand_known(tree, ("limits",), "text")
    tables = tree.get("limits", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("limits must be an array of tables ([[limits]])")
    for at, table in enumerate(tables):
        _demand_known(table, _KEYS, f"limits[{at}]")
        for key in ("rule", "value"):
            if key not in table:
                raise ValueError(f"limits[{at}]: {key} is missing")
        change = dict(table)
        who, why = change.pop("who", ""), change.pop("why", "")
        yield change | {"value": OFF if table["value"] == "off" else table["value"]}, who, why


def _demand_known(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            near = find_nearest(key, known)
            raise ValueError(f"{where}: unknown key {key!r}; the nearest known key is {near!r}")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    text = f"{value:f}" if isinstance(value, Decimal) else value
    if isinstance(value, Decimal) and value == int(value):
        return str(int(value))
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
