"""Which OrdRejReason(103) of FIX goes with each of our reasons."""

from __future__ import annotations

from .codes import Reason
from .fix import OrdRejReason

# The FIX reason that goes with each of ours; whatever is not here is OTHER (99).
ORD_REJ_REASON: dict[Reason, OrdRejReason] = {
    Reason.UNKNOWN_INSTRUMENT: OrdRejReason.UNKNOWN_SYMBOL,
    Reason.UNKNOWN_ACCOUNT: OrdRejReason.UNKNOWN_ACCOUNT,
    Reason.UNSUPPORTED_ORDER_TYPE: OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
    Reason.UNSUPPORTED_TIF: OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
    Reason.QTY_LOT_MULTIPLE: OrdRejReason.INCORRECT_QUANTITY,
    Reason.QTY_BELOW_MIN: OrdRejReason.INCORRECT_QUANTITY,
    Reason.QTY_ABOVE_MAX: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.NOTIONAL_ABOVE_MAX: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.PRICE_LIMIT: OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND,
    Reason.KILL_SWITCH: OrdRejReason.BROKER_OPTION,
    Reason.TRADING_STATE: OrdRejReason.BROKER_OPTION,
    Reason.DUPLICATE_CLORDID: OrdRejReason.DUPLICATE_ORDER,
    Reason.DUPLICATE_ORDER: OrdRejReason.DUPLICATE_ORDER,
    Reason.MAX_OPEN_ORDERS: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_ORDER_QTY: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_ORDER_NOTIONAL: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.PRICE_COLLAR: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_POSITION_QTY: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    **dict.fromkeys((Reason.ORDER_RATE, Reason.REPLACE_RATE, Reason.CANCEL_RATE, Reason.MESSAGE_RATE,
                     Reason.DAILY_ORDER_COUNT, Reason.ORDER_TO_TRADE_RATIO,
                     Reason.NOTIONAL_PER_WINDOW, Reason.OPEN_ORDERS_LIMIT), OrdRejReason.ORDER_EXCEEDS_LIMIT),
    Reason.RESTRICTED_INSTRUMENT: OrdRejReason.BROKER_OPTION,
    Reason.ACCOUNT_BLOCKED: OrdRejReason.BROKER_OPTION,
    Reason.STRATEGY_DISABLED: OrdRejReason.BROKER_OPTION,
    Reason.NOT_PERMITTED_INSTRUMENT: OrdRejReason.BROKER_OPTION,
    Reason.MAX_GROSS_EXPOSURE: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_NET_EXPOSURE: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_POSITION_NOTIONAL: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_PENDING_NOTIONAL: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_LEVERAGE: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.CONCENTRATION: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.INSUFFICIENT_MARGIN: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.GROUP_EXPOSURE: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.DAILY_LOSS: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.DRAWDOWN: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.STRATEGY_LOSS: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.SHORT_SALE: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.INSUFFICIENT_POSITION: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.INSUFFICIENT_FUNDS: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.CREDIT_LIMIT: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.REPEATED_EXECUTION: OrdRejReason.BROKER_OPTION,
    Reason.CONSECUTIVE_REJECTS: OrdRejReason.BROKER_OPTION,
    Reason.REDUCE_ONLY_VIOLATION: OrdRejReason.BROKER_OPTION,
    Reason.SESSION_CLOSED: OrdRejReason.EXCHANGE_CLOSED,
    Reason.USER_RULE: OrdRejReason.BROKER_OPTION,
    Reason.EXIT_GATE: OrdRejReason.BROKER_OPTION,
    Reason.SELF_MATCH: OrdRejReason.BROKER_OPTION,
    Reason.NO_VENUE: OrdRejReason.EXCHANGE_CLOSED,
    Reason.OUTBOUND_FULL: OrdRejReason.BROKER_OPTION,
    Reason.UNKNOWN_ORDER: OrdRejReason.UNKNOWN_ORDER,
}
REASON_TABLE_SIZE = 1024


def ord_rej_reason_table() -> list[int]:
    """OrdRejReason by reason code, as the dense table that the cores index."""
    table = [int(OrdRejReason.OTHER)] * REASON_TABLE_SIZE
    table[0] = int(OrdRejReason.NONE)
    for reason, fix_reason in ORD_REJ_REASON.items():
        table[reason] = int(fix_reason)
    return table
