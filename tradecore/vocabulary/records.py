"""Fixed-size records: what enters the core (commands), what leaves it (reports, and messages for external venues), and
a batch's answers (acks).

The layouts are written once, here; NumPy dtypes, the twin's codecs and the test that checks the C structs
(ext/include/tradecore/records.h) all come from them. Little-endian, no pointers, no padding; a text is a number: a
client's own integer from 1 to OWN_ID_MAX is its own, any other text is interned first (INTERN), in the core's table.

Units: prices are int64 price units (10**-price_precision), quantities int64 quantity units (10**-qty_precision),
a fee int64 and cash 128 bits of the currency's money unit (10**-decimals), limits 128 bits of 10**-LIMIT_PRECISION,
times int64 nanoseconds UTC. 128 bits are two words: the low one unsigned, and the high one signed, in the field whose
name ends in `_high`. Ids are small integers from 1; 0 means none. A record of any kind may stand in one batch: view the
array with the dtype of its kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .codes import CommandType
from .layouts import Codec, Layout, make_dtype
from .report_codec import ReportCodec

MILLION = 1_000_000  # of it: rates, weights, shares
LATENCY_WEIGHT_MAX = 1_000 * MILLION
UNTELLABLE = 2**63 - 1  # in a venue's report: a number that no record holds exactly; beyond every bound
NO_PRICE = -(2**63)  # "no price": a MARKET order's, a missing mark's; 0 is a price where the instrument allows it
LIMIT_OFF = -1
RATE_PRECISION = 12  # decimals of a currency's rate
RATE_MAX = 10**18  # a currency's rate: a million
# Why nothing leaves its integers: see ext/positions/costs.pxd, which sums it up.
PRICE_MAX = 10**16  # |price| in price units
BOOK_TICKS_MAX = 10**14  # |price| of an order or a quote in ticks: the books count in them
QTY_MAX = 10**14  # quantity units in one order, quote, trade or opening position
POSITION_MAX = 10**16  # |position + working orders| in quantity units; beyond it ARITHMETIC_OVERFLOW
MULTIPLIER_MAX = 10**9
AMOUNT_MAX = 10**37  # |price x quantity x multiplier| of one order, quote or trade; beyond it ARITHMETIC_OVERFLOW
LIMIT_PRECISION = 9  # decimals of a limit, of a currency's amount or a quantity
LIMIT_MAX = 10**25  # 10**16 whole units: a limit, a least or largest notional
FEE_MAX = 2**62  # money units: one fee
CASH_MAX = 10**28  # money units: opening cash; 10**16 of a currency with 12 decimals
CASH_ORDER_MAX = 2**62  # micros: a cash_order_qty
PRINT_MAX_AGE = 60_000_000_000  # ns: how long a trade print is fresh where an instrument does not say
BANDS_MAX = 16  # of one instrument's tick table
TIME_MAX = 2**62  # ns UTC
COMMAND_SIZE, REPORT_SIZE, ACK_SIZE, OUTBOUND_SIZE = 128, 128, 32, 192
VERSION = 1  # of all records; a command that says 0 means it too
OWN_ID_MAX = 2**62  # a client's own integer is its own number; texts are numbered from here on, the first one + 1
TEXT_SIZE = 64
REQUEST_PREFIX = "TC-"  # of ClOrdIDs that the core makes, where nobody says another
PREFIX_SIZE = 32  # the most of it: a date, a dash and a number follow
OVERRIDES_MAX = 64  # overrides that stand, or were used and have not expired
OVERRIDE_TIME_MAX = 86_400_000_000_000  # ns that one may stand: a day
NOTE_SIZE = 512  # bytes of a note, UTF-8: of its text half of them at most
# Bits of `told` in what a venue says: what it gave, and what of it no record holds as it was said.
TOLD_COMMISSION, TOLD_ROUNDED, TOLD_FINER, TOLD_STATUS = 1, 2, 4, 8
NAMELESS = -1  # in a command: an id that no table can hold, which its gate has said for a text that is none
NO_ROOM = -2  # an id that could not be interned: the table of ids is full
NEW_ID = -3  # in a question (`check`): a text that is not interned yet


# A field is (name, kind); ("", "x8") leaves 8 bytes free, so that a name has one offset in all layouts.
_ROUTING: Layout = [
    ("instrument", "i4"), ("account", "i4"), ("venue", "i4"), ("currency", "i4"), ("transact_time", "i8"),
]
_HEADER: Layout = [
    ("kind", "u1"), ("side", "u1"), ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u4"),
    *_ROUTING, ("cl_ord_id", "i8"), ("version", "u1"), ("", "x15"),
]
# What a venue tells has ExecType, OrdStatus and a reject reason where an order has its type; `last_mkt` is up to four
# characters, the venue's order id an id's number.
_VENUE_HEADER: Layout = [
    ("kind", "u1"), ("side", "u1"), ("exec_type", "u1"), ("ord_status", "u1"), ("reject_reason", "i4"), *_ROUTING,
]
_VENUE_TAIL: Layout = [
    ("version", "u1"), ("last_liquidity_ind", "u1"), ("told", "u1"), ("", "x1"), ("last_mkt", "u4"),
    ("venue_order_id", "i8"),
]

# Body fields by command, from byte 56. Definitions carry the number of their name in cl_ord_id. What is free is 0: room
# for producer, user, parent, self-match id, algo, order capacity, locate, position effect, sweep and last market.
_BODIES: dict[CommandType, Layout] = {
    CommandType.INTERN: [("text", "S64")],  # the id or the name that gets a number
    CommandType.NOTE: [("text", "S64")],  # a piece of a free text; cl_ord_id: of which note, 0 begins one
    CommandType.NEW_ORDER: [
        ("order_qty", "i8"), ("price", "i8"), ("stop_px", "i8"), ("peg_offset", "i8"), ("min_qty", "i8"),
        ("display_qty", "i8"), ("list_id", "i8"), ("expire_time", "i8"),
        ("trigger_price_type", "u1"), ("peg_offset_type", "u1"), ("contingency_type", "u2"), ("strategy", "i4"),
    ],
    CommandType.CANCEL: [("", "x24"), ("orig_cl_ord_id", "i8"), ("", "x16"), ("order_id", "i8")],
    # order_qty 0, price and stop_px NO_PRICE, new_peg_offset and expire_time 0: as it is.
    CommandType.REPLACE: [
        ("order_qty", "i8"), ("price", "i8"), ("stop_px", "i8"), ("orig_cl_ord_id", "i8"),
        ("new_peg_offset", "i8"), ("", "x8"), ("order_id", "i8"), ("expire_time", "i8"),
    ],
    CommandType.MASS_CANCEL: [("", "x68"), ("strategy", "i4")],  # header fields and strategy: 0 is any
    CommandType.STATUS_REQUEST: [("", "x24"), ("orig_cl_ord_id", "i8"), ("", "x16"), ("order_id", "i8")],
    CommandType.EXECUTION_REPORT: [
        ("order_qty", "i8"), ("price", "i8"), ("exec_id", "i8"), ("commission", "i8"), ("note", "i8"),
        ("last_qty", "i8"), ("order_id", "i8"),
        ("last_px", "i8"), ("cum_qty", "i8"),  # the venue's CumQty(14), -1 where it did not say
    ],
    CommandType.TRADE_CORRECTION: [
        ("", "x16"), ("exec_id", "i8"), ("commission", "i8"), ("note", "i8"), ("last_qty", "i8"), ("", "x8"),
        ("last_px", "i8"),
    ],
    CommandType.CANCEL_REJECT: [("", "x32"), ("note", "i8"), ("", "x8"), ("order_id", "i8")],
    # What an operator makes of a report that lies in unbooked(): cl_ord_id is who, the note why. What is absent
    # (0, NO_PRICE) is as it was said.
    CommandType.BOOK_UNBOOKED: [
        ("unbooked", "i8"), ("", "x8"), ("exec_id", "i8"), ("commission", "i8"), ("note", "i8"), ("last_qty", "i8"),
        ("", "x8"), ("last_px", "i8"),
    ],
    CommandType.DISMISS_UNBOOKED: [("unbooked", "i8"), ("", "x24"), ("note", "i8")],
    # The next messages for external venues, at most so many: they are the caller's to send.
    CommandType.HAND_OUT: [("most", "i8")],
    CommandType.NAME_REQUESTS: [("text", "S64")],  # what ClOrdIDs that the core makes begin with
    CommandType.QUOTE: [("bid_px", "i8"), ("bid_size", "i8"), ("ask_px", "i8"), ("ask_size", "i8")],
    CommandType.MARK: [("mark_px", "i8")],
    # What one unit of the header's currency is worth in the base currency, the first that was declared, in 10**-12.
    CommandType.CURRENCY_RATE: [("rate", "i8")],
    # A trade that the market printed, and its aggressor in `side`, 0 where that is not known; venue 0: not said.
    CommandType.TRADE_PRINT: [("print_px", "i8"), ("print_size", "i8")],
    # Static limits, and how far from the reference an order may trade; NO_PRICE and -1: there is none. Without a
    # reference the last trade is it.
    CommandType.PRICE_LIMITS: [
        ("low_limit_price", "i8"), ("high_limit_price", "i8"), ("trading_reference_price", "i8"), ("dynamic_bps", "i8"),
    ],
    CommandType.SESSION: [("trad_ses_status", "i8"), ("close_time", "i8")],  # instrument 0: every one
    CommandType.CLOCK: [],
    CommandType.ADVANCE_CLOCK: [("clock_time", "i8")],
    CommandType.ROLL_DAY: [],
    CommandType.SPLIT: [("split_numerator", "i8"), ("split_denominator", "i8")],
    CommandType.VENUE_SESSION: [("connected", "i8")],
    CommandType.SET_LIMIT: [
        ("rule", "i8"), ("value", "u8"), ("window_ns", "i8"), ("mode", "i8"), ("value_high", "i8"),
        ("who", "i8"), ("why", "i8"),  # ids' numbers: who asks for it, and why
        # Its Scope, whose target stands in the header, or, of strategies and groups, in `strategy`; where it warns, in
        # hundredths of a percent; how many changes its set has, 0 or 1 for one alone, and which of them it is, from 0.
        ("limit_scope", "u2"), ("soft_share", "u2"), ("set_size", "u4"), ("set_at", "u4"), ("strategy", "i4"),
    ],
    CommandType.KILL_SWITCH: [
        ("scope", "i8"), ("target", "i8"), ("engaged", "i8"), ("allow_reduce", "i8"), ("", "x8"),
        ("who", "i8"), ("why", "i8"),
    ],
    # What a scope may trade from now on, a TradingState.
    CommandType.TRADING_STATE: [
        ("scope", "i8"), ("target", "i8"), ("state", "i8"), ("", "x16"), ("who", "i8"), ("why", "i8"),
    ],
    # Lets an order with the terms of a blocked one, its order_id, pass a rule once until a time.
    CommandType.OVERRIDE: [
        ("rule", "i8"), ("target", "i8"), ("", "x24"), ("who", "i8"), ("why", "i8"), ("expire_time", "i8"),
    ],
    # Arms a strategy again that a breaker has disarmed.
    CommandType.BREAKER: [("", "x40"), ("who", "i8"), ("why", "i8"), ("", "x12"), ("strategy", "i4")],
    # A user's rule, whose name is in cl_ord_id: so many steps follow, four in a record from `step_at` on; with the last
    # of them it is in force. `needs`: bits of the quantities that must be known; `mode`: a LimitMode.
    CommandType.ADD_RULE: [
        ("step_count", "i8"), ("needs", "u8"), ("", "x8"), ("mode", "i8"), ("", "x8"), ("who", "i8"), ("why", "i8"),
    ],
    CommandType.RULE_STEPS: [("text", "S64"), ("step_at", "i8")],
    CommandType.REMOVE_RULE: [("", "x40"), ("who", "i8"), ("why", "i8")],
    # One's own scorer begins, its RULE_STEPS follow, without a name; 0 steps: there is none any more.
    CommandType.SET_SCORER: [("step_count", "i8"), ("", "x32"), ("who", "i8"), ("why", "i8")],
    # How orders of a strategy are routed, 0: of all; and how much charges count. -1: as it is.
    CommandType.SET_ROUTING: [
        ("routing_strategy", "i8"), ("latency_weight", "i8"), ("miss_cost", "i8"), ("degraded_cost", "i8"), ("", "x8"),
        ("who", "i8"), ("why", "i8"), ("", "x12"), ("strategy", "i4"),
    ],
    # What is known of a venue: ns, and millionths. -1: as it is.
    CommandType.VENUE_STATISTICS: [
        ("round_trip", "i8"), ("take_fill", "i8"), ("post_fill", "i8"), ("reject_rate", "i8"), ("quote_age", "i8"),
        ("who", "i8"), ("why", "i8"),
    ],
    # How a venue is (VenueHealth), what opens its circuit breaker (0: nothing) and for how long (ns), and what
    # becomes of what works there when its session is lost (OnDisconnect). -1: as it is.
    CommandType.VENUE_HEALTH: [
        ("venue_health", "i8"), ("reject_max", "i8"), ("timeout_max", "i8"), ("cooldown", "i8"),
        ("on_disconnect", "i8"), ("who", "i8"), ("why", "i8"),
        ("stale_after", "i8"),  # ns since it last displayed anything; 0: it may be silent
    ],
    # The exit gate: -1 is off. `engaged`: 0 open, 1 shut, 2 for exits alone.
    CommandType.SET_GATE: [
        ("collar_bps", "i8"), ("throttle", "i8"), ("window_ns", "i8"), ("", "x16"), ("who", "i8"), ("why", "i8"),
    ],
    CommandType.SWITCH_GATE: [
        ("scope", "i8"), ("target", "i8"), ("engaged", "i8"), ("", "x16"), ("who", "i8"), ("why", "i8"),
    ],
    # What an account (0: all that have none of their own) prevents: a SelfMatch in books of ours, and before external
    # venues; the id that makes it one owner with others, 0: none.
    CommandType.SET_SELF_MATCH: [
        ("match_mode", "i8"), ("match_outside", "i8"), ("match_id", "i8"), ("", "x16"), ("who", "i8"), ("why", "i8"),
    ],
    CommandType.OPENING_POSITION: [("position_qty", "i8"), ("position_px", "i8")],
    CommandType.OPENING_CASH: [("amount", "u8"), ("amount_high", "i8")],
    CommandType.DEFINE_CURRENCY: [("decimals", "i8")],  # of its money unit
    CommandType.DEFINE_ACCOUNT: [],
    # The header's account or instrument is in the group whose name is in cl_ord_id from now on; a new name makes one.
    CommandType.DEFINE_GROUP: [],
    CommandType.DEFINE_VENUE: [
        ("maker_fee_per_unit", "i8"), ("taker_fee_per_unit", "i8"),  # 10**-9 for a whole unit of quantity
        ("maker_fee_ppm", "i8"), ("taker_fee_ppm", "i8"),  # millionths of the notional
        ("request_timeout", "i8"),  # ns, 0: none; what follows is of an external venue
        ("native_ord_types", "u4"), ("native_times_in_force", "u4"), ("external", "u4"),
        ("print_fills", "u4"),  # PrintFills of a simulated venue
        ("day_end", "u4"),  # a DayEnd
        ("market_protection", "u4"),  # 1: it bounds the price of a MARKET order itself
    ],
    CommandType.DEFINE_INSTRUMENT: [
        ("price_precision", "u1"), ("qty_precision", "u1"), ("multiplier_precision", "u1"), ("any_sign", "u1"),
        ("multiplier", "u4"),
        ("tick", "i8"), ("lot", "i8"), ("max_qty", "i8"), ("min_qty", "i8"),  # tick: the finest, that divides all
        ("min_notional", "u8"), ("min_notional_high", "i8"),  # as limits; LIMIT_OFF where there is none
        ("max_notional", "u8"), ("max_notional_high", "i8"),
    ],
    # One band of a tick table, from `from_px` up; bands come in order, 0 begins the table anew.
    CommandType.DEFINE_TICKS: [("band", "i8"), ("from_px", "i8"), ("band_tick", "i8")],
}
_HEADERS: dict[CommandType, Layout] = {
    CommandType.NEW_ORDER: [
        ("kind", "u1"), ("side", "u1"), ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u4"),
        *_ROUTING, ("cl_ord_id", "i8"), ("version", "u1"), ("routing", "u1"), ("", "x6"),  # routing: a RoutingStrategy
        ("refusal", "i8"),  # a text's number: why a rule in Python refuses it; 0: none does
    ],
    CommandType.REPLACE: [*_HEADER[:-1], ("", "x7"), ("refusal", "i8")],
    CommandType.DEFINE_INSTRUMENT: [
        ("kind", "u1"), ("money_precision", "u1"),  # the decimals of its currency
        ("times_in_force", "u2"), ("ord_types", "u4"),  # bit n set: value n is supported
        *_ROUTING, ("cl_ord_id", "i8"), ("version", "u1"),
        # What stops watch that don't say (TriggerPriceType, 0: see sources), and how long a print is fresh (ns, 0: for
        # the session).
        ("trigger_source", "u1"), ("order_protection", "u1"), ("fok_over_venues", "u1"), ("", "x4"),
        ("print_max_age", "i8"),
    ],
    CommandType.EXECUTION_REPORT: [*_VENUE_HEADER, ("cl_ord_id", "i8"), *_VENUE_TAIL],
    CommandType.TRADE_CORRECTION: [*_VENUE_HEADER, ("exec_ref_id", "i8"), *_VENUE_TAIL],
    CommandType.CANCEL_REJECT: [*_VENUE_HEADER, ("cl_ord_id", "i8"), *_VENUE_TAIL],
    CommandType.BOOK_UNBOOKED: [*_VENUE_HEADER, ("cl_ord_id", "i8"), *_VENUE_TAIL],
}

# Two cache lines: 96 bytes that every report has, but for two ids and a byte that go by its kind, and 32 by kind. A
# trade, a bust and a correction have one form; what is refused (ExecType REJECTED), or only observed, has its mask, or
# the number of the row of limits that spoke, where others have a stop price.
_REPORT: Layout = [
    ("seq", "i8"), ("command_seq", "i8"), ("transact_time", "i8"), ("order_id", "i8"),
    ("report_type", "u1"), ("exec_type", "u1"), ("ord_status", "u1"), ("side", "u1"),
    ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u1"),
    ("unknown", "u1"),  # UNKNOWN_NEW, UNKNOWN_CANCEL, UNKNOWN_REPLACE
    ("instrument", "i4"), ("account", "u2"), ("user", "u2"),
    ("venue", "u1"), ("producer", "u1"), ("reason", "i2"), ("command_kind", "u1"), ("version", "u1"),
    ("flags", "u1"),  # FLAG_...; the low four bits are the status before, where that led nowhere that FIX knows
    ("last_liquidity_ind", "u1"),  # of a trade
    ("cl_ord_id", "i8"),
    ("exec_id", "i8"),  # of a trade, bust or correction: the core's own number
    ("order_qty", "i8"), ("cum_qty", "i8"), ("price", "i8"),
    ("last_qty", "i8"), ("last_px", "i8"), ("commission", "i8"),
    ("contra_order_id", "i8"),  # of a trade that the core itself matched
]
# Fields that share the place of another, by the other's name.
_SHARED: dict[str, tuple[str, str]] = {
    "ord_rej_reason": ("last_liquidity_ind", "i1"), "cxl_rej_reason": ("last_liquidity_ind", "i1"),
    "exec_restatement_reason": ("last_liquidity_ind", "i1"), "orig_cl_ord_id": ("exec_id", "i8"),
    "value": ("last_qty", "i8"), "bound": ("last_px", "i8"), "stop_px": ("commission", "i8"),
    "reject_mask": ("commission", "i8"),
    "venue_exec_id": ("contra_order_id", "i8"),  # ExecID(17) as a venue gave it; in its trades, FLAG_VENUE says so
    "value_high": ("contra_order_id", "i8"),  # of accepted cash: the high word of its amount; of a switch its state
    "exec_ref_id": ("contra_order_id", "i8"),  # of a bust or a correction: the core's number of the trade
}
# A message for an external venue, three cache lines: every field that its NewOrderSingle(D), OrderCancelRequest(F),
# OrderCancelReplaceRequest(G) or OrderStatusRequest(H) needs; G and F have the terms that they ask for. `seq` counts
# what is handed out, without gaps; `event_seq` is the last report before it was made. What is free is 0: room for
# parent, self-match id, algo, order capacity, locate, position effect, sweep and last market.
_OUTBOUND: Layout = [
    ("seq", "i8"), ("command_seq", "i8"), ("event_seq", "i8"), ("transact_time", "i8"), ("order_id", "i8"),
    ("msg_type", "u1"), ("side", "u1"), ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u1"),
    ("ord_status", "u1"), ("unknown", "u1"), ("version", "u1"),
    ("instrument", "i4"), ("account", "u2"), ("user", "u2"), ("venue", "u1"), ("producer", "u1"), ("reason", "i2"),
    ("command_kind", "u1"), ("trigger_price_type", "u1"), ("peg_offset_type", "u1"), ("contingency_type", "u1"),
    ("cl_ord_id", "i8"), ("orig_cl_ord_id", "i8"), ("order_qty", "i8"), ("cum_qty", "i8"), ("price", "i8"),
    ("stop_px", "i8"), ("expire_time", "i8"), ("min_qty", "i8"), ("display_qty", "i8"), ("peg_offset", "i8"),
    ("list_id", "i8"), ("strategy", "i4"),
]
_ACK: Layout = [
    ("order_id", "i8"), ("cum_qty", "i8"), ("leaves_qty", "i8"),
    ("report_type", "u1"), ("ord_status", "u1"), ("reason", "i2"), ("ord_rej_reason", "i2"), ("cxl_rej_reason", "i2"),
]

# What is answered of one order of many: why not, 0 where it would pass; validation's mask; and what of risk refuses it,
# or only observed would, a bit for each place in tradecore.vocabulary.rules.RISK_CHECKS.
_ANSWER: Layout = [("reject_mask", "u8"), ("refused", "u8"), ("observed", "u8"), ("reason", "i2")]
ANSWER_SIZE = 32
BASKET_MAX = 1_024  # orders that are asked about together
CHECK_EVERY = 1_024  # commands, a power of two: after so many all holds are looked at where builds assert
CHECK_MOST = 1_024  # orders of a pair: where more work, its holds are looked at with all

UNKNOWN_NEW, UNKNOWN_CANCEL, UNKNOWN_REPLACE = 1, 2, 4  # bits of a report's `unknown`


CODECS: dict[int, Codec] = {
    int(kind): Codec(kind.name.title().replace("_", ""), [*_HEADERS.get(kind, _HEADER), *body], COMMAND_SIZE)
    for kind, body in _BODIES.items()
}
HEADER_CODEC = Codec("Header", _HEADER, COMMAND_SIZE)
REPORT_CODEC = ReportCodec(_REPORT)
ACK_CODEC = Codec("AckRow", _ACK, ACK_SIZE)
OUTBOUND_CODEC = Codec("OutboundRow", _OUTBOUND, OUTBOUND_SIZE)
ReportRow = REPORT_CODEC.tuple_type
AckRow = ACK_CODEC.tuple_type

COMMAND_DTYPES: dict[CommandType, np.dtype[np.void]] = {
    kind: make_dtype([*_HEADERS.get(kind, _HEADER), *body], COMMAND_SIZE) for kind, body in _BODIES.items()
}
INTERN_DTYPE = COMMAND_DTYPES[CommandType.INTERN]
ORDER_DTYPE = COMMAND_DTYPES[CommandType.NEW_ORDER]
CANCEL_DTYPE = COMMAND_DTYPES[CommandType.CANCEL]
REPLACE_DTYPE = COMMAND_DTYPES[CommandType.REPLACE]
EXECUTION_REPORT_DTYPE = COMMAND_DTYPES[CommandType.EXECUTION_REPORT]
TRADE_CORRECTION_DTYPE = COMMAND_DTYPES[CommandType.TRADE_CORRECTION]
HAND_OUT_DTYPE = COMMAND_DTYPES[CommandType.HAND_OUT]
QUOTE_DTYPE = COMMAND_DTYPES[CommandType.QUOTE]
MARK_DTYPE = COMMAND_DTYPES[CommandType.MARK]
TRADE_PRINT_DTYPE = COMMAND_DTYPES[CommandType.TRADE_PRINT]
REPORT_DTYPE = make_dtype(_REPORT, REPORT_SIZE, _SHARED)
OUTBOUND_DTYPE = make_dtype(_OUTBOUND, OUTBOUND_SIZE)
ACK_DTYPE = make_dtype(_ACK, ACK_SIZE)
ANSWER_DTYPE = make_dtype(_ANSWER, ANSWER_SIZE)
# A command as it was applied, and the time that stamped it where it has none of its own.
TAP_DTYPE = np.dtype([("command", f"V{COMMAND_SIZE}"), ("now", "<i8")])
# One book's and one ledger's operations, for those rooms used alone.
BOOK_DTYPE = make_dtype([("price", "i8"), ("qty", "i8"), ("number", "u4"), ("op", "u1"), ("side", "u1")], 24)
# What an exit gate alone is asked: `made` numbers a message, 0 is into a book; `instrument` 0: of none that an exchange
# has limits for; `no_more`: a replace that asks for no more than before; `waits`: for a price; see risk's exit_gate.
_EXIT: Layout = [
    ("order_id", "i8"), ("order_qty", "i8"), ("cum_qty", "i8"), ("leaves_qty", "i8"), ("most_qty", "i8"),
    ("family_qty", "i8"), ("parent_qty", "i8"), ("price", "i8"), ("reference2", "i8"), ("now", "i8"), ("made", "i8"),
    ("venue", "i4"), ("side", "u1"), ("is_replace", "u1"), ("asks_less", "u1"), ("reduces", "u1"),
    ("instrument", "i4"), ("no_more", "u1"), ("waits", "u1"),
]
EXIT_CODEC, EXIT_DTYPE = Codec("ExitRow", _EXIT, 104), make_dtype(_EXIT, 104)
FILL_DTYPE = make_dtype([
    ("instrument", "i4"), ("account", "i4"), ("qty", "i8"), ("price", "i8"), ("fee", "i8"), ("transact_time", "i8"),
    ("exec_id", "i8"),
], 48)


def as_bytes(records: Any) -> Any:
    """Records as opaque blocks of bytes, not copied: NumPy copies of a structured array only the bytes that its dtype
    names, and a record of another kind has more."""
    return records.view(f"V{records.dtype.itemsize}")


def new_orders(count: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """An array of `count` NEW_ORDER records (LIMIT, DAY, no price yet) for `TradingCore.submit_batch`."""
    orders = np.zeros(count, ORDER_DTYPE)
    orders["kind"], orders["ord_type"], orders["price"] = CommandType.NEW_ORDER, 2, NO_PRICE
    orders["version"] = VERSION
    return orders


