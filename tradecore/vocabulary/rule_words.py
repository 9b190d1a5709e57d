"""What a user's rule is made of: the quantities that it may name, and the steps that its program takes.

A program is a table of fixed-size steps without jumps; a step's operand is a whole number times a cell. A cell is an
int64 that the core fills before a rule is asked; cell 0 is always 1, so that a constant is an operand too. Numbers are
128 bits; one that leaves them can't be told, and the rule then refuses.
"""

from __future__ import annotations

from dataclasses import dataclass

from .fix import FixEnum
from .layouts import Codec, Layout
from .records import AMOUNT_MAX, MILLION, POSITION_MAX, PRICE_MAX, QTY_MAX, TIME_MAX

USER_RULES_MAX = 32  # of one core
STEPS_MAX = 64  # of one program
STEPS_PER_RECORD = 4
STACK_MAX = 16  # numbers that it holds at once
LETTERS_MAX = 500  # of an expression
NESTING_MAX = 24  # of its parentheses, signs and choices
WIDE = 2**127  # numbers are below it, by magnitude
DAY = 86_400_000_000_000  # ns


class Step(FixEnum):
    """What one step does: X is the top of the stack, Y the one below it, V the operand `factor` x `cells[b]`."""

    DONE = 0  # it holds
    CHECK_LE = 1  # refuses unless cells[a] <= V
    CHECK_GE = 2
    CHECK_LT = 3
    CHECK_GT = 4
    CHECK_EQ = 5
    CHECK_NE = 6
    PUSH = 7  # V
    LE_VALUE = 8  # X <= V in the place of X
    GE_VALUE = 9
    LT_VALUE = 10
    GT_VALUE = 11
    EQ_VALUE = 12
    NE_VALUE = 13
    ADD_VALUE = 14
    MULTIPLY_VALUE = 15
    REQUIRE = 16  # refuses unless X, and takes it
    PUSH_WIDE = 17  # cells[b] and its neighbour: 128 bits
    SHIFT_IN = 18  # X * 2**62 + V
    ADD = 19  # Y + X in the place of both
    SUBTRACT = 20
    MULTIPLY = 21
    LEAST = 22
    MOST = 23
    LE = 24
    LT = 25
    EQ = 26
    NE = 27
    AND = 28
    OR = 29
    CHOOSE = 30  # Y where the one below it is true, else X, in the place of the three
    NOT = 31
    NEGATE = 32
    MAGNITUDE = 33
    KNOWN = 34  # pushes whether the quantity whose bit is `a` is known


# How many numbers a step takes from the stack, and how many it puts there.
TAKES_AND_PUTS: dict[int, tuple[int, int]] = {
    **dict.fromkeys(Step, (2, 1)), **dict.fromkeys(range(Step.LE_VALUE, Step.REQUIRE), (1, 1)),
    **dict.fromkeys(range(Step.DONE, Step.PUSH), (0, 0)), Step.PUSH: (0, 1), Step.REQUIRE: (1, 0),
    Step.PUSH_WIDE: (0, 1), Step.SHIFT_IN: (1, 1), Step.CHOOSE: (3, 1), Step.NOT: (1, 1), Step.NEGATE: (1, 1),
    Step.MAGNITUDE: (1, 1), Step.KNOWN: (0, 1),
}
_STEP: Layout = [("op", "u1"), ("", "x1"), ("a", "u2"), ("b", "u2"), ("column", "u2"), ("factor", "i8")]
STEP_CODEC = Codec("StepRow", _STEP, 16)

# Why a rule refuses an order: it does not hold, what it needs is not known, or a number left 128 bits.
HOLDS, FAILS, UNKNOWN_QUANTITY, TOO_LARGE = 0, 1, 2, 3

