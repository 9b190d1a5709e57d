"""The `tradecore` command: `replay` plays a recorded market through the path, `doctor` says what runs here, `bench`
measures it here.

Results go to standard output (a table, or one JSON object), everything else to standard error, an error in one line.
Exit status: 0 good, 1 the replay did not reproduce the recording, its shadow differed, the doctor found no backend or a
measure missed its target, 2 a wrong call, unreadable input, or output that can't be written, 130 interrupted (Ctrl-C),
141 the reader of standard output went away (`tradecore replay | head`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from .. import __version__, _start

# Of the user's own targets, P99 by stage in ns: order management is validation and events, execution routing and venue.
TARGETS = {"validation": 300e3, "risk": 1e6, "routing": 1e6, "execution": 1e6, "position": 500e3, "events": 300e3,
           "order": 2.8e6, "cancel": 2.8e6}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    try:
        _start.listen()
        if sys.stdout is None:
            raise OSError("standard output is closed: there is no place for the result")
        options = _parser().parse_args(arguments)
        # A warning is for the person at the terminal, not a stack frame: one line.
        warnings.showwarning = lambda message, *rest: _tell(f"warning: {message}")
        run: Callable[[argparse.Namespace], int] = options.run
        status = run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _drop_output()
        _tell("the reader of standard output has gone away")
        return 141
    except (OSError, ValueError, ImportError, LookupError) as error:
        _drop_output()
        _tell(f"error: {' '.join(str(error).splitlines())}")
        return 2
    except KeyboardInterrupt:
        _drop_output()
        _tell("interrupted")
        return 130
    finally:
        if _start.is_command():
            _start.be_quiet()


def _tell(text: str) -> None:
    """One line on standard error, where that is open: `print` would take standard output in its place."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(f"tradecore: {text}", file=sys.stderr)


def _drop_output() -> None:
    """What can't be written is no traceback at exit, where Python would try the same bytes again."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="tradecore", description=__doc__, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"tradecore {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    replay = commands.add_parser("replay", help="play a recorded market, order by order, through the whole path")
    replay.add_argument("recording", nargs="?", help="an events.csv[.gz], or a directory holding a recording "
                        "(default: the data inside the ob-analytics wheel)")
    replay.add_argument("--backend", choices=["auto", "native", "python"], help="default: TRADECORE_BACKEND, else auto")
    replay.add_argument("--session", metavar="FILE.toml", help="instrument, venue, accounts and limits")
    replay.add_argument("--orders", metavar="FILE.csv", help="own orders that trade along, under their own account")
    replay.add_argument("--without", metavar="ORDER_ID", type=int, action="append", default=[],
                        help="leave a recorded order out (may be repeated)")
    replay.add_argument("--max-events", metavar="N", type=_count,
                        help="only the first N events; what is behind them is not read")
    replay.add_argument("--skip-bad", action="store_true", help="count and report malformed lines instead of stopping")
    replay.add_argument("--shadow", action="store_true", help="run the other backend beside, and compare every report")
    replay.add_argument("--shadow-session", metavar="FILE.toml", help="run this session beside instead, and compare")
    replay.add_argument("--json", action="store_true", help="one JSON object instead of the tables")
    replay.set_defaults(run=_replay)
    doctor = commands.add_parser("doctor", help="which backend runs here and why, and the versions")
    doctor.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    doctor.set_defaults(run=_doctor)
    bench = commands.add_parser("bench", help="measure this installation, each figure beside its target")
    bench.add_argument("--memory", action="store_true", required=True, help="allocations, collections, peak")
    bench.add_argument("--backend", choices=["auto", "native", "python"], help="default: TRADECORE_BACKEND, else auto")
    bench.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    bench.set_defaults(run=_bench)
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} must be at least 1")
    return value


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import examine, render

    found = examine()
    print(json.dumps(found, indent=2) if options.json else render(found))
    return 0 if found["backend"] else 1


def _bench(options: argparse.Namespace) -> int:
    from .._backend import choose_backend
    from .memory import measure, render

    rows = measure(choose_backend(options.backend).name)
    print(json.dumps({"rows": rows}, indent=2) if options.json else render(rows))
    return 1 if any(row["ok"] is False for row in rows) else 0


def _replay(options: argparse.Namespace) -> int:
    from .._backend import choose_backend
    from ..core.config import load_session
    from ..replay.market import Shadow, replay_recording
    from ..replay.recording import find_newcomers_recording, read_recording

    session = load_session(options.session)
    shadow = None
    if options.shadow_session is not None:
        shadow = Shadow(session=load_session(options.shadow_session))
    elif options.shadow:
        shadow = Shadow(backend="python" if choose_backend(options.backend).name == "native" else "native")
    path = options.recording or find_newcomers_recording()
    recording = read_recording(path, skip_bad=options.skip_bad, max_events=options.max_events,
                               progress=_progress("reading"))
    result = replay_recording(recording, session=session, backend=options.backend, own_orders=options.orders,
                              without=options.without, progress=_progress("replaying"), shadow=shadow)
    if options.json:
        print(json.dumps(result.as_dict()))
    else:
        print(_render(result.as_dict()))
    judged = options.orders is None and not options.without and not result.bad_lines
    parted = result.shadow is not None and result.shadow["difference"] is not None
    return 1 if parted or (judged and not result.is_exact) else 0


def _progress(what: str) -> Callable[[int, int], None] | None:
    """A bar on a terminal; nothing where the output is read by a program."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        share = min(1.0, done / total) if total else 1.0
        bar = "#" * int(40 * share)
        print(f"\r{what:<10} [{bar:<40}] {share:4.0%}", end="" if share < 1 else "\n", file=sys.stderr, flush=True)

    return show


