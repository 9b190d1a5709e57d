"""Corporate actions beyond splits and cash dividends, which are the keeper's own: what they do to lots, cost and cash.

Each is booked from the holdings at that moment, all of it or nothing, and its id busts all of it. What it was made from
can be corrected once it is busted; then book it anew. Cost is never lost or made: what leaves one symbol arrives at the
other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, NoReturn

import numpy as np

from ..vocabulary.identifiers import check_name
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import PRICE_MAX
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import Number, check_int, decimals_of, whole_units
from .entries import ENTRY_DTYPE, SPLIT_MAX, EntryError, EntryKind
from .fills import Fills
from .kept_ledger import KeptLedger
from .locked import Lockable, locked
from .valuation import Valuation

_SHARE_DECIMALS = 6  # of a share of the cost


class _Lot(NamedTuple):
    opened: int
    qty: int
    cost: int


class CorporateActions:
    """Stock dividends, spin-offs, symbol changes and mergers of a keeper's holdings: `keeper.corporate`.

    A split is `keeper.split`, a cash dividend `keeper.dividend`, a cash merger a fill that sells. Fractions of a share
    are refused where an instrument has no `qty_precision` for them; where it has, sell them at the cash in lieu
    afterwards. Threads: any, as the keeper.
    """

    def __init__(self, keeper: Lockable, kept: KeptLedger, fills: Fills, valuation: Valuation) -> None:
        self._lock, self._keeper = keeper._lock, keeper
        self._guard: Callable[[], None] | None = self._demand_truth
        self._kept, self._fills, self._valuation = kept, fills, valuation

    def __repr__(self) -> str:
        return f"<CorporateActions of {self._keeper!r}>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it belongs to its keeper")

    @locked
    def stock_dividend(self, symbol: str, rate: Number, *, transact_time: int | None = None) -> int:
        """`rate` new shares for each that is held ("0.05": 5 percent), in every account; cost stays, as of a split."""
        number, _ = self._kept.instrument(symbol)
        scale = 10 ** decimals_of(rate, "rate")
        units = whole_units(rate, decimals_of(rate, "rate"), "rate", SPLIT_MAX, low=1)
        new = check_int(scale + units, "rate, as a number of shares", 1, SPLIT_MAX)
        trade_id = self._fills.enter(EntryKind.SPLIT, number, qty=new, price=scale, time=transact_time)
        self._valuation.forget_mark(number)
        return trade_id

    @locked
    def spin_off(self, symbol: str, into: str, new: int, old: int, cost_share: Number, *,
                 transact_time: int | None = None) -> int:
        """`new` shares of `into` for `old` of `symbol`, which are kept. `cost_share` of every lot's cost goes along
        (0.2: 20 percent, as the issuer tells it), and its age; no cash moves, nothing is realised."""
        parts = whole_units(cost_share, _SHARE_DECIMALS, "cost_share", SPLIT_MAX - 1, low=1)
        return self._carry(symbol, into, new, old, parts, SPLIT_MAX, transact_time)

    @locked
    def merge(self, symbol: str, into: str, new: int, old: int, *, cash: Number | None = None,
              transact_time: int | None = None) -> int:
        """`new` shares of `into` for `old` of `symbol`, which is gone: lots keep their cost and age. `cash` for each
        old share is booked as its dividend before: it is income at once, and reduces no cost."""
        paid = None
        if cash is not None:
            number, ins = self._kept.instrument(symbol)
            units = self._kept.names.money_units(ins.currency, cash, f"{symbol} cash", PRICE_MAX)
            currency = self._kept.names.currencies.id(ins.currency)
            paid = {"kind": EntryKind.DIVIDEND, "instrument": number, "price": units, "currency": currency}
        return self._carry(symbol, into, new, old, 1, 1, transact_time, paid)

    @locked
    def rename(self, symbol: str, new_symbol: str) -> None:
        """A symbol's new name, also in the log and in every report of what was before. Its id stays."""
        check_name(new_symbol, "new_symbol")
        if new_symbol in self._kept.names.symbols:
            raise ValueError(f"new_symbol {new_symbol!r} is declared: a merger carries lots into it")
        self._kept.rename(symbol, new_symbol)

    def _demand_truth(self) -> None:
        if self._keeper._guard is not None:
            self._keeper._guard()

    # ---- helpers

    def _carry(self, symbol: str, into: str, new: int, old: int, parts: int, of: int, transact_time: int | None,
               first: dict[str, int] | None = None) -> int:
        """SHED and CARRY entries of every account that holds the symbol, as one."""
        (number, ins), (target, other) = self._kept.instrument(symbol), self._kept.instrument(into)
        if number == target:
            raise ValueError(f"into {into!r} must be another symbol")
        check_int(new, "new", 1, SPLIT_MAX)
        check_int(old, "old", 1, SPLIT_MAX)
        now = self._kept.stamp(transact_time)
        rows: list[dict[str, int]] = [] if first is None else [{**first, "transact_time": now}]
        for account in range(1, len(self._kept.names.accounts.names) * self._kept.legs + 1):
            lots = self._lots(number, account)
            if not lots:
                continue
            rows.append({"kind": EntryKind.SHED, "instrument": number, "account": account, "qty": parts, "price": of,
                         "transact_time": now})
            for lot in _scaled(lots, ins, other, new, old, parts, of, self._kept.account_name(account)):
                rows.append({"kind": EntryKind.CARRY, "instrument": target, "account": account, "qty": lot.qty,
                             "price": (lot.cost + 2**63) % 2**64 - 2**63, "lot": lot.cost >> 64,
                             "transact_time": lot.opened or now})
        if len(rows) == (first is not None):
            raise ValueError(f"{symbol} is held in no account")
        entries = np.zeros(len(rows), ENTRY_DTYPE)
        for at, row in enumerate(rows):
            for name, value in row.items():
                entries[at][name] = value
        try:
            trade_id = self._fills.enter_all(entries)
        except EntryError as error:
            error.args = (f"{symbol} into {into}: {error.text}",)
            raise
        if parts == of:
            self._valuation.forget_mark(number)
        return trade_id

    def _lots(self, number: int, account: int) -> list[_Lot]:
        """A position's lots; at average cost the position is one."""
        qty, cost = self._kept.ledger.position(number, account)[:2]
        lots = [_Lot(opened, size, paid) for _, opened, size, paid in self._kept.ledger.lots(number, account)]
        return lots or ([_Lot(0, qty, cost)] if qty else [])


