"""What stands between a mistake and a venue: a rule of one's own, a limit that a named person lets one order pass,
orders of our own that must not meet, the exit gate.
Run it: `python examples/safeguards.py`.
"""

from __future__ import annotations

import tradecore as tc

NOW = 1_736_000_000_000_000_000  # ns UTC


def tell(what: str, order: object) -> None:
    status, reason, text = (getattr(order, name) for name in ("ord_status", "reason", "text"))
    print(f"  {what}: {status.name}{f', {text}' if reason else ''}")


def build(backend: str = "auto") -> tc.TradingCore:
    """One desk, a venue of ours and one outside, on a clock that stands still."""
    core = tc.TradingCore(
        instruments=[tc.Instrument("ACME")], venues=[tc.SimulatedVenue("BOOK"), tc.ExternalVenue("EDGE")],
        accounts=["desk"], limits=tc.RiskLimits(max_order_qty=10_000, price_collar_bps=tc.OFF), backend=backend,
        clock=lambda: NOW)
    core.quote("BOOK", "ACME", bid="99.95", bid_size=5_000, ask="100.05", ask_size=5_000)
    return core


def main(backend: str = "auto") -> None:
    core = build(backend)

    print("A rule of one's own: small orders, unless the desk is flat")
    core.risk.add_rule("small", "order.qty <= 500 or position.qty == 0", who="r.lee", why="new desk")
    tell("buy 2,000 while flat", core.submit("ACME", "BUY", 2_000, "100.05", account="desk", venue="BOOK"))
    tell("buy 2,000 more", core.submit("ACME", "BUY", 2_000, "100.05", account="desk", venue="BOOK"))

    print("\nAn order that a limit blocks passes once where a named person says so, with why")
    big = {"symbol": "ACME", "side": "SELL", "qty": 12_000, "price": "101.00", "account": "desk", "venue": "BOOK"}
    blocked = core.submit(**big)
    tell("sell 12,000", blocked)
    core.risk.override(blocked.order_id, "max_order_qty", expire_time=NOW + 600 * 10**9, who="m.day",
                       why="the client confirmed it")
    core.risk.remove_rule("small", who="r.lee", why="12,000 is what is asked for")
    passed = core.submit(**big)
    tell("sell 12,000 again, within ten minutes", passed)
    core.cancel(passed)
    tell("sell 12,000 once more", core.submit(**big))
    (line,) = core.risk.overrides()
    print(f"  {line.set_by} let order {line.used_by} pass {line.rule.name}: {line.reason}")

    print("\nOrders of our own never meet, not even at a venue outside")
    core.risk.prevent_self_match("CANCEL_OLDEST", account="desk", outside="HOLD", who="r.lee", why="wash trades")
    offer = core.submit("ACME", "SELL", 100, "100.00", account="desk", venue="EDGE", cl_ord_id="offer")
    sent = [message.msg_type.name for message in core.outbound()]
    core.execution.on_execution_report("EDGE", "NEW", cl_ord_id="offer")
    bid = core.submit("ACME", "BUY", 100, "100.00", account="desk", venue="EDGE", cl_ord_id="bid")
    tell("our bid, while our offer stands there", bid)
    sent += [message.msg_type.name for message in core.outbound()]
    core.execution.on_execution_report("EDGE", "CANCELED", cl_ord_id="offer")
    tell("our offer, once its venue has answered", offer)
    sent += [message.msg_type.name for message in core.outbound()]
    print(f"  EDGE was sent: {', '.join(sent)}")

    print("\nThe exit gate stands behind all of it, and shares nothing with it")
    core.risk.gate.set(price_collar_bps=300, order_rate=100, who="ops", why="second line")
    tell("buy 100 at 110.00, which no limit forbids",
         core.submit("ACME", "BUY", 100, "110.00", account="desk", venue="BOOK"))
    core.risk.gate.shut(who="ops", why="drill")
    tell("buy 100 while the gate is shut", core.submit("ACME", "BUY", 100, "100.05", account="desk", venue="BOOK"))
    core.risk.gate.open(who="ops", why="drill is over")
    tell("buy 100 again", core.submit("ACME", "BUY", 100, "100.05", account="desk", venue="BOOK"))
    stopped = sum(report.report_type is tc.ReportType.GATE_STOPPED for report in core.reports(0))
    print(f"  alerts of the gate: {stopped}")


if __name__ == "__main__":
    main()
