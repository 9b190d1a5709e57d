"""Every scenario of FIX's order state change matrices, and our own, as a text file under tests/scenarios.

A file is a title, a source, and lines in FIX words; quantities are lots, prices whole price units:

    > COMMAND [ids] key=value ...          what a client or an operator enters; ids are ClOrdID[,OrigClOrdID]
    > venue EXEC_TYPE [ids] key=value ...  what the external venue reports; CANCEL_REJECT is one of its words too
    < EXEC_TYPE ORD_STATUS order_qty cum_qty leaves_qty avg_px ids key=value ...
                                           an execution report that the core makes; other messages give their MsgType
    < MESSAGE key=value ...                a message that is about no order
    < ANY                                  one report, whatever it says
    = WHAT key=value ...                   what can be read now of: order ID, position, suspense, firm, metrics
    ! REASON                               from here on the check of this reason is missing, as builds for tests allow

Reports stand in their order and all of them: one that is not listed fails, as does a reason, a last quantity or an
UNKNOWN that is not. `*` in a column is not looked at. `last=1000@100` is LastQty and LastPx, `+2s` a time.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from lifecycle import EXT, SECOND, SIM, T0, Books, Driver, Sent, build, id_of, is_execution, record, text_of

from tradecore._backend import room_module
from tradecore.vocabulary import codes, fix
from tradecore.vocabulary.codes import CommandType, MsgType, ReportType
from tradecore.vocabulary.fix import ExecType, OrdStatus
from tradecore.vocabulary.records import CODECS, NO_PRICE
from tradecore.vocabulary.rows import StaleOrderError

SCENARIOS = Path(__file__).parent.parent / "scenarios"
FILES = sorted(SCENARIOS.glob("*.txt"))
BACKENDS = ("native", "python")
# The page's list: what must have a file.
PAGE = [
    f"{group}.{letter}"
    for group, letters in {
        "A.1": "ab", "B.1": "abcdef", "C.1": "abc", "C.2": "a", "C.3": "abc", "D.1": "abc", "D.2": "abcd", "E.1": "abcd",
        "F.1": "abc", "G.1": "abc", "H.1": "abcd", "I.1": "ab", "J.1": "abcd", "K.1": "ab", "L.1": "ab",
    }.items()
    for letter in letters
]

_WORDS = {
    "side": fix.Side, "ord_type": fix.OrdType, "time_in_force": fix.TimeInForce, "exec_type": ExecType,
    "trigger_price_type": fix.TriggerPriceType, "peg_offset_type": fix.PegOffsetType, "ord_status": OrdStatus,
    "contingency_type": fix.ContingencyType, "trad_ses_status": fix.TradSesStatus, "reason": codes.Reason,
    "ord_rej_reason": fix.OrdRejReason, "cxl_rej_reason": fix.CxlRejReason, "place": codes.Place,
    "exec_restatement_reason": fix.ExecRestatementReason, "scope": codes.Scope, "limit_scope": codes.Scope, "rule": codes.Rule,
}
_FLAGS = {
    "exec_inst": {flag.name: flag.value for flag in fix.ExecInst} | {"POST_ONLY": 1},
    "unknown": {"NEW": 1, "CANCEL": 2, "REPLACE": 4},
}
_NAMES = {"EXT": EXT, "SIM": SIM}
_TEXTS = {"exec_id", "exec_ref_id", "cl_ord_id", "orig_cl_ord_id"}
# What a report says unless the scenario says otherwise.
_QUIET = {"last_qty": 0, "last_px": NO_PRICE, "reason": 0, "ord_rej_reason": -1, "cxl_rej_reason": -1,
          "exec_restatement_reason": -1, "unknown": 0}
_FIRM = ("position_qty", "working_buy", "working_sell")
_COLUMNS = ("ord_status", "order_qty", "cum_qty", "leaves_qty", "avg_px", "ids")


class ScenarioError(AssertionError):
    """A scenario that did not go as its file says, or a line that says nothing."""


# ---- reading


def number(text: str) -> int:
    return T0 + int(text[1:-1]) * SECOND if text[0] == "+" and text[-1] == "s" else int(text)


def value_of(key: str, text: str, words: dict = _WORDS):
    if key in _TEXTS:
        return id_of(text.encode())
    if key in _FLAGS and not text.isdigit():
        return sum(_FLAGS[key][name] for name in text.split("|"))
    if key in words and not text.lstrip("-").isdigit():
        return int(words[key][text])
    return _NAMES[text] if text in _NAMES else number(text)


def pairs_of(tokens: list[str], words: dict = _WORDS) -> dict:
    fields = {}
    for token in tokens:
        key, found, text = token.partition("=")
        if not found:
            raise ScenarioError(f"{token!r} is no key=value")
        if key == "last":
            qty, _, price = text.partition("@")
            fields |= {"last_qty": int(qty), "last_px": int(price)}
        else:
            fields[key] = value_of(key, text, words)
    return fields


def split_ids(tokens: list[str]) -> tuple[bytes, bytes, list[str]]:
    if tokens and "=" not in tokens[0]:
        first, _, second = tokens[0].partition(",")
        return first.encode(), second.encode(), tokens[1:]
    return b"", b"", tokens


def venue_command(tokens: list[str]) -> bytes:
    """What the external venue says: reject_reason is a word of the field that the message has for it."""
    cl_ord_id, _, rest = split_ids(tokens[1:])
    kind, exec_type = CommandType.EXECUTION_REPORT, 0
    if tokens[0] == "CANCEL_REJECT":
        kind, reasons = CommandType.CANCEL_REJECT, fix.CxlRejReason
    else:
        exec_type = ExecType[tokens[0]]
        reasons = fix.ExecRestatementReason if exec_type == ExecType.RESTATED else fix.OrdRejReason
    fields = {"venue": EXT, "cl_ord_id": cl_ord_id, "exec_type": int(exec_type)}
    if exec_type in (ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT):
        kind = CommandType.TRADE_CORRECTION
        del fields["cl_ord_id"]
    return record(kind, **fields | pairs_of(rest, _WORDS | {"reject_reason": reasons}))


def client_command(tokens: list[str]) -> bytes:
    kind = CommandType[tokens[0]]
    cl_ord_id, orig, rest = split_ids(tokens[1:])
    fields = {"cl_ord_id": cl_ord_id}
    if kind == CommandType.STATUS_REQUEST:  # it has no id of its own
        fields = {"orig_cl_ord_id": cl_ord_id}
    elif kind in (CommandType.CANCEL, CommandType.REPLACE):
        fields["orig_cl_ord_id"] = orig
    elif kind == CommandType.NEW_ORDER:
        fields |= {"side": 1, "ord_type": 2, "instrument": 1, "account": 1, "venue": EXT}
    elif kind in (CommandType.QUOTE, CommandType.MARK, CommandType.TRADE_PRINT, CommandType.SESSION, CommandType.SPLIT,
                  CommandType.OPENING_POSITION):
        fields["instrument"] = 1
    if kind in (CommandType.QUOTE, CommandType.TRADE_PRINT):
        fields["venue"] = SIM
    if kind == CommandType.OPENING_POSITION:
        fields["account"] = 1
    fields |= pairs_of(rest)
    if kind == CommandType.NEW_ORDER and fields["ord_type"] in (2, 4, 30):
        fields.setdefault("price", 100)
    return record(kind, **fields)


def message_name(r) -> str:
    return (MsgType if isinstance(r, Sent) else ReportType)(r.report_type).name


# ---- playing


class Player:
    """One scenario on one core. It books what the reports say, and knows of each open request what was sent."""

    def __init__(self, core) -> None:
        self.driver, self.books = Driver(core), Books(capacity=256)
        self.reports: list = []  # of the last command, not yet expected
        self.exec_ids: dict[int, int] = {}  # the venue's id by the core's own
        self.replaces: dict[int, dict[int, int]] = {}  # by order: what open replaces ask for
        self.status_of: dict[int, int] = {}
        self.amounts: dict[int, int] = {}  # by report: the sum of quantity x price over its order's trades

    def enter(self, command: bytes) -> None:
        fields = CODECS[command[0]].unpack(command)
        _, self.reports = self.driver.apply(command)
        for r in self.reports:
            self.learn(r, fields)
            self.amounts[r.seq] = self.books.amount(r.order_id)

    def wait(self, seconds: int) -> None:
        self.driver.now += seconds * SECOND
        self.enter(record(CommandType.CLOCK))

    def learn(self, r, c) -> None:
        """What a report makes known; each checks that its status may follow the last."""
        open_replaces = self.replaces.setdefault(r.order_id, {})
        if r.report_type == ReportType.COMMAND_ACCEPTED and c.kind == CommandType.SPLIT:
            self.books.split(r.instrument, c.split_numerator, c.split_denominator)
        elif r.report_type == ReportType.COMMAND_ACCEPTED and c.kind == CommandType.OPENING_POSITION:
            self.books.open(r.instrument, r.account, c.position_qty, c.position_px)
        elif r.report_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST:
            open_replaces[r.cl_ord_id] = r.order_qty
        elif r.report_type == ReportType.ORDER_CANCEL_REJECT:
            if r.reason in (codes.Reason.VENUE_REPORTED, codes.Reason.ORDER_IN_DOUBT):
                open_replaces.pop(r.cl_ord_id, None)
        elif is_execution(r):
            if r.exec_type in (ExecType.TRADE, ExecType.TRADE_CORRECT, ExecType.TRADE_CANCEL):
                if r.exec_type == ExecType.TRADE:
                    self.exec_ids[r.exec_id] = r.venue_exec_id
                self.books.take(r)
            elif r.exec_type == ExecType.REPLACED and r.cl_ord_id in open_replaces:
                asked = list(open_replaces)  # those before it are past, answered or not
                for name in asked[: asked.index(r.cl_ord_id) + 1]:
                    del open_replaces[name]
            elif r.exec_type in (ExecType.CANCELED, ExecType.EXPIRED):
                open_replaces.clear()
            if r.account and not r.contra_order_id and r.exec_type != ExecType.REJECTED:
                before = self.status_of.get(r.order_id, r.ord_status)
                legal = r.ord_status == before or r.ord_status in fix.TRANSITIONS[OrdStatus(before)]
                if not legal and r.reason != codes.Reason.UNEXPECTED_TRANSITION:
                    raise ScenarioError(f"{OrdStatus(before).name} may not become {OrdStatus(r.ord_status).name}")
                self.status_of[r.order_id] = r.ord_status

    def average(self, r) -> Fraction | None:
        """AvgPx(6) when the report was made."""
        return Fraction(self.amounts[r.seq], r.cum_qty) if r.cum_qty else None

    def describe(self, r) -> str:
        """A report in the words of a scenario."""
        words = [ExecType(r.exec_type).name if is_execution(r) else message_name(r)]
        if r.order_qty:
            average = self.average(r)
            ids = text_of(r.cl_ord_id) + ("," + text_of(r.orig_cl_ord_id) if r.orig_cl_ord_id else "")
            words += [OrdStatus(r.ord_status).name, str(r.order_qty), str(r.cum_qty), str(r.leaves_qty),
                      "-" if average is None else str(average), ids or "-"]
        elif is_execution(r) or r.report_type == ReportType.ORDER_CANCEL_REJECT:
            words += [f"ord_status={OrdStatus(r.ord_status).name}"]
        if r.last_qty:
            words.append(f"last={r.last_qty}@{r.last_px}")
        for key, quiet in _QUIET.items():
            value = getattr(r, key)
            if value != quiet and key not in ("last_qty", "last_px"):
                name = "|".join(k for k, bit in _FLAGS[key].items() if bit & value) if key in _FLAGS else ""
                words.append(f"{key}={name or _WORDS[key](value).name}")
        return " ".join(words)

    def expect(self, tokens: list[str]) -> None:
        """The next report, against its line."""
        if not self.reports:
            raise ScenarioError(f"expected  {' '.join(tokens)}\n  got       no report")
        r = self.reports.pop(0)
        if tokens == ["ANY"]:
            return
        wrong = self.differences(r, tokens)
        if wrong:
            raise ScenarioError(
                f"expected  {' '.join(tokens)}\n  got       {self.describe(r)}\n  differs   {', '.join(wrong)}"
            )

    def differences(self, r, tokens: list[str]) -> list[str]:
        word, columns = tokens[0], [token for token in tokens[1:] if "=" not in token]
        if columns and len(columns) != len(_COLUMNS):
            raise ScenarioError(f"{len(columns)} columns: {', '.join(_COLUMNS)} are needed, or none")
        if is_execution(r):
            wrong = [] if word == ExecType(r.exec_type).name else ["exec_type"]
        else:
            wrong = [] if word == message_name(r) else ["message"]
        for column, text in zip(_COLUMNS, columns, strict=False):
            if text != "*" and not self.agrees(r, column, text):
                wrong.append(column)
        given = _QUIET | pairs_of([token for token in tokens[1:] if "=" in token])
        for key, value in given.items():
            if key == "exec_id":
                found = self.driver.core.venue_exec_id(r.exec_id) if r.exec_ref_id else r.venue_exec_id
            elif key == "exec_ref_id":
                found = self.exec_ids.get(r.exec_ref_id)
            else:
                found = getattr(r, key)
            if found != value:
                wrong.append(key)
        return wrong

    def agrees(self, r, column: str, text: str) -> bool:
        if column == "ord_status":
            return OrdStatus(r.ord_status).name == text
        if column == "avg_px":
            return self.average(r) == (None if text == "-" else Fraction(text))
        if column == "ids":
            first, _, second = ("" if text == "-" else text).partition(",")
            return (text_of(r.cl_ord_id), text_of(r.orig_cl_ord_id)) == (first, second)
        return getattr(r, column) == int(text)

    def read(self, tokens: list[str]) -> None:
        """A line that reads an order, a position or a counter."""
        what, rest = tokens[0], tokens[1:]
        core = self.driver.core
        if what == "order":
            order_id = core.find_order_id(id_of(rest[0].encode()))
            fields, source = pairs_of(rest[1:]), core.order(order_id).row()
        elif what == "position":
            fields = pairs_of(rest)
            source = core.position(fields.pop("instrument", 1), fields.pop("account", 1))
        elif what == "suspense":
            fields, source = pairs_of(rest), core.suspense(1)
        elif what == "firm":
            fields = pairs_of(rest)
            source = SimpleNamespace(**dict(zip(_FIRM, core.firm_exposure(1), strict=True)))
        elif what == "metrics":
            fields, source = pairs_of(rest), SimpleNamespace(**core.metrics())
        else:
            raise ScenarioError(f"{what!r} can't be read")
        for key, value in fields.items():
            if getattr(source, key) != value:
                raise ScenarioError(f"expected  {what} {key}={value}\n  got       {getattr(source, key)}")

    def close(self) -> None:
        """After the last line: positions are those of the reports, holds those of the open orders."""
        held: dict[tuple[int, int], int] = {}
        core = self.driver.core
        for order_id, replaces in self.replaces.items():
            try:
                row = core.order(order_id).row()
            except StaleOrderError:
                continue
            if row.parent:  # what it does is told of the order that it is a part of
                continue
            if row.leaves_qty or (replaces and row.ord_status not in (OrdStatus.CANCELED, OrdStatus.EXPIRED)):
                qty = max([row.order_qty, *replaces.values()]) - row.cum_qty
                cell = row.account, 1 if row.side == 1 else 2
                held[cell] = held.get(cell, 0) + max(0, qty)
            if not row.cum_amount == self.books.amount(order_id):
                raise ScenarioError(f"order {order_id} has cum_amount {row.cum_amount}")
        firm, suspense = core.firm_exposure(1), self.books.chain(1, 0).now
        everywhere = [self.books.chain(1, account).now.qty for account in (0, 1, 2)]
        expected = (sum(everywhere), *(sum(qty for (_, s), qty in held.items() if s == side) for side in (1, 2)))
        if tuple(firm) != expected:
            raise ScenarioError(f"expected  firm {expected} from the reports\n  got       {tuple(firm)}")
        if tuple(core.suspense(1))[:4] != (suspense.qty, suspense.cost, suspense.realised, suspense.fees):
            raise ScenarioError(f"expected  suspense {suspense} from the reports\n  got       {core.suspense(1)}")
        for account in (1, 2):
            found, booked = core.position(1, account), self.books.chain(1, account).now
            expected = (booked.qty, booked.cost, booked.realised, booked.fees,
                        held.get((account, 1), 0), held.get((account, 2), 0))
            if tuple(found)[:6] != expected:
                raise ScenarioError(f"expected  position {expected} from the reports\n  got       {tuple(found)}")


def play(backend: str, lines: list[str], name: str) -> Player:
    """A scenario from its first line to its last."""
    player = Player(build(room_module(backend, "pipeline").Core))
    for at, line in enumerate(lines, 1):
        tokens = line.partition("#")[0].split()
        if at <= 2 or not tokens:  # the title and the source
            continue
        try:
            if tokens[0] == "<":
                player.expect(tokens[1:])
                continue
            demand_no_report(player)
            if tokens[:2] == [">", "venue"]:
                player.enter(venue_command(tokens[2:]))
            elif tokens[:2] == [">", "CLOCK"]:
                player.wait(int(tokens[2].removeprefix("seconds=")))
            elif tokens[0] == ">":
                player.enter(client_command(tokens[1:]))
            elif tokens[0] == "=":
                player.read(tokens[1:])
            elif tokens[0] == "!":
                player.driver.core._drill(int(codes.Reason[tokens[1]]))
            else:
                raise ScenarioError("a line starts with >, <, =, ! or #")
        except (ScenarioError, KeyError, ValueError, TypeError) as error:
            raise ScenarioError(f"\n{name}:{at}: {line}\n  {error}") from error
    try:
        demand_no_report(player)
        player.close()
    except ScenarioError as error:
        raise ScenarioError(f"\n{name}: after its last line\n  {error}") from error
    return player


def demand_no_report(player: Player) -> None:
    if player.reports:
        raise ScenarioError(f"expected  no more reports\n  got       {player.describe(player.reports[0])}")


# ---- the tests


def lines_of(path: Path) -> list[str]:
    return path.read_text("ascii").splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("backend", list(BACKENDS))
def test_scenario(backend, path):
    play(backend, lines_of(path), path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_backends_say_the_same(path):
    native, python = (play(backend, lines_of(path), path.name).driver for backend in BACKENDS)
    assert native.trail == python.trail
    assert native.core.event_hash == python.core.event_hash
    assert native.core.state_hash() == python.core.state_hash()


def test_every_scenario_of_the_page_has_a_file():
    names = [path.stem.partition(" ")[0] for path in FILES]
    assert [name for name in PAGE if name not in {n[:5] for n in names}] == []
    assert len(FILES) >= 46


def test_every_file_has_a_title_and_a_source():
    for path in FILES:
        title, source = lines_of(path)[:2]
        assert title.startswith("# "), path
        assert source.startswith("# Source: "), path


# The page's worked numbers, so that no file can drift from them: status, OrderQty, CumQty, LeavesQty, AvgPx.
WORKED = {
    "C.3.a": """PENDING_NEW 10000 0 10000 -, NEW 10000 0 10000 -, PARTIALLY_FILLED 10000 1000 9000 100,
        PARTIALLY_FILLED 10000 1500 8500 100, PENDING_REPLACE 10000 1500 8500 100, PENDING_REPLACE 10000 1600 8400 100,
        PARTIALLY_FILLED 8000 1600 6400 100, FILLED 8000 8000 0 100""",
    "J.1.a": """PENDING_NEW 10000 0 10000 -, NEW 10000 0 10000 -, PARTIALLY_FILLED 10000 1000 9000 100,
        FILLED 10000 10000 0 109, PARTIALLY_FILLED 10000 9000 1000 110, PARTIALLY_FILLED 10000 9000 1000 100,
        FILLED 10000 10000 0 102, FILLED 10000 10000 0 120, PENDING_REPLACE 10000 10000 0 120,
        PARTIALLY_FILLED 12000 10000 2000 120, PARTIALLY_FILLED 12000 10500 1500 120""",
    "J.1.b": """PENDING_NEW 10000 0 10000 -, NEW 10000 0 10000 -, PARTIALLY_FILLED 10000 5000 5000 50,
        PENDING_CANCEL 10000 5000 5000 50, CANCELED 10000 5000 0 50, CANCELED 10000 0 0 -, CANCELED 10000 4000 0 51""",
}


@pytest.mark.parametrize("name", list(WORKED))
def test_the_worked_numbers_of_the_page_are_in_their_files(name):
    lines = [line.split() for line in lines_of(SCENARIOS / f"{name}.txt") if line.startswith("<")]
    reports = [" ".join(words[2:7]) for words in lines if words[1] in ExecType.__members__ and words[1] != "ORDER_STATUS"]
    assert reports == [" ".join(row.split()) for row in WORKED[name].split(",")]


BASE = ["# t", "# s", "> NEW_ORDER X order_qty=10", "< PENDING_NEW PENDING_NEW 10 0 10 - X",
        "< NEW_ORDER_SINGLE PENDING_NEW 10 0 10 - X", "> venue TRADE X exec_id=a last=4@100",
        "< TRADE PARTIALLY_FILLED 10 4 6 100 X last=4@100 exec_id=a"]


@pytest.mark.parametrize("backend", list(BACKENDS))
@pytest.mark.parametrize(
    ("at", "line", "says"),
    [
        (6, "< NEW PARTIALLY_FILLED 10 4 6 100 X last=4@100 exec_id=a", "differs   exec_type"),
        (6, "< TRADE FILLED 10 4 6 100 X last=4@100 exec_id=a", "differs   ord_status"),
        (6, "< TRADE PARTIALLY_FILLED 11 4 6 100 X last=4@100 exec_id=a", "differs   order_qty"),
        (6, "< TRADE PARTIALLY_FILLED 10 5 6 100 X last=4@100 exec_id=a", "differs   cum_qty"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 7 100 X last=4@100 exec_id=a", "differs   leaves_qty"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 6 100.01 X last=4@100 exec_id=a", "differs   avg_px"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 6 100 Y last=4@100 exec_id=a", "differs   ids"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 6 100 X,W last=4@100 exec_id=a", "differs   ids"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 6 100 X", "differs   last_qty, last_px"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 6 100 X last=4@100 reason=OVERFILL", "differs   reason"),
        (6, "< TRADE PARTIALLY_FILLED 10 4 6 100 X last=4@100 unknown=NEW", "differs   unknown"),
        (6, "# the trade is not listed", "got       TRADE PARTIALLY_FILLED 10 4 6 100 X last=4@100"),
        (4, "# the message to the venue is not listed", "got       NEW_ORDER_SINGLE"),
        (6, "= position qty=4", "expected  no more reports"),
        (6, "< TRADE 1", "1 columns: ord_status"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_expectation_fails(backend, at, line, says):
    play(backend, BASE, "base")
    with pytest.raises(ScenarioError) as failure:
        play(backend, [*BASE[:at], line, *BASE[at + 1 :]], "wrong")
    assert says in str(failure.value)


@pytest.mark.parametrize("backend", list(BACKENDS))
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("< ANY", "got       no report"),
        ("= position qty=5", "expected  position qty=5"),
        ("= order X leaves_qty=5", "expected  order leaves_qty=5"),
        ("= metrics trades=2", "expected  metrics trades=2"),
        ("? order", "a line starts with"),
        ("> venue TRAD X", "TRAD"),
    ],
)
def test_a_wrong_last_line_fails(backend, line, says):
    with pytest.raises(ScenarioError) as failure:
        play(backend, [*BASE, line], "wrong")
    assert says in str(failure.value)
    assert "wrong:8" in str(failure.value)


@pytest.mark.parametrize("backend", list(BACKENDS))
def test_a_position_or_hold_that_the_reports_do_not_explain_fails(backend):
    player = play(backend, BASE, "base")
    player.books.chain(1, 1).now.fees += 1
    with pytest.raises(ScenarioError, match="from the reports"):
        player.close()
