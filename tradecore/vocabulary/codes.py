"""Our own words beside FIX's: commands, reports, reasons, limits, places. Values are part of the records."""

from __future__ import annotations

from .fix import FixChar, FixEnum, FixFlags


class CommandType(FixEnum):
    """What a command record asks for. 0 is no command, so that a zeroed record is refused."""

    DEFINE_CURRENCY = 1
    DEFINE_INSTRUMENT = 2
    DEFINE_VENUE = 3
    DEFINE_ACCOUNT = 4
    OPENING_POSITION = 5
    OPENING_CASH = 6
    DEFINE_TICKS = 7
    INTERN = 8
    NOTE = 9
    NEW_ORDER = 10
    CANCEL = 11
    REPLACE = 12
    MASS_CANCEL = 13
    STATUS_REQUEST = 14
    EXECUTION_REPORT = 15
    TRADE_CORRECTION = 16
    CANCEL_REJECT = 17
    HAND_OUT = 18
    NAME_REQUESTS = 19
    QUOTE = 20
    MARK = 21
    SESSION = 22
    CLOCK = 23
    ROLL_DAY = 24
    SPLIT = 25
    VENUE_SESSION = 26
    ADVANCE_CLOCK = 27
    TRADE_PRINT = 28
    CURRENCY_RATE = 29
    PRICE_LIMITS = 32
    SET_LIMIT = 30
    KILL_SWITCH = 31
    TRADING_STATE = 35
    BREAKER = 36
    OVERRIDE = 37
    BOOK_UNBOOKED = 40
    DISMISS_UNBOOKED = 41
    DEFINE_GROUP = 48
    MARGIN_RATES = 42
    ADD_RULE = 50
    RULE_STEPS = 51
    REMOVE_RULE = 52
    SET_GATE = 53
    SWITCH_GATE = 54
    SET_SELF_MATCH = 55
    SET_ROUTING = 60
    VENUE_STATISTICS = 61
    VENUE_HEALTH = 62
    SET_SCORER = 63


class ReportType(FixChar):
    """What a report record tells: FIX MsgType read in base 36, so 8, 9, j and r; others are ours."""

    EXECUTION_REPORT = 8
    ORDER_CANCEL_REJECT = 9
    COMMAND_ACCEPTED = 10
    RISK_OBSERVED = 11
    UNBOOKED = 12
    RISK_WARNING = 14
    BREAKER_TRIPPED = 18
    RISK_OVERRIDDEN = 24
    BUSINESS_REJECT = 19
    GATE_STOPPED = 30
    ORDER_MASS_CANCEL_REPORT = 27


class MsgType(FixChar):
    """MsgType(35) of what an external venue is to be sent: D, F, G and H."""

    NEW_ORDER_SINGLE = 13
    ORDER_CANCEL_REQUEST = 15
    ORDER_CANCEL_REPLACE_REQUEST = 16
    ORDER_STATUS_REQUEST = 17


OUTBOUND = tuple(MsgType)


class Scope(FixEnum):
    """What a limit, a kill switch or a trading state acts on; the last two on the first five."""

    FIRM = 0
    ACCOUNT = 1
    INSTRUMENT = 2
    VENUE = 3
    STRATEGY = 4
    ACCOUNT_INSTRUMENT = 5
    ACCOUNT_GROUP = 6
    INSTRUMENT_GROUP = 7


class TradingState(FixEnum):
    """What a scope may trade: everything (ACTIVE), only what reduces a position (REDUCING), or nothing (HALTED). A kill
    switch leaves HALTED, or with `allow_reduce` REDUCING."""

    ACTIVE = 0
    REDUCING = 1
    HALTED = 2


class Rule(FixEnum):
    """The limits that SET_LIMIT changes; what each is, and on which scopes, stands in `vocabulary.rules`."""

    MAX_ORDER_QTY = 0
    MAX_ORDER_NOTIONAL = 1
    PRICE_COLLAR = 2
    MAX_POSITION_QTY = 3
    ORDER_RATE = 4
    REPLACE_RATE = 5
    CANCEL_RATE = 6
    MESSAGE_RATE = 7
    DAILY_ORDER_COUNT = 8
    RESTRICTED_INSTRUMENT = 9
    ACCOUNT_BLOCKED = 10
    STRATEGY_DISABLED = 11
    PERMITTED_ONLY = 12
    PERMITTED_INSTRUMENT = 13
    ORDER_TO_TRADE_RATIO = 14
    DUPLICATE_ORDER = 15
    NOTIONAL_PER_WINDOW = 16
    MAX_GROSS_EXPOSURE = 20
    MAX_NET_EXPOSURE = 21
    MAX_POSITION_NOTIONAL = 22
    MAX_PENDING_NOTIONAL = 23
    STALE_QUOTE = 25
    DAILY_LOSS = 26
    DRAWDOWN = 27
    REPEATED_EXECUTION = 30
    CONSECUTIVE_REJECTS = 31
    REARM_NAMES = 32
    MAX_OPEN_ORDERS = 33
    GROUP_EXPOSURE = 34
    STRATEGY_LOSS = 35
    MAX_LEVERAGE = 40
    CONCENTRATION = 41
    MARGIN_USE = 42
    SHORT_SALE = 45
    LOCATE = 46
    INSUFFICIENT_POSITION = 47
    INSUFFICIENT_FUNDS = 48
    CREDIT_LIMIT = 49


