# The records of include/tradecore/records.h, as Cython sees them.
# Only in C: constants of C as functions.

from machine cimport *


cdef extern from "tradecore/records.h" nogil:
    ctypedef struct tc_command:
        uint8_t kind, side, ord_type, time_in_force
        uint32_t exec_inst
        uint8_t exec_type, ord_status
        int32_t reject_reason
        int32_t instrument, account, venue, currency
        int64_t transact_time
        int64_t cl_ord_id, exec_ref_id
        uint8_t version, last_liquidity_ind, trigger_source, routing, told, order_protection, fok_over_venues
        uint8_t valuation_method
        uint32_t last_mkt
        int64_t venue_order_id, print_max_age, refusal
        char text[64]
        int64_t order_qty, price, stop_px, peg_offset, min_qty, display_qty, list_id, expire_time
        uint8_t trigger_price_type, peg_offset_type
        uint16_t contingency_type
        int32_t strategy
        int64_t orig_cl_ord_id, new_peg_offset
        int64_t order_id, exec_id, commission, note
        int64_t last_qty, last_px, cum_qty, unbooked
        int64_t trad_ses_status, close_time
        int64_t low_limit_price, high_limit_price, trading_reference_price, dynamic_bps
        int64_t split_numerator, split_denominator
        int64_t connected
        int64_t most
        int64_t clock_time
        int64_t bid_px, bid_size, ask_px, ask_size
        int64_t mark_px
        int64_t rate
        int64_t print_px, print_size
        uint64_t value
        int64_t rule, window_ns, mode, value_high, who, why
        uint16_t limit_scope, soft_share
        uint32_t set_size, set_at
        int64_t scope, target, engaged, state, allow_reduce
        int64_t step_count, step_at
        int64_t collar_bps, throttle
        int64_t match_mode, match_outside, match_id
        uint64_t needs
        int64_t routing_strategy, latency_weight, miss_cost, degraded_cost
        int64_t round_trip, take_fill, post_fill, reject_rate, quote_age
        int64_t venue_health, reject_max, timeout_max, cooldown, on_disconnect, stale_after
        int64_t position_qty, position_px
        uint64_t amount
        int64_t amount_high
        int64_t initial_margin, maintenance_margin
        int64_t decimals
        int64_t band, from_px, band_tick
        int64_t maker_fee_per_unit, taker_fee_per_unit, maker_fee_ppm, taker_fee_ppm, request_timeout
        uint32_t native_ord_types, native_times_in_force, external, print_fills, day_end, market_protection
        uint8_t price_precision, qty_precision, multiplier_precision, any_sign
        uint8_t money_precision
        uint16_t times_in_force
        uint32_t ord_types, multiplier
        int64_t tick, lot, max_qty
        uint64_t min_notional, max_notional
        int64_t min_notional_high, max_notional_high

    ctypedef struct tc_report:
        int64_t seq, command_seq, transact_time, order_id
        uint8_t report_type, exec_type, ord_status, side, ord_type, time_in_force, exec_inst, unknown
        int32_t instrument
        uint16_t account, user
        uint8_t venue, producer
        int16_t reason
        uint8_t command_kind, version, flags
        uint8_t last_liquidity_ind                     # its place is a reason's in what is no trade
        int8_t ord_rej_reason, cxl_rej_reason, exec_restatement_reason
        int64_t cl_ord_id
        int64_t exec_id, orig_cl_ord_id                # one place, as all that stands in one line from here on
        int64_t order_qty
        int64_t cum_qty
        int64_t price
        int64_t last_qty, value
        int64_t last_px, bound
        int64_t commission, stop_px, reject_mask
        int64_t contra_order_id, venue_exec_id, exec_ref_id, value_high

    ctypedef struct tc_message:
        int64_t seq, command_seq, event_seq, transact_time, order_id
        uint8_t msg_type, side, ord_type, time_in_force, exec_inst, ord_status, unknown, version
        int32_t instrument
        uint16_t account, user
        uint8_t venue, producer
        int16_t reason
        uint8_t command_kind, trigger_price_type, peg_offset_type, contingency_type
        int64_t cl_ord_id, orig_cl_ord_id, order_qty, cum_qty, price, stop_px, expire_time, min_qty
        int64_t display_qty, peg_offset, list_id
        int32_t strategy

    ctypedef struct tc_ack:
        int64_t order_id, cum_qty, leaves_qty
        uint8_t report_type, ord_status
        int16_t reason, ord_rej_reason, cxl_rej_reason


