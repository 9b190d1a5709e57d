"""What an exchange lets be traded of an instrument. Vocabulary: it decides nothing.

Static limits hold every price. Dynamic ones hold what would trade: a BUY no further above the reference than so many
basis points, a SELL no further below it; each trade moves the reference. Source: FIX PriceLimits, that is
LowLimitPrice(1148), HighLimitPrice(1149), TradingReferencePrice(1150); Limit Up-Limit Down; RTS 7 Art. 18 and 20.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradecore.vocabulary.fix import Side
from tradecore.vocabulary.records import NO_PRICE, PRICE_MAX

BPS = 10_000
DYNAMIC_BPS_MAX = 1_000_000


@dataclass(slots=True)
class PriceLimits:
    """The limits of one instrument, in price units; NO_PRICE, and -1 basis points, where there is none."""

    low: int = NO_PRICE
    high: int = NO_PRICE
    reference: int = NO_PRICE  # only where there are dynamic ones
    dynamic_bps: int = -1


def worst_allowed(limits: PriceLimits, side: int, price_most: int) -> int:
    """The worst price at which an order may trade; without limits, as far as prices go."""
    sign = 1 if side == Side.BUY else -1
    static = limits.high if side == Side.BUY else limits.low
    worst = price_most if static == NO_PRICE else sign * static
    if limits.dynamic_bps >= 0:
        away = abs(limits.reference) * limits.dynamic_bps // BPS
        worst = min(worst, sign * limits.reference + away)
    return sign * max(-price_most, worst)


def broken_static(limits: PriceLimits, price: int) -> int:
    """The static limit that a price is beyond, or NO_PRICE."""
    if price < limits.low:  # NO_PRICE is below every price
        return limits.low
    return limits.high if limits.high != NO_PRICE and price > limits.high else NO_PRICE


def broken_limit(limits: PriceLimits, side: int, price: int, price_most: int) -> int:
    """The limit that an order's price is beyond, or NO_PRICE."""
    worst = worst_allowed(limits, side, price_most)
    if (price > worst) if side == Side.BUY else (price < worst):
        return worst
    return broken_static(limits, price)


def split_price_limit(price: int, n: int, d: int, up: bool) -> int:
    """A limit after a split, rounded so that it lets no more through."""
    if price == NO_PRICE:
        return price
    return max(-PRICE_MAX, min(PRICE_MAX, -(-price * d // n) if up else price * d // n))


def split_price_limits(limits: PriceLimits, n: int, d: int) -> None:
    """n new shares for d old ones: prices times d / n."""
    limits.low, limits.high = split_price_limit(limits.low, n, d, True), split_price_limit(limits.high, n, d, False)
    limits.reference = split_price_limit(limits.reference, n, d, False)
