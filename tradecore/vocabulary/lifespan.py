"""What a core says that takes nothing any more: it was closed, lost in a fork, or left half done; in both backends."""

CLOSED = "the core is closed: it takes no command and answers no question any more"
LOST = ("the core is lost in this process: another thread was inside it when the process was forked, and left it half "
        "done here; build a new one, or fork while no thread is inside")
BROKEN = ("the core is broken: an exception from outside (a signal's handler, a debugger) or a bug ended a command of "
          "the plain-Python core half done; restore it from what was applied before")

ENDING = "the interpreter is ending, and has kept a thread that was inside the plain-Python core from ever coming back"


def tap_full(lost: int) -> str:
    """What a tap says that has no more to give, for its room was used up."""
    return f"the tap was full: {lost} commands were not kept since; read it more often, or start it with more room"
