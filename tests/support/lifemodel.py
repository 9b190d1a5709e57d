"""A second, plain model of the order life cycle, for the random test: facts from the event log, statuses from facts.

It takes each command with the reports that it made, checks every report as it comes, and says afterwards what every
open order, position and hold must be. It shares no rule with the package: precedences are the specification's numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lifecycle import EXT, REQUEST_TIMEOUT, Books, is_execution
from listmodel import ListModel

from tradecore.vocabulary.codes import CommandType, DayEnd, MsgType, Reason, ReportType
from tradecore.vocabulary.fix import TRANSITIONS, ExecRestatementReason, ExecType, OrdStatus, OrdType, TimeInForce
from tradecore.vocabulary.records import OWN_ID_MAX

S, E, C, R, M = OrdStatus, ExecType, CommandType, Reason, ReportType
TRADES = {E.TRADE, E.TRADE_CORRECT, E.TRADE_CANCEL}
ENDS = {E.CANCELED: S.CANCELED, E.EXPIRED: S.EXPIRED, E.REJECTED: S.REJECTED}
FLAGS = {E.DONE_FOR_DAY: "done_for_day", E.STOPPED: "stopped", E.SUSPENDED: "suspended", E.CALCULATED: "calculated"}
GOOD_AGAIN = {ExecRestatementReason.GT_RENEWAL, ExecRestatementReason.GT_CORPORATE_ACTION}
SHRINKS = {R.OTHER_FILLED, R.PARENT_ENDED, R.REDUCED_POSITION}
REQUESTS = {MsgType.ORDER_CANCEL_REQUEST, MsgType.ORDER_CANCEL_REPLACE_REQUEST}
WORKING_MAX = 50
MADE_ID_MIN = OWN_ID_MAX + 2**61  # numbers of texts are below it
UNKNOWN_NEW, UNKNOWN_CANCEL, UNKNOWN_REPLACE = 1, 2, 4


@dataclass
class Asked:
    """A request that was sent to a venue and is not answered."""

    cl_ord_id: int
    is_replace: bool
    order_qty: int
    sent: int
    pending: bool = False
    unknown: bool = False


@dataclass
class Known:
    """One order's facts, as the log tells them."""

    order_id: int
    cl_ord_id: int
    instrument: int
    account: int
    buys: bool
    order_qty: int
    cum_qty: int = 0
    cum_amount: int = 0
    acked: bool = False
    ended: OrdStatus | None = None
    done_for_day: bool = False
    stopped: bool = False
    suspended: bool = False
    calculated: bool = False
    asked: list[Asked] = field(default_factory=list)
    awaited: bool = False  # sent, and not answered
    sent: int = 0
    unknown: bool = False
    told: OrdStatus | None = None  # the status as last reported
    expires: int = 0
    was_cancel_asked: bool = False
    doubt: int = 0  # the venue is to tell how it stands: until then at least so much of it is held
    venue: int = 0
    admitted: bool = True  # by validation, its list and risk
    refused: Reason = Reason.NONE  # where it was not
    orig_cl_ord_id: int = 0
    command: object = None  # as it was entered

    @property
    def lives(self) -> bool:
        return self.ended is None and self.cum_qty < self.order_qty

    @property
    def is_open(self) -> bool:
        more = self.ended is None and self.doubt > max(self.order_qty, self.cum_qty)  # so much may still work there
        return self.lives or bool(self.asked) or more

    @property
    def cancel_asked(self) -> bool:
        """One whose outcome is UNKNOWN may be sent again."""
        return any(not a.is_replace and not a.unknown for a in self.asked)

    def status(self) -> OrdStatus:
        """What counts most of all that is true: by the precedences of FIX 4.4 Appendix D."""
        true = [(2, S.REJECTED if self.ended == S.REJECTED else S.NEW if self.acked else S.PENDING_NEW)]
        if any(a.pending and not a.is_replace for a in self.asked):
            true.append((12, S.PENDING_CANCEL))
        if any(a.pending and a.is_replace for a in self.asked):
            true.append((11, S.PENDING_REPLACE))
        if self.done_for_day:
            true.append((10, S.DONE_FOR_DAY))
        if self.calculated and not self.lives:
            true.append((9, S.CALCULATED))
        if self.cum_qty >= self.order_qty > 0:
            true.append((8, S.FILLED))
        if self.stopped:
            true.append((7, S.STOPPED))
        if self.suspended:
            true.append((6, S.SUSPENDED))
        if self.ended in (S.CANCELED, S.EXPIRED):
            true.append((5, self.ended))
        if self.cum_qty:
            true.append((4, S.PARTIALLY_FILLED))
        return max(true)[1]

    def leaves(self) -> int:
        return max(0, self.order_qty - self.cum_qty) if self.ended is None else 0

    def held(self) -> int:
        """The larger of what is and what is asked for."""
        if self.ended is not None:
            return 0
        return max(0, max([self.order_qty, self.doubt, *(a.order_qty for a in self.asked if a.is_replace)]) - self.cum_qty)

    def unknowns(self) -> int:
        bits = UNKNOWN_NEW if self.unknown else 0
        for a in self.asked:
            if a.unknown:
                bits |= UNKNOWN_REPLACE if a.is_replace else UNKNOWN_CANCEL
        return bits

    def last_asked_id(self, before: Asked | None = None) -> int:
        earlier = self.asked[:next((n for n, a in enumerate(self.asked) if a is before), None)]
        known = [a.cl_ord_id for a in earlier if a.cl_ord_id and (a.is_replace or not a.unknown)]
        return known[-1] if known else self.cl_ord_id

    def find_asked(self, is_replace: bool | None, *ids: int) -> Asked:
        """The oldest request of a kind with one of these ids."""
        return next(a for a in self.asked if is_replace in (None, a.is_replace) and a.cl_ord_id in ids)