# The words of tradecore/vocabulary/fix.py, as integers (tests/vocabulary/test_records.py compares).
cdef enum:
    SIDE_BUY = 1
    SIDE_SELL = 2
    SIDE_SELL_SHORT = 5
    SIDE_SELL_SHORT_EXEMPT = 6
    TYPE_MARKET = 1
    TYPE_LIMIT = 2
    TYPE_STOP = 3
    TYPE_STOP_LIMIT = 4
    TYPE_MARKET_IF_TOUCHED = 19
    TYPE_LIMIT_IF_TOUCHED = 30
    TYPE_TRAILING_STOP = 31
    TIF_DAY = 0
    TIF_GTC = 1
    TIF_AT_THE_OPEN = 2
    TIF_IOC = 3
    TIF_FOK = 4
    TIF_GTD = 6
    TIF_AT_THE_CLOSE = 7
    INST_POST_ONLY = 1
    INST_REDUCE_ONLY = 2
    INST_CASH = 4
    INST_CASH_FEES = 8
    STATUS_NEW = 0
    STATUS_PARTIALLY_FILLED = 1
    STATUS_FILLED = 2
    STATUS_DONE_FOR_DAY = 3
    STATUS_CANCELED = 4
    STATUS_PENDING_CANCEL = 6
    STATUS_STOPPED = 7
    STATUS_REJECTED = 8
    STATUS_SUSPENDED = 9
    STATUS_PENDING_NEW = 10
    STATUS_CALCULATED = 11
    STATUS_EXPIRED = 12
    STATUS_PENDING_REPLACE = 14
    EXEC_NEW = 0
    EXEC_DONE_FOR_DAY = 3
    EXEC_CANCELED = 4
    EXEC_REPLACED = 5
    EXEC_PENDING_CANCEL = 6
    EXEC_STOPPED = 7
    EXEC_REJECTED = 8
    EXEC_SUSPENDED = 9
    EXEC_PENDING_NEW = 10
    EXEC_CALCULATED = 11
    EXEC_EXPIRED = 12
    EXEC_RESTATED = 13
    EXEC_PENDING_REPLACE = 14
    EXEC_TRADE = 15
    EXEC_TRADE_CORRECT = 16
    EXEC_TRADE_CANCEL = 17
    EXEC_ORDER_STATUS = 18
    EXEC_TRIGGERED = 21
    PLACE_NOWHERE = 0
    PLACE_RESTING = 1
    PLACE_AT_VENUE = 2
    PLACE_AWAITS_PRICE = 3
    PLACE_AWAITS_SESSION = 4
    PLACE_AWAITS_PARENT = 5
    PLACE_IN_CHILDREN = 6
    PLACE_AWAITS_VENUE = 7
    SES_HALTED = 1
    SES_OPEN = 2
    SES_CLOSED = 3
    SES_PRE_OPEN = 4
    SES_PRE_CLOSE = 5
    FILLS_NONE = 0
    FILLS_THROUGH = 1
    FILLS_AFTER_QUEUE = 2
    TRIGGER_BEST_OFFER = 1
    TRIGGER_LAST_TRADE = 2
    TRIGGER_BEST_BID = 3
    TRIGGER_BEST_MID = 6
    PEG_PRICE = 0
    PEG_BASIS_POINTS = 1
    PREMIUM_STYLE = 0
    FUTURES_STYLE = 1
    CONTINGENCY_OCO = 1
    CONTINGENCY_OTO = 2
    UNKNOWN_NEW = 1
    UNKNOWN_CANCEL = 2
    UNKNOWN_REPLACE = 4
    ROUTING_NONE = 0
    ROUTING_ALL_IN_COST = 1
    ROUTING_BEST_PRICE = 2
    ROUTING_LOWEST_LATENCY = 3
    ROUTING_ROUND_ROBIN = 4
    ROUTING_PRO_RATA = 5
    ROUTING_SCORER = 6
    TRADE_LIVE = 0
    TRADE_BUSTED = 1
    TRADE_FOLDED = 2


