"""Commands that declare and set: definitions, opening balances, limits. No orders, no market data.

Each answers with an ack, after publishing that it was accepted or why it was refused.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from tradecore.vocabulary.codes import DayEnd, PrintFills, Reason, Scope
from tradecore.vocabulary.records import CASH_MAX, MARGIN_MAX, QTY_MAX
from tradecore.vocabulary.units import WORD, one_number, tell_wide

from ..execution.routing import load_venue
from ..orders.trades import fold_position
from ..positions.costs import Position, apply_fill, position_of
from ..risk.day_pnl import book_amount, forget_told, keep_pnl, open_amount, open_money, set_margin_rates
from ..risk.exposures import keep_exposures
from ..risk.funds import revalue_owed
from ..risk.groups import group_named
from ..risk.holds import move_position
from ..risk.rule_rows import RULES, LimitRows, count_needs, find_bad_limit, find_bad_target, set_row
from ..risk.strategy_pnl import forget_strategy_told, keep_strategies
from ..vocabulary.instrument import (
    add_band,
    find_bad_band,
    find_bad_definition,
    find_bad_price,
    is_beyond_amount,
    load_instrument,
    most_qty,
)
from ..vocabulary.shell import saturate
from ..vocabulary.texts import find_text, intern_text, text_is_valid
from .known_ids import find_bad_note, find_unknown_id, refuse_note
from .open_counting import keep_opens
from .state import ACCEPTED, ACK_ACCEPTED, State, accept_command, publish, refuse_command
from .trade_booking import keep_funds, load_pnl

FEE_PER_UNIT_MAX = 1_000_000_000_000_000
TIMEOUT_MAX = 86_400_000_000_000  # ns: a day


def enter_text(core: State, c: Any) -> Any:
    """Interns a text: its number is the ack's order_id. No report: it changes nothing that anyone asked for."""
    if not text_is_valid(c.text):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, 0, 56)
    number = find_text(core.texts, c.text)
    if not number and len(core.texts.texts) == core.texts.capacity:
        return refuse_command(core, c, Reason.IDS_FULL, len(core.texts.texts), core.texts.capacity)
    return ACK_ACCEPTED._replace(order_id=number or intern_text(core.texts, c.text))


def refuse_name(core: State, c: Any, taken: Container[int], count: int, most: int) -> Any:
    """The ack of a name that can't be declared, which is refused here; None where it can."""
    bad = find_unknown_id(core, c.cl_ord_id, 32) if c.cl_ord_id else (Reason.INVALID_FIELD_VALUE, 0, 32)
    if bad:
        return refuse_command(core, c, *bad)
    if c.cl_ord_id in taken:
        return refuse_command(core, c, Reason.ALREADY_DEFINED, 0, 0)
    if count >= most:
        return refuse_command(core, c, Reason.TABLE_FULL, count, most)
    return None


def define_currency(core: State, c: Any) -> Any:
    names = core.currencies
    refused = refuse_name(core, c, names.values(), len(names), core.capacity.currencies)
    if refused:
        return refused
    if not 0 <= c.decimals <= 12:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.decimals, 56)
    number = len(names) + 1
    names[number], core.money_precisions[number] = c.cl_ord_id, c.decimals
    return accept_command(core, c, number, 0)


def define_account(core: State, c: Any) -> Any:
    names = core.accounts
    refused = refuse_name(core, c, core.account_names, len(names), core.capacity.accounts)
    if refused:
        return refused
    number = len(names) + 1
    names[number] = c.cl_ord_id
    core.account_names.add(c.cl_ord_id)
    return accept_command(core, c, number, 0, account=number)


def define_instrument(core: State, c: Any) -> Any:
    rows = core.instruments
    refused = refuse_name(core, c, core.instrument_names, len(rows), core.capacity.instruments)
    if refused:
        return refused
    offset = find_bad_definition(c, len(core.currencies))
    if offset < 0 and c.money_precision != core.money_precisions[c.currency]:
        offset = 1
    if offset >= 0:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, 0, offset)
    number = len(rows) + 1
    rows[number] = load_instrument(c)
    core.instrument_names.add(c.cl_ord_id)
    return accept_command(core, c, number, 0, instrument=number)


def define_group(core: State, c: Any) -> Any:
    """An account, or an instrument, is in a group from now on; a name that none has makes a new one."""
    groups = core.risk.rows.groups
    if (c.account != 0) == (c.instrument != 0):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.instrument, 8)
    if c.account and c.account not in core.accounts:
        return refuse_command(core, c, Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts))
    if c.instrument and c.instrument not in core.instruments:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    of = groups.of_account if c.account else groups.of_instrument
    taken = of.get(c.account or c.instrument, 0)
    refused = refuse_name(core, c, (), 0, 1)
    if refused:
        return refused
    if taken:
        return refuse_command(core, c, Reason.ALREADY_DEFINED, taken, 0)
    number = group_named(groups.account_names if c.account else groups.instrument_names, c.cl_ord_id)
    of[c.account or c.instrument] = number
    core.risk.rows.generation += 1
    if core.risk.values.is_kept:  # what it holds counts for its group
        keep_exposures(core.risk.values, False, False)
        keep_exposures(core.risk.values, True, core.risk.rows.on_margin > 0)
    return accept_command(core, c, number, 0, account=c.account, instrument=c.instrument)


