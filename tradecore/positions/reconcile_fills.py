"""A broker's fills beside ours, matched by exec_id, and what they prove about the positions."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from ..vocabulary.fix import Side
from ..vocabulary.instrument import Instrument
from .csv_form import CsvForm
from .entries import EntryStatus
from .fills import Fills
from .kept_ledger import KeptLedger
from .reconcile import Broker, Difference, Key, Row, possible, units_of

FILL_FIELDS = ("exec_id", "symbol", "side", "qty", "price", "account", "commission", "commission_currency")
_CORRECTED = "a correction is booked on one side only"


class OurFill(NamedTuple):
    """A fill of ours, whole: one that closed several lots is the sum of its entries."""

    trade_id: int
    key: Key
    qty: int
    price: int
    fee: int
    currency: int
    busted: bool


class Proof:
    """What the fills of both sides say about positions: signed quantity units by instrument and account."""

    def __init__(self) -> None:
        self._gaps: dict[Key, int | None] = {}  # None: a quantity that is no whole number of units
        self._texts: dict[Key, list[str]] = {}
        self.matched: set[int] = set()  # trades that both sides have alike

    def add(self, key: Key, qty: int | None, text: str) -> None:
        """The broker has `qty` more than we of one position, by one fill."""
        before = self._gaps.get(key, 0)
        self._gaps[key] = None if qty is None or before is None else before + qty
        self._texts.setdefault(key, []).append(text)

    def of(self, key: Key, gap: int) -> str | None:
        """The fills whose differences are exactly the position's; None where they are not."""
        if self._gaps.get(key) != gap:
            return None
        texts = self._texts[key]
        return "; ".join(texts[:3]) + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")


def our_fills(kept: KeptLedger, fills: Fills) -> dict[str, OurFill]:
    """{exec_id: fill} of the log."""
    found: dict[str, OurFill] = {}
    first = kept.ledger.forgotten + 1
    log = kept.ledger.entries()
    wanted = [log[name].tolist() for name in ("instrument", "account", "qty", "price", "fee", "currency", "status")]
    for trade_id, name in sorted(fills.names.items()):
        instrument, account, qty, price, fee, currency, status = (column[trade_id - first] for column in wanted)
        before = found.get(name)
        if before is not None:
            found[name] = before._replace(qty=before.qty + qty, fee=before.fee + fee)
            continue
        key = instrument, (account + kept.legs - 1) // kept.legs
        found[name] = OurFill(trade_id, key, qty, price, fee, currency, status == EntryStatus.BUSTED)
    return found


def reconcile_fills(kept: KeptLedger, fills: Fills, source: Any, form: CsvForm) -> tuple[list[Difference], Proof]:
    """Differences of fills, and what they prove."""
    return _Matching(kept, our_fills(kept, fills), form).run(source)


