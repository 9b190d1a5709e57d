"""What a core says of its own tables: in use, size, the most at once, and who found no room."""

from conftest import small_capacity


def test_a_table_that_is_full_is_counted_and_what_found_room_is_not(make_core):
    core = make_core(capacity=small_capacity(open_orders=4, cl_ord_ids=8))
    before = core.metrics()
    assert (before["open_orders"], before["open_orders_size"], before["open_orders_high_water"]) == (0, 4, 0)
    orders = [core.submit("AAPL", "BUY", 1, "10.00") for _ in range(6)]
    assert [order.reason.name for order in orders[4:]] == ["MAX_OPEN_ORDERS"] * 2
    for order in orders[:3]:
        core.cancel(order)
    after = core.metrics()
    assert (after["open_orders"], after["open_orders_high_water"]) == (1, 5)  # one that is refused is there until it is told
    assert after["commands"] - before["commands"] == 9
    assert after["tables_full"] == 2
    for number in range(1, 11):
        last = core.submit("AAPL", "SELL", 1, "90.00", cl_ord_id=number, time_in_force="IMMEDIATE_OR_CANCEL")
    assert last.reason.name == "TABLE_FULL"
    assert core.metrics()["tables_full"] == 4
    assert core.metrics()["cl_ord_ids"] == core.metrics()["cl_ord_ids_size"] == 8
