"""Venues as users declare them."""

from __future__ import annotations

from dataclasses import dataclass

from .instrument import MONEY_PRECISION, Number, check_name, whole_units

_FEE_MAX = 10**12  # micros for a whole unit


@dataclass(frozen=True, slots=True)
class SimulatedVenue:
    """A venue inside the core: a price-time-priority book that fills at once.

    Fees are by quantity (`..._per_share`: currency for a whole unit) or by notional (`..._bps`), not both on one
    side of the trade, so that a commission is rounded once; a rebate is negative. A quote of this venue is an
    external order on each side: it holds what was displayed, no more, and where it crosses resting orders it takes
    them at their prices.
    """

    name: str
    maker_fee_per_share: Number = 0
    taker_fee_per_share: Number = 0
    maker_fee_bps: Number = 0
    taker_fee_bps: Number = 0

    def __post_init__(self) -> None:
        check_name(self.name, "venue name")
        fees = self.definition()
        for who in ("maker", "taker"):
            if fees[f"{who}_fee_per_unit"] and fees[f"{who}_fee_ppm"]:
                raise ValueError(f"venue {self.name}: {who}_fee_per_share and {who}_fee_bps can't both be set")

    def definition(self) -> dict[str, int | bytes]:
        """The fields of this venue's DEFINE_VENUE record."""
        where = f"venue {self.name}:"
        fields: dict[str, int | bytes] = {"cl_ord_id": self.name.encode("ascii")}
        for who in ("maker", "taker"):
            per_share, bps = f"{who}_fee_per_share", f"{who}_fee_bps"
            fields[f"{who}_fee_per_unit"] = whole_units(
                getattr(self, per_share), MONEY_PRECISION, f"{where} {per_share}", _FEE_MAX)
            fields[f"{who}_fee_ppm"] = whole_units(getattr(self, bps), 2, f"{where} {bps}", 1_000_000)
        return fields