def define_ticks(core: State, c: Any) -> Any:
    """The next band of an instrument's tick table; band 0 begins the table anew."""
    ins = core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    offset = find_bad_band(ins, c.band, c.from_px, c.band_tick)
    if offset >= 0:
        value = {56: c.band, 64: c.from_px, 72: c.band_tick}[offset]
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, value, offset)
    add_band(ins, c.band, c.from_px, c.band_tick)
    return accept_command(core, c, c.from_px, c.band_tick, instrument=c.instrument)


def find_bad_fee(c: Any) -> int:
    """A venue charges by quantity or by notional, not both: so that a commission is rounded once."""
    if abs(c.maker_fee_per_unit) > FEE_PER_UNIT_MAX:
        return 56
    if abs(c.taker_fee_per_unit) > FEE_PER_UNIT_MAX:
        return 64
    if abs(c.maker_fee_ppm) > 1_000_000 or (c.maker_fee_ppm and c.maker_fee_per_unit):
        return 72
    if abs(c.taker_fee_ppm) > 1_000_000 or (c.taker_fee_ppm and c.taker_fee_per_unit):
        return 80
    if not 0 <= c.request_timeout <= TIMEOUT_MAX:
        return 88
    if c.external > 1:
        return 104
    if c.print_fills > PrintFills.AFTER_QUEUE or (c.external and c.print_fills):
        return 108
    if c.day_end not in DayEnd._value2member_map_:
        return 112
    return 116 if c.market_protection > 1 else -1


def define_venue(core: State, c: Any) -> Any:
    venues = core.router.venues
    refused = refuse_name(core, c, [venue.name for venue in venues.values()], len(venues), core.capacity.venues)
    if refused:
        return refused
    offset = find_bad_fee(c)
    if offset >= 0:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, 0, offset)
    number = load_venue(core.router, c)
    if core.risk.funds.is_kept:  # it may be dearer than all others
        keep_funds(core, True)
    return accept_command(core, c, number, 0, venue=number)


def open_position(core: State, c: Any) -> Any:
    """Only where nothing is booked, so that it can't be mistaken for a trade. It was paid for elsewhere: no cash
    moves."""
    if c.instrument not in core.instruments:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if c.account not in core.accounts:
        return refuse_command(core, c, Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts))
    if abs(c.position_qty) > QTY_MAX:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.position_qty, 56)
    ins = core.instruments[c.instrument]
    bad = find_bad_price(ins, c.position_px)
    if bad:
        return refuse_command(core, c, *bad)
    if is_beyond_amount(ins, c.position_px, c.position_qty):
        return refuse_command(core, c, Reason.ARITHMETIC_OVERFLOW, c.position_qty, most_qty(ins, c.position_px))
    p = position_of(core.ledger, c.instrument, c.account)
    if p != Position():
        return refuse_command(core, c, Reason.ALREADY_DEFINED, p.qty, 0)
    apply_fill(p, c.position_qty, c.position_px)
    fold_position(core.trades, core.ledger, c.instrument, c.account)
    move_position(core.risk, c.instrument, c.account, c.position_qty)
    open_amount(core.risk.pnl, c.instrument, c.account, c.position_qty * c.position_px)
    if core.risk.pnl.is_kept:
        book_amount(core.risk.pnl, c.instrument, c.account, c.position_qty * c.position_px)
    return accept_command(core, c, c.position_qty, c.position_px, instrument=c.instrument, account=c.account)


def open_cash(core: State, c: Any) -> Any:
    if c.account not in core.accounts:
        return refuse_command(core, c, Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts))
    if c.currency not in core.currencies:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.currency, 20)
    amount = one_number(c.amount, c.amount_high)
    balance = amount if abs(amount) > CASH_MAX else core.ledger.cash.get((c.account, c.currency), 0) + amount
    if abs(balance) > CASH_MAX:
        return refuse_command(core, c, Reason.ARITHMETIC_OVERFLOW, tell_wide(abs(balance), True),
                              c.currency if balance > 0 else -c.currency)
    core.ledger.cash[c.account, c.currency] = balance
    open_money(core.risk.pnl, c.currency, c.account, amount)
    if core.risk.funds.is_kept:
        revalue_owed(core.risk.funds, c.account, c.currency)
    return accept_command(core, c, as_signed(c.amount), c.currency, account=c.account, value_high=c.amount_high)


