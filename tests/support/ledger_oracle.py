"""A second opinion on the ledger, written from the textbook's words in exact fractions, and seeded streams for it.

It knows one position at a time and never keeps a running sum that it could take from its list of trades.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tradecore.positions.entries import ENTRY_DTYPE, Method


@dataclass
class Trade:
    trade_id: int
    qty: int
    price: int
    fee: int = 0
    currency: int = 1
    lot: int = 0


@dataclass
class OpenLot:
    trade_id: int
    qty: int  # positive
    price: Fraction  # what a lot of it cost


@dataclass
class Book:
    """One position by one method: lots in fractions, or for average cost the rule as decisions.md writes it."""

    method: Method
    qty: int = 0
    realised: Fraction = Fraction(0)
    flow: int = 0
    fees: dict[int, int] = field(default_factory=dict)
    lots: list[OpenLot] = field(default_factory=list)
    average_cost: int = 0  # of |qty|

    def apply(self, trade: Trade) -> None:
        self.flow -= trade.qty * trade.price
        self.fees[trade.currency] = self.fees.get(trade.currency, 0) + trade.fee
        left = abs(trade.qty)
        sign = 1 if self.qty > 0 else -1
        if self.qty * trade.qty < 0:
            closed = min(left, abs(self.qty))
            self.realised += sign * (closed * trade.price - self.release(closed, trade.lot))
            self.qty -= sign * closed
            left -= closed
        if left:
            sign = 1 if trade.qty > 0 else -1
            self.qty += sign * left
            self.average_cost += left * trade.price
            self.lots.append(OpenLot(trade.trade_id, left, Fraction(trade.price)))

    def release(self, closed: int, named: int) -> Fraction | int:
        if self.method is Method.AVERAGE:
            q, r = divmod(self.average_cost, abs(self.qty))
            gone = q * closed + (r * closed) // abs(self.qty)
            self.average_cost -= gone
            return gone
        gone = Fraction(0)
        while closed:
            place = -1 if self.method is Method.LIFO else 0
            prices = [lot.price for lot in self.lots]
            if self.method in (Method.HIFO, Method.LOFO):
                place = prices.index(max(prices) if self.method is Method.HIFO else min(prices))
            for i, lot in enumerate(self.lots):
                if named and lot.trade_id == named:
                    place = i
                    break
            lot = self.lots[place]
            piece = min(closed, lot.qty)
            gone += piece * lot.price
            lot.qty -= piece
            closed -= piece
            if not lot.qty:
                self.lots.pop(place)
        return gone

    @property
    def cost(self) -> Fraction | int:
        sign = 1 if self.qty > 0 else -1
        if self.method is Method.AVERAGE:
            return sign * self.average_cost
        return sign * sum((lot.qty * lot.price for lot in self.lots), Fraction(0))


def rebuilt(method: Method, trades: list[Trade]) -> Book:
    book = Book(method)
    for trade in trades:
        book.apply(trade)
    return book


def entry_rows(count: int) -> np.ndarray:
    return np.zeros(count, ENTRY_DTYPE)


def random_fill(seeded: random.Random, held: int) -> tuple[int, int]:
    """Signed lots and a price: mostly of one size, at several prices; now and then closing all, or flipping."""
    kind = seeded.random()
    size = seeded.choice((1, 2, 3, 7, 100, 250, 12_345))
    if held and kind < 0.1:
        return -held, seeded.randint(1, 60) * 100
    if held and kind < 0.2:
        return -held - (size if held > 0 else -size), seeded.randint(1, 60) * 100
    return (size if seeded.random() < 0.5 else -size), seeded.choice((100, 101, 250, 5_999, 1_900_001, 7, 10**9 + 7))
