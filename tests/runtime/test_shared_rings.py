"""Rings that processes share: opened by name, one consumer, producers that are killed anywhere, damaged files, fork."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tradecore import RingBuffer, RingClosedError, RingFullError, shared_ring
from tradecore.runtime.ring_memory import path_of

RECORD = np.dtype([("producer", "<u4"), ("check", "<u4"), ("seq", "<u8")])


def rows(producer, first, count):
    records = np.zeros(count, RECORD)
    records["producer"], records["seq"] = producer, np.arange(first, first + count)
    records["check"] = (records["seq"] * 2_654_435_761 + producer) & 0xFFFF_FFFF
    return records


def are_whole(records):
    return (records["check"] == ((records["seq"] * np.uint64(2_654_435_761) + records["producer"]) & np.uint64(0xFFFF_FFFF))).all()


# One producer: batches of all sizes until `count` are in, by copy and in place. It says how many it knows to be in.
PRODUCER = """
import sys
sys.path[:0] = {path!r}
import tradecore as tc
from test_shared_rings import rows
ring = tc.RingBuffer.open({name!r}, backend={backend!r})
at, size = 0, 1
while at < {count}:
    size = size * 7 % 911 + 1
    records = rows({producer}, at, min(size, {count} - at))
    if size % 5:
        at += ring.publish(records, timeout=120)
    else:
        claim = ring.claim(min(len(records), ring.capacity), timeout=120)
        claim.records[:] = records[: len(claim.records)]
        claim.commit()
        at += len(claim.records)
