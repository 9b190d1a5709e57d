"""`make sanitize`: the suite over extensions built with the Address and UndefinedBehavior sanitizers, then the tests
that share a core over ones built with ThreadSanitizer, all with the kernels' own checks (tc_assert). Each must first
find a bug that is planted for it, in a copy. `--only NAME` runs one of the two, `--no-plants` the code as it is alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from wheel import ROOT, build_wheel
from wheel_test import RECORDING, SUITE, Environment

PREPARED = ["CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE", "ext", "tradecore", "tests"]
ADDRESS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined"
SHARING = ["tests/core/test_threads.py", "tests/core/test_turnstile.py", "tests/core/test_events.py",
           "tests/core/test_core.py",
           "tests/runtime/test_ring_drill.py", "tests/runtime/test_rings.py", "tests/runtime/test_shared_rings.py"]
RINGS = ["tests/runtime/test_ring_drill.py"]  # two million records for each kind of ring and policy


class Plant(NamedTuple):
    """A bug for a copy of the sources: the words that it replaces, and what a sanitizer must then say."""

    file: str
    sound: str
    broken: str
    tests: list[str]
    said: str


class Sanitizer(NamedTuple):
    """Flags, the library that has to be loaded first, the words around the interpreter, and the planted bugs."""

    flags: str
    library: str
    variables: dict[str, str]
    prefix: list[str]
    tests: list[str]
    plants: list[Plant]


SANITIZERS = {
    "address, undefined": Sanitizer(
        ADDRESS, "libasan.so", {"PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0:exitcode=99",
                                "UBSAN_OPTIONS": "print_stacktrace=1"}, [], [],
        # Short by a row, not by more: what is written far behind a table is a fault of its own kind.
        [Plant("ext/vocabulary/table.pxd", "calloc(1, rows * size", "calloc(1, (rows - 1) * size",
               ["tests/risk/test_risk.py"], "heap-buffer-overflow"),
         Plant("ext/include/tradecore/arith.h", "(tc_i128)a * b;", "(tc_i128)(a * b);", ["tests/risk/test_risk.py"],
               "signed integer overflow"),
         # It shows nowhere until that list is taken apart.
         Plant("ext/execution/book.pxd", "book.nodes[node.next].prev = node.prev",
               "book.nodes[node.next].prev = node.next",
               ["tests/execution/test_execution.py"], "tc_assert failed")],
    ),
    "thread": Sanitizer(
        "-fsanitize=thread", "libtsan.so", {"TSAN_OPTIONS": "exitcode=66"}, ["setarch", "-R"], SHARING,
        [Plant("ext/include/tradecore/turnstile.h", "return atomic_compare_exchange_strong_explicit(",
               "return 1 || atomic_compare_exchange_strong_explicit(", SHARING[:1], "data race"),
         Plant("ext/include/tradecore/turnstile.h", "exchange_explicit(&t->held, 0, memory_order_release)",
               "exchange_explicit(&t->held, 0, memory_order_relaxed)", SHARING[:1], "data race"),
         # A caller's array is read as it is, and only so: what asks about it would hear of the thread that scribbles.
         Plant("ext/include/tradecore/turnstile.h", "__attribute__((no_sanitize_thread, noinline))",
               "__attribute__((noinline))", [f"{SHARING[1]}::test_a_scribbler_tears_nothing_that_was_taken"],
               "data race"),
         Plant("ext/include/tradecore/ring.h", "void tc_store_release(uint64_t *at, uint64_t value) { "
               "__atomic_store_n(at, value, __ATOMIC_RELEASE)", "void tc_store_release(uint64_t *at, uint64_t value) { "
               "__atomic_store_n(at, value, __ATOMIC_RELAXED)", RINGS, "data race")],
    ),
}


def prepare(folder: Path, plant: Plant | None) -> Path:
    """A copy of the sources, with a bug in it if asked for."""
    source = folder / "source"
    for name in PREPARED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, source)
    if plant is not None:
        file = source / plant.file
        text = file.read_text("utf-8")
        if plant.sound not in text:
            sys.exit(f"{plant.file} has no {plant.sound!r} any more: plant the bug elsewhere (tools/sanitize.py)")
        file.write_text(text.replace(plant.sound, plant.broken))
    return source


def run_suite(sanitizer: Sanitizer, plant: Plant | None, *more: str) -> tuple[int, str, str]:
    """Build, install, test: pytest's status, its last line, and what the sanitizer and failing tests reported."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        environment = Environment(sys.executable, folder)
        flags = f"{sanitizer.flags} -g -fno-omit-frame-pointer"
        wheels = folder / "wheels"
        wheel = build_wheel(sys.executable, prepare(folder, plant), wheels, CFLAGS=flags, LDFLAGS=flags,
                            SKBUILD_CMAKE_DEFINE="TRADECORE_ASSERT=ON;TRADECORE_DRILL=ON")
        environment.install(wheel, "pytest>=8", "hypothesis>=6.100", "pytest-xdist>=3.6.1")
        environment.install("--no-deps", RECORDING)
        library = subprocess.run(["cc", f"-print-file-name={sanitizer.library}"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        # The whole suite as `make test` runs it, a process for each processor.
        tests = plant.tests if plant is not None else sanitizer.tests or ["-n", "auto", "--dist", "worksteal"]
        # --capture=sys: what a sanitizer says goes to the real standard error, past pytest, which may not live to tell.
        command = [*sanitizer.prefix, environment.bin / "python", *SUITE, "--capture=sys", *tests, *more]
        done = subprocess.run(command, cwd=folder, env={**os.environ, **sanitizer.variables, "LD_PRELOAD": library},
                              capture_output=True, text=True)
        lines = done.stdout.strip().splitlines() or ["no output"]
        failures = [line for line in lines if line.startswith(("FAILED", "ERROR", "E  "))]
        return done.returncode, lines[-1], done.stderr + "\n".join(failures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SANITIZERS)
    parser.add_argument("--no-plants", action="store_true")
    asked = parser.parse_args()
    wrong = False
    for name, sanitizer in SANITIZERS.items():
        if asked.only not in (None, name):
            continue
        for plant in () if asked.no_plants else sanitizer.plants:
            status, last, reports = run_suite(sanitizer, plant, "-x")
            found = status != 0 and plant.said in reports
            wrong |= not found
            print(f"{name}: planted bug in {plant.file}: {'found' if found else 'MISSED'} ({plant.said})", flush=True)
            if not found:
                print(status, last, reports[-3000:], sep="\n")
        status, last, reports = run_suite(sanitizer, None)
        clean = status == 0 and not reports and re.search(r"\d+ passed", last) is not None
        wrong |= not clean
        print(f"{name}: the code as it is: {'clean' if clean else 'FAILED'}, {last}", flush=True)
        if not clean:
            print(reports[:3000])
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
