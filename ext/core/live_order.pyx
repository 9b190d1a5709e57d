# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""The live order of a compiled core: a property reads its field, under the core's lock, and nothing else.

Its twin is tradecore.orders.order.Order, which reads a tuple of all facts: what that says, this says.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from instrument cimport *
from order_facts cimport derive_status, leaves_of
from order_table cimport tc_order
from answers cimport order_row
from copies cimport copy_order, tc_order_copy
from filling cimport fill_all
from shell cimport wide
from telling cimport *
from units cimport TOLD_MAX, tc_told
from tradecore._native.readers cimport OrderHandle
from tradecore._native.turnstile cimport State
cimport cython

from decimal import Decimal
from fractions import Fraction

from tradecore.orders.order import Order as Twin, average_price, order_table, order_text, show_order
from tradecore.vocabulary.codes import Place, Reason, Unknown
from tradecore.vocabulary.fix import (
    ContingencyType, ExecInst, OrdRejReason, OrdStatus, OrdType, PegOffsetType, Side, TimeInForce, TriggerPriceType,
)
from tradecore.vocabulary.showing import refuse_copy
from tradecore.vocabulary.rows import OrderRow, evicted


cdef object DECIMAL = Decimal
cdef tc_told TOLD[TOLD_MAX]
cdef tuple SIDES = Side.by_byte(), ORD_TYPES = OrdType.by_byte(), TIMES_IN_FORCE = TimeInForce.by_byte()
cdef tuple STATUSES = OrdStatus.by_byte(), PLACES = Place.by_byte(), PEG_OFFSET_TYPES = PegOffsetType.by_byte()
cdef tuple TRIGGERS = TriggerPriceType.by_byte(), CONTINGENCIES = ContingencyType.by_byte()
cdef tuple INSTRUCTIONS = tuple([ExecInst(value) for value in range(8)])
cdef tuple UNKNOWNS = tuple([Unknown(value) for value in range(8)])
cdef dict REASONS = Reason._value2member_map_
cdef dict REJECTIONS = OrdRejReason._value2member_map_


