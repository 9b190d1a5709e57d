"""Commands with which streams begin: orders that rules refuse whose turn comes late, when others have mostly refused; and margin rates."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tradecore.vocabulary.codes import CommandType as K
from tradecore.vocabulary.codes import LimitMode, Rule, Scope
from tradecore.vocabulary.records import CODECS, NO_ROOM
from tradecore.vocabulary.rules import BY_RULE, RULES

OF_EQUITY: list[Rule] = [row.rule for row in RULES if row.on_equity]
OF_LITTLE: list[Rule] = [*OF_EQUITY[::-1], Rule.CREDIT_LIMIT, Rule.DUPLICATE_ORDER, Rule.MAX_OPEN_ORDERS]


def beyond_limits(price: int, room: int) -> Iterator[bytes]:
    """Of account 2, which holds nothing yet; margin first, so that none is short on a mark. And where there is little room, more than may be open; where there is more of it, an order that nothing is quoted for."""
    yield CODECS[K.MARK].pack(kind=K.MARK, instrument=1, mark_px=price)
    for rule in OF_LITTLE:
        window = 10**9 if BY_RULE[rule].windowed else 0
        for row in ({"value": 0}, {"value": 2**64 - 1, "value_high": -1}):
            yield CODECS[K.SET_LIMIT].pack(kind=K.SET_LIMIT, rule=rule, limit_scope=Scope.ACCOUNT, account=2, window_ns=window, **row)
            yield CODECS[K.NEW_ORDER].pack(kind=K.NEW_ORDER, instrument=1, account=2, side=1, ord_type=2, price=price, order_qty=1, venue=1)
    if room < 100:
        yield from beyond_the_table(room, price)
    elif room < 1_000:
        yield from beyond_sight(price)


def beyond_sight(price: int) -> Iterator[bytes]:
    """Of account 7, which has no limits, an order whose collar is only observed, where nothing was quoted yet."""
    collar = {"kind": K.SET_LIMIT, "rule": Rule.PRICE_COLLAR, "limit_scope": Scope.ACCOUNT, "account": 7}
    yield CODECS[K.SET_LIMIT].pack(**collar, value=100, mode=LimitMode.OBSERVE)
    yield CODECS[K.NEW_ORDER].pack(kind=K.NEW_ORDER, instrument=1, account=7, side=1, ord_type=2, price=price, order_qty=1, venue=1)
    yield CODECS[K.SET_LIMIT].pack(**collar, value=2**64 - 1, value_high=-1)


def beyond_the_table(room: int, price: int) -> Iterator[bytes]:
    """One more than may be open, of account 7, which has no limits; and all of them canceled."""
    for _ in range(room + 1):
        yield CODECS[K.NEW_ORDER].pack(kind=K.NEW_ORDER, instrument=1, account=7, side=1, ord_type=2, price=price, order_qty=1, venue=1)
    yield CODECS[K.MASS_CANCEL].pack(kind=K.MASS_CANCEL, account=7)


def margin_rates(pick: Random) -> bytes:
    """Rates of an instrument; some can't be."""
    rates = {"initial_margin": pick.choice((500_000, 10**7, 1, 0, 10**7 + 1)), "maintenance_margin": pick.choice((1, 1, 250_001, 0, 10**7 + 1))}
    return CODECS[K.MARGIN_RATES].pack(kind=K.MARGIN_RATES, instrument=pick.choice((0, 9, 1, 2, 3, 4)), **rates, why=pick.choice((0, 1, NO_ROOM)))
