"""What the life-cycle tests share: a small world, command records, and a ledger that is rebuilt from reports.

Nothing here calls the package's own rules: a test that compared the core with itself could not fail.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tradecore._python.vocabulary.made_ids import MadeIds, next_made
from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import CommandType, PrintFills, ReportType, Rule
from tradecore.vocabulary.fix import ExecType, OrdStatus
from tradecore.vocabulary.records import CODECS, NO_PRICE, OUTBOUND_CODEC, OUTBOUND_SIZE, REPORT_CODEC, REPORT_SIZE

T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
EXT, SIM = 1, 2  # an external venue and a simulated one
REQUEST_TIMEOUT = SECOND
EXT_FEE_PPM = 100  # of an external trade's notional, so that busts have fees to give back
ALL_WORDS = 2**32 - 1
EVENTS = 4096
SMALL = {
    "instruments": 4, "accounts": 2, "venues": 2, "currencies": 2, "open_orders": 64, "order_history": 64,
    "cl_ord_ids": 4096, "events": EVENTS, "order_rate": 64, "decisions": 16, "trades": 256, "exec_ids": 4096,
}
# Fields in which 0 says something: what a command leaves out is this.
_SILENT = {
    CommandType.REPLACE: {"price": NO_PRICE, "stop_px": NO_PRICE},
    CommandType.EXECUTION_REPORT: {"price": NO_PRICE, "cum_qty": -1, "reject_reason": -1},
    CommandType.CANCEL_REJECT: {"reject_reason": -1},
    CommandType.NEW_ORDER: {"price": NO_PRICE, "stop_px": NO_PRICE},
}
_MADE = next_made(MadeIds(), T0) - 1


def id_of(text: bytes) -> int:
    """A short text as the integer that its bytes are: an id of a client's own, so that nothing need be interned. `TC-3`:
    the third that the core has made, on the day of T0."""
    if text.startswith(b"TC-"):
        return _MADE + int(text[3:])
    assert len(text) < 8
    return int.from_bytes(text, "big")


def text_of(number: int) -> str:
    """The text that `id_of` made the integer of."""
    if number > _MADE:
        return f"TC-{number - _MADE}"
    return number.to_bytes(8, "big").lstrip(b"\0").decode()


def record(kind: CommandType, **fields) -> bytes:
    """One command record; what is not given says nothing."""
    told = {name: id_of(value) if isinstance(value, bytes) else value for name, value in fields.items()}
    return CODECS[kind].pack(**{**_SILENT.get(kind, {}), "kind": int(kind), "version": 1, **told})


def setting_up(instruments: int = 1, day_end: int = 0) -> list[bytes]:
    """Prices in whole units and quantities in lots: instruments A, B, ..., accounts 1 and 2, venues EXT and SIM; no
    limit is armed."""
    commands = [record(CommandType.DEFINE_CURRENCY, cl_ord_id=b"USD", decimals=9)]
    commands += [
        record(CommandType.DEFINE_INSTRUMENT, cl_ord_id=bytes([65 + i]), currency=1, money_precision=9, tick=1, lot=1, min_qty=1,
               max_qty=10**9, multiplier=1, min_notional=-1, max_notional=-1, ord_types=ALL_WORDS,
               times_in_force=0xFFFF, print_max_age=60 * SECOND)
        for i in range(instruments)
    ]
    commands.append(record(CommandType.DEFINE_VENUE, cl_ord_id=b"EXT", external=1, request_timeout=REQUEST_TIMEOUT,
                           taker_fee_ppm=EXT_FEE_PPM, day_end=day_end))
    commands.append(record(CommandType.DEFINE_VENUE, cl_ord_id=b"SIM", maker_fee_per_unit=-2, taker_fee_per_unit=3,
                           print_fills=PrintFills.AFTER_QUEUE))
    for account in (1, 2):
        commands.append(record(CommandType.DEFINE_ACCOUNT, cl_ord_id=b"acc%d" % account))
        commands += [record(CommandType.SET_LIMIT, limit_scope=1, account=account, rule=rule, value=-1) for rule in list(Rule)[:5]]
    return commands


def build(core_class, instruments: int = 1, day_end: int = 0, **sizes):
    """A core of one backend with that world in it."""
    core = core_class(Capacity(**{**SMALL, **sizes}))
    for command in setting_up(instruments, day_end):
        ack, _ = core.apply(command, T0)
        assert ack.reason == 0, ack
    return core


@dataclass
class Sent:
    """A message for a venue, read as a report that has nothing of what reports alone have."""

    row: object
    last_qty: int = 0
    last_px: int = NO_PRICE
    ord_rej_reason: int = -1
    cxl_rej_reason: int = -1
    exec_restatement_reason: int = -1
    exec_type: int = 0
    exec_ref_id: int = 0
    venue_exec_id: int = 0
    contra_order_id: int = 0

    def __getattr__(self, name):
        return getattr(self.row, name)

    @property
    def seq(self):
        return -self.row.seq

    @property
    def report_type(self):
        return self.row.msg_type

    @property
    def leaves_qty(self):
        ended = self.row.ord_status in (OrdStatus.CANCELED, OrdStatus.EXPIRED, OrdStatus.REJECTED)
        return 0 if ended else max(0, self.row.order_qty - self.row.cum_qty)


class Driver:
    """Feeds one core and hands back the reports of each command, and between them what its venue is sent at once, and
    last what the exit gate stops there; `trail` is all that it said, byte by byte."""

    def __init__(self, core) -> None:
        self.core, self.seen, self.now = core, core.event_seq, T0
        self.trail: list[bytes] = []

    def apply(self, command: bytes):
        """The command's ack and its reports, oldest first."""
        ack, answer = self.core.apply(command, self.now)
        raw, said = self.read_news()
        assert not answer or answer in {raw[at : at + REPORT_SIZE] for at in range(0, len(raw), REPORT_SIZE)}
        sent = self.core.hand_out(record(CommandType.HAND_OUT, most=2**20), self.now).tobytes()
        kept, stopped = self.read_news()
        assert not stopped or stopped[0].report_type == ReportType.GATE_STOPPED, "to hand out is no other news"
        self.trail.append(repr(tuple(ack)).encode() + answer + raw + sent + kept)
        for at in range(0, len(sent), OUTBOUND_SIZE):
            message = Sent(OUTBOUND_CODEC.unpack(sent, at))
            behind = sum((r.event_seq if isinstance(r, Sent) else r.seq) <= message.event_seq for r in said)
            said.insert(behind, message)
        return ack, said + stopped

    def read_news(self):
        """The reports since the last that were seen, as bytes and read."""
        count = self.core.event_seq - self.seen
        assert count <= EVENTS, "a command made more reports than the ring holds"
        raw = self.core.read_events(self.seen, count)[0].tobytes() if count else b""
        self.seen += count
        return raw, [REPORT_CODEC.unpack(raw, at) for at in range(0, len(raw), REPORT_SIZE)]


