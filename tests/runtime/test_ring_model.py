"""The ring's algorithm, step by step as in rings.pxd, in every interleaving of small cases and over a memory as weak as
C's: no race, no deadlock, nothing lost or twice. Each order and each check is also taken away, and that is found.
"""

import pytest
from memory_model import ACQ_REL, ACQUIRE, RELAXED, RELEASE, Model, ViolationError

SOUND = {
    "tail store": RELEASE, "tail load": ACQUIRE, "head store": RELEASE, "head load": ACQUIRE, "commit store": RELEASE,
    "commit load": ACQUIRE, "cached store": RELEASE, "cached load": ACQUIRE, "swap": ACQ_REL, "intent store": RELEASE,
    "clear store": RELEASE, "intent load": ACQUIRE, "whole store": RELEASE, "whole load": ACQUIRE,
}


def with_mutant(**changed):
    return {**SOUND, **{key.replace("_", " "): value for key, value in changed.items()}}


# ---- one producer

def produce_one(o, capacity, batches):
    """publish_until over claim_one, copy_in and commit_records."""
    tail = cached = 0
    for batch in batches:
        left = batch
        while left:
            if capacity - (tail - cached) < left:
                cached = yield "await", "head", o["head load"], lambda head, tail=tail: capacity - (tail - head) > 0
            got = min(capacity - (tail - cached), left)
            if "index first" in o:
                yield "store", "tail", tail + got, RELEASE
            for at in range(tail, tail + got):
                yield "write", f"slot {at % capacity}", ("record", at)
            tail, left = tail + got, left - got
            if "index first" not in o:
                yield "store", "tail", tail, o["tail store"]


def consume_one(o, capacity, count, batch):
    """drain_until over ready_records and take_records."""
    head = known = 0
    got = []
    while head < count:
        if known - head < 1:
            known = yield "await", "tail", o["tail load"], lambda tail, head=head: tail > head
        taken = min(known - head, batch)
        if "head first" in o:
            yield "store", "head", head + taken, RELEASE
        for at in range(head, head + taken):
            got.append((yield "read", f"slot {at % capacity}"))
        head += taken
        if "head first" not in o:
            yield "store", "head", head, o["head store"]
    return got


def one_producer(o, capacity=2, batches=(1, 2, 1), batch=2):
    count = sum(batches)

    def check(results):
        assert results[1] == [("record", at) for at in range(count)]

    return Model([lambda: produce_one(o, capacity, batches), lambda: consume_one(o, capacity, count, batch)], check)


# ---- many producers

def claim_many(o, capacity, left, row=None):
    tail = yield "load", "tail", RELAXED
    while True:
        head = yield "load", "cached", o["cached load"]
        used = (tail - head) % 2**64
        if (used > capacity and "no bound" not in o) or (capacity - used) % 2**64 < left:
            head = yield "load", "head", o["head load"]
            yield "store", "cached", head, o["cached store"]
            used = (tail - head) % 2**64
            if used > capacity and "no bound" not in o:
                # It looks at both again; what it saw before changes nothing.
                newer = yield "either", ("tail", lambda new, tail=tail: new > tail), ("head", lambda new, head=head: new > head)
                tail = newer[1] if newer[0] == "tail" else tail
                continue
        room = min((capacity - used) % 2**64, left)
        if room < 1:
            if row is not None:
                yield "store", f"intent {row}", (0, 0), o["intent store"]
            yield "await", "head", RELAXED, lambda new, head=head: new > head  # publish_until looks again
            tail = yield "load", "tail", RELAXED
            continue
        if row is not None and "intent late" not in o:
            yield "store", f"intent {row}", (tail, room), o["intent store"]
        if "no swap" in o:
            yield "store", "tail", tail + room, RELEASE
            return tail, room
        done, seen = yield "swap", "tail", tail, tail + room, o["swap"]
        if done:
            if row is not None and "intent late" in o:
                yield "store", f"intent {row}", (tail, room), RELEASE
            return tail, room
        tail = seen


def produce_many(o, capacity, name, batches, row=None, dies=False):
    number = 0
    for batch in batches:
        left = batch
        while left:
            at, got = yield from claim_many(o, capacity, left, row)
            if dies:
                yield "store", f"alive {row}", "dead", RELEASE  # the kernel lets go of its lock
                return
            for position in range(at, at + got):
                yield "write", f"slot {position % capacity}", (name, number)
                number += 1
            if row is not None and "cleared early" in o:
                yield "store", f"intent {row}", (0, 0), RELEASE
            yield "store", f"word {at % capacity}", 1 if "flag for end" in o else at + got, o["commit store"]
            if row is not None and "cleared early" not in o:
                yield "store", f"intent {row}", (0, 0), o["clear store"]
            left -= got


