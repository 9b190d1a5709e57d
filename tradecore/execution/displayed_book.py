"""What one venue displays of one symbol: its levels, and the orders behind them as they show themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from ..vocabulary.fix import Side
from ..vocabulary.gate import Gate
from ..vocabulary.instrument import Instrument
from ..vocabulary.showing import html_table, refuse_copy
from ..vocabulary.units import check_int

SHOWN = 10  # levels of a side in a text; the rest is counted
LEVELS_MAX = 2**31 - 1
_COLUMNS = ("orders", "bid size", "bid", "ask", "ask size", "orders")


class ShownOrder(NamedTuple):
    """One order of a level, and the quantity that it shows; `order_id` 0 is what is displayed from outside."""

    order_id: int
    qty: Decimal


class BookLevel(NamedTuple):
    """A price, the quantity displayed there, and the orders that display it, the first to trade first."""

    price: Decimal
    size: Decimal
    orders: tuple[ShownOrder, ...]


class DisplayedBook:
    """A book at one moment: `bids` and `asks`, best first, and the same as an `array` of BOOK_LINE_DTYPE rows (price
    units, quantity units), one for each order. It is a copy: later changes don't show. Of an iceberg it has what that
    displays, as everybody else would see it. Immutable. Threads: any."""

    def __init__(self, symbol: str, venue: str, lines: Any, instrument: Instrument) -> None:
        self.symbol: str = symbol
        self.venue: str = venue
        self.array: Any = lines
        lines.flags.writeable = False
        self._instrument = instrument

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "keep its `array`")

    def _levels(self, side: Side) -> list[BookLevel]:
        levels: list[tuple[int, list[ShownOrder]]] = []
        quantity = self._instrument.quantity
        for _, level, price, qty, order_id in self.array[self.array["side"] == int(side)].tolist():
            if level == len(levels):
                levels.append((price, []))
            levels[level][1].append(ShownOrder(order_id, quantity(qty)))
        return [BookLevel(self._instrument.price(price), sum((order.qty for order in orders), Decimal(0)),
                          tuple(orders)) for price, orders in levels]

    @property
    def bids(self) -> list[BookLevel]:
        """What rests to buy, the highest price first."""
        return self._levels(Side.BUY)

    @property
    def asks(self) -> list[BookLevel]:
        """What rests to sell, the lowest price first."""
        return self._levels(Side.SELL)

    def _rows(self) -> tuple[list[list[str]], int]:
        """The first levels of both sides beside each other, and how many there are."""
        bids, asks = self.bids, self.asks
        rows = []
        for at in range(min(SHOWN, max(len(bids), len(asks)))):
            row = []
            for levels in (bids, asks):
                cells = ["", "", ""]
                if at < len(levels):
                    cells = [str(len(levels[at].orders)), f"{levels[at].size:f}", f"{levels[at].price:f}"]
                row += cells if levels is bids else cells[::-1]
            rows.append(row)
        return rows, max(len(bids), len(asks))

    def __repr__(self) -> str:
        rows, count = self._rows()
        table = [list(_COLUMNS), *rows]
        widths = [max(len(row[at]) for row in table) for at in range(len(_COLUMNS))]
        lines = ["  ".join(map(str.rjust, row, widths)).rstrip() for row in table]
        more = f"\n{count - len(rows)} more levels not shown" if count > len(rows) else ""
        return f"DisplayedBook: {self.symbol} at {self.venue}, {len(self.array)} orders\n" + "\n".join(lines) + more

    def _repr_html_(self) -> str:
        rows, count = self._rows()
        return html_table(f"{self.symbol} at {self.venue}", _COLUMNS, rows, count, [True] * len(_COLUMNS))


def read_book(gate: Gate, symbol: str, venue: str, levels: int | None) -> DisplayedBook:
    """A copy of a book as it is now. Raises TypeError, ValueError or UndeclaredError naming field, value and bound."""
    number, instrument = gate.names.find_instrument(symbol)
    most = 0 if levels is None else check_int(levels, "levels", 1, LEVELS_MAX)
    lines = gate.core.book_lines(number, gate.names.venues.id(venue), most)
    return DisplayedBook(instrument.symbol, str(venue), lines, instrument)
