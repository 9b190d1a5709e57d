"""The rules of the house, each a function over texts that lists what breaks it, so that it can be shown a good and a bad
sample too. tests/test_tidiness.py asks them of the sources.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE, TWINS, EXT = ROOT / "tradecore", ROOT / "tradecore" / "_python", ROOT / "ext"
# A folder may import those that it names, and itself.
MAY_IMPORT = {
    "vocabulary": set(), "runtime": {"vocabulary"},
    "risk": {"vocabulary"}, "execution": {"vocabulary"}, "positions": {"vocabulary"},
    "orders": {"vocabulary", "execution", "positions"},
    "core": {"vocabulary", "runtime", "risk", "execution", "positions", "orders"},
}
MAY_IMPORT["replay"] = {*MAY_IMPORT["core"], "core"}
MAY_IMPORT["cli"] = {*MAY_IMPORT["replay"], "replay"}
CHOOSES_A_BACKEND = {"runtime", "positions", "core", "cli", "replay"}  # of the package's folders; nobody else imports _backend
LINES_MAX, FUNCTION_LINES_MAX = 400, 70
TEST_LINES_MAX = 700  # a table of cases is read a row at a time
SHARED = EXT / "shared"  # declarations of what one compiled module may use of another: no kernel, nothing runs in it
KERNELS = sorted(path for path in EXT.rglob("*.pxd") if SHARED not in path.parents)
SHELLS = sorted(EXT.rglob("*.pyx"))
PYTHON = sorted(path for path in PACKAGE.rglob("*.py"))
DOORS = {"shell", "table", "definitions", "risk_tables", "coretables", "answers", "columns", "entry_door", "lifetimes", "arguments", "units", "order_terms", "slots", "methods", "telling", "filling"}  # what shells need before they release the GIL


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


# What is cimported whole: the vocabulary, the neighbour below in one's own folder, `state` all tables, orders what the
# ledger, a book and the queue to venues hold for them.
VOCABULARY_WHOLE, TABLES_WHOLE = {"records", "instrument", "definitions", "table", "texts", "hashing"}, {"costs", "book", "unsent"}


def star_faults(stem: str, folder: str, text: str, folders: dict[str, str]) -> list[str]:
    """Files cimported whole though they are not on the chain."""
    return [other for other in re.findall(r"^from (\w+) cimport \*", text, re.M)
            if folders.get(other) != folder and other not in VOCABULARY_WHOLE and stem != "state"
            and not (folder == "orders" and other in TABLES_WHOLE)]


def shared_stems(paths: list[Path]) -> list[str]:
    """Stems that mean different things: they lie in more than one folder."""
    places: dict[str, set[str]] = {}
    for path in paths:
        places.setdefault(path.stem, set()).add(folder_of(module_of(path)))
    return sorted(stem for stem, folders in places.items() if len(folders) > 1 and stem != "__init__")


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


def kernel_names(text: str) -> list[str]:
    return re.findall(r"^cdef inline .*?(\w+)\(", text, re.M)


def section_faults(text: str, kernels: set[str]) -> list[str]:
    """What a shell does between enter() and leave() besides calling kernels, which the compiler keeps free of Python."""
    found, inside = [], False
    for line in code_of(text).splitlines():
        line = line.strip()
        alone = re.fullmatch(r"with self\.lock: (?:\w+ = )?(\w+)\([\w&., ]*\)", line)
        if alone and alone.group(1) in kernels:
            continue
        if re.search(r"\bwith [^:]*\block\b", line):
            found.append(f"a lock of Python's: {line}")
        elif re.fullmatch(r"(\w+\.)+enter\w*\(\)|(while|if) .*\benter\w*\(\):?", line):
            inside = True
        elif line.endswith(".leave()") or line.startswith(("return", "tc_turnstile_leave(")):
            inside = False
        elif inside and line not in ("", "with nogil:", "self.is_closed = True", "if self.is_closed:", "if block != NULL:"):
            calls = set(re.findall(r"(?<!\.)\b(\w+)\(", line)) - {"sizeof"}
            if not calls or not calls <= kernels | {"memcpy"} or re.search(r"\.\w+\(|[\[{]\w+ for|\"", line):
                found.append(line)
    return found


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


def file_faults(text: str, *, is_python: bool, most: int = LINES_MAX) -> list[str]:
    """What makes a file hard to read."""
    lines = text.splitlines()
    found = [f"{len(lines)} lines: nobody quotes a file this long as beautiful"] if len(lines) > most else []
    if text and not text.lstrip().startswith(("#", '"""')):
        found.append("its first lines do not say what it is for")
    return found + long_functions(text, is_python=is_python)


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
