"""The text of a refusal, built when it is read: from code, value and bound, naming field, value and bound."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .codes import CommandType, Reason, Scope, TradingState
from .fix import OrdType, TimeInForce
from .instrument import Instrument
from .names import Directory
from .records import CASH_MAX, COMMAND_DTYPES, LIMIT_PRECISION, NO_PRICE, TIME_MAX, UNTELLABLE
from .rules import RULES
from .time_units import find_unit
from .units import BEYOND, read_told, to_decimal

_IN_PRICE = {
    Reason.PRICE_TICK_MULTIPLE, Reason.PRICE_OUT_OF_RANGE, Reason.PRICE_LIMIT, Reason.POST_ONLY_WOULD_TAKE,
    Reason.STOP_PX_OUT_OF_RANGE, Reason.ORDER_PROTECTION, Reason.EXIT_RESTS, Reason.STOP_TRIGGERED,
    Reason.MARKET_LEFTOVER,
}
_IN_LOTS = {
    Reason.QTY_LOT_MULTIPLE, Reason.QTY_BELOW_MIN, Reason.QTY_ABOVE_MAX, Reason.ARITHMETIC_OVERFLOW,
    Reason.INVALID_MIN_QTY, Reason.INVALID_DISPLAY_QTY, Reason.REDUCE_ONLY_VIOLATION, Reason.PARENT_ENDED,
    Reason.OTHER_FILLED, Reason.OVERFILL, Reason.CUM_QTY_MISMATCH,
    Reason.LATE_REPLACED, Reason.SHORT_SALE, Reason.INSUFFICIENT_POSITION,
}
_IN_MONEY = {Reason.NOTIONAL_BELOW_MIN, Reason.NOTIONAL_ABOVE_MAX, Reason.MAX_ORDER_NOTIONAL,
             Reason.MAX_GROSS_EXPOSURE, Reason.MAX_NET_EXPOSURE, Reason.MAX_POSITION_NOTIONAL,
             Reason.MAX_PENDING_NOTIONAL, Reason.GROUP_EXPOSURE, Reason.DAILY_LOSS, Reason.DRAWDOWN,
             Reason.STRATEGY_LOSS, Reason.NOTIONAL_PER_WINDOW, Reason.INSUFFICIENT_FUNDS, Reason.CREDIT_LIMIT}
_RATIOS = {Reason.MAX_LEVERAGE, Reason.INSUFFICIENT_MARGIN}
_OVER_EQUITY = _RATIOS | {Reason.CONCENTRATION}
# The field of Capacity that bounds what a command declares.
_DEFINED: dict[int, str] = {
    CommandType.DEFINE_INSTRUMENT: "instruments", CommandType.DEFINE_ACCOUNT: "accounts",
    CommandType.DEFINE_VENUE: "venues", CommandType.DEFINE_CURRENCY: "currencies",
    CommandType.NEW_ORDER: "cl_ord_ids", CommandType.CANCEL: "cl_ord_ids", CommandType.REPLACE: "cl_ord_ids",
}
# What venues say, and what stands in its records where they did not say it.
_OF_VENUES = {CommandType.EXECUTION_REPORT, CommandType.TRADE_CORRECTION, CommandType.BOOK_UNBOOKED,
              CommandType.DISMISS_UNBOOKED}
_ABSENT: dict[str, tuple[int, ...]] = {"exec_id": (0,), "side": (0,), "last_qty": (NO_PRICE,), "note": (0,),
                                      "commission": (NO_PRICE,)}
_LOTS_AGAINST_LIMITS = {Reason.MAX_ORDER_QTY, Reason.MAX_POSITION_QTY}

# What rows of limits decide; the number of the row that spoke stands where others have a mask.
_OF_LIMITS = {*(rule.reason for rule in RULES), Reason.REFERENCE_PRICE_UNAVAILABLE, Reason.MARK_UNAVAILABLE,
              Reason.RATE_UNAVAILABLE}

_TEXTS = {
    Reason.UNKNOWN_INSTRUMENT: "instrument {value} is not declared: {bound} are",
    Reason.UNKNOWN_ACCOUNT: "account {value} is not declared: {bound} are",
    Reason.UNKNOWN_VENUE: "venue {value} is not declared: {bound} are",
    Reason.MISSING_REQUIRED_FIELD: "price is missing: a LIMIT order needs one",
    Reason.PRICE_TICK_MULTIPLE: "price {value} is not a multiple of the tick {bound}",
    Reason.PRICE_OUT_OF_RANGE: "price {value} is out of range: the bound is {bound}",
    Reason.PRICE_LIMIT: "price {value} is beyond the exchange's limit {bound}",
    Reason.QTY_LOT_MULTIPLE: "order_qty {value} is not a multiple of the lot {bound}",
    Reason.QTY_BELOW_MIN: "order_qty {value} is below the minimum {bound}",
    Reason.QTY_ABOVE_MAX: "order_qty {value} is above the maximum {bound}",
    Reason.NOTIONAL_BELOW_MIN: "notional {value} is below the minimum {bound}",
    Reason.NOTIONAL_ABOVE_MAX: "notional {value} is above the maximum {bound}",
    Reason.INVALID_CL_ORD_ID: "cl_ord_id is no id: an integer from 1 to 2**62, or the number of an interned text",
    Reason.ALREADY_DEFINED: "it is defined already",
    Reason.TABLE_FULL: "its table is full: {value} of {bound}",
    Reason.MISSING_STOP_PX: "stop_px is missing: this ord_type waits for one",
    Reason.STOP_PX_OUT_OF_RANGE: "stop_px {value} is out of range, off the tick {bound}, or not of this ord_type",
    Reason.INVALID_MIN_QTY: "min_qty {value} must be 1 lot to order_qty {bound}, and the order IMMEDIATE_OR_CANCEL",
    Reason.INVALID_DISPLAY_QTY: "display_qty {value} must be whole lots up to order_qty {bound}, and it must rest",
    Reason.EXPIRE_TIME_IN_PAST: "expire_time {value} must be after {bound}, and only with GOOD_TILL_DATE",
    Reason.INVALID_PEG_OFFSET: "peg_offset {value}: a TRAILING_STOP that waits has one (1 to 9999 basis points), "
                               "others have none",
    Reason.INVALID_CONTINGENCY: "contingency_type and list_id go together, in one account: {value} and {bound}",
    Reason.IDS_FULL: "the table of ids is full: {value} of {bound}, the capacity ids",
    Reason.CLOCK_STEP: "transact_time {value} is too far ahead: the clock goes up to {bound}, advance_clock() further",
    Reason.KILL_SWITCH: "a kill switch is engaged for the firm, the account, the instrument, the venue or the strategy",
    Reason.TRADING_STATE: "a trading state of the firm, the account, the instrument, the venue or the strategy bars it",
    Reason.NOT_AUTHORIZED: "to let more be traded again takes who and why",
    Reason.REPEATED_EXECUTION: "the strategy is disarmed: it executed the same {value} times in the window, "
                               "more than {bound}",
    Reason.CONSECUTIVE_REJECTS: "the strategy is disarmed: {value} orders were rejected in a row, more than {bound}",
    Reason.RISK_CONFIG_MISSING: "the account has no complete risk limits: rules set {value:#07b} of {bound:#07b}",
    Reason.DUPLICATE_CLORDID: "cl_ord_id was used before on this trading day",
    Reason.MAX_OPEN_ORDERS: "open orders {value} would exceed {bound}",
    Reason.OPEN_ORDERS_LIMIT: "open orders {value} would exceed the limit {bound}",
    Reason.REFERENCE_PRICE_UNAVAILABLE: "no positive mid, last trade or mark to hold the order against",
    Reason.MAX_ORDER_QTY: "order_qty {value} exceeds {bound}",
    Reason.MAX_ORDER_NOTIONAL: "notional {value} exceeds {bound}",
    Reason.PRICE_COLLAR: "price is {value} bps from the reference on the aggressive side, the collar is {bound} bps",
    Reason.MAX_POSITION_QTY: "position with working orders {value} would exceed {bound}",
    Reason.ORDER_RATE: "orders in the window {value} would exceed {bound}",
    Reason.REPLACE_RATE: "replaces in the window {value} would exceed {bound}",
    Reason.CANCEL_RATE: "cancels in the window {value} exceed {bound}",
    Reason.MESSAGE_RATE: "orders, replaces and cancels in the window {value} would exceed {bound}",
    Reason.DAILY_ORDER_COUNT: "orders of the day {value} would exceed {bound}",
    Reason.RESTRICTED_INSTRUMENT: "the instrument is restricted",
    Reason.NOT_PERMITTED_INSTRUMENT: "only what is permitted may be traded, and the instrument is not",
    Reason.ACCOUNT_BLOCKED: "the account is blocked",
    Reason.STRATEGY_DISABLED: "the strategy is disabled",
    Reason.ARITHMETIC_OVERFLOW: "{value} is beyond the largest amount {bound}",
    Reason.REDUCE_ONLY_VIOLATION: "order_qty {value} exceeds the position {bound} that it may only reduce",
    Reason.SESSION_CLOSED: "the instrument's session takes no such order now",
    Reason.DUPLICATE_ORDER: "orders with these terms in the window {value} would exceed {bound}",
    Reason.NOTIONAL_PER_WINDOW: "notional of orders and replaces in the window {value} would exceed {bound}",
    Reason.ORDER_TO_TRADE_RATIO: "orders, replaces and cancels of the day {value} exceed {bound} for its trades",
    Reason.MAX_GROSS_EXPOSURE: "gross exposure with working orders {value} would exceed {bound}",
    Reason.MAX_NET_EXPOSURE: "net exposure with working orders {value} would exceed {bound}",
    Reason.MAX_POSITION_NOTIONAL: "position with working orders, {value} at its mark, would exceed {bound}",
    Reason.MAX_PENDING_NOTIONAL: "what works, {value} at marks, would exceed {bound}",
    Reason.MAX_LEVERAGE: "gross exposure with working orders would be {value} x equity, more than {bound}",
    Reason.CONCENTRATION: "position with working orders would be {value} bps of equity at its mark, more than {bound}",
    Reason.INSUFFICIENT_MARGIN: "margin needed with working orders is {value} x equity, more than {bound}",
    Reason.GROUP_EXPOSURE: "exposure of the group's instruments with working orders {value} would exceed {bound}",
    Reason.DAILY_LOSS: "loss since the previous close {value} exceeds {bound}",
    Reason.DRAWDOWN: "the day's P&L is {value} below its highest: that exceeds {bound}",
    Reason.STRATEGY_LOSS: "loss of the strategy since the previous close {value} exceeds {bound}",
    Reason.STALE_QUOTE: "a mark, or what a venue displays, is {value} ms old: it counts as stale after {bound} ms",
    Reason.MARK_UNAVAILABLE: "what is held, works or is asked for has no mark in {value} instruments",
    Reason.RATE_UNAVAILABLE: "what is held, works or is asked for has a currency without a rate in {value} instruments",
    Reason.SHORT_SALE: "short by {value} with working orders, and {bound} are located",
    Reason.INSUFFICIENT_POSITION: "{value} would be sold with working orders, and {bound} are held",
    Reason.INSUFFICIENT_FUNDS: "{value} would be needed with working orders and fees, and {bound} is there",
    Reason.CREDIT_LIMIT: "{value} would be owed with working orders and fees: that exceeds {bound}",
    Reason.USER_RULE: "an expression of our own",  # told in full by rule_text
    Reason.EXIT_GATE: "stopped at the exit",  # told in full by gate_text
    Reason.SELF_MATCH: "it would trade with order {value} of our own",
    Reason.NO_VENUE: "no venue is up: {bound} are declared",
    Reason.BOOKS_FULL: "{value} books are in use: the capacity books is {bound}",
    Reason.VENUE_DOWN: "the venue is down: {value} failures in a row, {bound} open its circuit breaker",
    Reason.REPLACES_FULL: "replaces that venues have not answered: {value} of {bound}, the capacity open_orders",
    Reason.OUTBOUND_FULL: "what venues are to be sent waits unread: {value} of {bound} places are taken or kept for "
                          "orders that work: read outbound()",
    Reason.POST_ONLY_WOULD_TAKE: "price {value} would take at {bound}",
    Reason.IOC_LEFTOVER: "the rest of an IMMEDIATE_OR_CANCEL order",
    Reason.FOK_NOT_FILLABLE: "no venue holds the whole quantity within the limit",
    Reason.MARKET_LEFTOVER: "the rest of a MARKET order: nothing more is displayed",
    Reason.MIN_QTY_NOT_MET: "fewer than min_qty are there within the limit",
    Reason.ORDER_PROTECTION: "limit {value} would trade through, lock or cross {bound}, which another venue displays",
    Reason.AUCTION_LEFTOVER: "the rest of an AT_THE_OPEN or AT_THE_CLOSE order",
    Reason.CANCEL_REQUESTED: "canceled on request",
    Reason.UNKNOWN_ORDER: "no such order",
    Reason.TOO_LATE_TO_CANCEL: "the order has ended",
    Reason.ALREADY_PENDING: "a cancel of this order is pending already",
    Reason.DUPLICATE_REQUEST_ID: "cl_ord_id was used before on this trading day",
    Reason.NO_SUCH_REQUEST: "order {value} has {bound} requests pending, and none that this answers",
    Reason.VENUE_REPORTED: "the venue reported it",
    Reason.DAY_ENDED: "its session is over",
    Reason.EXPIRE_TIME_REACHED: "its expire_time has come",
    Reason.OTHER_FILLED: "others of its list have traded",
    Reason.PARENT_ENDED: "the order that it waited for has ended",
    Reason.REDUCED_POSITION: "a reduce-only order is larger than the position that is left",
    Reason.REQUEST_TIMEOUT: "the venue has not answered in time: the outcome is UNKNOWN, the hold stays",
    Reason.VENUE_DISCONNECTED: "the venue's session is lost: the outcome is UNKNOWN, the hold stays",
    Reason.LATE_TRADE: "booked, though the order has ended",
    Reason.OVERFILL: "booked, though cum_qty {value} exceeds order_qty {bound}",
    Reason.TRADE_IN_SUSPENSE: "booked in suspense: it matches no order",
    Reason.CUM_QTY_MISMATCH: "the venue says cum_qty {value}, we have {bound}: a trade was missed",
    Reason.UNKNOWN_TRADE: "no trade that can be changed has this id: exec_id {value}, state {bound}",
    Reason.EXECID_REUSED: "exec_id was used before, on this trading day or the two before it, for execution {value}",
    Reason.EXECID_REPEATED: "execution {value} is booked already",
    Reason.VENUE_CONTRADICTS: "exec_type or ord_status {value} contradicts the order's status {bound}",
    Reason.UNEXPECTED_TRANSITION: "FIX knows no way from ord_status {value} to {bound}",
    Reason.EXIT_RESTS: "nothing more is displayed within the protection price: the rest of this exit stands there, at "
                       "{value}",
    Reason.UNBOOKED_TRADE: "a trade that its venue told lies in unbooked() as number {value}: no more risk until it is "
                           "booked or dismissed",
    Reason.UNKNOWN_UNBOOKED: "nothing lies in unbooked() under number {value}",
    Reason.LATE_REPLACED: "the venue tells order_qty {value} of a replace that is past: we have {bound}; it is asked",
    Reason.ORDER_IN_DOUBT: "the venue knows no such order, or says that it is over; to us it works: it is asked",
    Reason.STOP_TRIGGERED: "stop_px {value}: the order was triggered at {bound}, and waits for no price any more",
    Reason.FILL_BEYOND_LIMIT: "booked, though last_px is worse than the limit or the protection price of the order",
    Reason.UNEVEN_SPLIT: "order {value} or account {bound} would not have whole quantities and prices",
    Reason.CHILD_ORDER: "order {value} is a part of order {bound}: replace that",
    Reason.PARENT_CHANGED: "the order that it is a part of asks for less, or for other terms",
}

# What a reason says whose value is not known.
_UNKNOWN: dict[Reason, str] = {
    Reason.NOTIONAL_PER_WINDOW: "it is not known: a reference price, a rate, or what came before is missing",
    Reason.INSUFFICIENT_FUNDS: "what it needs is not known: a reference price is missing, or it is beyond all cash",
    Reason.CREDIT_LIMIT: "what would be owed is not known: a reference price or a rate is missing",
    **dict.fromkeys(_OVER_EQUITY, "there is no equity above zero, or more than can be told"),
}

# What a reason says of a command that is no order.
_OF_COMMANDS: dict[tuple[Reason, int], str] = {
    (Reason.SESSION_CLOSED, CommandType.SPLIT): "a split is possible only while the instrument does not trade",
    (Reason.CLOCK_STEP, CommandType.ADVANCE_CLOCK): "clock_time {value} must not be before the core's time {bound}",
    (Reason.EXPIRE_TIME_IN_PAST, CommandType.SESSION): "close_time {value} must be after {bound}",
    (Reason.REFERENCE_PRICE_UNAVAILABLE, CommandType.PRICE_LIMITS):
        "dynamic limits need trading_reference_price until there was a trade",
}
# What a user's rule said: HOLDS, FAILS, UNKNOWN_QUANTITY, TOO_LARGE of `rule_words`.
_OUTCOMES = ("holds", "does not hold at column {column}", "needs a quantity that is not known",
             "has a number beyond 128 bits at column {column}")

_QUANTITIES = {"order_qty", "last_qty", "cum_qty", "min_qty", "display_qty", "bid_size", "ask_size", "print_size",
               "position_qty"}
_PRICES = {"price", "stop_px", "last_px", "bid_px", "ask_px", "print_px", "mark_px", "position_px", "low_limit_price",
           "high_limit_price", "trading_reference_price"}
# What a venue told in place of a price.
_NO_PRICES = {UNTELLABLE: "a price is no number, or no whole number of price units", NO_PRICE: "the price is absent"}

# What the exit gate stops for no number.
_UNBOUNDED = {Reason.KILL_SWITCH, Reason.DUPLICATE_CLORDID, Reason.SESSION_CLOSED}


def field_at(kind: int, offset: int) -> str:
    """The name of a command's field by its byte offset in the record."""
    dtype = COMMAND_DTYPES.get(CommandType(kind)) if kind in CommandType._value2member_map_ else None
    fields: Any = (dtype.fields if dtype is not None else None) or {"kind": (None, 0)}
    return next((name for name, spec in fields.items() if spec[1] == offset), "kind")


