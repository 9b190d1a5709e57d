"""The only place that chooses between the compiled core and its plain-Python twin. It never falls back in silence.

TRADECORE_BACKEND: `native` demands the compiled core, `python` takes the twin, `auto` (the default) takes the
compiled core where one is installed, and the twin, with one RuntimeWarning, where none is. A compiled core that
is installed and does not load is an error under `auto` too.
"""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import NamedTuple

CHOICES = ("auto", "native", "python")
# Where a room's twin lies: the compiled modules are flat, the twins and the kernels have the folders of the engines.
# Those of `door`, `live_order` and `report` are the engines' own core.door, orders.order and vocabulary.reports.
FOLDERS = {
    "arithmetic": "vocabulary",
    "rings": "runtime", "pools": "runtime",
    "validation": "orders",
    "risk": "risk", "programs": "risk", "exit_gate": "risk",
    "book": "execution", "routing": "execution",
    "ledger": "positions", "marking": "positions", "arrow": "positions", "report_numbers": "positions",
    "events": "core", "readers": "core", "pipeline": "core",
}
_HOW_TO_BUILD = ("install a wheel for this platform, or a C compiler and "
                 "`pip install --force-reinstall --no-binary tradecore tradecore`")


class Backend(NamedTuple):
    """A chosen backend: its name, why it was chosen, and its pipeline module."""

    name: str
    why: str
    pipeline: ModuleType


def is_native_installed() -> bool:
    """Whether a compiled pipeline is there to be imported; it may still fail to load."""
    return find_spec("tradecore._native.pipeline") is not None


def room_module(backend: str, room: str) -> ModuleType:
    """The module of one room in one backend: `native` or `python`."""
    place = f"_native.{room}" if backend == "native" else f"_python.{FOLDERS[room]}.{room}"
    return import_module(f"tradecore.{place}")


def choose_backend(choice: str | None = None) -> Backend:
    """The backend for `choice`, or for TRADECORE_BACKEND where `choice` is None.

    Raises ValueError for a word that is none of the three, ImportError where the compiled core is demanded
    and not there, or there and not loadable.
    """
    word = os.environ.get("TRADECORE_BACKEND", "auto") if choice is None else choice
    said = "TRADECORE_BACKEND" if choice is None else "backend"
    if word not in CHOICES:
        raise ValueError(f"{said} {word!r} is not one of {', '.join(CHOICES)}")
    if word == "python":
        return Backend("python", f"{said}=python", room_module("python", "pipeline"))
    if not is_native_installed():
        if word == "native":
            raise ImportError(f"{said}=native, but no compiled core is installed: {_HOW_TO_BUILD}")
        warnings.warn(
            f"tradecore runs its plain-Python twin, many times slower: no compiled core is installed. To get one, "
            f"{_HOW_TO_BUILD}; to ask for the twin and silence this, set TRADECORE_BACKEND=python",
            RuntimeWarning, stacklevel=3,
        )
        return Backend("python", "auto: no compiled core is installed", room_module("python", "pipeline"))
    try:
        pipeline = room_module("native", "pipeline")
    except ImportError as error:
        raise ImportError(
            f"a compiled core is installed but does not load: {error}. To repair it, {_HOW_TO_BUILD}; "
            f"TRADECORE_BACKEND=python runs the twin meanwhile"
        ) from error
    return Backend("native", f"{said}={word}" if word == "native" else "auto: a compiled core is installed", pipeline)