class Model:
    """All that the log has told so far."""

    def __init__(self, trades: int, day_end: DayEnd = DayEnd.VENUE) -> None:
        self.day_end = day_end  # of the external venue
        self.handed_out: list[tuple[Known, Asked, int]] = []  # requests of one command, with their OrigClOrdIDs
        self.told_late: set[int] = set()  # orders that it has expired without a word, as we know: their ids are kept a day
        self.orders: dict[int, Known] = {}
        self.ids: dict[int, int] = {}
        self.books = Books(trades)
        self.day = 1
        self.unexpected = self.refused = self.suspense = 0
        self.now = 0
        # Of every execution, by its id, instrument and side: its number, day, type, what it is about (an order, or the
        # id that it names), quantity, price, trade, by its number and order, and the name by which a trade named its order.
        self.exec_ids: dict[tuple[int, int, bool], tuple] = {}
        self.sides: dict[int, tuple[int, bool]] = {}  # instrument and side of each venue's trade, by the core's number
        self.places: dict[int, int] = {}  # and where it stands in the log
        self.logged: list[int] = []  # the venue's id of each execution ever, 0 for the core's own
        self.connected = True
        self.renewed: set[int] = set()  # orders that the last new day has left open
        self.had_order = False  # could the venue that reported the last trade have the order that it named?
        self.past: list[tuple[int, int]] = []  # replaces that were accepted, or that a later one has replaced, by order
        self.open: dict[int, Known] = {}
        self.touched: dict[int, Known] = {}
        self.entered: Known | None = None  # by the last command
        self.command = None
        self.meant: tuple = (None, 0)
        self.lists = ListModel()

    # ---- a command and its reports

    def take(self, c, reports: list, now: int, expected: tuple | None) -> None:
        """`expected` is what `foresee_money` said of the command."""
        overdue = []
        self.command, self.entered = c, None
        self.lists.look()
        if now > self.now:
            self.now = now
            overdue = [o for o in self.open.values() if o.lives and 0 < o.expires <= now]
            for o in self.open.values():
                self.mark_unknown(o, now - REQUEST_TIMEOUT)
        if c.kind == C.ROLL_DAY:
            self.begin_day()
        self.handed_out.clear()
        for r in reports:
            self.take_report(c, r)
        for o, asked, orig_cl_ord_id in self.handed_out:  # after the command: what it rejected is out of the chain
            if any(a is asked for a in o.asked):
                assert orig_cl_ord_id == o.last_asked_id(asked), "OrigClOrdID is the last id that was not rejected"
        for order_id, o in self.touched.items():
            if o.is_open:
                self.open[order_id] = o
            else:
                self.open.pop(order_id, None)
        self.touched.clear()
        if c.kind == C.ROLL_DAY:  # ids of what has ended may be used again
            self.ids = {name: order_id for name, order_id in self.ids.items() if order_id in self.renewed | self.told_late}
        for o in overdue:
            assert not o.lives or (o.sent and o.was_cancel_asked), (o, "its time has come, and nobody ended it")
        if expected is not None:
            self.check_money(c, reports, expected)
        if c.kind == C.EXECUTION_REPORT:
            self.check_alarm(c, reports)

    def begin_day(self) -> None:
        self.day += 1
        self.told_late = set()
        for o in self.open.values():
            is_days = o.command.time_in_force not in (TimeInForce.GTC, TimeInForce.GTD)
            if self.day_end == DayEnd.ASK and o.venue == EXT and o.sent and o.lives and is_days:
                o.doubt = max(o.doubt, o.order_qty)

    def mark_unknown(self, o: Known, until: int) -> None:
        if o.awaited and o.sent <= until:
            o.unknown = True
        for a in o.asked:
            if a.sent <= until:
                a.unknown = True

    def take_report(self, c, r) -> None:
        if r.report_type == M.BUSINESS_REJECT:
            self.refused += c.kind in (C.EXECUTION_REPORT, C.TRADE_CORRECTION, C.CANCEL_REJECT)
            return
        if r.report_type == M.UNBOOKED:
            return
        if r.report_type in (M.COMMAND_ACCEPTED, M.ORDER_MASS_CANCEL_REPORT):
            if c.kind == C.VENUE_SESSION:
                self.connected = bool(c.connected)
                for o in self.open.values() if not c.connected else ():
                    self.mark_unknown(o, self.now)
            elif c.kind == C.ROLL_DAY:
                self.renewed = {o.order_id for o in (self.open | self.touched).values() if o.is_open}
            return
        if r.reason == R.DUPLICATE_CLORDID and r.exec_type == E.REJECTED:
            self.refuse_duplicate(c, r)
            return
        is_trade = is_execution(r) and r.exec_type in TRADES
        if is_trade:
            self.log_execution(c, r)
            if not r.account:
                assert r.reason == R.TRADE_IN_SUSPENSE
                self.suspense += r.exec_type == E.TRADE
                return
        o = self.orders.get(r.order_id)
        if o is None:
            o = self.open_order(c, r)
            if o is None:
                return
        if r.instrument == 0 or (r.order_qty == 0 and is_trade):  # of an order that is evicted
            return
        self.touched[o.order_id] = o
        o.venue = r.venue
        self.learn(c, r, o)
        self.check_report(c, r, o)

    def open_order(self, c, r) -> Known | None:
        """The first report of a new order."""
        if c.kind != C.NEW_ORDER or (is_execution(r) and r.exec_type == E.ORDER_STATUS):
            assert r.ord_status == S.REJECTED, "a report about an order that was never entered"
            return None
        o = Known(
            r.order_id, c.cl_ord_id, c.instrument, c.account, c.side == 1, c.order_qty, expires=c.expire_time, command=c
        )
        self.orders[r.order_id] = self.entered = o
        if c.cl_ord_id:
            assert c.cl_ord_id not in self.ids, "an id that was used makes no second order"
            self.ids[c.cl_ord_id] = r.order_id
        return o

    def refuse_duplicate(self, c, r) -> None:
        assert r.reason == R.DUPLICATE_CLORDID
        assert self.ids[c.cl_ord_id] == r.order_id
        o = Known(
            r.value,
            c.cl_ord_id,
            c.instrument,
            c.account,
            c.side == 1,
            c.order_qty,
            ended=S.REJECTED,
            admitted=False,
        )
        self.orders[r.value] = o
        first = self.orders[r.order_id]
        if r.order_qty:
            assert c != first.command, "the same order again is told how the first one stands"
            assert (r.ord_status, r.cum_qty, r.leaves_qty) == (first.status(), first.cum_qty, first.leaves())

    # ---- facts

    def learn(self, c, r, o: Known) -> None:
        """A report's news into the order's facts."""
        by_venue = (c.kind == C.EXECUTION_REPORT and r.order_id == self.named(c)
                    and (r.exec_type != E.ORDER_STATUS or (  # else an alarm, or what the core asks, and no answer
                        c.exec_type == E.ORDER_STATUS
                        and r.reason in (R.NONE, R.CUM_QTY_MISMATCH, R.UNEXPECTED_TRANSITION))))
        if r.report_type == MsgType.NEW_ORDER_SINGLE:
            o.awaited, o.sent = True, self.now
            if not o.cl_ord_id:
                self.claim_made(r.cl_ord_id, o)
                o.cl_ord_id = r.cl_ord_id
        elif r.report_type in REQUESTS:
            self.learn_request(c, r, o)
        elif r.report_type == M.ORDER_CANCEL_REJECT:
            if c.kind == C.CANCEL_REJECT:
                o.asked.remove(o.find_asked(None, r.cl_ord_id))
                if o.lives and r.cxl_rej_reason in (0, 1):  # too late, or no such order, and we think that it works
                    o.doubt = max(o.doubt, o.order_qty)
            else:
                self.check_refusal(c, r, o)
        elif is_execution(r):
            self.learn_execution(c, r, o, by_venue)

    def named(self, c) -> int:
        """The order_id that a command means by what it names, as all stood before it."""
        if self.meant[0] is not c:
            self.meant = c, self.ids.get(c.cl_ord_id, 0) or self.find_made(c.cl_ord_id) or c.order_id
        return self.meant[1]

    def find_made(self, number: int) -> int:
        """An id that the core made is its own for good: where a day forgot it and a bust opened its order again, it is
        known while that is open."""
        found = (o.order_id for o in self.open.values() if o.venue == EXT
                 and number in (o.cl_ord_id, o.orig_cl_ord_id, *(a.cl_ord_id for a in o.asked)))
        return next(found, 0) if number > MADE_ID_MIN else 0

    def claim(self, c, o: Known) -> None:
        if c.cl_ord_id:
            assert self.ids.setdefault(c.cl_ord_id, o.order_id) == o.order_id

    def claim_made(self, number: int, o: Known) -> None:
        """FIX wants a ClOrdID on every order and request: where nobody gave one, the core made one that is new."""
        assert number > MADE_ID_MIN, "no text's"
        assert number not in self.ids
        self.ids[number] = o.order_id

    def learn_request(self, c, r, o: Known) -> None:
        is_replace = r.report_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST
        if not is_replace and not o.cancel_asked:  # beside the last one that is UNKNOWN
            for a in [a for a in o.asked if not a.is_replace][:-1]:
                o.asked.remove(a)
        assert not o.cancel_asked or is_replace
        if r.reason or not c.cl_ord_id:
            self.claim_made(r.cl_ord_id, o)
        else:
            assert r.cl_ord_id == c.cl_ord_id
        if not r.reason:
            assert c.kind == (C.REPLACE if is_replace else C.CANCEL)
            assert not is_replace or r.order_qty == max(c.order_qty or o.order_qty, o.cum_qty)
            self.claim(c, o)
        o.was_cancel_asked = o.was_cancel_asked or not is_replace
        o.asked.append(Asked(r.cl_ord_id, is_replace, r.order_qty, self.now))
        o.asked[-1].unknown = not self.connected
        self.handed_out.append((o, o.asked[-1], r.orig_cl_ord_id))

    def check_refusal(self, c, r, o: Known) -> None:
        """A refused request changes nothing; one that makes sense is not refused."""
        fresh = not c.cl_ord_id or c.cl_ord_id not in self.ids
        if fresh:
            self.claim(c, o)
        if c.kind == C.CANCEL:
            assert not (fresh and o.lives and not o.cancel_asked), "a cancel that makes sense was refused"
        elif fresh and o.lives and all(a.is_replace for a in o.asked):
            assert r.reason not in (R.TOO_LATE_TO_CANCEL, R.ALREADY_PENDING, R.UNKNOWN_ORDER)

    def learn_execution(self, c, r, o: Known, by_venue: bool) -> None:
        kind = r.exec_type
        answers = (R.NONE, R.LATE_REPLACED, R.UNEXPECTED_TRANSITION)  # else an alarm, or the core's own
        if c.kind == C.EXECUTION_REPORT and r.order_id == self.named(c) and r.reason in answers:
            self.learn_old_news(c, kind, o)
        if by_venue and kind not in (E.REJECTED, E.PENDING_NEW) and kind not in TRADES:
            answers = kind != E.ORDER_STATUS or (c.ord_status != S.PENDING_NEW and o.ended is None)
            o.acked = o.acked or answers
            if answers:
                o.awaited = o.unknown = False
            if kind == E.ORDER_STATUS and c.ord_status in (S.NEW, S.PARTIALLY_FILLED):  # no cancel is pending there
                o.asked = [a for a in o.asked if a.is_replace or not a.unknown]
            if kind == E.ORDER_STATUS and o.doubt and c.order_qty:
                o.order_qty, o.doubt = max(c.order_qty, o.cum_qty), 0
            elif kind == E.ORDER_STATUS and (o.doubt <= o.order_qty or c.ord_status == S.FILLED):
                o.doubt = 0
        elif by_venue and kind == E.PENDING_NEW:  # heard of: its clock starts anew
            o.unknown, o.sent = False, self.now
        if kind == E.NEW:
            o.acked, o.suspended, o.done_for_day, o.stopped = True, False, False, False
        elif kind in FLAGS:
            setattr(o, FLAGS[kind], True)
            o.acked = True
        elif kind in (E.PENDING_CANCEL, E.PENDING_REPLACE):
            asked = o.find_asked(kind == E.PENDING_REPLACE, r.cl_ord_id)
            asked.pending, asked.unknown, asked.sent = True, False, self.now
        elif kind == E.REPLACED:
            self.learn_replaced(c, r, o, by_venue)
        elif kind == E.RESTATED:
            self.learn_restated(c, r, o, by_venue)
        elif kind in ENDS:
            o.ended = ENDS[kind]
            o.doubt = 0
            if r.reason == R.DAY_ENDED:
                self.renewed.discard(o.order_id)
                if o.venue == EXT and o.sent:
                    self.told_late.add(o.order_id)
            if kind == E.REJECTED and not by_venue:  # by no rule of placing: those come once it is admitted
                no_peak = r.ord_type == OrdType.TRAILING_STOP and r.reason == R.REFERENCE_PRICE_UNAVAILABLE
                o.admitted = 300 < r.reason < 500 or no_peak
                o.refused = Reason(r.reason)
            o.asked.clear()
            o.done_for_day = o.stopped = o.suspended = o.awaited = o.unknown = False
            self.rename(c, r, o)
        elif kind in TRADES:
            self.learn_trade(r, o)

    def learn_old_news(self, c, kind: ExecType, o: Known) -> None:
        """What a venue says twice or late is told as the order stands, and nothing is rolled back."""
        if c.exec_type == E.NEW:
            heard = o.acked and not (o.awaited or o.suspended or o.done_for_day or o.stopped)
            assert (kind == E.ORDER_STATUS) == heard, "a New is told once, and again where it reinstates"
        elif c.exec_type == E.REPLACED and kind == E.ORDER_STATUS:
            assert all(a.cl_ord_id != c.cl_ord_id for a in o.asked if a.is_replace), "that replace waits for its answer"
            if c.order_qty not in (0, o.order_qty):
                o.doubt = max(o.doubt, o.order_qty, c.order_qty)

    def rename(self, c, r, o: Known) -> None:
        """The order goes on under a request's id."""
        if r.cl_ord_id != o.cl_ord_id:
            assert r.orig_cl_ord_id == o.cl_ord_id
            if c.kind in (C.CANCEL, C.REPLACE):
                self.claim(c, o)
            if r.cl_ord_id not in self.ids:  # it was sent and taken back by one command
                self.claim_made(r.cl_ord_id, o)
            o.orig_cl_ord_id, o.cl_ord_id = o.cl_ord_id, r.cl_ord_id

    def learn_replaced(self, c, r, o: Known, by_venue: bool) -> None:
        if by_venue:
            own = (r.cl_ord_id,) if r.cl_ord_id != o.cl_ord_id else (0, r.cl_ord_id)
            asked = o.find_asked(True, *own)
            past = o.asked[: o.asked.index(asked) + 1]  # those before it too, answered or not; a cancel stays pending
            self.past += [(o.order_id, a.cl_ord_id) for a in past if a.is_replace and a.cl_ord_id]
            o.asked = [a for a in o.asked if a not in past or not a.is_replace]
            o.doubt = 0
            o.order_qty = max(c.order_qty or asked.order_qty, o.cum_qty)
        else:
            o.order_qty = max(c.order_qty or o.order_qty, o.cum_qty)
        self.rename(c, r, o)

    def learn_restated(self, c, r, o: Known, by_venue: bool) -> None:
        if by_venue:
            o.order_qty, o.doubt = max(c.order_qty or o.order_qty, o.cum_qty), 0
        elif r.reason not in (R.NONE, R.UNEXPECTED_TRANSITION):
            assert r.reason in SHRINKS
            assert o.cum_qty < r.order_qty < o.order_qty, "the core restates only to less, and to something"
            o.order_qty = r.order_qty
        if r.exec_restatement_reason in GOOD_AGAIN:
            o.done_for_day = False

    def learn_trade(self, r, o: Known) -> None:
        if r.exec_type == E.TRADE:
            o.cum_qty += r.last_qty
            o.cum_amount += r.last_qty * r.last_px
            o.acked, o.awaited, o.unknown = True, False, False
        else:
            o.cum_qty, o.cum_amount = self.books.traded(o.order_id), self.books.amount(o.order_id)

    # ---- every report

    def check_report(self, c, r, o: Known) -> None:
        status = o.status()
        leaves = o.leaves()
        if r.report_type == MsgType.ORDER_CANCEL_REPLACE_REQUEST and o.ended is None:  # of what is asked for
            leaves = max(0, r.order_qty - o.cum_qty)
        if r.report_type == MsgType.ORDER_STATUS_REQUEST:  # it does not say that its order has ended
            leaves = r.leaves_qty
        assert (r.ord_status, r.cum_qty, r.leaves_qty) == (status, o.cum_qty, leaves), (r, o)
        assert r.order_qty == o.order_qty or r.report_type in REQUESTS, (r, o)
        assert r.unknown == o.unknowns(), (r, o)
        assert (r.order_id, r.account, r.instrument) == (o.order_id, o.account, o.instrument)
        before = o.told if o.told is not None else S.PENDING_NEW
        if status != before and status not in TRANSITIONS[before] and is_execution(r):
            assert r.reason != R.NONE, f"{before.name} became {status.name}, and nobody was told"
            self.unexpected += 1
        o.told = status

    # ---- money is never refused

    def log_execution(self, c, r) -> None:
        o = self.orders.get(r.order_id)
        if r.venue_exec_id or r.exec_ref_id:
            self.had_order = o is not None and o.venue == EXT and bool(o.sent or (o.ended is not None and o.admitted))
        self.books.take(r)
        name = c.exec_id if r.exec_ref_id else r.venue_exec_id  # the venue's of a bust is read in the log
        self.logged.append(name)
        if name:
            trade = r.exec_ref_id or r.exec_id, r.order_id
            qty, price = (0, 0) if r.exec_type == E.TRADE_CANCEL else (r.last_qty, r.last_px)
            about = r.order_id if r.exec_type == E.TRADE else c.exec_ref_id
            where = name, *self.traded(trade[0], r)
            self.exec_ids[where] = (len(self.logged) - 1, self.day, r.exec_type, about, qty, price, trade, self.called(c))

    def foresee_money(self, c, order: Known | None) -> tuple | None:
        """What must become of a venue's trade, bust or correction: its account and reason, or the refusal."""
        if c.kind == C.TRADE_CORRECTION and c.venue == EXT:
            return self.foresee_correction(c)
        if c.kind != C.EXECUTION_REPORT or c.exec_type != E.TRADE or c.venue != EXT:
            return None
        if c.last_qty < 1:
            return ("refused", None)
        if not c.exec_id or not 1 <= c.instrument <= 2 or c.last_px < 1:
            return ("kept", None)
        known = self.exec_ids.get((c.exec_id, c.instrument, c.side == 1))
        if known is not None and self.day - known[1] <= 2:
            told = E.TRADE, c.last_qty, c.last_px
            same = (known[2], *known[4:6]) == told and (known[3] == self.named(c) or known[7] == self.called(c))
            return ("refused", R.EXECID_REPEATED) if same else ("kept", R.EXECID_REUSED)
        matches = order is not None and c.instrument == order.instrument and (c.side == 1) == order.buys
        return ("booked", order if matches else None)

    def called(self, c) -> tuple[int, int]:
        """How a trade names its order."""
        return (c.cl_ord_id, 0) if c.kind == C.EXECUTION_REPORT and c.cl_ord_id else (0, getattr(c, "order_id", 0))

    def traded(self, exec_id: int, r) -> tuple[int, bool]:
        """The instrument and side of a trade, which its first report tells."""
        if r is not None and r.exec_type == E.TRADE:
            self.sides[exec_id] = r.instrument, r.side == 1
            self.places[exec_id] = len(self.logged) - 1
        return self.sides[exec_id]

    def only(self, name: int) -> tuple | None:
        """The newest execution of an id, where only one trade that is still in the log has it."""
        first = len(self.logged) - self.books.capacity
        mine = [known for (known_name, *_), known in self.exec_ids.items() if known_name == name and known[0] >= first]
        newest = max((known[1] for known in mine), default=0)  # of older days the id was free again
        mine = [known for known in mine if newest - known[1] <= 2]
        trades = {known[6][0] for known in mine}
        return max(mine) if len(trades) == 1 and self.places[min(trades)] >= first else None

    def foresee_correction(self, c) -> tuple:
        busts = c.exec_type == E.TRADE_CANCEL
        qty, price = (0, 0) if busts else (c.last_qty, c.last_px)
        if not busts and qty < 1:
            return ("refused", None)
        named = self.only(c.exec_ref_id)
        mine = named or self.only(c.exec_id)
        known = mine and self.exec_ids.get((c.exec_id, *self.traded(mine[6][0], None)))
        if known and self.day - known[1] <= 2:
            same = known[2:6] == (c.exec_type, c.exec_ref_id, qty, price)
            gone = named is not None and named[0] < len(self.logged) - self.books.capacity  # nobody can say which it was
            return ("refused", None if gone else R.EXECID_REPEATED) if same else ("kept", R.EXECID_REUSED)
        if named is None or named[0] < len(self.logged) - self.books.capacity:
            return ("refused", R.UNKNOWN_TRADE)
        trade = self.books.trades[named[6]]
        if not trade.qty or trade.final:
            return ("refused", R.UNKNOWN_TRADE)
        return ("kept", None) if not busts and price < 1 else ("booked", None)

    def check_money(self, c, reports: list, expected: tuple) -> None:
        what, detail = expected
        booked = [r for r in reports if is_execution(r) and r.exec_type in TRADES and (r.venue_exec_id or r.exec_ref_id)]
        refused = [r for r in reports if r.report_type == M.BUSINESS_REJECT]
        if what == "kept":
            kept = [r for r in reports if r.report_type == M.UNBOOKED]
            again = [r for r in refused if r.reason in (R.EXECID_REPEATED, R.TABLE_FULL)]  # it lies there already
            assert not booked
            assert len(kept) + len(again) == 1
            assert all(detail in (None, r.reason) for r in kept)
            return
        if what == "refused":
            assert not booked
            assert len(refused) == 1
            assert detail in (None, refused[0].reason), (detail, refused[0].reason)
            return
        assert not refused, "money was refused"
        (r,) = booked
        assert r.exec_type == c.exec_type
        assert r.exec_ref_id or r.venue_exec_id == c.exec_id
        if c.exec_type != E.TRADE_CANCEL:
            assert (r.last_qty, r.last_px) == (c.last_qty, c.last_px)
        if c.exec_type == E.TRADE:
            assert r.account == (detail.account if detail is not None and self.had_order else 0)

    def check_alarm(self, c, reports: list) -> None:
        """A venue's own CumQty that is not ours is a missed fill: an alarm, and only then."""
        o = self.orders.get(self.named(c))
        alarms = [r for r in reports if is_execution(r) and r.reason == R.CUM_QTY_MISMATCH]
        # A trade that is taken is told as one: a status beside it may be what its time has made of the order.
        other = (c.ord_status,) if c.exec_type == E.ORDER_STATUS else () if c.exec_type in TRADES else (E.ORDER_STATUS,)
        kinds = (c.exec_type, *other)
        taken = o is not None and any(is_execution(r) and r.exec_type in kinds and r.order_id == o.order_id and r.account
                                      for r in reports)
        refused = any(r.report_type in (M.BUSINESS_REJECT, M.UNBOOKED) for r in reports)
        if c.cum_qty >= 0 and taken and not refused:
            assert len(alarms) == (c.cum_qty != o.cum_qty), (c, o)
        elif refused and alarms:  # whatever else was wrong with it
            assert len(alarms) == 1
            assert c.cum_qty > o.cum_qty
        else:
            assert not alarms

    # ---- after every command

    def check(self, core) -> None:
        """Every open order, every position and hold, and the counters, against the core."""
        assert len(self.open) <= WORKING_MAX
        self.lists.check(self.command, self.entered, core, self.renewed)
        held, expected = {}, {}
        for o in self.open.values():
            expected[o.order_id] = (
                o.status(),
                o.order_qty,
                o.cum_qty,
                o.leaves(),
                o.cum_amount,
                o.cl_ord_id,
                o.unknowns(),
            )
            cell = o.instrument, o.account, o.buys
            held[cell] = held.get(cell, 0) + o.held()
        found = {}
        for handle in core.open_orders(0, 0):
            row = handle.row()
            found[row.order_id] = (row.ord_status, row.order_qty, row.cum_qty, row.leaves_qty, row.cum_amount,
                                   row.cl_ord_id, row.unknown)
        assert found == expected, difference(found, expected)
        for instrument in (1, 2):
            firm = [0, 0, 0]
            for account in (0, 1, 2):
                p = self.books.chain(instrument, account).now
                works = held.get((instrument, account, True), 0), held.get((instrument, account, False), 0)
                row = core.position(instrument, account) if account else core.suspense(instrument)
                assert tuple(row) == (p.qty, p.cost, p.realised, p.fees, *works, 0), (instrument, account, row, p, works)
                firm = [firm[0] + p.qty, firm[1] + works[0], firm[2] + works[1]]
            assert tuple(core.firm_exposure(instrument)) == tuple(firm), instrument
        counts = {"open_orders": len(expected), "reports_refused": self.refused, "trades_in_suspense": self.suspense,
                  "unexpected_transitions": self.unexpected, "cl_ord_ids": len(self.ids)}
        assert counts.items() <= core.metrics().items(), (counts, core.metrics())


def difference(found: dict, expected: dict) -> str:
    lines = [f"order {key}: found {found.get(key)}, expected {expected.get(key)}"
             for key in sorted(found.keys() | expected.keys()) if found.get(key) != expected.get(key)]
    return "\n".join(lines)
