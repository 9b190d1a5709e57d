"""The ring of events: 256-byte reports numbered, hashed and written, then read as one array."""

import numpy as np

from bench.conftest import OPERATIONS
from tradecore.vocabulary.records import REPORT_DTYPE


def test_events_published(room, measure):
    reports = np.zeros(OPERATIONS, REPORT_DTYPE)
    reports["order_id"] = np.arange(OPERATIONS)
    measure(lambda log, array: log.publish(array), lambda: (room("events").EventLog(16_384), reports))


def test_events_read(room, measure):
    def prepare():
        log = room("events").EventLog(16_384)
        log.publish(np.zeros(16_384, REPORT_DTYPE))
        return (log,)

    array, lost = measure(lambda log: log.read(0, 16_384), prepare, operations=16_384)
    assert (len(array), lost) == (16_384, 0)
