"""`make types`: what an editor and a checker know of the installed package. Every public name has a complete type
(pyright --verifytypes), and the stubs of the compiled modules, which are the typed twins, say what the modules do
(mypy's stubtest). A checker must also see a wrong call of a compiled class.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from wheel import ROOT, build_wheel
from wheel_test import Environment

# Line by line: None where a checker must be silent, else what it must report.
CALLS = {
    "import tradecore as tc": None,
    "from tradecore._native.risk import RiskTable": None,
    "table = RiskTable(4, 4, 64)": None,
    "exposure: tuple[int, int, int] = table.exposure(1, 1)": None,
    "table.set_limit('alpha', 0, 1)": "reportArgumentType",
    "table.no_such_method()": "reportAttributeAccessIssue",
    "core = tc.TradingCore(backend='native')": None,
    "core.submit('AAPL', 'BUY', [])": "reportArgumentType",
    "backend: str = tc.backend": None,
    "tc.no_such_name": "reportAttributeAccessIssue",
}


def check_public_names(env: Environment) -> list[str]:
    """Every name of the package's public face has a known, complete type."""
    done = env.run(env.bin / "pyright", "--verifytypes", "tradecore", "--ignoreexternal", "--outputjson")
    found = json.loads(done.stdout)["typeCompleteness"]
    symbols = found["exportedSymbolCounts"]
    print(f"pyright --verifytypes: {symbols['withKnownType']} public names, {found['completenessScore']:.0%} complete")
    if found["completenessScore"] == 1 and symbols["withKnownType"] > 0:
        return []
    return [f"{symbol['name']}: {[note['message'] for note in symbol['diagnostics']]}"
            for symbol in found["symbols"] if symbol["isExported"] and not symbol["isTypeKnown"]] or [done.stdout]


def check_stubs(env: Environment) -> list[str]:
    """The stubs and the compiled modules agree on names and signatures."""
    done = env.run(env.bin / "python", "-m", "mypy.stubtest", "tradecore", "--concise", "--allowlist",
                   ROOT / "tools/stubtest-allow.txt", "--mypy-config-file", ROOT / "pyproject.toml")
    print("mypy.stubtest:", (done.stdout.strip().splitlines() or ["no differences"])[-1])
    return [done.stdout + done.stderr] if done.returncode else []


def check_calls(env: Environment) -> list[str]:
    """A checker reports the wrong calls of CALLS, each for its reason, and no other."""
    (env.folder / "calls.py").write_text("\n".join(CALLS) + "\n")
    done = env.run(env.bin / "pyright", "--outputjson", "calls.py")
    reports = {(note["range"]["start"]["line"], note["rule"]) for note in json.loads(done.stdout)["generalDiagnostics"]
               if note["severity"] == "error"}
    expected = {(line, rule) for line, rule in enumerate(CALLS.values()) if rule is not None}
    print(f"pyright on calls: {len(reports & expected)} of {len(expected)} wrong calls found")
    differing = [(list(CALLS)[line], rule, (line, rule) in reports) for line, rule in sorted(reports ^ expected)]
    return [f"{line!r}: {rule} {'' if reported else 'not '}reported" for line, rule, reported in differing]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        env = Environment(sys.executable, Path(name).resolve())
        env.install(build_wheel(sys.executable, ROOT, env.folder / "wheels"), "mypy>=1.18", "pyright>=1.1.400")
        wrong = [*check_public_names(env), *check_stubs(env), *check_calls(env)]
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