def consume_many(o, capacity, count):
    head, got = 0, []

    def is_committed(word):
        return word == 1 if "flag for end" in o else 0 < word - head <= capacity

    while head < count:
        word = yield "await", f"word {head % capacity}", o["commit load"], is_committed
        end = head + 1 if "flag for end" in o else word
        for at in range(head, end):
            got.append((yield "read", f"slot {at % capacity}"))
        head = end
        yield "store", "head", head, o["head store"]
    return got


def many_producers(o, capacity=2, batches=((1, 1), (1,)), drained=None):
    names, count = "abc"[: len(batches)], sum(map(sum, batches)) if drained is None else drained

    def check(results):
        assert len(results[-1]) >= count
        for name, own in zip(names, batches, strict=True):
            numbers = [number for who, number in results[-1] if who == name]
            assert numbers == list(range(len(numbers))), "lost, twice or turned"
            assert drained is not None or len(numbers) == sum(own)

    producers = [lambda name=name, own=own: produce_many(o, capacity, name, own)
                 for name, own in zip(names, batches, strict=True)]
    return Model([*producers, lambda: consume_many(o, capacity, count)], check)


# ---- among processes, one of which dies

def consume_orphans(o, capacity, rows, rounds):
    """drain_some with skip_orphans where nothing is ready, so many times."""
    head, got, skipped = 0, [], []
    for _ in range(rounds):
        word = yield "load", f"word {head % capacity}", o["commit load"]
        if 0 < word - head <= capacity:
            for at in range(head, word):
                got.append((yield "read", f"slot {at % capacity}"))
            head = word
            yield "store", "head", head, RELEASE
            continue
        tail = yield "load", "tail", o["tail load"]
        at = head
        while at < tail:
            living = False
            for row in range(rows):
                start, length = (yield "load", f"intent {row}", o["intent load"]) or (0, 0)
                if start <= at < start + length:
                    living = living or (yield "newest", f"alive {row}") != "dead"
            if living:
                break
            if "no second look" not in o:
                word = yield "load", f"word {at % capacity}", o["commit load"]
                if 0 < word - at <= capacity:
                    break
            skipped.append(at)
            at += 1
        if at > head:
            head = at
            yield "store", "head", head, RELEASE
    return got, skipped


def one_dies(o, capacity=2, rounds=3):
    def check(results):
        got, skipped = results[-1]
        assert [who for who, _ in got] == ["a"] * len(got)
        assert [number for _, number in got] == list(range(len(got)))
        assert len(skipped) <= 1, "a living producer's record was skipped"

    return Model([lambda: produce_many(o, capacity, "a", (1,), 0), lambda: produce_many(o, capacity, "b", (1,), 1, dies=True),
                  lambda: consume_orphans(o, capacity, 2, rounds)], check)


# ---- overwriting: a record is two words

def produce_over(o, capacity, count, many):
    for turn in range(count):
        at = (yield "add", "tail", 1, RELEASE)[1] if many else turn
        word = f"word {at % capacity}"
        if many:
            seen = yield "load", word, RELAXED
            while seen < 2 * at + 1:
                if seen & 1:
                    seen = yield "await", word, RELAXED, lambda new: not new & 1
                    continue
                done, seen = yield "swap", word, seen, 2 * at + 1, o["swap"]
                if done:
                    seen = 2 * at + 1
                    break
            if seen > 2 * at + 1:
                continue
        elif "no odd" not in o:
            yield "store", word, 2 * at + 1, RELAXED
        if "no release fence" not in o:
            yield "fence", RELEASE
        for half in "xy":
            yield "store", f"{half} {at % capacity}", at + 1, RELAXED
        yield "store", word, 2 * at + 2, o["whole store"]
        if not many:
            yield "store", "tail", at + 1, RELEASE


def consume_over(o, capacity, rounds):
    """take_over, so many records at most."""
    head, got, lost = 0, [], 0
    for _ in range(rounds):
        tail = yield "load", "tail", o["tail load"]
        if tail - head > capacity:
            lost += tail - head - capacity
            head = tail - capacity
        if head == tail:
            continue
        seen = yield "load", f"word {head % capacity}", o["whole load"]
        if seen < 2 * head + 2:
            continue
        if seen == 2 * head + 2:
            x = yield "load", f"x {head % capacity}", RELAXED
            y = yield "load", f"y {head % capacity}", RELAXED
            if "no acquire fence" not in o:
                yield "fence", ACQUIRE
            again = yield "load", f"word {head % capacity}", RELAXED
            if again == seen or "no second look" in o:
                got.append((head + 1, x, y))
                head += 1
                continue
        lost += 1
        head += 1
    return got, lost, head


