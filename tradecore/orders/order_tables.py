"""The table of a core's open orders, from one copy of all."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from ..positions.report_columns import Array, Column, Decimals, Numbers, Values
from ..positions.tables import Table, averages, names_of, of_instruments, prices, wide_rows_of, words
from ..vocabulary.codes import Place
from ..vocabulary.fix import OrdStatus, OrdType, Side, TimeInForce
from ..vocabulary.names import Directory

ENUMS: dict[str, type[IntEnum]] = {
    "side": Side, "ord_type": OrdType, "time_in_force": TimeInForce, "ord_status": OrdStatus, "place": Place}


def order_table(lines: Array, directory: Directory) -> Table:
    """A row for each open order, oldest first."""
    instruments, names = directory.instruments, names_of(directory)
    of = lines["instrument"]
    for name, enum in ENUMS.items():
        known = {int(word): word.name for word in enum}
        names[name] = [known.get(code) for code in range(max(known) + 1)]

    def by_instrument(value: Callable[[Any], int]) -> Array:
        found: Array = of_instruments(instruments, value)[of]
        return found

    def word(name: str, of_name: str = "") -> tuple[str, Callable[[], Column]]:
        return "text", lambda: words(lines[name], names[of_name or name])

    def price(name: str) -> tuple[str, Callable[[], Column]]:
        return "decimal", lambda: prices(lines[name], by_instrument(lambda i: i.price_precision),
                                         by_instrument(lambda i: i.tick_decimals))

    def quantity(name: str) -> tuple[str, Callable[[], Column]]:
        return "decimal", lambda: Decimals(lines[name], by_instrument(lambda i: i.qty_precision), 0)

    def average() -> Column:
        return averages(instruments, of, wide_rows_of(lines, "cum_amount"), lines["cum_qty"])

    return Table.over("orders", lines, names, {
        "order_id": ("int64", lambda: Numbers("int64", lines["order_id"])),
        "cl_ord_id": ("text", lambda: Values("text", [directory.text_of(n) or None
                                                      for n in lines["cl_ord_id"].tolist()])),
        "symbol": word("instrument"), "account": word("account"), "venue": word("venue"), "side": word("side"),
        "ord_type": word("ord_type"), "time_in_force": word("time_in_force"), "ord_status": word("ord_status"),
        "place": word("place"), "order_qty": quantity("order_qty"), "price": price("price"),
        "stop_px": price("stop_px"), "cum_qty": quantity("cum_qty"), "leaves_qty": quantity("leaves_qty"),
        "avg_px": ("decimal", average), "strategy": ("int64", lambda: Numbers("int64", lines["strategy"])),
        "transact_time": ("time", lambda: Numbers("time", lines["transact_time"])),
        "expire_time": ("time", lambda: Numbers("time", lines["expire_time"])),
    })
