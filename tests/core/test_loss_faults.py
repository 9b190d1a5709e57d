"""Faults in what is kept of losses, of equity, of orders alike and of trades, planted in the twin alone: a stream in which fills, busts,
fees, splits, days, marks and rates meet limits that ask for them finds each of them."""

from __future__ import annotations

from typing import Any

import pytest
from lifecycle_stream import LifecycleStream
from streams import INSTRUMENTS
from test_parity import WIDEST, Pair

from tradecore._python.core.trade_booking import book_pnl
from tradecore._python.risk.day_pnl import change_value, day_total_of, ratio_of, set_value, touch_account
from tradecore._python.risk.exposures import set_margins, set_rate, set_worth
from tradecore._python.risk.holds import alike_of, exposure_of
from tradecore._python.risk.usage import measure_on_marks
from tradecore._python.vocabulary.instrument import BUY
from tradecore.vocabulary.codes import CommandType as K
from tradecore.vocabulary.codes import LimitMode, Reason, Rule, Scope
from tradecore.vocabulary.fix import ExecType
from tradecore.vocabulary.records import CASH_MAX, CODECS
from tradecore.vocabulary.rules import find_rule

LOSSES = (Rule.DAILY_LOSS, Rule.DRAWDOWN)
ENFORCED = 7  # the account whose losses cancel what works; all others' are only observed
SECOND = 10**9


