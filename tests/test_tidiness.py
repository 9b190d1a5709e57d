"""Keeps the house: what may import what, twins of one shape, kernels of integers, files and functions that can be read.

The rules are in tests/support/house.py. `python tests/test_tidiness.py` prints the house: folders, files, lines, imports.
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))
from house import (
    DOORS,
    EXT,
    FUNCTION_LINES_MAX,
    KERNELS,
    LINES_MAX,
    MAY_IMPORT,
    PACKAGE,
    PYTHON,
    ROOT,
    SHELLS,
    TEST_LINES_MAX,
    TWINS,
    circles,
    code_of,
    dead,
    declared,
    ext_imports,
    file_faults,
    folder_of,
    forbidden_arrows,
    kernel_faults,
    kernel_names,
    package_imports,
    python_imports,
    section_faults,
    shared_stems,
    star_faults,
    twinless,
)

from tradecore._backend import FOLDERS, room_module


def test_the_rule_about_imports_knows_good_from_bad():
    good = "from ..vocabulary.fix import Side\nfrom .lots import Lot\nimport numpy\nfrom tradecore.vocabulary import units"
    assert python_imports(good, "positions.keeper") == {"vocabulary.fix", "positions.lots", "vocabulary"}
    assert not forbidden_arrows({"positions.keeper": python_imports(good, "positions.keeper")})
    for bad in ("from ..risk.limits import RiskLimits", "import tradecore.risk.limits", "from .. import __version__",
                "from .._python.positions.ledger import Ledger"):
        assert forbidden_arrows({"positions.keeper": python_imports(bad, "positions.keeper")}), bad
    assert forbidden_arrows({"vocabulary.names": {"_backend"}})
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c"]
    assert circles({"a": {"b"}, "b": set()}) == []


@pytest.mark.parametrize("imports", [package_imports, ext_imports])
def test_no_arrow_against_the_order_and_no_circle(imports):
    found = imports()
    assert len(found) > 40
    assert not forbidden_arrows(found)
    assert not circles(found)


@pytest.mark.parametrize("path", SHELLS, ids=lambda path: path.name)
def test_no_shell_cimports_a_shell(path):
    pure_shells = {shell.stem for shell in SHELLS} - {kernel.stem for kernel in KERNELS}
    assert not set(re.findall(r"^(?:from|cimport) (\w+)", path.read_text(), re.M)) & pure_shells


def test_whole_files_are_cimported_along_one_chain():
    folders = {path.stem: path.parent.name for path in KERNELS}
    for path in [*KERNELS, *SHELLS]:
        assert not star_faults(path.stem, path.parent.name, path.read_text(), folders), path
    assert star_faults("risk", "risk", "from book cimport *\n", folders) == ["book"]
    assert not star_faults("trades", "orders", "from costs cimport *\nfrom ids cimport *\n", folders)


def test_no_two_files_share_a_stem_and_mean_different_things():
    assert not shared_stems([*PYTHON, *KERNELS, *SHELLS])
    assert shared_stems([PACKAGE / "core" / "order.py", EXT / "orders" / "order.pxd"]) == ["order"]
    assert not shared_stems([PACKAGE / "orders" / "ids.py", TWINS / "orders" / "ids.py", EXT / "orders" / "ids.pxd"])


def test_the_rule_about_kernels_knows_good_from_bad():
    assert not kernel_faults("cdef inline int64_t half(int64_t x) noexcept nogil:\n    return tc_floor_div(x, 2)\n")
    for bad in ("cdef inline int64_t half(int64_t x) noexcept nogil:\n    return x // 2\n",
                "cdef inline double half(double x) noexcept nogil:\n    return x * 0.5\n",
                "cdef int64_t half(int64_t x) noexcept nogil:\n    return x\n",
                "cdef inline int64_t half(int64_t x):\n    return x\n",
                "cdef inline void half() noexcept nogil:\n    raise ValueError\n", "cdef class Half:\n    pass\n"):
        assert kernel_faults(bad), bad


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_are_inline_integers_that_never_raise_allocate_or_touch_an_object(path):
    assert not kernel_faults(path.read_text(), is_door=path.stem in DOORS)


def test_the_rule_about_locked_sections_knows_good_from_bad():
    good = "self.state.enter()\nwith nogil:\n    n = copy_top(&core, i, &bid)\n    self.state.leave()\nreturn wide(n)\n"
    assert not section_faults(good, {"copy_top"})
    assert not section_faults("with self.lock: n = copy_top(&self.core, i)\n", {"copy_top"})
    for bad in ("self.state.enter()\nrows = np.zeros(n)\nself.state.leave()\n", "with self.state.lock: return x\n",
                "self.state.enter()\nn = copy_top(&core, len(rows), &bid)\nself.state.leave()\n",
                "self.state.enter()\nraise LookupError\nself.state.leave()\n", "with nogil, self.lock:\n",
                "with self.lock: n = len(rows)\n"):
        assert section_faults(bad, {"copy_top"}), bad


@pytest.mark.parametrize("path", SHELLS, ids=lambda path: path.name)
def test_no_python_runs_in_a_locked_section(path):
    names = {name for other in KERNELS
             for name in re.findall(r"^cdef inline [^\n]*?(\w+)\([^:]*?\) noexcept nogil:", other.read_text(), re.M)}
    assert "copy_order" in names
    assert "order_row" not in names
    assert not section_faults(path.read_text(), names)
    if path.stem in ("readers", "turnstile"):
        assert path.read_text().count(".enter") > 5


def test_the_rule_about_twins_knows_good_from_bad():
    one = "cdef inline void book(int x) noexcept nogil:\n    pass\n"
    other = "cdef inline void path() noexcept nogil:\n    book(1)\n"
    assert twinless({"one": one, "other": other}, "def path():") == ["one.book"]
    assert not twinless({"one": one, "other": other}, "def book(x):\ndef path():")
    assert not twinless({"one": "# Only in C: a dict in Python\n" + one, "other": other}, "")
    assert not twinless({"one": one}, "")


def test_each_kernel_that_others_use_has_a_twin_of_its_name():
    kernels = {path.stem: path.read_text() for path in [*KERNELS, *SHELLS]}
    assert not twinless(kernels, "".join(path.read_text("utf-8") for path in TWINS.rglob("*.py")))


def test_a_kernel_and_its_twin_lie_in_folders_of_one_name():
    twins = {path.stem: path.parent.name for path in TWINS.rglob("*.py")}
    for path in [*KERNELS, *SHELLS]:
        assert twins.get(path.stem, path.parent.name) == path.parent.name, path.stem


def public(thing: object) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


def classes(module: object) -> dict[str, type]:
    return {name: value for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")}


@pytest.mark.parametrize("room", FOLDERS)
def test_twins_share_public_names_and_docstrings(room):
    native, python = room_module("native", room), room_module("python", room)
    hidden = {"State", "EventView"}  # the compiled core's own memory
    for name, cls in classes(native).items():
        if name in hidden:
            continue
        twin = classes(python)[name]
        assert inspect.getdoc(cls) == inspect.getdoc(twin), name
        for member in sorted(public(cls)):
            ours, theirs = getattr(cls, member), getattr(twin, member, None)
            assert theirs is not None, f"{name}.{member}"
            if callable(ours):
                assert inspect.getdoc(ours) == inspect.getdoc(theirs), f"{name}.{member}"
                parameters = [list(inspect.signature(method).parameters) for method in (ours, theirs)]
                assert parameters[0] == parameters[1], f"{name}.{member}"  # stubtest can't see those of a compiled class
    for name, function in vars(native).items():
        is_function = inspect.isbuiltin(function) or type(function).__name__ == "cython_function_or_method"
        if is_function and not name.startswith("_"):
            assert inspect.getdoc(function) == inspect.getdoc(getattr(python, name)), name


SOURCES = [*PYTHON, *sorted((ROOT / "tools").glob("*.py")), *sorted((ROOT / "bench").rglob("*.py")), *KERNELS, *SHELLS]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def test_the_rule_about_files_knows_good_from_bad():
    assert not file_faults('"""What it is for."""\n' + "x = 1\n" * (LINES_MAX - 1), is_python=True)
    assert file_faults('"""What it is for."""\n' + "x = 1\n" * LINES_MAX, is_python=True)
    assert file_faults("x = 1\n", is_python=True)
    for is_python, head in ((True, "def long():\n"), (False, "cdef inline void long() noexcept nogil:\n")):
        assert not file_faults("# What it is for.\n" + head + "    x = 1\n" * (FUNCTION_LINES_MAX - 1), is_python=is_python)
        assert file_faults("# What it is for.\n" + head + "    x = 1\n" * FUNCTION_LINES_MAX, is_python=is_python)


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_files_say_what_they_are_for_and_can_be_read(path):
    text = path.read_text("utf-8")
    most = TEST_LINES_MAX if path in TESTS else LINES_MAX
    assert not file_faults(text, is_python=path.suffix == ".py", most=most)
    if path not in TESTS:  # a table of cases reads best with one case on one line
        assert all(len(line) <= 120 for line in text.splitlines())


def test_nothing_is_declared_and_never_used():
    texts = [path.read_text("utf-8") for path in [*SOURCES, *TESTS]]
    kernels = {name for path in KERNELS for name in kernel_names(path.read_text())}
    assert not dead({name for path in PYTHON for name in declared(path.read_text("utf-8"))}, texts)
    assert not dead(kernels, [code_of(path.read_text()) for path in [*KERNELS, *SHELLS]])
    assert dead({"used", "unused"}, ["def used(): ...\ndef unused(): ...\nused()"]) == ["unused"]


# What could be imported before the house was regrouped, and can be ever since.
PUBLIC = """
ACK_DTYPE AccountPnl BasePnl CANCEL_DTYPE Capacity CheckResult CommandType ContingencyType CxlRejReason Difference
Discrepancy DropCopy ENTRY_DTYPE EXECUTION_REPORT_DTYPE EntryError ExecInst ExecRestatementReason ExecType
ExecutionFacts Explanation Exposure ExternalVenue FILL_DTYPE Feature Features FirmExposure Instrument KeptPosition
LastLiquidityInd LimitMode MARK_DTYPE MarkView MissingRateError MsgType NO_PRICE OFF ORDER_DTYPE OUTBOUND OUTBOUND_DTYPE OpenLot OrdRejReason
OutboundMessage
OrdStatus OrdType Order OrderManager OrderTerms PegOffsetType Place Position PositionKeeper ProfitAndLoss QUOTE_DTYPE
REPLACE_DTYPE REPORT_DTYPE Reason RefusedError Report ReportReader ReportType RiskCheck RiskLimits Rule Scope
ShadowCore ShadowCost ShadowDifference Side SimulatedVenue StaleOrderError Statement Subscription
TRADE_CORRECTION_DTYPE TimeInForce TradSesStatus Trade TradeState TradingCore TriggerPriceType UndeclaredError Unknown
VenueScore backend new_orders
"""


def test_no_public_name_is_lost():
    import tradecore

    assert set(PUBLIC.split()) <= set(tradecore.__all__)
    for name in PUBLIC.split():
        assert getattr(tradecore, name) is not None, name


def test_every_public_name_has_a_docstring():
    import tradecore

    for name in tradecore.__all__:
        thing = getattr(tradecore, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name
            for member, value in inspect.getmembers_static(thing) if inspect.isclass(thing) else ():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    assert inspect.getdoc(value), f"{name}.{member}"


def test_the_project_names_no_path_of_one_machine():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if files.returncode:
        pytest.skip("not a git checkout")
    home = re.compile(r"(^|[^\w.])/(root|home|Users)/\w")
    for name in files.stdout.split():
        path = ROOT / name
        if path.is_file() and path.suffix not in (".gz", ".png"):
            assert not home.search(path.read_text("utf-8")), name


# GCC takes a function that only prefetches for one without effect, and drops its calls: every prefetch was lost once.
PREFETCHES = """#include "tradecore/arith.h"
static void __attribute__((noinline)) fetch(const char *rows, int64_t at) { tc_prefetch(rows + 64 * at); }
void walk(const char *rows, const int64_t *ahead, int64_t n) { for (int64_t i = 0; i < n; i++) fetch(rows, ahead[i]); }
"""


def test_a_compiler_keeps_a_function_that_only_prefetches():
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    made = subprocess.run([compiler, "-O3", f"-I{EXT}/include", "-S", "-x", "c", "-", "-o", "-"], input=PREFETCHES,
                          capture_output=True, text=True, check=True)
    assert re.search(r"\bprefetch|\bprfm", made.stdout)


def print_house() -> None:
    """Folders, files, lines and imports, as they are."""
    for name, base, imports, suffixes in (("package", PACKAGE, package_imports(), {".py"}), ("kernels", EXT, ext_imports(), {".pxd", ".pyx"})):
        print(f"{name}:")
        for folder in MAY_IMPORT:
            for floor in ("", "_python/") if base is PACKAGE else ("",):
                paths = sorted(path for path in (base / floor / folder).glob("*") if path.suffix in suffixes)
                if not paths:
                    continue
                lines = {path.stem + path.suffix: len(path.read_text("utf-8").splitlines()) for path in paths}
                arrows = {folder_of(other) for module, found in imports.items() for other in found
                          if module.startswith(f"{floor.replace('/', '.')}{folder}.")} - {folder, ""}
                print(f"  {floor}{folder:<12} {len(paths):>3} files {sum(lines.values()):>6} lines -> {', '.join(sorted(arrows)) or 'nothing'}")
                print("    " + ", ".join(f"{file} {count}" for file, count in lines.items()))


if __name__ == "__main__":
    print_house()
    sys.exit()
