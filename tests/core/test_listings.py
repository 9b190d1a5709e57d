"""Tables of positions, P&L and open orders: every cell is what the core says one by one, from one copy of one moment."""

import csv
import io
import pickle
import random
from decimal import Decimal

import numpy as np
import pytest
from conftest import BACKENDS, build_core, limits, seeds

import tradecore as tc

INSTRUMENTS = [
    tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("7203", currency="JPY", tick_size="1"),
    tc.Instrument("ES", tick_size="0.25", multiplier=50), tc.Instrument("BTC-USD", tick_size="0.01", lot_size="0.00000001"),
    tc.Instrument("COIN", tick_size="0.00000001", lot_size="0.00000001"),
]
ACCOUNTS = ["alpha", "beta", "gamma"]


def desk(backend, seed, count=120):
    """Positions, fees and open orders of some accounts; not all marked."""
    rng = random.Random(seed)
    core = build_core(backend, instruments=INSTRUMENTS, accounts=ACCOUNTS, limits=limits(),
                      venues=[tc.SimulatedVenue("XNAS", taker_fee_per_share="0.003", maker_fee_per_share="-0.001"), tc.ExternalVenue("EXT")])
    core.positions.open_position("COIN", "900000", "0.12345678", account="beta")
    core.positions.open_position("BTC-USD", "-123456.12345678", "99999999.99", account="gamma")  # beyond 64 bits
    for n in range(count):
        symbol, side = rng.choice([i.symbol for i in INSTRUMENTS[:3]]), rng.choice(["BUY", "SELL"])
        terms = {"account": rng.choice(ACCOUNTS), "strategy": n % 3, "venue": rng.choice(["XNAS", "XNAS", "EXT"])}
        if n % 9 == 0:
            terms |= {"peg_offset": 5, "peg_offset_type": "PRICE"} if core.positions.position(symbol, "alpha").mark else {}
        price = {} if "peg_offset" in terms else {"price": rng.randrange(95, 106)}
        core.submit(symbol, side, rng.randrange(1, 40), cl_ord_id=f"o-{n}" if n % 2 else n + 1, **price, **terms)
    return core


@pytest.mark.parametrize("seed", seeds(range(3)), indirect=True)
def test_each_row_of_positions_is_the_position(backend, seed):
    core = desk(backend, seed)
    core.mark("COIN", "0.5")
    table = core.positions.table()
    assert len(table) > 8
    for row in table:
        position = core.position(row.symbol, row.account)
        told = {name: getattr(position, name) for name in ("qty", "avg_px", "cost", "mark", "realized_pnl", "fees",
                                                           "working_buy_qty", "working_sell_qty")}
        assert {name: getattr(row, name) for name in told} == told
        assert (row.currency, row.unrealized_pnl) == (position.instrument.currency, None if position.qty and position.mark is None else position.unrealized_pnl)
    listed = {(row.symbol, row.account) for row in table}
    for symbol in (i.symbol for i in INSTRUMENTS):
        for account in ACCOUNTS:
            p = core.position(symbol, account)
            assert ((symbol, account) in listed) == any((p.qty, p.cost, p.realized_pnl, p.fees, p.working_buy_qty, p.working_sell_qty))


@pytest.mark.parametrize("seed", seeds(range(3)), indirect=True)
def test_each_row_of_orders_is_the_order(backend, seed):
    core = desk(backend, seed)
    table, orders = core.orders.table(), core.orders.open_orders()
    assert len(table) == len(orders) > 20
    for row, order in zip(table, orders, strict=True):
        for name in ("order_id", "symbol", "account", "order_qty", "price", "stop_px", "cum_qty", "leaves_qty", "avg_px", "strategy",
                     "transact_time", "venue"):
            assert getattr(row, name) == getattr(order, name), name
        assert row.cl_ord_id == (order.cl_ord_id or None)
        for name in ("side", "ord_type", "time_in_force", "ord_status", "place"):
            assert getattr(row, name) == getattr(order, name).name
    for account, symbol in (("alpha", None), (None, "AAPL"), ("beta", "ES")):
        ids = [order.order_id for order in core.orders.open_orders(account, symbol)]
        assert core.orders.table(account, symbol).column("order_id") == ids


