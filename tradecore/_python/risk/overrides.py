"""Overrides: a named person lets an order with the terms of one that a rule has blocked pass that rule, once, until a
time. Those that were used stay until then: the same order is not let pass twice. Source: RTS 6 Art. 15(6).
"""

from __future__ import annotations

from dataclasses import dataclass

from .rule_rows import RULES


@dataclass(slots=True)
class Override:
    """One: of the order that was blocked, by which rule, who lets it pass and why, since when, until when, and the
    order that has used it."""

    order_id: int
    rule: int
    who: int
    why: int
    since: int
    until: int
    used: int = 0


def can_be_overridden(rule: int) -> bool:
    """Is it a rule that asks something of an order, and may refuse it? Switches, states, breakers and what has no limit
    stay."""
    return rule in RULES and bool(RULES[rule].asks) and not RULES[rule].permits


def drop_past(overrides: list[Override], now: int) -> None:
    """Those whose time is over are forgotten."""
    overrides[:] = [override for override in overrides if override.until >= now]


def lets_pass(override: Override, reason: int, now: int) -> bool:
    """Does it let a refusal for this reason pass now?"""
    return not override.used and override.until >= now and RULES[override.rule].reason == reason
