"""Prints, as JSON, the hashes that one backend reaches on this processor: two seeded sessions with everything wrong in
them that a record can hold, and the start of the recorded market. Equal on every platform, or something is broken.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import numpy as np

from tradecore._backend import room_module
from tradecore.replay.market import replay_recording
from tradecore.replay.recording import find_newcomers_recording, read_recording
from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.records import ACK_DTYPE, ORDER_DTYPE

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from streams import START, Stream

SESSIONS, COMMANDS, EVENTS = (11, 12), 20_000, 20_000
CAPACITY = Capacity(instruments=12, accounts=12, venues=5, currencies=4, open_orders=4_096, order_history=1_024,
                    cl_ord_ids=65_536, events=4_096, order_rate=512, decisions=256)


def session_hashes(backend: str, seed: int) -> dict[str, str]:
    core = room_module(backend, "pipeline").Core(CAPACITY)
    commands = np.frombuffer(b"".join(Stream(seed, CAPACITY).take(COMMANDS)), ORDER_DTYPE)
    core.run(commands, np.zeros(len(commands), ACK_DTYPE), START, False)
    return {"event_hash": f"{core.event_hash:016x}", "state_hash": f"{core.state_hash():016x}"}


def main() -> None:
    backend = sys.argv[1]
    found = {f"session {seed}, {COMMANDS:,} commands": session_hashes(backend, seed) for seed in SESSIONS}
    result = replay_recording(read_recording(find_newcomers_recording(), max_events=EVENTS), backend=backend)
    found[f"recording, {EVENTS:,} events"] = {"event_hash": result.event_hash, "state_hash": result.state_hash}
    print(json.dumps({"machine": platform.machine(), "backend": backend, "hashes": found}))


if __name__ == "__main__":
    main()
