# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""The report that answers a request to a compiled core: a property reads its field in the record, which never changes.

What shares its place there, or is read at the core, is asked of its twin, tradecore.vocabulary.reports.Report: what
that says, this says.
"""

from libc.stdint cimport int64_t
from events cimport is_trade
from filling cimport fill_all
from instrument cimport *
from kinds cimport *
from telling cimport *
from units cimport TOLD_MAX, tc_told
from tradecore._native.turnstile cimport State
cimport cython

from decimal import Decimal

from tradecore.vocabulary.codes import CommandType, Reason, ReportType, Unknown
from tradecore.vocabulary.fix import ExecInst, ExecType, OrdStatus, OrdType, Side, TimeInForce
from tradecore.vocabulary.reports import Report as Twin
from tradecore.vocabulary.showing import refuse_copy

cdef object DECIMAL = Decimal
cdef tc_told TOLD[TOLD_MAX]
cdef tuple REPORT_TYPES = ReportType.by_byte(), COMMAND_TYPES = CommandType.by_byte(), EXEC_TYPES = ExecType.by_byte()
cdef tuple STATUSES = OrdStatus.by_byte(), SIDES = Side.by_byte(), ORD_TYPES = OrdType.by_byte()
cdef tuple TIMES_IN_FORCE = TimeInForce.by_byte()
cdef dict REASONS = Reason._value2member_map_


@cython.no_gc
@cython.final
@cython.freelist(64)
cdef class Report:
    __doc__ = Twin.__doc__

    def __init__(self, bytes record not None, directory):
        if len(record) != sizeof(tc_report):
            raise ValueError(f"a report must be {sizeof(tc_report)} bytes, not {len(record)}")
        self.state, self.names = <State?>directory.core._state, directory
        self.record = (<const tc_report*><const char*>record)[0]

    cdef bint is_execution(self) noexcept:
        return self.record.report_type == REPORT_EXECUTION

    cdef bint is_trade(self) noexcept:
        return self.is_execution() and is_trade(self.record.exec_type)

    # Made for each question, as a report that remembered it would be written to by those who only read.
    cdef object twin(self):
        return Twin((<const char*>&self.record)[:sizeof(tc_report)], self.names)

    cdef object tell_quantity(self, int64_t lots):
        return tell_quantity(TOLD, DECIMAL, told_instrument(&self.state.core, self.record.instrument), lots)

    cdef object tell_price(self, int64_t units):
        return tell_price(TOLD, DECIMAL, told_instrument(&self.state.core, self.record.instrument), units)

    @property
    def row(self):
        """The record's fields as a named tuple of integers, those of its kind and those that follow from them."""
        return self.twin().row

    @property
    def seq(self):
        """Sequence number, from 1, without gaps."""
        return self.record.seq

    @property
    def report_type(self):
        """What kind of news this is."""
        return REPORT_TYPES[self.record.report_type]

    @property
    def command_type(self):
        """The command that caused it; None where its kind was no kind."""
        return COMMAND_TYPES[self.record.command_kind]

    @property
    def exec_type(self):
        """ExecType(150); None on what is no execution report."""
        return EXEC_TYPES[self.record.exec_type] if self.is_execution() else None

    @property
    def is_later(self):
        """Whether it answers a command that has not run yet: in the plain-Python core, one that came inside of another
        (from a signal's handler, say) and runs right after it. Reading a property raises RuntimeError until then."""
        return False

    # ---- its fields

    @property
    def order_id(self):
        """OrderID(37): the core's own number, from 1 in the order of orders; 0 where none is meant."""
        return self.record.order_id

    @property
    def cl_ord_id(self):
        """ClOrdID(11): of the order, or the last of its requests that was done; empty where it was automatic."""
        return self.names.text_of(self.record.cl_ord_id)

    @property
    def symbol(self):
        """Symbol(55)."""
        return tell_name(self.names.symbols.names, self.record.instrument)

    @property
    def account(self):
        """Account(1)."""
        return tell_name(self.names.accounts.names, self.record.account)

    @property
    def venue(self):
        """Where it went: ExDestination(100), LastMkt(30); None where it was never routed."""
        return tell_name(self.names.venues.names, self.record.venue)

    @property
    def side(self):
        """Side(54); None where none was given, or none that is."""
        return SIDES[self.record.side]

    @property
    def ord_type(self):
        """OrdType(40); None where a batch gave none that is."""
        return ORD_TYPES[self.record.ord_type]

    @property
    def time_in_force(self):
        """TimeInForce(59); None where a batch gave none that is."""
        return TIMES_IN_FORCE[self.record.time_in_force]

    @property
    def exec_inst(self):
        """ExecInst(18)."""
        return ExecInst(self.record.exec_inst)

    @property
    def ord_status(self):
        """OrdStatus(39)."""
        return STATUSES[self.record.ord_status]

    @property
    def order_qty(self):
        """OrderQty(38)."""
        return self.tell_quantity(self.record.order_qty)

    @property
    def price(self):
        """Price(44); None where the order has no limit."""
        return self.tell_price(self.record.price)

    @property
    def unknown(self):
        """What was sent to the venue and has an outcome that is not known: NEW, CANCEL, REPLACE; false for nothing."""
        return Unknown(self.record.unknown)

    @property
    def cum_qty(self):
        """CumQty(14)."""
        return self.tell_quantity(self.record.cum_qty)

    @property
    def leaves_qty(self):
        """LeavesQty(151): 0 once the order has ended."""
        cdef int64_t leaves = self.record.order_qty - self.record.cum_qty
        cdef bint is_open = self.is_execution() or self.record.report_type == REPORT_CANCEL_REJECT
        return self.tell_quantity(leaves if is_open and leaves > 0 and not self.record.flags & FLAG_ENDED else 0)

    @property
    def reason(self):
        """Our reason code, NONE where nothing was refused or ended."""
        return REASONS[self.record.reason]

    @property
    def transact_time(self):
        """TransactTime(60), ns UTC: the core's time; where a report tells what a venue reported, the venue's own, if it
        told one."""
        return self.record.transact_time

    @property
    def exec_id(self):
        """ExecID(17) of a trade, bust or correction: the core's own number; 0 on what is none."""
        return self.record.exec_id if self.is_trade() else 0

    @property
    def last_qty(self):
        """LastQty(32)."""
        return self.tell_quantity(self.record.last_qty if self.is_trade() else 0)

    @property
    def last_px(self):
        """LastPx(31); None on what is no trade."""
        return self.tell_price(self.record.last_px) if self.is_trade() else None

    # ---- what its twin works out

    @property
    def orig_cl_ord_id(self):
        """OrigClOrdID(41): the id before this one in the order's chain; empty where there is none."""
        return self.twin().orig_cl_ord_id

    @property
    def stop_px(self):
        """StopPx(99): what it waits for, a trailing stop's as it stood then; None where it waits for no price. A trade
        and a refused order have no room for it: the order's as it is now, None where it is no longer held."""
        return self.twin().stop_px

    @property
    def trigger_price_type(self):
        """TriggerPriceType(1107): the price that it watches, NONE for the last trade; None where there is none such."""
        return self.twin().trigger_price_type

    @property
    def contingency_type(self):
        """ContingencyType(1385), NONE for an order alone; None where a batch gave none that is."""
        return self.twin().contingency_type

    @property
    def ord_rej_reason(self):
        """OrdRejReason(103), NONE (-1) where the order was not rejected, OTHER for a venue's that FIX does not know."""
        return self.twin().ord_rej_reason

    @property
    def exec_ref_id(self):
        """ExecRefID(19): the `exec_id` of the trade that a bust or a correction is about; 0 on what is none."""
        return self.twin().exec_ref_id

    @property
    def venue_exec_id(self):
        """ExecID(17) as the external venue gave it. Of a bust or a correction it is read in the trade log: empty once
        that has let it go."""
        return self.twin().venue_exec_id

    @property
    def exec_restatement_reason(self):
        """ExecRestatementReason(378), NONE (-1) where nothing was restated, OTHER for one that FIX does not know."""
        return self.twin().exec_restatement_reason

    @property
    def total_affected_orders(self):
        """TotalAffectedOrders(533): how many orders a mass cancel canceled or asked back; None on other reports."""
        return self.twin().total_affected_orders

    @property
    def trading_state(self):
        """The TradingState that an accepted KILL_SWITCH or TRADING_STATE leaves; None on other reports."""
        return self.twin().trading_state

    @property
    def last_liquidity_ind(self):
        """LastLiquidityInd(851)."""
        return self.twin().last_liquidity_ind

    @property
    def commission(self):
        """Commission(12) of this trade in `commission_currency`; a rebate is negative. Raises LookupError where that
        currency is not its instrument's, and no longer known: its decimals are not either."""
        return self.twin().commission

    @property
    def cxl_rej_reason(self):
        """CxlRejReason(102), NONE (-1) where no request was rejected, OTHER for a venue's that FIX does not know."""
        return self.twin().cxl_rej_reason

    @property
    def text(self):
        """Text(58): why, naming field, value and bound; of what answers a venue, or an operator who decided about what
        lay unbooked, what that said in words, as long as the core holds it (capacity `notes`)."""
        return self.twin().text

    @property
    def is_rounded(self):
        """Whether the price or the commission that the venue told was finer than its unit, and was rounded."""
        return self.twin().is_rounded

    @property
    def venue_order_id(self):
        """The external venue's OrderID(37), read at the order: empty where it told none, or the order is not held."""
        return self.twin().venue_order_id

    @property
    def last_mkt(self):
        """LastMkt(30) of a venue's trade, read in the trade log; empty where it told none, or the log has let it go."""
        return self.twin().last_mkt

    @property
    def commission_currency(self):
        """The currency of `commission`: the instrument's, or where the venue told another, that one, whatever it told
        later, read in the trade log; None where the log has let it go."""
        return self.twin().commission_currency

    # ---- as text

    def __reduce__(self):
        refuse_copy(self, "it reads names in its core; keep its `row`")

    def __eq__(self, other):
        return isinstance(other, Twin) and self.row == other.row

    def __hash__(self):
        return hash(self.row)

    def __repr__(self):
        return repr(self.twin())


cdef Report new_report(State state, object names, const tc_report* record):
    cdef Report report = Report.__new__(Report)
    report.state, report.names = state, names
    if record != NULL:
        report.record = record[0]
    return report


fill_all(Report, "a core's requests give one, and its reports()")
Twin.register(Report)
