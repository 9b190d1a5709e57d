"""ClOrdIDs that the core itself makes: a prefix, the date, a dash, and a number that never comes twice.

Unique in a day and, by their date, among days too, as FIX 4.4 advises for ClOrdID(11). Such an id is its day and its
number, above all texts' numbers, and its text follows from them: it takes no room in the table of ids.
"""

from __future__ import annotations

import re
from datetime import date

from tradecore.vocabulary.records import OWN_ID_MAX, REQUEST_PREFIX

MADE_ID_MIN = OWN_ID_MAX + 2**61
_SEQ_BITS, _DAY_BITS = 40, 16
_SEQ_MAX = (1 << _SEQ_BITS) - 1
_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400_000_000_000  # ns
_REST = re.compile(rb"([1-9][0-9]{7})-([1-9][0-9]{0,17})")


class MadeIds:
    """What their texts begin with, and how many there are."""

    def __init__(self) -> None:
        self.count = 0  # the number of the last one
        self.prefix = b""  # empty: nobody has said one


def prefix_of(made: MadeIds) -> bytes:
    return made.prefix or REQUEST_PREFIX.encode("ascii")


def id_is_made(made: MadeIds, number: int) -> bool:
    day, seq = divmod(number - MADE_ID_MIN, (1 << _SEQ_BITS))
    return 0 <= day < (1 << _DAY_BITS) and 0 < seq <= made.count


def made_text(made: MadeIds, number: int) -> bytes:
    """The text of an id that was made."""
    day, seq = divmod(number - MADE_ID_MIN, (1 << _SEQ_BITS))
    return b"%s%s-%d" % (prefix_of(made), date.fromordinal(_EPOCH + day).strftime("%Y%m%d").encode("ascii"), seq)


def day_of(told: int) -> int:
    """The day of a date that is told as YYYYMMDD, among those that a number can have; -1 where it is none."""
    try:
        day = date(told // 10_000, told // 100 % 100, told % 100).toordinal() - _EPOCH
    except ValueError:
        return -1
    return day if 0 <= day < (1 << _DAY_BITS) else -1


def find_made(made: MadeIds, text: bytes) -> int:
    """The id of which this is the text; 0 where it is none that was made."""
    prefix = prefix_of(made)
    rest = _REST.fullmatch(text[len(prefix):]) if text.startswith(prefix) else None
    if rest is None:
        return 0
    day, seq = day_of(int(rest[1])), int(rest[2])
    return MADE_ID_MIN + (day << _SEQ_BITS) + seq if day >= 0 and seq <= made.count else 0


def next_made(made: MadeIds, time: int) -> int:
    """The next id, of this time; 0 where there are no more."""
    if made.count == _SEQ_MAX:
        return 0
    made.count += 1
    return MADE_ID_MIN + (time // _DAY << _SEQ_BITS) + made.count
