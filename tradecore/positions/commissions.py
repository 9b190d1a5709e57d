"""What an opening and a closing trade's commissions come to in each closed lot."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..vocabulary.instrument import Instrument
from .entries import Method
from .kept_ledger import KeptLedger


class Commissions:
    """Shares a trade's commission between the lots that it closed and opened, by quantity; the shares add up exactly.

    At average cost the opening commissions of a position are one pool. Only commissions in the instrument's currency.
    """

    def __init__(self, kept: KeptLedger) -> None:
        self._average = kept.method is Method.AVERAGE
        self._currencies = kept.names.currencies
        self._left: dict[Any, tuple[int, Fraction]] = {}  # money units and quantity not yet shared

    def booked(self, trade_id: int, e: Any, ins: Instrument) -> None:
        own = e.currency == 0 or self._currencies.names[e.currency - 1] == ins.currency
        self._left[trade_id] = (e.fee if own else 0, Fraction(abs(e.qty)))

    def opened(self, trade_id: int, e: Any, lots: int) -> None:
        """`lots` of a trade opened: at average cost their commission joins the position's pool."""
        if self._average and lots:
            fee, pooled = self._left.get((e.instrument, e.account), (0, Fraction(0)))
            self._left[e.instrument, e.account] = fee + self.share(trade_id, lots), pooled + lots

    def moved(self, e: Any) -> None:
        """A transfer takes its part of the pool along; lots take their trade along by themselves."""
        if self._average:
            fee, pooled = self._left.get((e.instrument, e.contra), (0, Fraction(0)))
            self._left[e.instrument, e.contra] = fee + self.share((e.instrument, e.account), e.qty), pooled + e.qty

    def split(self, e: Any, trades_of: dict[int, int]) -> None:
        for key, (fee, lots) in self._left.items():
            instrument = key[0] if isinstance(key, tuple) else trades_of[key]
            if instrument == e.instrument:
                self._left[key] = fee, lots * e.qty / e.price

    def share(self, key: Any, lots: int) -> int:
        """The money units that go with `lots` of what is left."""
        fee, left = self._left.get(key, (0, Fraction(0)))
        gone = fee if lots >= left else int(fee * lots / left // 1)
        self._left[key] = fee - gone, max(left - lots, Fraction(0))
        return gone
