"""`make instructions`: what bench/scenarios.py executes, in instructions an operation, beside what is committed.

Time is noisy, instructions are not: "not slower" means no scenario above the committed figure by more than the
tolerance (exit 1). callgrind counts them, and the misses of a second-level cache that it simulates, in a build of its
own (build/instructions) that knows the kernels' lines: kernels are inlined, so files tell what functions can't.
With another compiler, processor or Python the figures are others: then it reports, says so, and refuses nothing.

`--update` commits the figures; `--json` prints them; `--only NAME...` runs some and shows their files. The same code
counts the same; 0.2% either way is where Python's objects happen to lie, and 0.3% what its interpreter has seen before.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "instructions"
COMMITTED = Path(__file__).with_suffix(".json")
SHOWN = 4  # files named where a scenario moved
# Caches as the machine has them would make the misses another machine's: these are a server core's of today.
CACHES = ["--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=1048576,16,64"]
LIBRARY = """
#include <valgrind/callgrind.h>
void start(void) { CALLGRIND_START_INSTRUMENTATION; }
void stop(void) { CALLGRIND_STOP_INSTRUMENTATION; }
void dump(const char *name) { CALLGRIND_DUMP_STATS_AT(name); }
"""
TRIGGER = "desc: Trigger: Client Request: "  # before the name that a dump was asked for by
Figures = dict[str, Any]  # of a scenario: operations, instructions, misses, files


def call(*command: str | Path, **more: Any) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nfailed: {' '.join(str(word) for word in command)}")
    return done.stdout


def build() -> None:
    """The package as it is now, compiled as always, with the lines of .pxd and .pyx as its debug information."""
    call(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-deps", "--no-build-isolation",
         "--target", BUILD / "site", f"-Cbuild-dir={BUILD / 'cmake'}", "-Ccmake.define.TRADECORE_LINES=ON",
         "-Cinstall.strip=false", ROOT, env={**os.environ, "TRADECORE_REQUIRE_EXT": "1"})


def made_by() -> dict[str, str]:
    """All that makes the same source other instructions."""
    found = max(BUILD.glob("cmake/CMakeFiles/*/CMakeCCompiler.cmake")).read_text()
    compiler = [re.findall(rf'set\(CMAKE_C_COMPILER_{word} "(.*)"\)', found)[0] for word in ("ID", "VERSION")]
    # Under valgrind a C library chooses its paths by what valgrind passes on of the processor: AVX2 or not.
    avx2 = platform.machine() == "x86_64" and "avx2" in Path("/proc/cpuinfo").read_text().split()
    return {"compiler": " ".join(compiler), "cython": version("cython"),
            "processor": platform.machine() + " with AVX2" * avx2,
            "python": f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}"}


def count(names: list[str]) -> dict[str, Figures]:
    """Run the scenarios under callgrind; {name: figures an operation}."""
    with tempfile.TemporaryDirectory() as folder:
        source, library, dump = (Path(folder, name) for name in ("count.c", "count.so", "dump"))
        source.write_text(LIBRARY)
        call("cc", "-O2", "-shared", "-fPIC", "-o", library, source)
        # Without site, no other installation of the package comes in between; a bare environment is the same anywhere.
        # Python's own allocator costs a percent more or less by where a pool of it happens to be full; malloc doesn't.
        bare = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"}
        paths = [str(BUILD / "site"), *{sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]
        said = call("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", *CACHES, "--compress-strings=no",
                    "--compress-pos=no", f"--callgrind-out-file={dump}", sys.executable, "-S", "-B",
                    ROOT / "bench" / "scenarios.py", library, *names,
                    env=bare | {"PYTHONPATH": os.pathsep.join(paths)})
        operations = json.loads(said)
        found = dict(read_dump(path) for path in Path(folder).glob("dump.*"))
    return {name: per_operation(*found[name], number) for name, number in operations.items()}


def per_operation(instructions: Counter[str], misses: int, operations: int) -> Figures:
    files = {name: round(number / operations, 1) for name, number in instructions.most_common()}
    return {"operations": operations, "instructions": round(instructions.total() / operations, 1),
            "misses": round(misses / operations, 2), "files": {name: each for name, each in files.items() if each}}


def read_dump(path: Path) -> tuple[str, tuple[Counter[str], int]]:
    """Of one dump: its scenario, instructions by file, misses of the second level."""
    files: Counter[str] = Counter()
    name = library = file = place = ""
    misses, missed = 0, list[int]()
    lines = iter(path.read_text().splitlines())
    for line in lines:
        word, _, rest = line.partition("=")
        if word == "ob":
            library, place = rest, ""
        elif word in ("fl", "fi", "fe"):  # of a function; of code that is inlined into it; of the function again
            file, place = rest, ""
        elif word == "calls":
            next(lines)  # what the call cost is counted where it was spent
        elif line[:1].isdigit():
            _, *costs = map(int, line.split())
            place = place or kernel_file(file, library)
            files[place] += costs[0]
            misses += sum(costs[column] for column in missed if column < len(costs))
        elif line.startswith("events: "):
            missed = [column for column, event in enumerate(line.split()[1:]) if event in ("ILmr", "DLmr", "DLmw")]
        elif line.startswith(TRIGGER):
            name = line.removeprefix(TRIGGER)
        elif line.startswith("totals: "):
            total = [int(number) for number in line.split()[1:]]
            if (files.total(), misses) != (total[0], sum(total[column] for column in missed)):
                sys.exit(f"{name}: read {files.total():,} instructions, {misses:,} misses; callgrind says {line}")
    return name, (files, misses)


def kernel_file(file: str, library: str) -> str:
    """A file of ours by its name, wherever its folder moves; anything else by its library."""
    if file.startswith(str(ROOT)):
        return Path(file).name
    return re.sub(r"(\.cpython|\.abi3|\.so).*", "", Path(library).name)


def moved(today: Figures, before: Figures) -> Iterator[str]:
    """The files whose instructions changed most."""
    names = {**today["files"], **before["files"]}
    changes = {name: today["files"].get(name, 0) - before["files"].get(name, 0) for name in names}
    for name in sorted(changes, key=lambda name: -abs(changes[name]))[:SHOWN]:
        if changes[name]:
            yield f"{changes[name]:+,.1f} {name}"


def report(today: dict[str, Figures], committed: dict[str, Figures], tolerance: float, files: bool) -> list[str]:
    """Print today beside the committed; the scenarios that are above the tolerance."""
    above = []
    print(f"{'per operation':<36} {'instructions':>13} {'committed':>11} {'ratio':>8} {'misses':>8} {'committed':>10}")
    for name, now in today.items():
        before = committed.get(name)
        if before is None:
            print(f"{name:<36} {now['instructions']:>13,.1f} {'new':>11} {'':>8} {now['misses']:>8.2f}")
        else:
            ratio = now["instructions"] / before["instructions"]
            print(f"{name:<36} {now['instructions']:>13,.1f} {before['instructions']:>11,.1f} {ratio:>8.4f} "
                  f"{now['misses']:>8.2f} {before['misses']:>10.2f}")
            if abs(ratio - 1) > tolerance:
                print(f"    {'above' if ratio > 1 else 'below'} the tolerance: {'; '.join(moved(now, before))}")
            if ratio > 1 + tolerance:
                above.append(name)
        for file, number in now["files"].items() if files else ():
            print(f"    {number:>11,.1f} {file}")
    return above


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.update and given.only:
        parser.error("--update takes all scenarios: what is committed is of one run")
    if shutil.which("valgrind") is None:
        print("make instructions needs valgrind, with its headers (Debian, Ubuntu: apt install valgrind)",
              file=sys.stderr)
        return 2
    build()
    made, today = made_by(), count(given.only)
    committed = json.loads(COMMITTED.read_text("utf-8"))
    if given.update:
        committed |= {"made by": made, "scenarios": today}
        COMMITTED.write_text(json.dumps(committed, indent=1) + "\n", "utf-8")
    if given.json:
        print(json.dumps({"made by": made, "scenarios": today}))
        return 0
    print("; ".join(f"{what} {which}" for what, which in made.items()))
    above = report(today, committed["scenarios"], committed["tolerance"], files=bool(given.only))
    gone = [] if given.only else sorted(committed["scenarios"].keys() - today.keys())
    others = [f"{what} {committed['made by'][what]}" for what in made if made[what] != committed["made by"][what]]
    if others:
        print(f"\nreported, not judged: what is committed was made by {'; '.join(others)}")
        return 0
    if above:
        print(f"\nabove the tolerance of {committed['tolerance']:.0%}: {', '.join(above)}")
    if gone:
        print(f"\ncommitted, but not run: {', '.join(gone)}")
    return 1 if above or gone else 0


if __name__ == "__main__":
    sys.exit(main())