# ---- a ledger rebuilt from reports


@dataclass
class Booking:
    """One trade as it stands: signed lots, price, fee. Busted: qty 0."""

    exec_id: int
    order_id: int
    qty: int
    price: int
    fee: int
    final: bool = False  # it is in its chain's base for good


@dataclass
class Holding:
    """A position at average cost: integers, by the rule of magnitudes in which a remainder stays in the position."""

    qty: int = 0
    cost: int = 0
    realised: int = 0
    fees: int = 0

    def book(self, qty: int, price: int, fee: int) -> None:
        self.fees += fee
        if self.qty * qty < 0:  # it closes, at most down to zero
            closed = min(abs(qty), abs(self.qty))
            sign = 1 if self.qty > 0 else -1
            whole, rest = divmod(sign * self.cost, abs(self.qty))
            released = whole * closed + rest * closed // abs(self.qty)
            self.realised += sign * (closed * price - released)
            self.cost -= sign * released
            self.qty -= sign * closed
            qty += sign * closed
        self.qty += qty
        self.cost += qty * price


@dataclass
class Chain:
    """One instrument in one account: what is final, and the trades since in order."""

    base: Holding = field(default_factory=Holding)
    trades: list[Booking] = field(default_factory=list)
    now: Holding = field(default_factory=Holding)

    def rebuild(self) -> None:
        self.now = replace(self.base)
        for trade in self.trades:
            if trade.qty:
                self.now.book(trade.qty, trade.price, trade.fee)


