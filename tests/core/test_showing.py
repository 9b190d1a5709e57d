"""Objects show themselves: `repr` is short, true and never raises, whatever became of the object; copies are made or refused."""

from __future__ import annotations

import copy
import enum
import inspect
import io
import pickle
import pydoc
from decimal import Decimal

import pytest

import tradecore as tc

D = Decimal


def core_with_orders(make_core):
    core = make_core(capacity=tc.Capacity(order_history=2, open_orders=16, events=1024))
    core.quote("XNAS", "AAPL", bid="189.94", bid_size=400, ask="189.96", ask_size=300)
    orders = [core.submit("AAPL", "BUY", 100, "189.96") for _ in range(3)]
    orders.append(core.submit("AAPL", "BUY", 10, "150"))
    orders.append(core.submit("AAPL", "BUY", 10, "0.001"))
    return core, orders


def runtime_things(backend):
    """Rings and pools: fresh, used, stale and closed."""
    kind = [("number", "i8"), ("price", "f8")]
    ring, closed = tc.RingBuffer(kind, 8, backend=backend), tc.RingBuffer(kind, 8, backend=backend)
    closed.close()
    pool, arena = tc.ObjectPool(kind, 8, backend=backend), tc.Arena(kind, 8)
    used, stale = pool.acquire(), pool.acquire()
    stale.release()
    arena.acquire(3)
    return {tc.RingBuffer: [ring, closed], tc.RingClaim: [ring.claim(2)], tc.RingStats: [ring.stats()], tc.Arena: [arena],
            tc.ObjectPool: [pool], tc.PooledRecord: [used, stale], tc.PoolStats: [pool.stats()]}


@pytest.fixture
def things(make_core, backend):
    """{class: instances}: fresh, used, stale and closed, of every public class that is no word or error."""
    core, orders = core_with_orders(make_core)
    fresh = make_core()
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], method="fifo", backend=backend, clock=lambda: 7)
    empty = tc.PositionKeeper([tc.Instrument("AAPL")], backend=backend)
    keeper.apply_fill("AAPL", "BUY", 3, "10.1")
    keeper.apply_fill("AAPL", "SELL", 1, 11)
    unmarked = keeper.position("AAPL")
    keeper.mark("AAPL", 12)
    keeper.open_cash("USD", 5)
    books, closed, lost = tc.DropCopy(core), tc.DropCopy(fresh), tc.DropCopy(make_core())
    closed.close()
    subscription = core.subscribe(print)
    subscription()
    sending = tc.OrderManager(instruments=[tc.Instrument("AAPL")], accounts=["A"], clock=lambda: 7, backend=backend)
    sending.new_order("AAPL", "BUY", 5, "10")
    reader = core.reports(after=0)
    reports = list(reader)
    return {
        tc.TradingCore: [core, fresh], tc.Order: orders, tc.Report: reports, tc.ReportReader: [core.reports(after=0), reader],
        tc.CheckResult: [core.check("AAPL", "BUY", 5, "189"), core.check("AAPL", "BUY", 0, "189")],
        tc.Flattening: [fresh.flatten(symbol="AAPL"), closing(make_core())],
        tc.Explanation: [core.explain(orders[2]), core.explain(orders[3])], tc.Position: [core.position("AAPL"), fresh.position("AAPL")],
        tc.ProfitAndLoss: core.pnl(), tc.PositionKeeper: [keeper, empty], tc.KeptPosition: [keeper.position("AAPL"), unmarked, empty.position("AAPL")],
        tc.CorporateActions: [keeper.corporate], tc.DropCopy: [books, closed, lost], tc.Subscription: [subscription, core.subscribe(print)],
        tc.Statement: [keeper.trades(), empty.trades(), keeper.closed_lots(), keeper.equity(), keeper.reconcile(positions=io.StringIO("symbol,qty\nX,1\n"))],
        tc.AccountPnl: keeper.pnl(), tc.BasePnl: [keeper.base_pnl("USD")], tc.BaseEquity: [keeper.base_equity("USD")], tc.Exposure: keeper.exposure(),
        tc.OpenLot: list(keeper.position("AAPL").lots), tc.Difference: list(keeper.reconcile(positions=io.StringIO("symbol,qty\nX,1\n"))),
        tc.Trade: core.positions.trades(), tc.FirmExposure: [core.positions.firm_exposure("AAPL")], tc.MarkView: [keeper.view()],
        tc.VenueScore: list(core.explain(orders[2]).venues), tc.RiskCheck: list(core.check("AAPL", "BUY", 5, "189")),
        tc.Instrument: [tc.Instrument("AAPL")], tc.Currency: [tc.Currency("USD")], tc.Capacity: [tc.Capacity()], tc.Features: [core.features],
        tc.RiskLimits: [tc.RiskLimits(max_order_qty=1, price_collar_bps=tc.OFF)], tc.SimulatedVenue: [tc.SimulatedVenue("X")],
        **runtime_things(backend), tc.Table: [core.orders.table(), fresh.orders.table(), core.positions.table()], tc.RuleLine: one_rule(fresh),
        tc.OutboundMessage: [next(iter(sending.outbound()))], tc.Unbooked: lies_unbooked(sending),
        **routing_things(core, backend), tc.ExternalVenue: [tc.ExternalVenue("X")], tc.CsvForm: list(tc.BROKER_FORMS.values()), tc.Session: [tc.load_session()],
    }


def closing(core):
    core.positions.open_position("AAPL", 5, 100)
    return core.flatten(symbol="AAPL")


