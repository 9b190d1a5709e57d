"""Prints, as JSON, the hashes that one backend reaches on this processor: in the streams of fixed seeds that parity
holds both backends to, and in a third of the newcomer's half hour. Equal on every platform, or something is broken.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tradecore._backend import room_module
from tradecore.replay.market import replay_recording
from tradecore.replay.recording import find_newcomers_recording, read_recording
from tradecore.vocabulary.records import ACK_DTYPE

sys.path.extend(str(Path(__file__).parent.parent / "tests" / name) for name in ("core", "support", ""))
from lifecycle_stream import LifecycleStream
from streams import Stream
from test_parity import RUNS, SHAPES

EVENTS = 102_323


def stream_hashes(backend: str, name: str, count: int, seed: int) -> dict[str, str]:
    """One stream, which hears of each batch what this backend has made of it."""
    capacity, batch, _ = SHAPES[name]
    stream: Any = (LifecycleStream if name.startswith("lifecycle") else Stream)(seed, capacity)
    core: Any = room_module(backend, "pipeline").Core(capacity)
    seq = 0
    for _ in range(count // batch):
        records, acks = b"".join(stream.take(batch)), np.zeros(batch, ACK_DTYPE)
        core.run(np.frombuffer(records, "V128"), acks, stream.clock)
        stream.hear(core, records, acks, core.read_events(seq, 1 << 20)[0])
        seq = core.event_seq
    return {"event_hash": f"{core.event_hash:016x}", "state_hash": f"{core.state_hash():016x}"}


def main() -> None:
    backend = sys.argv[1]
    runs = [run for run in RUNS if not hasattr(run, "marks") and isinstance(run[2], int)]
    found = {f"{name} {seed}, {count:,} commands": stream_hashes(backend, name, count, seed)
             for name, count, seed in runs}
    result = replay_recording(read_recording(find_newcomers_recording(), max_events=EVENTS), backend=backend)
    found[f"recording, {EVENTS:,} events"] = {"event_hash": result.event_hash, "state_hash": result.state_hash}
    print(json.dumps({"machine": platform.machine(), "backend": backend, "hashes": found}))


if __name__ == "__main__":
    main()