@cython.no_gc
@cython.final
@cython.freelist(64)
cdef class Order:
    __doc__ = Twin.__doc__

    def __init__(self, OrderHandle handle not None, names):
        self.state, self.slot, self.number, self.names = handle.state, handle.slot, handle.order_id, names

    # ---- reading

    cdef int read(self, tc_order* o) except -1:
        if not self.state.read_order(self.slot, self.number, o):
            self.refuse()
        return 0

    cdef int refuse(self) except -1:
        raise evicted(self.number, self.state.core.orders.history_size, self.state.core.orders.reject_size)

    cdef int read_whole(self, tc_order_copy* copy) except -1:
        cdef bint is_held
        self.state.enter()
        is_held = copy_order(&self.state.core, self.slot, self.number, copy)
        self.state.leave()
        if not is_held:
            self.refuse()
        return 0

    cdef object tell_price(self, const tc_order* o, int64_t units):
        return tell_price(TOLD, DECIMAL, told_instrument(&self.state.core, o.instrument), units)

    cdef object tell_quantity(self, const tc_order* o, int64_t lots):
        return tell_quantity(TOLD, DECIMAL, told_instrument(&self.state.core, o.instrument), lots)

    @property
    def row(self):
        """All facts at once, as integers."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return OrderRow._make(order_row(&copy))

    @property
    def order_id(self):
        """OrderID(37): the core's own number, from 1 in the order of orders. Readable after eviction too."""
        return self.number

    def is_of(self, directory):
        """Whether this order belongs to the core that has this directory."""
        return self.names is directory

    @property
    def cl_ord_id(self):
        """ClOrdID(11): of the order, or the last of its requests that was done; empty where it was automatic."""
        cdef tc_order o
        self.read(&o)
        return self.names.text_of(o.cl_ord_id) if o.cl_ord_id else ""

    @property
    def symbol(self):
        """Symbol(55)."""
        cdef tc_order o
        self.read(&o)
        return tell_name(self.names.symbols.names, o.instrument)

    @property
    def account(self):
        """Account(1)."""
        cdef tc_order o
        self.read(&o)
        return tell_name(self.names.accounts.names, o.account)

    @property
    def venue(self):
        """Where it went: ExDestination(100), LastMkt(30); None where it was never routed."""
        cdef tc_order o
        self.read(&o)
        return tell_name(self.names.venues.names, o.venue)

    # ---- words

    @property
    def side(self):
        """Side(54); None where none was given, or none that is."""
        cdef tc_order o
        self.read(&o)
        return SIDES[o.side]

    @property
    def ord_type(self):
        """OrdType(40); None where a batch gave none that is."""
        cdef tc_order o
        self.read(&o)
        return ORD_TYPES[o.ord_type]

    @property
    def time_in_force(self):
        """TimeInForce(59); None where a batch gave none that is."""
        cdef tc_order o
        self.read(&o)
        return TIMES_IN_FORCE[o.time_in_force]

    @property
    def exec_inst(self):
        """ExecInst(18)."""
        cdef tc_order o
        self.read(&o)
        return INSTRUCTIONS[o.exec_inst] if o.exec_inst < 8 else ExecInst(o.exec_inst)

    @property
    def ord_status(self):
        """OrdStatus(39)."""
        cdef tc_order o
        self.read(&o)
        return STATUSES[derive_status(&o)]

    @property
    def place(self):
        """Where it is: RESTING or AT_VENUE, held by the core (AWAITS_...), IN_CHILDREN, or NOWHERE any more."""
        cdef tc_order o
        self.read(&o)
        return PLACES[o.place]

    @property
    def reason(self):
        """Our reason code, NONE where nothing was refused or ended."""
        cdef tc_order o
        self.read(&o)
        return REASONS[o.reason]

    @property
    def ord_rej_reason(self):
        """OrdRejReason(103), NONE (-1) where the order was not rejected, OTHER for a venue's that FIX does not know."""
        cdef tc_order o
        self.read(&o)
        return REJECTIONS.get(self.state.core.ord_rej_reasons[o.reason] if o.terminal == STATUS_REJECTED else -1,
                              OrdRejReason.OTHER)

    # ---- integers

    @property
    def transact_time(self):
        """TransactTime(60), ns UTC: the core's time; where a report tells what a venue reported, the venue's own, if it
        told one."""
        cdef tc_order o
        self.read(&o)
        return o.transact_time

    @property
    def strategy(self):
        """The strategy that sent it; 0 where none was given."""
        cdef tc_order o
        self.read(&o)
        return o.strategy

    @property
    def venue_order_id(self):
        """The external venue's OrderID(37), as it told it last; empty where it told none."""
        return self.names.text_of(self.row.venue_order_id)

    @property
    def reject_mask(self):
        """Every validation failure at once: bit n means Reason(101 + n). Of what a limit refused, the number of its row
        (`core.risk.limits()`)."""
        cdef tc_order o
        self.read(&o)
        return o.reject_mask

    # ---- quantities and prices

    @property
    def order_qty(self):
        """OrderQty(38)."""
        cdef tc_order o
        self.read(&o)
        return self.tell_quantity(&o, o.order_qty)

    @property
    def cum_qty(self):
        """CumQty(14)."""
        cdef tc_order o
        self.read(&o)
        return self.tell_quantity(&o, o.cum_qty)

    @property
    def leaves_qty(self):
        """LeavesQty(151): 0 once the order has ended."""
        cdef tc_order o
        self.read(&o)
        return self.tell_quantity(&o, leaves_of(&o))

    @property
    def price(self):
        """Price(44); None where the order has no limit."""
        cdef tc_order o
        self.read(&o)
        return self.tell_price(&o, o.price)

    @property
    def avg_px_ratio(self):
        """AvgPx(6) exactly: the sum of last_qty x last_px over the sum of last_qty; 0 without a fill."""
        cdef tc_order o
        cdef const tc_instrument* ins
        self.read(&o)
        ins = told_instrument(&self.state.core, o.instrument)
        if o.cum_qty == 0 or ins == NULL:
            return Fraction(0)
        return Fraction(wide(o.cum_amount), o.cum_qty * 10 ** ins.price_precision)

    @property
    def avg_px(self):
        """AvgPx(6), rounded half to even at 28 digits; `avg_px_ratio` is exact."""
        cdef tc_order o
        cdef tc_i128 units
        self.read(&o)
        if o.cum_qty > 0:
            units = tc_floor_div_wide(o.cum_amount, o.cum_qty)
            if units * o.cum_qty == o.cum_amount and tc_saturate(units) == units:
                return self.tell_price(&o, <int64_t>units)
        return average_price(self.names.instrument(o.instrument), wide(o.cum_amount), o.cum_qty)

    # ---- what few orders have

    @property
    def orig_cl_ord_id(self):
        """OrigClOrdID(41): the id before this one in the order's chain; empty where there is none."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return self.names.text_of(copy.terms.orig_cl_ord_id)

    @property
    def stop_px(self):
        """StopPx(99): what it waits for, a trailing stop's as it stands now; None where it waits for no price."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return self.tell_price(&copy.order, copy.terms.stop_px)

    @property
    def peg_offset(self):
        """PegOffsetValue(211) of a trailing stop: a price, or an int of basis points; None for other orders."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        if copy.terms.peg_offset == 0:
            return None
        if copy.terms.peg_offset_type == PEG_BASIS_POINTS:
            return copy.terms.peg_offset
        return self.tell_price(&copy.order, copy.terms.peg_offset)

    @property
    def peg_offset_type(self):
        """PegOffsetType(836); None where a batch gave none that is."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return PEG_OFFSET_TYPES[copy.terms.peg_offset_type]

    @property
    def trigger_price_type(self):
        """TriggerPriceType(1107): the price that it watches, NONE for the last trade; None where there is none such."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return TRIGGERS[copy.terms.trigger_price_type]

    @property
    def contingency_type(self):
        """ContingencyType(1385), NONE for an order alone; None where a batch gave none that is."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return CONTINGENCIES[copy.terms.contingency_type]

    @property
    def min_qty(self):
        """MinQty(110): less is not traded at all; 0 where there is none."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return self.tell_quantity(&copy.order, copy.terms.min_qty)

    @property
    def display_qty(self):
        """DisplayQty(1138): what an iceberg shows at a time; 0 where all is shown."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return self.tell_quantity(&copy.order, copy.terms.display_qty)

    @property
    def expire_time(self):
        """ExpireTime(126), ns UTC; 0 where there is none."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return copy.terms.expire_time

    @property
    def list_id(self):
        """ListID(66) of the contingent orders that it belongs to; 0 where it is alone."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return copy.terms.list_id

    @property
    def parent(self):
        """The order_id of the order that this is a part of, which is worked over several venues; 0 of all others."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return copy.terms.parent_id

    @property
    def unknown(self):
        """What was sent to the venue and has an outcome that is not known: NEW, CANCEL, REPLACE; false for nothing."""
        cdef tc_order_copy copy
        self.read_whole(&copy)
        return UNKNOWNS[copy.unknown]

    # ---- as text

    @property
    def text(self):
        """Text(58): what its venue said of it last; else why it was rejected or canceled, naming field, value and
        bound."""
        return order_text(self, self.names)

    def __reduce__(self):
        refuse_copy(self, "it reads its core; keep its `row`")

    def _repr_html_(self):
        return order_table(self)

    def __eq__(self, other):
        return isinstance(other, Twin) and other.is_of(self.names) and other.order_id == self.number

    def __hash__(self):
        return hash((id(self.names), self.number))

    def __repr__(self):
        return show_order(self, self.names)


fill_all(Order, "a core's submit() and order() give one")
Twin.register(Order)