def _bits(mask: int, words: type[OrdType] | type[TimeInForce]) -> str:
    return ", ".join(word.name for word in words if mask >> word & 1)


def _plain(number: int | Decimal | None) -> int | str | None:
    """A number with all its digits, 0.00000001 and not 1E-8, but for the zeros at its end."""
    if not isinstance(number, Decimal):
        return number
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _in_unit(field: str, value: int, ins: Instrument | None) -> int | str | None:
    """A field's value as its user wrote it: a quantity and a price have their instrument's decimals."""
    if ins is None or value == NO_PRICE:
        return value
    return _plain(ins.quantity(value) if field in _QUANTITIES else ins.price(value) if field in _PRICES else value)


def _switch_text(word: Reason, scope: str, state: int) -> str:
    """What a kill switch or a trading state says, of its scope and the state that it leaves."""
    if word is Reason.TRADING_STATE:
        return f"the {scope} is {TradingState(state).name}"
    passes = ": only what reduces a position passes" if state == TradingState.REDUCING else ""
    return f"the kill switch of the {scope} is engaged{passes}"


def _cash_text(balance: int, currency: int, directory: Directory) -> str:
    """What cash would be, and may be, of a currency; of a negative one where it would be negative."""
    sign, number = ("-", -currency) if currency < 0 else ("", currency)
    cash, most = (_plain(directory.money(number, units)) for units in (read_told(balance), CASH_MAX))
    return f"a balance of {sign}{cash} {directory.currencies.name(number)} is beyond {sign}{most}"


