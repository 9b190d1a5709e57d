"""What runs here and why: backend, versions, where the compiled core lies. Asks, changes nothing."""

from __future__ import annotations

import os
import platform
import sys
import warnings
from typing import Any

import numpy as np

from .. import __version__
from .._backend import FOLDERS, choose_backend, is_native_installed, room_module
from ..vocabulary.features import Features


def examine() -> dict[str, Any]:
    """Everything the doctor knows, as plain values; `backend` is None where choosing it fails, and `why` says how."""
    found: dict[str, Any] = {
        "tradecore": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": np.__version__,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "free_threaded": not getattr(sys, "_is_gil_enabled", lambda: True)(),
        "TRADECORE_BACKEND": os.environ.get("TRADECORE_BACKEND", "(not set: auto)"),
        "native_installed": is_native_installed(),
    }
    try:
        chosen = choose_backend()
        found |= {"backend": chosen.name, "why": chosen.why}
    except (ImportError, ValueError) as error:
        found |= {"backend": None, "why": str(error)}
    try:
        # Asked here, not warned of: the words are shown.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found["TRADECORE_FEATURES"] = ", ".join(f"{n}={w.value}" for n, w in Features.from_environment().items())
    except ValueError as error:
        found["TRADECORE_FEATURES"] = f"ERROR: {error}"
    found["modules"] = {}
    for room in FOLDERS if found["backend"] else ():
        found["modules"][room] = room_module(found["backend"], room).__file__
    if found["backend"]:
        try:
            found["simd"] = room_module(found["backend"], "marking").simd()
        except ValueError as error:
            found["simd"] = str(error)
    return found


def render(found: dict[str, Any]) -> str:
    """The examination as a readable table."""
    lines = [f"{key:<18} {value}" for key, value in found.items() if key != "modules"]
    lines += [f"  {room:<16} {file}" for room, file in found["modules"].items()]
    return "\n".join(lines)
