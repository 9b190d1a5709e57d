# cython: language_level=3
"""The records as the C compiler lays them out, for the test that holds them against tradecore/vocabulary/records.py."""

from records cimport *
from shell cimport wide


cdef dict command_layout():
    cdef tc_command c
    return {
        "sizeof": sizeof(tc_command), "kind": <char*>&c.kind - <char*>&c, "side": <char*>&c.side - <char*>&c,
        "ord_type": <char*>&c.ord_type - <char*>&c, "time_in_force": <char*>&c.time_in_force - <char*>&c,
        "exec_inst": <char*>&c.exec_inst - <char*>&c, "instrument": <char*>&c.instrument - <char*>&c,
        "account": <char*>&c.account - <char*>&c, "venue": <char*>&c.venue - <char*>&c,
        "currency": <char*>&c.currency - <char*>&c, "transact_time": <char*>&c.transact_time - <char*>&c,
        "version": <char*>&c.version - <char*>&c, "text": <char*>&c.text - <char*>&c,
        "cl_ord_id": <char*>&c.cl_ord_id - <char*>&c, "order_qty": <char*>&c.order_qty - <char*>&c,
        "price": <char*>&c.price - <char*>&c, "stop_px": <char*>&c.stop_px - <char*>&c,
        "peg_offset": <char*>&c.peg_offset - <char*>&c, "min_qty": <char*>&c.min_qty - <char*>&c,
        "display_qty": <char*>&c.display_qty - <char*>&c, "list_id": <char*>&c.list_id - <char*>&c,
        "expire_time": <char*>&c.expire_time - <char*>&c,
        "trigger_price_type": <char*>&c.trigger_price_type - <char*>&c,
        "peg_offset_type": <char*>&c.peg_offset_type - <char*>&c,
        "contingency_type": <char*>&c.contingency_type - <char*>&c, "strategy": <char*>&c.strategy - <char*>&c,
        "orig_cl_ord_id": <char*>&c.orig_cl_ord_id - <char*>&c, "order_id": <char*>&c.order_id - <char*>&c,
        "exec_type": <char*>&c.exec_type - <char*>&c, "ord_status": <char*>&c.ord_status - <char*>&c,
        "reject_reason": <char*>&c.reject_reason - <char*>&c, "exec_id": <char*>&c.exec_id - <char*>&c,
        "last_qty": <char*>&c.last_qty - <char*>&c, "last_px": <char*>&c.last_px - <char*>&c,
        "cum_qty": <char*>&c.cum_qty - <char*>&c, "exec_ref_id": <char*>&c.exec_ref_id - <char*>&c,
        "most": <char*>&c.most - <char*>&c, "unbooked": <char*>&c.unbooked - <char*>&c,
        "commission": <char*>&c.commission - <char*>&c, "note": <char*>&c.note - <char*>&c,
        "told": <char*>&c.told - <char*>&c, "venue_order_id": <char*>&c.venue_order_id - <char*>&c,
        "last_mkt": <char*>&c.last_mkt - <char*>&c, "last_liquidity_ind": <char*>&c.last_liquidity_ind - <char*>&c,
        "bid_px": <char*>&c.bid_px - <char*>&c, "bid_size": <char*>&c.bid_size - <char*>&c,
        "ask_px": <char*>&c.ask_px - <char*>&c, "ask_size": <char*>&c.ask_size - <char*>&c,
        "trigger_source": <char*>&c.trigger_source - <char*>&c, "print_max_age": <char*>&c.print_max_age - <char*>&c,
        "order_protection": <char*>&c.order_protection - <char*>&c,
        "fok_over_venues": <char*>&c.fok_over_venues - <char*>&c,
        "valuation_method": <char*>&c.valuation_method - <char*>&c,
        "initial_margin": <char*>&c.initial_margin - <char*>&c,
        "maintenance_margin": <char*>&c.maintenance_margin - <char*>&c,
        "new_peg_offset": <char*>&c.new_peg_offset - <char*>&c,
        "print_px": <char*>&c.print_px - <char*>&c, "print_size": <char*>&c.print_size - <char*>&c,
        "print_fills": <char*>&c.print_fills - <char*>&c,
        "mark_px": <char*>&c.mark_px - <char*>&c, "rate": <char*>&c.rate - <char*>&c,
        "low_limit_price": <char*>&c.low_limit_price - <char*>&c,
        "high_limit_price": <char*>&c.high_limit_price - <char*>&c,
        "trading_reference_price": <char*>&c.trading_reference_price - <char*>&c,
        "dynamic_bps": <char*>&c.dynamic_bps - <char*>&c,
        "trad_ses_status": <char*>&c.trad_ses_status - <char*>&c,
        "close_time": <char*>&c.close_time - <char*>&c, "clock_time": <char*>&c.clock_time - <char*>&c,
        "split_numerator": <char*>&c.split_numerator - <char*>&c,
        "split_denominator": <char*>&c.split_denominator - <char*>&c,
        "connected": <char*>&c.connected - <char*>&c, "rule": <char*>&c.rule - <char*>&c,
        "value": <char*>&c.value - <char*>&c, "window_ns": <char*>&c.window_ns - <char*>&c,
        "mode": <char*>&c.mode - <char*>&c,
        "scope": <char*>&c.scope - <char*>&c, "target": <char*>&c.target - <char*>&c,
        "engaged": <char*>&c.engaged - <char*>&c, "state": <char*>&c.state - <char*>&c,
        "allow_reduce": <char*>&c.allow_reduce - <char*>&c, "position_qty": <char*>&c.position_qty - <char*>&c,
        "position_px": <char*>&c.position_px - <char*>&c, "amount": <char*>&c.amount - <char*>&c,
        "amount_high": <char*>&c.amount_high - <char*>&c, "value_high": <char*>&c.value_high - <char*>&c,
        "who": <char*>&c.who - <char*>&c, "why": <char*>&c.why - <char*>&c,
        "limit_scope": <char*>&c.limit_scope - <char*>&c, "soft_share": <char*>&c.soft_share - <char*>&c,
        "set_size": <char*>&c.set_size - <char*>&c, "set_at": <char*>&c.set_at - <char*>&c,
    }