def _is_unknown(word: Reason, value: int) -> bool:
    """Is a reason's value not known?"""
    return read_told(value) >= BEYOND if word in _OVER_EQUITY else word in _UNKNOWN and value == NO_PRICE


def reason_value(reason: Reason, value: int, instrument: Instrument | None) -> int | Decimal | None:
    """A reason's value in the user's unit; None where there is none."""
    if value == NO_PRICE:
        return None
    if reason in _OVER_EQUITY and read_told(value) >= BEYOND:
        return None
    if reason in _IN_MONEY | _RATIOS:
        return to_decimal(read_told(value), LIMIT_PRECISION, 0)
    if instrument is not None and reason in _IN_PRICE:
        return instrument.price(value)
    if instrument is not None and reason in _IN_LOTS | _LOTS_AGAINST_LIMITS:
        return instrument.quantity(value)
    return value


def reason_bound(reason: Reason, bound: int, instrument: Instrument | None) -> int | Decimal | None:
    """A reason's bound in the user's unit."""
    if reason in _LOTS_AGAINST_LIMITS:
        return to_decimal(read_told(bound), LIMIT_PRECISION, 0)
    return reason_value(reason, bound, instrument)


def row_scope(scope: int, account: int, instrument: int, venue: int, strategy: int, directory: Directory) -> str:
    """What a limit is on, in words: what its scope does not name is 0, and a group's number stands for a strategy's."""
    if scope == Scope.ACCOUNT_GROUP:
        return f"account group {directory.account_groups.name(strategy)}"
    if scope == Scope.INSTRUMENT_GROUP:
        return f"instrument group {directory.instrument_groups.name(strategy)}"
    named = (("account", directory.accounts.name(account)), ("symbol", directory.symbols.name(instrument)),
             ("venue", directory.venues.name(venue)), ("strategy", strategy or None))
    return ", ".join(f"{word} {name}" for word, name in named if name is not None) or "firm"


