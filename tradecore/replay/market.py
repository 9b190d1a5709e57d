"""The main job on real input: a recorded market, order by order, through the whole path.

Every recorded order is submitted as an order, so validation, risk, routing, execution and positions all carry the
load; what the core then prints as trades is compared with what the exchange printed. Own orders may trade along.
"""

from __future__ import annotations

import csv
import platform
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.config import Session, load_session
from ..core.shadow import ShadowCore
from ..core.trading_core import TradingCore
from ..execution.venues import SimulatedVenue
from ..vocabulary.codes import CommandType, Reason, ReportType
from ..vocabulary.fix import ExecInst, ExecType, LastLiquidityInd, OrdStatus, OrdType, Side, TimeInForce
from ..vocabulary.identifiers import encode_cl_ord_id
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import CANCEL_DTYPE, NO_PRICE, ORDER_DTYPE, OWN_ID_MAX, TRADE_PRINT_DTYPE, as_bytes
from ..vocabulary.units import check_int
from .gaps import follow_clock, move_over_gaps
from .recording import PRICE_DECIMALS, QTY_DECIMALS, Action, Recording

Array = Any
ACCOUNTS = 16
_OWN_TIFS = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
OWN_ORDER_FIELDS = ["at_ms", "action", "cl_ord_id", "side", "type", "tif", "price", "qty"]
_KEPT = ["order_id", "report_type", "exec_type", "ord_status", "reason", "account", "cl_ord_id", "last_liquidity_ind",
         "last_qty", "last_px", "contra_order_id"]


class OwnOrdersError(ValueError):
    """A malformed line in a file of own orders; the text names file, line, field and what was expected."""


class Trade(NamedTuple):
    """One trade by the recorded ids: what is compared."""

    maker: int
    taker: int
    price: int
    qty: int


class Shadow(NamedTuple):
    """The second core of a replay: another backend, another session; None is the first core's."""

    backend: str | None = None
    session: Session | None = None


@dataclass(slots=True)
class ReplayResult:
    """What a replay found; `as_dict` is what --json prints."""

    recording: str
    backend: str
    events: int
    orders: dict[str, int]
    rejects: dict[str, int]
    cancel_rejects: dict[str, int]
    fills: int
    own_orders: list[dict[str, Any]]
    trades_expected: int
    trades_matched: int
    first_difference: str | None
    pnl: list[dict[str, str]]
    events_per_second: float
    seconds: float
    latency_ns: dict[str, dict[str, float]]
    event_hash: str
    state_hash: str
    bad_lines: list[str] = field(default_factory=list)
    shadow: dict[str, Any] | None = None
    machine: str = field(default_factory=lambda: f"{platform.machine()}, Python {platform.python_version()}")

    @property
    def is_exact(self) -> bool:
        """Whether every recorded trade was matched, and no other was printed."""
        return self.first_difference is None and self.trades_matched == self.trades_expected

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def replay_recording(
    recording: Recording, *, session: Session | None = None, backend: str | None = None,
    own_orders: str | Path | None = None, without: Collection[int] = (),
    progress: Callable[[int, int], None] | None = None, shadow: Shadow | None = None,
) -> ReplayResult:
    """Play a recording through a fresh core; see ReplayResult. `shadow` runs a second core beside it.

    `own_orders` is a CSV file of orders that trade along under the session's `orders_account`; `without` leaves
    recorded orders out, by id. `progress(done, total)` is called now and then, in events.
    """
    session = session or load_session()
    left_out = [check_int(order_id, "without", 0) for order_id in without]
    events = recording.events[~np.isin(recording.events["order_id"], left_out)] if left_out else recording.events
    core = start_core(session, backend, int(events["ts_ms"][0]) * 1_000_000 if len(events) else 0, shadow)
    commands = recorded_commands(events, session.instruments[0])
    own = _own_commands(own_orders, session, core, events) if own_orders is not None else None
    if own is not None:
        commands = _merge(commands, own, session.capacity.clock_step)
    commands = move_over_gaps(commands, session.capacity.clock_step)
    parts, seconds = _run(core, commands, progress)
    if isinstance(core, ShadowCore):
        seconds = core.shadow_cost().first_ns / 1e9
    kept = {name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0, int) for name in _KEPT}
    instrument = session.instruments[0]
    printed = _printed_trades(kept, instrument.tick)
    expected = [Trade(int(t["maker_order_id"]), int(t["taker_order_id"]), int(t["price"]), int(t["qty"]))
                for t in recording.trades]
    matched, difference = compare_trades(expected, printed)
    execution = kept["report_type"] == ReportType.EXECUTION_REPORT
    rejected = execution & (kept["exec_type"] == ExecType.REJECTED)
    refused_cancel = kept["report_type"] == ReportType.ORDER_CANCEL_REJECT
    return ReplayResult(
        recording=recording.source, backend=core.backend, events=len(events),
        orders=_outcomes(kept, execution), rejects=_by_reason(kept["reason"][rejected]),
        cancel_rejects=_by_reason(kept["reason"][refused_cancel]),
        fills=int((execution & (kept["exec_type"] == ExecType.TRADE)).sum()),
        own_orders=_own_outcomes(kept, execution, core, session) if own is not None else [],
        trades_expected=len(expected), trades_matched=matched, first_difference=difference, pnl=_pnl(core),
        events_per_second=len(commands) / seconds if seconds else 0.0, seconds=seconds,
        latency_ns=_latency(core), event_hash=f"{core.event_hash:016x}", state_hash=f"{core.state_hash():016x}",
        bad_lines=[str(bad) for bad in recording.bad_lines],
        shadow=_shadow_figures(core) if isinstance(core, ShadowCore) else None,
    )


