"""Keeps the house: what may import what, twins of one shape, kernels of integers, files and functions that can be read.

Each rule is a function over texts that lists what breaks it, so that it can be shown a good and a bad sample too.
`python tests/test_tidiness.py` prints the house: folders, files, lines, imports.
"""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tradecore._backend import FOLDERS, room_module

ROOT = Path(__file__).parent.parent
PACKAGE, TWINS, EXT = ROOT / "tradecore", ROOT / "tradecore" / "_python", ROOT / "ext"
# A folder may import those that it names, and itself.
MAY_IMPORT = {
    "vocabulary": set(),
    "risk": {"vocabulary"}, "execution": {"vocabulary"}, "positions": {"vocabulary"},
    "orders": {"vocabulary", "execution", "positions"},
    "core": {"vocabulary", "risk", "execution", "positions", "orders"},
}
MAY_IMPORT["replay"] = {*MAY_IMPORT["core"], "core"}
MAY_IMPORT["cli"] = {*MAY_IMPORT["replay"], "replay"}
CHOOSES_A_BACKEND = {"positions", "core", "cli", "replay"}  # of the package's folders; nobody else imports _backend
LINES_MAX, FUNCTION_LINES_MAX = 400, 70
KERNELS, SHELLS = sorted(EXT.rglob("*.pxd")), sorted(EXT.rglob("*.pyx"))
PYTHON = sorted(path for path in PACKAGE.rglob("*.py"))
DOORS = {"shell", "table", "definitions", "coretables", "answers", "columns", "entry_door"}  # what shells need before they release the GIL


# ---- imports

def module_of(path: Path) -> str:
    """tradecore/core/bus.py is core.bus, its twin _python.core.bus; ext/core/state.pxd is core.state."""
    base = EXT if EXT in path.parents else PACKAGE
    return ".".join(path.relative_to(base).with_suffix("").parts)


