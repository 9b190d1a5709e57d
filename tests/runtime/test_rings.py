"""RingBuffer in one process: order, policies, waits, claims, views, and what is refused; both backends, step by step equal."""

import doctest
import re
import threading
import time
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from conftest import seeds

from tradecore import RingBuffer, RingClosedError, RingFullError
from tradecore.runtime.ring_memory import WAITS

LINE = np.dtype([("seq", "<u8"), ("rest", "<i8", (7,))])
ODD = np.dtype([("seq", "<u4"), ("tag", "u1")])  # 5 bytes in slots of 8
KINDS = [("one", "fail"), ("one", "spin"), ("one", "block"), ("one", "overwrite"), ("many", "fail"), ("many", "block"), ("many", "overwrite")]


def numbered(count, first=0, dtype=LINE):
    records = np.zeros(count, dtype)
    records["seq"] = np.arange(first, first + count)
    if dtype is LINE:
        records["rest"] = records["seq"][:, None] * np.arange(1, 8)
    return records


def numbers(records):
    assert records.dtype in (LINE, ODD)
    if records.dtype == LINE:
        assert (records["rest"] == records["seq"][:, None].astype("i8") * np.arange(1, 8)).all()
    return records["seq"].tolist()


@pytest.fixture
def ring(backend):
    made = []

    def make(capacity=8, dtype=LINE, **settings):
        made.append(RingBuffer(dtype, capacity, backend=backend, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(("producers", "on_full"), KINDS)
@pytest.mark.parametrize("dtype", [LINE, ODD])
def test_what_is_published_is_drained_once_in_order(ring, producers, on_full, dtype):
    one = ring(8, dtype, producers=producers, on_full=on_full)
    first = 0
    for count in (1, 3, 8, 5, 1, 7, 8, 2):  # around the edge, again and again
        assert one.publish(numbered(count, first, dtype)) == count
        assert len(one) == count
        assert numbers(one.drain()) == list(range(first, first + count))
        first += count
    assert len(one.drain()) == 0
    assert one.stats() == (8, 0, first, first, 0, 0, 0)


def test_one_record_is_published_without_an_array(ring):
    one = ring()
    one.publish(numbered(1, 7)[0])
    assert numbers(one.drain()) == [7]


@pytest.mark.parametrize("producers", ["one", "many"])
def test_a_full_ring_that_fails_takes_nothing_and_says_so(ring, producers):
    one = ring(producers=producers)
    one.publish(numbered(6))
    with pytest.raises(RingFullError, match="no room for 3 records: 6 of 8 are used, 0 were published") as caught:
        one.publish(numbered(3, 6))
    assert caught.value.published == 0
    assert numbers(one.drain()) == list(range(6))
    assert one.stats().refused == 3
    with pytest.raises(ValueError, match="a batch of 9 records can never be in at once: the most is 8"):
        one.publish(numbered(9))
    assert one.stats().used == 0


@pytest.mark.parametrize("producers", ["one", "many"])
@pytest.mark.parametrize("on_full", ["spin", "block"])
def test_a_full_ring_that_waits_takes_what_it_can_until_the_deadline(ring, producers, on_full):
    one = ring(producers=producers, on_full=on_full)
    with pytest.raises(RingFullError) as caught:
        one.publish(numbered(20), timeout=0.02)
    assert caught.value.published == 8
    assert one.stats()[1:] == (8, 8, 0, 12, 0, 0)
    with pytest.raises(RingFullError):
        one.publish(numbered(1), timeout=0)
    assert numbers(one.drain()) == list(range(8))


@pytest.mark.parametrize("producers", ["one", "many"])
def test_a_full_ring_that_overwrites_counts_each_record_that_gave_way(ring, producers):
    one = ring(producers=producers, on_full="overwrite")
    one.publish(numbered(21))
    assert one.stats() == (8, 8, 21, 0, 0, 13, 0)
    assert numbers(one.drain(3)) == [13, 14, 15]
    one.publish(numbered(5, 21))
    assert numbers(one.drain()) == list(range(18, 26))
    assert one.stats() == (8, 0, 26, 11, 0, 15, 0)


@pytest.mark.parametrize(("producers", "on_full"), [kind for kind in KINDS if kind[1] in ("spin", "block")])
@pytest.mark.parametrize("wait", WAITS)
def test_who_waits_is_met_by_every_strategy(ring, producers, on_full, wait):
    one = ring(16, producers=producers, on_full=on_full, wait=wait)
    count = 3_000
    writer = threading.Thread(target=one.publish, args=(numbered(count),), kwargs={"timeout": 60})
    writer.start()
    time.sleep(0.002)  # it is full and waits
    got = numbers(one.drain(count // 2, at_least=count // 2, timeout=60))
    while len(got) < count:
        got += numbers(one.drain(timeout=60))
    writer.join()
    assert got == list(range(count))
    assert one.drain(at_least=4, timeout=0.02).size == 0
    one.publish(numbered(3))
    assert len(one.drain(at_least=4, timeout=0.02)) == 3  # less than asked for, and no record kept back


def test_many_threads_publish_each_in_its_order(ring):
    one = ring(64, producers="many", on_full="block", wait="yield")
    threads, each = 4, 2_000

    def write(number):
        records = numbered(each, number * each)
        at = 0
        for size in (1, 7, 64, 200, 1_728):
            one.publish(records[at : at + size], timeout=60)
            at += size

    writers = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    for writer in writers:
        writer.start()
    got = numbers(one.drain(threads * each, at_least=threads * each, timeout=60))
    for writer in writers:
        writer.join()
    assert sorted(got) == list(range(threads * each))
    for number in range(threads):
        mine = [seq for seq in got if seq // each == number]
        assert mine == sorted(mine)


@pytest.mark.parametrize("producers", ["one", "many"])
def test_a_claim_is_written_in_place_and_seen_when_it_is_committed(ring, producers):
    one = ring(producers=producers)
    claim = one.claim(5)
    claim.records["seq"] = range(5)
    assert len(one.drain()) == 0
    claim.commit(3)
    assert one.drain()["seq"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="committed or abandoned already"):
        claim.commit()
    with one.claim(8) as records:
        assert len(records) == (5 if producers == "one" else 3)  # to the edge
        records["seq"] = 9
    assert set(one.drain()["seq"].tolist()) == {9}
    with pytest.raises(RuntimeError, match="by mistake"), one.claim(2):
        raise RuntimeError("by mistake")
    one.claim(2)  # dropped
    one.publish(numbered(1, 77))
    assert numbers(one.drain()) == [77]
    assert one.stats().abandoned == (0 if producers == "one" else 6)


def test_claims_of_many_producers_are_drained_in_their_order_once_each_is_committed(ring):
    one = ring(producers="many")
    first, second, third = (one.claim(2) for _ in range(3))
    for at, claim in enumerate((first, second, third)):
        claim.records["seq"] = at
    third.commit()
    assert len(one.drain()) == 0
    first.commit()
    assert one.drain()["seq"].tolist() == [0, 0]
    second.abandon()
    assert one.drain()["seq"].tolist() == [2, 2]
    assert one.stats() == (8, 0, 4, 4, 0, 0, 2)


def test_a_ring_of_one_producer_has_one_claim_at_a_time(ring):
    one = ring()
    claim = one.claim(2)
    with pytest.raises(RuntimeError, match="records are claimed and not committed yet"):
        one.publish(numbered(1))
    with pytest.raises(RuntimeError, match="records are claimed and not committed yet"):
        one.claim(1)
    claim.abandon()
    one.publish(numbered(1))
    with pytest.raises(ValueError, match="count 9 must be 1 to 8"):
        one.claim(9)
    with pytest.raises(ValueError, match="overwrites has no records in place"):
        ring(on_full="overwrite").claim(1)


@pytest.mark.parametrize("producers", ["one", "many"])
def test_a_view_holds_its_slots_until_its_last_array_is_gone(ring, producers):
    one = ring(producers=producers)
    one.publish(numbered(6))
    one.drain(4)
    one.publish(numbered(6, 6))
    view = one.drain(view=True)
    assert numbers(view) == [4, 5, 6, 7]  # to the edge
    with pytest.raises(ValueError, match="read-only"):
        view["seq"] = 1
    part = view["seq"][1:]
    del view
    with pytest.raises(BufferError, match="a view is still held"):
        one.drain()
    with pytest.raises(RingFullError):
        one.publish(numbered(1))
    assert part.tolist() == [5, 6, 7]
    del part
    one.publish(numbered(4, 12))
    assert numbers(one.drain()) == list(range(8, 16))
    assert one.drain(view=True).size == 0
    with pytest.raises(ValueError, match="overwrites has no view"):
        ring(on_full="overwrite").drain(view=True)


def test_a_view_outlives_its_ring(ring):
    one = ring(dtype=ODD)
    one.publish(numbered(3, dtype=ODD))
    view = one.drain(view=True)
    one.close()
    del one
    assert numbers(view) == [0, 1, 2]


def waiting(call):
    """A thread in `call`, and what it raised or gave."""
    found = []

    def run():
        try:
            found.append(call())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.02)
    assert thread.is_alive()
    return thread, found


@pytest.mark.parametrize("wait", WAITS)
def test_closing_lets_go_of_who_waits_and_refuses_what_comes(ring, wait):
    one = ring(wait=wait, on_full="block")
    thread, found = waiting(lambda: one.drain(timeout=None))
    one.close()
    thread.join(10)
    assert isinstance(found[0], RingClosedError)
    full = ring(wait=wait, on_full="block")
    full.publish(numbered(8))
    thread, found = waiting(lambda: full.publish(numbered(2)))
    full.close()
    thread.join(10)
    assert isinstance(found[0], RingClosedError)
    for call in (lambda: one.publish(numbered(1)), one.drain, lambda: one.claim(1), lambda: one.drain(view=True)):
        with pytest.raises(RingClosedError, match="the ring is closed"):
            call()
    one.close()


def test_a_second_consumer_or_producer_is_refused(ring):
    one = ring(on_full="block")
    thread, found = waiting(lambda: one.drain(timeout=20))
    with pytest.raises(RuntimeError, match="another thread drains: a ring has one consumer"):
        one.drain()
    one.publish(numbered(8))
    thread.join()
    assert len(found[0]) >= 1
    one.publish(numbered(len(found[0]), 8))
    thread, found = waiting(lambda: one.publish(numbered(1, 99), timeout=20))
    with pytest.raises(RuntimeError, match="another thread publishes"):
        one.publish(numbered(1))
    while thread.is_alive():
        one.drain()
    assert found == [1]


REFUSED = [
    ({"capacity": 10_000}, ValueError, "capacity 10000 must be a power of two: the next is 16384"),
    ({"capacity": 1}, ValueError, "capacity 1 must be 2 to"),
    ({"capacity": 8.0}, TypeError, "capacity must be an int"),
    ({"capacity": True}, TypeError, "capacity must be an int"),
    ({"capacity": 2**32, "dtype": "V65536"}, MemoryError, "this machine has"),
    ({"dtype": object}, TypeError, "holds Python objects"),
    ({"capacity": np.bool_(True)}, TypeError, "capacity must be an int, not bool"),
    ({"dtype": "V65537"}, ValueError, "must have 1 to 65536"),
    ({"dtype": None}, TypeError, "dtype None is none"),
    ({"dtype": "price"}, TypeError, "dtype 'price' is none"),
    ({"dtype": ("<i8", (4,))}, TypeError, r"is an array of int64: make it a field, \[\('name', '<i8', \(4,\)\)\]"),
    ({"dtype": {"names": ["a", "b"], "formats": ["i4", "i4"], "offsets": [4, 0]}}, ValueError, "^dtype .*must have its fields one behind the other"),
    ({"dtype": {"names": ["a", "b"], "formats": ["i4", "i4"], "offsets": [0, 2]}}, ValueError, "^dtype .*must have its fields one behind the other"),
    ({"dtype": [("n", {"names": ["a", "b"], "formats": ["i4", "i4"], "offsets": [4, 0]})]}, ValueError, "must have its fields one behind"),
    ({"producers": "two"}, ValueError, "producers 'two' is not one of one, many"),
    ({"on_full": "drop"}, ValueError, "on_full 'drop' is not one of fail, spin, block, overwrite"),
    ({"wait": "sleep"}, ValueError, "wait 'sleep' is not one of busy, yield, backoff, futex"),
    ({"name": "a/b"}, ValueError, "name 'a/b' must be"),
    ({"name": "x", "producers": "many", "on_full": "overwrite"}, ValueError, "for the threads of one process"),
]


@pytest.mark.parametrize(("settings", "error", "words"), REFUSED)
def test_what_can_be_no_ring_is_refused(ring, settings, error, words):
    with pytest.raises(error, match=words):
        ring(**settings)


def test_bad_calls_are_refused_and_change_nothing(ring):
    one = ring()
    one.publish(numbered(2))
    cases = [
        (lambda: one.publish(np.zeros(2, ODD)), TypeError, "records must be an array of the ring's dtype"),
        (lambda: one.publish([1]), TypeError, "not list"),
        (lambda: one.publish(np.zeros((2, 2), LINE)), ValueError, "one dimension"),
        (lambda: one.publish(numbered(1), timeout=float("nan")), ValueError, "timeout nan"),
        (lambda: one.publish(numbered(1), timeout=-1), ValueError, "timeout -1"),
        (lambda: one.publish(numbered(1), timeout="1"), TypeError, "timeout must be seconds"),
        (lambda: one.drain(0), ValueError, "at_least 1 must be 1 to 0"),
        (lambda: one.drain(-1), ValueError, "limit -1 must be 0 to"),
        (lambda: one.drain(2, at_least=3), ValueError, "at_least 3 must be 1 to 2"),
        (lambda: one.drain(2.5), TypeError, "limit must be an int"),
        (lambda: one.drain(at_least=True), TypeError, "at_least must be an int"),
        (lambda: one.drain(at_least=1.0), TypeError, "at_least must be an int, not float"),
        (lambda: one.drain(at_least=np.float64(1)), TypeError, "at_least must be an int, not float64"),
        (lambda: one.drain(limit=True), TypeError, "limit must be an int, not bool"),
        (lambda: one.drain(timeout=False), TypeError, "timeout must be seconds or None, not bool"),
        (lambda: one.drain(timeout=np.bool_(False)), TypeError, "timeout must be seconds or None, not bool"),
        (lambda: one.drain(timeout=np.float32("inf")), ValueError, "timeout inf must be 0 to 1e9"),
        (lambda: one.drain(timeout=10**400), ValueError, "must be 0 to 1e9 seconds"),
        (lambda: one.drain(view=1), TypeError, "view must be a bool"),
        (lambda: one.drain(1, view=0), TypeError, "view must be a bool"),
        (lambda: one.claim(True), TypeError, "count must be an int, not bool"),
        (lambda: one.claim(1, timeout=False), TypeError, "timeout must be seconds"),
        (lambda: one.publish(numbered(1), timeout=True), TypeError, "timeout must be seconds"),
        (lambda: one.claim(0), ValueError, "count 0 must be 1 to 8"),
        (one.unlink, ValueError, "without a name"),
    ]
    for call, error, words in cases:
        with pytest.raises(error, match=words):
            call()
    assert one.publish(numbered(0)) == 0
    assert one.publish(numbered(4)[::2][:1]) == 1  # strided: copied
    assert one.drain()["seq"].tolist() == [0, 1, 0]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint64])
def test_numpys_scalars_are_numbers(ring, kind):
    one = ring(np.int64(8), on_full="block")
    assert one.capacity == 8
    one.publish(numbered(3), timeout=kind(1))
    one.claim(np.uint8(2), timeout=kind(1)).commit(np.int16(1))
    assert len(one.drain(np.int32(2), at_least=np.uint16(2), timeout=kind(1))) == 2
    one.drain()
    start = time.monotonic()
    assert one.drain(timeout=np.float32(0.03)).size == 0
    assert 0.03 <= time.monotonic() - start < 5


@pytest.mark.parametrize("dtype", ["M8[ns]", ">i8", "?", "S3", "U2", "f2", "c16", [("at", "M8[us]"), ("n", "i2")], np.dtype([("a", "i1"), ("b", "i8")], align=True),
                                   [("rows", "i8", (2, 2))], {"names": ["a"], "formats": ["i4"], "offsets": [4], "itemsize": 16}])
def test_records_of_every_plain_dtype_go_through(ring, dtype):
    one = ring(dtype=dtype)
    records = np.frombuffer(bytes(2 * one.dtype.itemsize), one.dtype)
    one.publish(records)
    with one.claim() as record:
        record[:] = records[:1]
    got = one.drain()
    assert got.dtype == np.dtype(dtype)
    assert got.tobytes() == bytes(3 * one.dtype.itemsize)


def replay(backend, producers, on_full, seed):
    """A life of random steps on one thread, against a deque; gives what was drained and the memory behind it."""
    rng = np.random.default_rng(seed)
    one = RingBuffer(ODD, 16, producers=producers, on_full=on_full, backend=backend)
    model, claims, drained, first, lost = deque(), [], [], 0, 0
    for _ in range(400):
        step, count = rng.choice(["publish", "drain", "view", "claim", "commit"]), int(rng.integers(1, 17))
        if step == "publish" and (producers == "many" or not claims):
            try:
                done = one.publish(numbered(count, first, ODD), timeout=0)
            except RingFullError as error:
                done = error.published
            assert on_full != "overwrite" or done == count
            model.extend(["ready", seq] for seq in range(first, first + done))
            first += count
            while len(model) > 16:
                model.popleft()
                lost += 1
        elif step in ("drain", "view") and not (step == "view" and on_full == "overwrite"):
            got = numbers(one.drain(count, view=step == "view"))
            while model and model[0][0] == "abandoned":
                model.popleft()
            for seq in got:
                while model[0][0] == "abandoned":
                    model.popleft()
                assert model.popleft() == ["ready", seq]
            drained += got
        elif step == "claim" and on_full != "overwrite" and (producers == "many" or not claims):
            try:
                claim = one.claim(count, timeout=0)
            except RingFullError:
                continue
            claim.records[:] = numbered(len(claim.records), first, ODD)
            rows = [["claimed", seq] for seq in range(first, first + len(claim.records))]
            first += len(rows)
            claims.append((claim, rows))
            if producers == "many":
                model.extend(rows)
        elif step == "commit" and claims:
            claim, rows = claims.pop(int(rng.integers(len(claims))))
            kept = int(rng.integers(0, len(rows) + 1))
            claim.commit(kept)
            for at, row in enumerate(rows):
                row[0] = "ready" if at < kept else "abandoned"
            if producers == "one":
                model.extend(rows[:kept])
    stats = one.stats()
    assert stats.lost == lost
    assert stats.used <= 16
    memory = bytes(one._memory)[one._geometry.words_at or one._geometry.slots_at :]
    for claim, _ in claims:
        claim.abandon()
    one.close()
    return drained, stats, memory


@pytest.mark.parametrize(("producers", "on_full"), KINDS)
@pytest.mark.parametrize("seed", seeds([1, 2]), indirect=True)
def test_the_twins_are_equal_step_by_step_down_to_the_bytes(producers, on_full, seed):
    native, python = (replay(backend, producers, on_full, seed) for backend in ("native", "python"))
    assert native == python
    assert len(native[0]) > 100


def test_the_readmes_session_is_what_it_prints():
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    session = next(found for found in re.findall(r"```pycon\n(.*?)```", text, re.S) if "RingBuffer" in found)
    test = doctest.DocTestParser().get_doctest(session, {}, "README", "README.md", 0)
    assert doctest.DocTestRunner().run(test) == (0, 7)