def start_core(session: Session, backend: str | None, start: int, shadow: Shadow | None = None) -> TradingCore:
    """A core for a replay session, its clock standing at `start` (ns UTC): the recording brings its own times."""
    first = _settings(session, start) | {"backend": backend}
    if shadow is None:
        return TradingCore(**first)
    second = _settings(shadow.session or session, start) | {"backend": shadow.backend or backend}
    return ShadowCore(shadow=second, on_difference=lambda difference: None, **first)


def _settings(session: Session, start: int) -> dict[str, Any]:
    if len(session.instruments) != 1 or len(session.venues) != 1 or "recorded" not in session.accounts:
        raise ValueError("a replay session has one instrument, one venue, and an account `recorded` for its limits")
    if not isinstance(session.venues[0], SimulatedVenue):
        raise ValueError(f"venue {session.venues[0].name}: a replay trades at a simulated venue, no external one")
    instrument = session.instruments[0]
    if instrument.price(instrument.tick) != 1 or instrument.quantity(instrument.lot) != Decimal("1e-8"):
        tick, step = Decimal(1).scaleb(-PRICE_DECIMALS), Decimal(1).scaleb(-QTY_DECIMALS)
        raise ValueError(f"instrument {instrument.symbol}: a recording has prices in ticks of {tick} and quantities in "
                         f"steps of {step}, not tick_size {instrument.tick_size} and lot_size {instrument.lot_size}")
    recorded = {f"r{number:02d}": session.accounts["recorded"] for number in range(ACCOUNTS)}
    taken = recorded.keys() & session.accounts.keys()
    if taken:
        raise ValueError(f"account {min(taken)!r} is one of the sixteen that the recorded orders are sent by")
    limits = recorded | {name: value for name, value in session.accounts.items() if name != "recorded"}
    return {"instruments": session.instruments, "venues": session.venues, "accounts": list(limits), "limits": limits,
            "capacity": session.capacity, "clock": lambda: start, "features": session.features}


