"""Ctrl-C while the `tradecore` command is still being imported: one line and exit status 130, as later on.

Imported before everything else of the package. It acts only where this process is that command, and not where signals
were told to be ignored (nohup); the command itself takes over once it runs.
"""

import os
import signal
import sys


def is_command() -> bool:
    """Whether this process was started as `tradecore` or `python -m tradecore`."""
    name = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    if name == "-m":  # the package is imported before argv has the module's path
        return "tradecore" in sys.orig_argv[sys.orig_argv.index("-m") + 1 :][:1] if "-m" in sys.orig_argv else False
    return name.removesuffix(".exe") == "tradecore"


def leave(number: int, frame: object) -> None:
    """Says so and ends at once: nothing is open yet, or everything is done."""
    os.write(2, b"tradecore: interrupted\n")
    os._exit(130)


def be_quiet() -> None:
    """From now on Ctrl-C ends the process by `leave`, unless it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


def listen() -> None:
    """From now on Ctrl-C is a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


if is_command():
    be_quiet()