def limit_scope_text(reason: int, row: int, directory: Directory) -> str:
    """Behind a refusal's text: on what the limit is that spoke, by the number of its row; empty where none did."""
    if row < 1 or Reason(reason) not in _OF_LIMITS:
        return ""
    (facts,) = directory.core.limit_rows(row, row)
    return f" ({row_scope(facts.scope, facts.account, facts.instrument, facts.venue, facts.strategy, directory)})"


def reason_text(kind: int, reason: int, value: int, bound: int, instrument: int, directory: Directory,
                in_words: Mapping[str, str] | None = None) -> str:
    """One sentence: the reason's name, field, value (`in_words` where a venue's is no number), bound; empty of NONE."""
    if reason == Reason.NONE:
        return ""
    word = Reason(reason)
    ins = directory.instrument(instrument)
    if (word, kind) in _OF_COMMANDS:
        return f"{word.name}: {_OF_COMMANDS[word, kind].format(value=value, bound=bound)}"
    if word in (Reason.KILL_SWITCH, Reason.TRADING_STATE) and 1 <= value <= len(Scope):
        return f"{word.name}: {_switch_text(word, Scope(value - 1).name.lower(), bound)}"
    if word is Reason.NO_VENUE and value:
        return f"{word.name}: venue {directory.venues.name(value)} is down"
    if word is Reason.NOT_AUTHORIZED and value:
        return f"{word.name}: it takes {value} names: the same one was said before"
    if word is Reason.NOT_AUTHORIZED:
        return f"{word.name}: {_TEXTS[word]}: {field_at(kind, bound)} is missing"
    if word is Reason.ARITHMETIC_OVERFLOW and kind == CommandType.OPENING_CASH:
        return f"{word.name}: {_cash_text(value, bound, directory)}"
    if _is_unknown(word, value):
        return f"{word.name}: {_UNKNOWN[word]}"
    if word is Reason.MARKET_LEFTOVER and value and ins is not None:
        return f"{word.name}: {_TEXTS[word]} within its protection price {_plain(ins.price(value))}"
    if word in (Reason.PRICE_TICK_MULTIPLE, Reason.STOP_PX_OUT_OF_RANGE) and value == UNTELLABLE and ins is not None:
        field = "price" if word is Reason.PRICE_TICK_MULTIPLE else "stop_px"
        return f"{word.name}: {field} is finer than a price unit, and no multiple of the tick {ins.tick_decimal:f}"
    if word is Reason.PRICE_OUT_OF_RANGE and value in _NO_PRICES:
        return f"{word.name}: {_NO_PRICES[value]}"
    if word is Reason.INVALID_FIELD_VALUE:
        field = field_at(kind, bound)
        if ins is not None and field == "ask_px":
            return f"{word.name}: ask_px {ins.price(value):f} is not above bid_px"
        if value == UNTELLABLE:
            return f"{word.name}: {field} is no number, or no whole number of {'lots' if 'qty' in field else 'units'}"
        if field == "transact_time" and (unit := find_unit(value, TIME_MAX)):
            return f"{word.name}: transact_time {value} looks like {unit} since 1970: give nanoseconds"
        if kind in _OF_VENUES and value in _ABSENT.get(field, ()):
            return f"{word.name}: {field} is absent"
        words = (in_words or {}).get(f"commission_{field}" if field == "currency" else field)
        return f"{word.name}: {field} {_in_unit(field, value, ins) if words is None else words} is out of bounds"
    if word is Reason.EXECID_REPEATED and not value:
        return f"{word.name}: report {bound} of unbooked() said the same: it lies there, or was booked or dismissed"
    if word is Reason.TABLE_FULL and kind in _OF_VENUES:
        return f"{word.name}: {value} reports found no room in unbooked(), the capacity unbooked is {bound}"
    if word is Reason.UNKNOWN_INSTRUMENT and kind in _OF_VENUES and value <= 0:
        return f"{word.name}: the symbol is absent, and no order tells it" if value == 0 else \
               f"{word.name}: the symbol is not declared"
    if word is Reason.USER_RULE and not bound & 3:  # HOLDS is no refusal: a rule in Python has said it
        return f"{word.name}: {directory.text_of(value) or 'a rule in Python refuses it'}"
    if word is Reason.USER_RULE:
        return f"{word.name}: rule {directory.text_of(value)!r} {_OUTCOMES[bound & 3].format(column=bound >> 2)}"
    if word is Reason.UNSUPPORTED_ORDER_TYPE and bound >> value & 1:
        return f"{word.name}: ord_type {OrdType(value).name}: a POST_ONLY order is a LIMIT order"
    if word is Reason.EXIT_GATE:
        check = Reason(value)
        limit = "" if check in _UNBOUNDED else f": the bound is {_plain(reason_bound(check, bound, ins))}"
        return f"{word.name}: stopped at the exit, what {check.name} should have stopped{limit}"
    if word is Reason.UNSUPPORTED_ORDER_TYPE:
        return f"{word.name}: ord_type {OrdType(value).name} (as asked) is not one of {_bits(bound, OrdType)}"
    if word is Reason.UNSUPPORTED_TIF:
        return (f"{word.name}: time_in_force {TimeInForce(value).name} is not possible with this ord_type and "
                f"exec_inst; the instrument takes {_bits(bound, TimeInForce)}")
    if word in (Reason.OTHER_FILLED, Reason.PARENT_ENDED) and value:  # of an order that came late
        return f"{word.name}: {_TEXTS[word]}: order_qty {_plain(reason_value(word, value, ins))} exceeds the " \
               f"{_plain(reason_bound(word, bound, ins))} that it left"
    said, its_bound = reason_value(word, value, ins), reason_bound(word, bound, ins)
    text = _TEXTS[word].format(value=_plain(said), bound=_plain(its_bound))
    if word is Reason.TABLE_FULL and kind in _DEFINED:
        text += f", the capacity {_DEFINED[kind]}"
    return f"{word.name}: {text}"