def _shadow_figures(core: ShadowCore) -> dict[str, Any]:
    cost, difference = core.shadow_cost(), core.difference
    per_command = {name: round(ns / max(1, cost.commands)) for name, ns in (
        ("first_ns", cost.first_ns), ("second_ns", cost.second_ns), ("compare_ns", cost.compare_ns))}
    return {"backend": core.shadow.backend, "commands": cost.commands, "uncompared_reports": cost.uncompared,
            **per_command, "ratio": round(cost.ratio, 2),
            "difference": str(difference) if difference is not None else None}


def recorded_commands(events: Array, instrument: Instrument) -> Array:
    """One command record for each recorded event: prices from ticks to price units, accounts by id modulo 16.
    A print is one of the session's venue."""
    commands = np.zeros(len(events), ORDER_DTYPE)
    cancels, prints = events["action"] == Action.CANCEL, events["action"] == Action.PRINT
    ids = events["order_id"]  # integers are their own ids
    commands["kind"] = np.where(cancels, CommandType.CANCEL, CommandType.NEW_ORDER)
    commands["instrument"], commands["account"] = 1, 1 + events["order_id"] % ACCOUNTS
    commands["transact_time"] = events["ts_ms"] * 1_000_000
    for name in ("side", "ord_type", "time_in_force"):
        commands[name] = events[name]
    commands["exec_inst"] = np.where(events["post_only"], ExecInst.POST_ONLY, ExecInst.NONE)
    commands["cl_ord_id"] = np.where(cancels, 0, ids)
    commands["order_qty"] = events["qty"]
    commands["price"] = np.where(events["ord_type"] == OrdType.MARKET, NO_PRICE, events["price"] * instrument.tick)
    commands.view(CANCEL_DTYPE)["orig_cl_ord_id"][cancels] = ids[cancels]
    told = np.zeros(int(prints.sum()), TRADE_PRINT_DTYPE)
    told["kind"], told["instrument"], told["venue"] = CommandType.TRADE_PRINT, 1, 1
    told["side"] = events["side"][prints]
    told["transact_time"] = commands["transact_time"][prints]
    told["print_px"], told["print_size"] = commands["price"][prints], events["qty"][prints]
    as_bytes(commands)[prints] = as_bytes(told)
    return commands


# ---- own orders


def _own_commands(path: str | Path, session: Session, core: TradingCore, events: Array) -> Array:
    if session.orders_account is None:
        raise ValueError("own orders need replay.orders_account in the session file")
    start = int(events["ts_ms"][0]) if len(events) else 0
    account = core.ids(account=session.orders_account)
    instrument = session.instruments[0]
    rows = []
    # Bytes that are no UTF-8 come as themselves, and are refused by the field that they stand in.
    with Path(path).open(newline="", encoding="utf-8-sig", errors="backslashreplace") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != OWN_ORDER_FIELDS:
            got = ",".join(map(str, reader.fieldnames or []))[:80]
            raise OwnOrdersError(f"{path}:1: header: got {got!r}, expected {','.join(OWN_ORDER_FIELDS)}")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise OwnOrdersError(f"{where}: expected {len(OWN_ORDER_FIELDS)} values separated by commas")
            rows.append(_own_command(row, where, account, instrument, start, core))
    rows.sort(key=lambda command: int(command["transact_time"][0]))
    return np.concatenate([as_bytes(row) for row in rows]).view(ORDER_DTYPE) if rows else np.zeros(0, ORDER_DTYPE)


