"""Users' rules, asked of each order behind the checks of risk: it fills the cells that their programs read."""

from __future__ import annotations

from dataclasses import replace

from tradecore.vocabulary.codes import LimitMode, Reason
from tradecore.vocabulary.records import AMOUNT_MAX, NO_PRICE
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rule_words import (
    CELL,
    CELLS,
    CLOCK,
    FIRM,
    MARKET,
    MONEY,
    NOTIONAL,
    ORDER,
    POSITION,
    QUANTITIES,
    SCALES,
)

from ..execution.routing import twice_touch
from ..positions.costs import position_of
from ..risk.holds import Question, exposure_of, notional_price2
from ..risk.programs import ask_rule
from ..risk.risk import counts_at_market
from ..vocabulary.instrument import BUY, InstrumentRow
from ..vocabulary.instrument import MARKET as AT_MARKET
from ..vocabulary.texts import id_is_known
from .conditions import look_at_market
from .keeping import check_admission
from .state import State, twice_reference

BIT = {q.cell: q.bit for q in QUANTITIES.values() if q.bit >= 0}
SECOND, DAY = 1_000_000_000, 86_400


class Cells:
    """What rules read, for one question, and the bits of what is not known."""

    def __init__(self) -> None:
        self.numbers = [0] * len(CELLS)
        self.numbers[CELL["one"]] = 1
        self.unknown = 0

    def fill(self, **numbers: int) -> None:
        for name, number in numbers.items():
            self.numbers[CELL[name]] = number

    def fill_wide(self, name: str, value: int) -> None:
        """128 bits; 0, and the bit, where it is more than any amount that rules read."""
        if abs(value) > AMOUNT_MAX:
            self.unknown |= 1 << BIT[name]
            value = 0
        low, high = value % 2**64, value >> 64
        self.fill(**{name: low - 2**64 if low >= 2**63 else low, f"{name}_high": high})

    def fill_price(self, name: str, price: int) -> None:
        """One price; 0, and the bit, where there is none."""
        if price == NO_PRICE:
            self.unknown |= 1 << BIT[name]
        self.fill(**{name: 0 if price == NO_PRICE else price})


def fill_scales(cells: Cells, ins: InstrumentRow) -> None:
    cells.fill(price_scale=10**ins.price_precision, qty_scale=ins.lots_per_unit,
               amount_scale=ins.unit_scale * ins.lots_per_unit, money_scale=10**ins.money_precision,
               multiplier=ins.multiplier, multiplier_scale=10**ins.multiplier_precision, tick=ins.tick, lot=ins.lot)


def fill_order(cells: Cells, q: Question, strategy: int) -> None:
    cells.fill(order_qty=q.order_qty, leaves_qty=q.leaves_qty, buys=int(q.side == BUY),
               is_market=int(q.ord_type == AT_MARKET), reduce_only=int(q.reduce_only), instrument=q.instrument,
               account=q.account, venue=q.venue, strategy=strategy)
    cells.fill_price("price", NO_PRICE if q.ord_type == AT_MARKET else q.price)


def fill_notional(core: State, cells: Cells, q: Question) -> None:
    """Twice what the order comes to, as MAX_ORDER_NOTIONAL counts it."""
    if q.reference2 == NO_PRICE and counts_at_market(q.ord_type, q.side):  # no limit needed it
        q = replace(q, reference2=twice_reference(core, q.instrument),
                    touch2=twice_touch(core.router, q.ins, q.instrument, q.side, core.now))
    if q.ord_type == AT_MARKET and q.reference2 == NO_PRICE:
        cells.unknown |= 1 << BIT["notional2"]
    else:
        cells.fill_wide("notional2", notional_price2(q) * q.order_qty)


def fill_money(core: State, cells: Cells, q: Question) -> None:
    p = position_of(core.ledger, q.instrument, q.account)
    mark = core.ledger.marks.get(q.instrument, NO_PRICE)
    cells.fill_wide("realised", p.realised)
    cells.fill_wide("fees", p.fees)
    unrealised = 0
    if p.qty and mark == NO_PRICE:
        cells.unknown |= 1 << BIT["unrealised"]
    else:
        unrealised = p.qty * mark - p.cost
    cells.fill_wide("unrealised", unrealised)