class Losing(LifecycleStream):
    """Each account and the firm have limits of losses from the first order on, mostly only observed."""

    def _declarations(self) -> Any:
        yield from super()._declarations()
        for instrument in range(1, len(INSTRUMENTS) + 1):
            yield self._mark(instrument)
        for currency in (2, 3):
            yield CODECS[K.CURRENCY_RATE].pack(kind=K.CURRENCY_RATE, currency=currency, rate=10**12)
        for account in range(9):
            for rule in LOSSES:
                yield self._loss(rule, account)
            if 1 <= account <= 3:
                yield self._strategy_loss(account)
            yield self._leverage(account)
            yield self._leverage(account)
        yield self._cash(1, 1, 10**15 - CASH_MAX)  # what the streams' accounts have is more than their orders could tell from
        for account in range(1, 9):
            yield self._cash(account, 1 + account % 2, 10**14 - account * 10**27)

    def _next(self) -> bytes:
        return self._watched() if len(self.sent) % 4 == 0 else super()._next()

    def _mark(self, instrument: int) -> bytes:
        mid, tick = self.mids[instrument - 1], INSTRUMENTS[instrument - 1][3]["tick"]
        return CODECS[K.MARK].pack(kind=K.MARK, instrument=instrument, mark_px=(mid + self.aside.choice((-3, -1, 0, 2))) * tick)

    def _loss(self, rule: Rule, account: int) -> bytes:
        mode = LimitMode.CANCEL if account == ENFORCED else LimitMode.OBSERVE
        return self._limit_row(rule, {"account": account}, self.aside.choice((0, 10**10, 10**11, 10**12, 10**13)), int(mode))

    def _strategy_loss(self, strategy: int) -> bytes:
        return self._limit_row(Rule.STRATEGY_LOSS, {"strategy": strategy}, self.aside.choice((0, 10**10, 10**11, 10**12)), int(LimitMode.OBSERVE))

    def _leverage(self, account: int) -> bytes:
        rule = self.aside.choice((Rule.MAX_LEVERAGE, Rule.MARGIN_USE))
        return self._limit_row(rule, {"account": account}, self.aside.choice((0, 10**7, 10**9)), int(LimitMode.OBSERVE))

    def _margins(self) -> bytes:
        initial = self.aside.choice((10**6, 5 * 10**5, 10**7))
        return CODECS[K.MARGIN_RATES].pack(kind=K.MARGIN_RATES, instrument=self.aside.randrange(1, len(INSTRUMENTS) + 1),
                                           initial_margin=initial, maintenance_margin=self.aside.choice((initial, 1, 300_001)))

    def _cash(self, account: int, currency: int, amount: int) -> bytes:
        return CODECS[K.OPENING_CASH].pack(kind=K.OPENING_CASH, account=account, currency=currency, amount=amount)

    def _limit_row(self, rule: Rule, target: dict[str, int], value: int, mode: int) -> bytes:
        off = {"value": 2**64 - 1, "value_high": -1} if value < 0 else {"value": value}
        return CODECS[K.SET_LIMIT].pack(
            kind=K.SET_LIMIT, rule=rule, limit_scope=self._scope(target), mode=mode,
            window_ns=SECOND if find_rule(rule).windowed else 0, soft_share=self.aside.choice((0, 5_000)), **target, **off)

    def _scope(self, target: dict[str, int]) -> Scope:
        return Scope.STRATEGY if "strategy" in target else Scope.ACCOUNT if target["account"] else Scope.FIRM

    def _watched(self) -> bytes:
        """A mark, a rate, a limit that is set again or off, a day that ends, a trade that is taken back, the same order again, or
        who lets trade again."""
        pick = self.aside
        chance = pick.random()
        if chance < 0.3:
            return self._mark(pick.randrange(1, len(INSTRUMENTS) + 1))
        if chance < 0.4:
            return CODECS[K.CURRENCY_RATE].pack(kind=K.CURRENCY_RATE, currency=pick.choice((2, 3)), rate=pick.choice((10**12, 8 * 10**11 + 1)))
        if chance < 0.55:
            account = pick.choice((pick.randrange(9), pick.randrange(9), ENFORCED))
            if len(self.sent) % 3 == 0:
                return self._strategy_loss(1 + account % 3) if account % 2 else self._limit_row(
                    Rule.STRATEGY_LOSS, {"strategy": 1 + account % 3}, -1, 0)
            return self._loss(pick.choice(LOSSES), account) if pick.random() < 0.8 else self._limit_row(
                pick.choice(LOSSES), {"account": account}, -1, 0)
        if chance < 0.63:
            return self._limit_row(pick.choice((Rule.DUPLICATE_ORDER, Rule.ORDER_TO_TRADE_RATIO)), {"account": pick.choice((0, 1, 2, 7))},
                                   pick.choice((1, 1, 2, 20)), int(LimitMode.OBSERVE))
        if chance < 0.64:
            return self._margins()
        if chance < 0.66:
            return self._leverage(pick.randrange(9)) if pick.random() < 0.7 else self._cash(
                pick.randrange(1, 9), pick.choice((1, 2)), pick.choice((10**12, -(10**12) + 1)))
        if chance < 0.67:
            return CODECS[K.ROLL_DAY].pack(kind=K.ROLL_DAY)
        if chance < 0.8 and self.away:
            return self._taken_back()
        if chance < 0.92 and self.orders:
            again = CODECS[K.NEW_ORDER].unpack(pick.choice(self.orders[-4:]))._asdict() | {"kind": K.NEW_ORDER, "cl_ord_id": 0}
            return CODECS[K.NEW_ORDER].pack(**again | pick.choice(({}, {}, {"price": again["price"] + 1})))
        return CODECS[K.TRADING_STATE].pack(kind=K.TRADING_STATE, scope=Scope.ACCOUNT, target=ENFORCED, who=1, why=1)


    def _taken_back(self) -> bytes:
        """A trade at the external venue, that is soon busted or corrected."""
        pick, order = self.aside, self.aside.choice(self.away[-6:])
        tick, number = INSTRUMENTS[order[2] - 1][3]["tick"], 10**9 + len(self.sent)
        price = (self.mids[order[2] - 1] + pick.choice((-2, 2, 5))) * tick
        self._undo(self._pack(K.TRADE_CORRECTION, venue=self.external, exec_type=pick.choice((16, 17, 17)), exec_ref_id=number,
                              exec_id=number + 10**8, last_qty=1, last_px=price + tick), pick.choice((0, 1)))
        return self._report(order, int(ExecType.TRADE), exec_id=number, last_qty=max(1, order[4] // 3), last_px=price)


def counts_where_it_was(core: Any, trade: Any, sign: int) -> None:
    """What a bust takes back, at the position from before it."""
    back = (trade.qty if trade.side == BUY else -trade.qty) if sign < 0 else 0
    rows = [exposure_of(core.risk, trade.instrument, whose) for whose in {trade.account, 0}]
    for row in rows:
        row.position_qty += back
    book_pnl(core, trade, sign)
    for row in rows:
        row.position_qty -= back


def sums_no_equity(p: Any, account: int, part: Any, total: Any, value: int, state: Any) -> None:
    if total is not day_total_of(p, account).equity:
        set_value(p, account, part, total, value, state)


FAULTS = [
    ("core.corrections.book_pnl", counts_where_it_was),
    ("core.corrections.book_pnl", lambda core, trade, sign: None),
    ("core.settings.forget_told", lambda p, account, rule: touch_account(p, account)),
    ("core.trade_booking.book_fee", lambda p, currency, account, fee: None),
    ("core.days.close_pnl", lambda p: None),
    ("core.losses.soft_limit", lambda row: row.value),
    ("core.losses.mass_cancel", lambda core, c: None),
    ("core.losses.tell_cause", lambda switches, scope, target, reason: None),
    ("core.marketdata.set_mark", lambda p, instrument, mark, time: set_worth(p.values, instrument, mark, time)),
    ("core.marketdata.set_currency_rate", lambda p, currency, rate: set_rate(p.values, currency, rate)),
    ("core.settings.open_money", lambda p, currency, account, money: None),
    ("core.settings.open_amount", lambda p, instrument, account, amount: None),
    ("risk.day_pnl.set_value", sums_no_equity),
    ("core.settings.set_margin_rates", lambda p, instrument, initial, maintenance: set_margins(p.values, instrument, initial, initial)),
    ("core.losses.measure_on_marks", lambda risk, row: 0 if row.rule == Rule.MARGIN_USE else measure_on_marks(risk, row)),
    ("risk.exposures.margin_of", lambda worth, value: value),
    ("risk.exposure_checks.ratio_of", lambda amount, total, one: ratio_of(amount, total, one) - 1),
    ("risk.rule_counts.alike_of", lambda q: alike_of(q)._replace(price=0)),
    ("core.trade_booking.charge_strategy", lambda s, currency, strategy, fee: None),
    ("core.days.close_strategies", lambda s: None),
    ("core.marketdata.mark_strategies", lambda s, instrument: None),
    ("core.marketdata.rate_strategies", lambda s, currency: None),
    ("core.settings.forget_strategy_told", lambda s, strategy: None),
    ("risk.strategy_pnl.change_value", lambda part, total, value, state: change_value(part, total, value, state) and value < 0),
    ("core.trade_booking.count_trade", lambda risk, ins, instrument, account, strategy: None),
]
BATCHES = 16


def play() -> set[int]:
    """So much of the stream through both cores; the reasons that limits told."""
    pair, told = Pair(WIDEST, 3, Losing), set()
    for _ in range(BATCHES):
        since = pair.seq
        pair.run(200, pair.stream.clock)
        told |= set(pair.native.read_events(since, 1 << 20)[0]["reason"].tolist())
        if pair.native.state_hash() != pair.twin.state_hash():  # where they part is of no interest here
            pytest.fail("state hashes differ")
    return told


def test_a_stream_of_losses_is_the_same_in_both() -> None:
    assert {Reason.DAILY_LOSS, Reason.DRAWDOWN, Reason.STRATEGY_LOSS, Reason.MAX_LEVERAGE, Reason.INSUFFICIENT_MARGIN, Reason.DUPLICATE_ORDER, Reason.ORDER_TO_TRADE_RATIO} <= play()


@pytest.mark.twin
@pytest.mark.parametrize(("place", "fault"), FAULTS, ids=[f"{place}-{n}" for n, (place, _) in enumerate(FAULTS)])
def test_a_fault_in_the_twin_is_found(place: str, fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"tradecore._python.{place}", fault)
    with pytest.raises(pytest.fail.Exception, match="differ"):
        play()
