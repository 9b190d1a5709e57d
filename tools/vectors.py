"""`make vectors`: are the kernels that can be vectorised made of vector instructions, on arm64 and x86-64?

Each is compiled by zig with the flags of CMakeLists.txt, for arm64 Linux, arm64 macOS and x86-64, and the instructions
of its function are looked at. A kernel that is not in the sources, or not in the assembly, is an error.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from wheel import ROOT

ARM64 = {"aarch64-linux": ["-target", "aarch64-linux-gnu.2.17"],
         "aarch64-macos": ["-target", "aarch64-macos", "-mcpu=apple_m1"]}
X86 = {"x86_64-linux": ["-target", "x86_64-linux-gnu.2.17"]}
FLAGS = ["-O3", "-fno-strict-aliasing", "-ffp-contract=off"]
MARKING = "ext/include/tradecore/marking.h"
# Keeps every kernel of the header: each is in a table of pointers.
ALL_SETS = "#include \"tradecore/marking.h\"\nconst tc_simd *keep(const char *name) { return tc_find_simd(name); }\n"


def neon(word: str) -> str:
    """An instruction on vectors of two 64-bit or four 32-bit lanes: `fmul v0.2d, ...`, or Apple's `fmul.2d v0, ...`."""
    return rf"\b(?:{word})(?:\s+v\d+\.(?:2d|4s|2s)|\.(?:2d|4s|2s)\s)"


class Kernel(NamedTuple):
    """A function in a source; what its assembly must have for each target. NEON has no product of 64-bit integers: an
    exact kernel there multiplies lane by lane, and selects and subtracts in vectors; words' products are of 32 bits."""

    source: str
    name: str
    program: str
    targets: dict[str, list[str]]
    needs: tuple[str, ...]


KERNELS = [
    Kernel(MARKING, "mark_run_fast_baseline", ALL_SETS, ARM64, (neon("fmul"), neon("fsub"), neon("scvtf"))),
    Kernel(MARKING, "mark_run_baseline", ALL_SETS, ARM64, (neon("sub"), neon("cmgt"))),
    Kernel(MARKING, "mark_table_baseline", ALL_SETS, ARM64, (neon("sub"), neon("umull2?"))),
    Kernel(MARKING, "mark_run_hybrid_baseline", ALL_SETS, ARM64, (neon("fmul"), neon("fcmgt|fcmge"))),
    Kernel(MARKING, "count_wide_baseline", ALL_SETS, ARM64, (neon("cmgt"),)),
    Kernel(MARKING, "mark_run_fast_avx2", ALL_SETS, X86, (r"vmulpd\s.*%ymm", r"vsubpd\s.*%ymm")),
    Kernel(MARKING, "mark_run_avx2", ALL_SETS, X86, (r"vpmuludq\s.*%ymm", r"vpsubq\s.*%ymm")),
    Kernel(MARKING, "mark_table_baseline", ALL_SETS, X86, (r"pmuludq\s.*%xmm",)),
    Kernel(MARKING, "mark_table_avx2", ALL_SETS, X86, (r"vpmuludq\s.*%ymm",)),
    Kernel(MARKING, "mark_table_avx512", ALL_SETS, X86, (r"vpmuludq\s.*%zmm",)),
    Kernel(MARKING, "mark_run_avx512", ALL_SETS, X86, (r"vpmullq\s.*%[yz]mm",)),
]


def assembly(program: str, flags: list[str], root: Path) -> dict[str, str]:
    """{function: its instructions} of a C program."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "kernels.c"), Path(folder, "kernels.s")
        source.write_text(program)
        done = subprocess.run([sys.executable, "-m", "ziglang", "cc", *flags, *FLAGS, f"-I{root}/ext/include", "-S",
                               "-o", out, source], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(flags)}: {done.stderr}")
        found: dict[str, str] = {}
        name = None
        for line in out.read_text().splitlines():
            label = re.match(r"_?([A-Za-z]\w*):", line)
            if label and not label[1].startswith("L"):
                name = label[1]
            elif name:
                found[name] = f"{found.get(name, '')}{line.strip()}\n"
        return found


def main() -> None:
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    absent = sorted({kernel.source for kernel in KERNELS if not (root / kernel.source).is_file()})
    if absent:
        sys.exit(f"not in these sources: {', '.join(absent)}; bring tools/vectors.py in line with them")
    made: dict[tuple[str, str], dict[str, str]] = {}
    wrong = 0
    for kernel in KERNELS:
        for target, flags in kernel.targets.items():
            key = (kernel.program, target)
            made[key] = made.get(key) or assembly(kernel.program, flags, root)
            text = made[key].get(kernel.name, "")
            missing = [need for need in kernel.needs if not re.search(need, text)]
            wrong += bool(missing)
            found = [line for need in kernel.needs for line in text.splitlines() if re.search(need, line)]
            said = f"MISSING {missing}" if missing else f"vectors   {found[0]}"
            print(f"{kernel.name:<26} {target:<14} {said}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
