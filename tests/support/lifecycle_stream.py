"""Seeded streams about the life of orders: every type and time in force, requests, what external venues report, busts,
sessions, lists. Like its parent it never looks at a core; most of what it says lands, the rest is meant to be refused.
"""

from __future__ import annotations

from typing import Any

from streams import INSTRUMENTS, Stream

from tradecore._python.vocabulary.made_ids import MadeIds, next_made
from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import CommandType as K
from tradecore.vocabulary.codes import Rule, Scope
from tradecore.vocabulary.fix import ExecType, TimeInForce
from tradecore.vocabulary.records import CODECS, NAMELESS, NO_PRICE, NO_ROOM, PRICE_MAX, QTY_MAX

SECOND = 1_000_000_000
STATES = [0, 3, 4, 4, 4, 5, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 18, 18, 21]  # ExecTypes that are no trades


class LifecycleStream(Stream):
    """Half of its orders are directed to the one external venue; reports follow them."""

    needs_marks = False  # they would keep parents from changing

    def __init__(self, seed: int, capacity: Capacity) -> None:
        super().__init__(seed, capacity)
        self.external = capacity.venues
        self.working: list[int] = []  # at the external venue: who runs it may say so
        self.away: list[tuple[int, int, int, int, int]] = []  # order_id, name, instrument, side, qty
        self.exec_ids: list[int] = []
        self.requests: list[int] = []
        self.lists = 0
        self.trades: list[bytes] = []
        self.kept: list[int] = []  # what lies unbooked: who runs it may say so
        self.noted = 0
        self.openings = [self._burst, self._trimmed] if capacity.open_orders <= 64 else [self._trimmed]

    def hear(self, core: Any, records: bytes, acks: Any, reports: Any) -> None:
        super().hear(core, records, acks, reports)
        self.kept = [row.number for row in core.unbooked()]
        if not self.is_read:
            rows = (handle.row() for handle in core.open_orders(0, 0))
            self.working = [row.order_id for row in rows if row.venue == self.external]

    def _declarations(self) -> Any:
        for command in super()._declarations():
            last = self.numbers.get(b"V%d" % (self.external - 1), 0)
            if command[0] == K.DEFINE_VENUE and command[32:40] == last.to_bytes(8, "little"):
                yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"BAD", external=2)
                yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"BAD", request_timeout=-1)
                yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"BAD", print_fills=3)
                for wrong in ({"trigger_source": 4}, {"trigger_source": 7}, {"print_max_age": -1}, {"print_max_age": 2**62 + 1},
                              {"order_protection": 2}, {"fok_over_venues": 2}, {"valuation_method": 2}):
                    yield self._pack(K.DEFINE_INSTRUMENT, cl_ord_id=b"BAD", currency=1, money_precision=9, tick=1, lot=1, min_qty=1,
                                     max_qty=9, multiplier=1, min_notional=-1, max_notional=-1, ord_types=6, times_in_force=27, **wrong)
                yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"BAD", print_fills=1, external=1)
                yield self._pack(K.DEFINE_VENUE, cl_ord_id=b"V%d" % (self.external - 1), external=1,
                                 request_timeout=SECOND, native_ord_types=1 << 3 | 0b110,
                                 native_times_in_force=0b1011011, taker_fee_ppm=120)
            else:
                yield command

    def _next(self) -> bytes:
        if self.apart.random() < 0.003:
            return self._prefix()
        if self.openings:
            return self.openings.pop()()
        if len(self.sent) % 7 == 0 and len(self.away) > 12:  # or the external venue would hold ever more
            return self._report(self.away.pop(0), self.random.choice((4, 12, 4, 8)))
        if self.kept and self.random.random() < 0.5:
            return self._settle()
        if not self.is_read and self.working and self.random.random() < 0.4:
            return self._unread()
        if self.random.random() < 0.35:
            return super()._next()
        makers = [(self._special, 30), (self._away, 22), (self._some_report, 30), (self._trade, 30), (self._replace, 14),
                  (self._correction, 9), (self._cancel_away, 12), (self._cancel_reject, 5), (self._status, 4),
                  (self._mass_cancel, 2), (self._session, 3), (self._clock, 2), (self._venue_session, 1),
                  (self._roll, 1), (self._split, 1), (self._again, 3), (self._hand_out, 14), (self._kill, 2), (self._print, 12),
                  (self._triggered, 2), (self._crossed, 1), (self._exit, 1), (self._divided, 1), (self._trimmed, 1)]
        (maker,) = self.random.choices([m for m, _ in makers], [w for _, w in makers])
        return maker()

    def _pack_order(self, fields: dict[str, Any]) -> bytes:
        self.order_ids.append(self.made + 1)
        command = CODECS[K.NEW_ORDER].pack(**fields)
        self.orders.append(command)
        return command

    def _special(self) -> bytes:
        """An order with something that few orders have."""
        pick, fields = self.random, dict(self.order())
        instrument = int(fields["instrument"])
        tick = INSTRUMENTS[instrument - 1][3]["tick"]
        mid, qty = self.mids[instrument - 1], int(fields["order_qty"])
        fields["side"] = pick.choice((1, 2, 5, 6))
        kind = pick.randrange(9)
        if kind <= 2:
            ord_type = pick.choice((3, 4, 19, 30, 31))
            fields |= {"ord_type": ord_type, "time_in_force": pick.choice((0, 0, 1, 6, 3)), "exec_inst": 0,
                       "stop_px": NO_PRICE if pick.random() < 0.03
                       else (mid + pick.choice((-4, -2, -1, 0, 1, 2, 4))) * tick,
                       "price": (mid + pick.randrange(-3, 4)) * tick if ord_type in (4, 30) else NO_PRICE,
                       "trigger_price_type": pick.choice((0, 1, 2, 3, 6))}
            if ord_type == 31:
                fields |= {"stop_px": pick.choice((0, NO_PRICE)), "peg_offset_type": pick.choice((0, 0, 1)),
                           "peg_offset": pick.choice((tick, 2 * tick, 50, 0))}
        elif kind == 3:
            fields |= {"display_qty": max(1, qty // pick.choice((2, 3, 7))), "time_in_force": 1, "exec_inst": 0}
        elif kind == 4:
            fields |= {"min_qty": max(1, qty // 2), "time_in_force": pick.choice((3, 3, 0))}
        elif kind == 5:
            fields |= {"exec_inst": 2, "time_in_force": pick.choice((0, 1, 3))}
            fields["order_qty"] = max(1, qty // 20)
        elif kind == 6:
            fields |= {"time_in_force": 6, "exec_inst": 0, "ord_type": 2, "price": (mid - 2) * tick, "side": 1}
        elif kind == 7:
            fields |= {"time_in_force": pick.choice((2, 7)), "exec_inst": 0}
        else:
            fields |= {"exec_inst": 12 if mid % 3 == 0 else 4, "order_qty": pick.choice((10**9, 5 * 10**10, 0, -1)), "cl_ord_id": 0}
        if fields["time_in_force"] == TimeInForce.GTD:
            fields["expire_time"] = self.clock + pick.choice((1, 20, 200, 3_000, -5)) * 1_000_000
        if pick.random() < 0.3:
            self.lists += pick.random() < 0.4
            fields |= {"list_id": max(1, self.lists), "contingency_type": pick.choice((1, 1, 2))}
            fields["account"] = pick.choice((1, 1, 1, 7))
        if pick.random() < 0.2:
            fields["strategy"] = pick.randrange(1, 4)
        return self._pack_order(fields)

    def _triggered(self) -> bytes:
        """A stop whose price has long come, and a replace of what it no longer waits for."""
        fields = dict(self.order()) | {"ord_type": 4, "side": 1, "exec_inst": 0, "time_in_force": 1, "trigger_price_type": 1}
        mid, tick = self.mids[int(fields["instrument"]) - 1], INSTRUMENTS[int(fields["instrument"]) - 1][3]["tick"]
        fields |= {"stop_px": (mid - 10) * tick, "price": (mid - 3) * tick}
        self._undo(self._pack(K.REPLACE, order_id=self.made + 1, price=NO_PRICE, stop_px=(mid - 9) * tick), 0)
        return self._pack_order(fields)

    def _exit(self) -> bytes:
        """A stop that closes a position, and finds nothing within its protection."""
        fields = dict(self.order()) | {"ord_type": 3, "side": 2, "exec_inst": 0, "time_in_force": 1, "price": NO_PRICE, "account": 4,
                                       "venue": 1, "trigger_price_type": 1}
        instrument, qty = int(fields["instrument"]), max(1, int(fields["order_qty"]))
        mid, tick = self.mids[instrument - 1], INSTRUMENTS[instrument - 1][3]["tick"]
        self._undo(CODECS[K.NEW_ORDER].pack(**(fields | {"stop_px": (mid + mid // 50) * tick})), 0)
        return self._pack(K.OPENING_POSITION, instrument=instrument, account=4, position_qty=qty, position_px=mid)

    def _divided(self) -> bytes:
        """More than two venues display at one price: it is worked in parts; then it is made less, at another price."""
        fields = dict(self.order()) | {"ord_type": 2, "side": 1, "exec_inst": 0, "time_in_force": self.random.choice((1, 1, 3, 4)),
                                       "venue": 0, "account": 1, "strategy": 0, "order_qty": 2_000}
        instrument = int(fields["instrument"])
        tick, mid = INSTRUMENTS[instrument - 1][3]["tick"], self.mids[instrument - 1]
        quotes = [self._pack(K.QUOTE, instrument=instrument, venue=venue, bid_px=0, bid_size=0, ask_px=mid * tick, ask_size=700)
                  for venue in (1, 2)]
        self._undo(quotes[1], 0)
        self._undo(CODECS[K.NEW_ORDER].pack(**(fields | {"price": mid * tick})), 0)
        for change in ({"order_qty": 1_500, "price": NO_PRICE}, {"price": (mid + 1) * tick}):
            self._undo(self._pack(K.REPLACE, order_id=self.made + 1, stop_px=NO_PRICE, **change), 0)
        return quotes[0]

    def _trimmed(self) -> bytes:
        """An order that may only reduce, and another that trades away what it was to reduce."""
        instrument = self.random.choice((2, 3))
        fields = dict(self.order()) | {"ord_type": 2, "side": 2, "time_in_force": 1, "account": 4, "venue": 1, "strategy": 0,
                                       "cl_ord_id": 0, "instrument": instrument, "exec_inst": 2}
        qty, tick = max(2, INSTRUMENTS[instrument - 1][2] // 4), INSTRUMENTS[instrument - 1][3]["tick"]
        mid = self.mids[instrument - 1] // 10 * 10  # on the tick of any band
        fields["order_qty"] = qty
        self._undo(CODECS[K.NEW_ORDER].pack(**(fields | {"price": (mid + 10) * tick})), 0)
        self._undo(self._pack(K.QUOTE, instrument=instrument, venue=1, bid_px=mid * tick, bid_size=qty, ask_px=0, ask_size=0), 0)
        self._undo(CODECS[K.NEW_ORDER].pack(**(fields | {"exec_inst": 0, "time_in_force": 3, "price": mid * tick,
                                                         "order_qty": qty // 2})), 0)
        return self._pack(K.OPENING_POSITION, instrument=instrument, account=4, position_qty=qty, position_px=mid)

    def _away(self) -> bytes:
        fields = dict(self.order()) | {"venue": self.external, "exec_inst": 0}
        fields["time_in_force"] = self.random.choice((0, 1, 1, 3, 4))
        if self.random.random() < 0.1:
            fields |= {"ord_type": 3, "price": NO_PRICE, "time_in_force": 0,
                       "stop_px": self.mids[int(fields["instrument"]) - 1] * INSTRUMENTS[int(fields["instrument"]) - 1][3]["tick"]}
        name = fields["cl_ord_id"]
        self.away.append((self.made + 1, name, int(fields["instrument"]),
                          int(fields["side"]), int(fields["order_qty"])))
        return self._pack_order(fields)

    def _again(self) -> bytes:
        """An order that was sent before: the same, or another under its id."""
        if not self.orders:
            return self._away()
        command = bytearray(self.random.choice(self.orders[-60:]))
        if self.random.random() < 0.3:
            command[56:64] = (int.from_bytes(command[56:64], "little", signed=True) + 1).to_bytes(8, "little", signed=True)
        self.order_ids.append(self.made + 1)
        return bytes(command)

    def _prefix(self) -> bytes:
        """Of ids that the core makes: too late, once it has made one, or what is none."""
        text = self.apart.choice((b"DESK-", b"7", b"x" * 32, b"x" * 33, b"a b", b" a", b"\0x", b""))
        return CODECS[K.NAME_REQUESTS].pack(kind=K.NAME_REQUESTS, text=text)

    def _made_id(self) -> int:
        """An id that the core may have made of itself today."""
        return next_made(MadeIds(), self.clock) + self.apart.randrange(max(1, self.made // 2))

    def _hand_out(self) -> bytes:
        if not self.is_read:
            return self._away()
        return self._pack(K.HAND_OUT, most=self.random.choice((1, 1, 2, 5, 30, 2**62, 0, -1)))

    def _kill(self) -> bytes:
        scope, target = self.random.choice(((Scope.VENUE, self.external), (Scope.ACCOUNT, 1), (Scope.INSTRUMENT, 2), (Scope.FIRM, 0)))
        if self.random.random() < 0.4:
            self._undo(self._pack(K.TRADING_STATE, scope=scope, target=target, who=1, why=1), 2)
            return self._pack(K.TRADING_STATE, scope=scope, target=target, state=self.random.choice((1, 2)))
        self._undo(self._pack(K.KILL_SWITCH, scope=scope, target=target, engaged=0, who=1, why=1), 2)
        return self._pack(K.KILL_SWITCH, scope=scope, target=target, engaged=1, allow_reduce=self.random.randrange(2))

    @property
    def is_read(self) -> bool:
        """Now and then nobody reads for long: a cancel or a kill finds what it may take back, and places run out."""
        return len(self.sent) % 7_000 < 3_500

    def _unread(self) -> bytes:
        """A replace that is answered though nobody has read that it was to be sent: it takes a place for long."""
        order_id = self.random.choice(self.working)
        self._undo(self._pack(K.CANCEL_REJECT, venue=self.external, order_id=order_id), 0)
        return self._pack(K.REPLACE, order_id=order_id, order_qty=self.random.randrange(1, 9), price=NO_PRICE,
                          stop_px=NO_PRICE)

    # ---- requests

    def _id(self) -> int:
        if self.random.random() < 0.3:
            return 0
        name = self.number_of(b"r%d" % len(self.sent)) if self.random.random() < 0.3 else len(self.sent) + 1
        if self.names and self.random.random() < 0.05:
            name = self.random.choice(self.names)
        self.names.append(name)
        self.requests.append(name)
        return name

    def _target(self) -> dict[str, Any]:
        pick = self.random
        if pick.random() < 0.7 and self.away:
            order_id, name, *_ = pick.choice(self.away[-25:])
            return {"orig_cl_ord_id": name} if name and pick.random() < 0.5 else {"order_id": order_id}
        if pick.random() < 0.1 and self.requests:
            return {"orig_cl_ord_id": pick.choice(self.requests[-20:])}
        return {"order_id": pick.choice(self.order_ids[-60:] or [1])}

    def _replace(self) -> bytes:
        pick = self.random
        if pick.random() < 0.02:  # no replace for a while, of anyone
            limit = {"limit_scope": Scope.FIRM, "rule": Rule.REPLACE_RATE, "window_ns": 1_000_000}
            self._undo(self._pack(K.SET_LIMIT, **limit, value=-1), 60)
            return self._pack(K.SET_LIMIT, **limit, value=0)
        instrument, tick, mid = self._instrument()
        fields = self._target() | {"cl_ord_id": self._id(), "price": NO_PRICE, "stop_px": NO_PRICE}
        if pick.random() < 0.8:
            fields["order_qty"] = self._qty(instrument) * pick.choice((1, 1, 1, 20))
        if pick.random() < 0.3:
            fields["price"] = (mid + pick.randrange(-3, 4)) * tick
        if pick.random() < 0.15:
            fields["stop_px"] = (mid + pick.randrange(-3, 4)) * tick
        if pick.random() < 0.1:
            fields["expire_time"] = self.clock + pick.choice((-1, 10, 500)) * 1_000_000
        if pick.random() < 0.1:
            fields["new_peg_offset"] = pick.choice((tick, 3 * tick, 70, -1))
        return self._pack(K.REPLACE, **fields)

    def _crossed(self) -> bytes:
        """Two replaces of an order, the later answered first, and then the earlier with a quantity of its own."""
        order, names = self._order_away(), [len(self.sent) + n for n in (1, 2)]
        first, second = (self._pack(K.REPLACE, order_id=order[0], cl_ord_id=name, order_qty=order[4] + n, price=NO_PRICE,
                                    stop_px=NO_PRICE) for n, name in enumerate(names, 1))
        self._undo(second, 0)
        for n, name in ((2, names[1]), (1, names[0])):
            self._undo(self._pack(K.EXECUTION_REPORT, venue=self.external, exec_type=5, price=NO_PRICE, cum_qty=-1, ord_status=0,
                                  cl_ord_id=name, order_qty=order[4] + n), 0)
        return first

    def _burst(self) -> bytes:
        """More replaces of one order than there is room for, while its venue answers none; then it says that it is
        canceled."""
        number = self.made + 1
        for n in range(self.capacity.open_orders + 3):
            self._undo(self._pack(K.REPLACE, order_id=number, order_qty=501 + n, price=NO_PRICE, stop_px=NO_PRICE), 0)
        self._undo(self._pack(K.EXECUTION_REPORT, venue=self.external, exec_type=4, price=NO_PRICE, cum_qty=-1, order_id=number), 0)
        return self._pack_order(self._plain(side=1, order_qty=500))

    def _trimmed(self) -> bytes:
        """Of account 1's 50 lots of the first instrument 40 are to be sold, to reduce only, and 30 are sold beside it."""
        self._undo(CODECS[K.NEW_ORDER].pack(**self._plain(side=2, order_qty=30)), 0)
        self._undo(self._pack(K.EXECUTION_REPORT, venue=self.external, exec_type=15, order_id=self.made + 2, exec_id=len(self.sent) + 1,
                              last_qty=30, last_px=500_000, price=NO_PRICE, cum_qty=-1), 0)
        return self._pack_order(self._plain(side=2, order_qty=40, exec_inst=2))

    def _plain(self, **terms: int) -> dict[str, int]:
        """An order of account 1 for the external venue that nothing is wrong with."""
        return {"kind": K.NEW_ORDER, "ord_type": 2, "time_in_force": 1, "instrument": 1, "account": 1, "venue": self.external,
                "price": 500_000, "stop_px": NO_PRICE, **terms}

    def _cancel_away(self) -> bytes:
        return self._pack(K.CANCEL, cl_ord_id=self._id(), **self._target())

    def _settle(self) -> bytes:
        """An operator books or dismisses what lies unbooked, and says why."""
        if not self.noted or self.random.random() < 0.2:
            self.noted += 1
            return CODECS[K.NOTE].pack(kind=K.NOTE, text=b"why %d" % self.noted)
        said = {"unbooked": self.kept.pop(0), "cl_ord_id": b"ops", "note": self.noted - self.random.randrange(3)}
        if self.random.random() < 0.6:
            return self._pack(K.DISMISS_UNBOOKED, **said)
        return self._pack(K.BOOK_UNBOOKED, last_px=NO_PRICE, last_qty=self.random.choice((NO_PRICE, 5)), **said)

    def _status(self) -> bytes:
        return self._pack(K.STATUS_REQUEST, **self._target())

    def _mass_cancel(self) -> bytes:
        pick = self.random
        wanted = {"instrument": pick.randrange(1, 9), "account": pick.randrange(1, 9), "venue": pick.randrange(1, 4),
                  "side": pick.choice((1, 2, 5)), "strategy": pick.choice((1, 2, 3, -1))}
        chosen = pick.sample(sorted(wanted), pick.randrange(1, 4))
        return self._pack(K.MASS_CANCEL, cl_ord_id=b"mass", **{name: wanted[name] for name in chosen})

    # ---- what the venue reports

    def _report(self, order: tuple[int, int, int, int, int], exec_type: int, **more: Any) -> bytes:
        order_id, name, *_ = order
        pick = self.random
        fields: dict[str, Any] = {"venue": self.external, "exec_type": exec_type, "price": NO_PRICE, "cum_qty": -1,
                                  "ord_status": pick.choice((0, 0, 1, 2, 4, 8, 10))}
        fields |= {"cl_ord_id": name} if name and pick.random() < 0.6 else {"order_id": order_id}
        if exec_type in (4, 5, 6, 14) and self.requests and pick.random() < 0.6:
            fields |= {"cl_ord_id": pick.choice(self.requests[-12:])}
        elif self.apart.random() < 0.1:
            fields |= {"cl_ord_id": self._made_id()}
        if exec_type in (5, 13) and pick.random() < 0.4:
            fields |= {"order_qty": self._qty(order[2] if 1 <= order[2] <= 8 else 1)}
        if pick.random() < 0.04:
            fields |= {"venue": pick.randrange(self.external + 2)}
        if pick.random() < 0.1:
            fields |= {"cum_qty": pick.choice((0, 5, order[4], order[4] // 2))}
        if pick.random() < 0.2:
            fields |= {"exec_id": b"s%d" % len(self.sent), "reject_reason": pick.randrange(-3, 120)}
        return self._pack(K.EXECUTION_REPORT, **(fields | more))

    def _order_away(self) -> tuple[int, int, int, int, int]:
        if not self.away or self.random.random() < 0.03:
            return self.random.randrange(1, 50), 0, self.random.randrange(10), self.random.randrange(4), 100
        return self.random.choice(self.away[-20:])

    def _some_report(self) -> bytes:
        if self.random.random() < 0.4 and self.away:
            return self._report(self.away[-1], int(ExecType.NEW))
        return self._report(self._order_away(), self.random.choice(STATES))

    def _exec_id(self) -> int:
        return len(self.sent) + 1 if self.random.random() < 0.5 else self.number_of(b"exec-%d" % len(self.sent))

    def _trade(self) -> bytes:
        pick, order = self.random, self._order_away()
        if self.trades and pick.random() < 0.05:
            return pick.choice(self.trades[-8:])  # delivered again
        number = order[2] if 1 <= order[2] <= 8 else 1
        tick = INSTRUMENTS[number - 1][3]["tick"]
        exec_id = self._exec_id()
        if pick.random() < 0.08 and self.exec_ids:
            exec_id = pick.choice(self.exec_ids[-30:])
        self.exec_ids.append(exec_id)
        qty = pick.choice((order[4], order[4] // 2, order[4] // 3, 1, 0, -3, 2 * order[4]))
        more: dict[str, Any] = {"exec_id": exec_id, "last_qty": qty,
                                "last_px": self.mids[number - 1] * tick + pick.randrange(-tick, tick + 1)}
        if pick.random() < 0.15:
            more |= {"instrument": order[2], "side": order[3]}
        if pick.random() < 0.02:
            more |= {"exec_id": pick.choice((0, NAMELESS, NO_ROOM, 2**63 - 1))}
        self.trades.append(self._report(order, int(ExecType.TRADE), **more))
        return self.trades[-1]

    def _correction(self) -> bytes:
        pick = self.random
        ref = pick.choice(self.exec_ids[-40:]) if self.exec_ids and pick.random() < 0.95 else b"never"
        exec_id = self._exec_id()
        self.exec_ids.append(exec_id)
        instrument, tick, mid = self._instrument()
        if pick.random() < 0.05 and len(self.exec_ids) > 3:
            exec_id = pick.choice(self.exec_ids[-4:])
        return self._pack(K.TRADE_CORRECTION, venue=self.external, exec_type=pick.choice((16, 17, 16, 17, 16, 15)),
                          exec_ref_id=ref, exec_id=exec_id, last_qty=self._qty(instrument), last_px=mid * tick)

    def _cancel_reject(self) -> bytes:
        order = self._order_away()
        fields: dict[str, Any] = {"order_id": order[0]}
        if self.random.random() < 0.7 and self.requests:
            fields = {"cl_ord_id": self.random.choice(self.requests[-10:])}
        return self._pack(K.CANCEL_REJECT, venue=self.external, reject_reason=self.random.randrange(-2, 7), **fields)

    def _print(self) -> bytes:
        instrument, tick, mid = self._instrument()
        pick = self.random
        fields = {"print_px": (mid + pick.choice((-3, -1, 0, 0, 1, 3))) * tick + pick.choice((0, 0, 0, 1)),
                  "print_size": self._qty(instrument), "side": pick.choice((0, 1, 1, 2, 2)),
                  "venue": pick.randrange(self.capacity.venues + 1)}
        if pick.random() < 0.05:
            fields |= pick.choice(({"print_px": PRICE_MAX + 1}, {"print_px": 0}, {"print_size": 0}, {"print_size": QTY_MAX + 1},
                                   {"side": 5}, {"venue": -1}, {"print_px": PRICE_MAX, "print_size": QTY_MAX}))
        return self._pack(K.TRADE_PRINT, instrument=instrument, **fields)

    # ---- time

    def _session(self) -> bytes:
        pick = self.random
        instrument = pick.choice((0, *range(1, 10), -1))
        status = pick.choice((1, 1, 2, 3, 4, 4, 5, 6))
        close_time = pick.choice((0, 0, self.clock + 30_000_000, 5))
        opens = self._pack(K.SESSION, instrument=max(instrument, 0), trad_ses_status=2)
        if instrument <= 8:
            self._undo(opens, pick.choice((3, 10, 25)))
        if status in (1, 3, 4) and 1 <= instrument <= 8 and pick.random() < 0.4:
            self._undo(self._pack(K.SPLIT, instrument=instrument, split_numerator=pick.choice((1, 2, 3)),
                                  split_denominator=pick.choice((1, 1, 2))), 0)
        return self._pack(K.SESSION, instrument=instrument, trad_ses_status=status, close_time=close_time)

    def _clock(self) -> bytes:
        self.clock += self.random.choice((1, 300, 1_500)) * 1_000_000
        if self.random.random() < 0.1:
            time = self.random.choice((0, -1, 5, self.clock - 10**10, 2**62 + 1))
            if self.random.random() < 0.5:
                time = self.clock = self.clock + self.random.choice((0, 0, 20 * 86_400 * 10**9))  # a holiday
            return CODECS[K.ADVANCE_CLOCK].pack(kind=K.ADVANCE_CLOCK, clock_time=time)
        return CODECS[K.CLOCK].pack(kind=K.CLOCK, transact_time=self.clock)

    def _venue_session(self) -> bytes:
        self._undo(self._pack(K.VENUE_SESSION, venue=self.external, connected=1), 12)
        return self._pack(K.VENUE_SESSION, venue=self.random.choice((self.external, self.external, 1, 99)),
                          connected=self.random.choice((0, 0, 0, 2)))

    def _roll(self) -> bytes:
        return self._pack(K.ROLL_DAY) if self.random.random() < 0.3 else self._clock()

    def _split(self) -> bytes:
        return self._pack(K.SPLIT, instrument=self.random.randrange(10), split_numerator=self.random.choice((0, 2)),
                          split_denominator=1)