CELLS = (
    "one",
    "price_scale", "qty_scale", "amount_scale", "money_scale", "multiplier", "multiplier_scale", "tick", "lot",
    "order_qty", "leaves_qty", "price", "buys", "is_market", "reduce_only", "instrument", "account", "venue",
    "strategy",
    "notional2", "notional2_high",
    "position_qty", "working_buy", "working_sell",
    "firm_qty", "firm_buy", "firm_sell", "open_orders",
    "realised", "realised_high", "unrealised", "unrealised_high", "fees", "fees_high",
    "bid_px", "ask_px", "last_px", "mark_px", "reference2",
    "time", "second_of_day", "weekday",
)
# Behind them what only one's own scorer of venues reads, which reads of the others the scales, and the order's quantity
# and side; `venue` is to it the one that is scored.
SCORE_CELLS = (
    *CELLS,
    "unit_px", "unit_size", "unit_fee", "unit_fee_high", "unit_cost", "unit_cost_high", "round_trip", "fill_rate",
    "reject_rate", "quote_age", "is_degraded",
)
CELL = {name: at for at, name in enumerate(SCORE_CELLS)}
# Cells are filled by groups, a group only where a rule reads one of it: where each begins; `one` is in none.
GROUPS = tuple(CELL[name] for name in ("price_scale", "order_qty", "notional2", "position_qty", "firm_qty", "realised",
                                       "bid_px", "time"))
SCALES, ORDER, NOTIONAL, POSITION, FIRM, MONEY, MARKET, CLOCK = (1 << at for at in range(len(GROUPS)))


