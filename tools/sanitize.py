"""`make sanitize`: the suite over extensions built with the Address and UndefinedBehavior sanitizers, then the tests
that share a core over ones built with ThreadSanitizer, all with the kernels' own checks (tc_assert). Each must first
find a bug that is planted for it, in a copy. `--only NAME` runs one of the two, `--no-plants` the code as it is alone.
What asks the plain-Python twin alone, or drives it for long, shows them nothing: the native streams run without it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from wheel import ROOT, build_wheel
from wheel_test import EACH, RECORDING, SUITE, Environment

PREPARED = ["CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE", "ext", "tradecore", "tests"]
ADDRESS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined"
SHARING = ["tests/core/test_threads.py", "tests/core/test_turnstile.py", "tests/core/test_events.py",
           "tests/core/test_core.py",
           "tests/runtime/test_ring_drill.py", "tests/runtime/test_rings.py", "tests/runtime/test_shared_rings.py",
           "tests/runtime/test_ring_gaps.py"]
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
        [Plant("ext/vocabulary/table.pxd", "space = rows * size", "space = (rows - 1) * size",
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


def copy_sources(folder: Path) -> Path:
    source = folder / "source"
    for name in PREPARED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, source)
    return source


@contextmanager
def planted(source: Path, plant: Plant | None) -> Iterator[None]:
    """A bug in a copy of the sources, if asked for, until the block ends."""
    if plant is None:
        yield
        return
    file = source / plant.file
    text = file.read_text("utf-8")
    if plant.sound not in text:
        sys.exit(f"{plant.file} has no {plant.sound!r} any more: plant the bug elsewhere (tools/sanitize.py)")
    file.write_text(text.replace(plant.sound, plant.broken))
    yield
    file.write_text(text)


class Instrumented:
    """An environment with the package built for a sanitizer; what a bug doesn't touch is built once."""

    def __init__(self, sanitizer: Sanitizer, folder: Path) -> None:
        self.sanitizer, self.folder, self.source = sanitizer, folder, copy_sources(folder)
        self.environment = Environment(sys.executable, folder)
        self.environment.install("numpy", "pytest>=8", "hypothesis>=6.100", "pytest-xdist>=3.6.1")
        self.environment.install("--no-deps", RECORDING)

    def build(self) -> None:
        flags = f"{self.sanitizer.flags} -g -fno-omit-frame-pointer"
        with tempfile.TemporaryDirectory() as wheels:
            # In one folder, by the tools of this environment: an isolated build has other paths each time.
            wheel = build_wheel(sys.executable, self.source, Path(wheels), "--no-build-isolation",
                                f"-Cbuild-dir={self.folder / 'build'}", CFLAGS=flags, LDFLAGS=flags,
                                SKBUILD_CMAKE_DEFINE="TRADECORE_ASSERT=ON;TRADECORE_DRILL=ON;TRADECORE_OPTIMIZE=-O1")
            self.environment.install("--force-reinstall", "--no-deps", wheel)

    def run_suite(self, plant: Plant | None, *more: str) -> tuple[int, str, str]:
        """Build, install, test: pytest's status, its last line, and what the sanitizer and failing tests reported."""
        with planted(self.source, plant):
            self.build()
        library = subprocess.run(["cc", f"-print-file-name={self.sanitizer.library}"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        tests = plant.tests if plant is not None else self.sanitizer.tests or [*EACH, "--native"]
        # --capture=sys: what a sanitizer says goes to the real standard error, past pytest, which may not live to tell.
        variables = {**os.environ, **self.sanitizer.variables, "LD_PRELOAD": library}
        python = [*self.sanitizer.prefix, self.environment.bin / "python"]
        done = subprocess.run([*python, *SUITE, "--capture=sys", *tests, *more], cwd=self.folder, capture_output=True,
                              text=True, env=variables)
        lines = done.stdout.strip().splitlines() or ["no output"]
        failures = [line for line in lines if line.startswith(("FAILED", "ERROR", "E  "))]
        status, said = done.returncode, [*failures, done.stderr]
        if plant is None and not self.sanitizer.tests:
            command = [*python, ROOT / "tools/hashes.py", "native"]
            streams = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=variables)
            status, said = status or streams.returncode, [*said, streams.stderr]
        return status, lines[-1], "\n".join(filter(None, said))


def check(name: str, sanitizer: Sanitizer, *, plants: bool) -> bool:
    """Whether the sanitizer finds each bug that is planted for it, and nothing in the code as it is."""
    right = True
    with tempfile.TemporaryDirectory() as folder:
        instrumented = Instrumented(sanitizer, Path(folder).resolve())
        for plant in sanitizer.plants if plants else ():
            status, last, reports = instrumented.run_suite(plant, "-x")
            found = status != 0 and plant.said in reports
            right &= found
            print(f"{name}: planted bug in {plant.file}: {'found' if found else 'MISSED'} ({plant.said})", flush=True)
            if not found:
                print(status, last, reports[-3000:], sep="\n")
        status, last, reports = instrumented.run_suite(None)
    clean = status == 0 and not reports and re.search(r"\d+ passed", last) is not None
    print(f"{name}: the code as it is: {'clean' if clean else 'FAILED'}, {last}", flush=True)
    if not clean:
        print(reports[:3000])
    return right and clean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SANITIZERS)
    parser.add_argument("--no-plants", action="store_true")
    asked = parser.parse_args()
    done = [check(name, sanitizer, plants=not asked.no_plants) for name, sanitizer in SANITIZERS.items()
            if asked.only in (None, name)]
    sys.exit(0 if all(done) else 1)


if __name__ == "__main__":
    main()
