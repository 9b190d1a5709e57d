"""Which accounts, and which instruments, are one group: what limits on a group bind, or bound together. Each is in
one at most, from when it was told.
"""

from __future__ import annotations


class MemberGroups:
    """The group of each account and instrument that has one, and the names of groups, numbered from 1."""

    def __init__(self) -> None:
        self.of_account: dict[int, int] = {}
        self.of_instrument: dict[int, int] = {}
        self.account_names: list[int] = []
        self.instrument_names: list[int] = []


def group_named(names: list[int], name: int) -> int:
    """The number of a name, which is a new group's where none has it."""
    if name not in names:
        names.append(name)
    return 1 + names.index(name)
