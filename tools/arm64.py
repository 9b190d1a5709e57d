"""`make test-arm64`: cross-builds the wheel for arm64 Linux, runs the suite with it under qemu, and compares hashes.

Everything lands in build/arm64: Debian's arm64 Python and qemu are unpacked there and not installed. An x86-64 host
keeps memory in a stronger order than arm64 does, and qemu inherits that: this proves arithmetic, layout and
behaviour, not the absence of weak-memory faults. What asks the plain-Python twin alone, or drives it for long, is left
out: it is the same Python on every machine, and here it would take most of the time. The hashes of the same streams
stand for it, native here and there; that the twin has them is what `make test` shows.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from pythons import find_pythons
from wheel import GLIBC, ROOT, build_sdist, build_wheel, run, zig
from wheel_test import BESIDE_THE_SUITE, EACH, RECORDING, SUITE

HERE = ROOT / "build" / "arm64"
SYSTEM, SITE, SOURCE, PYTHON = HERE / "system", HERE / "site", HERE / "source", HERE / "python3"
TRIPLE = "aarch64-linux-gnu"
PACKAGES = ["python3", "libpython3-dev", "libstdc++6"]  # NumPy's wheel needs the last
PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (17, 27, 28, 34)] + ["manylinux2014_aarch64"]


def unpack_system() -> str:
    """Debian's arm64 Python with its headers, and qemu for this host; returns the Python's version, such as 3.11."""
    lists, archives = HERE / "apt", HERE / "apt" / "archives"
    for folder in (lists / "lists" / "partial", archives / "partial", SYSTEM):
        folder.mkdir(parents=True, exist_ok=True)
    (lists / "status").touch()
    # The host's own sources, those of Debian only: a private apt with another architecture must not touch the host's.
    fields = "$(ORIGIN)|$(SIGNED_BY)|$(SITE) $(RELEASE) $(COMPONENT)"
    targets = subprocess.run(["apt-get", "indextargets", "--format", fields, "Created-By: Packages"],
                             capture_output=True, text=True, check=True).stdout
    rows = sorted({tuple(line.split("|")) for line in targets.splitlines() if line.startswith("Debian|")})
    if not rows:
        sys.exit("apt knows no sources of Debian: run `apt-get update` first")
    keys = [f"[signed-by={key}] " if key.startswith("/") else "" for _, key, _ in rows]
    lines = [f"deb {key}{source}\n" for key, (_, _, source) in zip(keys, rows, strict=True)]
    (lists / "sources.list").write_text("".join(lines))
    private = {"APT::Architecture": "arm64", "APT::Architectures": "arm64", "APT::Sandbox::User": "root",
               "Dir::State": lists, "Dir::State::status": lists / "status", "Dir::Cache": lists,
               "Dir::Cache::archives": archives, "Dir::Etc::sourcelist": lists / "sources.list",
               "Dir::Etc::sourceparts": "-", "Debug::NoLocking": "1"}
    apt = ["apt-get", "--quiet", *(f"-o{key}={value}" for key, value in private.items())]
    run(*apt, "update")
    run(*apt, "install", "--download-only", "--no-install-recommends", "--yes", *PACKAGES)
    for package in archives.glob("*.deb"):
        run("dpkg", "-x", package, SYSTEM)
    if not list(HERE.glob("qemu-user-static_*.deb")):
        subprocess.run(["apt-get", "--quiet", "download", "qemu-user-static"], cwd=HERE, check=True)
    run("dpkg", "-x", next(HERE.glob("qemu-user-static_*.deb")), HERE / "qemu")
    return (SYSTEM / "usr/bin/python3").readlink().name.removeprefix("python")


def write_python(version: str) -> None:
    """An interpreter that a test can start by path, as it starts sys.executable: qemu, with everything arm64 given."""
    qemu = HERE / "qemu/usr/bin/qemu-aarch64-static"
    words = {"qemu": qemu, "system": SYSTEM, "python": SYSTEM / f"usr/bin/python{version}"}
    q = {name: shlex.quote(str(path)) for name, path in words.items()}
    home, site = shlex.quote(str(SYSTEM / "usr")), shlex.quote(str(SITE))
    PYTHON.write_text('#!/bin/sh\nexport TRADECORE_EMULATED=1\n'
                      f'export PYTHONHOME={home} PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}"{site}\n'
                      f'exec {q["qemu"]} -L {q["system"]} -0 "$0" {q["python"]} "$@"\n')
    PYTHON.chmod(0o755)


def arm_headers(version: str) -> Path:
    """Python's headers with arm64's pyconfig.h in the place of the one that chooses by compiler."""
    headers = HERE / "include"
    shutil.rmtree(headers, ignore_errors=True)
    shutil.copytree(SYSTEM / f"usr/include/python{version}", headers)
    shutil.copy(SYSTEM / f"usr/include/{TRIPLE}/python{version}/pyconfig.h", headers / "pyconfig.h")
    return headers


def cross_build(version: str) -> Path:
    """The wheel, by a Python of the same version that runs here."""
    tag = "cp" + version.replace(".", "")
    builders = [python.path for python in find_pythons() if python.tag == tag]
    if not builders:
        sys.exit(f"a Python {version} must run here: the arm64 one's version, which the wheel is built by")
    folder = HERE / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    defines = {"CMAKE_SYSTEM_NAME": "Linux", "CMAKE_SYSTEM_PROCESSOR": "aarch64",
               "Python_INCLUDE_DIR": arm_headers(version), "TRADECORE_DRILL": "ON"}
    return build_wheel(builders[0], build_sdist(), folder, **zig(f"{TRIPLE}.{GLIBC}"),
                       SETUPTOOLS_EXT_SUFFIX=f".cpython-{tag[2:]}-{TRIPLE}.so", _PYTHON_HOST_PLATFORM="linux-aarch64",
                       SKBUILD_CMAKE_DEFINE=";".join(f"{key}={value}" for key, value in defines.items()))


def install(wheel: Path, version: str) -> None:
    """The wheel and what the suite needs, unpacked for arm64."""
    shutil.rmtree(SITE, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", SITE, "--only-binary=:all:",
           "--python-version", version, *(word for name in PLATFORMS for word in ("--platform", name))]
    run(*pip, "numpy", "pytest>=8", "hypothesis>=6.100", "pytest-xdist>=3.6.1")
    run(*pip, "--no-deps", RECORDING)
    run("unzip", "-q", wheel, "-d", SITE)
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir()
    for name in [*BESIDE_THE_SUITE, "tools"]:
        run("cp", "-r", ROOT / name, SOURCE)


def hashes(*python: Path | str) -> dict[str, dict[str, str]]:
    done = subprocess.run([*python, "tools/hashes.py", "native"], cwd=SOURCE, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"hashes: {done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    print(f"{found['machine']:<8}", "  ".join(f"{name}: {both['event_hash']} {both['state_hash']}"
                                              for name, both in found["hashes"].items()))
    return dict(found["hashes"])


def main() -> None:
    version = unpack_system()
    write_python(version)
    wheel = cross_build(version)
    install(wheel, version)
    compiled = next((SITE / "tradecore/_native").glob("pipeline*.so"))
    kind = subprocess.run(["readelf", "-h", compiled], capture_output=True, text=True, check=True).stdout
    if "AArch64" not in kind:
        sys.exit(f"{compiled} is not an arm64 library: {re.findall('Machine:.*', kind)}")
    print(f"{wheel.name} under qemu; event and state hashes, native backend")
    if hashes(PYTHON) != hashes(sys.executable):
        sys.exit("the hashes differ between arm64 and x86-64")
    print("hashes equal", flush=True)
    sys.exit(subprocess.run([PYTHON, *SUITE, *EACH, "--native", *sys.argv[1:]], cwd=SOURCE).returncode)


if __name__ == "__main__":
    main()
