"""A core with one rule at its tightest, and orders of every kind that a rule may refuse: so that a rule that is new in the
table is met without another word."""

from __future__ import annotations

from conftest import limits, small_capacity

import tradecore as tc
from tradecore.core.declaring import join_group
from tradecore.vocabulary.rules import RULES

T, S = tc.ReportType, tc.Scope
TARGETS = {S.FIRM: {}, S.ACCOUNT: {"account": "alpha"}, S.INSTRUMENT: {"symbol": "AAPL"}, S.VENUE: {"venue": "P"}, S.STRATEGY: {"strategy": 7},
           S.ACCOUNT_INSTRUMENT: {"account": "alpha", "symbol": "AAPL"},
           S.ACCOUNT_GROUP: {"account_group": "desk1"}, S.INSTRUMENT_GROUP: {"instrument_group": "TECH"}}
OBSERVABLE = [row for row in RULES if row.is_observable]
WHO = {"who": "ann", "why": "a test"}
CASH = 50_000


class Desk:
    """A core with one rule at its tightest, and orders of every kind that a rule may refuse."""

    def __init__(self, make_core, clock, features=None):
        self.clock = clock
        self.core = make_core(instruments=[tc.Instrument("AAPL", max_qty=1_000, group="TECH")], limits=limits(), venues=[tc.SimulatedVenue("P")],
                              capacity=small_capacity(), **({"features": features} if features else {}))
        join_group(self.core._gate, self.core._gate.names.account_groups, "desk1", account=1)
        self.core.quote("P", "AAPL", bid=99, bid_size=500, ask=101, ask_size=500)
        self.core.positions.open_position("AAPL", 10, 100)
        self.core.positions.open_cash("USD", CASH)
        for side, strategy in (("BUY", 7), ("SELL", 0)):  # strategy 7 has one of the account's ten
            self.send(side, 1, 100, strategy=strategy)
        self.core.mark("AAPL", 100)
        self.core.roll_day()
        self.works = [self.send("BUY", 5, 90), self.send("BUY", 6, 90)]
        self.asked = set()

    def send(self, side, qty, price, **terms):
        return self.core.submit("AAPL", side, qty, price, **{"strategy": 7, "venue": "P", **terms})

    def spend(self):
        """All cash is gone: what is held was bought on credit."""
        self.core.positions.open_cash("USD", -CASH)

    def lose(self):
        """A loss of 50, and of 5 by strategy 7, whose mark is 2 ms old; what it has set is told elsewhere."""
        self.core.mark("AAPL", 95)
        self.clock.now += 2_000_000
        self.release()

    def release(self):
        for scope in ({}, {"account": "alpha"}, {"strategy": 7}):
            self.core.risk.set_trading_state("ACTIVE", **scope, **WHO)

    def try_all(self):
        """Everything that a rule might have something against, each order asked about before."""
        self.lose()
        self.core.cancel(self.works[1])
        for side, qty, price, terms in (("BUY", 1, 90, {}), ("BUY", 2, None, {}), ("SELL", 30, 110, {}), ("SELL_SHORT", 30, 110, {}),
                                        ("SELL", 31, None, {}), ("BUY", 3, 102, {}), ("BUY", 900, 90, {}), ("BUY", 2_000, 90, {}), ("BUY", 1, 90, {})):
            for row in self.core.check("AAPL", side, qty, price, strategy=7, venue="P", **terms):
                self.asked |= {row.rule} if row.verdict in ("OBSERVE", "REFUSE") else set()
            self.send(side, qty, price, **terms)
        for change in ({"qty": 9}, {"price": 91}):
            self.core.replace(self.works[0], **change)

    def told(self, *kinds):
        """(reason, value, bound, row) of reports."""
        return [(r.reason, r.row.value, r.row.bound, r.row.reject_mask) for r in self.core.reports(0) if r.report_type in kinds]

    def refused(self, reason):
        """What a rule has refused, or disarmed for."""
        found = self.told(T.EXECUTION_REPORT, T.ORDER_CANCEL_REJECT, T.BREAKER_TRIPPED)
        return [told for told in found if told[0] is reason]


def arm(desk, row, scope, **how):
    """No limit of a rule is tighter than 0."""
    window = {"window_ms": 1_000} if row.windowed else {}
    desk.core.risk.set_limit(row.rule, 0, **TARGETS[scope], **window, **how)