def overwriting(o, capacity=1, count=3, many=False, rounds=3):
    def check(results):
        got, lost, head = results[-1]
        assert all(number == x == y for number, x, y in got), "a torn record"
        assert len(got) + lost == head

    producers = [lambda: produce_over(o, capacity, count, many)] * (2 if many else 1)
    return Model([*producers, lambda: consume_over(o, capacity, rounds)], check)


# ---- sleeping

def wake_up(o):
    def producer():
        yield "store", "tail", 1, RELEASE
        if "no producer fence" not in o:
            yield "fence", "full"
        if (yield "load", "waits", RELAXED):
            yield "store", "waits", 0, RELAXED

    def consumer():
        if (yield "load", "tail", ACQUIRE):
            return
        yield "store", "waits", 1, RELAXED
        if "no consumer fence" not in o:
            yield "fence", "full"
        if not (yield "load", "tail", ACQUIRE):
            yield "until", "waits", lambda word: word == 0

    return Model([producer, consumer], lambda results: None)


CASES = {
    "one producer": (one_producer, {}), "one producer, batches over the edge": (one_producer, {"capacity": 4, "batches": (3, 3), "batch": 4}),
    "many producers": (many_producers, {}), "many producers, batches": (many_producers, {"capacity": 2, "batches": ((2,), (2,))}),
    "another's look": (many_producers, {"batches": ((2, 1), (1,)), "drained": 2}),
    "an older look": (many_producers, {"capacity": 1, "batches": ((1, 1), (1,)), "drained": 2}),
    "many producers, alone": (many_producers, {"capacity": 2, "batches": ((2, 1, 2),)}), "one dies": (one_dies, {}),
    "overwriting": (overwriting, {}), "overwriting, two slots": (overwriting, {"capacity": 2, "count": 4}),
    "overwriting, many": (overwriting, {"count": 1, "many": True}), "sleeping": (wake_up, {}),
}


@pytest.mark.twin
@pytest.mark.parametrize("case", CASES)
def test_no_interleaving_breaks_the_ring(case):
    build, sizes = CASES[case]
    model = build(SOUND, **sizes).explore()
    assert model.ends > 0
    assert model.states > 20


MUTANTS = [
    ("one producer", {"tail_store": RELAXED}), ("one producer", {"tail_load": RELAXED}), ("one producer", {"head_store": RELAXED}),
    ("one producer", {"head_load": RELAXED}), ("one producer", {"index_first": 1}), ("one producer", {"head_first": 1}),
    ("many producers", {"commit_store": RELAXED}), ("many producers", {"commit_load": RELAXED}), ("many producers", {"head_store": RELAXED}),
    ("many producers", {"head_load": RELAXED}), ("another's look", {"cached_store": RELAXED}), ("another's look", {"cached_load": RELAXED}),
    ("an older look", {"no_bound": 1}), ("many producers", {"flag_for_end": 1}), ("many producers", {"no_swap": 1}),
    ("one dies", {"intent_late": 1}), ("one dies", {"cleared_early": 1}), ("one dies", {"no_second_look": 1}), ("one dies", {"swap": RELAXED}),
    ("one dies", {"tail_load": RELAXED}), ("one dies", {"clear_store": RELAXED}), ("one dies", {"intent_load": RELAXED}),
    ("overwriting, many", {"whole_store": RELAXED}), ("overwriting, many", {"whole_load": RELAXED}), ("overwriting", {"no_odd": 1}),
    ("overwriting", {"no_release_fence": 1}), ("overwriting", {"no_acquire_fence": 1}), ("overwriting", {"no_second_look": 1}),
    ("sleeping", {"no_producer_fence": 1}), ("sleeping", {"no_consumer_fence": 1}),
]


@pytest.mark.twin
@pytest.mark.parametrize(("case", "change"), MUTANTS, ids=lambda value: value if isinstance(value, str) else "-".join(value))
def test_each_order_and_each_check_is_needed(case, change):
    build, sizes = CASES[case]
    with pytest.raises(ViolationError):
        build(with_mutant(**change), **sizes).explore()
