"""Resident memory of an instrument in a compiled core of 50,000 at 64 venues for 4 accounts: of one that nobody quotes,
its name, its Instrument and a state hash included; and of one that is quoted at one venue. Linux only.
"""

from __future__ import annotations

import os
from pathlib import Path

import tradecore as tc

INSTRUMENTS, VENUES, QUOTED = 50_000, 64, 2_000


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    core = tc.TradingCore(
        venues=[tc.SimulatedVenue(f"V{n}") for n in range(VENUES)], accounts=list("abcd"), backend="native",
        capacity=tc.Capacity(instruments=INSTRUMENTS, venues=VENUES, accounts=4),
    )
    before = resident()
    for n in range(INSTRUMENTS):
        core.define_instrument(tc.Instrument(f"S{n}"))
    core.state_hash()
    after = resident()
    for n in range(QUOTED):
        core.quote(f"V{n % VENUES}", f"S{n}", bid=10, bid_size=5, ask=11, ask_size=5)
    unquoted, quoted = (after - before) / INSTRUMENTS, (resident() - after) / QUOTED
    print(f"bytes of an instrument of {INSTRUMENTS:,} x {VENUES} venues x 4 accounts: {unquoted:,.0f} where nobody "
          f"quotes it, {quoted:,.0f} more where one venue does")


if __name__ == "__main__":
    main()
