/* Fixed-size records, laid out exactly as tradecore/vocabulary/records.py publishes them (tests/vocabulary/test_records.py compares).
   Little-endian, no pointers, no padding, and a text only where it is given its number; a ring, a file and a network can carry the same bytes. */
#ifndef TRADECORE_RECORDS_H
#define TRADECORE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tradecore records are little-endian"
#endif

typedef struct {
    union {
        struct { uint8_t kind, side, ord_type, time_in_force; uint32_t exec_inst; };
        struct { uint8_t head[2], exec_type, ord_status; int32_t reject_reason; };
        struct { uint8_t head_1, money_precision; uint16_t times_in_force; uint32_t ord_types; };
    };
    int32_t instrument, account, venue, currency;
    int64_t transact_time;
    union { int64_t cl_ord_id; int64_t exec_ref_id; };
    uint8_t version;
    union { uint8_t last_liquidity_ind, trigger_source, routing; };
    union { uint8_t told, order_protection; };
    union { uint8_t head_2, fok_over_venues; };
    union { uint32_t last_mkt; uint8_t valuation_method; };
    union { int64_t venue_order_id, print_max_age, refusal; };
    union {
        struct {
            int64_t order_qty, price, stop_px, peg_offset, min_qty, display_qty, list_id, expire_time;
            uint8_t trigger_price_type, peg_offset_type;
            uint16_t contingency_type;
            int32_t strategy;
        };
        struct { int64_t body_0[3]; int64_t orig_cl_ord_id, new_peg_offset, body_5, order_id; };
        struct { int64_t body_1[2]; int64_t exec_id, commission, note, last_qty, body_2, last_px, cum_qty; };
        int64_t unbooked;
        struct { int64_t trad_ses_status, close_time; };
        struct { int64_t low_limit_price, high_limit_price, trading_reference_price, dynamic_bps; };
        struct { int64_t split_numerator, split_denominator; };
        int64_t connected;
        int64_t most;
        int64_t clock_time;
        struct { int64_t bid_px, bid_size, ask_px, ask_size; };
        int64_t mark_px;
        int64_t rate;
        struct { int64_t print_px, print_size; };
        struct {
            int64_t rule;
            uint64_t value;
            int64_t window_ns, mode, value_high, who, why;
            uint16_t limit_scope, soft_share;
            uint32_t set_size, set_at; /* then strategy */
        };
        struct { int64_t scope, target; union { int64_t engaged, state; }; int64_t allow_reduce; };
        struct { int64_t step_count; uint64_t needs; }; /* mode, who and why as above */
        struct { int64_t body_8[8], step_at; };
        struct { int64_t collar_bps, throttle; }; /* then window_ns */
        struct { int64_t match_mode, match_outside, match_id; };
        struct { int64_t routing_strategy, latency_weight, miss_cost, degraded_cost; }; /* then who, why, strategy */
        struct { int64_t round_trip, take_fill, post_fill, reject_rate, quote_age; }; /* who, why */
        struct { int64_t venue_health, reject_max, timeout_max, cooldown, on_disconnect, body_9[2], stale_after; }; /* who, why */
        struct { int64_t position_qty, position_px; };
        struct { uint64_t amount; int64_t amount_high; };
        struct { int64_t initial_margin, maintenance_margin; }; /* who, why */
        int64_t decimals;
        struct { int64_t band, from_px, band_tick; };
        struct {
            int64_t maker_fee_per_unit, taker_fee_per_unit, maker_fee_ppm, taker_fee_ppm, request_timeout;
            uint32_t native_ord_types, native_times_in_force, external, print_fills, day_end, market_protection;
        };
        struct {
            uint8_t price_precision, qty_precision, multiplier_precision, any_sign;
            uint32_t multiplier;
            int64_t tick, lot, max_qty, body_4; /* body_4 is min_qty */
            uint64_t min_notional;
            int64_t min_notional_high;
            uint64_t max_notional;
            int64_t max_notional_high;
        };
        char text[64];
        int64_t body[9];
    };
} tc_command;

typedef struct {
    int64_t seq, command_seq, transact_time, order_id;
    uint8_t report_type, exec_type, ord_status, side;
    uint8_t ord_type, time_in_force, exec_inst, unknown;
    int32_t instrument;
    uint16_t account, user;
    uint8_t venue, producer;
    int16_t reason;
    uint8_t command_kind, version, flags;
    union { uint8_t last_liquidity_ind; int8_t ord_rej_reason, cxl_rej_reason, exec_restatement_reason; };
    int64_t cl_ord_id;
    union { int64_t exec_id, orig_cl_ord_id; };
    int64_t order_qty, cum_qty, price;
    union { int64_t last_qty, value; };
    union { int64_t last_px, bound; };
    union { int64_t commission, stop_px, reject_mask; };
    union { int64_t contra_order_id, venue_exec_id, exec_ref_id, value_high; };
} tc_report;

typedef struct {
    int64_t seq, command_seq, event_seq, transact_time, order_id;
    uint8_t msg_type, side, ord_type, time_in_force, exec_inst, ord_status, unknown, version;
    int32_t instrument;
    uint16_t account, user;
    uint8_t venue, producer;
    int16_t reason;
    uint8_t command_kind, trigger_price_type, peg_offset_type, contingency_type;
    int64_t cl_ord_id, orig_cl_ord_id, order_qty, cum_qty, price, stop_px, expire_time, min_qty;
    int64_t display_qty, peg_offset, list_id;
    int32_t strategy;
    uint8_t rest[36];
} tc_message;

typedef struct {
    int64_t order_id, cum_qty, leaves_qty;
    uint8_t report_type, ord_status;
    int16_t reason, ord_rej_reason, cxl_rej_reason;
} tc_ack;

_Static_assert(sizeof(tc_command) == 128, "a command is two cache lines");
_Static_assert(sizeof(tc_report) == 128, "a report is two cache lines");
_Static_assert(sizeof(tc_message) == 192, "a message is three cache lines");
_Static_assert(sizeof(tc_ack) == 32, "an ack is half a cache line");

#endif
