"""`make bench`: runs every benchmark in both backends and prints native, twin and ratio, in ns per operation.

Medians of the rounds; the spread is the native quartiles' distance over the median. Ratios are of one run.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def run_benchmarks(arguments: list[str]) -> dict[str, dict[str, dict[str, float]]]:
    """{benchmark: {backend: {ns, spread}}} from one pytest run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        command = [sys.executable, "-m", "pytest", str(HERE), "-q", "--no-header", "-o", "python_files=bench_*.py",
                   "--benchmark-disable-gc", "--benchmark-quiet", f"--benchmark-json={file}", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=HERE.parent)
        if done.returncode:
            sys.exit(done.stdout)
        found: dict[str, dict[str, dict[str, float]]] = {}
        for bench in json.loads(file.read_text())["benchmarks"]:
            info, stats = bench["extra_info"], bench["stats"]
            name = bench["name"].removeprefix("test_").replace(f"[{info['backend']}", "[").replace("[-", "[")
            figures = {"ns": stats["median"] / info["operations"] * 1e9, "spread": stats["iqr"] / stats["median"]}
            found.setdefault(name.replace("[]", "").replace("_", " "), {})[info["backend"]] = figures
        return found


def main() -> None:
    arguments = [word for word in sys.argv[1:] if word != "--json"]
    found = run_benchmarks(arguments)
    if "--json" in sys.argv:
        print(json.dumps(found))
        return
    print(f"{platform.machine()}, {platform.processor() or platform.system()}, Python {platform.python_version()}; "
          "medians, ns per operation")
    print(f"{'benchmark':<34} {'native':>10} {'spread':>7} {'per second':>14} {'twin':>12} {'ratio':>8}")
    for name, both in found.items():
        native, twin = both["native"], both.get("python")
        beside = f"{twin['ns']:>12,.0f} {twin['ns'] / native['ns']:>7.0f}x" if twin else f"{'-':>12} {'-':>8}"
        print(f"{name:<34} {native['ns']:>10.1f} {native['spread']:>7.0%} {1e9 / native['ns']:>14,.0f} {beside}")
    rows = [found.get(f"quote[{count} stops]") for count in ("no", "1,000,000")]
    if all(rows):
        none, million = (row["native"]["ns"] for row in rows if row)
        print(f"\na quote that triggers none, with 1,000,000 stops resting: {million / none:.2f} x one with none")
    for what in ("core", "keeper"):
        few, many = (found.get(f"{what} of[{count} instruments]") for count in ("1,000", "16,000"))
        if few and many:
            ratio = 16 * many["native"]["ns"] / few["native"]["ns"]
            print(f"a {what} of 16,000 instruments: {ratio:.1f} x one of 1,000")
    if not arguments and sys.platform == "linux":
        subprocess.run([sys.executable, str(HERE / "core/footprint.py")], check=True)


if __name__ == "__main__":
    main()
