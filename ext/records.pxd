# The records of include/tradecore/records.h and the arithmetic of arith.h, as Cython sees them.
# tc_i128 is 128 bits in C; Cython only knows that it is an integer, so it is never turned into a Python object.

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "tradecore/records.h" nogil:
    ctypedef struct tc_command:
        uint8_t kind, side, ord_type, time_in_force
        uint32_t exec_inst
        int32_t instrument, account, venue, currency
        int64_t transact_time
        char cl_ord_id[24]
        int64_t order_qty, price
        char orig_cl_ord_id[24]
        int64_t order_id
        int64_t bid_px, bid_size, ask_px, ask_size
        int64_t mark_px
        int64_t rule, value, window_ns
        int64_t scope, target, engaged
        int64_t position_qty, position_px
        int64_t amount
        int64_t maker_fee_per_unit, taker_fee_per_unit, maker_fee_ppm, taker_fee_ppm
        uint8_t price_precision, qty_precision, multiplier_precision, any_sign
        uint16_t ord_types, times_in_force
        int64_t tick, lot, min_qty, max_qty, multiplier, min_notional, max_notional

    ctypedef struct tc_report:
        int64_t seq, command_seq, transact_time, order_id
        uint8_t report_type, exec_type, ord_status, side, ord_type, time_in_force
        uint16_t exec_inst
        int16_t reason, ord_rej_reason, cxl_rej_reason
        uint16_t last_liquidity_ind
        int32_t instrument, account, venue, command_kind
        char cl_ord_id[24]
        int64_t order_qty, price, cum_qty, leaves_qty
        int64_t last_qty, last_px, commission, exec_id, contra_order_id
        int64_t value, bound, reject_mask, decision

    ctypedef struct tc_ack:
        int64_t order_id, cum_qty, leaves_qty
        uint8_t report_type, ord_status
        int16_t reason, ord_rej_reason, cxl_rej_reason


cdef extern from "tradecore/arith.h" nogil:
    ctypedef long long tc_i128
    int64_t tc_floor_div(int64_t a, int64_t b)
    int64_t tc_floor_mod(int64_t a, int64_t b)
    tc_i128 tc_floor_div_wide(tc_i128 a, tc_i128 b)
    tc_i128 tc_round_half_even(tc_i128 a, tc_i128 b)
    tc_i128 tc_wide(int64_t a, int64_t b)
    bint tc_mul_overflows(tc_i128 a, int64_t b, tc_i128* out)
    int64_t tc_saturate(tc_i128 a)
    int64_t tc_abs(int64_t a)
    tc_i128 tc_abs_wide(tc_i128 a)
    uint64_t tc_low(tc_i128 a)
    int64_t tc_high(tc_i128 a)
    tc_i128 tc_join(int64_t low, int64_t high)
    void tc_prefetch(const void* address)
    int tc_lowest_bit(uint64_t a)
    int tc_highest_bit(uint64_t a)
    uint64_t tc_fold(uint64_t a, uint64_t b)
    uint64_t tc_word(const char* bytes)


cdef extern from "tradecore/clock.h" nogil:
    uint64_t tc_nanoseconds()
    uint64_t tc_ticks()


cdef enum:
    SIDE_BUY = 1
    SIDE_SELL = 2
    TYPE_MARKET = 1
    TYPE_LIMIT = 2
    TIF_DAY = 0
    TIF_GTC = 1
    TIF_IOC = 3
    TIF_FOK = 4
    INST_POST_ONLY = 1
    STATUS_NEW = 0
    STATUS_PARTIALLY_FILLED = 1
    STATUS_FILLED = 2
    STATUS_CANCELED = 4
    STATUS_REJECTED = 8
    EXEC_TRADE = 15


# Reason codes; the words and the FIX reasons are in tradecore/fix.py (tests/test_records.py compares).
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
    NO_VENUE = 301
    POST_ONLY_WOULD_TAKE = 401
    IOC_LEFTOVER = 402
    FOK_NOT_FILLABLE = 403
    MARKET_LEFTOVER = 404
    CANCEL_REQUESTED = 501
    UNKNOWN_ORDER = 502
    TOO_LATE_TO_CANCEL = 503


cdef inline int64_t no_price() noexcept nogil:
    return <int64_t>(<uint64_t>1 << 63)


cdef inline int64_t price_max() noexcept nogil:
    return <int64_t>100_000_000_000_000


cdef inline int64_t qty_max() noexcept nogil:
    return <int64_t>100_000_000_000_000


cdef inline int64_t multiplier_max() noexcept nogil:
    return <int64_t>1_000_000_000


cdef inline int64_t position_max() noexcept nogil:
    return <int64_t>1_000_000_000_000_000_000


cdef inline int64_t money_max() noexcept nogil:
    return <int64_t>1 << 62


cdef inline int64_t time_max() noexcept nogil:
    return <int64_t>1 << 62