class SelfMatch(FixEnum):
    """What is done where an order would trade with one of our own: nothing (OFF); what is left of the newcomer is
    canceled (CANCEL_NEWEST); the order that it meets is (CANCEL_OLDEST); both lose what the smaller has (DECREMENT);
    the newcomer is refused whole (BLOCK). Before an external venue also: it is held until the order that it could meet
    is gone (HOLD)."""

    OFF = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    DECREMENT = 3
    BLOCK = 4
    HOLD = 5


class LimitMode(FixEnum):
    """What SET_LIMIT makes of a limit: what exceeds it is refused, or only reported (RISK_OBSERVED); or, of a loss, it
    is refused, and what works is canceled as soon as the limit is passed (CANCEL)."""
    ENFORCE = 0
    OBSERVE = 1
    CANCEL = 2


class DayEnd(FixEnum):
    """What the end of the day means for a DAY order that an external venue has: the venue reports it (VENUE), is asked
    how each stands (ASK), or has expired them all (EXPIRE)."""

    VENUE = 0
    ASK = 1
    EXPIRE = 2


class PrintFills(FixEnum):
    """What a trade that its market printed does to orders that rest at a simulated venue: nothing (NONE); it fills
    those that it went THROUGH, whose price is better than its own; or also those at its price, AFTER_QUEUE: with what
    printed there beyond what the venue displayed. Never more than was printed."""

    NONE = 0
    THROUGH = 1
    AFTER_QUEUE = 2


class Route(FixEnum):
    """How an order's venue was chosen."""

    NONE = 0
    DIRECTED = 1
    TAKES = 2
    RESTS = 3
    SPLIT = 4


class RoutingStrategy(FixEnum):
    """How a venue is chosen among those that display a price within the limit, and how an order is divided over them;
    NONE: as the order's strategy, or the core, has it. Equal ones go by all-in cost, then as rankings break ties.

    ALL_IN_COST: price, fee and charges (the default). BEST_PRICE: the best displayed price, whatever it costs.
    LOWEST_LATENCY: the shortest round trip. ROUND_ROBIN: the next venue after the last that was chosen, by its number,
    for each instrument and side. PRO_RATA: each venue in proportion to what it displays. SCORER: the lowest of one's
    own (`set_scorer`). Where nothing is within the limit the same holds for where it rests, of what resting costs."""

    NONE = 0
    ALL_IN_COST = 1
    BEST_PRICE = 2
    LOWEST_LATENCY = 3
    ROUND_ROBIN = 4
    PRO_RATA = 5
    SCORER = 6


class MarketState(FixEnum):
    """How the best bid and the best ask of all venues that are up lie: NORMAL (also where a side is empty), LOCKED
    where they are equal, CROSSED where the bid is higher. Neither is an error: an order is routed, and marked."""

    NORMAL = 0
    LOCKED = 1
    CROSSED = 2


class Place(FixEnum):
    """Where an open order is: at no venue yet or any more, resting in a simulated venue's book, sent to an external
    venue, held by the core until a price, a session, or its list's parent lets it go, or worked in parts: its children
    are orders at venues. Once a price has let it go, it may wait until its venue or a kill switch does."""

    NOWHERE = 0
    RESTING = 1
    AT_VENUE = 2
    AWAITS_PRICE = 3
    AWAITS_SESSION = 4
    AWAITS_PARENT = 5
    IN_CHILDREN = 6
    AWAITS_VENUE = 7


class TradeState(FixEnum):
    """What became of a booked trade: LIVE, BUSTED by its venue, or FOLDED into its position for good."""

    LIVE = 0
    BUSTED = 1
    FOLDED = 2


class Unknown(FixFlags):
    """What of an order was sent to its venue and has an outcome that is not known: a timeout, or a lost session.
    Neither a reject nor a reason to resend; its quantity stays held."""

    NONE = 0
    NEW = 1
    CANCEL = 2
    REPLACE = 4