@pytest.mark.parametrize("seed", seeds(range(3)), indirect=True)
def test_pnl_by_account_and_currency_is_the_sum_of_positions(backend, seed):
    core = desk(backend, seed)
    table = core.positions.pnl_table()
    by = {(row.account, row.currency): row for row in table}
    assert by["beta", "USD"].unmarked == 1  # COIN has no mark: its P&L is not zero, it is unknown
    assert (by["beta", "USD"].unrealized_pnl, by["beta", "USD"].net) == (None, None)
    for symbol in ("COIN", "BTC-USD"):
        core.mark(symbol, "1.25")
    for account in ACCOUNTS:
        rows = {row.currency: row for row in core.positions.pnl_table(account)}
        for said in core.pnl(account):
            row = rows.get(said.currency)
            if row is None:
                assert (said.realized_pnl, said.fees, said.net) == (0, 0, 0)
            else:
                assert (row.realized_pnl, row.unrealized_pnl, row.fees, row.net, row.unmarked) == (
                    said.realized_pnl, said.unrealized_pnl, said.fees, said.net, 0)


def test_both_backends_copy_the_same_bytes():
    native, python = (desk(backend, 7) for backend in BACKENDS)
    for lines in ("position_lines", "order_lines"):
        for instrument, account in ((0, -1 if lines == "position_lines" else 0), (1, 1), (0, 2), (3, 0), (99, 1), (1, 99)):
            ours, its = (getattr(core._gate.core, lines)(instrument, account) for core in (native, python))
            assert ours.dtype == its.dtype == (tc.POSITION_LINE_DTYPE if lines == "position_lines" else tc.ORDER_LINE_DTYPE)
            assert ours.tobytes() == its.tobytes()
    assert native.positions.table() == python.positions.table()


def test_an_array_has_small_ids_and_names_say_what_they_stand_for(backend):
    core = desk(backend, 1)
    table = core.positions.table()
    assert isinstance(table.array, np.ndarray)
    symbols = [table.names["instrument"][i] for i in table.array["instrument"]]
    assert symbols == table.column("symbol")
    assert table.array["qty"][0] == core.position(symbols[0], table.names["account"][table.array["account"][0]]).row.qty
    table.array["qty"] = 0  # the reader's own
    assert core.positions.table().array["qty"].any()
    orders = core.orders.table()
    assert [orders.names["side"][code] for code in orders.array["side"]] == orders.column("side")


def test_suspense_is_in_the_table_of_all_and_in_none_of_an_account(backend):
    core = build_core(backend, venues=[tc.ExternalVenue("EXT")])
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="never", exec_id="t-1", last_qty=7, last_px=100, symbol="AAPL", side="BUY")
    (row,) = core.positions.table()
    assert (row.account, row.qty, row.qty) == ("(suspense)", core.positions.suspense("AAPL").qty, 7)
    assert len(core.positions.table("alpha")) == 0
    assert [r.account for r in core.positions.pnl_table()] == ["(suspense)"]


def test_a_table_is_read_by_row_as_csv_and_html_pickled_and_as_arrow(backend):
    core = desk(backend, 3)
    for table in (core.positions.table(), core.orders.table(), core.positions.pnl_table()):
        file = io.StringIO()
        table.to_csv(file)
        header, *lines = csv.reader(io.StringIO(file.getvalue()))
        assert header == [name for name, _ in table.columns]
        assert len(lines) == len(table) > 0
        assert table[0] == table.rows[0]
        assert "<table" in table._repr_html_()
        assert pickle.loads(pickle.dumps(table)) == table  # our own
        assert table.__arrow_c_stream__() is not None


def test_an_empty_core_has_empty_tables(core):
    for table in (core.positions.table(), core.orders.table(), core.positions.pnl_table()):
        assert (len(table), list(table)) == (0, [])
        assert table.__arrow_c_stream__() is not None
    with pytest.raises(tc.UndeclaredError):
        core.positions.table("nobody")
    with pytest.raises(tc.UndeclaredError):
        core.orders.table(symbol="nothing")


def test_frames_in_one_call(backend):
    pyarrow = pytest.importorskip("pyarrow")
    core = desk(backend, 2)
    for table in (core.orders.table(), core.positions.table()):
        frame = pyarrow.table(table)
        assert frame.num_rows == len(table)
        assert frame.column_names == [name for name, _ in table.columns]
        assert frame.column("symbol").to_pylist() == table.column("symbol")
        quantities = frame.column("order_qty" if "order_qty" in frame.column_names else "qty").to_pylist()
        assert all(isinstance(qty, Decimal) for qty in quantities)
