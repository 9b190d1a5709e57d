"""Seeded command streams: a market that trades, and everything wrong that can be put into a record.

The stream never looks at a core: it knows the numbers of texts because it interns them, and guesses order ids because
each NEW_ORDER makes an order (`made`, which who runs it may put right between batches, and may tell what reports said of
the orders that limits blocked). What it sends is therefore the same for every backend, and most of it lands; the rest is
meant to be refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from opening_steps import OF_EQUITY, beyond_limits, margin_rates

from tradecore.risk.rule_programs import compile_rule, compile_scorer
from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import CommandType as K
from tradecore.vocabulary.codes import Rule, Scope
from tradecore.vocabulary.fix import ExecType, OrdType, TimeInForce
from tradecore.vocabulary.records import (
    CASH_MAX,
    CODECS,
    COMMAND_DTYPES,
    LIMIT_OFF,
    NAMELESS,
    NO_PRICE,
    NO_ROOM,
    OWN_ID_MAX,
    PRICE_MAX,
    QTY_MAX,
)
from tradecore.vocabulary.rules import RULES as RULE_TABLE
from tradecore.vocabulary.rules import find_rule

RULES = [(made.steps, made.needs) for made in map(compile_rule, (
    "order.qty * order.price >= -1_000 and order.notional <= 1_000_000", "market.bid + market.ask > 0 or order.is_buy",
    "default(market.last, 0) >= pnl.realised and clock.second_of_day != 7", "abs(position.qty) <= 400 / instrument.multiplier",
    "position.qty + position.working_buy - position.working_sell + order.leaves_qty <= 2 * exposure.open_orders + 50",
    "(pnl.unrealised - pnl.fees if known(market.mark) else -1) > -100 or exposure.working_sell > exposure.qty",
    "order.price <= 1.1 * market.reference", "order.strategy < 3 and not order.reduce_only and clock.weekday < 7",
))]
SCORERS = [made.steps for made in map(compile_scorer, (
    "venue.price + 3 * venue.fee - venue.fill_rate / order.qty", "-venue.size if order.is_buy else venue.latency - venue.quote_age",
    "abs(venue.cost) * (2 - venue.reject_rate) + max(venue.size, 5)", "0 if venue.is_degraded else 1",
    "venue.size * venue.size * venue.latency * venue.latency * venue.cost * venue.cost",
))]
SWITCHED = (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.VENUE, Scope.STRATEGY)
START = 1_700_000_000_000_000_000
STEP = Capacity().clock_step
ALL_TYPES = sum(1 << word for word in OrdType)
ALL_TIFS = sum(1 << word for word in TimeInForce)
EXTREMES = (0, 1, -1, 2, 255, 2**31 - 1, 2**32, -(2**31), 2**62, 2**62 + 1, 2**63 - 1, -(2**63), -(2**63) + 1,
            PRICE_MAX, PRICE_MAX + 1, -PRICE_MAX, QTY_MAX, QTY_MAX + 1)
_RANGES = {"u1": (0, 2**8 - 1), "i1": (-(2**7), 2**7 - 1), "u2": (0, 2**16 - 1), "u4": (0, 2**32 - 1), "i4": (-(2**31), 2**31 - 1),
           "i8": (-(2**63), 2**63 - 1), "u8": (0, 2**64 - 1)}

# name, mid in ticks, typical quantity in lots, and the fields that are not the usual ones.
INSTRUMENTS: list[tuple[bytes, int, int, dict[str, int]]] = [
    (b"STOCK", 5_000, 200, {"price_precision": 4, "tick": 100, "order_protection": 1}),
    (b"COIN", 65_000, 40_000_000, {"price_precision": 3, "qty_precision": 8, "tick": 5}),
    (b"FUTURE", 900, 4, {"price_precision": 4, "tick": 2_500, "multiplier": 50, "valuation_method": 1}),
    (b"SPREAD", 3, 10, {"price_precision": 3, "tick": 7, "any_sign": 1, "multiplier": 25, "multiplier_precision": 1}),
    (b"PICKY", 700, 26, {"price_precision": 2, "tick": 3, "ord_types": 0b100, "times_in_force": 0b01001,
                         "min_notional": 200_000_000_000, "max_notional": 900_000_000_000}),
    (b"ROUND", 120, 500, {"tick": 1, "lot": 100, "min_qty": 200, "max_qty": 3_000, "fok_over_venues": 1}),
    (b"FINE", 1_000, 3_000_000, {"price_precision": 9, "qty_precision": 6, "multiplier_precision": 3, "tick": 1_000_000,
                                 "multiplier": 1_500}),
    (b"WIDE", 40, 9, {"tick": 1_000, "multiplier": 100_000}),
]

FEES: list[dict[str, int]] = [
    {"maker_fee_ppm": 100, "taker_fee_ppm": 300},
    {"maker_fee_ppm": -200, "taker_fee_ppm": 300},  # a rebate, and the same taker fee: ties
    {"maker_fee_per_unit": -2_000_000, "taker_fee_per_unit": 3_000_001},
    {"taker_fee_ppm": 77, "print_fills": 1},
    {"maker_fee_per_unit": 333_000, "taker_fee_ppm": -50, "print_fills": 2},
    {},
    {},
    {"maker_fee_ppm": 1_000, "taker_fee_per_unit": 7_000},
]

ON_MARKS = [row.rule for row in RULE_TABLE if row.on_marks and not row.on_equity]
PERMISSIONS, BREAKERS = [Rule.PERMITTED_ONLY, Rule.PERMITTED_INSTRUMENT], [row.rule for row in RULE_TABLE if not row.asks]
OF_FUNDS = [Rule.SHORT_SALE, Rule.LOCATE, Rule.INSUFFICIENT_POSITION, *[Rule.INSUFFICIENT_FUNDS] * 4, *[Rule.CREDIT_LIMIT] * 3]
ASIDE = [*ON_MARKS, *OF_EQUITY, *PERMISSIONS, *OF_FUNDS, Rule.ORDER_TO_TRADE_RATIO, Rule.DUPLICATE_ORDER, Rule.NOTIONAL_PER_WINDOW, Rule.MAX_OPEN_ORDERS, Rule.STRATEGY_LOSS, *BREAKERS]
OVERRIDABLE = {int(row.reason): row.rule for row in RULE_TABLE if row.asks and not row.permits}
BASIC = [rule for rule in Rule if rule not in ASIDE]

class Stream:
    """Commands as records, one by one; `sent` holds them all, so that a failure can be shown."""

    needs_marks = True  # whether limits that need marks come

    def __init__(self, seed: int, capacity: Capacity) -> None:
        self.random = random.Random(seed)
        self.apart = random.Random(seed + 1)  # of rules: they come beside the rest
        self.aside = random.Random(seed + 2)  # of what needs marks
        self.of_funds = random.Random(seed + 3)
        self.capacity = capacity
        self.clock = START
        self.mids = [mid for _, mid, _, _ in INSTRUMENTS]
        self.sent: list[bytes] = []
        self.later: list[tuple[int, bytes]] = []  # commands that undo others, and when
        self.order_ids: list[int] = []
        self.names: list[int] = []
        self.numbers: dict[bytes, int] = {}  # of texts that are interned
        self.interning: list[bytes] = []  # what must go before the next command
        self.held: bytes | None = None  # and that command
        self.made = 0  # orders
        self.declaring = True  # at the clock's own time: a currency that is refused would leave no instrument
        self.orders: list[bytes] = []
        self.blocked: list[tuple[int, Rule]] = []  # by limits: where in `sent`, from 0, and by which; see `hear`
        self.blocked_ids: dict[int, int] = {}  # the order_id of each
        self.repairs = list(self._repairs())

    def take(self, count: int) -> Iterator[bytes]:
        """The next `count` commands; the declarations come first."""
        for _ in range(count):
            if len(self.sent) == 0:
                self.later = [(0, command) for command in self._declarations()]
                self.declaring = False
            if not self.interning and self.held is None:
                due = self.later and self.later[0][0] <= len(self.sent)
                self.held = self.later.pop(0)[1] if due else self._next()
            if self.interning:
                command = self.interning.pop(0)
            else:
                command, self.held = self.held, None
            assert command is not None
            self.made += command[0] == K.NEW_ORDER
            self.sent.append(command)
            yield command

    def _pack(self, kind: K, **fields: int | bytes) -> bytes:
        """A command; texts become the numbers that they are interned under."""
        told = {name: self.number_of(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        stamp = self._time()
        return CODECS[kind].pack(kind=kind, transact_time=self.clock if self.declaring else stamp, **told)

    def number_of(self, text: bytes) -> int:
        """The number of a text, which is interned first where it is new; of what is none, one that is no id."""
        if not text or text in self.numbers:
            return self.numbers.get(text, 0)
        self.interning.append(CODECS[K.INTERN].pack(kind=K.INTERN, version=1, text=text))
        if len(self.numbers) == self.capacity.ids:
            return self.random.choice((NO_ROOM, NAMELESS, OWN_ID_MAX + self.capacity.ids + 1))
        self.numbers[text] = OWN_ID_MAX + len(self.numbers) + 1
        return self.numbers[text]

    def _time(self) -> int:
        chance = self.random.random()
        # Whole milliseconds, so that windows and times to live are hit exactly.
        self.clock += 250_000_000 if chance > 0.995 else 1_000_000 * self.random.randrange(5)
        if chance < 0.05:
            return 0
        if chance < 0.08:
            return self.clock - self.random.randrange(10**9)
        if chance < 0.09:  # another unit, an hour more than the clock may step, 2096, no time at all
            return self.random.choice((
                self.clock // 10**6, self.clock // 10**3, self.clock // 10**9, self.clock + STEP + 3_600 * 10**9, 4 * 10**18,
                2**62, 2**62 + 1, -1))
        return self.clock

    # ---- declarations, good and bad

    def _declarations(self) -> Iterator[bytes]:
        for name, decimals in ((b"USD", 9), (b"EUR", 12), (b"USD", 9), (b"", 9), (NAMELESS, 9), (2**63 - 1, 9), (b"BAD", 13),
                               (b"CHF", 6)):
            yield self._pack(K.DEFINE_CURRENCY, cl_ord_id=name, decimals=decimals)
        yield self._pack(K.DEFINE_CURRENCY, cl_ord_id=b"EUR", version=2)
        instrument = {"tick": 1, "lot": 1, "min_qty": 1, "max_qty": QTY_MAX, "multiplier": 1, "currency": 1,
                      "ord_types": ALL_TYPES, "times_in_force": ALL_TIFS, "min_notional": LIMIT_OFF,
                      "max_notional": LIMIT_OFF}
        instrument["money_precision"] = 9
        for field in ("money_precision", *CODECS[K.DEFINE_INSTRUMENT].fields[15:]):
            if not field.endswith("notional_high"):  # the words of a number are told together
                bad = 255 if field.endswith("precision") or field == "any_sign" else -2 if field != "multiplier" else 0
                yield self._pack(K.DEFINE_INSTRUMENT, cl_ord_id=b"BAD", **{**instrument, field: bad})
        yield self._pack(K.DEFINE_INSTRUMENT, cl_ord_id=b"BAD", **{**instrument, "currency": 9})
        for i, (name, _, _, fields) in enumerate(INSTRUMENTS):
            yield self._pack(K.DEFINE_INSTRUMENT, cl_ord_id=name, **{**instrument, "currency": 1 + i % 2, "money_precision": 9 + 3 * (i % 2), **fields})
        yield from self._tick_tables()
        for fees in ({"maker_fee_ppm": 1_000_001}, {"taker_fee_ppm": 5, "taker_fee_per_unit": 5},
                     {"maker_fee_per_unit": -(2**63)}, {"taker_fee_per_unit": 10**15 + 1}):
            yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"BAD", **fees)
        for i in range(self.capacity.venues):
            yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"V%d" % i, **FEES[i])
        for account in range(1, 9):
            yield self._pack(K.DEFINE_ACCOUNT, cl_ord_id=b"A%d" % account)
            for rule in BASIC:
                if account != 3 or rule != Rule.PRICE_COLLAR:  # 3 stays unconfigured
                    value, window = self._limit(account, rule)
                    yield self._pack(K.SET_LIMIT, limit_scope=Scope.ACCOUNT, account=account, rule=rule, value=value, window_ns=window)
        for account in range(1, 9):
            yield self._pack(K.OPENING_CASH, account=account, currency=1 + account % 2, amount=account * 10**27)
            yield self._pack(K.OPENING_POSITION, account=account, instrument=account, position_qty=100 - 50 * account,
                             position_px=INSTRUMENTS[account - 1][1])
        yield self._pack(K.OPENING_CASH, account=1, currency=1, amount=CASH_MAX)
        for member in ({"account": 2}, {"account": 4}, {"account": 4}, {"instrument": 1}, {"instrument": 2}, {"account": 99}, {"instrument": 99}, {}):
            yield self._pack(K.DEFINE_GROUP, cl_ord_id=self.number_of(b"desk"), **member)
        yield from beyond_limits(self.mids[0] * INSTRUMENTS[0][3]["tick"], self.capacity.open_orders)

    def _tick_tables(self) -> Iterator[bytes]:
        """Tables of ticks for STOCK and SPREAD that their prices move across, and bands that no table can have."""
        for instrument, bands in ((1, ((0, 100), (490_000, 200), (500_000, 500), (505_000, 100))), (4, ((0, 7), (28, 14)))):
            for band, (from_px, tick) in enumerate(bands):
                yield self._pack(K.DEFINE_TICKS, instrument=instrument, band=band, from_px=from_px, band_tick=tick)
        for instrument, band, from_px, tick in (
            (9, 0, 0, 100), (1, 3, 600_000, 100), (1, 17, 600_000, 100), (1, 4, 505_000, 100), (1, 4, PRICE_MAX + 1, 100),
            (1, 4, 600_000, 0), (1, 4, 600_000, 150), (1, 4, 600_050, 100), (1, 0, 100, 100), (1, -1, 0, 100),
        ):
            yield self._pack(K.DEFINE_TICKS, instrument=instrument, band=band, from_px=from_px, band_tick=tick)

    def _repairs(self) -> Iterator[bytes]:
        for scope, most in zip(SWITCHED, (0, 8, 8, self.capacity.venues, 2), strict=True):
            for target in range(min(most, 1), most + 1):
                yield CODECS[K.KILL_SWITCH].pack(kind=K.KILL_SWITCH, scope=scope, target=target, who=1, why=1)
                yield CODECS[K.TRADING_STATE].pack(kind=K.TRADING_STATE, scope=scope, target=target, who=1, why=1)
        for account in (1, 2, 4, 5, 6, 7, 8):
            for rule in BASIC:
                value, window = self._limit(account, rule)
                limit = {"limit_scope": Scope.ACCOUNT, "account": account, "rule": rule, "value": value, "window_ns": window}
                yield CODECS[K.SET_LIMIT].pack(kind=K.SET_LIMIT, **limit)

    def _limit(self, account: int, rule: Rule) -> tuple[int, int]:
        """Accounts 1 and 7 are free; each other one has some rules armed."""
        armed = {
            2: {Rule.MAX_ORDER_QTY: 9_000 * 10**9, Rule.MAX_ORDER_NOTIONAL: 10**25, Rule.PRICE_COLLAR: 200,
                Rule.MAX_POSITION_QTY: 10**15, Rule.ORDER_RATE: 200},
            4: {Rule.ORDER_RATE: 4, Rule.PRICE_COLLAR: 50},
            5: {Rule.MAX_POSITION_QTY: 1_000 * 10**9, Rule.MAX_ORDER_QTY: 150 * 10**9},
            6: {Rule.MAX_ORDER_NOTIONAL: 2 * 10**13, Rule.PRICE_COLLAR: 0},
            8: {Rule.MAX_ORDER_NOTIONAL: 10**14, Rule.ORDER_RATE: 8},
        }
        value = armed.get(account, {}).get(rule, LIMIT_OFF)
        if rule == Rule.ORDER_RATE:
            value = min(value, self.capacity.order_rate)
        return value, 200_000_000 if rule == Rule.ORDER_RATE else 0

    # ---- the mix

    def _next(self) -> bytes:
        if len(self.sent) % 40 == 0:  # garbled settings would leave ever more switched off: put one right
            return self.repairs[len(self.sent) // 40 % len(self.repairs)]
        if len(self.sent) % 61 == 7:
            return self._routing()
        if len(self.sent) % 83 == 31:
            return self._price_limits()
        if len(self.sent) % 113 == 50:
            return self._funds()
        if self.blocked and len(self.sent) % 97 == 11:
            return self._let_pass()
        if len(self.sent) % 197 == 60:
            return self._refused()
        makers: list[tuple[Callable[[], bytes], int]] = [
            (self._order, 560), (self._cancel, 130), (self._quote, 210), (self._setting, 34), (self._garbled, 60),
            (self._noise, 15),
        ]
        (maker,) = self.random.choices([m for m, _ in makers], [w for _, w in makers])
        return maker()

    def _instrument(self) -> tuple[int, int, int]:
        """An instrument's number, its tick, and its mid in ticks, which wanders a little."""
        number = self.random.randrange(len(INSTRUMENTS))
        name, start, _, fields = INSTRUMENTS[number]
        mid = self.mids[number] + self.random.choice((-1, 0, 0, 0, 1))
        self.mids[number] = mid if (name == b"SPREAD" and abs(mid) < 12) or mid > start // 2 else start
        return number + 1, fields["tick"], self.mids[number]

    def _qty(self, instrument: int) -> int:
        typical, lot = INSTRUMENTS[instrument - 1][2], INSTRUMENTS[instrument - 1][3].get("lot", 1)
        chance = self.random.random()
        if chance < 0.02:
            return self.random.choice((0, -5, typical * 1_000, QTY_MAX, QTY_MAX + 1, lot + 1))
        return max(1, self.random.randrange(1, 2 * typical) // lot) * lot

    def order(self) -> dict[str, int]:
        """The fields of a new order; mostly a good one."""
        pick = self.random
        instrument, tick, mid = self._instrument()
        side = pick.choice((1, 2))
        away = pick.choice((-3, -2, -1, -1, 0, 0, 0, 1, 1, 2, 3, 60))  # above 0: through the mid
        price = (mid + (away if side == 1 else -away)) * tick
        ord_type = 1 if pick.random() < 0.15 else 2
        if ord_type == 1 and pick.random() < 0.97:
            price = NO_PRICE
        elif pick.random() < 0.015:
            price = pick.choice((NO_PRICE, 0, -price, price + 1, PRICE_MAX, 10**13))
        return {
            "kind": K.NEW_ORDER, "transact_time": self._time(), "side": side, "ord_type": ord_type,
            "time_in_force": pick.choices((0, 1, 3, 4), (60, 15 if ord_type == 2 else 1, 15, 10))[0],
            "exec_inst": int(pick.random() < 0.06), "instrument": instrument,
            "account": pick.choices(range(1, 9), (30, 20, 1, 5, 6, 6, 25, 6))[0],
            "venue": pick.randrange(1, self.capacity.venues + 1) if pick.random() < 0.3 else 0,
            "cl_ord_id": self._name(), "version": pick.choice((0, 1)), "order_qty": self._qty(instrument), "price": price,
            "strategy": pick.choices((0, 1, 2, 3, 2**31 - 1, -1), (80, 8, 8, 2, 1, 1))[0],
            "routing": self.apart.choices((0, 1, 2, 3, 4, 5, 6, 7, 255), (70, 5, 5, 5, 5, 9, 6, 1, 1))[0],
        }

    def _name(self) -> int:
        chance = self.random.random()
        if chance < 0.5:
            return 0
        if chance < 0.52 and self.names:
            return self.random.choice(self.names)
        if chance < 0.525:
            return self.random.choice((NAMELESS, NO_ROOM, -(2**63), OWN_ID_MAX + 10**7, 2**63 - 1))
        if chance < 0.53:  # what can't be interned is refused, and the order comes without it
            bad = (b" a", b"a ", b"\0x", b"caf\xc3\xa9", b"x\x7f", b"1234567\0" + b"9" * 8, b"\t", b" " * 64)
            self.interning.append(CODECS[K.INTERN].pack(kind=K.INTERN, text=self.random.choice(bad)))
            return 0
        name = len(self.sent) + 1 if chance < 0.8 else self.number_of(
            b"c%d-%s" % (len(self.sent), b"z" * self.random.randrange(56)))
        if chance > 0.99:  # look-alikes: texts of their own, but for the last
            self.number_of(b"%s%d" % (self.random.choice((b"0", b"+", b"-", b"")), len(self.sent)))
        self.names.append(name)
        return name

    def _order(self) -> bytes:
        self.order_ids.append(self.made + 1)
        command = CODECS[K.NEW_ORDER].pack(**self.order())
        self.orders.append(command)
        return command

    def _cancel(self) -> bytes:
        chance = self.random.random()
        recent = self.random.random() < 0.8
        if chance < 0.65 and self.order_ids:
            ids = self.order_ids[-40:] if recent else self.order_ids
            return self._pack(K.CANCEL, order_id=self.random.choice(ids))
        if chance < 0.92 and self.names:
            names = self.names[-30:] if recent else self.names
            return self._pack(K.CANCEL, orig_cl_ord_id=self.random.choice(names), order_id=self.random.randrange(50))
        bad = self.random.choice((b"never-was", b"a b", b"", NAMELESS, 2**62 + 10**7))
        return self._pack(K.CANCEL, orig_cl_ord_id=bad, order_id=self.random.choice(EXTREMES))

    def _quote(self) -> bytes:
        instrument, tick, mid = self._instrument()
        venue = self.random.randrange(1, self.capacity.venues + 1)
        spread = self.random.choices((0, 1, 2, 3), (2, 50, 30, 18))[0]  # 0 is locked: refused
        shift = self.random.choice((-2, -1, 0, 0, 0, 1, 2))
        bid, ask = (mid + shift - spread) * tick, (mid + shift + spread) * tick
        sizes = [0 if self.random.random() < 0.1 else self._qty(instrument) for _ in range(2)]
        if self.random.random() < 0.02:
            bid += self.random.choice((1, 10**14, -(10**15)))
        if self.random.random() < 0.02:
            ask, sizes[1] = self.random.choice(((10**13 * tick, QTY_MAX), (ask, -1), (NO_PRICE, 5), (PRICE_MAX, 1)))
        return self._pack(K.QUOTE, instrument=instrument, venue=venue, bid_px=min(max(bid, -(2**63)), 2**63 - 1),
                          bid_size=sizes[0], ask_px=min(ask, 2**63 - 1), ask_size=sizes[1])

    def _routing(self) -> bytes:
        """How orders are routed, and what is known of a venue: mostly what can be."""
        pick = self.apart
        told = {"who": pick.choice((0, 0, 1, NAMELESS)), "why": pick.choice((0, 1))}
        if pick.random() < 0.5:
            bad = pick.choice((-2, 10**6 + 1, 2**62)) if pick.random() < 0.1 else -1
            return CODECS[K.SET_ROUTING].pack(
                kind=K.SET_ROUTING, routing_strategy=pick.choices((-1, 0, 1, 2, 3, 4, 5, 6, 7), (2, 4, 4, 1, 1, 2, 2, 3, 1))[0],
                strategy=pick.choices((0, 1, 2, 2**31 - 1, -1), (9, 4, 4, 1, 1))[0], latency_weight=pick.choice((-1, bad, 0, 10**6, 10**8)),
                miss_cost=pick.choice((-1, bad, 0, 300)), degraded_cost=pick.choice((-1, bad, 0, 50)), **told)
        facts = {name: pick.choice((-1, 0, 5 * 10**5, 10**6, *([-5, 2**62] if pick.random() < 0.05 else ())))
                 for name in ("round_trip", "take_fill", "post_fill", "reject_rate", "quote_age")}
        if pick.random() < 0.6:
            bad = pick.choice((-2, 2, 2**62)) if pick.random() < 0.05 else -1
            return CODECS[K.VENUE_HEALTH].pack(
                kind=K.VENUE_HEALTH, venue=pick.randrange(self.capacity.venues + 2),
                venue_health=pick.choices((-1, bad, 0, 1, 3), (4, 2, 12, 4, 1))[0], reject_max=pick.choice((-1, 1, 1, 1, 2)),
                timeout_max=pick.choice((-1, bad, 0, 1, 4)), cooldown=pick.choice((-1, bad, 1, 10**6, 10**8)),
                on_disconnect=pick.choice((-1, 0, 1, 2)), stale_after=(-1, 0, 0, 10**8, 10**9, 2**62)[len(self.sent) % 6], **told)
        return CODECS[K.VENUE_STATISTICS].pack(
            kind=K.VENUE_STATISTICS, venue=pick.randrange(self.capacity.venues + 2), **facts, **told)

    def _price_limits(self) -> bytes:
        """An exchange's limits around the mid, undone after a while; some can't be."""
        pick = self.apart
        number = pick.randrange(len(INSTRUMENTS))
        tick, mid = INSTRUMENTS[number][3]["tick"], self.mids[number]
        none = {"low_limit_price": NO_PRICE, "high_limit_price": NO_PRICE, "trading_reference_price": NO_PRICE, "dynamic_bps": -1}
        self._undo(CODECS[K.PRICE_LIMITS].pack(kind=K.PRICE_LIMITS, instrument=number + 1, **none), 45)
        low, high = pick.choice((mid - 2, mid - 1, mid, -mid, mid + 3)) * tick, pick.choice((mid + 2, mid + 1, mid)) * tick
        return CODECS[K.PRICE_LIMITS].pack(
            kind=K.PRICE_LIMITS, instrument=pick.choice((0, 9, *[number + 1] * 18)),
            low_limit_price=pick.choice((NO_PRICE, low, low)), high_limit_price=pick.choice((NO_PRICE, high, high, PRICE_MAX + 1)),
            trading_reference_price=pick.choice((NO_PRICE, mid * tick)), dynamic_bps=pick.choice((-1, -1, 20, 20, 300, 0, -2, 10**6 + 1)))

    def _rule(self) -> bytes:
        """A user's rule begins; its steps follow, and after a while it is taken out of force. Some are none."""
        pick, name = self.apart, self.apart.randrange(1, 9)
        steps, needs = pick.choice(RULES)
        if pick.random() < 0.1:
            steps = steps[: 16 * pick.randrange(1, 4)]
        for at in range(0, len(steps), 64):
            record = CODECS[K.RULE_STEPS].pack(kind=K.RULE_STEPS, cl_ord_id=name if pick.random() < 0.97 else 9,
                                               text=steps[at : at + 64], step_at=at // 16)
            self._undo(record, at // 64)
        self._undo(CODECS[K.REMOVE_RULE].pack(kind=K.REMOVE_RULE, cl_ord_id=name), 12)
        return CODECS[K.ADD_RULE].pack(
            kind=K.ADD_RULE, cl_ord_id=name if pick.random() < 0.95 else 0, needs=needs,
            step_count=len(steps) // 16 if pick.random() < 0.95 else pick.choice((0, 65, 1)),
            mode=pick.choice((0, 0, 1, 1, 2)), who=pick.choice((0, 1, NAMELESS)), why=pick.choice((0, 1, 1, 2**63 - 1)))

    def _scorer(self) -> bytes:
        """One's own scorer begins, its steps follow; some are none, some are a rule's."""
        pick = self.apart
        steps = pick.choice(SCORERS) if pick.random() < 0.9 else pick.choice(RULES)[0]
        if pick.random() < 0.1:
            steps = steps[: 16 * pick.randrange(1, 4)]
        for at in range(0, len(steps), 64):
            self._undo(CODECS[K.RULE_STEPS].pack(kind=K.RULE_STEPS, text=steps[at : at + 64], step_at=at // 16), at // 64)
        return CODECS[K.SET_SCORER].pack(
            kind=K.SET_SCORER, step_count=len(steps) // 16 if pick.random() < 0.9 else pick.choice((0, 0, 65, -1)),
            who=pick.choice((0, 0, 1, NAMELESS)), why=pick.choice((0, 1, 1, 1, 2**63 - 1)))

    def _gate(self) -> bytes:
        """The exit gate's own limits and flags, undone after a while."""
        pick = self.apart
        notes = {"who": pick.choice((0, 1, NO_ROOM, NAMELESS)), "why": pick.choice((0, 1))}
        if pick.random() < 0.5:
            self._undo(CODECS[K.SET_GATE].pack(kind=K.SET_GATE, collar_bps=-1, throttle=-1, who=1, why=1), 25)
            return CODECS[K.SET_GATE].pack(
                kind=K.SET_GATE, collar_bps=pick.choice((-1, 30, 200, 200, -2, 10**6 + 1)), throttle=pick.choice((-1, 0, 4, 30, 2_049)),
                window_ns=pick.choice((10**7, 10**9, 0)), **notes)
        scope, most = pick.choice(((0, 0), (0, 0), (3, self.capacity.venues), (1, 8)))
        target = pick.randrange(1, most + 2) if most else pick.choice((0, 0, 0, 1))
        self._undo(CODECS[K.SWITCH_GATE].pack(kind=K.SWITCH_GATE, scope=scope, target=target, who=1, why=1), 8)
        return CODECS[K.SWITCH_GATE].pack(kind=K.SWITCH_GATE, scope=scope, target=target, engaged=pick.choice((1, 1, 2, 2, 0, 3)), **notes)

    def _self_match(self) -> bytes:
        """What accounts prevent where orders of our own would meet, undone after a while."""
        pick = self.apart
        account = pick.choice((0, 0, 1, 1, 2, 3, 7, 8, 9, -1))
        self._undo(CODECS[K.SET_SELF_MATCH].pack(kind=K.SET_SELF_MATCH, account=account), 60)
        return CODECS[K.SET_SELF_MATCH].pack(
            kind=K.SET_SELF_MATCH, account=account, match_mode=pick.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, -1)),
            match_outside=pick.choice((0, 1, 4, 5, 5, 5, 2)), match_id=pick.choice((0, 0, 1, 1, NAMELESS)),
            who=pick.choice((0, 0, 1, NAMELESS)), why=pick.choice((0, 0, 1)))

    def _refused(self) -> bytes:
        """An order or a replace that a rule in Python has refused, mostly by a text that is there."""
        command = bytearray(self.apart.choice((self._order, self._order, self._cancel))())
        if command[0] in (K.NEW_ORDER, K.REPLACE):
            number = self.apart.choice((OWN_ID_MAX + 1, OWN_ID_MAX + 5, 7, -1, 2**63 - 1))
            command[48:56] = number.to_bytes(8, "little", signed=True)
        return bytes(command)

    def hear(self, core: Any, records: bytes, acks: Any, reports: Any) -> None:
        """What a core has made of a batch; what reports say of orders that a limit blocked: an override can name them."""
        self.made = int(max(self.made, acks["order_id"][[kind == K.NEW_ORDER for kind in records[::128]]].max(initial=0)))
        for report in reports:
            rule, at = OVERRIDABLE.get(int(report["reason"])), int(report["command_seq"]) - 1
            if rule is not None and self.sent[at][0] == K.NEW_ORDER and int(report["exec_type"]) == ExecType.REJECTED:
                self.blocked.append((at, rule))
                self.blocked_ids[at] = int(report["order_id"])

    def _let_pass(self) -> bytes:
        """An override of an order that a limit has blocked, and that order again: it passes once where nothing else blocks
        it. Some are of another order, or are over before it comes."""
        pick = self.apart
        at, rule = pick.choice(self.blocked[-8:])
        ((afters, lasts, passes),) = pick.choices((((0, 1), 10**9, 0), ((0, 1), 10**10, 0), ((1,), 10**9, 2 * 10**9)), (6, 6, 1))
        until = self.clock + lasts
        self.clock += passes
        again = CODECS[K.NEW_ORDER].unpack(self.sent[at])._asdict() | {"cl_ord_id": 0, "transact_time": self.clock, "kind": K.NEW_ORDER}
        for after in afters:
            self._undo(CODECS[K.NEW_ORDER].pack(**again | pick.choice(({}, {}, {}, {"strategy": 1}))), after)
        self._undo(CODECS[K.NEW_ORDER].pack(**again), 200)
        return CODECS[K.OVERRIDE].pack(
            kind=K.OVERRIDE, rule=rule if pick.random() < 0.9 else 1, target=self.blocked_ids[at], who=pick.choice((1, 1, 1, 1, 0)), why=1,
            expire_time=pick.choice((until,) * 7 + (0,)))

    def _override(self) -> bytes:
        """An order that is too large for account 5, which is let pass: mostly it passes, once; some can't be given."""
        pick, price = self.apart, self.mids[0] * INSTRUMENTS[0][3]["tick"] // 1_000  # in a tick of every band
        order = CODECS[K.NEW_ORDER].pack(
            kind=K.NEW_ORDER, instrument=1, account=5, side=pick.choice((1, 2)), ord_type=2, price=(price + pick.choice((-1, 0, 1))) * 1_000,
            order_qty=pick.choice((151, 160)), venue=pick.choice((0, 1, 2)), strategy=pick.choice((0, 1)))
        fields = {"kind": K.OVERRIDE, "rule": pick.choice((0, 0, 0, 0, 1, 31, 63)), "who": pick.choice((1, 1, 1, 1, 0, NAMELESS)),
                  "why": pick.choice((1, 1, 1, 1, 0)), "expire_time": self.clock + pick.choice((10**8, 10**10, 10**10, 0, 86_401 * 10**9))}
        self._undo(CODECS[K.OVERRIDE].pack(**fields, target=self.made + pick.choice((1, 1, 1, 0, 2))), 0)
        for after in (1, 2):
            self._undo(order, after)
        return order

    def _breaker(self) -> bytes:
        """A breaker of a strategy, tight enough to trip, or somebody who arms it again; some can't be."""
        pick = self.apart
        strategy = pick.choice((1, 1, 1, 2, 2, 0, 2**31 - 1) if pick.random() < 0.2 else (1, 2))
        if pick.random() < 0.5:
            return CODECS[K.BREAKER].pack(kind=K.BREAKER, strategy=strategy, who=pick.choice((1, 1, 2, 2, 0, NAMELESS)),
                                          why=pick.choice((1, 1, 1, 0)))
        rule = pick.choices(BREAKERS, (4, 1, 1))[0]
        target = {"limit_scope": Scope.FIRM} if rule == Rule.REARM_NAMES and pick.random() < 0.5 else {
            "limit_scope": Scope.STRATEGY, "strategy": strategy}
        fields = target | {"rule": rule, "window_ns": pick.choice((10**9, 10**10, 10**10, 0)), "mode": pick.choice((0, 0, 0, 1))}
        self._undo(CODECS[K.SET_LIMIT].pack(kind=K.SET_LIMIT, **fields | {"value": 2**64 - 1, "value_high": -1}), 400)
        for who in (1, 2):
            self._undo(CODECS[K.BREAKER].pack(kind=K.BREAKER, strategy=strategy, who=who, why=1), 200 + who)
        return CODECS[K.SET_LIMIT].pack(kind=K.SET_LIMIT, **fields, value=pick.choice((0, 0, 1, 1, 2, 3)),
                                        soft_share=pick.choice((0, 0, 5_000)))

    def _scoped_limit(self, scope: Scope, instrument: int, account: int) -> bytes:
        """A row on any scope, mostly a loose one, with who and why; sometimes two in a set, or on what it can't be."""
        pick = self.random
        targets = {Scope.FIRM: {}, Scope.ACCOUNT: {"account": account}, Scope.INSTRUMENT: {"instrument": instrument},
                   Scope.VENUE: {"venue": pick.randrange(1, self.capacity.venues + 1)},
                   Scope.STRATEGY: {"strategy": pick.randrange(1, 3)},
                   Scope.ACCOUNT_INSTRUMENT: {"account": account, "instrument": instrument},
                   Scope.ACCOUNT_GROUP: {"strategy": 1}, Scope.INSTRUMENT_GROUP: {"strategy": 1}}
        rule = pick.choice(BASIC)
        if pick.random() < 0.9:
            scope = pick.choice(find_rule(rule).scopes)
        target = targets[scope] | {"limit_scope": scope, "rule": rule, "window_ns": 100_000_000}
        if pick.random() < 0.1:
            target |= pick.choice(({"account": 9}, {"venue": 99}, {"strategy": 2**20}, {"instrument": -1}, {"soft_share": 10_001},
                                   {"limit_scope": 8}, {"who": NAMELESS}, {"why": OWN_ID_MAX + 10**7}, {"mode": 2}))
        counts = dict.fromkeys((Rule.ORDER_RATE, Rule.REPLACE_RATE, Rule.CANCEL_RATE, Rule.MESSAGE_RATE), (0, 2, 5))
        flags = dict.fromkeys((Rule.RESTRICTED_INSTRUMENT, Rule.ACCOUNT_BLOCKED, Rule.STRATEGY_DISABLED), (0, 0, 0, 1))
        size = pick.choice({Rule.PRICE_COLLAR: (30, 90, 400), Rule.DAILY_ORDER_COUNT: (0, 100, 10**4, 10**13), **counts, **flags}.get(
            rule, (60 * 10**9, 10**12, 5 * 10**13)))
        self._undo(self._pack(K.SET_LIMIT, **(target | {"value": -1})), 50)
        notes = {"who": self.number_of(b"officer"), "why": pick.choice((0, 77)), "soft_share": pick.choice((0, 8_000))}
        change = notes | target | {"value": size, "mode": target.get("mode", pick.choice((0, 0, 1)))}
        if pick.random() < 0.2:
            self._undo(self._pack(K.SET_LIMIT, **(change | {"value": size // 2, "set_size": 2, "set_at": pick.choice((1, 1, 1, 0))})), 1)
            change |= {"set_size": 2}
        return self._pack(K.SET_LIMIT, **change)

    def _permission(self, account: int) -> bytes:
        """Only what is permitted, for a while, or what that is; or a strategy that is disabled."""
        pick = self.aside
        if pick.random() < 0.3:
            change = {"kind": K.SET_LIMIT, "rule": Rule.STRATEGY_DISABLED, "limit_scope": Scope.STRATEGY, "strategy": pick.choice((1, 2))}
            self._undo(CODECS[K.SET_LIMIT].pack(**change, value=2**64 - 1, value_high=-1), 200)
            return CODECS[K.SET_LIMIT].pack(**change)
        rule, place = pick.choice(PERMISSIONS), {"instrument": pick.randrange(1, len(INSTRUMENTS) + 1)}
        only = rule is Rule.PERMITTED_ONLY
        scope, target = pick.choice(((Scope.FIRM, {}), (Scope.ACCOUNT, {"account": account})) if only else (
            (Scope.INSTRUMENT, place), (Scope.ACCOUNT_INSTRUMENT, {"account": account, **place})))
        change = {"kind": K.SET_LIMIT, "rule": rule, "limit_scope": scope, **target}
        self._undo(CODECS[K.SET_LIMIT].pack(**change, value=2**64 - 1, value_high=-1), 60 if only else 200)
        return CODECS[K.SET_LIMIT].pack(**change, mode=pick.choice((0, 0, 1)))

    def _funds(self) -> bytes:
        """No more is sold than is held or located, or bought than is paid for, for a while; or what was located."""
        pick = self.of_funds
        rule, account, place = pick.choice(OF_FUNDS), pick.randrange(1, 9), {"instrument": pick.randrange(1, len(INSTRUMENTS) + 1)}
        scope, target = (Scope.ACCOUNT_INSTRUMENT, {"account": account, **place}) if rule is Rule.LOCATE else pick.choice(
            ((Scope.FIRM, {}), (Scope.ACCOUNT, {"account": account})))
        change = {"kind": K.SET_LIMIT, "rule": rule, "limit_scope": scope, **target}
        self._undo(CODECS[K.SET_LIMIT].pack(**change, value=2**64 - 1, value_high=-1), 30 if scope is Scope.FIRM else 200)
        size = pick.choice((0, 50 * 10**9, 10**12, 10**24)) if rule in (Rule.LOCATE, Rule.CREDIT_LIMIT) else 0
        return CODECS[K.SET_LIMIT].pack(**change, value=size % 2**64, value_high=size >> 64, mode=pick.choice((0, 0, 1)),
                                        soft_share=pick.choice((0, 5_000)) if size else 0)

    def _ratio(self, account: int) -> bytes:
        """So many messages a trade, for a while."""
        pick = self.aside
        if pick.random() < 0.5:
            return self._alike(account)
        scope, target = pick.choice(((Scope.FIRM, {}), (Scope.ACCOUNT, {"account": account}), (Scope.STRATEGY, {"strategy": 1}),
                                     (Scope.INSTRUMENT, {"instrument": pick.randrange(1, len(INSTRUMENTS) + 1)})))
        change = {"kind": K.SET_LIMIT, "rule": Rule.ORDER_TO_TRADE_RATIO, "limit_scope": scope, **target}
        self._undo(CODECS[K.SET_LIMIT].pack(**change, value=2**64 - 1, value_high=-1), 200)
        return CODECS[K.SET_LIMIT].pack(**change, value=pick.choice((0, 3, 8, 30)), mode=pick.choice((0, 0, 1)),
                                        soft_share=pick.choice((0, 5_000)))

    def _alike(self, account: int) -> bytes:
        """So many orders with the same terms in a window, so much notional, or so many open at once, for a while."""
        pick = self.aside
        place = {"instrument": pick.randrange(1, len(INSTRUMENTS) + 1)}
        scope, target = pick.choice(((Scope.FIRM, {}), (Scope.FIRM, {}), (Scope.ACCOUNT, {"account": account}), (Scope.INSTRUMENT, place),
                                     (Scope.ACCOUNT_INSTRUMENT, {"account": account, **place})))
        rule, sizes = pick.choice(((Rule.DUPLICATE_ORDER, (0, 1, 1, 2)), (Rule.NOTIONAL_PER_WINDOW, (0, 10**13, 10**14, 10**15)),
                                   (Rule.MAX_OPEN_ORDERS, (0, 3, 10, 40))))
        change = {"kind": K.SET_LIMIT, "rule": rule, "limit_scope": scope, "window_ns": pick.choice((0, 10**8, 10**10)), **target}
        self._undo(CODECS[K.SET_LIMIT].pack(**change, value=2**64 - 1, value_high=-1), 200)
        return CODECS[K.SET_LIMIT].pack(**change, value=pick.choice(sizes), mode=pick.choice((0, 0, 0, 1)),
                                        soft_share=pick.choice((0, 5_000)))

    def _worth(self, account: int) -> bytes:
        """A limit that needs marks, for a while, or a currency's rate; none for long, so that orders meet that too."""
        pick = self.aside
        if pick.random() < 0.2:
            return self._permission(account) if pick.random() < 0.4 else margin_rates(pick) if pick.random() < 0.2 else self._ratio(account)
        if pick.random() < 0.2 and len(self.sent) > 5_000:
            return CODECS[K.CURRENCY_RATE].pack(kind=K.CURRENCY_RATE, currency=pick.choice((2, 2, 2, 1, 9)),
                                                rate=pick.choice((10**12, 3 * 10**11, 10**18, 7, 0, 10**18 + 1)))
        rule = pick.choice(OF_EQUITY if pick.random() < 0.08 else (*ON_MARKS, Rule.STALE_QUOTE, Rule.STALE_QUOTE))
        rule = Rule.STRATEGY_LOSS if rule == Rule.DRAWDOWN and len(self.sent) % 2 else rule
        target = {"kind": K.SET_LIMIT, "rule": rule} | pick.choice(({"limit_scope": Scope.FIRM}, {"limit_scope": Scope.ACCOUNT, "account": account}))
        if rule in (Rule.GROUP_EXPOSURE, Rule.STRATEGY_LOSS):
            target = {"kind": K.SET_LIMIT, "rule": rule, "limit_scope": Scope.STRATEGY if rule == Rule.STRATEGY_LOSS else Scope.INSTRUMENT_GROUP, "strategy": 1}
        elif target["rule"] in (Rule.MAX_GROSS_EXPOSURE, Rule.MAX_NET_EXPOSURE) and pick.random() < 0.3:
            target = {"kind": K.SET_LIMIT, "rule": target["rule"], "limit_scope": Scope.ACCOUNT_GROUP, "strategy": 1}
        self._undo(CODECS[K.SET_LIMIT].pack(**target, value=2**64 - 1, value_high=-1), pick.choice((10, 60)))
        if find_rule(target["rule"]).on_loss:  # what passes it may only reduce, until someone says otherwise
            self._undo(CODECS[K.TRADING_STATE].pack(kind=K.TRADING_STATE, scope=target["limit_scope"], target=target.get("strategy", target.get("account", 0)), who=1, why=1), 60)
        return CODECS[K.SET_LIMIT].pack(**target, value=pick.choice((0, 1, 10**9) if rule in OF_EQUITY else (0, 10**13, 10**14, 10**15)), mode=pick.choice((0, 0, 1, 2)),
                                        soft_share=pick.choice((0, 5_000)))

    def _setting(self) -> bytes:
        pick = self.random
        if self.apart.random() < 0.2:
            chance = self.apart.random()
            return (self._rule() if chance < 0.4 else self._scorer() if chance < 0.5 else self._gate() if chance < 0.7
                    else self._self_match() if chance < 0.8 else self._breaker() if chance < 0.9 else self._override())
        chance = pick.random()
        instrument, tick, mid = self._instrument()
        account = pick.randrange(1, 9)
        if chance < 0.25:
            mark = self._pack(K.MARK, instrument=instrument, mark_px=pick.choice((mid * tick + 1, 0, -7, mid * tick)))
            return self._worth(account) if self.needs_marks and self.aside.random() < 0.5 else mark
        if chance < 0.5:
            rule = pick.choice(BASIC)
            value, window = self._limit(account, rule)
            value = pick.choice((value, value, value * 2, value // 2, 0, -2, 10**25 + 1, 3)) if account != 1 else value
            after = self._pack(K.SET_LIMIT, limit_scope=Scope.ACCOUNT, account=account, rule=rule, value=self._limit(account, rule)[0],
                               window_ns=window)
            if account != 3:
                self._undo(after, 60)
            return self._pack(K.SET_LIMIT, limit_scope=Scope.ACCOUNT, account=3 if rule == 2 and account == 3 else account,
                              rule=rule if account != 3 else 1, value=max(-2, value),
                              window_ns=pick.choice((window, window, 0, 10**9)),
                              mode=pick.choice((0, 1, 1, 1, 1, 2)))
        if chance < 0.6:
            return self._scoped_limit(pick.choice(list(Scope)), instrument, account)
        if chance < 0.72:
            scope = pick.choice(SWITCHED)
            most = {Scope.FIRM: 0, Scope.ACCOUNT: 8, Scope.INSTRUMENT: 8, Scope.VENUE: self.capacity.venues,
                    Scope.STRATEGY: 2}[scope]
            target = pick.randrange(1, most + 1) if most else 0
            who = NO_ROOM if target % 2 else 0
            if pick.random() < 0.5:
                self._undo(self._pack(K.TRADING_STATE, scope=scope, target=target, who=1, why=pick.choice((0, 1, 1))), 20)
                return self._pack(K.TRADING_STATE, scope=scope, target=target, state=pick.choice((1, 1, 2, 3)), who=who)
            self._undo(self._pack(K.KILL_SWITCH, scope=scope, target=target, engaged=0, who=1, why=1), 20)
            return self._pack(K.KILL_SWITCH, scope=scope, target=target, engaged=1, allow_reduce=pick.choice((0, 1)), who=who)
        if chance < 0.76:  # every venue down for a while
            venues = range(1, self.capacity.venues + 1)
            for venue in venues:
                self._undo(self._pack(K.KILL_SWITCH, scope=Scope.VENUE, target=venue, engaged=1), 0)
            for venue in venues:
                self._undo(self._pack(K.KILL_SWITCH, scope=Scope.VENUE, target=venue, engaged=0, who=1, why=1), 15)
        if chance < 0.85:
            qty, price = pick.choice((0, 5, -9, 10**14)), pick.choice((mid, 10**15))
            return self._pack(K.OPENING_POSITION, instrument=instrument, account=account, position_qty=qty,
                              position_px=price)
        if chance < 0.93:
            return self._pack(K.OPENING_CASH, account=account, currency=pick.choice((1, 2, 9)),
                              amount=pick.choice((5, -5, 2**62, -(2**63), 10**28, -(2**127))))
        kind = pick.choice((K.DEFINE_CURRENCY, K.DEFINE_ACCOUNT, K.DEFINE_VENUE, K.DEFINE_INSTRUMENT))
        name = pick.choice((b"USD", b"A1", b"V0", b"STOCK", b"NEW%d" % len(self.sent)))
        fields = {"currency": 1, "money_precision": 9, "tick": 1, "lot": 1, "min_qty": 1, "max_qty": 9, "multiplier": 1, "ord_types": 6,
                  "times_in_force": 27} if kind == K.DEFINE_INSTRUMENT else {}
        return self._pack(kind, cl_ord_id=name, **fields)

    def _undo(self, command: bytes, after: int) -> None:
        self.later.append((len(self.sent) + 1 + after, command))
        self.later.sort(key=lambda entry: entry[0])

    # ---- wrong on purpose

    def _garbled(self) -> bytes:
        """A good command with one field, or one byte, made strange."""
        command = bytearray(self.random.choice((self._order, self._order, self._cancel, self._quote, self._setting))())
        if self.random.random() < 0.3:
            command[self.random.randrange(len(command))] ^= 1 << self.random.randrange(8)
        else:
            field = self.random.choice(CODECS[command[0]].fields)
            places: Any = COMMAND_DTYPES[K(command[0])].fields
            kind, at = places[field]
            if kind.kind == "S":
                value = self.random.randbytes(64)
            else:
                low, high = _RANGES[kind.str[1:]]
                extremes = [v for v in EXTREMES if low <= v <= high]
                number = self.random.choice([*extremes, self.random.randint(low, high)])
                value = number.to_bytes(kind.itemsize, "little", signed=low < 0)
            command[at : at + len(value)] = value
        self._keep_clock(command)
        return bytes(command)

    def _noise(self) -> bytes:
        """A record of random bytes, of a real kind or none."""
        command = bytearray(self.random.randbytes(128))
        if self.random.random() < 0.8:
            command[0] = self.random.choice(list(K))
        command[40] = self.random.choice((0, 1, 1, 2))  # its version
        self._keep_clock(command)
        return bytes(command)

    def _keep_clock(self, command: bytearray) -> None:
        """A time that the clock may step to would stop it there for the rest of the day; one further ahead must not."""
        time = int.from_bytes(command[24:32], "little", signed=True)
        if self.clock < time <= self.clock + STEP:
            command[24:32] = self.clock.to_bytes(8, "little")
        if command[0] == K.ADVANCE_CLOCK and self.clock < int.from_bytes(command[56:64], "little", signed=True) <= 2**62:
            command[56:64] = self.clock.to_bytes(8, "little")
