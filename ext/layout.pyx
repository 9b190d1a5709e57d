# cython: language_level=3
"""The records as the C compiler lays them out, for the test that holds them against tradecore/order.py."""

from records cimport *


def layout():
    """Offsets of every record field, sizes and bounds as the C compiler sees them: for the test that compares."""
    cdef tc_command c
    cdef tc_report r
    cdef tc_ack a
    return {
        "tc_command": {"sizeof": sizeof(tc_command), "kind": <char*>&c.kind - <char*>&c,
            "side": <char*>&c.side - <char*>&c, "ord_type": <char*>&c.ord_type - <char*>&c,
            "time_in_force": <char*>&c.time_in_force - <char*>&c, "exec_inst": <char*>&c.exec_inst - <char*>&c,
            "instrument": <char*>&c.instrument - <char*>&c, "account": <char*>&c.account - <char*>&c,
            "venue": <char*>&c.venue - <char*>&c, "currency": <char*>&c.currency - <char*>&c,
            "transact_time": <char*>&c.transact_time - <char*>&c, "cl_ord_id": <char*>&c.cl_ord_id - <char*>&c,
            "order_qty": <char*>&c.order_qty - <char*>&c, "price": <char*>&c.price - <char*>&c,
            "orig_cl_ord_id": <char*>&c.orig_cl_ord_id - <char*>&c, "order_id": <char*>&c.order_id - <char*>&c,
            "bid_px": <char*>&c.bid_px - <char*>&c, "bid_size": <char*>&c.bid_size - <char*>&c,
            "ask_px": <char*>&c.ask_px - <char*>&c, "ask_size": <char*>&c.ask_size - <char*>&c,
            "mark_px": <char*>&c.mark_px - <char*>&c, "rule": <char*>&c.rule - <char*>&c,
            "value": <char*>&c.value - <char*>&c, "window_ns": <char*>&c.window_ns - <char*>&c,
            "mode": <char*>&c.mode - <char*>&c,
            "scope": <char*>&c.scope - <char*>&c, "target": <char*>&c.target - <char*>&c,
            "engaged": <char*>&c.engaged - <char*>&c, "position_qty": <char*>&c.position_qty - <char*>&c,
            "position_px": <char*>&c.position_px - <char*>&c, "amount": <char*>&c.amount - <char*>&c,
            "maker_fee_per_unit": <char*>&c.maker_fee_per_unit - <char*>&c,
            "taker_fee_per_unit": <char*>&c.taker_fee_per_unit - <char*>&c,
            "maker_fee_ppm": <char*>&c.maker_fee_ppm - <char*>&c, "taker_fee_ppm": <char*>&c.taker_fee_ppm - <char*>&c,
            "price_precision": <char*>&c.price_precision - <char*>&c,
            "qty_precision": <char*>&c.qty_precision - <char*>&c,
            "multiplier_precision": <char*>&c.multiplier_precision - <char*>&c,
            "any_sign": <char*>&c.any_sign - <char*>&c, "ord_types": <char*>&c.ord_types - <char*>&c,
            "times_in_force": <char*>&c.times_in_force - <char*>&c, "tick": <char*>&c.tick - <char*>&c,
            "lot": <char*>&c.lot - <char*>&c, "min_qty": <char*>&c.min_qty - <char*>&c,
            "max_qty": <char*>&c.max_qty - <char*>&c, "multiplier": <char*>&c.multiplier - <char*>&c,
            "min_notional": <char*>&c.min_notional - <char*>&c, "max_notional": <char*>&c.max_notional - <char*>&c},
        "tc_report": {"sizeof": sizeof(tc_report), "seq": <char*>&r.seq - <char*>&r,
            "command_seq": <char*>&r.command_seq - <char*>&r, "transact_time": <char*>&r.transact_time - <char*>&r,
            "order_id": <char*>&r.order_id - <char*>&r, "report_type": <char*>&r.report_type - <char*>&r,
            "exec_type": <char*>&r.exec_type - <char*>&r, "ord_status": <char*>&r.ord_status - <char*>&r,
            "side": <char*>&r.side - <char*>&r, "ord_type": <char*>&r.ord_type - <char*>&r,
            "time_in_force": <char*>&r.time_in_force - <char*>&r, "exec_inst": <char*>&r.exec_inst - <char*>&r,
            "reason": <char*>&r.reason - <char*>&r, "ord_rej_reason": <char*>&r.ord_rej_reason - <char*>&r,
            "cxl_rej_reason": <char*>&r.cxl_rej_reason - <char*>&r,
            "last_liquidity_ind": <char*>&r.last_liquidity_ind - <char*>&r,
            "instrument": <char*>&r.instrument - <char*>&r, "account": <char*>&r.account - <char*>&r,
            "venue": <char*>&r.venue - <char*>&r, "command_kind": <char*>&r.command_kind - <char*>&r,
            "cl_ord_id": <char*>&r.cl_ord_id - <char*>&r, "order_qty": <char*>&r.order_qty - <char*>&r,
            "price": <char*>&r.price - <char*>&r, "cum_qty": <char*>&r.cum_qty - <char*>&r,
            "leaves_qty": <char*>&r.leaves_qty - <char*>&r, "last_qty": <char*>&r.last_qty - <char*>&r,
            "last_px": <char*>&r.last_px - <char*>&r, "commission": <char*>&r.commission - <char*>&r,
            "exec_id": <char*>&r.exec_id - <char*>&r, "contra_order_id": <char*>&r.contra_order_id - <char*>&r,
            "value": <char*>&r.value - <char*>&r, "bound": <char*>&r.bound - <char*>&r,
            "reject_mask": <char*>&r.reject_mask - <char*>&r, "decision": <char*>&r.decision - <char*>&r},
        "tc_ack": {"sizeof": sizeof(tc_ack), "order_id": <char*>&a.order_id - <char*>&a,
            "cum_qty": <char*>&a.cum_qty - <char*>&a, "leaves_qty": <char*>&a.leaves_qty - <char*>&a,
            "report_type": <char*>&a.report_type - <char*>&a, "ord_status": <char*>&a.ord_status - <char*>&a,
            "reason": <char*>&a.reason - <char*>&a, "ord_rej_reason": <char*>&a.ord_rej_reason - <char*>&a,
            "cxl_rej_reason": <char*>&a.cxl_rej_reason - <char*>&a},
        "bounds": {"no_price": no_price(), "price_max": price_max(), "qty_max": qty_max(),
                   "multiplier_max": multiplier_max(), "position_max": position_max(), "money_max": money_max(),
                   "time_max": time_max()},
    }
