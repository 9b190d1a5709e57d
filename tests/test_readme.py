"""The README's program, run as it stands, prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

from tradecore.vocabulary.codes import Scope
from tradecore.vocabulary.rules import RULES, LimitUnit

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
PROGRAM, OUTSIDE, BATCH = re.findall(r"```python\n(.*?)```", README, re.S)
PRINTED, PRINTED_OUTSIDE = re.findall(r"prints\n\n```text\n(.*?)```", README, re.S)


def test_the_program_prints_what_the_readme_says():
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout == PRINTED


def test_the_program_with_a_venue_outside_prints_what_the_readme_says():
    code = "import tradecore as tc\n" + OUTSIDE
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert [line.rstrip() for line in done.stdout.splitlines()] == PRINTED_OUTSIDE.splitlines()


def test_the_program_is_about_fifteen_lines():
    assert len([line for line in PROGRAM.splitlines() if line.strip()]) <= 22


def test_the_batch_runs():
    code = PROGRAM + BATCH + "print(len(acks), acks['ord_status'].max())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("1000 ")


def test_the_shadow_runs_and_differs_in_nothing_yet():
    (shadow,) = re.findall(r"```py\n(.*?)```", README, re.S)
    code = "import tradecore as tc\nsettings = {'instruments': [tc.Instrument('AAPL', tick_size='0.01')]}\n" + shadow
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.startswith("None ShadowCost(commands=0, ")


def test_the_router_alone_and_the_limits_run(tmp_path):
    router, limits, _ = re.findall(r"~~~py\n(.*?)~~~", README, re.S)
    rows = tmp_path / "limits.toml"
    row = 'rule = "max_order_qty"\nsymbol = "ACME"\nvalue = "500"\nwho = "ann"\nwhy = "first week"\n'
    rows.write_text(f"[[limits]]\n{row}", "utf-8")
    core = ("core = tc.TradingCore(instruments=[tc.Instrument('ACME'), tc.Instrument('INSD')],\n"
            "                      venues=[tc.SimulatedVenue('A')], accounts=['desk5'])\n")
    code = "from pathlib import Path\nimport tradecore as tc\n" + router + core + limits.replace("limits.toml", rows.as_posix())
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    for told in ("takes", "20.01", "MAX_POSITION_QTY", "board, 12 January", "account desk5", "REDUCING", "half its loss limit"):
        assert told in done.stdout, told


def test_risk_alone_runs():
    *_, alone = re.findall(r"~~~py\n(.*?)~~~", README, re.S)
    done = subprocess.run([sys.executable, "-W", "error", "-c", "import tradecore as tc\n" + alone], capture_output=True, text=True)
    assert done.stderr == ""
    for told in ("MAX_ORDER_QTY                               700                500               -200  REFUSE",
                 "MAX_POSITION_QTY  symbol ACME      250   100       150  40.0%  hard  -         r.lee  board", "qty 100 avg_px 20.00"):
        assert told in done.stdout, told


SCOPES = {"F": Scope.FIRM, "A": Scope.ACCOUNT, "S": Scope.INSTRUMENT, "AS": Scope.ACCOUNT_INSTRUMENT, "V": Scope.VENUE, "Y": Scope.STRATEGY,
          "AG": Scope.ACCOUNT_GROUP, "SG": Scope.INSTRUMENT_GROUP}
UNITS = {LimitUnit.QUANTITY: "quantity", LimitUnit.MONEY: "money", LimitUnit.BASIS_POINTS: "bps", LimitUnit.COUNT: "count", LimitUnit.FLAG: "none",
         LimitUnit.BASE_MONEY: "base", LimitUnit.RATIO: "ratio"}


def test_the_table_of_rules_is_the_table_of_rules():
    (table,) = re.findall(r"\| rule \| on \| unit \| bounds \|\n\|[-|]+\|\n((?:\|.*\n)+)", README)
    told = {}
    for line in table.splitlines():
        rules, on, unit = (cell.strip() for cell in line.split("|")[1:4])
        scopes = set(Scope) if on.startswith("all") else {SCOPES[word] for word in on.split()}
        scopes -= {SCOPES[word] for word in on.partition(" but ")[2].split()}
        names = re.findall(r"`(\w+)`", rules)
        units = unit.split("; ") if "; " in unit else [unit] * len(names)
        told |= {name: (scopes, said.partition(", ")[0], said.endswith("window")) for name, said in zip(names, units, strict=True)}
    told["stale_quote"] = (*told["stale_quote"][:1], "count", False)  # of milliseconds
    assert told == {row.rule.name.lower(): (set(row.scopes), UNITS[row.unit], row.windowed) for row in RULES}