def _render(r: dict[str, Any]) -> str:
    lines = [f"{r['recording']}", f"{r['events']:,} events on the {r['backend']} backend ({r['machine']})", ""]
    lines += _columns("orders by outcome", r["orders"])
    lines += _columns("orders rejected, by reason", r["rejects"])
    lines += _columns("cancels that found nothing working, by reason",
                      {**r["cancel_rejects"], "all": sum(r["cancel_rejects"].values())})
    lines += [f"fills: {r['fills']:,} (each trade fills a maker and a taker)"]
    if r["own_orders"]:
        lines += ["own orders (with them the trades may differ from the recording):"]
        for own in r["own_orders"]:
            filled = f"{own['cum_qty']:>14} @ {own['avg_px']:<16}"
            lines += [f"  {own['cl_ord_id']:<24} {own['status']:<18} {filled} {own['reason']}"]
    lines += [f"recorded trades matched: {r['trades_matched']} of {r['trades_expected']}"
              " (maker, taker, price, quantity, order)"]
    if r["first_difference"]:
        lines += [f"first difference: {r['first_difference']}"]
    if r["bad_lines"]:
        lines += [f"malformed lines skipped: {len(r['bad_lines'])}", *(f"  {text}" for text in r["bad_lines"][:5])]
    lines += ["", f"{'account':<10} {'ccy':<4} {'realized':>16} {'unrealized':>16} {'fees':>14} {'net':>16}"]
    for row in r["pnl"]:
        figures = [float(row[name]) for name in ("realized", "unrealized", "fees", "net")]
        lines += [f"{row['account']:<10} {row['currency']:<4} {figures[0]:>16,.2f} {figures[1]:>16,.2f} "
                  f"{figures[2]:>14,.2f} {figures[3]:>16,.2f}"]
    lines += ["", f"throughput: {r['events_per_second']:,.0f} events/s through the whole path, stage timers on",
              "", f"{'stage':<11} {'count':>9} {'P50 us':>9} {'P99 us':>9} {'P99.9 us':>9} {'target P99 us':>13}"]
    for stage, figures_ns in r["latency_ns"].items():
        micro = [figures_ns[name] / 1000 for name in ("p50", "p99", "p99_9")]
        met = "met" if figures_ns["p99"] < TARGETS[stage] else "MISSED"
        lines += [f"{stage:<11} {figures_ns['count']:>9,} {micro[0]:>9.3f} {micro[1]:>9.3f} {micro[2]:>9.3f} "
                  f"{TARGETS[stage] / 1000:>7,.0f} {met}"]
    if r["shadow"]:
        s = r["shadow"]
        lines += ["", f"shadow on the {s['backend']} backend, {s['commands']:,} commands compared, report by report: "
                  + ("no difference" if s["difference"] is None else "DIFFERS"),
                  f"ns a command: {s['first_ns']:,} in the core, {s['second_ns']:,} in the shadow, "
                  f"{s['compare_ns']:,} to compare: {s['ratio']:.1f} times the core alone"]
        lines += [s["difference"]] if s["difference"] else []
    lines += ["", f"event hash {r['event_hash']}   state hash {r['state_hash']}"]
    return "\n".join(lines)


def _columns(title: str, counts: dict[str, int]) -> list[str]:
    return [f"{title}:", *(f"  {name:<28} {count:>9,}" for name, count in counts.items() if count), ""]


if __name__ == "__main__":
    sys.exit(main())
