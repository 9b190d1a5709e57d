"""In which unit a time is. The core's are nanoseconds since 1970; a clock of a simulation may count from anywhere."""

from __future__ import annotations

from typing import Any

import numpy as np

UNITS = {"seconds": 10**9, "milliseconds": 10**6, "microseconds": 10**3}
_SINCE, _UNTIL = 1_104_537_600, 2_524_608_000  # 2005 and 2050, in seconds since 1970
_LEAST, _MOST = _SINCE, _UNTIL * 10**6  # of today's times in seconds, milliseconds or microseconds


def find_unit(time: int, core_time: int) -> str:
    """The unit in which a time lies between 2005 and 2050, though nanoseconds are meant: beside a core whose own time,
    in nanoseconds, is after 2005. Empty where it is none of them: a simulation that counts from 0 is left alone."""
    if core_time >= _SINCE * 10**9 and _LEAST <= time < _MOST:
        for unit, scale in UNITS.items():
            if _SINCE * 10**9 <= time * scale < _UNTIL * 10**9:
                return unit
    return ""


def demand_nanoseconds(time: int, name: str, core: Any) -> int:
    """The time of a clock beside that of a core; one that has none yet is taken to be of today. Raises ValueError,
    naming the unit that it looks like."""
    if _LEAST <= time < _MOST:
        unit = find_unit(time, core.now or _MOST * 10**3)
        if unit:
            raise ValueError(f"{name} {time} looks like {unit} since 1970: give nanoseconds")
    return time


def demand_nanoseconds_of(times: np.ndarray[Any, Any], name: str, core: Any) -> None:
    """The same of a column, where 0 is none. Raises ValueError, naming the row."""
    if not times.size or times.min() >= _MOST or times.max() < _LEAST:
        return
    for at in np.flatnonzero((times >= _LEAST) & (times < _MOST)).tolist():
        demand_nanoseconds(int(times[at]), f"row {at}: {name}", core)