cdef enum:
    VERSION = 1
    FLAG_ENDED = 0x80              # the order has ended
    FLAG_VENUE = 0x40              # an external venue's trade
    FLAG_ROUNDED = 0x20            # its price or commission was finer than the unit
    FLAG_FOREIGN = 0x10            # its commission is in another currency than the instrument's
    TOLD_COMMISSION = 1            # bits of `told`; see tradecore/vocabulary/records.py
    TOLD_ROUNDED = 2
    TOLD_FINER = 4
    TOLD_STATUS = 8
    NOTE_SIZE = 512


# In a command: an id that no table can hold; one that found no room; in a question, a text that is not interned yet.
cdef enum:
    NAMELESS = -1
    NO_ROOM = -2
    NEW_ID = -3


# Reason codes; the words and the FIX reasons are in tradecore/vocabulary/codes.py (tests/vocabulary/test_records.py).
cdef enum tc_reason:
    REASON_NONE = 0
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
    DAILY_LOSS = 238
    DRAWDOWN = 239
    MARK_UNAVAILABLE = 236
    RATE_UNAVAILABLE = 237
    TRADING_STATE = 240
    NOT_AUTHORIZED = 241
    REPEATED_EXECUTION = 245
    CONSECUTIVE_REJECTS = 246
    USER_RULE = 250
    EXIT_GATE = 251
    SELF_MATCH = 252
    MAX_LEVERAGE = 260
    CONCENTRATION = 261
    INSUFFICIENT_MARGIN = 262
    SHORT_SALE = 270
    INSUFFICIENT_POSITION = 271
    INSUFFICIENT_FUNDS = 272
    CREDIT_LIMIT = 273
    OPEN_ORDERS_LIMIT = 280
    GROUP_EXPOSURE = 281
    STRATEGY_LOSS = 282
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


cdef inline int64_t no_price() noexcept nogil:
    return <int64_t>(<uint64_t>1 << 63)


# Only in C: a constant in Python.
# A number that no record holds exactly; beyond every bound.
cdef inline int64_t untellable() noexcept nogil:
    return 0x7FFFFFFFFFFFFFFF


cdef inline int64_t price_max() noexcept nogil:
    return <int64_t>10_000_000_000_000_000


# Of an order or a quote, in ticks: the books count in them.
cdef inline int64_t book_ticks_max() noexcept nogil:
    return <int64_t>100_000_000_000_000


cdef inline int64_t qty_max() noexcept nogil:
    return <int64_t>100_000_000_000_000


cdef inline int64_t multiplier_max() noexcept nogil:
    return <int64_t>1_000_000_000


cdef inline int64_t position_max() noexcept nogil:
    return <int64_t>10_000_000_000_000_000


# |price x quantity x multiplier| of one order, quote or trade.
cdef inline tc_i128 amount_max() noexcept nogil:
    return tc_power_of_ten(37)


cdef inline tc_i128 limit_max() noexcept nogil:
    return tc_power_of_ten(25)


cdef inline tc_i128 cash_max() noexcept nogil:
    return tc_power_of_ten(28)


cdef inline int64_t fee_max() noexcept nogil:
    return <int64_t>1 << 62


cdef inline int64_t cash_order_max() noexcept nogil:
    return <int64_t>1 << 62


cdef inline int64_t time_max() noexcept nogil:
    return <int64_t>1 << 62
