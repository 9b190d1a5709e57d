"""What a ledger's rows are in a report: amounts and fees as money, quantities, prices, averages, column by column."""

from __future__ import annotations

import numpy as np

from ..vocabulary.units import CENTS
from .kept_ledger import LEGS, KeptLedger
from .report_columns import Array, Column, Decimals, Exact, Values, Words, numbers_of, wide_rows


class ReportMoney:
    """The instruments of some rows, by their ids, and the conversions that follow from them."""

    def __init__(self, kept: KeptLedger, instruments: Array) -> None:
        self._kept, self._room = kept, kept.room("report_numbers")
        self.at: Array = instruments.astype(np.int64) - 1
        every = kept.names.instruments
        decimals = [kept.names.decimals_of(ins.currency) for ins in every]

        def column(values: list[int]) -> Array:
            return np.array(values, np.int64)[self.at]

        self._qty_scale = column([ins.qty_precision for ins in every])
        self._price_scale = column([ins.price_precision or 0 for ins in every])
        self._tick_decimals = column([ins.tick_decimals for ins in every])
        self._factor = column([1 if ins.inverse else ins.multiplier_units for ins in every])
        self._amount_scale = column([ins.amount_precision for ins in every])
        self._fee_scale = column(decimals)
        self.inverse: Array = np.array([ins.inverse for ins in every], bool)[self.at]
        self.scale: Array = np.maximum(self._amount_scale, self._fee_scale)  # of sums of amounts and fees

    def symbol(self) -> Words:
        return Words(self.at, self._kept.names.symbols.names)

    def currency(self) -> Words:
        names = self._kept.names
        codes = np.array([names.currencies.id(ins.currency) - 1 for ins in names.instruments], np.int64)
        return Words(codes[self.at], names.currencies.names)

    def account(self, accounts: Array) -> Words:
        return Words((accounts.astype(np.int64) - 1) // self._kept.legs, self._kept.names.accounts.names)

    def leg(self, accounts: Array) -> Words:
        codes = (accounts.astype(np.int64) - 1) % 2 + 1 if self._kept.legs == 2 else np.zeros(len(accounts), np.int64)
        return Words(codes, [None, *LEGS])

    def quantity(self, lots: Array) -> Decimals:
        return Decimals(lots, self._qty_scale, 12)

    def price(self, units: Array, none: Array) -> Decimals:
        return Decimals(units, self._price_scale, self._tick_decimals, none)

    def amounts(self, amounts: Array) -> Array | list[int]:
        """Amounts as money, in units of `scale`."""
        return self._scaled(amounts, self._factor, self.scale - self._amount_scale)

    def fees(self, fees: Array) -> Array | list[int]:
        """Money units of the instrument's own currency, in units of `scale`."""
        return self._scaled(fees, np.ones(len(fees), np.int64), self.scale - self._fee_scale)

    def scaled_fees(self, units: Array, decimals: Array) -> Array | list[int]:
        """Money units of any currency, of so many decimals, in units of `scale`."""
        if units.dtype == object:
            given = zip(units.tolist(), (self.scale - decimals).tolist(), strict=True)
            return [unit * int(10**up) for unit, up in given]
        return self._scaled(wide_rows(units), np.ones(len(units), np.int64), self.scale - decimals)

    def fee_column(self, fees: Array) -> Exact:
        return Exact(fees, self._fee_scale)

    def values(self, lots: Array, prices: Array) -> Array | list[int]:
        """What quantities are worth at prices (0: nothing), as money in units of `scale`."""
        values = self._room.multiply(wide_rows(lots), prices)
        assert values is not None  # a position times a price is at most 10**32
        every = self._kept.names.instruments
        for row in np.flatnonzero(self.inverse & (prices != 0)).tolist():  # each is rounded by itself
            value = every[self.at[row]].value(int(lots[row]), int(prices[row]))
            values[row] = (value + 2**63) % 2**64 - 2**63, value >> 64
        return self.amounts(values)

    def _scaled(self, rows: Array, factors: Array, ups: Array) -> Array | list[int]:
        made = self._room.multiply(rows, factors)
        made = None if made is None else self._room.shift(made, ups)
        if made is not None:
            found: Array = made
            return found
        given = zip(numbers_of(rows), factors.tolist(), ups.tolist(), strict=True)
        return [number * factor * int(10**up) for number, factor, up in given]

    def sum(self, numbers: Array | list[int], others: Array | list[int], sign: int = 1) -> Array | list[int]:
        """The sums, or with a `sign` of -1 the differences, of columns in units of `scale`."""
        if not isinstance(numbers, list) and not isinstance(others, list):
            made = self._room.add(numbers, others if sign == 1 else self.minus(others))
            if made is not None:
                found: Array = made
                return found
        both = (column if isinstance(column, list) else numbers_of(column) for column in (numbers, others))
        return [a + sign * b for a, b in zip(*both, strict=True)]

    def minus(self, numbers: Array | list[int]) -> Array | list[int]:
        if isinstance(numbers, list):
            return [-number for number in numbers]
        made: Array = self._room.multiply(numbers, np.full(len(numbers), -1, np.int64))
        return made

    def sums(self, numbers: Array | list[int], groups: Array, count: int) -> Array | list[int]:
        """The sums of groups, one a row; each of one scale."""
        made = None if isinstance(numbers, list) else self._room.sums(numbers, groups, count)
        if made is not None:
            found: Array = made
            return found
        totals = [0] * count
        given = numbers if isinstance(numbers, list) else numbers_of(numbers)
        for number, group in zip(given, groups.tolist(), strict=True):
            totals[group] += number
        return totals

    def money(self, numbers: Array | list[int], none: Array | None = None) -> Exact:
        return Exact(numbers, self.scale, CENTS, none)

    def average(self, amounts: Array, lots: Array, none: Array | None = None) -> Column:
        """The price of `lots` that are worth `amounts`, as `Instrument.rounded_price`: 0 where that has no meaning."""
        overs = wide_rows(lots)
        if self.inverse.any():
            swapped = self._inverse_values(lots)
            if swapped is None:  # beyond what a ledger's bounds let in
                every = self._kept.names.instruments
                given = zip(self.at.tolist(), numbers_of(amounts), lots.tolist(), strict=True)
                return Values("decimal", [every[at].rounded_price(every[at].price_ratio(amount, qty)) if amount and qty
                                          else 0 for at, amount, qty in given])
            where = self.inverse[:, None]
            amounts, overs = np.where(where, swapped, amounts), np.where(where, amounts, overs)
        made, finer = self._room.average(np.ascontiguousarray(amounts), np.ascontiguousarray(overs))
        scale = self._price_scale + finer
        return Exact(made, scale, np.where(finer > 0, scale, self._tick_decimals), none, cut=True)

    def _inverse_values(self, lots: Array) -> Array | None:
        """What an inverse contract's quantities are worth at a price of one unit; of others 0."""
        every = self._kept.names.instruments
        factors = np.array([-ins.multiplier_units if ins.inverse else 0 for ins in every], np.int64)[self.at]
        powers = [len(str(ins.inverse_scale // ins.multiplier_units)) - 1 if ins.inverse else 0 for ins in every]
        made = self._room.multiply(wide_rows(lots), factors)
        found: Array | None = None if made is None else self._room.shift(made, np.array(powers, np.int64)[self.at])
        return found


def halves_of(rows: Array, name: str) -> Array:
    """A field in its two halves as rows of two int64."""
    return np.stack([rows[f"{name}_low"], rows[f"{name}_high"]], axis=1)
