"""Rules that count: rates in a window, and counts of a day. Each row of limits has a counter; what is full refuses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from tradecore.vocabulary.codes import LimitMode, Reason, Rule
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.units import tell_wide

from .exposure_checks import goes_on
from .holds import Question, alike_of, money_of
from .limit_lines import limit_in, rate_limit
from .open_counts import open_of
from .recent_orders import count_alike
from .rule_rows import RULES, LimitRow
from .trips import breaker_row, count_outcomes


def count_recent(row: LimitRow, now: int) -> int:
    """How many a row counted: in the window that ends now, or since the day began."""
    if not RULES[row.rule].windowed:
        return row.sent + row.ahead - row.day_first
    count = row.ahead
    for time in reversed(row.sent_times):
        if time <= now - row.window_ns:
            break
        count += 1
    return count


def is_rate_full(q: Question, row: LimitRow) -> bool:
    """Would it be more than a row allows? The one `limit` places back must be older; what it does not count is none."""
    rule = RULES[row.rule]
    back = rate_limit(q.line, row, q.reduces) + (0 if rule.counts & q.sent else 1) - row.ahead
    if not rule.windowed:
        return row.sent - row.day_first >= back
    back = min(back, q.rows.order_rate)  # as many as are kept
    return back <= 0 or (row.sent >= back and row.sent_times[-back] > q.now - row.window_ns)


def check_counted(rule: int) -> Callable[[Question], Finding]:
    """Of the rows that count: the first full one speaks, else the least. Source: 15c3-5 (c)(1)(ii), RTS 6 15(1)(d)."""
    spec = RULES[rule]

    def check(q: Question) -> Finding:
        one = int(bool(spec.counts & q.sent))
        rows = [row for row in q.line.counted if row.rule == rule] if spec.asks & q.sent else []
        full = next((row for row in rows if is_rate_full(q, row)), None)
        if full is not None:
            most = rate_limit(q.line, full, q.reduces)
            return Finding(spec.reason, count_recent(full, q.now) + one, most, True, True, full.number)
        if not rows:
            return Finding(spec.reason, NO_PRICE, -1, False, False)
        row = min(rows, key=lambda row: rate_limit(q.line, row, q.reduces) - count_recent(row, q.now))
        most = rate_limit(q.line, row, q.reduces)
        return Finding(spec.reason, count_recent(row, q.now) + one, most, False, True, row.number)

    return check


def rows_by_terms(q: Question, rule: int) -> list[LimitRow]:
    """The rows of a rule that looks at what orders ask for, where it asks this one."""
    return [row for row in q.line.by_terms if row.rule == rule and RULES[rule].asks & q.sent]


def sum_recent(row: LimitRow, now: int) -> int | None:
    """What orders in the window that ends now were worth; None where as many as are kept came in it."""
    first = bisect_right(row.sent_times, now - row.window_ns)
    if first == len(row.sent_times):
        return row.amount_ahead
    if first == 0 and len(row.sent_times) == row.sent_times.maxlen:
        return None
    return row.sums[-1] - (row.sums[first - 1] if first else 0) + row.amount_ahead


def check_notional(q: Question) -> Finding:
    """What orders and replaces may be worth in a window, each at its worst as for MAX_ORDER_NOTIONAL. What is not known
    refuses. The first row that refuses speaks, else the one with less left. Source: SEC 15c3-5 (c)(1)(i)-(ii),
    RTS 6 Art. 15(1)(b)."""
    reason, found = Reason.NOTIONAL_PER_WINDOW, None
    for row in rows_by_terms(q, Rule.NOTIONAL_PER_WINDOW):
        money, recent, limit = money_of(q, row), sum_recent(row, q.now), limit_in(q.line, row)
        if money is None or recent is None:
            return Finding(reason, NO_PRICE, tell_wide(limit, False), True, True, row.number)
        left = limit - recent - money
        if left < 0 or found is None or left < found[0]:
            found = left, Finding(reason, tell_wide(recent + money, True), tell_wide(limit, False), left < 0, True,
                                  row.number)
        if left < 0:
            break
    return found[1] if found else Finding(reason, NO_PRICE, -1, False, False)


def check_alike(q: Question) -> Finding:
    """How often the same order may come in a window. More recent orders than are kept hide some: then it is refused,
    and told so. The first row that refuses speaks, else the one with less left. Source: SEC 15c3-5 (c)(1)(ii)."""
    nearest = None
    for row in rows_by_terms(q, Rule.DUPLICATE_ORDER):
        earlier, limit = count_alike(q.recent, alike_of(q), q.now - row.window_ns), limit_in(q.line, row)
        if earlier < 0 or earlier >= limit:
            most = q.rows.order_rate
            used = (most + 1, most) if earlier < 0 else (earlier + 1, limit)
            return Finding(Reason.DUPLICATE_ORDER, *used, True, True, row.number)
        if nearest is None or limit - earlier - 1 < nearest.limit - nearest.value:
            nearest = Finding(Reason.DUPLICATE_ORDER, earlier + 1, limit, False, True, row.number)
    return nearest or Finding(Reason.DUPLICATE_ORDER, NO_PRICE, -1, False, False)


def check_open(q: Question) -> Finding:
    """How many orders may be open at once; what reduces passes. The first row that refuses speaks, else the one with
    less left. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(d)."""
    nearest = Finding(Reason.OPEN_ORDERS_LIMIT, NO_PRICE, -1, False, False)
    for row in rows_by_terms(q, Rule.MAX_OPEN_ORDERS):
        count, limit = open_of(q.opens, row) + 1, limit_in(q.line, row)
        refused = count > limit and not q.reduces
        if refused or not nearest.armed or limit - count < nearest.limit - nearest.value:
            nearest = Finding(Reason.OPEN_ORDERS_LIMIT, count, limit, refused, True, row.number)
        if refused:
            break
    return nearest


def check_breaker(rule: int) -> Callable[[Question], Finding]:
    """Has a breaker disarmed the order's strategy? Else what it counts of it by now. Source: RTS 6 Art. 15(3),
    FIA 1.5."""
    reason = RULES[rule].reason

    def check(q: Question) -> Finding:
        if q.tripped is not None and q.tripped.reason == reason:
            return Finding(reason, q.tripped.value, q.tripped.limit, goes_on(q), True, q.tripped.row)
        row = breaker_row(q.rows, q.strategy, rule)
        if row is None or row.mode != LimitMode.ENFORCE:
            return Finding(reason, NO_PRICE, -1, False, False)
        return Finding(reason, count_outcomes(row, (q.instrument, q.side, q.order_qty), q.now), row.value, False, True,
                       row.number)

    return check
