"""What waits behind a claim that was given up, behind another thread's call, or for a ring that ends: never for ever."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tradecore import RingBuffer, RingClosedError, RingFullError, shared_ring
from tradecore.runtime.ring_memory import CACHED_HEAD, HEAD, KNOWN, TAIL, path_of

QUICK = 5.0  # seconds: what is there already is given long before


def numbers(first, count):
    return np.arange(first, first + count)


def give_up(ring, claimed, commits):
    claim = ring.claim(claimed)
    claim.records[:commits] = -1
    claim.commit(commits)


@pytest.fixture(params=[False, True], ids=["private", "shared"])
def ring(request, backend, name):
    made = RingBuffer("i8", 8, producers="many", on_full="block", backend=backend, name=name if request.param else None)
    yield made
    made.close()
    if request.param:
        made.unlink()


@pytest.mark.parametrize("timeout", [0.0, 60.0, None])
@pytest.mark.parametrize("commits", [0, 1])
def test_what_lies_behind_a_claim_that_was_given_up_is_there(ring, commits, timeout):
    ring.publish(numbers(0, 3))
    give_up(ring, 2, commits)
    ring.publish(numbers(10, 3))
    began = time.monotonic()
    expected = [0, 1, 2, *[-1] * commits, 10, 11, 12]
    assert ring.drain(at_least=6 + commits, timeout=timeout).tolist() == expected
    assert time.monotonic() - began < QUICK
    assert ring.stats()[1:4] == (0, 6 + commits, 6 + commits)
    assert ring.stats().abandoned == 2 - commits


def test_a_view_ends_where_a_claim_was_given_up(ring):
    ring.publish(numbers(0, 3))
    give_up(ring, 2, 0)
    ring.publish(numbers(10, 2))
    for expected in ([0, 1, 2], [10, 11]):
        began = time.monotonic()
        assert ring.drain(at_least=len(expected), timeout=60.0, view=True).tolist() == expected
        assert time.monotonic() - began < QUICK
    ring.publish(numbers(19, 1))
    ring.drain()  # to the ring's edge
    ring.publish(numbers(20, 2))
    give_up(ring, 1, 0)
    assert ring.drain(at_least=5, timeout=60.0, view=True).tolist() == [20, 21], "no more lie together"


def test_a_producer_and_a_consumer_pass_what_was_given_up(ring):
    ring.publish(numbers(0, 1))
    give_up(ring, 1, 0)
    producer = threading.Thread(target=lambda: ring.publish(numbers(1, 28), timeout=60))
    producer.start()
    found = []
    while len(found) < 29:
        found += ring.drain(at_least=min(20, 29 - len(found)), timeout=60.0).tolist()
    producer.join(60)
    assert found == list(range(29))


def test_what_lies_behind_a_killed_producers_claim_is_there(backend, name):
    with shared_ring(name, "i8", 16, producers="many", on_full="block", backend=backend) as ring:
        ring.publish(numbers(0, 5))
        child = subprocess.Popen([sys.executable, "-c", f"""
import os, signal, tradecore as tc
claim = tc.RingBuffer.open({name!r}, backend={backend!r}).claim(2)
os.kill(os.getpid(), signal.SIGKILL)
"""])
        assert child.wait(60) == -signal.SIGKILL
        ring.publish(numbers(5, 5))
        began = time.monotonic()
        assert ring.drain(at_least=10, timeout=60.0).tolist() == list(range(10))
        assert time.monotonic() - began < QUICK
        assert ring.stats().abandoned == 2


@pytest.mark.parametrize("view", [False, True])
@pytest.mark.parametrize("backwards", [0, 6])
def test_the_next_consumer_goes_on_in_the_middle_of_a_claim(backend, name, backwards, view):
    with shared_ring(name, "i8", 16, producers="many", on_full="block", backend=backend) as ring:
        for _ in range(backwards):  # so that the claim goes around the ring's edge
            ring.publish(numbers(0, 2))
            ring.drain()
        ring.publish(numbers(0, 10))
        first = ring.drain(None if backwards and view else 3, view=view).tolist()
        ring.close()
        with RingBuffer.open(name, backend=backend) as next_one:
            assert next_one.drain(at_least=10 - len(first), timeout=60.0).tolist() == list(range(len(first), 10))
            assert next_one.stats()[1:] == (0, 10 + 2 * backwards, 10 + 2 * backwards, 0, 0, 0)


def test_a_limit_beyond_all_memory_takes_what_is_there(ring):
    for gap in (False, True):
        ring.publish(numbers(0, 2))
        if gap:
            give_up(ring, 1, 0)
        ring.publish(numbers(2, 2))
        assert ring.drain(10**14, at_least=4, timeout=60.0).tolist() == [0, 1, 2, 3]


def test_all_that_is_there_comes_at_once_whatever_lies_between(ring):
    ring.publish(numbers(0, 1))
    for at in (1, 2):
        give_up(ring, 1, 0)
        give_up(ring, 2, 1)
        ring.publish(numbers(at, 1))
        assert ring.drain(at_least=3 if at == 1 else 2, timeout=0.0).tolist() == [*[0] * (at == 1), -1, at]


# ---- behind another thread

def test_a_timeout_holds_behind_another_threads_call(backend, name):
    with shared_ring(name, "i8", 4, producers="many", on_full="block", backend=backend) as ring:
        first = threading.Thread(target=lambda: ring.publish(numbers(0, 6), timeout=60))
        first.start()
        while len(ring) < 4:
            time.sleep(0.001)
        for timeout in (0, 0.05):
            began = time.monotonic()
            with pytest.raises(RingFullError) as raised:
                ring.publish(numbers(9, 1), timeout=timeout)
            with pytest.raises(RingFullError):
                ring.claim(1, timeout=timeout)
            assert time.monotonic() - began < QUICK
            assert raised.value.published == 0
        assert ring.stats().refused == 4
        found = ring.drain(at_least=6, timeout=60.0).tolist()
        first.join(60)
        assert found == list(range(6))


def test_who_waits_for_a_claim_or_a_view_holds_none(backend, name):
    with shared_ring(name, "i8", 4, producers="many", on_full="block", backend=backend) as ring:
        ring.publish(numbers(0, 4))
        claims = []
        waiting = threading.Thread(target=lambda: claims.append(ring.claim(1, timeout=60)))
        waiting.start()
        time.sleep(0.05)
        with pytest.raises(RingFullError):
            ring.publish(numbers(4, 1), timeout=0.01)
        assert len(ring.drain()) == 4
        waiting.join(60)
        with pytest.raises(RuntimeError, match="not committed yet"):
            ring.publish(numbers(4, 1))
        claims.pop().abandon()
        views = []
        watching = threading.Thread(target=lambda: views.append(ring.drain(timeout=60.0, view=True)))
        watching.start()
        time.sleep(0.05)
        with pytest.raises(RuntimeError, match="another thread drains"):
            ring.drain()
        ring.publish(numbers(5, 1))
        watching.join(60)
        with pytest.raises(BufferError, match="a view is still held"):
            ring.drain()
        views.clear()


# ---- its end

def test_a_batch_that_a_close_cuts_says_what_went_in(ring):
    told = []

    def publish():
        try:
            ring.publish(numbers(0, 20), timeout=60)
        except RingClosedError as error:
            told.append(error.published)

    producer = threading.Thread(target=publish)
    producer.start()
    taken = len(ring.drain(at_least=3, timeout=60.0))
    while len(ring) < 8:
        time.sleep(0.001)
    ring.close()
    producer.join(60)
    assert told == [taken + 8]
    with pytest.raises(RingClosedError) as raised:
        ring.publish(numbers(0, 1))
    assert raised.value.published == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_of_fork_leaves_the_name_to_its_parent(backend, name):
    with shared_ring(name, "i8", 8, backend=backend):
        text = f"""