# What definitions and users' rules have beside it.
cdef dict definition_layout():
    cdef tc_command c
    return {
        "decimals": <char*>&c.decimals - <char*>&c, "band": <char*>&c.band - <char*>&c,
        "from_px": <char*>&c.from_px - <char*>&c, "band_tick": <char*>&c.band_tick - <char*>&c,
        "money_precision": <char*>&c.money_precision - <char*>&c,
        "min_notional_high": <char*>&c.min_notional_high - <char*>&c,
        "max_notional_high": <char*>&c.max_notional_high - <char*>&c,
        "maker_fee_per_unit": <char*>&c.maker_fee_per_unit - <char*>&c,
        "taker_fee_per_unit": <char*>&c.taker_fee_per_unit - <char*>&c,
        "maker_fee_ppm": <char*>&c.maker_fee_ppm - <char*>&c,
        "taker_fee_ppm": <char*>&c.taker_fee_ppm - <char*>&c,
        "request_timeout": <char*>&c.request_timeout - <char*>&c,
        "native_ord_types": <char*>&c.native_ord_types - <char*>&c,
        "native_times_in_force": <char*>&c.native_times_in_force - <char*>&c,
        "external": <char*>&c.external - <char*>&c, "day_end": <char*>&c.day_end - <char*>&c,
        "market_protection": <char*>&c.market_protection - <char*>&c,
        "price_precision": <char*>&c.price_precision - <char*>&c,
        "qty_precision": <char*>&c.qty_precision - <char*>&c,
        "multiplier_precision": <char*>&c.multiplier_precision - <char*>&c,
        "any_sign": <char*>&c.any_sign - <char*>&c, "tick": <char*>&c.tick - <char*>&c,
        "lot": <char*>&c.lot - <char*>&c, "max_qty": <char*>&c.max_qty - <char*>&c,
        "multiplier": <char*>&c.multiplier - <char*>&c, "min_notional": <char*>&c.min_notional - <char*>&c,
        "max_notional": <char*>&c.max_notional - <char*>&c, "ord_types": <char*>&c.ord_types - <char*>&c,
        "times_in_force": <char*>&c.times_in_force - <char*>&c,
        "step_count": <char*>&c.step_count - <char*>&c, "needs": <char*>&c.needs - <char*>&c,
        "step_at": <char*>&c.step_at - <char*>&c, "routing": <char*>&c.routing - <char*>&c,
        "routing_strategy": <char*>&c.routing_strategy - <char*>&c,
        "latency_weight": <char*>&c.latency_weight - <char*>&c, "miss_cost": <char*>&c.miss_cost - <char*>&c,
        "degraded_cost": <char*>&c.degraded_cost - <char*>&c, "round_trip": <char*>&c.round_trip - <char*>&c,
        "take_fill": <char*>&c.take_fill - <char*>&c, "post_fill": <char*>&c.post_fill - <char*>&c,
        "reject_rate": <char*>&c.reject_rate - <char*>&c, "quote_age": <char*>&c.quote_age - <char*>&c,
        "venue_health": <char*>&c.venue_health - <char*>&c, "reject_max": <char*>&c.reject_max - <char*>&c,
        "timeout_max": <char*>&c.timeout_max - <char*>&c, "cooldown": <char*>&c.cooldown - <char*>&c,
        "on_disconnect": <char*>&c.on_disconnect - <char*>&c, "stale_after": <char*>&c.stale_after - <char*>&c,
        "collar_bps": <char*>&c.collar_bps - <char*>&c, "throttle": <char*>&c.throttle - <char*>&c,
        "match_mode": <char*>&c.match_mode - <char*>&c, "match_outside": <char*>&c.match_outside - <char*>&c,
        "match_id": <char*>&c.match_id - <char*>&c, "refusal": <char*>&c.refusal - <char*>&c,
    }


