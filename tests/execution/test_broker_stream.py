"""A random stream of reports as brokers send them, against a model that knows only what the venue says: positions and
fees are equal, or the difference lies in unbooked(), item by item."""

from __future__ import annotations

import random
from collections import Counter
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from conftest import seeds, small_capacity

import tradecore as tc

D = Decimal
VENUES = ("EXT", "OTHER")
SYMBOLS = {"AAPL": (8, 0), "COIN": (8, 3), "BIG": (0, 0)}  # decimals of prices and quantities
CURRENCIES = {"USD": 9, "BNB": 8}
LOTS_MAX, PX_MAX = 10**14, 10**16
DAYS_KNOWN = 2


def make(make_core):
    core = make_core(
        venues=[tc.ExternalVenue(v, taker_fee_per_share="0.01") for v in VENUES], accounts=["alpha", "beta"],
        instruments=[tc.Instrument("AAPL"), tc.Instrument("COIN", lot_size="0.001"), tc.Instrument("BIG", tick_size=1, price_precision=0)],
        capacity=small_capacity(unbooked=2**11, notes=2**12, trades=2**17, exec_ids=2**18, ids=2**18, cl_ord_ids=2**16, order_history=2**12))
    core.define_currency("BNB", decimals=8)
    return core


class Venues:
    """What they have said: each trade once, by its whole identity, with the fee that was told of it last."""

    def __init__(self, seed):
        self.random, self.trades, self.sent, self.day, self.count = random.Random(seed), {}, [], 0, 0
        self.unbooked = []  # the words of what can't be booked
        self.decided = {}  # on which day an operator has decided about a report, by all of its words
        self.positions, self.fees = Counter(), Counter()

    def new(self, orders):
        pick = self.random
        self.count += 1
        venue, (name, symbol, side, _) = pick.choice(VENUES), pick.choice(orders)
        price_decimals, qty_decimals = SYMBOLS[symbol]
        qty = D(pick.randrange(1, 10**5)).scaleb(-qty_decimals)
        told = {"venue": "EXT", "cl_ord_id": name, "exec_id": f"e{self.count}", "last_qty": qty, "last_px": D(pick.randrange(1, 10**6)).scaleb(-min(2, price_decimals))}
        if venue == "OTHER":  # of no order of ours, numbered by symbol
            told |= {"venue": venue, "cl_ord_id": f"theirs-{self.count}", "symbol": symbol, "side": side, "exec_id": str(self.count // 7)}
        what = pick.random()
        if what < 0.1:
            told["last_qty"] += D(pick.randrange(1, 10)).scaleb(-qty_decimals - 1)  # finer
        elif what < 0.2:
            told["last_px"] += D(pick.randrange(1, 1000)).scaleb(-price_decimals - 2)
        elif what < 0.24:
            told["symbol"], told["side"] = "GONE", side
        elif what < 0.27:
            told["exec_id"] = pick.choice((None, "", "é" * 3, "x" * 65))
        elif what < 0.29:
            told["last_qty"] = pick.choice((D(10) ** 20, D(LOTS_MAX) * 10, D(10) ** 40))
        if pick.random() < 0.4:
            told["commission"] = D(pick.randrange(-100, 1000)).scaleb(-pick.choice((2, 8, 11)))
            told["commission_currency"] = pick.choice(("USD", "BNB", "USD", "XXX") if pick.random() < 0.2 else ("USD", "BNB"))
        if pick.random() < 0.3:
            told |= {"text": f"fill {self.count}", "last_mkt": "XNAS", "venue_order_id": f"v-{name}"}
        return told

    def next(self, orders):
        """One report: new, again, changed, late or out of order."""
        pick = self.random
        if self.sent and (again := pick.random()) < 0.25:
            told = dict(pick.choice(self.sent[-200:]))
            if again < 0.05:
                told["last_qty"] = told["last_qty"] + 1
            elif again < 0.1:
                told |= {"commission": D(pick.randrange(1, 500)).scaleb(-2), "commission_currency": pick.choice(("USD", "BNB"))}
            return told
        told = self.new(orders)
        self.sent.append(told)
        return told

    def take(self, told, by_name):
        """What follows from a report by the rules alone; "booked", "again", "amended" or "kept"."""
        mine = by_name.get(told["cl_ord_id"]) if told["venue"] == "EXT" else None
        symbol, side = told.get("symbol") or mine[0], told.get("side") or mine[1]
        account = mine[2] if mine and (symbol, side) == mine[:2] else None
        identity = told["venue"], symbol, side, told["exec_id"]
        usable = bool(told["exec_id"]) and len(told["exec_id"]) <= 64 and told["exec_id"].isascii()
        if symbol in SYMBOLS and usable and identity in self.trades and self.day - self.trades[identity]["day"] <= DAYS_KNOWN:
            trade = self.trades[identity]
            if (trade["last_qty"], trade["last_px"], trade["cl_ord_id"]) != (told["last_qty"], self.price(symbol, told["last_px"]), told["cl_ord_id"]):
                return self.keep(told)
            fee = self.fee(told)
            if fee is not None and fee[1] not in CURRENCIES:
                return self.keep(told)
            if fee is None or (*fee, "told") == (*trade["fee"], trade["whose"]):
                return "again"
            self.charge(trade, -1)
            trade["fee"], trade["whose"] = fee, "told"
            self.charge(trade, 1)
            return "amended"
        qty_decimals = SYMBOLS.get(symbol, (0, 0))[1]
        lots = told["last_qty"].scaleb(qty_decimals)
        fits = symbol in SYMBOLS and usable and lots == int(lots) <= LOTS_MAX and told.get("commission_currency") != "XXX"
        return self.book(told, symbol, side, account) if fits else self.keep(told)

    def book(self, told, symbol, side, account):
        identity, price = (told["venue"], symbol, side, told["exec_id"]), self.price(symbol, told["last_px"])
        ours = (told["last_qty"] * D("0.01")).quantize(D(1).scaleb(-9), ROUND_HALF_EVEN), "USD"
        trade = {"last_qty": told["last_qty"], "last_px": price, "cl_ord_id": told["cl_ord_id"], "account": account, "symbol": symbol, "day": self.day,
                 "fee": self.fee(told) or ours, "whose": "told" if self.fee(told) else "ours"}
        self.trades[identity] = trade
        self.positions[account, symbol] += told["last_qty"] if side == "BUY" else -told["last_qty"]
        self.charge(trade, 1)
        return "booked"

    @staticmethod
    def price(symbol, price):
        return price.quantize(D(1).scaleb(-SYMBOLS[symbol][0]), ROUND_HALF_EVEN)

    @staticmethod
    def fee(told):
        if "commission" not in told:
            return None
        currency = told["commission_currency"]
        return told["commission"].quantize(D(1).scaleb(-CURRENCIES.get(currency, 9)), ROUND_HALF_EVEN), currency

    def charge(self, trade, sign):
        amount, currency = trade["fee"]
        self.fees[trade["account"], currency] += sign * amount

    def keep(self, told):
        """It lies there, but for what does already, or was decided about less than three rolls ago; none without an id."""
        words = str(sorted(told.items(), key=str))
        named = bool(told["exec_id"]) and len(told["exec_id"]) <= 64 and told["exec_id"].isascii()
        if named and (any(words == lies for lies, _ in self.unbooked)
                      or self.day - self.decided.get(words, -9) <= DAYS_KNOWN):
            return "lies"
        self.unbooked.append((words, told))
        return "kept"

    def decide(self, item, by_name):
        """An operator dismisses a report, or books it with what it lacks."""
        words, told = self.unbooked.pop(0)
        self.decided[words] = self.day
        mine = by_name.get(told["cl_ord_id"]) if told["venue"] == "EXT" else None
        symbol, side = told.get("symbol") or mine[0], told.get("side") or mine[1]
        account = mine[2] if mine and (symbol, side) == mine[:2] else None
        given = {}
        if symbol == "GONE":
            given["symbol"] = symbol = "AAPL"
            account = mine[2] if mine and (symbol, side) == mine[:2] else None
        whole = told["last_qty"].quantize(D(1).scaleb(-SYMBOLS[symbol][1]), ROUND_DOWN) if told["last_qty"] < 10**9 else 0
        if whole != told["last_qty"]:
            given["last_qty"] = whole
        if told.get("commission_currency") == "XXX":
            given |= {"commission": told["commission"], "commission_currency": "USD"}
        known = (told["venue"], symbol, side, told["exec_id"]) in self.trades
        if not whole or known or item.reason is tc.Reason.EXECID_REUSED or not told["exec_id"] or len(told["exec_id"]) > 64 or not told["exec_id"].isascii():
            item.dismiss(who="ops", why="looked at")
            return "dismissed"
        item.book(who="ops", why="as it should be", **given)
        self.book(told | {"last_qty": whole} | given, symbol, side, account)
        return "settled"


def live(core, seed, count):
    venues = Venues(seed)
    orders, by_name = [], {}
    for n, (symbol, side, account) in enumerate((s, d, a) for s in SYMBOLS for d in ("BUY", "SELL") for a in ("alpha", "beta")):
        core.submit(symbol, side, 10**10, 100, venue="EXT", account=account, cl_ord_id=f"o{n}", time_in_force="GTC")
        orders.append((f"o{n}", symbol, side, account))
        by_name[f"o{n}"] = symbol, side, account
    met = Counter()
    for n in range(count):
        if n % 61 == 60:  # some of what is told again was told more than two days before
            core.roll_day()
            venues.day += 1
        told = venues.next(orders)
        before = core.metrics()
        report = core.execution.on_execution_report(told["venue"], "TRADE", **{k: v for k, v in told.items() if k != "venue"})
        what = venues.take(told, by_name)
        after = core.metrics()
        added = after["unbooked"] - before["unbooked"]
        kind = {"booked": tc.ExecType.TRADE, "amended": tc.ExecType.TRADE_CORRECT}.get(what)
        assert (report.exec_type, added) == (kind, int(what == "kept")), (n, what, told, report)
        assert what in ("booked", "amended", "kept") or report.reason is tc.Reason.EXECID_REPEATED, (n, what, told, report)
        met[what] += 1
        if n % 1_000 == 999:
            compare(core, venues)
            for item in core.unbooked()[:-50]:
                met[venues.decide(item, by_name)] += 1
            compare(core, venues)
    compare(core, venues)
    return met


def compare(core, venues):
    for symbol in SYMBOLS:
        for account in ("alpha", "beta"):
            assert core.position(symbol, account).qty == venues.positions[account, symbol]
        assert core.positions.suspense(symbol).qty == venues.positions[None, symbol]
    for account in ("alpha", "beta"):
        assert {line.currency: line.fees for line in core.positions.pnl(account)} == {c: venues.fees[account, c] for c in CURRENCIES}
    kept = core.unbooked()
    assert len(kept) == len(venues.unbooked)
    for item, (_, told) in zip(kept, venues.unbooked, strict=True):
        said = item.said
        assert (said["venue"], said["cl_ord_id"], item.text) == (told["venue"], told["cl_ord_id"], told.get("text", ""))
        assert D(said["last_qty"]) == told["last_qty"]
        assert D(said["last_px"]) == told["last_px"]
        for name in ("symbol", "side", "last_mkt", "venue_order_id", "commission_currency"):
            assert name not in told or said[name] == told[name], (name, item)
        assert "commission" not in told or D(said["commission"]) == told["commission"], item
        assert said.get("exec_id", "").strip("'")[:60] == (told["exec_id"] or "")[:60], item


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("seed", seeds([1]), indirect=True)
def test_what_brokers_say_is_booked_or_lies_unbooked_item_by_item(make_core, seed, count):
    met = live(make(make_core), seed, count)
    assert all(met[what] > count / 100 for what in ("booked", "again", "amended", "kept", "lies", "settled", "dismissed")), met
