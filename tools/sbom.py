"""`make sbom`: writes dist/tradecore.cdx.json (CycloneDX: the package and all that its wheel brings at run time) and
dist/SHA256SUMS over everything that a release holds. An SBOM that names what is not there, or omits what is, fails.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pythons import find_pythons
from wheel import DIST, ROOT
from wheel_test import Environment

SBOM, SUMS = DIST / "tradecore.cdx.json", DIST / "SHA256SUMS"


def installed(env: Environment) -> set[tuple[str, str]]:
    code = "from importlib.metadata import distributions as d; [print(x.name.lower(), x.version) for x in d()]"
    lines = env.demand(env.bin / "python", "-c", code).splitlines()
    return {(name, version) for name, version in map(str.split, lines)}


def main() -> None:
    tags = {python.tag: python for python in find_pythons()}
    fitting = [(wheel, tags[tag]) for wheel in sorted(DIST.glob("*.whl")) for tag in tags if f"-{tag}-" in wheel.name
               and wheel.name.endswith("x86_64.whl") and "musllinux" not in wheel.name]
    if not fitting:
        sys.exit("dist/ has no wheel for a Python of this machine: run `make wheel` first")
    wheel, python = fitting[-1]
    with tempfile.TemporaryDirectory() as name:
        env = Environment(python.path, Path(name).resolve())
        env.install(wheel)
        subprocess.run([sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", ROOT / "pyproject.toml",
                        "--mc-type", "library", "--output-reproducible", "--of", "JSON", "-o", SBOM,
                        env.bin / "python"], check=True)
        there = installed(env)
    bom = json.loads(SBOM.read_text("utf-8"))
    named = {(part["name"].lower(), part["version"]) for part in (*bom["components"], bom["metadata"]["component"])}
    if named != there:
        sys.exit(f"the SBOM names {sorted(named)}, and installed are {sorted(there)}")
    files = sorted(path for path in DIST.iterdir() if path.suffix in (".whl", ".gz"))
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    SUMS.write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()))
    print(f"{SBOM.relative_to(ROOT)}: {', '.join(f'{name} {version}' for name, version in sorted(named))}")
    print(f"{SUMS.relative_to(ROOT)}: {len(sums)} files")


if __name__ == "__main__":
    main()