def group_of_cell(cell: int) -> int:
    """The bit of the group that a cell is filled with."""
    return 1 << sum(cell >= first for first in GROUPS) >> 1 if cell else 0


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, a truth or a name that a rule may name: cells[cell] / (divisor x cells[...] of `over`)."""

    name: str
    meaning: str
    cell: str
    least: int = 0  # of the cell
    most: int = 1
    over: tuple[str, ...] = ()
    divisor: int = 1
    times: str = "one"
    kind: str = "number"  # or truth, symbol, account, venue
    bit: int = -1  # of what may be unknown

    @property
    def is_wide(self) -> bool:
        return f"{self.cell}_high" in CELL


def _number(name: str, meaning: str, cell: str, most: int, over: str = "", bit: int = -1,
            least: int | None = None) -> Quantity:
    return Quantity(name, meaning, cell, -most if least is None else least, most, (over,) if over else (), bit=bit)


def _amount(name: str, meaning: str, cell: str, bit: int, least: int = -AMOUNT_MAX, divisor: int = 1) -> Quantity:
    return Quantity(name, meaning, cell, least, AMOUNT_MAX, ("amount_scale",), divisor, "multiplier", bit=bit)


QUANTITIES = {q.name: q for q in (
    _number("order.qty", "OrderQty, in whole units", "order_qty", QTY_MAX, "qty_scale", least=1),
    _number("order.leaves_qty", "of it, what is not traded yet", "leaves_qty", QTY_MAX, "qty_scale", least=0),
    _number("order.price", "its limit; unknown of a MARKET order", "price", PRICE_MAX, "price_scale", bit=0),
    _amount("order.notional", "in the instrument's currency, as max_order_notional counts it: a sell at the highest of "
            "its limit, the reference and the best bid, a MARKET order at its protection price; unknown where there is "
            "no reference for one", "notional2", 1, 0, 2),
    Quantity("order.is_buy", "whether it buys", "buys", kind="truth"),
    Quantity("order.is_market", "whether it trades at the market's price", "is_market", kind="truth"),
    Quantity("order.reduce_only", "whether it may only reduce", "reduce_only", kind="truth"),
    Quantity("order.symbol", "its instrument's symbol", "instrument", kind="symbol"),
    Quantity("order.account", "its account", "account", kind="account"),
    Quantity("order.venue", "the venue that it names", "venue", kind="venue"),
    _number("order.strategy", "its strategy's number, 0 where it has none", "strategy", 2**31, least=0),
    _number("instrument.tick", "the finest tick", "tick", PRICE_MAX, "price_scale", least=1),
    _number("instrument.lot", "the lot, in whole units", "lot", QTY_MAX, "qty_scale", least=1),
    _number("instrument.multiplier", "the contract's multiplier", "multiplier", 10**9, "multiplier_scale", least=1),
    _number("position.qty", "of the account in the instrument; short is negative", "position_qty", POSITION_MAX,
            "qty_scale"),
    _number("position.working_buy", "what its open buys hold", "working_buy", POSITION_MAX, "qty_scale", least=0),
    _number("position.working_sell", "what its open sells hold", "working_sell", POSITION_MAX, "qty_scale", least=0),
    _number("exposure.qty", "position of the whole firm in the instrument", "firm_qty", POSITION_MAX, "qty_scale"),
    _number("exposure.working_buy", "what the firm's open buys hold", "firm_buy", POSITION_MAX, "qty_scale", least=0),
    _number("exposure.working_sell", "what its open sells hold", "firm_sell", POSITION_MAX, "qty_scale", least=0),
    _number("exposure.open_orders", "the core's open orders, without this one", "open_orders", 2**32, least=0),
    _amount("pnl.realised", "of the position, in the instrument's currency", "realised", 2),
    _amount("pnl.unrealised", "of the position at its mark; unknown without one", "unrealised", 3),
    Quantity("pnl.fees", "of the position", "fees", -AMOUNT_MAX, AMOUNT_MAX, ("money_scale",), bit=4),
    _number("market.bid", "the best bid", "bid_px", PRICE_MAX, "price_scale", 5),
    _number("market.ask", "the best offer", "ask_px", PRICE_MAX, "price_scale", 6),
    _number("market.last", "the last trade", "last_px", PRICE_MAX, "price_scale", 7),
    _number("market.mark", "the mark", "mark_px", PRICE_MAX, "price_scale", 8),
    Quantity("market.reference", "the mid, else the last trade, else the mark", "reference2", -2 * PRICE_MAX,
             2 * PRICE_MAX, ("price_scale",), 2, bit=9),
    _number("clock.time", "nanoseconds since 1970, UTC", "time", TIME_MAX, least=0),
    _number("clock.second_of_day", "0 to 86399, UTC", "second_of_day", 86_399, least=0),
    _number("clock.weekday", "0 is Monday, UTC", "weekday", 6, least=0),
)}


def _part(name: str, meaning: str, cell: str) -> Quantity:
    return Quantity(name, meaning, cell, 0, MILLION, divisor=MILLION)


def _charge(name: str, meaning: str, cell: str) -> Quantity:
    return Quantity(name, meaning, cell, -AMOUNT_MAX, AMOUNT_MAX, ("price_scale",), MILLION)


# What one's own scorer may name, of each venue in turn.
SCORE_QUANTITIES = {q.name: q for q in (
    _number("venue.price", "what a unit costs there, as displayed, or where it rests its limit; of a sell negated",
            "unit_px", PRICE_MAX, "price_scale"),
    _number("venue.size", "displayed at its best price, in whole units; 0 where an order rests", "unit_size", QTY_MAX,
            "qty_scale", least=0),
    _charge("venue.fee", "the taker's fee of a unit, or the maker's where it rests; a rebate is negative", "unit_fee"),
    _charge("venue.cost", "price, fee and charges of a unit: what ALL_IN_COST goes by", "unit_cost"),
    _number("venue.latency", "its round trip, in nanoseconds", "round_trip", DAY, least=0),
    _part("venue.fill_rate", "of what took there, or rested where it rests, the part that was filled, 0 to 1",
          "fill_rate"),
    _part("venue.reject_rate", "of new orders, 0 to 1", "reject_rate"),
    _number("venue.quote_age", "how old its quotes are when an order is sent there, in nanoseconds", "quote_age", DAY,
            least=0),
    Quantity("venue.is_degraded", "whether it is degraded", "is_degraded", kind="truth"),
    Quantity("venue.name", "the venue", "venue", kind="venue"),
    QUANTITIES["order.qty"], QUANTITIES["order.is_buy"],
)}
# The most that a scale's cell can be.
SCALE_MOST = {"price_scale": 10**12, "qty_scale": 10**12, "amount_scale": 10**18, "money_scale": 10**12,
              "multiplier_scale": 10**18, "multiplier": 10**9}
