"""Keeps the house: one-way imports, integer kernels, twins that share names and docstrings, files that can be read."""

import ast
import inspect
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE, EXT = ROOT / "tradecore", ROOT / "ext"
ROOMS = ["validation", "risk", "routing", "execution", "position", "events"]
KERNELS = sorted(EXT.glob("*.pxd"))
SHELLS = sorted(EXT.glob("*.pyx"))
DOORS = {"shell", "table", "definitions", "coretables"}  # what shells need before they release the GIL
CONDUCTORS = {"pipeline", "orderpath", "fills", "marketdata", "settings", "state", "statehash", "trades", "triggers",
              "groups", "timers", "marks", "requests", "venuereports", "venuetrades", "sessions", "settle", "orders"}


def local_imports(path: Path) -> set[str]:
    """Modules of this package that a file imports, by their last name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("tradecore")):
            found |= {(node.module or "").split(".")[-1]} if node.module else {name.name for name in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_a_neighbour(room):
    others = set(ROOMS) - {room} | CONDUCTORS | {"core", "cli", "replay"}
    assert not local_imports(PACKAGE / f"{room}.py") & others
    assert not local_imports(PACKAGE / "_python" / f"{room}.py") & others
    for suffix in (".pxd", ".pyx"):
        cimported = set(re.findall(r"^(?:from|cimport) (\w+)", (EXT / f"{room}{suffix}").read_text(), re.M))
        assert not cimported & others, suffix


@pytest.mark.parametrize("name", ["fix", "order", "instrument", "names", "reasons", "fields", "ticket"])
def test_the_vocabulary_knows_no_room(name):
    assert not local_imports(PACKAGE / f"{name}.py") & {*ROOMS, "core", "_backend", "cli", "replay", "config"}


def test_a_face_knows_no_engine_and_no_other_face():
    faces = {path.stem for path in PACKAGE.glob("*_face.py")}
    assert len(faces) >= 4
    for name in sorted(faces):
        assert not local_imports(PACKAGE / f"{name}.py") & (faces | {"core", "order_manager", "risk", "routing"}), name
    for name in ("face", "bus"):
        assert not local_imports(PACKAGE / f"{name}.py") & (faces | {"core", "order_manager", *ROOMS} - {"events"}), name


def test_only_one_place_chooses_a_backend():
    for path in PACKAGE.glob("*.py"):
        if path.name != "_backend.py":
            assert not re.search(r"^\s*(from|import) \S*(_native|_python)", path.read_text("utf-8"), re.M), path


@pytest.mark.parametrize("path", SHELLS, ids=lambda path: path.name)
def test_no_shell_cimports_a_shell(path):
    pure_shells = {shell.stem for shell in SHELLS} - {kernel.stem for kernel in KERNELS}
    cimported = set(re.findall(r"^(?:from|cimport) (\w+)", path.read_text(), re.M))
    assert not cimported & pure_shells


def code_of(path: Path) -> str:
    """A kernel file without its comments, docstrings and texts."""
    text = re.sub(r'""".*?"""', "", path.read_text(), flags=re.S)
    return re.sub(r'"[^"\n]*"', '""', re.sub(r"#.*", "", text))


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_are_integers_without_a_bare_division(path):
    code = code_of(path)
    assert not re.search(r"\b(float|double)\b", code)
    assert not re.search(r"[^/]//?[^/]|%", code), "say which division: tc_floor_div, tc_floor_mod"
    assert not re.search(r"(?<![\w.])\d+\.\d", code)


@pytest.mark.parametrize("path", [p for p in KERNELS if p.stem not in DOORS], ids=lambda path: path.name)
def test_kernels_never_raise_allocate_or_touch_an_object(path):
    code = code_of(path)
    assert not re.search(r"\b(raise|object|malloc|calloc|print|import numpy)\b", code)
    for line in re.findall(r"^cdef inline .*?:$", code, re.M | re.S):
        assert "noexcept nogil" in line, line


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_a_shared_pxd_holds_only_inline_functions_and_structs(path):
    for line in path.read_text().splitlines():
        if re.match(r"(cdef|cpdef|def) [^#]*\(", line):
            assert line.startswith("cdef inline"), line
        assert not line.startswith("cdef class"), line


def public(thing: object) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


def classes(module: object) -> dict[str, type]:
    return {name: value for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")}


@pytest.mark.parametrize("room", [*ROOMS, "marking", "arrow", "pipeline", "arithmetic"])
def test_twins_share_public_names_and_docstrings(room):
    native, python = import_module(f"tradecore._native.{room}"), import_module(f"tradecore._python.{room}")
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


# What Python has a word of its own for: membership, sorting, dicts and sorted lists in place of hashing and tries.
ONLY_IN_C = {
    "validation": {"is_auction", "is_immediate", "is_ord_type", "is_side", "is_time_in_force", "is_trigger_price_type"},
    "risk": {"has_reference"},
    "routing": {"place_venue", "ranks_before", "side_row"},
    "position": set(),
    "execution": {"append_node", "unlink_node", "close_level", "find_slot", "hash_place", "is_ask_row", "is_better", "is_linked_node", "level_key", "next_level",
                  "offset_price", "open_level", "remove_slot", "trie_add", "trie_key", "trie_next", "trie_remove"},
    "events": {"next_report"},
    "lots": {"book_average", "closing_qty", "closing_value", "cost_of", "newer_lot", "take_from", "take_row"},
    "entries": {"is_wider", "row_of"},
    "booking": {"note_closings"},
    "intake": {"fetch_ahead", "fetch_lot", "fetch_next_lot", "fetch_rows", "is_plain_fill", "is_within", "load_entry",
               "start_fetching", "sum_position"},
    "marking": {"add_run", "exclude_run", "mark_wide_run"},
}


@pytest.mark.parametrize("room", ONLY_IN_C)
def test_the_twin_keeps_the_kernels_names(room):
    """Who reads one can find it in the other."""
    kernels = re.findall(r"^cdef inline .*?(\w+)\(", (EXT / f"{room}.pxd").read_text(), re.M)
    twin = "".join(path.read_text("utf-8") for path in (PACKAGE / "_python").glob("*.py"))
    assert {name for name in kernels if not re.search(rf"def {name}\(", twin)} == ONLY_IN_C[room]


SOURCES = [*PACKAGE.rglob("*.py"), *(ROOT / "tools").glob("*.py"), *KERNELS, *SHELLS]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_say_what_they_are_for_and_can_be_read(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 480, "nobody quotes a file this long as beautiful"
    assert text.lstrip().startswith(("#", '"""')), "its first lines say what it is for"
    assert all(len(line) <= 120 for line in text.splitlines())


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