def _own_command(
    row: dict[str, str], where: str, account: int, instrument: Instrument, start: int, core: TradingCore
) -> Array:
    command = np.zeros(1, ORDER_DTYPE)
    name = "at_ms"
    try:
        command["transact_time"] = (start + int(row["at_ms"])) * 1_000_000
        command["instrument"], command["account"] = 1, account
        name = "cl_ord_id"
        if encode_cl_ord_id(row["cl_ord_id"]).isdigit():
            raise ValueError("digits alone are the recorded orders' ids")
        (identity,) = core.intern([row["cl_ord_id"]])
        name = "action"
        if row["action"] == "cancel":
            command["kind"] = CommandType.CANCEL
            command.view(CANCEL_DTYPE)["orig_cl_ord_id"] = identity
            return command
        if row["action"] != "new":
            raise ValueError("expected new or cancel")
        command["kind"], command["cl_ord_id"] = CommandType.NEW_ORDER, identity
        name = "side"
        command["side"] = Side.parse(row["side"], "side")
        name = "type"
        command["ord_type"] = OrdType.parse(row["type"], "type")
        if command["ord_type"] not in (OrdType.MARKET, OrdType.LIMIT):
            raise ValueError("expected market or limit")
        name = "tif"
        post_only = row["tif"] == "post_only"
        command["exec_inst"] = ExecInst.POST_ONLY if post_only else ExecInst.NONE
        command["time_in_force"] = TimeInForce.parse("gtc" if post_only else row["tif"], "tif")
        if command["time_in_force"] not in _OWN_TIFS:
            raise ValueError("expected day, gtc, ioc, fok or post_only")
        name = "price"
        if row["price"] and command["ord_type"] == OrdType.MARKET:
            raise ValueError("a market order has none")
        command["price"] = instrument.price_units(row["price"]) if row["price"] else NO_PRICE
        name = "qty"
        command["order_qty"] = instrument.qty_lots(row["qty"])
    except (ValueError, OverflowError) as error:
        raise OwnOrdersError(f"{where}: {name}: got {row[name]!r}: {error}") from None
    return command


def _merge(recorded: Array, own: Array, clock_step: int) -> Array:
    """Own orders arrive after every recorded event of the same or an earlier time."""
    # The recording's own clock steps back now and then; arrival is by its latest time so far.
    arrival = follow_clock(recorded["transact_time"], clock_step).clock
    at = np.searchsorted(arrival, own["transact_time"], side="right")
    return np.insert(as_bytes(recorded), at, as_bytes(own)).view(ORDER_DTYPE)


# ---- the run


