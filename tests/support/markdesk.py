"""A desk for rules that need marks: AAPL in USD, the base currency, and SAP in EUR at 1.25, every mark 4 where no other is
given; what alpha sends rests."""

from __future__ import annotations

import tradecore as tc

BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
WIDE = {"max_order_qty": 10**6, "max_order_notional": 10**9, "max_position_qty": 10**6, "order_rate": 1000}  # other rules, armed


def open_desk(make_core, cash=0, margins=None, mark=4, **fields):
    """With so many USD in alpha, margin rates of AAPL, and another mark."""
    core = make_core(instruments=[tc.Instrument("AAPL", **(margins or {}), **fields), tc.Instrument("SAP", currency="EUR", **fields)],
                     accounts=["alpha", "beta"], currencies=["USD", "EUR"])
    for symbol in ("AAPL", "SAP"):
        core.mark(symbol, mark)
    core.risk.set_rate("EUR", "1.25")
    if cash:
        core.positions.open_cash("USD", cash, account="alpha")
    return core


def send(core, side, qty, symbol="AAPL", **other):
    return core.submit(symbol, side, qty, 3 if side == BUY else 5, **{**QUIET, **other})


def send_sap(core, side, qty, symbol="SAP", **other):
    return send(core, side, qty, symbol, **other)


def states(core):
    return [(line.scope, line.state.name) for line in core.risk.switches()]


def warnings(reports):
    """What risk has told of itself since these were last read."""
    return [(report.report_type.name, report.reason.name) for report in reports.read()
            if report.report_type.name.startswith("RISK_")]
