"""A desk for rules that need marks: AAPL in USD, the base currency, and SAP in EUR at 1.25, every mark 4; what alpha sends rests."""

from __future__ import annotations

import tradecore as tc

BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
WIDE = {"max_order_qty": 10**6, "max_order_notional": 10**9, "max_position_qty": 10**6, "order_rate": 1000}  # other rules, armed


def open_desk(make_core, cash=0, margins=None, **fields):
    """With so many USD in alpha, and margin rates of AAPL."""
    core = make_core(instruments=[tc.Instrument("AAPL", **(margins or {}), **fields), tc.Instrument("SAP", currency="EUR", **fields)],
                     accounts=["alpha", "beta"], currencies=["USD", "EUR"])
    for symbol in ("AAPL", "SAP"):
        core.mark(symbol, 4)
    core.risk.set_rate("EUR", "1.25")
    if cash:
        core.positions.open_cash("USD", cash, account="alpha")
    return core


def send(core, side, qty, symbol="AAPL", **other):
    return core.submit(symbol, side, qty, 3 if side == BUY else 5, **{**QUIET, **other})


def send_sap(core, side, qty, symbol="SAP", **other):
    return send(core, side, qty, symbol, **other)
