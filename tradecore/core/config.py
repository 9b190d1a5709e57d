"""A session from one TOML file: instruments, venues, accounts with their limits. An unknown key refuses to start."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from ..execution.venues import ExternalVenue, SimulatedVenue, Venue
from ..risk.limits import OFF, RiskLimits
from ..vocabulary.capacity import Capacity
from ..vocabulary.features import Features
from ..vocabulary.instrument import Instrument
from ..vocabulary.nearest import find_nearest

T = TypeVar("T")


class ConfigError(ValueError):
    """A session file that can't be used; the text names the file, the key and what was expected."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a TradingCore is built from, and who sends one's own orders in a replay."""

    instruments: list[Instrument]
    venues: list[Venue]
    accounts: dict[str, RiskLimits]
    capacity: Capacity
    orders_account: str | None
    features: Features | None = None


def load_session(path: str | Path | None = None) -> Session:
    """Read a session file; None is the one that ships with the package, tradecore/examples/session.toml.

    Raises ConfigError for what is not TOML, for an unknown key (naming the nearest known one) and for a bad value.
    """
    if path is None:
        text, name = files("tradecore").joinpath("examples/session.toml").read_text("utf-8"), "session.toml"
    else:
        text, name = _read(Path(path)), str(path)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    _demand_known(tree, ["instruments", "venues", "accounts", "capacity", "replay", "features"], name)
    instruments = [_build(Instrument, table, f"{name}: instruments[{i}]")
                   for i, table in enumerate(_tables(tree, "instruments", name))]
    venues = [_venue(table, f"{name}: venues[{i}]") for i, table in enumerate(_tables(tree, "venues", name))]
    accounts = {key: _limits(table, f"{name}: accounts.{key}") for key, table in _table(tree, "accounts", name).items()}
    replay = _table(tree, "replay", name)
    _demand_known(replay, ["orders_account"], f"{name}: replay")
    owner = replay.get("orders_account")
    if owner is not None and (owner not in accounts or owner == "recorded"):
        others = [account for account in accounts if account != "recorded"]
        raise ConfigError(f"{name}: replay.orders_account {owner!r} is not one of accounts: {', '.join(others)}")
    return Session(instruments, venues, accounts, _build(Capacity, _table(tree, "capacity", name), f"{name}: capacity"),
                   owner, _features(tree, name))


def _features(tree: dict[str, Any], name: str) -> Features | None:
    """Where a session says nothing of features, the environment does."""
    if "features" not in tree:
        return None
    try:
        return Features(**_table(tree, "features", name))
    except ValueError as error:
        raise ConfigError(f"{name}: features: {error}") from None


def _venue(table: dict[str, Any], where: str) -> Venue:
    """A venue of its `kind`: simulated, which is the default, or external."""
    kinds: dict[object, type[Venue]] = {"simulated": SimulatedVenue, "external": ExternalVenue}
    given = table.get("kind", "simulated")
    kind = kinds.get(given) if isinstance(given, str) else None
    if kind is None:
        raise ConfigError(f"{where}: kind {given!r} is not one of {', '.join(map(str, kinds))}")
    rest = {key: value for key, value in table.items() if key != "kind"}
    known = [field.name for field in fields(kind)]
    _demand_known(rest, ["kind", *known], where)
    return _build(kind, rest, where)


def _limits(table: dict[str, Any], where: str) -> RiskLimits:
    return _build(RiskLimits, {key: OFF if value == "off" else value for key, value in table.items()}, where)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8: {error}") from None


def _table(tree: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = tree.get(key, {})
    if not isinstance(value, dict) or (key == "accounts" and not all(isinstance(v, dict) for v in value.values())):
        raise ConfigError(f"{where}: {key} must be a table, not {value!r}")
    return value


def _tables(tree: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    value = tree.get(key, [])
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise ConfigError(f"{where}: {key} must be an array of tables ([[{key}]]), not {value!r}")
    return value


def _demand_known(table: dict[str, Any], known: Iterable[str], where: str) -> None:
    known = list(known)
    for key in table:
        if key not in known:
            near = find_nearest(key, known)
            raise ConfigError(f"{where}: unknown key {key!r}; the nearest known key is {near!r}")


def _build(kind: type[T], table: dict[str, Any], where: str) -> T:
    known = [field.name for field in fields(kind) if field.init]  # type: ignore[arg-type]  # all are dataclasses
    _demand_known(table, known, where)
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from None