cdef dict report_layout():
    cdef tc_report r
    return {
        "sizeof": sizeof(tc_report), "seq": <char*>&r.seq - <char*>&r,
        "command_seq": <char*>&r.command_seq - <char*>&r, "transact_time": <char*>&r.transact_time - <char*>&r,
        "order_id": <char*>&r.order_id - <char*>&r, "report_type": <char*>&r.report_type - <char*>&r,
        "exec_type": <char*>&r.exec_type - <char*>&r, "ord_status": <char*>&r.ord_status - <char*>&r,
        "side": <char*>&r.side - <char*>&r, "ord_type": <char*>&r.ord_type - <char*>&r,
        "time_in_force": <char*>&r.time_in_force - <char*>&r, "exec_inst": <char*>&r.exec_inst - <char*>&r,
        "unknown": <char*>&r.unknown - <char*>&r, "instrument": <char*>&r.instrument - <char*>&r,
        "account": <char*>&r.account - <char*>&r, "user": <char*>&r.user - <char*>&r,
        "venue": <char*>&r.venue - <char*>&r, "producer": <char*>&r.producer - <char*>&r,
        "reason": <char*>&r.reason - <char*>&r, "command_kind": <char*>&r.command_kind - <char*>&r,
        "version": <char*>&r.version - <char*>&r, "flags": <char*>&r.flags - <char*>&r,
        "last_liquidity_ind": <char*>&r.last_liquidity_ind - <char*>&r,
        "ord_rej_reason": <char*>&r.ord_rej_reason - <char*>&r,
        "cxl_rej_reason": <char*>&r.cxl_rej_reason - <char*>&r,
        "exec_restatement_reason": <char*>&r.exec_restatement_reason - <char*>&r,
        "cl_ord_id": <char*>&r.cl_ord_id - <char*>&r, "exec_id": <char*>&r.exec_id - <char*>&r,
        "orig_cl_ord_id": <char*>&r.orig_cl_ord_id - <char*>&r, "order_qty": <char*>&r.order_qty - <char*>&r,
        "cum_qty": <char*>&r.cum_qty - <char*>&r, "price": <char*>&r.price - <char*>&r,
        "last_qty": <char*>&r.last_qty - <char*>&r, "value": <char*>&r.value - <char*>&r,
        "last_px": <char*>&r.last_px - <char*>&r, "bound": <char*>&r.bound - <char*>&r,
        "commission": <char*>&r.commission - <char*>&r, "stop_px": <char*>&r.stop_px - <char*>&r,
        "reject_mask": <char*>&r.reject_mask - <char*>&r, "contra_order_id": <char*>&r.contra_order_id - <char*>&r,
        "venue_exec_id": <char*>&r.venue_exec_id - <char*>&r, "exec_ref_id": <char*>&r.exec_ref_id - <char*>&r,
        "value_high": <char*>&r.value_high - <char*>&r,
    }


