"""Many threads against one limit: never is more held than it allows, each order is answered once, and nothing stays held.

Eight threads send and cancel in batches; a ninth reads. The limit is on what works: position and holds together.
"""

import threading

import numpy as np
import pytest
from conftest import CENT, SMALL, build_core, limits

import tradecore as tc

THREADS, MOST, CHUNK = 8, 150, 50
SIZES = {"native": 50_000, "python": 20_000}


def work(core, number, orders, errors, counts):
    """Buys of 1 to 9 below the market and their cancels, in batches; of what passed nothing is left."""
    try:
        random = np.random.default_rng(number)
        for _ in range(orders // CHUNK):
            batch = tc.new_orders(CHUNK)
            batch["instrument"], batch["account"], batch["venue"], batch["side"] = 1, 1, 1, 1
            batch["order_qty"], batch["price"] = random.integers(1, 10, CHUNK), 9_000 * CENT
            acks = core.submit_batch(batch)
            passed = acks[acks["reason"] == 0]
            refused = set(np.unique(acks["reason"])) - {0}
            assert refused <= {tc.Reason.MAX_POSITION_QTY}, refused
            counts[number] += len(passed), CHUNK - len(passed)
            cancels = np.zeros(len(passed), tc.CANCEL_DTYPE)
            cancels["kind"], cancels["order_id"] = tc.CommandType.CANCEL, passed["order_id"]
            core.submit_batch(cancels)
    except BaseException as error:
        errors.append(error)


def storm(backend, orders):
    """The counts of what passed and was refused, by thread."""
    core = build_core(backend, capacity=tc.Capacity(**SMALL | {"cl_ord_ids": 2 * orders}),
                      limits=limits(price_collar_bps=tc.OFF, max_position_qty=MOST))
    errors, counts, done = [], np.zeros((THREADS, 2), np.int64), threading.Event()
    most = [0]

    def watch():
        while not done.is_set():
            most[0] = max(most[0], core.position("AAPL").working_buy_qty)

    threads = [threading.Thread(target=work, args=(core, n, orders // THREADS, errors, counts)) for n in range(THREADS)]
    watcher = threading.Thread(target=watch)
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    assert errors == []
    assert most[0] <= MOST
    assert counts.sum() == orders // THREADS // CHUNK * CHUNK * THREADS
    assert core.position("AAPL").working_buy_qty == 0
    assert all(used == due for used, due in core._gate.core.lifetimes().values())
    return counts.sum(axis=0).tolist(), int(most[0])


def test_many_threads_never_exceed_one_limit(backend):
    (passed, refused), most = storm(backend, SIZES[backend])
    assert min(passed, refused, most) > 0


@pytest.mark.long
def test_a_million_orders_of_many_threads_never_exceed_one_limit():
    (passed, _), _ = storm("native", 1_000_000)
    assert passed > 0
