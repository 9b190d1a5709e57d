"""`make test-fallback`: installs the package where no C compiler is on PATH, and holds it to what it promises there:
the install succeeds with the plain-Python twins, they run with a warning that says what to do, a demand for the
compiled core fails and says what to do, and TRADECORE_REQUIRE_EXT=1 refuses such an install.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from wheel import ROOT
from wheel_test import RECORDING, Environment

# Names that CMake looks for a C compiler under.
COMPILERS = re.compile(r"(.*-)?(cc|gcc|clang|cl|icx|icc|bcc|xlc|tcc|zig)(-[\d.]+)?(\.exe)?")
HOW = r"install a wheel for this platform, or a C compiler"


def path_without_compilers(folder: Path) -> str:
    """A PATH of one folder: links to everything on PATH but compilers, and what is set up to call them."""
    tools = folder / "tools"
    tools.mkdir()
    for name in os.environ["PATH"].split(os.pathsep):
        for path in Path(name).iterdir() if Path(name).is_dir() else ():
            if not COMPILERS.fullmatch(path.name) and not (tools / path.name).exists():
                (tools / path.name).symlink_to(path)
    return str(tools)


def expect(env: Environment, what: str, command: list[str | Path], *, status: int, said: str, **more: str) -> bool:
    """Run a command, and say whether it ended and spoke as it must."""
    done = env.run(*command, **more)
    good = done.returncode == status and re.search(said, done.stdout + done.stderr, re.S) is not None
    print(f"{'good ' if good else 'WRONG'}  {what}", flush=True)
    if not good:
        print(f"status {done.returncode}, expected {status} and {said!r}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return good


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        env = Environment(sys.executable, folder)
        path = path_without_compilers(folder)
        pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", env.bin / "python", "install", "--verbose"]
        replay: list[str | Path] = [env.bin / "tradecore", "replay", "--max-events", "20000"]
        env.install("--no-deps", RECORDING)
        results = [
            expect(env, "TRADECORE_REQUIRE_EXT=1 pip install . refuses, and shows the compiler's absence",
                   [*pip, ROOT], status=1, said="CMAKE_C_COMPILER", PATH=path, TRADECORE_REQUIRE_EXT="1"),
            expect(env, "pip install . succeeds", [*pip, ROOT], status=0, said="py3-none-any", PATH=path),
            expect(env, "tradecore replay --max-events 20000 runs the twin, with the warning", replay, status=0,
                   said=rf"events on the python backend.*warning: tradecore runs its plain-Python twin.*{HOW}",
                   PATH=path),
            expect(env, "TRADECORE_BACKEND=python runs the twin without it", replay, status=0,
                   said=r"events on the python backend(?!.*warning)", TRADECORE_BACKEND="python"),
            expect(env, "TRADECORE_BACKEND=native fails and says what to do", replay, status=2,
                   said=rf"TRADECORE_BACKEND=native, but no compiled core is installed: {HOW}",
                   TRADECORE_BACKEND="native"),
            expect(env, "tradecore doctor says why", [env.bin / "tradecore", "doctor"], status=0,
                   said="native_installed +False.*no compiled core is installed"),
        ]
        broken = env.demand(env.bin / "python", "-c", "import tradecore._native as n; print(n.__path__[0])").strip()
        suffix = env.demand(env.bin / "python", "-c", "import _imp; print(_imp.extension_suffixes()[0])").strip()
        Path(broken, f"pipeline{suffix}").write_bytes(b"\x7fELF, but no more of it")
        results.append(expect(env, "a compiled core that is damaged is an error, not a fallback", replay, status=2,
                              said=rf"a compiled core is installed but does not load.*{HOW}"))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