def python_imports(text: str, module: str) -> set[str]:
    """The modules of ours that a Python text imports, as in `module_of`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            package = ["tradecore", *module.split(".")][: -node.level] if node.level else []
            name = ".".join([*package, *([node.module] if node.module else [])])
            if name.split(".")[0] == "tradecore":
                found.add(name.partition(".")[2])
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("tradecore")}
    return found


def kernel_imports(text: str) -> set[str]:
    """The kernel files that a Cython text cimports, by their stems."""
    return set(re.findall(r"^(?:from|cimport) (\w+)", text, re.M)) & {path.stem for path in KERNELS}


def folder_of(module: str) -> str:
    parts = module.removeprefix("_python.").split(".")
    return parts[0] if len(parts) > 1 or parts[0] in MAY_IMPORT else ""


def forbidden_arrows(imports: dict[str, set[str]]) -> list[str]:
    """The imports against the stated order."""
    found = []
    for module, imported in imports.items():
        here = folder_of(module)
        for other in sorted(imported):
            there = folder_of(other)
            if other == "_backend" and here in CHOOSES_A_BACKEND and not module.startswith("_python"):
                continue
            if other == "" and here == "cli":  # the version
                continue
            if here and (there != here and there not in MAY_IMPORT[here]):
                found.append(f"{module} -> {other or 'tradecore'}")
            elif other.startswith("_python") and not module.startswith("_python"):
                found.append(f"{module} -> {other}")
    return found


def circles(imports: dict[str, set[str]]) -> list[str]:
    """Modules that can be reached from themselves."""
    found = []
    for start in imports:
        seen, todo = set(), list(imports[start])
        while todo:
            module = todo.pop()
            if module not in seen:
                seen.add(module)
                todo += imports.get(module, ())
        if start in seen:
            found.append(start)
    return sorted(found)


def package_imports() -> dict[str, set[str]]:
    return {module_of(path): python_imports(path.read_text("utf-8"), module_of(path))
            for path in PYTHON if path.stem not in ("__init__", "__main__")}


def ext_imports() -> dict[str, set[str]]:
    by_stem = {path.stem: module_of(path) for path in KERNELS}
    return {module_of(path) + path.suffix.replace(".pxd", ""): {by_stem[stem] for stem in kernel_imports(path.read_text("utf-8"))}
            for path in [*KERNELS, *SHELLS]}


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


# What is cimported whole: the vocabulary, the neighbour below in one's own folder, `state` all tables, orders what the
# ledger and a book hold for them.
VOCABULARY_WHOLE, TABLES_WHOLE = {"records", "instrument", "definitions", "table"}, {"costs", "book"}


def star_faults(stem: str, folder: str, text: str, folders: dict[str, str]) -> list[str]:
    """Files cimported whole though they are not on the chain."""
    return [other for other in re.findall(r"^from (\w+) cimport \*", text, re.M)
            if folders.get(other) != folder and other not in VOCABULARY_WHOLE and stem != "state"
            and not (folder == "orders" and other in TABLES_WHOLE)]


def test_whole_files_are_cimported_along_one_chain():
    folders = {path.stem: path.parent.name for path in KERNELS}
    for path in [*KERNELS, *SHELLS]:
        assert not star_faults(path.stem, path.parent.name, path.read_text(), folders), path
    assert star_faults("risk", "risk", "from book cimport *\n", folders) == ["book"]
    assert not star_faults("trades", "orders", "from costs cimport *\nfrom ids cimport *\n", folders)


def shared_stems(paths: list[Path]) -> list[str]:
    """Stems that mean different things: they lie in more than one folder."""
    places: dict[str, set[str]] = {}
    for path in paths:
        places.setdefault(path.stem, set()).add(folder_of(module_of(path)))
    return sorted(stem for stem, folders in places.items() if len(folders) > 1 and stem != "__init__")


def test_no_two_files_share_a_stem_and_mean_different_things():
    assert not shared_stems([*PYTHON, *KERNELS, *SHELLS])
    assert shared_stems([PACKAGE / "core" / "order.py", EXT / "orders" / "order.pxd"]) == ["order"]
    assert not shared_stems([PACKAGE / "orders" / "ids.py", TWINS / "orders" / "ids.py", EXT / "orders" / "ids.pxd"])


# ---- kernels

def code_of(text: str) -> str:
    """A kernel text without its comments, docstrings and texts."""
    text = re.sub(r'""".*?"""', "", text, flags=re.S)
    return re.sub(r'"[^"\n]*"', '""', re.sub(r"#.*", "", text))


def kernel_faults(text: str, *, is_door: bool = False) -> list[str]:
    """What a shared kernel text must not have."""
    code, found = code_of(text), []
    if re.search(r"\b(float|double)\b", code) or re.search(r"(?<![\w.])\d+\.\d", code):
        found.append("floats")
    if re.search(r"[^/]//?[^/]|%", code):
        found.append("a bare division: say which, tc_floor_div or tc_floor_mod")
    if re.search(r"^cdef class", code, re.M):
        found.append("a class: it would not compile")
    found += [f"not inline: {line}" for line in code.splitlines()
              if re.match(r"(cdef|cpdef|def) [^#]*\(", line) and not line.startswith("cdef inline")]
    if not is_door:
        found += [f"not `noexcept nogil`: {line}" for line in re.findall(r"^cdef inline .*?:$", code, re.M | re.S)
                  if "noexcept nogil" not in line]
        found += re.findall(r"\b(raise|object|malloc|calloc|print|import numpy)\b", code)
    return found


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


# ---- twins

def kernel_names(text: str) -> list[str]:
    return re.findall(r"^cdef inline .*?(\w+)\(", text, re.M)


def twinless(kernels: dict[str, str], twins: str) -> list[str]:
    """Kernels that other files use and that no twin has by their name; what a file keeps to itself may be C's alone, and
    so may what says `# Only in C: why` above itself or on top of its file."""
    found = []
    for stem, text in kernels.items():
        if re.search(r"^# Only in C: ", text[:2_000], re.M):
            continue
        others = "".join(other for name, other in kernels.items() if name != stem)
        for name in kernel_names(text):
            excused = re.search(rf"^# Only in C: [^\n]*\n(?:#[^\n]*\n)*cdef inline [^\n]*\b{name}\(", text, re.M)
            if not excused and not re.search(rf"def {name}\(", twins) and re.search(rf"\b{name}\(", others):
                found.append(f"{stem}.{name}")
    return found


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


# ---- files and functions

SOURCES = [*PYTHON, *sorted((ROOT / "tools").glob("*.py")), *sorted((ROOT / "bench").rglob("*.py")), *KERNELS, *SHELLS]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def long_functions(text: str, *, is_python: bool) -> list[str]:
    """Functions of more lines than a reader holds at once."""
    if is_python:
        spans = [(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(text))
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    else:
        spans, lines = [], text.splitlines()
        for at, line in enumerate(lines):
            found = re.match(r"( *)(?:cdef|cpdef|def) (?!class|extern|enum|struct)[^=]*?(\w+)\(", line)
            if found:
                rest = (n for n in range(at + 1, len(lines))
                        if lines[n].strip() and not lines[n].startswith((found[1] + " ", found[1] + ")")))
                spans.append((found[2], at + 1, next(rest, len(lines))))
    return [f"{name}: {end - start + 1} lines" for name, start, end in spans if end - start >= FUNCTION_LINES_MAX]


def file_faults(text: str, *, is_python: bool) -> list[str]:
    """What makes a file hard to read."""
    lines = text.splitlines()
    found = [f"{len(lines)} lines: nobody quotes a file this long as beautiful"] if len(lines) > LINES_MAX else []
    if text and not text.lstrip().startswith(("#", '"""')):
        found.append("its first lines do not say what it is for")
    return found + long_functions(text, is_python=is_python)


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
    assert not file_faults(text, is_python=path.suffix == ".py")
    if path not in TESTS:  # a table of cases reads best with one case on one line
        assert all(len(line) <= 120 for line in text.splitlines())


def declared(text: str) -> set[str]:
    """What a module declares at its top."""
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found


def dead(declarations: set[str], texts: list[str]) -> list[str]:
    """Declared names that no text says again."""
    words = Counter(word for text in texts for word in re.findall(r"\w+", text))
    return sorted(name for name in declarations if words[name] < 2 and not name.startswith("__"))


def test_nothing_is_declared_and_never_used():
    texts = [path.read_text("utf-8") for path in [*SOURCES, *TESTS]]
    kernels = {name for path in KERNELS for name in kernel_names(path.read_text())}
    assert not dead({name for path in PYTHON for name in declared(path.read_text("utf-8"))}, texts)
    assert not dead(kernels, [code_of(path.read_text()) for path in [*KERNELS, *SHELLS]])
    assert dead({"used", "unused"}, ["def used(): ...\ndef unused(): ...\nused()"]) == ["unused"]


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