def fill_exposure(core: State, cells: Cells, q: Question) -> None:
    e, firm = exposure_of(core.risk, q.instrument, q.account), exposure_of(core.risk, q.instrument, 0)
    cells.fill(position_qty=e.position_qty, working_buy=e.working_buy, working_sell=e.working_sell,
               firm_qty=firm.position_qty, firm_buy=firm.working_buy, firm_sell=firm.working_sell,
               open_orders=q.open_orders)


def fill_market(core: State, cells: Cells, instrument: int) -> None:
    market = look_at_market(core, instrument)
    cells.fill_price("bid_px", market.bid)
    cells.fill_price("ask_px", market.offer)
    cells.fill_price("last_px", market.last)
    cells.fill_price("mark_px", core.ledger.marks.get(instrument, NO_PRICE))
    cells.fill_price("reference2", twice_reference(core, instrument))


def fill_clock(cells: Cells, now: int) -> None:
    """1970 began on a Thursday."""
    cells.fill(time=now, second_of_day=now // SECOND % DAY, weekday=(now // SECOND // DAY + 3) % 7)


def fill_cells(core: State, ins: InstrumentRow, q: Question, strategy: int) -> Cells:
    """What the rules read, for one question."""
    groups, cells = core.rules.groups, Cells()
    if groups & SCALES:
        fill_scales(cells, ins)
    if groups & ORDER:
        fill_order(cells, q, strategy)
    if groups & NOTIONAL:
        fill_notional(core, cells, q)
    if groups & (POSITION | FIRM):
        fill_exposure(core, cells, q)
    if groups & MONEY:
        fill_money(core, cells, q)
    if groups & MARKET:
        fill_market(core, cells, q.instrument)
    if groups & CLOCK:
        fill_clock(cells, q.now)
    return cells


def ask_user_rules(
    core: State, ins: InstrumentRow, q: Question, strategy: int, mode: int = LimitMode.ENFORCE,
) -> list[Finding]:
    """What the rules that are enforced, or those that are only observed, refuse of an order: the rule's name, what it
    said, and the column. Changes nothing."""
    if not core.rules.rows:
        return []
    cells, found = fill_cells(core, ins, q, strategy), []
    for rule in core.rules.rows:
        if rule.mode == mode:
            outcome, column = ask_rule(rule.steps, rule.needs, cells.numbers, cells.unknown)
            if outcome:
                found.append(Finding(Reason.USER_RULE, rule.name, outcome | column << 2, True, True))
    return found


def evaluate_user_rules(core: State, ins: InstrumentRow, q: Question, strategy: int) -> list[Finding]:
    """What the rules of users that are enforced say to an order that is only a thought; none where there are none."""
    if len(core.rules.rows) == core.rules.observed:
        return []
    return ask_user_rules(core, ins, q, strategy)[:1] or [Finding(int(Reason.USER_RULE), 0, 0, False, True)]


def find_risk_refusal(core: State, ins: InstrumentRow, q: Question, strategy: int) -> Finding | None:
    """Why risk refuses an order: the first of its own checks that does, else the first of the rules of users."""
    refused = check_admission(core, q)
    if refused is not None and refused.reason != core.drilled:
        return refused
    return find_rule_refusal(core, ins, q, strategy)


def find_rule_refusal(core: State, ins: InstrumentRow, q: Question, strategy: int) -> Finding | None:
    """The first of the rules of users that refuses an order."""
    if len(core.rules.rows) == core.rules.observed:
        return None
    return next(iter(ask_user_rules(core, ins, q, strategy)), None)


def told_refusal(core: State, number: int) -> int:
    """The number of the text by which a rule in Python refuses an order; 0 where the core knows none."""
    return number if id_is_known(core.texts, number) else 0