def _run(
    core: TradingCore, commands: Array, progress: Callable[[int, int], None] | None
) -> tuple[list[dict[str, Array]], float]:
    """All commands in pieces small enough that the ring of reports loses nothing; only the path's time counts."""
    kept, seconds, seen = [], 0.0, int(core.metrics()["events"])
    step = max(1, core.capacity.events // 8)
    for at in range(0, len(commands), step):
        chunk = commands[at : at + step]
        started = time.perf_counter()
        core.submit_batch(chunk, timed=True)
        seconds += time.perf_counter() - started
        newest = int(core.metrics()["events"])
        while seen < newest:
            view = core.event_view(seen)
            if view["seq"][0] != seen + 1:
                raise ValueError(f"reports {seen + 1} to {view['seq'][0] - 1} were lost: raise capacity events")
            kept.append({name: view[name].copy() for name in _KEPT})
            seen = int(view["seq"][-1])
            del view
        if progress is not None:
            progress(min(at + step, len(commands)), len(commands))
    return kept, seconds


# ---- what came out


def _printed_trades(kept: dict[str, Array], tick: int) -> list[Trade]:
    """The core's trades by recorded ids, from the taker's reports; an id that is no recorded one counts as 0."""
    accepted = kept["exec_type"] == ExecType.NEW
    execution = kept["report_type"] == ReportType.EXECUTION_REPORT
    ids = dict(zip(kept["order_id"][execution & accepted].tolist(),
                   kept["cl_ord_id"][execution & accepted].tolist(), strict=True))
    takes = execution & (kept["exec_type"] == ExecType.TRADE) & (kept["last_liquidity_ind"] == LastLiquidityInd.REMOVED)
    columns = [kept[name][takes].tolist() for name in ("contra_order_id", "order_id", "last_px", "last_qty")]
    return [Trade(_number(ids.get(maker)), _number(ids.get(taker)), price // tick, qty)
            for maker, taker, price, qty in zip(*columns, strict=True)]


def _number(cl_ord_id: int | None) -> int:
    return cl_ord_id if cl_ord_id is not None and 0 < cl_ord_id <= OWN_ID_MAX else 0


def compare_trades(expected: list[Trade], printed: list[Trade]) -> tuple[int, str | None]:
    """How many recorded trades were printed, in order; and the first difference with both sides, or None."""
    matcher = SequenceMatcher(None, expected, printed, autojunk=False)
    matched = sum(block.size for block in matcher.get_matching_blocks())
    for number in range(max(len(expected), len(printed))):
        theirs = expected[number] if number < len(expected) else None
        ours = printed[number] if number < len(printed) else None
        if theirs != ours:
            return matched, f"trade {number + 1}: exchange {_say(theirs)}, tradecore {_say(ours)}"
    return matched, None


def _say(trade: Trade | None) -> str:
    if trade is None:
        return "nothing"
    qty = Decimal(trade.qty).scaleb(-8)
    return f"maker {trade.maker or 'own'} taker {trade.taker or 'own'} {qty:f} @ {trade.price}"


def _outcomes(kept: dict[str, Array], execution: Array) -> dict[str, int]:
    """Orders by how they stand at the end: the last report of each."""
    order_ids, statuses = kept["order_id"][execution], kept["ord_status"][execution]
    last_first, places = np.unique(order_ids[::-1], return_index=True)
    final = statuses[::-1][places]
    counts = {status.name.lower(): int((final == status).sum()) for status in OrdStatus}
    return {"submitted": len(last_first), **counts}


def _own_outcomes(
    kept: dict[str, Array], execution: Array, core: TradingCore, session: Session
) -> list[dict[str, Any]]:
    """One's own orders: how each stands at the end, what it filled at what average price, and why it ended."""
    instrument, rows = session.instruments[0], dict[int, dict[str, Any]]()
    for at in np.flatnonzero(execution & (kept["account"] == core.ids(account=str(session.orders_account)))):
        order_id = int(kept["order_id"][at])
        row = rows.setdefault(order_id, {"cl_ord_id": core.id_text(int(kept["cl_ord_id"][at])), "qty": 0, "amount": 0})
        row["status"] = OrdStatus(int(kept["ord_status"][at])).name
        row["reason"] = Reason(int(kept["reason"][at])).name
        if kept["exec_type"][at] == ExecType.TRADE:
            row["qty"] += int(kept["last_qty"][at])
            row["amount"] += int(kept["last_qty"][at]) * int(kept["last_px"][at])
    return [
        {"cl_ord_id": row["cl_ord_id"], "status": row["status"], "cum_qty": f"{instrument.quantity(row['qty']):f}",
         "avg_px": f"{instrument.rounded_price(instrument.price_ratio(row['amount'], row['qty'] or 1)):f}",
         "reason": row["reason"]}
        for row in rows.values()
    ]


def _by_reason(reasons: Array) -> dict[str, int]:
    codes, counts = np.unique(reasons, return_counts=True)
    return {Reason(int(code)).name: int(count) for code, count in zip(codes, counts, strict=True)}


def _pnl(core: TradingCore) -> list[dict[str, str]]:
    rows = []
    for account in core.accounts:
        for pnl in core.pnl(account):
            rows.append({
                "account": account, "currency": pnl.currency, "realized": f"{pnl.realized_pnl:f}",
                "unrealized": f"{pnl.unrealized_pnl:f}", "fees": f"{pnl.fees:f}", "net": f"{pnl.net:f}",
            })
    return rows


def _latency(core: TradingCore) -> dict[str, dict[str, float]]:
    names = ("count", "p50", "p99", "p99_9", "max")
    return {stage: dict(zip(names, (figures[0], *(round(f, 1) for f in figures[1:])), strict=True))
            for stage, figures in core.latency().items()}
