"""A risk officer's morning: limits from a file, a day of orders, what is nearest to its limit, a change with who and
why, a kill and its release. Run it: `python examples/risk_officer.py`.
"""

from __future__ import annotations

import tradecore as tc

LIMITS = """
[[limits]]
rule = "max_position_qty"
symbol = "ACME"                      # of all accounts together
value = 5_000
who = "r.lee"
why = "board, 12 January"

[[limits]]
rule = "daily_order_count"
value = 500
who = "r.lee"

[[limits]]
rule = "message_rate"
strategy = 7
value = 40
window_ms = 1_000
who = "r.lee"
why = "it looped in testing"

[[limits]]
rule = "restricted_instrument"
symbol = "INSD"
value = 0
who = "compliance"
why = "we advise its buyer"
"""
DESKS = [f"desk{number}" for number in range(1, 13)]


def build(backend: str = "auto") -> tuple[tc.TradingCore, list[int]]:
    """A firm of twelve desks on a clock that the example moves."""
    now = [1_736_000_000_000_000_000]
    core = tc.TradingCore(
        instruments=[tc.Instrument("ACME"), tc.Instrument("INSD")], venues=[tc.SimulatedVenue("XNAS")], accounts=DESKS,
        limits=tc.RiskLimits(max_order_qty=1_000, price_collar_bps=500, max_position_qty=1_000, order_rate=100),
        clock=lambda: now[0], backend=backend, features=tc.Features())
    for symbol in ("ACME", "INSD"):
        core.quote("XNAS", symbol, bid="99.95", bid_size=100_000, ask="100.05", ask_size=100_000)
    return core, now


def main(backend: str = "auto") -> None:
    core, now = build(backend)
    print(f"{core.risk.load_toml(LIMITS)} limits are loaded\n")

    refused: dict[str, list[str]] = {}
    for at in range(600):
        now[0] += 20_000_000
        order = core.submit("INSD" if at % 97 == 0 else "ACME", "BUY" if at % 3 else "SELL", 20 + at % 50, "100.05" if
                            at % 3 else "99.95", account=DESKS[at * 7 % 12], strategy=7 if at % 5 == 0 else 0)
        if order.reason:
            refused[order.reason.name] = [*refused.get(order.reason.name, []), order.text]
    print("refused, how often, and the last of each:")
    for texts in sorted(refused.values(), key=len, reverse=True):
        print(f"{len(texts):>5} x {texts[-1]}")

    print("\nthe ten nearest to their limits:")
    print(core.risk.utilisation(10))

    core.risk.set_limit("max_position_qty", 1_500, account="desk3", soft="0.9", who="r.lee", why="a client's block")
    print("\ndesk3 after the change:")
    print(core.risk.limits("max_position_qty", account="desk3"))

    core.risk.engage_kill_switch(account="desk5", cancel=True, who="r.lee", why="unknown fills")
    print("\nwhat is killed or halted:")
    print(core.risk.switches())
    order = core.submit("ACME", "BUY", 1, 100, account="desk5")
    print(f"an order of desk5 meanwhile: {order.ord_status.name}, {order.text}")
    core.risk.release_kill_switch(account="desk5", who="r.lee", why="fills are explained")
    now[0] += 1_000_000_000
    order = core.submit("ACME", "SELL", 1, 101, account="desk5")
    print(f"released; killed now: {core.risk.switches() or 'nothing'}; an order of desk5: {order.ord_status.name}")


if __name__ == "__main__":
    main()
