"""`make wheel-test`: installs each wheel of dist/ in a clean environment of every Python here that it is for, and runs
the suite and `tradecore replay` there, away from the source tree. Prints a table; any miss is exit status 1.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pythons import Python, find_pythons, lacking

ROOT = Path(__file__).parent.parent
# Bytes; and how much of the processor's time our import takes beyond NumPy's, as a share of NumPy's own in the same
# process: a slow machine, and what else runs on it, take both alike. Thirteen medians of eleven, on three Pythons and a
# machine with three times its work, were 0.42 to 0.52; with asyncio imported too they are 0.86.
SIZE_MAX, IMPORT_MAX = 3_000_000, 0.7
RECORDING = "ob-analytics==0.1.0"
# What the suite reads, besides the installed package; test_tidiness is about the source tree itself.
BESIDE_THE_SUITE = ["tests", "ext", "examples", "README.md", "pyproject.toml"]
# Two files are about the source tree.
SUITE = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--ignore=tests/test_tidiness.py",
         "--ignore=tests/test_notebook.py"]
TIME_IMPORT = ("import time; start = time.process_time(); import numpy; between = time.process_time(); "
               "import tradecore; end = time.process_time(); assert tradecore.backend == 'native'; "
               "print((end - between) / (between - start))")


class Environment:
    """A virtual environment outside the source tree; what it runs knows nothing of ours."""

    def __init__(self, python: str, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "env" / "bin"
        self._variables = {key: value for key, value in os.environ.items()
                           if not key.startswith(("PYTHON", "TRADECORE_", "VIRTUAL_ENV"))}
        self._variables["PATH"] = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        self.demand(python, "-m", "venv", "--without-pip", self.folder / "env")
        for name in BESIDE_THE_SUITE:
            self.demand("cp", "-r", ROOT / name, self.folder)

    def run(self, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(word) for word in command], cwd=self.folder, env={**self._variables, **more},
                              capture_output=True, text=True)

    def demand(self, *command: str | Path) -> str:
        done = self.run(*command)
        if done.returncode:
            raise RuntimeError(f"{' '.join(str(word) for word in command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def install(self, *what: str | Path) -> None:
        self.demand(sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "--quiet", *what)


def test_wheel(wheel: Path, python: Python, folder: Path) -> tuple[list[str], list[str]]:
    """One row of the table, and what was wrong."""
    wrong = []
    env = Environment(python.path, folder)
    env.install(wheel, "pytest>=8", "hypothesis>=6.100")
    env.install("--no-deps", RECORDING)
    where = env.demand(env.bin / "python", "-c", "import tradecore; print(tradecore.__file__)").strip()
    if not where.startswith(str(folder)):
        wrong.append(f"tradecore came from {where}, not from the wheel")
    size = wheel.stat().st_size
    if size >= SIZE_MAX:
        wrong.append(f"the wheel has {size:,} bytes, the bound is {SIZE_MAX:,}")
    took = statistics.median(float(env.demand(env.bin / "python", "-c", TIME_IMPORT)) for _ in range(11))
    if took >= IMPORT_MAX:
        wrong.append(f"the import took {took:.2f} times as long as NumPy's, the bound is {IMPORT_MAX}")
    suite = env.run(env.bin / "python", *SUITE)
    last = suite.stdout.strip().splitlines()[-1] if suite.stdout.strip() else "no output"
    if suite.returncode or not re.search(r"\d+ passed", last):
        wrong.append(f"the suite: {suite.stdout[suite.stdout.find('= FAILURES'):][-4000:]}{suite.stderr[-2000:]}")
    replay = env.run(env.bin / "tradecore", "replay")
    matched = re.search(r"recorded trades matched: (\d+ of \d+)", replay.stdout)
    if replay.returncode or matched is None:
        wrong.append(f"tradecore replay: {replay.stdout}{replay.stderr}")
    return [python.version, python.tag, f"{size / 1e6:.2f} MB", f"{took:.2f}", matched[1] if matched else "FAILED",
            last.strip("= ")], wrong


def main() -> None:
    wheels = sorted((ROOT / "dist").glob("*.whl"))
    pythons = find_pythons()
    pairs = [(wheel, python) for python in pythons for wheel in wheels if f"-{python.tag}-" in wheel.name]
    untested = {wheel.name for wheel in wheels} - {wheel.name for wheel, _ in pairs}
    unserved = {python.tag for python in pythons} - {python.tag for _, python in pairs}
    if not pairs or untested or unserved:
        sys.exit(f"dist/ and the Pythons here don't fit: wheels without a Python {sorted(untested)}, Pythons without a "
                 f"wheel {sorted(unserved)}; run `make wheel` first")
    layout = "{:<8} {:<7} {:>8} {:>9} {:>12}  {}"
    print(layout.format("python", "tag", "size", "import", "replay", "suite"), flush=True)
    everything_wrong = []
    for wheel, python in pairs:
        with tempfile.TemporaryDirectory() as folder:
            row, wrong = test_wheel(wheel, python, Path(folder).resolve())
        print(layout.format(*row), "FAILED" if wrong else "", flush=True)
        everything_wrong += [f"{python.tag} {python.version}: {text}" for text in wrong]
    print(f"lacking here, so not tested: {', '.join(lacking(pythons)) or 'none'}")
    print(f"bounds: a wheel below {SIZE_MAX / 1e6:.0f} MB, its import below {IMPORT_MAX} of NumPy's own, "
          "the median of eleven")
    if everything_wrong:
        sys.exit("\n".join(everything_wrong))


if __name__ == "__main__":
    main()