import os, tradecore as tc
with tc.shared_ring({name + "b"!r}, "i8", 8, backend={backend!r}) as ring:
    if os.fork() == 0:
        raise SystemExit
    os.wait()
    tc.RingBuffer.open({name + "b"!r}, backend={backend!r}).close()
"""
        assert subprocess.run([sys.executable, "-c", text], timeout=60).returncode == 0


def test_who_comes_after_a_consumer_that_died_between_two_words(backend, name):
    """It had gone over what nobody will commit, and known no more yet: the words as it left them."""
    with shared_ring(name, "i8", 16, producers="many", on_full="block", backend=backend) as ring:
        ring.publish(numbers(0, 3))
        ring.drain()
        give_up(ring, 2, 0)
        ring.publish(numbers(10, 2))
        ring.close()
        words = np.memmap(path_of(name), "u8", "r+")
        assert (words[HEAD], words[KNOWN]) == (3, 3)
        words[HEAD] = 5
        with RingBuffer.open(name, backend=backend) as next_one:
            assert next_one.drain(at_least=2, timeout=60.0).tolist() == [10, 11]


@pytest.mark.parametrize("damage", [
    {TAIL: 2**63}, {TAIL: 9}, {HEAD: 100}, {KNOWN: 1000}, {CACHED_HEAD: 7}, {5: 2**31}, {5: 2**32},
    {5: 3}, {5: 5}, {7: 3}])
@pytest.mark.parametrize("producers", ["one", "many"])
def test_a_damaged_header_is_refused(backend, name, producers, damage):
    if producers == "one" and 7 in damage:
        damage = {7: 9}
    with shared_ring(name, "i8", 4, producers=producers, on_full="block", backend=backend) as ring:
        ring.publish(numbers(0, 4))
        if producers == "many":
            ring.drain(2)
        words = np.memmap(path_of(name), "u8", "r+")
        for at, value in damage.items():
            words[at] = value
        with pytest.raises(ValueError, match=r"tradecore-ring\."):
            RingBuffer.open(name, backend=backend)


@pytest.mark.parametrize("text", [b"'|O'", b"[('a', '|O')]", b"('i8', (2,))", b"\xff\xfe", b"1/0", b"9", b"'i4'"])
def test_a_damaged_dtype_is_refused(backend, name, text):
    with shared_ring(name, "i8", 4, backend=backend):
        memory = np.memmap(path_of(name), "u1", "r+")
        memory[512 : 512 + len(text)] = list(text)
        memory.view("u8")[13] = len(text)
        with pytest.raises(ValueError, match=r"tradecore-ring\."):
            RingBuffer.open(name, backend=backend)


def test_figures_are_never_below_0(backend):
    ring = RingBuffer("i8", 4, on_full="overwrite", backend=backend)
    is_over = threading.Event()

    def work():
        at = 0
        while not is_over.is_set():
            ring.publish(numbers(at, 50))
            at += 50
            ring.drain()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3_000):
            now = ring.stats()
            assert min(now) >= 0
    finally:
        is_over.set()
        worker.join(60)
