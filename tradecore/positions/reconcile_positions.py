"""A broker's positions beside ours, and what may have made each difference."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.units import EXACT, exact_sum, one_number
from .csv_form import CsvForm
from .entries import EntryKind, EntryStatus, Method
from .kept_ledger import KeptLedger
from .reconcile import POSITION_FIELDS, Broker, Difference, Key, Row, possible, units_of
from .reconcile_fills import Proof

SPLITS = ((2, 1), (3, 1), (4, 1), (5, 1), (10, 1), (20, 1), (3, 2), (2, 3),
          (1, 2), (1, 3), (1, 4), (1, 5), (1, 10), (1, 20))
UNKNOWN = "no single trade, split or transfer explains it"


class Held(NamedTuple):
    """What we hold: quantity units, cost as an amount, fees as money units."""

    qty: int
    cost: int
    fees: int


def held(kept: KeptLedger) -> dict[Key, Held]:
    """Every position that is held or was, both legs together."""
    found: dict[Key, Held] = {}
    for number, account, qty, low, high, _, _, fees_low, fees_high in kept.ledger.holdings().tolist():
        key = number, (account + kept.legs - 1) // kept.legs
        before = found.get(key, Held(0, 0, 0))
        cost, fees = one_number(low, high), one_number(fees_low, fees_high)
        found[key] = Held(before.qty + qty, before.cost + cost, before.fees + fees)
    return found


def reconcile_positions(kept: KeptLedger, source: Any, form: CsvForm, proof: Proof | None) -> list[Difference]:
    """Differences of quantity, and of cost where the broker gives one."""
    broker, ours = Broker(kept, form), held(kept)
    theirs: dict[Key, tuple[Row, Decimal]] = {}
    for row in broker.rows(source, "POSITION", ("symbol", "qty"), POSITION_FIELDS):
        if row.key in theirs:
            cause = f"the broker lists it twice: line {theirs[row.key][0].line} too"
            broker.found.append(Difference("POSITION", row.ins.symbol, row.account, "line", None,
                                           row.fields["qty"][0], cause, row.line, True))
            continue
        qty = broker.number(row, "qty")
        theirs[row.key] = row, Decimal("NaN") if qty is None else qty
    gaps: dict[Key, int] = {}
    finer: list[Key] = []
    costs: list[tuple[Row, Decimal]] = []
    nothing = Held(0, 0, 0)
    for key, (row, qty) in theirs.items():
        if qty.is_nan():
            continue
        units = units_of(qty, row.ins.qty_precision)
        if units is None:
            finer.append(key)
        elif units != ours.get(key, nothing).qty:
            gaps[key] = units - ours.get(key, nothing).qty
        elif any(row.fields.get("cost", ())):
            cost = broker.number(row, "cost")
            if cost is not None:
                costs.append((row, cost))
    gaps |= {key: -its.qty for key, its in ours.items() if its.qty and key not in theirs}
    told = [*broker.found, *_quantities(kept, ours, theirs, gaps, finer, proof), *_costs(kept, ours, costs)]
    return sorted(told, key=lambda d: (d.line == 0, d.line))


def _quantities(
    kept: KeptLedger, ours: Mapping[Key, Held], theirs: Mapping[Key, tuple[Row, Decimal]], gaps: Mapping[Key, int],
    finer: list[Key], proof: Proof | None,
) -> list[Difference]:
    causes, found = Causes(kept, gaps, proof), []
    for key in sorted({*gaps, *finer}):
        ins, account = kept.names.instruments[key[0] - 1], kept.names.accounts.names[key[1] - 1]
        mine = ours.get(key, Held(0, 0, 0)).qty
        line, qty = (theirs[key][0].line, theirs[key][1]) if key in theirs else (0, Decimal(0))
        if key in gaps:
            cause, proved = causes.of(key, mine, mine + gaps[key])
        else:
            cause, proved = f"the broker has a fraction of the quantity unit here, {ins.quantity(1):f}", True
        found.append(Difference("POSITION", ins.symbol, account, "qty", ins.quantity(mine), qty, cause, line, proved))
    return found


class Causes:
    """What may have made the gaps, from one look at the log."""

    def __init__(self, kept: KeptLedger, gaps: Mapping[Key, int], proof: Proof | None) -> None:
        self._names, self._proof = kept.names, proof
        self._accounts: dict[tuple[int, int], list[int]] = {}  # by instrument and gap
        for (number, account), gap in gaps.items():
            self._accounts.setdefault((number, gap), []).append(account)
        self._trades: dict[Key, list[tuple[int, int, int]]] = {key: [] for key in gaps}
        log = kept.ledger.entries()
        wide = len(kept.names.accounts.names) + 1
        owner = (log["account"].astype(np.int64) + kept.legs - 1) // kept.legs
        wanted = np.array([number * wide + account for number, account in gaps], np.int64)
        at = np.flatnonzero((log["kind"] <= EntryKind.OPENING)
                            & np.isin(log["instrument"].astype(np.int64) * wide + owner, wanted))
        first = kept.ledger.forgotten + 1
        for place, number, account, qty, status in zip(
                at.tolist(), log["instrument"][at].tolist(), owner[at].tolist(), log["qty"][at].tolist(),
                log["status"][at].tolist(), strict=True):
            self._trades[number, account].append((first + place, qty, status))

    def of(self, key: Key, ours: int, theirs: int) -> tuple[str, bool]:
        """The cause of a gap, and whether the fills prove it."""
        gap = theirs - ours
        proved = None if self._proof is None else self._proof.of(key, gap)
        if proved is not None:
            return f"the fills prove it: {proved}", True
        return possible(self._guess(key, ours, theirs, gap)), False

    def _guess(self, key: Key, ours: int, theirs: int, gap: int) -> str:
        if ours == -theirs:
            return "long and short are swapped: a sign convention"
        other = next((at for at in self._accounts.get((key[0], -gap), ()) if at != key[1]), None)
        if other is not None:
            name = self._names.accounts.names[other - 1]
            return f"the opposite difference is in account {name}: a transfer or allocation on one side only"
        matched = () if self._proof is None else self._proof.matched
        for trade_id, qty, status in self._trades[key]:
            if trade_id in matched:  # the broker has it too, as it is here
                continue
            if status == EntryStatus.BUSTED:
                if gap == qty:
                    return f"trade {trade_id} is busted here and stands at the broker"
            elif gap == -qty:
                return f"trade {trade_id} is missing at the broker, or busted there"
            elif gap == -2 * qty:
                return f"trade {trade_id} has the other side at the broker"
            elif gap == qty:
                return f"trade {trade_id} is booked twice at the broker, or a fill like it is missing here"
        for new, old in SPLITS:
            if ours and ours * new == theirs * old:
                return f"a split, {new} for {old}, is missing here"
        if not ours:
            return "the position, or its opening, is missing here"
        return "the position is missing at the broker" if not theirs else UNKNOWN


def _costs(kept: KeptLedger, ours: Mapping[Key, Held], rows: list[tuple[Row, Decimal]]) -> list[Difference]:
    found = []
    methods: dict[Method, Any] = {}
    for row, theirs in rows:
        its = ours.get(row.key, Held(0, 0, 0))
        mine = row.ins.money(its.cost)
        if mine == theirs:
            continue
        cause, proved = possible(UNKNOWN), False
        with_fees = exact_sum(mine, kept.names.money(row.ins.currency, its.fees))
        if _rounds_to(mine, theirs):
            cause, proved = f"it is ours, rounded to {_decimals(theirs)} decimals", True
        elif _rounds_to(with_fees, theirs):
            cause = possible("the broker's cost includes commissions")
        elif mine == -theirs:
            cause = possible("the broker's cost has the other sign")
        else:
            for method in (m for m in Method if m not in (kept.method, Method.SPECIFIC)):
                if method not in methods:
                    methods[method] = _by_method(kept, method)
                by = _cost_by(kept, methods[method], row.key)
                if by is not None and _rounds_to(by, theirs):
                    cause = possible(f"it is the cost by {method.name}; this ledger keeps {kept.method.name}")
                    break
        found.append(Difference("COST", row.ins.symbol, row.account, "cost", mine, theirs, cause, row.line, proved))
    return found


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.as_tuple().exponent))


def _rounds_to(exact: Decimal, rounded: Decimal) -> bool:
    """Whether a figure is another one, rounded to its decimals in either of the usual ways."""
    step = Decimal(1).scaleb(-_decimals(rounded))
    return any(exact.quantize(step, way, EXACT) == rounded for way in (ROUND_HALF_EVEN, ROUND_HALF_UP))


def _by_method(kept: KeptLedger, method: Method) -> Any:
    """The whole log by another method; None where positions began before the log, or it can't be booked so."""
    if kept.ledger.forgotten:
        return None
    rows = kept.ledger.entries()
    rows = rows[rows["status"] != EntryStatus.BUSTED]
    side = kept.new_ledger(len(kept.names.accounts.names) * kept.legs, method, 1, len(rows) + 1, len(rows) + 1)
    rows["lot"] = 0
    side.apply_fills(rows)
    return side


def _cost_by(kept: KeptLedger, side: Any, key: Key) -> Decimal | None:
    if side is None:
        return None
    legs = range(key[1] * kept.legs - kept.legs + 1, key[1] * kept.legs + 1)
    return kept.names.instruments[key[0] - 1].money(sum(side.position(key[0], leg)[1] for leg in legs))
