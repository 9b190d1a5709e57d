"""Deadlines: one for each order, one for each instrument's session, one for its last print. The earliest first, then
the one armed first."""

from __future__ import annotations

from heapq import heappop, heappush

Key = tuple[int, int]  # ORDER_TIMER and an order_id, or SESSION_TIMER or PRINT_TIMER and an instrument
ORDER_TIMER, SESSION_TIMER, PRINT_TIMER = 0, 1, 2
NEVER = 2**63 - 1


class Timers:
    """What must happen when the clock has passed a time; armed and disarmed by key."""

    def __init__(self) -> None:
        self.armed: dict[Key, tuple[int, int]] = {}  # deadline, and the order of arming
        self.count = 0
        self._heap: list[tuple[int, int, Key]] = []  # with entries that were disarmed since

    def arm_timer(self, key: Key, deadline: int) -> None:
        """Sets a key's deadline; 0 disarms it."""
        if deadline == self.armed.get(key, (0, 0))[0]:
            return
        self.armed.pop(key, None)
        if deadline:
            self.count += 1
            self.armed[key] = deadline, self.count
            heappush(self._heap, (deadline, self.count, key))

    @property
    def next_deadline(self) -> int:
        self._drop_disarmed()
        return self._heap[0][0] if self._heap else NEVER

    def take_due(self, now: int) -> Key | None:
        """Disarms and returns the next key whose deadline has come."""
        self._drop_disarmed()
        if not self._heap or self._heap[0][0] > now:
            return None
        key = heappop(self._heap)[2]
        del self.armed[key]
        return key

    def _drop_disarmed(self) -> None:
        while self._heap and self.armed.get(self._heap[0][2]) != self._heap[0][:2]:
            heappop(self._heap)