"""


def start(code, **words):
    text = code.format(**words, path=[os.path.dirname(__file__), os.getcwd()])
    return subprocess.Popen([sys.executable, "-W", "error", "-c", text])


def demand_good(processes):
    for process in processes:
        assert process.wait(60) == 0


@pytest.mark.parametrize("producers", ["one", "many"])
@pytest.mark.parametrize("wait", ["backoff", "futex"])
def test_another_process_publishes_in_order(backend, name, producers, wait):
    count = 20_000 if backend == "native" else 2_000
    with shared_ring(name, RECORD, 256, producers=producers, on_full="block", wait=wait, backend=backend) as ring:
        process = start(PRODUCER, name=name, backend=backend, count=count, producer=3)
        got = ring.drain(count, at_least=count, timeout=120)
        demand_good([process])
        assert got["seq"].tolist() == list(range(count))
        assert are_whole(got)
        assert ring.stats()[1:] == (0, count, count, 0, 0, 0)


def test_what_was_published_outlives_its_producer_and_its_first_consumer(backend, name):
    with shared_ring(name, RECORD, 64, backend=backend) as ring:
        other = RingBuffer.open(name, RECORD, backend=backend)
        other.publish(rows(1, 0, 40))
        other.close()
        assert ring.drain(10)["seq"].tolist() == list(range(10))
        ring.close()
        third = RingBuffer.open(name, backend=backend)
        assert third.drain()["seq"].tolist() == list(range(10, 40))
        third.publish(rows(1, 40, 2))  # a new producer goes on where the last one was
        assert third.drain()["seq"].tolist() == [40, 41]
        third.close()


def test_a_ring_has_one_consumer_and_so_many_producers_in_all_processes(backend, name):
    with shared_ring(name, RECORD, 64, backend=backend) as ring:
        other = RingBuffer.open(name, backend=backend)
        ring.publish(rows(1, 0, 1))
        with pytest.raises(RuntimeError, match="the ring has 1 producer already"):
            other.publish(rows(1, 0, 1))
        other.drain()
        with pytest.raises(RuntimeError, match="has a consumer already"):
            ring.drain()
        other.close()
        assert ring.drain().size == 0
    with shared_ring(name, RECORD, 64, producers="many", backend=backend) as ring:
        others = [RingBuffer.open(name, backend=backend) for _ in range(65)]
        for other in others[:64]:
            other.publish(rows(1, 0, 1))
        with pytest.raises(RuntimeError, match="the ring has 64 producers already: all that it takes"):
            others[64].publish(rows(1, 0, 1))
        others[9].close()
        ring.drain()
        others[64].publish(rows(1, 0, 1))
        for other in others:
            other.close()


# Claims, says so, and is killed before it commits.
CLAIMER = """
import sys, time
sys.path[:0] = {path!r}
import tradecore as tc
from test_shared_rings import rows
ring = tc.RingBuffer.open({name!r}, backend={backend!r})
ring.publish(rows(1, 0, 2))
claim = ring.claim(5)
{more}
print("claimed", flush=True)
time.sleep(600)
"""


def killed_claimer(name, backend, more=""):
    text = CLAIMER.format(name=name, backend=backend, more=more, path=[os.path.dirname(__file__), os.getcwd()])
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "claimed\n"
    return process


def test_a_claim_of_a_process_that_died_is_skipped_and_told(backend, name):
    with shared_ring(name, RECORD, 64, producers="many", backend=backend) as ring:
        process = killed_claimer(name, backend)
        ring.publish(rows(2, 0, 3))
        assert ring.drain()["seq"].tolist() == [0, 1]  # the living one's claim is waited for
        assert ring.drain(timeout=0.05).size == 0
        assert ring.stats().abandoned == 0
        process.kill()
        process.wait()
        process.stdout.close()
        assert ring.drain(timeout=5)["producer"].tolist() == [2, 2, 2]
        assert ring.stats() == (64, 0, 5, 5, 0, 0, 5)
        ring.publish(rows(2, 3, 64))
        assert len(ring.drain()) == 64


def test_a_claim_of_the_one_producer_that_died_was_never_published(backend, name):
    with shared_ring(name, RECORD, 64, backend=backend) as ring:
        process = killed_claimer(name, backend)
        process.kill()
        process.wait()
        process.stdout.close()
        ring.publish(rows(2, 0, 3))
        assert ring.drain()["producer"].tolist() == [1, 1, 2, 2, 2]
        assert ring.stats().abandoned == 0


def test_a_producer_that_waits_learns_that_the_consumer_is_gone(backend, name):
    with shared_ring(name, RECORD, 8, on_full="block", wait="futex", backend=backend) as ring:
        consumer = RingBuffer.open(name, backend=backend)
        assert consumer.drain().size == 0
        consumer.close()
        start_at = time.monotonic()
        with pytest.raises(RingFullError, match="no room for 9 records"):
            ring.publish(rows(1, 0, 9))
        assert time.monotonic() - start_at < 5
        assert ring.drain()["seq"].tolist() == list(range(8))


def test_a_producer_waits_for_the_consumer_that_has_the_same_opening(backend, name):
    with shared_ring(name, "i8", 8, on_full="block", backend=backend) as ring:
        assert ring.drain().size == 0
        later = threading.Timer(0.15, ring.drain)
        later.start()
        ring.publish(np.arange(10), timeout=30)
        later.join()
        assert ring.drain().tolist() == [8, 9]


def kill_at_random(name, backend, each, seed):
    """Four processes publish `each` records; one of them is killed on the way. What was drained, and the ring's figures."""
    rng = np.random.default_rng(seed)
    victim, after = int(rng.integers(4)), int(rng.integers(each // 10, each // 2))
    with shared_ring(name, RECORD, 4_096 if backend == "native" else 64, producers="many", on_full="block", wait="futex", backend=backend) as ring:
        processes = [start(PRODUCER, name=name, backend=backend, count=each, producer=number) for number in range(4)]
        got, killed = [], False
        deadline = time.monotonic() + 300
        while any(process.poll() is None for process in processes) or len(ring):
            got.append(ring.drain(timeout=0.05))
            mine = got[-1][got[-1]["producer"] == victim]
            if not killed and len(mine) and mine["seq"][-1] >= after:
                processes[victim].send_signal(signal.SIGKILL)
                killed = True
            assert time.monotonic() < deadline, ring.stats()
        assert killed
        assert processes[victim].wait() == -signal.SIGKILL
        demand_good([process for number, process in enumerate(processes) if number != victim])
        return np.concatenate(got), ring.stats(), victim


def demand_each_once(got, stats, victim, each):
    assert are_whole(got)
    for number in range(4):
        mine = got["seq"][got["producer"] == number]
        assert (mine == np.arange(len(mine))).all()  # once, in order, without a gap
        assert len(mine) == each if number != victim else len(mine) < each
    assert (stats.published, stats.drained, stats.used, stats.lost) == (len(got), len(got), 0, 0)
    assert stats.abandoned <= 1_000  # the claim that it died in


@pytest.mark.parametrize("part", range(3))
def test_one_of_four_processes_is_killed_and_every_committed_record_comes_once(name, fresh_seed, part):
    each = 100_000
    demand_each_once(*kill_at_random(name, "native", each, [fresh_seed, part]), each)


@pytest.mark.long
def test_one_of_four_processes_with_a_million_records_each_is_killed(name, fresh_seed):
    demand_each_once(*kill_at_random(name, "native", 1_000_000, fresh_seed), 1_000_000)


def test_one_of_four_processes_is_killed_in_the_twin(name, fresh_seed):
    demand_each_once(*kill_at_random(name, "python", 2_000, fresh_seed), 2_000)


def test_a_file_that_is_no_ring_is_refused(backend, name):
    path = path_of(name)
    with pytest.raises(FileNotFoundError):
        RingBuffer.open(name, backend=backend)
    with shared_ring(name, RECORD, 16, producers="many", backend=backend) as ring:
        with pytest.raises(FileExistsError, match="is there already"):
            RingBuffer(RECORD, 16, name=name, backend=backend)
        with pytest.raises(TypeError, match="is not the ring's"):
            RingBuffer.open(name, "V16", backend=backend)
        with pytest.raises(ValueError, match="made by another backend"):
            RingBuffer.open(name, backend="python" if backend == "native" else "native")
        sound = path.read_bytes()
        damages = [
            (0, b"\0" * 8, "is no ring of version 1"), (8, b"\2", "is no ring of version 1"), (5 * 8, b"\x20", "contradicts itself"),
            (11 * 8, b"\x40", "contradicts itself"), (7 * 8, b"\xff", "damaged header"), (512, b"(", "damaged header|header"),
            (12 * 8, b"\1", "its header says"), (13 * 8, b"\xff\xff", "its header says"),
        ]
        for at, wrong, words in damages:
            path.write_bytes(sound[:at] + wrong + sound[at + len(wrong) :])
            with pytest.raises(ValueError, match=words):
                RingBuffer.open(name, backend=backend)
        path.write_bytes(sound[:100])
        with pytest.raises(ValueError, match="has 100 bytes: no ring"):
            RingBuffer.open(name, backend=backend)
        path.write_bytes(sound)
        assert ring.capacity == 16


def test_more_than_memory_holds_is_refused(backend, name):
    with pytest.raises(MemoryError):
        RingBuffer("V65536", 2**24, name=name, backend=backend)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # which is what is tested
@pytest.mark.parametrize("shared", [False, True])
def test_a_child_of_fork_gets_an_error_and_takes_nothing_from_its_parent(backend, name, shared):
    ring = RingBuffer(RECORD, 16, producers="many", backend=backend, name=name if shared else None)
    ring.publish(rows(1, 0, 6))
    view, claim = ring.drain(2, view=True), ring.claim(3)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for call in (lambda: ring.publish(rows(1, 0, 1)), ring.drain, lambda: ring.claim(1), claim.commit):
                try:
                    call()
                except RingClosedError as error:
                    status = 0 if "before a fork" in str(error) else 2
            del view, claim
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pytest.raises(BufferError):
        ring.drain()  # the child's end of the view ended nothing here
    del view
    claim.records[:] = rows(1, 6, 3)
    claim.commit()
    assert ring.drain()["seq"].tolist() == list(range(2, 9))
    assert ring.stats().abandoned == 0
    if shared:
        ring.unlink()
    ring.close()


def opened():
    """Descriptors of this process."""
    return set(os.listdir("/dev/fd"))


def test_a_view_that_outlives_the_close_keeps_other_consumers_out_and_ends_once(backend, name):
    with shared_ring(name, "i8", 8, producers="many", backend=backend) as ring:
        before = opened()
        first = RingBuffer.open(name, backend=backend)
        ring.publish(np.arange(3))
        view = first.drain(view=True)
        first.close()
        second = RingBuffer.open(name, backend=backend)
        with pytest.raises(RuntimeError, match="has a consumer already"):
            second.drain()
        with pytest.raises(RingFullError):
            ring.publish(np.arange(3, 9))  # three slots are taken, five are free
        ring.publish(np.arange(3, 8))
        assert view.tolist() == [0, 1, 2]
        del view
        assert second.drain().tolist() == [3, 4, 5, 6, 7]
        for at in (8, 16):
            ring.publish(np.arange(at, at + 8))
            assert second.drain().tolist() == list(range(at, at + 8))
        assert second.stats() == (8, 0, 24, 24, 6, 0, 0)
        second.close()
        del first, second  # their mappings keep a descriptor each
        assert opened() == before


@pytest.mark.parametrize("producers", ["one", "many"])
def test_a_claim_that_outlives_the_close_keeps_its_producers_place(backend, name, producers):
    with shared_ring(name, "i8", 8, producers=producers, backend=backend) as ring:
        before = opened()
        first, second = (RingBuffer.open(name, backend=backend) for _ in range(2))
        claim = first.claim(3)
        records = claim.records
        first.close()
        with pytest.raises(RingClosedError):
            claim.commit()
        del claim
        if producers == "one":
            with pytest.raises(RuntimeError, match="has 1 producer already"):
                second.publish(np.arange(2))
        else:
            second.publish(np.arange(2))
            assert ring.drain().size == 0  # it is waited for, as any that lives
            assert ring.stats().abandoned == 0
        records[:] = 77  # may be written still
        del records
        if producers == "one":
            second.publish(np.arange(2))
        assert ring.drain().tolist() == [0, 1]
        for at in (0, 8, 16):
            second.publish(np.arange(at, at + 8))
            assert ring.drain().tolist() == list(range(at, at + 8))
        assert ring.stats() == (8, 0, 26, 26, 0, 0, 0 if producers == "one" else 3)
        second.close()
        del first, second
        assert opened() == before


def test_a_side_of_a_closed_ring_is_free_at_once_where_nothing_of_it_is_held(backend, name):
    with shared_ring(name, "i8", 8, backend=backend) as ring:
        ring.publish(np.arange(4))
        view = ring.drain(2, view=True)
        ring.close()
        other = RingBuffer.open(name, backend=backend)
        other.publish(np.arange(4, 6))
        other.close()
        claiming = RingBuffer.open(name, backend=backend)
        claim = claiming.claim(1)
        del view
        assert claiming.drain().tolist() == [2, 3, 4, 5]
        claiming.close()
        third = RingBuffer.open(name, backend=backend)
        assert third.drain().size == 0
        third.close()
        del claim


def close_under(what, ring):
    """Closes a ring in which another thread waits: what that raised, and what the ring says then."""
    found = []
    if what != "drain":
        ring.publish(np.arange(8))
    calls = {"drain": ring.drain, "publish": lambda **words: ring.publish(np.arange(2), **words), "claim": ring.claim}

    def run():
        try:
            calls[what](timeout=30)
        except Exception as error:
            found.append(type(error))

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.03)
    ring.close()
    thread.join(10)
    return found, len(ring), ring.stats()[:4], "closed" in repr(ring)


@pytest.mark.parametrize("wait", ["backoff", "futex"])
@pytest.mark.parametrize(("what", "used"), [("drain", 0), ("publish", 8), ("claim", 8)])
def test_who_waits_in_a_shared_ring_that_is_closed_is_told_and_its_figures_stay(backend, name, wait, what, used):
    before = opened()
    with shared_ring(name, "i8", 8, producers="many", on_full="block", wait=wait, backend=backend) as ring:
        assert close_under(what, ring) == ([RingClosedError], used, (8, used, used, 0), True)
    del ring
    assert opened() == before


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # which is what is tested
def test_a_child_of_fork_has_the_figures_and_ends_no_view_whose_ring_is_gone(backend, name):
    with shared_ring(name, "i8", 8, backend=backend) as ring:
        ring.publish(np.arange(4))
        other = RingBuffer.open(name, backend=backend)
        view = other.drain(2, view=True)
        del other
        child = os.fork()
        if child == 0:
            status = 1
            try:
                del view
                status = 0 if (len(ring), ring.stats()) == (4, (8, 4, 4, 0, 0, 0, 0)) else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert ring.stats().drained == 0
        with pytest.raises(RuntimeError, match="has a consumer already"):
            ring.drain()
        assert view.tolist() == [0, 1]
        del view
        assert ring.drain().tolist() == [2, 3]


def test_a_ring_that_is_opened_with_a_bad_dtype_leaves_no_file_open(backend, name):
    with shared_ring(name, "i8", 8, backend=backend):
        before = opened()
        for dtype in ("O", "i4"):
            with pytest.raises(TypeError):
                RingBuffer.open(name, dtype, backend=backend)
        assert opened() == before
