"""ObjectPool and Arena: handles that know their generation, figures that add up, in both backends."""

import threading

import numpy as np
import pytest
from conftest import seeds

from tradecore import Arena, ObjectPool, PoolExhaustedError, PoolStats, StaleHandleError

ROW = np.dtype([("price", "<i8"), ("qty", "<i4"), ("tag", "S3")])


@pytest.fixture
def pool(backend):
    return ObjectPool(ROW, 4, backend=backend)


def test_a_record_is_its_holders_until_it_is_released(pool):
    one, two = pool.acquire(), pool.acquire()
    one["price"], two["price"] = 5, 6
    assert (one["price"], two["price"], pool.get(one.handle)["price"]) == (5, 6, 5)
    handle = one.handle
    one.release()
    three = pool.acquire()  # the same place
    assert three["price"] == 0  # zeroed
    three["price"] = 7
    for call in (lambda: one["price"], lambda: one.__setitem__("price", 9), one.release, lambda: pool.get(handle), lambda: pool.release(handle)):
        with pytest.raises(StaleHandleError, match=f"handle {handle} names no record"):
            call()
    assert (three["price"], two["price"]) == (7, 6)
    assert "released" in repr(one)
    assert "7" in repr(three)


def test_a_with_block_releases_at_its_end_however_it_ends(pool):
    with pool.acquire() as record:
        record["qty"] = 1
        assert pool.stats().in_use == 1
    with pytest.raises(KeyError), pool.acquire():
        raise KeyError
    assert pool.stats() == PoolStats(4, 0, 1, 2, 0)


def test_an_empty_pool_is_a_miss_and_says_so(pool):
    assert pool.stats().hit_rate == 1.0
    held = [pool.acquire() for _ in range(4)]
    with pytest.raises(PoolExhaustedError, match="all 4 records of the pool are in use"):
        pool.acquire()
    held[2].release()
    pool.acquire()
    stats = pool.stats()
    assert stats == PoolStats(4, 4, 4, 5, 1)
    assert stats.hit_rate == 5 / 6


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda b: ObjectPool("<i8", 4, backend=b), TypeError, "must have fields"),
    (lambda b: ObjectPool([("a", object)], 4, backend=b), TypeError, "must have fields"),
    (lambda b: ObjectPool(ROW, 0, backend=b), ValueError, "size 0 must be 1 to 16777216"),
    (lambda b: ObjectPool(ROW, 2**24 + 1, backend=b), ValueError, "size 16777217 must be"),
    (lambda b: ObjectPool(ROW, True, backend=b), TypeError, "size must be an int"),
    (lambda b: ObjectPool(ROW, 4.0, backend=b), TypeError, "size must be an int, not float"),
    (lambda b: ObjectPool(None, 4, backend=b), TypeError, "dtype None is none"),
    (lambda b: Arena("price", 4), TypeError, "dtype 'price' is none"),
    (lambda b: Arena(ROW, 4).acquire(True), TypeError, "count must be an int, not bool"),
    (lambda b: ObjectPool(ROW, 4, backend=b).release(1 << 24), StaleHandleError, "names no record in use: it was released, or never given out"),
    (lambda b: ObjectPool(ROW, 4, backend=b).get(0), StaleHandleError, "handle 0"),
    (lambda b: ObjectPool(ROW, 4, backend=b).get(1 << 24 | 4), StaleHandleError, "names no record"),
    (lambda b: ObjectPool(ROW, 4, backend=b).get(-1), StaleHandleError, "handle -1"),
    (lambda b: ObjectPool(ROW, 4, backend=b).get(1.0), TypeError, "handle must be an int"),
    (lambda b: ObjectPool(ROW, 4, backend=b).acquire()["nothing"], ValueError, "nothing"),
    (lambda b: Arena(ROW, 4).acquire(5), ValueError, "count 5 must be 1 to 4"),
    (lambda b: Arena(ROW, 4).acquire(0), ValueError, "count 0 must be 1 to 4"),
    (lambda b: Arena(ROW, 4).records(1 << 24), StaleHandleError, "generation 1"),
])
def test_bad_calls_are_refused(backend, call, error, words):
    with pytest.raises(error, match=words):
        call(backend)


@pytest.mark.parametrize("seed", seeds([1, 2]), indirect=True)
def test_the_twins_hand_out_the_same_handles(seed):
    rng = np.random.default_rng(seed)
    native, python = (ObjectPool(ROW, 16, backend=backend) for backend in ("native", "python"))
    held = []
    for number in range(2_000):
        if held and rng.random() < 0.5:
            one, other = held.pop(int(rng.integers(len(held))))
            assert one["price"] == other["price"]
            one.release()
            other.release()
        elif len(held) < 16:
            held.append((native.acquire(), python.acquire()))
            for record in held[-1]:
                record["price"] = number
        else:
            for pool in (native, python):
                with pytest.raises(PoolExhaustedError):
                    pool.acquire()
        assert [one.handle for one, _ in held] == [other.handle for _, other in held]
    assert native.stats() == python.stats()
    assert native.stats().high_water == 16


def test_threads_share_a_pool(backend):
    pool, wrong = ObjectPool(ROW, 8, backend=backend), []

    def work(number):
        for turn in range(1_000):
            with pool.acquire() as record:
                record["price"] = number * 10_000 + turn
                if record["price"] != number * 10_000 + turn:
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert pool.stats()._replace(high_water=0) == PoolStats(8, 0, 0, 4_000, 0)


def test_an_arenas_records_lie_together_and_all_end_at_once():
    arena = Arena(ROW, 10)
    first, second = arena.acquire(4), arena.acquire(6)
    arena.records(first)["price"] = range(4)
    assert arena.records(first)["price"].tolist() == [0, 1, 2, 3]
    assert len(arena.records(second)) == 6
    with pytest.raises(PoolExhaustedError, match="no room for 1 records: 10 of 10 are in use"):
        arena.acquire()
    arena.reset()
    with pytest.raises(StaleHandleError, match="of generation 1, the arena's is 2"):
        arena.records(first)
    again = arena.acquire(4)
    assert arena.records(again)["price"].tolist() == [0, 0, 0, 0]
    assert arena.stats() == PoolStats(10, 4, 10, 14, 1)


def test_generations_begin_again_after_the_last():
    pool = ObjectPool([("a", "i8")], 2, backend="python")
    pool._pool._generations[0] = 2**39 - 2
    record = pool.acquire()
    assert record.handle < 2**63
    record["a"] = 5
    handle = record.handle
    record.release()
    again = pool.acquire()
    again["a"] = 6
    assert (again["a"], again.handle >> 24) == (6, 1)
    with pytest.raises(StaleHandleError):
        pool.get(handle)


def test_an_error_in_a_block_is_what_is_raised(backend):
    pool = ObjectPool([("a", "i8")], 2, backend=backend)

    def block(error):
        with pool.acquire() as record:
            record.release()
            if error is not None:
                raise error

    with pytest.raises(KeyError, match="mine"):
        block(KeyError("mine"))
    with pytest.raises(StaleHandleError):
        block(None)
