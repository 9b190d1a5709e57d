"""`make wheel`: an sdist, and from it one manylinux2014 wheel for each supported Python that this machine has.

The compiler is zig from the package index: it links against the glibc of 2014, which a distribution's own can't.
A wheel that needs a newer glibc, or that is not native, is an error.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pythons import find_pythons, lacking, one_per_tag

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
POLICY = "manylinux_2_17"  # also called manylinux2014
GLIBC = "2.17"


def run(*command: str | Path, **more: str) -> None:
    """Run a command, more environment added; its failure is ours, with what it said."""
    done = subprocess.run([str(word) for word in command], env={**os.environ, **more}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nfailed: {' '.join(str(word) for word in command)}")


def zig(target: str) -> dict[str, str]:
    """What makes zig the compiler, without symbols in what it links: CC may hold a command with arguments."""
    return {"CC": f"{sys.executable} -m ziglang cc -target {target}", "LDFLAGS": "-s"}


def build_sdist() -> Path:
    """The sdist; every wheel is then built from it, which proves that it is whole."""
    run(sys.executable, "-m", "build", "--sdist", "--outdir", DIST, ROOT)
    return next(DIST.glob("*.tar.gz"))


def build_wheel(python: str, source: Path, folder: Path, *options: str, **variables: str) -> Path:
    """A native wheel for one interpreter, in `folder`; `variables` such as CC and CFLAGS choose the compiler, `options`
    are pip's."""
    run(sys.executable, "-m", "pip", "--python", python, "wheel", "--no-deps", "--wheel-dir", folder,
        "-Cinstall.strip=false", *options, source, TRADECORE_REQUIRE_EXT="1", **variables)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        sys.exit("make wheel builds on x86-64 Linux; the other platforms' wheels come from cibuildwheel")
    shutil.rmtree(DIST, ignore_errors=True)
    sdist = build_sdist()
    print(f"{sdist.name}  {sdist.stat().st_size:,} bytes")
    pythons = find_pythons()
    for python in one_per_tag(pythons):
        with tempfile.TemporaryDirectory() as folder:
            wheel = build_wheel(python.path, sdist, Path(folder), **zig(f"x86_64-linux-gnu.{GLIBC}"))
            run(sys.executable, "-m", "auditwheel", "repair", "--plat", f"{POLICY}_x86_64", "--wheel-dir", DIST, wheel,
                PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        (wheel,) = DIST.glob(f"*-{python.tag}-{python.tag}-*.whl")
        print(f"{wheel.name}  {wheel.stat().st_size:,} bytes")
    print("no wheel for:", ", ".join(lacking(pythons)) or "none lacking", "(no such Python here)")


if __name__ == "__main__":
    main()