def _scaled(lots: list[_Lot], ins: Instrument, other: Instrument, new: int, old: int, parts: int, of: int,
            account: str) -> list[_Lot]:
    """The lots of the other instrument: quantities by the ratio, so that they add up, each with its share of cost."""
    found: list[_Lot] = []
    before = after = carried = 0
    for lot in lots:
        before += lot.qty
        upto = _ratio(before, ins, other, new, old)
        sign = 1 if lot.qty > 0 else -1
        gone, rest = divmod(lot.cost * sign, of)  # the ledger's rule for what sheds: `release_cost`
        carried += _amount((gone * parts + rest * parts // of) * sign, ins, other)
        if upto != after:
            found.append(_Lot(lot.opened, upto - after, carried))
            carried, after = 0, upto
    exact = before * new * 10**other.qty_precision
    if exact % (old * 10**ins.qty_precision) or carried:
        raise ValueError(f"account {account}: {ins.quantity(before)} {ins.symbol} x {new} / {old} is no whole number "
                         f"of {other.symbol}'s unit {other.quantity(1):f}")
    return found


def _ratio(qty: int, ins: Instrument, other: Instrument, new: int, old: int) -> int:
    """Quantity units of the other, towards 0."""
    units = int(abs(qty) * new * 10**other.qty_precision // (old * 10**ins.qty_precision))
    return units if qty > 0 else -units


def _amount(amount: int, ins: Instrument, other: Instrument) -> int:
    """The same money in the other's amounts. ValueError where it has none such."""
    if ins.currency != other.currency or ins.inverse or other.inverse:
        raise ValueError(f"{ins.symbol} in {ins.currency} can't be carried into {other.symbol} in {other.currency}: "
                         "both must be ordinary instruments of one currency")
    whole = int(amount * ins.multiplier_units * 10**other.amount_precision)
    units, rest = divmod(whole, other.multiplier_units * int(10**ins.amount_precision))
    if rest:
        raise ValueError(f"a cost of {ins.money(amount):f} {ins.currency} is finer than {other.symbol}'s amounts of "
                         f"{other.money(1):f}: declare it with a finer price_precision")
    return units

