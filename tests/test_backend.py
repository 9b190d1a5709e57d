"""The backend is chosen by name, never in silence: each policy in a process of its own."""

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import tradecore

ROOT = Path(__file__).parent.parent
ASK = "import tradecore; print(tradecore.backend)"
# Hides or breaks the compiled core, the way a missing wheel or a wrong libc would.
HIDDEN = "import tradecore._backend as b; b.is_native_installed = lambda: False\n"
BROKEN = (
    "import tradecore._backend as b\n"
    "def fail(backend, room): raise ImportError('undefined symbol: planted')\n"
    "b.is_native_installed = lambda: True; b.room_module = fail\n"
)


def run(code: str, choice: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "TRADECORE_BACKEND"}
    if choice is not None:
        environment["TRADECORE_BACKEND"] = choice
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(("choice", "expected"), [(None, "native"), ("auto", "native"), ("native", "native"),
                                                  ("python", "python")])
def test_each_policy_takes_the_backend_that_it_names(choice, expected):
    done = run(ASK, choice)
    assert (done.stdout.strip(), done.stderr) == (expected, "")


@pytest.mark.parametrize("word", ["", "Native", "cython", "1"])
def test_any_other_word_is_an_error_that_names_the_three(word):
    done = run(ASK, word)
    assert done.returncode != 0
    assert "auto, native, python" in done.stderr
    assert repr(word) in done.stderr


def test_auto_without_a_compiled_core_takes_the_twin_with_one_warning_that_says_what_to_do():
    done = run(HIDDEN + ASK)
    assert done.stdout.strip() == "python"
    assert done.stderr.count("RuntimeWarning") == 1
    assert "install a wheel" in done.stderr


def test_native_without_a_compiled_core_is_an_error_that_says_what_to_do():
    done = run(HIDDEN + ASK, "native")
    assert done.returncode != 0
    assert "no compiled core is installed: install a wheel" in done.stderr


@pytest.mark.parametrize("choice", ["auto", "native"])
def test_a_compiled_core_that_does_not_load_is_loud(choice):
    done = run(BROKEN + ASK, choice)
    assert done.returncode != 0
    assert "does not load: undefined symbol: planted" in done.stderr


def test_the_python_policy_never_touches_the_compiled_core():
    code = "import sys, tradecore; tradecore.TradingCore(); print([m for m in sys.modules if '_native.' in m])"
    assert run(code, "python").stdout.strip() == "[]"


def test_a_core_can_name_its_backend_whatever_the_environment_says():
    for backend in ("native", "python"):
        assert tradecore.TradingCore(backend=backend).backend == backend
    with pytest.raises(ValueError, match="auto, native, python"):
        tradecore.TradingCore(backend="fast")


def test_what_an_orders_path_does_not_need_is_imported_when_it_is_asked_for():
    code = ("import sys, tradecore as tc; print(sorted(m for m in sys.modules if m.startswith('tradecore.runtime.')"
            " or 'keeper' in m or 'shadow' in m)); print(all(getattr(tc, name) is getattr(tc, name) for name in dir(tc)))")
    assert run(code, "auto").stdout.split("\n")[:2] == ["[]", "True"]


def compiled_classes():
    native = importlib.import_module("tradecore._native")
    modules = [importlib.import_module(f"tradecore._native.{info.name}") for info in pkgutil.iter_modules(native.__path__)]
    return [kind for module in modules for kind in vars(module).values()
            if isinstance(kind, type) and kind.__module__ == module.__name__]


@pytest.mark.parametrize("kind", compiled_classes(), ids=lambda kind: f"{kind.__module__.split('.')[-1]}.{kind.__name__}")
def test_no_compiled_class_gives_an_unfilled_object(kind):
    """What it reads would be memory that nobody has filled; one that takes another's state would be filled with anything."""
    for make in (kind, lambda: kind.__new__(kind), lambda: object.__new__(kind)):
        with pytest.raises(TypeError):
            make()
    assert not hasattr(kind, "__setstate_cython__")
