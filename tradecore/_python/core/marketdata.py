"""Quotes and marks. A quote is two external orders in a venue's book; it asks no risk, and answers with no report.

It may take what rests: then those orders trade, and their reports tell so.
It holds what was displayed, no more.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import QTY_MAX, RATE_MAX

from ..execution.book import Book, add_node, match_order, remove_node
from ..execution.outages import hear_quote
from ..execution.routing import sample_mid, tell_top, twice_mid, wants_sample
from ..risk.day_pnl import set_currency_rate, set_mark
from ..risk.exposures import BASE_CURRENCY
from ..risk.funds import revalue_currency
from ..risk.strategy_pnl import mark_strategies, rate_strategies
from ..vocabulary.instrument import BUY, SELL, InstrumentRow, find_bad_price, is_beyond_amount, most_qty, opposite
from .elections import elect_directed
from .state import ACK_ACCEPTED, State, book_of, refuse_command, sync_tops, use_book
from .trade_booking import book_fills, report_fills


def find_bad_quote_side(ins: InstrumentRow, price: int, size: int, first: int) -> tuple[Reason, int, int] | None:
    """Why a displayed side can't be, with value and bound; `first` is the byte offset of its price field."""
    if not 0 <= size <= QTY_MAX:
        return Reason.INVALID_FIELD_VALUE, size, first + 8
    if size == 0:
        return None
    bad = find_bad_price(ins, price)
    if bad:
        reason, _, bound = bad  # no price that is displayed is below a tick
        return reason, price, bound if ins.any_sign else max(bound, ins.tick)
    if abs(price) > ins.price_most:
        return Reason.PRICE_OUT_OF_RANGE, price, ins.price_most if price > 0 else -ins.price_most
    if price % ins.tick:  # it needs a place in the book; which tick holds where is a rule about orders
        return Reason.PRICE_TICK_MULTIPLE, price, ins.tick
    if is_beyond_amount(ins, price, size):
        return Reason.ARITHMETIC_OVERFLOW, size, most_qty(ins, price)
    return None


def quote_side(core: State, c: Any, book: Book, side: int, price: int, size: int) -> None:
    """One side of a quote is one external order: it takes what it crosses, and rests for the remainder."""
    if size == 0:
        return
    ticks = price // core.instruments[c.instrument].tick
    left, fills = match_order(book, opposite(side), ticks, size)
    if left:
        add_node(book, side, -side, ticks, left)
    charges = book_fills(core, c.instrument, c.venue, None, side, fills)
    report_fills(core, c, c.instrument, None, fills, charges)


def remove_quotes(core: State, instrument: int, venue: int) -> None:
    book = book_of(core, instrument, venue)
    for side in (BUY, SELL):
        core.printed.pop((instrument, venue, side), None)
        if -side in book.places:
            remove_node(book, -side)


def clear_quotes(core: State, instrument: int, venue: int) -> None:
    """Nothing is displayed from outside any more."""
    remove_quotes(core, instrument, venue)
    sync_tops(core, instrument, venue)


def enter_quote(core: State, c: Any) -> Any:
    ins = core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if c.venue not in core.router.venues:
        return refuse_command(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    bad = find_bad_quote_side(ins, c.bid_px, c.bid_size, 56) or find_bad_quote_side(ins, c.ask_px, c.ask_size, 72)
    if not bad and c.bid_size and c.ask_size and c.bid_px >= c.ask_px:
        bad = Reason.INVALID_FIELD_VALUE, c.ask_px, 72
    if bad:
        return refuse_command(core, c, *bad)
    sized = c.bid_size or c.ask_size
    book = (use_book if sized else book_of)(core, c.instrument, c.venue)
    if book is None:
        return refuse_command(core, c, Reason.BOOKS_FULL, len(core.books), core.capacity.books)
    remove_quotes(core, c.instrument, c.venue)
    quote_side(core, c, book, BUY, c.bid_px, c.bid_size)
    quote_side(core, c, book, SELL, c.ask_px, c.ask_size)
    sync_tops(core, c.instrument, c.venue)
    for side in (BUY, SELL):
        tell_top(core.router, c.instrument, side, c.venue, core.command_seq)
    if core.router.venues[c.venue].external:
        hear_quote(core.router, c.venue, core.now)
    if wants_sample(core.router, c.instrument, core.now):
        sample_mid(core.router, c.instrument, twice_mid(core.router, ins, c.instrument, core.now), core.now)
    if c.venue in core.disconnected:
        elect_directed(core, c.instrument, c.venue)
    return ACK_ACCEPTED


def enter_mark(core: State, c: Any) -> Any:
    ins = core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    bad = find_bad_price(ins, c.mark_px)
    if bad:
        return refuse_command(core, c, *bad)
    core.ledger.marks[c.instrument] = c.mark_px
    set_mark(core.risk.pnl, c.instrument, c.mark_px, core.now)
    mark_strategies(core.risk.strategies, c.instrument)
    return ACK_ACCEPTED


def enter_rate(core: State, c: Any) -> Any:
    """What a currency is worth in the base currency, whose own is 1."""
    if c.currency == BASE_CURRENCY or c.currency not in core.currencies:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.currency, 20)
    if not 1 <= c.rate <= RATE_MAX:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.rate, 56)
    set_currency_rate(core.risk.pnl, c.currency, c.rate)
    rate_strategies(core.risk.strategies, c.currency)
    if core.risk.funds.is_kept:
        revalue_currency(core.risk.funds, c.currency)
    return ACK_ACCEPTED