class Books:
    """Every position as the reports tell it: trades in order, less what was busted, as corrected. `capacity` is the
    core's trade log: executions beyond it are final, oldest first. Account 0 is suspense."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.chains: dict[tuple[int, int], Chain] = {}
        self.trades: dict[tuple[int, int], Booking] = {}  # by the report's exec_id and its order
        self.by_order: dict[int, list[Booking]] = {}
        self.log: list[tuple[Chain, Booking | None]] = []  # the newest executions; None: a bust or a correction

    def chain(self, instrument: int, account: int) -> Chain:
        return self.chains.setdefault((instrument, account), Chain())

    def take(self, r) -> None:
        """A report of a trade, a bust or a correction."""
        chain = self.chain(r.instrument, r.account)
        if r.exec_type == ExecType.TRADE:
            trade = Booking(r.exec_id, r.order_id, r.last_qty if r.side == 1 else -r.last_qty, r.last_px, r.commission)
            self.trades[r.exec_id, r.order_id] = trade
            if r.account:  # in suspense it is no order's, whatever order it names
                self.by_order.setdefault(r.order_id, []).append(trade)
            self._log(chain, trade)
            chain.trades.append(trade)
            chain.now.book(trade.qty, trade.price, trade.fee)
            return
        trade = self.trades[r.exec_ref_id, r.order_id]
        assert trade.qty != 0, f"trade {r.exec_ref_id} was busted before"
        assert not trade.final, f"trade {r.exec_ref_id} is final"
        if r.exec_type == ExecType.TRADE_CANCEL:
            trade.qty = 0
        else:
            trade.qty = r.last_qty if trade.qty > 0 else -r.last_qty
            trade.price, trade.fee = r.last_px, r.commission
        self._log(chain, None)
        chain.rebuild()

    def _log(self, chain: Chain, trade: Booking | None) -> None:
        self.log.append((chain, trade))
        if len(self.log) > self.capacity:
            its_chain, oldest = self.log.pop(0)
            if oldest is not None and not oldest.final:
                assert its_chain.trades.pop(0) is oldest
                oldest.final = True
                if oldest.qty:
                    its_chain.base.book(oldest.qty, oldest.price, oldest.fee)

    def split(self, instrument: int, numerator: int, denominator: int) -> None:
        """Quantities change and amounts stay; the trades before a split are final."""
        for (its_instrument, _), chain in self.chains.items():
            if its_instrument == instrument:
                qty, rest = divmod(chain.now.qty * numerator, denominator)
                assert rest == 0
                chain.base = replace(chain.now, qty=qty)
                for trade in chain.trades:
                    trade.final = True
                chain.trades.clear()
                chain.rebuild()

    def open(self, instrument: int, account: int, qty: int, price: int) -> None:
        chain = self.chain(instrument, account)
        assert chain.now == Holding()
        chain.base.book(qty, price, 0)
        chain.rebuild()

    def amount(self, order_id: int) -> int:
        """The sum of quantity x price over an order's surviving trades."""
        return sum(abs(t.qty) * t.price for t in self.by_order.get(order_id, []))

    def traded(self, order_id: int) -> int:
        """The lots of an order's surviving trades."""
        return sum(abs(t.qty) for t in self.by_order.get(order_id, []))


def is_execution(r) -> bool:
    return r.report_type == ReportType.EXECUTION_REPORT
