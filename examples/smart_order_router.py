"""Where an order costs least: a router alone, over six venues whose fees differ. The cheapest price that is displayed
is not the cheapest to pay. Run it: `python examples/smart_order_router.py`.
"""

from __future__ import annotations

import tradecore as tc

# A fee table as venues publish them, per share: what a taker pays (a rebate is negative), what a maker does. The
# numbers are invented; the shapes are those of real ones: maker-taker, inverted, flat, and by notional.
FEES = {
    "MAKERTAKER": {"taker_fee_per_share": "0.0030", "maker_fee_per_share": "-0.0021"},
    "INVERTED": {"taker_fee_per_share": "-0.0016", "maker_fee_per_share": "0.0020"},
    "FLAT": {"taker_fee_per_share": "0.0005", "maker_fee_per_share": "0.0005"},
    "FREE": {},
    "BIGFEE": {"taker_fee_per_share": "0.0120", "maker_fee_per_share": "-0.0080"},
    "NOTIONAL": {"taker_fee_bps": "0.25", "maker_fee_bps": "-0.05"},
}
# What each displays to a buyer: BIGFEE has the best price by a cent, and asks more than that for it.
ASKS = {"MAKERTAKER": ("20.01", 400), "INVERTED": ("20.01", 200), "FLAT": ("20.01", 300), "FREE": ("20.02", 900),
        "BIGFEE": ("20.00", 500), "NOTIONAL": ("20.01", 100)}


def build(backend: str = "auto") -> tc.SmartOrderRouter:
    """The router, with what is displayed."""
    router = tc.SmartOrderRouter(instruments=[tc.Instrument("ACME", tick_size="0.01")], backend=backend,
                                 venues=[tc.SimulatedVenue(name, **fees) for name, fees in FEES.items()])
    for venue, (ask, size) in ASKS.items():
        router.quote(venue, "ACME", bid="19.98", bid_size=100, ask=ask, ask_size=size)
    return router


def main() -> None:
    """Three dry runs, and a book."""
    router = build()
    print("A small order: 20.00 is displayed, and 20.01 is cheaper by the fee.")
    print(router.route("ACME", "BUY", 150))
    print("\nA large one is divided by what each further share costs; beyond 20.01 it would rest.")
    print(router.route("ACME", "BUY", 2_000, "20.01"))
    print("\nOne that only rests earns most where a maker's rebate is highest.")
    print(router.route("ACME", "BUY", 2_000, "19.99", post_only=True).chosen)
    print("\nWhat one venue displays:")
    print(router.book("ACME", "BIGFEE"))


if __name__ == "__main__":
    main()
