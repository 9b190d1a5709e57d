"""A core with one venue of ours and one outside, and what its exit gate says that it stopped."""

from __future__ import annotations

from conftest import build_core

import tradecore as tc


def gated(backend, bid, ask, **given):
    """A core whose market lies there."""
    made = build_core(backend, venues=[tc.SimulatedVenue("XNAS"), tc.ExternalVenue("EXT")], **given)
    made.quote("XNAS", "AAPL", bid=bid, bid_size=10_000, ask=ask, ask_size=10_000)
    return made


def alerts(core):
    """The texts of what was stopped."""
    return [report.text for report in core.reports(0) if report.report_type is tc.ReportType.GATE_STOPPED]


def stopped(check, bound=0):
    """The text of what a check should have stopped."""
    limit = "" if check in ("KILL_SWITCH", "DUPLICATE_CLORDID", "SESSION_CLOSED") else f": the bound is {bound}"
    return f"EXIT_GATE: stopped at the exit, what {check} should have stopped{limit}"
