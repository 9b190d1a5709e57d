/* Fixed-size records, laid out exactly as tradecore/order.py publishes them (tests/test_records.py compares).
   Little-endian, no pointers, no texts, no padding; a ring, a file and a network can carry the same bytes. */
#ifndef TRADECORE_RECORDS_H
#define TRADECORE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tradecore records are little-endian"
#endif

typedef struct {
    uint8_t kind, side, ord_type, time_in_force;
    uint32_t exec_inst;
    int32_t instrument, account, venue, currency;
    int64_t transact_time;
    char cl_ord_id[24];
    union {
        struct { int64_t order_qty, price; };
        struct { char orig_cl_ord_id[24]; int64_t order_id; };
        struct { int64_t bid_px, bid_size, ask_px, ask_size; };
        int64_t mark_px;
        struct { int64_t rule, value, window_ns, mode; };
        struct { int64_t scope, target, engaged; };
        struct { int64_t position_qty, position_px; };
        int64_t amount;
        struct { int64_t maker_fee_per_unit, taker_fee_per_unit, maker_fee_ppm, taker_fee_ppm; };
        struct {
            uint8_t price_precision, qty_precision, multiplier_precision, any_sign;
            uint16_t ord_types, times_in_force;
            int64_t tick, lot, min_qty, max_qty, multiplier, min_notional, max_notional;
        };
        int64_t body[9];
    };
} tc_command;

typedef struct {
    int64_t seq, command_seq, transact_time, order_id;
    uint8_t report_type, exec_type, ord_status, side;
    uint8_t ord_type, time_in_force;
    uint16_t exec_inst;
    int16_t reason, ord_rej_reason, cxl_rej_reason;
    uint16_t last_liquidity_ind;
    int32_t instrument, account, venue, command_kind;
    char cl_ord_id[24];
    int64_t order_qty, price, cum_qty, leaves_qty;
    int64_t last_qty, last_px, commission, exec_id, contra_order_id;
    int64_t value, bound, reject_mask, decision;
} tc_report;

typedef struct {
    int64_t order_id, cum_qty, leaves_qty;
    uint8_t report_type, ord_status;
    int16_t reason, ord_rej_reason, cxl_rej_reason;
} tc_ack;

_Static_assert(sizeof(tc_command) == 128, "a command is two cache lines");
_Static_assert(sizeof(tc_report) == 192, "a report is three cache lines");
_Static_assert(sizeof(tc_ack) == 32, "an ack is half a cache line");

#endif
