"""The one door for fills: single, in a batch, or out of a file, each is checked alike before the ledger sees it.

A fill that names several lots is several entries, one a lot, under one exec_id; its commission is shared among them so
that the shares add up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.fix import Side
from ..vocabulary.identifiers import check_name
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import FEE_MAX, PRICE_MAX, QTY_MAX, TEXT_SIZE, TIME_MAX
from ..vocabulary.time_units import demand_nanoseconds_of
from ..vocabulary.units import Number, check_int, show, whole_units
from .entries import ENTRY_CODEC, ENTRY_DTYPE, EntryError, EntryKind, EntryStatus
from .kept_ledger import KeptLedger

Lots = int | str | Mapping[int | str, Number] | None
ID_MAX = 2**62  # of an exec_id that is a number
_BOUNDS = (("qty", QTY_MAX), ("price", PRICE_MAX), ("fee", FEE_MAX))


class FillRow(NamedTuple):
    """A fill in the ledger's units: qty is signed, the lot an id or 0."""

    instrument: int
    account: int
    qty: int
    price: int
    fee: int
    currency: int
    lot: int
    strategy: int
    transact_time: int


class Fills:
    """What comes through the door of one ledger, and which exec_id it came under."""

    def __init__(self, kept: KeptLedger) -> None:
        self._kept = kept
        self.exec_ids: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self._texts: list[str] = []  # of ids that are no numbers, and their numbers from 2**62 on
        self._numbers: dict[str, int] = {}
        self._actions: dict[int, set[int]] = {}  # instruments of entries that carried cost on, by their first
        self._wholes: dict[int, int] = {}  # the first entry of each other one that belongs to it
        self._pieces: dict[int, int] = {}  # entries of a fill that closed several lots, by its first

    # ---- one fill

    def row(self, symbol: str, side: str | Side | None, qty: Number, price: Number, *, account: str | None,
            commission: Number, commission_currency: str | None, position_effect: str | None, lot: int | str | None,
            strategy: str | None, transact_time: int | None) -> FillRow:
        """A fill in units. `side` None: the quantity is signed. Raises for what no fill can be."""
        kept = self._kept
        number, ins = kept.instrument(symbol)
        lots = self.lots_of(ins, side, qty)
        units = kept.price(ins, price, "price")
        currency = 0 if commission_currency is None else kept.names.currencies.id(commission_currency)
        return FillRow(
            number, kept.account(account, kept.leg(lots > 0, position_effect)), lots, units,
            kept.fee_units(ins, currency, commission), currency, self.lot(lot),
            0 if strategy is None else kept.strategies.id(strategy), kept.stamp(transact_time),
        )

    def lots_of(self, ins: Instrument, side: str | Side | None, qty: Number) -> int:
        """Signed quantity units. ValueError for 0, and for a sign where a side is given."""
        if side is None:
            lots = whole_units(qty, ins.qty_precision, f"{ins.symbol} qty", QTY_MAX)
            if not lots:
                raise ValueError(f"{ins.symbol} qty {show(qty)} is no fill: without a side it is signed, and not 0")
            return lots
        bought = Side.parse(side, "side") is Side.BUY
        lots = ins.qty_lots(qty, "qty", low=1)
        return lots if bought else -lots

    def declared(self, what: str, name: str) -> str:
        """A name that was declared. UndeclaredError, with the nearest, for one that was not."""
        names = self._kept.names
        {"symbol": names.symbols, "account": names.accounts, "currency": names.currencies,
         "strategy": self._kept.strategies}[what].id(name)
        return name

    def free_id(self, exec_id: str | None) -> str | None:
        """An exec_id that is not booked yet, or None."""
        if exec_id is None:
            return None
        if check_name(exec_id, "exec_id", TEXT_SIZE) in self.exec_ids:
            raise ValueError(self._taken(exec_id))
        return exec_id

    def _taken(self, exec_id: str) -> str:
        """Why it can't be booked again: nor where it is busted, for a file that is read again would bring it back."""
        trade_id = self.exec_ids[exec_id]
        if ENTRY_CODEC.unpack(self._kept.ledger.entry(trade_id)).status == EntryStatus.BUSTED:
            return (f"exec_id {exec_id!r} was booked as trade {trade_id}, which is busted: book it anew under another "
                    "exec_id")
        return f"exec_id {exec_id!r} is already booked as trade {trade_id}"

    def apply(self, row: FillRow, exec_id: str | None, lots: Lots) -> int:
        """Book one fill, by one lot or several; its (first) trade id."""
        pieces = [row] if not isinstance(lots, Mapping) else self._split(row, lots)
        first = self.book(pieces, [exec_id, *[None] * (len(pieces) - 1)])
        if len(pieces) > 1:
            self._belong(first, len(pieces))
            self.names |= dict.fromkeys(range(first, first + len(pieces)), exec_id) if exec_id is not None else {}
        return first

    def _belong(self, first: int, count: int) -> None:
        """Entries that are one: busted by the first's id."""
        self._pieces[first] = count
        self._wholes |= dict.fromkeys(range(first + 1, first + count), first)

    def _split(self, row: FillRow, lots: Mapping[int | str, Number]) -> list[FillRow]:
        """One row a lot; the commission goes by quantity, and the shares add up."""
        ins = self._kept.names.instruments[row.instrument - 1]
        sizes = [(self.lot(lot), ins.qty_lots(qty, f"qty of lot {lot}", low=1)) for lot, qty in lots.items()]
        total = sum(size for _, size in sizes)
        if total != abs(row.qty):
            raise ValueError(f"the lots' quantities are together {ins.quantity(total)}, the fill has "
                             f"{ins.quantity(abs(row.qty))}")
        found, done = [], 0
        for lot, size in sizes:
            upto = done + size
            fee = row.fee * upto // total - row.fee * done // total
            found.append(row._replace(qty=size if row.qty > 0 else -size, fee=fee, lot=lot))
            done = upto
        return found

    # ---- many

    def book(self, rows: list[FillRow], exec_ids: list[str | None]) -> int:
        """Book rows that came through the door, all or none; the first one's trade id. EntryError with its row."""
        entries = np.zeros(len(rows), ENTRY_DTYPE)
        if rows:
            for name, column in zip(FillRow._fields, zip(*rows, strict=True), strict=True):
                entries[name] = column
        first = int(self._kept.ledger.apply_fills(entries))
        self._name(first, exec_ids)
        return first

    def _name(self, first: int, exec_ids: list[str | None]) -> None:
        named = {name: first + at for at, name in enumerate(exec_ids) if name is not None}
        self.exec_ids.update(named)
        self.names.update({trade_id: name for name, trade_id in named.items()})

    def apply_batch(self, fills: np.ndarray[Any, Any]) -> int:
        """Book an array of FILL_DTYPE or ENTRY_DTYPE; what `apply` refuses is refused, naming row, field and bound."""
        exec_ids = self._demand_ids(fills)
        try:
            self._demand_prices(fills)
            self._demand_times(fills)
            first = int(self._kept.ledger.apply_fills(fills, self._kept.stamp(None)))
        except EntryError:
            raise
        except ValueError:
            self._demand_rows(fills)
            raise
        self._name(first, exec_ids)
        return first

    def number_of(self, exec_id: str) -> int:
        """The number that stands for an exec_id in a row: its own where it is an integer from 1 to 2**62."""
        check_name(exec_id, "exec_id", TEXT_SIZE)
        if exec_id.isdecimal() and exec_id[0] != "0" and len(exec_id) < 20 and int(exec_id) <= ID_MAX:
            return int(exec_id)
        number = self._numbers.get(exec_id)
        if number is None:
            self._texts.append(exec_id)
            number = self._numbers[exec_id] = ID_MAX + len(self._texts)
        return number

    def _demand_ids(self, fills: np.ndarray[Any, Any]) -> list[str | None]:
        """The exec_ids of a batch's rows. ValueError for one that is booked, stands there twice, or is no number."""
        if "exec_id" not in (fills.dtype.names or ()) or fills.ndim != 1:
            return []
        ids = fills["exec_id"]
        if not ids.size or (ids.min() == 0 and ids.max() == 0):
            return []
        found: list[str | None] = []
        rows: dict[str, int] = {}
        for at, number in enumerate(fills["exec_id"].tolist()):
            if not 0 <= number <= ID_MAX + len(self._texts):
                raise ValueError(f"row {at}: exec_id {number} must be 0 to {ID_MAX}, or what ids(exec_id=...) gave")
            text = None if not number else str(number) if number <= ID_MAX else self._texts[number - ID_MAX - 1]
            if text is not None:
                if text in rows:
                    raise ValueError(f"row {at}: exec_id {text!r} stands in row {rows[text]} too")
                if text in self.exec_ids:
                    raise ValueError(f"row {at}: {self._taken(text)}")
                rows[text] = at
            found.append(text)
        return found

    def _demand_prices(self, fills: np.ndarray[Any, Any]) -> None:
        """ValueError for a price of 0 or below where the instrument has none such."""
        if not {"instrument", "price"} <= set(fills.dtype.names or ()):
            return
        if not fills.size or fills["price"].min() > 0:  # which needs no memory, however many there are
            return
        low = np.flatnonzero(fills["price"] <= 0)
        if "kind" in (fills.dtype.names or ()):
            low = low[fills["kind"][low] <= EntryKind.OPENING]
        for at in low.tolist():
            number = int(fills["instrument"][at])
            if 1 <= number <= len(self._kept.names.instruments):
                ins = self._kept.names.instruments[number - 1]
                if not ins.any_sign:
                    raise ValueError(f"row {at}: price {fills['price'][at]} of {ins.symbol} must be 1 to {PRICE_MAX} "
                                     "price units: it has no prices of 0 or below")

    def _demand_times(self, fills: np.ndarray[Any, Any]) -> None:
        """ValueError for a time that looks like another unit."""
        if "transact_time" in (fills.dtype.names or ()) and fills.ndim == 1 and not self._kept.times_are_told:
            demand_nanoseconds_of(fills["transact_time"], "transact_time", self._kept)

    def _demand_rows(self, fills: np.ndarray[Any, Any]) -> None:
        """ValueError for the first row outside its bounds, naming it; a batch was refused, so time is no matter."""
        names, kept = fills.dtype.names or (), self._kept
        width = len(kept.names.accounts.names) * kept.legs
        bounds = [("instrument", 1, len(kept.names.instruments)), ("account", 1, width),
                  *((name, -most, most) for name, most in _BOUNDS), ("transact_time", 0, TIME_MAX)]
        plain = fills["kind"] <= EntryKind.OPENING if "kind" in names else np.ones(len(fills), bool)
        for name, low, high in bounds:
            if name in names:
                for at in np.flatnonzero(plain & ((fills[name] < low) | (fills[name] > high))).tolist():
                    raise ValueError(f"row {at}: {name} {fills[name][at]} must be {low} to {high}")
        if "qty" in names:
            for at in np.flatnonzero(plain & (fills["qty"] == 0)).tolist():
                raise ValueError(f"row {at}: qty 0 is no fill: it must be -{QTY_MAX} to {QTY_MAX}, and not 0")

    def enter(self, kind: EntryKind, instrument: int, *, time: int | None, account: int = 0, **fields: int) -> int:
        """Book one entry of any kind; its trade id."""
        packed = ENTRY_CODEC.pack(kind=int(kind), instrument=instrument, account=account,
                                  transact_time=self._kept.stamp(time), **fields)
        try:
            return int(self._kept.ledger.apply_fills(np.frombuffer(packed, ENTRY_DTYPE)))
        except EntryError as error:
            error.args = (f"{self._kept.names.symbols.names[instrument - 1]}: {error.text}",)
            raise

    def enter_all(self, entries: np.ndarray[Any, Any]) -> int:
        """Book entries that belong together, all or none; the first one's trade id busts them all."""
        first = int(self._kept.ledger.apply_fills(entries))
        self._belong(first, len(entries))
        self._actions[first] = set(entries["instrument"].tolist())
        return first

    # ---- afterwards

    def trade(self, trade: int | str) -> int:
        """The trade id of a trade id or exec_id."""
        if isinstance(trade, str):
            if trade not in self.exec_ids:
                raise LookupError(f"exec_id {show(trade)} is not booked here")
            return self.exec_ids[trade]
        ledger = self._kept.ledger
        return check_int(trade, "trade", ledger.forgotten + 1, ledger.forgotten + ledger.trade_count)

    def _whole(self, trade: int | str) -> int:
        trade_id = self.trade(trade)
        if trade_id in self._wholes:
            raise ValueError(f"trade {trade_id} is a part of trade {self._wholes[trade_id]}: name that")
        return trade_id

    def lot(self, lot: int | str | None) -> int:
        """The trade id that opened a lot; 0 where none is named."""
        if lot is None:
            return 0
        self._kept.demand_specific(lot)
        return self.trade(lot) if isinstance(lot, str) else check_int(lot, "lot", 1, 2**62)

    def bust(self, trade: int | str) -> None:
        """Take back a trade, with all pieces of a fill that closed several lots."""
        trade_id = self._whole(trade)
        pieces = range(trade_id, trade_id + self._pieces.get(trade_id, 1))
        for at, piece in enumerate(reversed(pieces)):
            try:
                self._amend(piece, EntryStatus.BUSTED, 0, 0, 0, 0)
            except EntryError:
                for done in pieces[len(pieces) - at:]:
                    self._kept.ledger.amend(done, int(EntryStatus.LIVE), 0, 0, 0)
                raise
        self._actions.pop(trade_id, None)

    def correct(self, trade: int | str, qty: Number | None, price: Number | None, commission: Number | None,
                commission_currency: str | None = None) -> None:
        """Change a trade's figures; ValueError for one that closed several lots: bust it, and book it anew."""
        trade_id = self._whole(trade)
        if trade_id in self._pieces:
            raise ValueError(f"trade {trade_id} is {self._pieces[trade_id]} entries: bust it, and book it "
                             "anew under another exec_id")
        row = ENTRY_CODEC.unpack(self._kept.ledger.entry(trade_id))
        ins = self._kept.names.instruments[row.instrument - 1]
        lots = abs(row.qty) if qty is None else ins.qty_lots(qty, "qty", low=1)
        units = row.price if price is None else self._kept.price(ins, price, "price")
        currency = row.currency
        if commission_currency is not None:
            currency = self._kept.names.currencies.id(commission_currency)
        charged = self._kept.fee(row, row.fee) if commission is None else commission
        fee = self._kept.fee_units(ins, currency, charged)
        self._amend(trade_id, EntryStatus.CORRECTED, lots if row.qty > 0 else -lots, units, fee, currency)

    def _amend(self, trade_id: int, status: EntryStatus, qty: int, price: int, fee: int, currency: int) -> None:
        entry = ENTRY_CODEC.unpack(self._kept.ledger.entry(trade_id))
        if entry.status == EntryStatus.BUSTED:
            raise ValueError(f"trade {trade_id} is already busted")
        for action, instruments in self._actions.items():
            if entry.instrument in instruments and trade_id < action:
                raise ValueError(f"trade {trade_id} is part of what action {action} carried on: bust that first")
        self._kept.ledger.amend(trade_id, int(status), qty, price, fee, currency)

    def forget(self) -> None:
        """No exec_id is known any more."""
        self.exec_ids.clear()
        self.names.clear()
        self._pieces.clear()
        self._wholes.clear()
        self._actions.clear()
