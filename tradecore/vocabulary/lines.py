"""The rows of tables: what a core copies of each position and each open order, in one moment. Prices are price units,
quantities quantity units, ids small ids from 1; a number of 128 bits is its low word, and its high word under `_high`:
where it fits 64 bits, the low word is it.
"""

from __future__ import annotations

from .layouts import Codec, Layout, make_dtype

# Amounts in price unit x quantity unit, fees in money units. Account 0 is suspense. `mark` is what it is valued at,
# NO_PRICE where there is nothing; then `unrealised` is 0.
_POSITION: Layout = [
    ("instrument", "i4"), ("account", "i4"), ("qty", "i8"), ("cost", "i8"), ("cost_high", "i8"), ("realised", "i8"),
    ("realised_high", "i8"), ("unrealised", "i8"), ("unrealised_high", "i8"), ("fees", "i8"), ("fees_high", "i8"),
    ("mark", "i8"), ("working_buy", "i8"), ("working_sell", "i8"),
]
_ORDER: Layout = [
    ("order_id", "i8"), ("cl_ord_id", "i8"), ("instrument", "i4"), ("account", "i4"), ("venue", "i4"),
    ("strategy", "i4"), ("side", "u1"), ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u1"),
    ("ord_status", "u1"), ("place", "u1"), ("route", "u1"), ("unknown", "u1"), ("order_qty", "i8"), ("price", "i8"),
    ("stop_px", "i8"), ("cum_qty", "i8"), ("leaves_qty", "i8"), ("cum_amount", "i8"), ("cum_amount_high", "i8"),
    ("transact_time", "i8"), ("expire_time", "i8"), ("list_id", "i8"),
]
# One order of a venue's book, and what it shows; level 0 is the best price. order_id 0: displayed from outside.
_BOOK: Layout = [
    ("side", "u1"), ("", "x3"), ("level", "i4"), ("price", "i8"), ("qty", "i8"), ("order_id", "i8"),
]
POSITION_LINE_SIZE, ORDER_LINE_SIZE, BOOK_LINE_SIZE = 104, 120, 32
POSITION_LINE_CODEC = Codec("PositionLine", _POSITION, POSITION_LINE_SIZE)
ORDER_LINE_CODEC = Codec("OrderLine", _ORDER, ORDER_LINE_SIZE)
BOOK_LINE_CODEC = Codec("BookLine", _BOOK, BOOK_LINE_SIZE)
POSITION_LINE_DTYPE = make_dtype(_POSITION, POSITION_LINE_SIZE)
ORDER_LINE_DTYPE = make_dtype(_ORDER, ORDER_LINE_SIZE)
BOOK_LINE_DTYPE = make_dtype(_BOOK, BOOK_LINE_SIZE)
