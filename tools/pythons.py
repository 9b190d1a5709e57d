"""Which of the supported Pythons this machine has (on PATH, or kept by pyenv), and which it lacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SUPPORTED = ["cp311", "cp312", "cp313", "cp314", "cp314t"]
# The real interpreter behind shims and virtual environments, its version, and whether it is free-threaded.
_ASK = ("import json, os, sys, sysconfig as s; "
        "print(json.dumps([os.path.realpath(getattr(sys, '_base_executable', '') or sys.executable), "
        "sys.implementation.name, *sys.version_info[:3], bool(s.get_config_var('Py_GIL_DISABLED'))]))")


class Python(NamedTuple):
    """One interpreter: where it is, its version, and the tag that its wheels carry."""

    path: str
    version: str
    tag: str


def find_pythons() -> list[Python]:
    """Every interpreter of a supported version, the oldest version first; each only once, whatever links to it."""
    found = {python.path: python for path in _candidates() if (python := _examine(path)) is not None}
    order = {tag: place for place, tag in enumerate(SUPPORTED)}
    return sorted(found.values(), key=lambda python: (order[python.tag], python.path))


def one_per_tag(pythons: list[Python]) -> list[Python]:
    """The newest of each version: what a wheel is built with."""
    newest = sorted(pythons, key=lambda python: [int(part) for part in python.version.split(".")])
    return list({python.tag: python for python in newest}.values())


def lacking(pythons: list[Python]) -> list[str]:
    """The supported tags that no interpreter here has."""
    return [tag for tag in SUPPORTED if tag not in {python.tag for python in pythons}]


def _candidates() -> list[str]:
    paths = [sys.executable]
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and Path(folder).is_dir():
            paths += [str(path) for path in Path(folder).iterdir() if re.fullmatch(r"python3(\.\d+t?)?", path.name)]
    try:
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        paths += [str(path) for path in Path(root, "versions").glob("*/bin/python3")]
    except (OSError, subprocess.CalledProcessError):
        pass  # no pyenv here
    return paths


def _examine(path: str) -> Python | None:
    """What an interpreter says of itself; None where it does not run (a shim of nothing) or is not supported."""
    try:
        done = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    real, implementation, major, minor, micro, free_threaded = json.loads(done.stdout)
    tag = f"cp{major}{minor}{'t' if free_threaded else ''}"
    return Python(real, f"{major}.{minor}.{micro}", tag) if implementation == "cpython" and tag in SUPPORTED else None


if __name__ == "__main__":
    here = find_pythons()
    print("\n".join(f"{python.tag:<8} {python.version:<8} {python.path}" for python in here))
    print("lacking:", ", ".join(lacking(here)) or "none")