cdef dict message_layout():
    cdef tc_message m
    return {
        "sizeof": sizeof(tc_message), "seq": <char*>&m.seq - <char*>&m,
        "command_seq": <char*>&m.command_seq - <char*>&m, "event_seq": <char*>&m.event_seq - <char*>&m,
        "transact_time": <char*>&m.transact_time - <char*>&m, "order_id": <char*>&m.order_id - <char*>&m,
        "msg_type": <char*>&m.msg_type - <char*>&m, "side": <char*>&m.side - <char*>&m,
        "ord_type": <char*>&m.ord_type - <char*>&m, "time_in_force": <char*>&m.time_in_force - <char*>&m,
        "exec_inst": <char*>&m.exec_inst - <char*>&m, "ord_status": <char*>&m.ord_status - <char*>&m,
        "unknown": <char*>&m.unknown - <char*>&m, "version": <char*>&m.version - <char*>&m,
        "instrument": <char*>&m.instrument - <char*>&m, "account": <char*>&m.account - <char*>&m,
        "user": <char*>&m.user - <char*>&m, "venue": <char*>&m.venue - <char*>&m,
        "producer": <char*>&m.producer - <char*>&m, "reason": <char*>&m.reason - <char*>&m,
        "command_kind": <char*>&m.command_kind - <char*>&m,
        "trigger_price_type": <char*>&m.trigger_price_type - <char*>&m,
        "peg_offset_type": <char*>&m.peg_offset_type - <char*>&m,
        "contingency_type": <char*>&m.contingency_type - <char*>&m, "cl_ord_id": <char*>&m.cl_ord_id - <char*>&m,
        "orig_cl_ord_id": <char*>&m.orig_cl_ord_id - <char*>&m, "order_qty": <char*>&m.order_qty - <char*>&m,
        "cum_qty": <char*>&m.cum_qty - <char*>&m, "price": <char*>&m.price - <char*>&m,
        "stop_px": <char*>&m.stop_px - <char*>&m, "expire_time": <char*>&m.expire_time - <char*>&m,
        "min_qty": <char*>&m.min_qty - <char*>&m, "display_qty": <char*>&m.display_qty - <char*>&m,
        "peg_offset": <char*>&m.peg_offset - <char*>&m, "list_id": <char*>&m.list_id - <char*>&m,
        "strategy": <char*>&m.strategy - <char*>&m,
    }


cdef dict ack_layout():
    cdef tc_ack a
    return {
        "sizeof": sizeof(tc_ack), "order_id": <char*>&a.order_id - <char*>&a,
        "cum_qty": <char*>&a.cum_qty - <char*>&a, "leaves_qty": <char*>&a.leaves_qty - <char*>&a,
        "report_type": <char*>&a.report_type - <char*>&a, "ord_status": <char*>&a.ord_status - <char*>&a,
        "reason": <char*>&a.reason - <char*>&a, "ord_rej_reason": <char*>&a.ord_rej_reason - <char*>&a,
        "cxl_rej_reason": <char*>&a.cxl_rej_reason - <char*>&a
    }


def layout():
    """Offsets of every record field, sizes and bounds as the C compiler sees them: for the test that compares."""
    return {
        "tc_command": command_layout() | definition_layout(),
        "tc_report": report_layout(),
        "tc_message": message_layout(),
        "tc_ack": ack_layout(),
        "bounds": {"no_price": no_price(), "price_max": price_max(), "qty_max": qty_max(),
                   "multiplier_max": multiplier_max(), "position_max": position_max(), "fee_max": fee_max(),
                   "book_ticks_max": book_ticks_max(), "amount_max": wide(amount_max()),
                   "limit_max": wide(limit_max()), "cash_max": wide(cash_max()), "cash_order_max": cash_order_max(),
                   "time_max": time_max()},
    }
