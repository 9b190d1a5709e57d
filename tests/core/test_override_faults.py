"""Faults in overrides, planted in the twin alone: streams in which overrides are accepted find each of them."""

from __future__ import annotations

from typing import Any

import pytest
from streams import Stream
from test_parity import WIDEST, Pair

from tradecore._python.core import overriding
from tradecore.vocabulary.codes import ReportType

lets_pass, use_overrides, has_same_terms = overriding.lets_pass, overriding.use_overrides, overriding.has_same_terms
find_bad_override = overriding.find_bad_override


class Overriding(Stream):
    """A stream that blocks many orders by limits, and lets many of them pass."""

    needs_marks = False

    def _next(self) -> bytes:
        return self._let_pass() if self.blocked and len(self.sent) % 6 == 0 else super()._next()


def uses_twice(override: Any, reason: int, now: int) -> bool:
    kept, override.used = override.used, 0
    try:
        return lets_pass(override, reason, now)
    finally:
        override.used = kept


def outlives(override: Any, reason: int, now: int) -> bool:
    return lets_pass(override, reason, min(now, override.until))


def passes_any_rule(override: Any, reason: int, now: int) -> bool:
    return lets_pass(override, reason, now) or not (override.used or override.until < now)


def ends_early(override: Any, reason: int, now: int) -> bool:
    return override.until > now + 10**9 and lets_pass(override, reason, now)


def tells_nothing(core: Any, c: Any, order: Any, granted: Any) -> None:
    for override, _ in granted:
        override.used = order.order_id


def forgets_who_used_it(core: Any, c: Any, order: Any, granted: Any) -> None:
    use_overrides(core, c, order, granted)
    for override, _ in granted:
        override.used = 1


FAULTS = {
    "lets_pass": (uses_twice, outlives, passes_any_rule, ends_early), "use_overrides": (tells_nothing, forgets_who_used_it),
    "has_same_terms": (lambda order, other: True, lambda order, other: order.entered == other.entered,
                       lambda order, other: has_same_terms(order, other) and order.cl_ord_id != 0),
    "find_bad_override": (lambda core, c: None if c.who and c.why else find_bad_override(core, c),
                          lambda core, c: find_bad_override(core, c._replace(who=1, why=1)),
                          lambda core, c: find_bad_override(core, c._replace(expire_time=core.now + 1))),
    "drop_past": (lambda overrides, now: None, lambda overrides, now: overrides.clear()),
}


def play(batches: int) -> int:
    """So much of the stream through both cores; how many orders were let pass."""
    pair, passed = Pair(WIDEST, 5, Overriding), 0
    for _ in range(batches):
        since = pair.seq
        pair.run(200, pair.stream.clock)
        passed += int((pair.native.read_events(since, 1 << 20)[0]["report_type"] == ReportType.RISK_OVERRIDDEN).sum())
        pair.both("state_hash")
        pair.both("overrides")
    return passed


BATCHES = 14


def test_a_stream_lets_many_pass_the_same_in_both() -> None:
    assert play(BATCHES) > 30


@pytest.mark.twin
@pytest.mark.parametrize(("place", "fault"), [(place, fault) for place, faults in FAULTS.items() for fault in faults])
def test_a_fault_in_the_twin_is_found(place: str, fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where = "tradecore._python.core.orderpath" if place == "use_overrides" else "tradecore._python.core.overriding"
    monkeypatch.setattr(f"{where}.{place}", fault)
    with pytest.raises(pytest.fail.Exception, match="differ"):
        play(BATCHES)
