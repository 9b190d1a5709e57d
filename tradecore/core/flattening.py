"""Closing a position with orders that may only reduce, in pieces that the limits allow. It cancels and submits; what
may be, risk decides.

What an external venue has not given back yet may still trade there: it is left out, and sent for once the venue has
answered. Nothing is decided twice: every step looks at the position and at what is open.
"""

from __future__ import annotations

import threading
from collections.abc import Set
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from ..orders.order import Order
from ..vocabulary.codes import Reason
from ..vocabulary.fix import OrdStatus, Side
from ..vocabulary.instrument import Instrument
from ..vocabulary.reports import Report
from ..vocabulary.rows import StaleOrderError
from ..vocabulary.showing import refuse_copy

_TO_SELL = (Side.SELL, Side.SELL_SHORT, Side.SELL_SHORT_EXEMPT)
_NOTHING = Decimal(0)


class Flattening(list[Order]):
    """The orders that close a position, in the order in which they were sent; it grows while venues answer.

    Threads: any; it goes on, on the thread whose command made the news, until it is `done` or `stop()` is called.
    """

    def __init__(self, core: Any, account: str | None, symbol: str) -> None:
        super().__init__()
        names = core._gate.names
        self._core, self._symbol = core, symbol
        self._account: str = names.accounts.names[names.find_account(account) - 1]
        self._instrument: Instrument = names.find_instrument(symbol)[1]
        self._lock, self._has_news, self._subscription = threading.Lock(), True, None
        qty = core.position(symbol, self._account).qty
        self._side = Side.SELL if qty > 0 else Side.BUY
        self._working: list[Order] = []  # those of these whose end nothing has told yet
        self._sent: set[Decimal] = set()  # how large its orders were
        self.awaits: tuple[Order, ...] = ()
        self.done: bool = not qty
        if qty:
            core.mass_cancel(account=self._account, symbol=symbol, side=self._side)
            self.awaits = tuple(self._open())
            self._subscription = core.subscribe(self._hear, account=self._account, symbol=symbol)
            try:
                self._hear(None)  # what came before it could hear it
            except BaseException:
                self.stop()  # nobody has it who could
                raise
            if self.done:
                self.stop()  # done before it knew its subscription

    @property
    def left(self) -> Decimal:
        """What of the position no order of these has closed yet."""
        qty: Decimal = self._core.position(self._symbol, self._account).qty
        return max(qty if self._side is Side.SELL else -qty, _NOTHING)

    def stop(self) -> None:
        """Send no more. What was sent stands."""
        self.done = True
        if self._subscription is not None:
            self._subscription()

    def __repr__(self) -> str:
        state = "done" if self.done else f"awaits {len(self.awaits)} answers" if self.awaits else "working"
        return f"<Flattening {self._symbol} {self._account}: {len(self)} orders, {state}>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it goes on in its core; keep the `order_id` of its orders")

    def _open(self) -> list[Order]:
        sides = _TO_SELL if self._side is Side.SELL else (Side.BUY,)
        return [order for order in self._core.orders.open_orders(symbol=self._symbol, account=self._account)
                if order.side in sides]

    def _hear(self, report: Report | None) -> None:
        """A report of the account and the symbol: what one thread hears while another is at work, that one looks at."""
        self._has_news = True
        while self._has_news and not self.done and self._lock.acquire(blocking=False):
            try:
                self._has_news = False
                self._go_on()
            finally:
                self._lock.release()

    def _go_on(self) -> None:
        """Sends for what nothing that is open may close any more."""
        is_open = {order.order_id: order for order in self._open()}
        self.awaits = tuple(order for order in self.awaits if order.order_id in is_open)
        left = self.left - sum(map(_leaves_of, is_open.values()), _NOTHING)
        before, self._working, failed = self._working, [], False
        for order in before:
            if _leaves_of(order):
                self._working.append(order)
            else:
                failed |= _is_cut_short(order)
        while left > 0 and not failed and not self.done:
            piece = largest_piece(self._core, self._account, self._instrument, self._side, left, self._sent)
            self._sent.add(piece)
            order = self._core.submit(self._symbol, self._side, piece, account=self._account, ord_type="MARKET",
                                      reduce_only=True)
            self.append(order)
            leaves = _leaves_of(order)
            left -= (order.cum_qty or _NOTHING) + leaves
            if leaves:
                self._working.append(order)
            else:
                failed = _is_cut_short(order)
        if failed or not (self.awaits or self._working):
            self.stop()


def _leaves_of(order: Order) -> Decimal:
    """What it may still trade: nothing once it is evicted."""
    try:
        return order.leaves_qty or _NOTHING
    except StaleOrderError:
        return _NOTHING


def _is_cut_short(order: Order) -> bool:
    """Did an order that ended not trade whole? Of one that is evicted the position tells."""
    try:
        return order.ord_status is not OrdStatus.FILLED
    except StaleOrderError:
        return False


def largest_piece(
    core: Any, account: str | None, instrument: Instrument, side: Side, left: Decimal, sent: Set[Decimal]
) -> Decimal:
    """As much of what is left as one order may have: of limits that count it, the share that they allow, in lots. Where
    the same orders are limited, too, as large as none that was sent for it before: pieces are no order sent twice."""
    piece = min(left, instrument.quantity(instrument.max_lots))
    found = core.check(instrument.symbol, side, piece, account=account, ord_type="MARKET", reduce_only=True)
    share, is_compared = Fraction(1), False
    for check in found:
        is_compared |= check.rule is Reason.DUPLICATE_ORDER and check.verdict != "OFF"
        if check.rule in (Reason.MAX_ORDER_QTY, Reason.MAX_ORDER_NOTIONAL) and check.verdict == "REFUSE":
            share = min(share, Fraction(check.limit or 0) / Fraction(check.value or 1))
    lot = instrument.quantity(instrument.lot)
    if share < 1:
        piece = int(Fraction(piece) * share / Fraction(lot)) * lot or piece  # not even one lot: let risk say why
    while is_compared and piece in sent and piece > lot:
        piece -= lot
    return piece