class _Matching:
    """One comparison of fills."""

    def __init__(self, kept: KeptLedger, ours: dict[str, OurFill], form: CsvForm) -> None:
        self._kept, self._ours = kept, ours
        self._broker, self._proof = Broker(kept, form), Proof()
        self._signed = form.signed or bool(form.columns and "side" not in form.columns)

    def run(self, source: Any) -> tuple[list[Difference], Proof]:
        seen: dict[str, int] = {}
        needed = ("exec_id", "symbol", "qty", "price") if self._signed else FILL_FIELDS[:5]
        for row in self._broker.rows(source, "FILL", needed, FILL_FIELDS):
            exec_id = row.fields["exec_id"][0]
            if exec_id in seen:
                self._tell(row, "exec_id", exec_id, exec_id, f"the broker lists it twice: line {seen[exec_id]} too")
                continue
            seen[exec_id] = row.line
            read = self._read(row)
            if read is not None:
                self._compare(row, exec_id, *read)
        for exec_id, its in self._ours.items():
            if exec_id not in seen and not its.busted:
                symbol, account = self._words(its.key)
                cause = f"trade {its.trade_id} is missing at the broker"
                self._proof.add(its.key, -its.qty, f"{exec_id} is missing at the broker")
                self._broker.found.append(Difference("FILL", symbol, account, "exec_id", exec_id, None, cause, 0, True))
        return self._broker.found, self._proof

    def _words(self, key: Key) -> tuple[str, str]:
        return self._kept.names.symbols.names[key[0] - 1], self._kept.names.accounts.names[key[1] - 1]

    def _tell(self, row: Row, field: str, ours: Any, theirs: Any, cause: str, proved: bool = True) -> None:
        self._broker.found.append(
            Difference("FILL", row.ins.symbol, row.account, field, ours, theirs, cause, row.line, proved))

    def _read(self, row: Row) -> tuple[Decimal, Decimal, Decimal | None] | None:
        """Signed quantity, price and commission."""
        qty, price = self._broker.number(row, "qty"), self._broker.number(row, "price")
        fee = None
        if any(row.fields.get("commission", ())):
            fee = self._broker.number(row, "commission")
            if fee is None:
                return None
        if qty is None or price is None:
            return None
        if not self._signed:
            try:
                sells = self._broker.form.side(row.fields["side"][0]) is not Side.BUY
            except ValueError as error:
                self._broker.unreadable(row, "side", row.fields["side"][0], str(error))
                return None
            qty = qty.copy_negate() if sells else qty
        if fee is not None and self._broker.form.commission_paid_negative:
            fee = fee.copy_negate()
        return qty, price, fee

    def _compare(self, row: Row, exec_id: str, qty: Decimal, price: Decimal, fee: Decimal | None) -> None:
        its = self._ours.get(exec_id)
        units = units_of(qty, row.ins.qty_precision)
        if its is None:
            self._proof.add(row.key, units, f"{exec_id} is missing here")
            self._tell(row, "exec_id", None, exec_id, "it is missing here")
            return
        if its.busted:
            self._proof.add(row.key, units, f"{exec_id} is busted here and stands at the broker")
            self._tell(row, "exec_id", None, exec_id, f"trade {its.trade_id} is busted here and stands at the broker")
            return
        if its.key != row.key or units != its.qty:
            text = f"{exec_id} differs"
            self._proof.add(its.key, -its.qty, text)
            self._proof.add(row.key, units, text)
        else:
            self._proof.matched.add(its.trade_id)
        for field, ours, theirs, cause in self._figures(row, its, qty, price, fee):
            if ours != theirs:
                self._tell(row, field, ours, theirs, possible(f"trade {its.trade_id}: {cause}"), False)

    def _figures(self, row: Row, its: OurFill, qty: Decimal, price: Decimal,
                 fee: Decimal | None) -> Iterator[tuple[str, Any, Any, str]]:
        symbol, account = self._words(its.key)
        ins: Instrument = row.ins
        yield "symbol", symbol, ins.symbol, "one side has the wrong symbol"
        yield "account", account, row.account, "an allocation is booked on one side only"
        sides = ("BUY" if its.qty > 0 else "SELL"), ("BUY" if qty > 0 else "SELL")
        yield "side", *sides, "one side has the wrong side"
        own = self._kept.names.instruments[its.key[0] - 1]
        finer = "the broker's is finer than the unit here"
        is_finer = units_of(qty, ins.qty_precision) is None
        yield "qty", own.quantity(abs(its.qty)), abs(qty), finer if is_finer else _CORRECTED
        is_finer = units_of(price, ins.price_precision or 0) is None
        yield "price", own.price(its.price), price, finer if is_finer else _CORRECTED
        if fee is not None:
            ours = self._kept.names.money(its.currency or own.currency, its.fee)
            theirs = row.fields.get("commission_currency", ("",))[0] or ins.currency  # as a line that is booked
            if ours or fee:  # nothing is the same in any currency
                charged_in = self._kept.names.currencies.name(its.currency) or own.currency
                yield "commission_currency", charged_in, theirs, "one side has the commission in another currency"
            sign = "the sign: one side books what is paid as negative"
            yield "commission", ours, fee, sign if ours == -fee else "another fee schedule, or a rebate"
