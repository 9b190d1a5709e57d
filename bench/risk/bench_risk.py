"""Risk alone: eleven checks with every limit armed, and the hold."""

from tradecore.vocabulary.codes import Rule
from tradecore.vocabulary.instrument import Instrument


def test_risk(room, measure, definition, orders):
    def prepare():
        table = room("risk").RiskTable(16, 1, 16_384)
        table.define(definition)
        for account in range(1, 17):
            for rule, value, window in ((Rule.MAX_ORDER_QTY, 10**12, 0), (Rule.MAX_ORDER_NOTIONAL, 10**15, 0),
                                        (Rule.PRICE_COLLAR, 500, 0), (Rule.MAX_POSITION_QTY, 10**18, 0),
                                        (Rule.ORDER_RATE, 1000, 10**9)):
                table.set_limit(account, int(rule), value, window)
        return table, orders

    reasons = measure(lambda table, array: table.admit(array, 2 * 19_000 * Instrument("AAPL").tick), prepare)
    assert not reasons.any()
