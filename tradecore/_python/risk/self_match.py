"""Which orders are our own to each other, and what becomes of them where they would trade: the settings of accounts.

Source: FIX 5.0 SP2, SelfMatchPreventionID(2362) and SelfMatchPreventionInstruction(2964); a trade with oneself is a
wash trade: MAR Art. 12(1)(a), CEA 4c(a).
"""

from __future__ import annotations

from typing import NamedTuple

from tradecore.vocabulary.codes import SelfMatch


class Prevention(NamedTuple):
    """What is done in a book of ours, and before an external venue; the id that makes orders of several accounts one
    owner's, 0: the account's alone."""

    mode: int = SelfMatch.OFF
    outside: int = SelfMatch.OFF
    match_id: int = 0


NOTHING = Prevention()
Preventions = dict[int, Prevention]  # by account; 0: of every account that has none of its own


def prevention_of(rows: Preventions, account: int) -> Prevention:
    return rows.get(account) or rows.get(0, NOTHING)


def is_one_owner(rows: Preventions, account: int, other: int) -> bool:
    """Are orders of these accounts our own to each other?"""
    match_id = prevention_of(rows, account).match_id
    return account == other or (match_id != 0 and match_id == prevention_of(rows, other).match_id)
