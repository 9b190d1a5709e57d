"""What external venues are to be sent, each message once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

import numpy as np

from ..vocabulary.codes import OUTBOUND
from ..vocabulary.gate import Gate
from ..vocabulary.reports import Report, read_reports

_READ = 1024


class Outbound:
    """Reads on where it stopped. Threads: any; no message is given twice."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._sent, self._outbox = 0, deque[Report]()
        self._sending = threading.Lock()

    def messages(self) -> Iterator[Report]:
        """The messages for external venues, oldest first, each given once, up to now: NewOrderSingle,
        OrderCancelRequest, OrderCancelReplaceRequest and OrderStatusRequest, by their `report_type` and `venue`.

        `order(order_id=...)` has the terms that a report has no room for. Raises RuntimeError where messages were
        overwritten before they were read, and goes on at the next call: read it at least every `events` reports, or
        `subscribe(..., report_types=OUTBOUND)`. Threads: any; no message is given twice.
        """
        while True:
            with self._sending:
                if not self._outbox:
                    self._fill_outbox()
                if not self._outbox:
                    return
                message = self._outbox.popleft()
            yield message

    def _fill_outbox(self) -> None:
        """Reads on until there is a message, or nothing more."""
        while not self._outbox:
            reports, lost = self._gate.core.read_events(self._sent, _READ)
            self._sent += lost + len(reports)
            self._outbox.extend(read_reports(reports[np.isin(reports["report_type"], OUTBOUND)], self._gate.names))
            if lost:
                raise RuntimeError(f"{lost} reports were overwritten before outbound() could read them, perhaps "
                                   "messages for a venue: ask order_status() of the open_orders() whose place is "
                                   "AT_VENUE, and raise the capacity `events`")
            if not len(reports):
                return