class Reason(FixEnum):
    """Why something was refused or ended; banded by room.

    100s validation (bit `reason - 101` of a report's `reject_mask`), 200s risk, 300s routing,
    400s execution, 500s order management (from LATE_TRADE on: alerts).
    """

    NONE = 0
    INVALID_FIELD_VALUE = 101
    UNKNOWN_INSTRUMENT = 102
    UNKNOWN_ACCOUNT = 103
    UNKNOWN_VENUE = 104
    MISSING_REQUIRED_FIELD = 105
    UNSUPPORTED_ORDER_TYPE = 106
    UNSUPPORTED_TIF = 107
    PRICE_TICK_MULTIPLE = 108
    PRICE_OUT_OF_RANGE = 109
    QTY_LOT_MULTIPLE = 110
    QTY_BELOW_MIN = 111
    QTY_ABOVE_MAX = 112
    NOTIONAL_BELOW_MIN = 113
    NOTIONAL_ABOVE_MAX = 114
    INVALID_CL_ORD_ID = 115
    ALREADY_DEFINED = 116
    TABLE_FULL = 117
    MISSING_STOP_PX = 118
    STOP_PX_OUT_OF_RANGE = 119
    INVALID_MIN_QTY = 120
    INVALID_DISPLAY_QTY = 121
    EXPIRE_TIME_IN_PAST = 122
    INVALID_PEG_OFFSET = 123
    INVALID_CONTINGENCY = 124
    IDS_FULL = 125
    CLOCK_STEP = 126
    PRICE_LIMIT = 127
    KILL_SWITCH = 201
    RISK_CONFIG_MISSING = 202
    DUPLICATE_CLORDID = 203
    MAX_OPEN_ORDERS = 204
    REFERENCE_PRICE_UNAVAILABLE = 205
    MAX_ORDER_QTY = 206
    MAX_ORDER_NOTIONAL = 207
    PRICE_COLLAR = 208
    MAX_POSITION_QTY = 209
    ORDER_RATE = 210
    ARITHMETIC_OVERFLOW = 211
    REDUCE_ONLY_VIOLATION = 212
    SESSION_CLOSED = 213
    REPLACE_RATE = 214
    CANCEL_RATE = 215
    MESSAGE_RATE = 216
    DAILY_ORDER_COUNT = 217
    RESTRICTED_INSTRUMENT = 218
    ACCOUNT_BLOCKED = 219
    STRATEGY_DISABLED = 220
    NOT_PERMITTED_INSTRUMENT = 221
    ORDER_TO_TRADE_RATIO = 222
    DUPLICATE_ORDER = 223
    NOTIONAL_PER_WINDOW = 224
    MAX_GROSS_EXPOSURE = 230
    MAX_NET_EXPOSURE = 231
    MAX_POSITION_NOTIONAL = 232
    MAX_PENDING_NOTIONAL = 233
    STALE_QUOTE = 235
    MARK_UNAVAILABLE = 236
    RATE_UNAVAILABLE = 237
    DAILY_LOSS = 238
    DRAWDOWN = 239
    TRADING_STATE = 240
    NOT_AUTHORIZED = 241
    REPEATED_EXECUTION = 245
    CONSECUTIVE_REJECTS = 246
    USER_RULE = 250
    EXIT_GATE = 251
    SELF_MATCH = 252
    OPEN_ORDERS_LIMIT = 280
    GROUP_EXPOSURE = 281
    STRATEGY_LOSS = 282
    MAX_LEVERAGE = 260
    CONCENTRATION = 261
    INSUFFICIENT_MARGIN = 262
    SHORT_SALE = 270
    INSUFFICIENT_POSITION = 271
    INSUFFICIENT_FUNDS = 272
    CREDIT_LIMIT = 273
    NO_VENUE = 301
    BOOKS_FULL = 302
    OUTBOUND_FULL = 303
    REPLACES_FULL = 304
    VENUE_DOWN = 305
    POST_ONLY_WOULD_TAKE = 401
    IOC_LEFTOVER = 402
    FOK_NOT_FILLABLE = 403
    MARKET_LEFTOVER = 404
    MIN_QTY_NOT_MET = 405
    AUCTION_LEFTOVER = 406
    ORDER_PROTECTION = 407
    CANCEL_REQUESTED = 501
    UNKNOWN_ORDER = 502
    TOO_LATE_TO_CANCEL = 503
    ALREADY_PENDING = 504
    DUPLICATE_REQUEST_ID = 505
    NO_SUCH_REQUEST = 506
    VENUE_REPORTED = 507
    DAY_ENDED = 508
    EXPIRE_TIME_REACHED = 509
    OTHER_FILLED = 510
    PARENT_ENDED = 511
    REDUCED_POSITION = 512
    REQUEST_TIMEOUT = 513
    VENUE_DISCONNECTED = 514
    LATE_TRADE = 515
    OVERFILL = 516
    TRADE_IN_SUSPENSE = 517
    CUM_QTY_MISMATCH = 518
    UNKNOWN_TRADE = 519
    EXECID_REUSED = 520
    EXECID_REPEATED = 521
    VENUE_CONTRADICTS = 522
    UNEXPECTED_TRANSITION = 523
    UNEVEN_SPLIT = 524
    EXIT_RESTS = 525
    UNBOOKED_TRADE = 530
    UNKNOWN_UNBOOKED = 531
    LATE_REPLACED = 540
    ORDER_IN_DOUBT = 541
    STOP_TRIGGERED = 542
    FILL_BEYOND_LIMIT = 543
    CHILD_ORDER = 550
    PARENT_CHANGED = 551