def routing_things(core, backend):
    plan, book = core.execution.route("AAPL", "BUY", 5, "189"), core.execution.book("AAPL", core._gate.names.venues.names[0])
    levels = book.bids + book.asks
    return {tc.RoutePlan: [plan, core.execution.route("AAPL", "BUY", 0)], tc.VenueRoute: list(plan.venues), tc.DisplayedBook: [book],
            tc.SmartOrderRouter: [core.execution.router, tc.SmartOrderRouter(backend=backend)], tc.BookLevel: levels,
            tc.PriceLimits: [core.execution.price_limits("AAPL")], tc.RiskEngine: [core.risk, tc.RiskEngine(backend=backend)],
            tc.VenueState: [core.execution.router.health("XNAS")], tc.VenueStatistics: [core.execution.router.statistics("XNAS")], tc.ShownOrder: [order for level in levels for order in level.orders]}


def one_rule(core):
    core.risk.add_rule("small", "order.qty < 1000", who="desk", why="a test")
    return core.risk.rules()


def lies_unbooked(core):
    """What can't be booked whole, with many words and with few."""
    core.on_execution_report("TRADE", cl_ord_id="x" * 64, exec_id="e" * 64, symbol="G" * 60, last_qty="1e-9", last_px="1", text="w" * 300)
    core.on_execution_report("TRADE", last_qty=1)
    return core.unbooked()


ELSEWHERE = {"OrderManager", "ShadowCore", "ShadowCost", "ShadowDifference", "CashDiscrepancy", "Discrepancy", "ExecutionFacts", "CorrectionFacts", "RejectFacts", "OrderTerms", "AskedOrder"}


def test_every_public_class_is_looked_at(things):
    """Those elsewhere are types of keywords, plain tuples, what a callable is given, or cores like the one that is looked at."""
    classes = {name for name in tc.__all__ if inspect.isclass(getattr(tc, name))}
    words = {name for name in classes if issubclass(getattr(tc, name), (enum.Enum, BaseException))}
    assert classes - words - {cls.__name__ for cls in things if cls} == ELSEWHERE
    assert all(its for its in things.values())


def test_a_repr_is_short_true_and_never_raises(things):
    for cls, its in things.items():
        for thing in its if cls else ():
            text = repr(thing)
            assert " at 0x" not in text, cls
            assert cls.__name__.removeprefix("Kept").split(".")[-1] in text or "<" in text, text
            assert len(text) < (4_000 if cls in (tc.MarkView, tc.Session) else 1_600), (cls, len(text))
            if hasattr(thing, "_repr_html_"):
                html = thing._repr_html_()
                assert html.startswith("<table>"), cls
                assert html.endswith("</table>"), cls


def test_what_is_told_is_true(things):
    core, fresh = things[tc.TradingCore]
    assert repr(fresh).startswith(f"<TradingCore {fresh.backend}: 1 instruments, 2 venues, 1 accounts, ")
    assert f"{core.metrics()['open_orders']} open_orders" in repr(core)
    held, unmarked, flat = map(repr, things[tc.KeptPosition])
    assert held == "<Position symbol AAPL account main qty 2 avg_px 10.10 realized_pnl 0.90 unrealized_pnl 3.80 fees 0.00>"
    assert "unrealized_pnl unknown (no mark)" in unmarked
    assert "qty 0 avg_px 0.00 " in flat
    assert "1 instruments, 1 accounts, 2 entries, 1 open lots" in repr(things[tc.PositionKeeper][0])
    stale = things[tc.Order][0]
    with pytest.raises(tc.StaleOrderError):
        _ = stale.row
    assert repr(stale) == "<Order 1, no longer held>"
    assert "no longer true" in repr(things[tc.DropCopy][1])
    assert "passes" in repr(things[tc.CheckResult][0])
    assert "refused" in repr(things[tc.CheckResult][1])
    assert "XNAS" in repr(things[tc.Explanation][0])
    assert "MAX_ORDER_QTY" in things[tc.CheckResult][0]._repr_html_()
    escaped = tc.Statement("<b>", [("a<b", "text")], [("<script>",)])._repr_html_()
    assert "<script>" not in escaped
    assert "&lt;script&gt;" in escaped


def test_a_copy_is_equal_or_refused_with_what_to_do_instead(things):
    refused = set()
    for cls, its in things.items():
        for thing in its if cls else ():
            try:
                again = pickle.loads(pickle.dumps(thing))
            except TypeError as error:
                refused.add(cls)
                said = str(error)
                for make in (copy.copy, copy.deepcopy):
                    with pytest.raises(TypeError, match="can't be copied or pickled: "):
                        make(thing)
                assert said.startswith(f"{type(thing).__name__} can't be copied or pickled: "), said  # of any kind
                continue
            assert repr(again) == repr(thing), cls
    assert refused == {tc.TradingCore, tc.Order, tc.Report, tc.ReportReader, tc.PositionKeeper, tc.CorporateActions, tc.DropCopy, tc.Subscription, tc.Unbooked, tc.DisplayedBook, tc.SmartOrderRouter, tc.RiskEngine,
                       tc.OutboundMessage, tc.RingBuffer, tc.RingClaim, tc.Arena, tc.ObjectPool, tc.PooledRecord, tc.Flattening}


def test_help_of_submit_tells_the_terms(make_core):
    text = pydoc.render_doc(make_core().submit, renderer=pydoc.plaintext)
    for term in ("peg_offset", "trigger_price_type", "display_qty", "expire_time", "cash_order_qty", "time_in_force"):
        assert term in text, term