def as_signed(word: int) -> int:
    """A word of a record as reports carry it."""
    return word - WORD if word >= WORD // 2 else word


def accept_change(core: State, c: Any, value: int, bound: int, **special: int) -> Any:
    """A change of a limit or a switch, with who asked for it and why."""
    publish(core, c, ACCEPTED, value=value, bound=bound, cl_ord_id=c.who, orig_cl_ord_id=c.why, **special)
    return ACK_ACCEPTED


def find_bad_change(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why a change of a limit can't be: reason, value and bound; None where it can."""
    rows = core.risk.rows
    offset = find_bad_target(rows, c, len(core.accounts), len(core.instruments), len(core.router.venues))
    if offset == 12 and c.account not in core.accounts:
        return Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts)
    if offset == 8 and c.instrument not in core.instruments:
        return Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments)
    if offset < 0:
        offset = find_bad_limit(rows, c)
    if offset < 0:
        return find_bad_note(core, c)
    value = {8: c.instrument, 12: c.account, 16: c.venue, 124: c.strategy, 56: c.rule,
             64: saturate(one_number(c.value, c.value_high)), 72: c.window_ns, 80: c.mode,
             112: c.limit_scope, 114: c.soft_share}[offset]
    return Reason.INVALID_FIELD_VALUE, value, offset


def stage_limit(rows: LimitRows, c: Any) -> tuple[Reason, int, int] | None:
    """A change of a set waits until the last one comes: then all are made at once. Why it can't be."""
    if c.set_at == 0:
        rows.staged, rows.staged_size = [], c.set_size  # what was not made whole is forgotten
    if c.set_size != rows.staged_size or c.set_size > rows.row_max:
        return Reason.INVALID_FIELD_VALUE, c.set_size, 116
    if c.set_at != len(rows.staged):
        return Reason.INVALID_FIELD_VALUE, c.set_at, 120
    rows.staged.append(c)
    return None


def make_changes(core: State, changes: list[Any]) -> tuple[Reason, int, int] | None:
    """Makes changes, and tells of each; none is made where there is no room for all: then why."""
    rows = core.risk.rows
    needs = [count_needs(rows, c) for c in changes]
    for used, need, most in ((len(rows.rows), sum(rows for rows, _ in needs), rows.row_max),
                             (rows.counters, sum(counters for _, counters in needs), rows.counter_max)):
        if used + need > most:
            return Reason.TABLE_FULL, used, most
    for c in changes:
        set_row(rows, c, core.now)
        accept_change(core, c, tell_wide(one_number(c.value, c.value_high), False), c.rule, account=c.account,
                      instrument=c.instrument, venue=c.venue)
    keep_exposures(core.risk.values, rows.on_marks > 0, rows.on_margin > 0)
    keep_opens(core.risk.opens, core.open_orders, rows.opens > 0)
    needs_pnl = rows.on_loss + rows.on_equity > 0
    if needs_pnl and not core.risk.pnl.is_kept:
        load_pnl(core)
    keep_pnl(core.risk.pnl, needs_pnl, rows.on_equity > 0)
    keep_strategies(core.risk.strategies, rows.on_strategies > 0)
    if core.risk.funds.is_kept != (rows.on_funds > 0):
        keep_funds(core, rows.on_funds > 0)
    for c in changes:
        if c.limit_scope == Scope.STRATEGY and RULES[c.rule].on_loss:
            forget_strategy_told(core.risk.strategies, c.strategy)
        elif RULES[c.rule].on_loss:
            forget_told(core.risk.pnl, c.account, c.rule)
    return None


def change_margins(core: State, c: Any) -> Any:
    """What equity must cover of an instrument's positions: of what is held no more than for an order."""
    if c.instrument not in core.instruments:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if not 1 <= c.initial_margin <= MARGIN_MAX:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.initial_margin, 56)
    if not 1 <= c.maintenance_margin <= c.initial_margin:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.maintenance_margin, 64)
    refused = refuse_note(core, c)
    if refused:
        return refused
    set_margin_rates(core.risk.pnl, c.instrument, c.initial_margin, c.maintenance_margin)
    return accept_change(core, c, c.initial_margin, c.maintenance_margin, instrument=c.instrument)


def change_limit(core: State, c: Any) -> Any:
    rows, is_set = core.risk.rows, c.set_size > 1
    bad = find_bad_change(core, c)
    if bad is None and is_set:
        bad = stage_limit(rows, c)
        if bad is None and len(rows.staged) < rows.staged_size:
            return ACK_ACCEPTED  # told when the set is whole
    if bad is None:
        bad = make_changes(core, rows.staged if is_set else [c])
        if is_set:
            rows.staged, rows.staged_size = [], 0
    elif bad:
        rows.staged, rows.staged_size = [], 0
    return ACK_ACCEPTED if bad is None else refuse_command(core, c, *bad)
