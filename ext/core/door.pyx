# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
# cython: auto_pickle=False
"""The compiled door: a user's call into one command record, through the core, and back, in a few hundred instructions.

It decides only whether it can read what it was given. What it can't is called again in Python (core/door.py), which
does it all, or says what is wrong; both make the same record of the same call.
"""

from cpython.list cimport PyList_GET_SIZE
from posix.time cimport CLOCK_REALTIME, clock_gettime, timespec
from holds cimport ANSWERS, tc_finding
from order_terms cimport *
from events cimport is_unread
from filling cimport fill_all
from kinds cimport *
from instrument cimport *
from order_table cimport NO_SLOT, tc_order
from methods cimport *
from questions cimport passes
from shell cimport open_command
from slots cimport *
from units cimport tc_number_types
from tradecore._native.live_order cimport Order
from tradecore._native.report cimport Report, new_report
from tradecore._native.turnstile cimport State
cimport cython

import time as _time
from decimal import Decimal

import numpy as _np

from tradecore.core.door import read_answers
from tradecore.risk.limits import CheckResult
from tradecore.vocabulary.codes import CommandType
from tradecore.vocabulary.fix import ContingencyType, OrdType, Side, TimeInForce, TriggerPriceType
from tradecore.vocabulary.showing import refuse_copy

cdef tc_number_types NUMBERS
NUMBERS.decimal = <PyObject*>Decimal
NUMBERS.int64 = <PyObject*>_np.int64
NUMBERS.float64 = <PyObject*>_np.float64
cdef object RESULT = CheckResult, SYSTEM_CLOCK = _time.time_ns
cdef Py_ssize_t PASSED = tc_slot_of(CheckResult, "_passed"), ROWS = tc_slot_of(CheckResult, "_rows")
cdef Py_ssize_t TOLD = tc_slot_of(CheckResult, "_told")
cdef list KEPT = [Decimal, _np.int64, _np.float64]     # what is named above without a reference

cdef tc_order_words WORDS
WORDS.side = words_of(Side, KEPT)
WORDS.ord_type = words_of(OrdType, KEPT)
WORDS.time_in_force = words_of(TimeInForce, KEPT)
WORDS.trigger = words_of(TriggerPriceType, KEPT)
WORDS.contingency = words_of(ContingencyType, KEPT)

cdef tc_parameters ORDER_CALL = parameters_of(
    "symbol side qty price account venue cl_ord_id ord_type time_in_force post_only reduce_only stop_px peg_offset "
    "peg_offset_type trigger_price_type min_qty display_qty expire_time cash_order_qty list_id contingency_type "
    "strategy transact_time", 4, KEPT)
cdef tc_parameters QUOTE_CALL = parameters_of("venue symbol bid bid_size ask ask_size transact_time", 2, KEPT)
cdef tc_parameters MARK_CALL = parameters_of("symbol price", 2, KEPT)
cdef tc_parameters CANCEL_CALL = parameters_of("order cl_ord_id order_id new_cl_ord_id transact_time", 1, KEPT)
cdef tc_parameters REPLACE_CALL = parameters_of(
    "order cl_ord_id order_id qty price stop_px expire_time new_cl_ord_id transact_time", 1, KEPT)


@cython.final
@cython.no_gc
@cython.freelist(8)
cdef class Told:
    """What a core answered a question: called once somebody looks, it says so in the user's units."""

    cdef tc_finding findings[ANSWERS]
    cdef uint64_t mask
    cdef int alone
    cdef int32_t instrument
    cdef object names

    def __call__(self):
        said = (<const char*>self.findings)[:sizeof(self.findings)]
        return read_answers(self.alone, self.mask, said, self.names, self.instrument)


fill_all(Told, "a core's check() keeps one")


@cython.final
cdef class Door:
    """One core's door. It holds the core's state and names, and the Python that explains; nothing that holds it."""

    cdef State state
    cdef object gate, names, bus, clock
    cdef dict symbols, accounts, venues
    cdef list account_names, listening, restless, asked    # asked: rules in Python, which Python asks
    cdef tc_last_name last_symbol, last_account, last_venue
    cdef int32_t counterparty      # where every order goes; 0: where it says, or is routed
    cdef bint is_system_clock
    cdef readonly dict slow        # {name: the same call in Python}
    cdef str order_call            # the name that a new order has among them

    def __cinit__(self, gate, slow, counterparty):
        self.gate, self.names, self.bus, self.clock = gate, gate.names, gate.bus, gate.clock
        self.state = <State?>gate.core._state
        self.symbols, self.accounts = gate.names.symbols.ids, gate.names.accounts.ids
        self.venues, self.account_names = gate.names.venues.ids, gate.names.accounts.names
        self.listening, self.restless, self.asked = gate.bus.listening, gate.bus.restless, gate.asked
        self.counterparty, self.slow, self.is_system_clock = counterparty, slow, gate.clock is SYSTEM_CLOCK
        self.order_call = "new_order" if counterparty else "submit"

    def __dealloc__(self):
        Py_XDECREF(self.last_symbol.name)
        Py_XDECREF(self.last_account.name)
        Py_XDECREF(self.last_venue.name)

    def calls(self):
        """{name: the compiled call} for every name that the core has in Python."""
        return {name: PyCFunction_New(&METHODS[CALLS.index(name)], self) for name in self.slow}

    cdef int64_t time(self) except -1:
        cdef timespec now
        cdef int64_t ns
        cdef int overflow = 0
        if self.is_system_clock:
            clock_gettime(CLOCK_REALTIME, &now)
            return <int64_t>now.tv_sec * 1_000_000_000 + now.tv_nsec
        told = self.clock()
        if PyLong_CheckExact(told):
            ns = tc_number_of(told, &overflow)
            if not overflow and 0 <= ns <= time_max() and not looks_coarse(ns):
                return ns
        return self.gate.read_time(told)

    cdef int deliver(self) except -1:
        if PyList_GET_SIZE(self.listening) and (is_unread(&self.state.core.events) or PyList_GET_SIZE(self.restless)):
            self.bus.deliver()
        return 0

    # The number of an id that was read: an own integer, or a text's, which gets one where it has none yet.
    cdef int64_t number_of(self, const char* text, int64_t own, int64_t now) except? -1:
        cdef tc_command c
        cdef tc_ack ack
        if text[0] == 0:
            return own
        own = self.state.number_of(text)
        if own:
            return own
        tc_clear(&c, sizeof(c))
        c.kind = KIND_INTERN
        c.version = VERSION
        memcpy(c.text, text, TEXT_SIZE)
        self.state.run_one(&c, &ack, now)
        if ack.report_type != REPORT_BUSINESS_REJECT:
            return ack.order_id
        return NO_ROOM if ack.reason == IDS_FULL else NAMELESS

    # ---- a new order

    # Everything but its id; False where Python has to read it.
    cdef bint read_order(self, PyObject** given, int32_t named, tc_command* c) except -1:
        tc_clear(c, sizeof(tc_command))
        c.kind = KIND_NEW_ORDER
        c.version = VERSION
        return (
            not PyList_GET_SIZE(self.asked) and given[SYMBOL] != NULL and read_words(&WORDS, given, named, c)
            and find_name(self.symbols, given[SYMBOL], &c.instrument, &self.last_symbol) and self.read_places(given, c)
            and read_numbers(&NUMBERS, &self.state.core.instruments[c.instrument], given, named, c)
        )

    # Where it goes.
    cdef bint read_places(self, PyObject** given, tc_command* c) except -1:
        c.venue = self.counterparty
        if is_given(given[VENUE]) and (self.counterparty
                                       or not find_name(self.venues, given[VENUE], &c.venue, &self.last_venue)):
            return False
        if is_given(given[ACCOUNT]):
            return find_name(self.accounts, given[ACCOUNT], &c.account, &self.last_account)
        c.account = 1
        return PyList_GET_SIZE(self.account_names) == 1

    cdef object submit(self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords):
        cdef PyObject* given[MOST]
        cdef tc_command c
        cdef char text[TEXT_SIZE]
        cdef int64_t own = 0
        cdef int32_t named = collect(&ORDER_CALL, arguments, count, keywords, given)
        if not (named >= 0 and self.read_order(given, named, &c)
                and read_id(given[CL_ORD_ID], text, &own)):
            return PyObject_Vectorcall(self.slow[self.order_call], arguments, count, keywords)
        return self.send(&c, text, own)

    cdef Order send(self, tc_command* c, const char* text, int64_t own):
        cdef tc_ack ack
        cdef int64_t now = self.time()
        cdef uint32_t slot
        cdef Order order = Order.__new__(Order)
        c.cl_ord_id = self.number_of(text, own, now)
        slot = self.state.run_held(c, &ack, now)
        order.state = self.state
        order.names = self.names
        order.number = ack.order_id
        order.slot = slot if slot != NO_SLOT else 0    # one that is evicted already: reading it says so
        self.deliver()
        return order

    cdef object check(self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords):
        cdef PyObject* given[MOST]
        cdef tc_command c
        cdef char text[TEXT_SIZE]
        cdef int64_t own = 0
        cdef Told told
        cdef int32_t named = collect(&ORDER_CALL, arguments, count, keywords, given)
        if not (named >= 0 and self.read_order(given, named, &c) and read_id(given[CL_ORD_ID], text, &own)):
            return PyObject_Vectorcall(self.slow["check"], arguments, count, keywords)
        if text[0]:                                    # a question interns nothing
            own = self.state.number_of(text) or NEW_ID
        c.cl_ord_id = own
        told = Told.__new__(Told)                      # all of it is zero
        told.names, told.instrument = self.names, c.instrument
        told.alone = self.state.ask(&c, self.time(), &told.mask, told.findings)
        result = PyType_GenericAlloc(<PyTypeObject*>RESULT, 0)
        tc_fill_slot(result, PASSED, passes(told.alone, told.mask, told.findings))
        tc_fill_slot(result, ROWS, None)
        tc_fill_slot(result, TOLD, told)
        return result

    # ---- market data

    cdef object quote(self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords):
        cdef PyObject* given[MOST]
        cdef tc_command c
        tc_clear(&c, sizeof(c))
        c.kind = KIND_QUOTE
        if not (collect(&QUOTE_CALL, arguments, count, keywords, given) >= 0
                and given[0] != NULL and given[1] != NULL
                and find_name(self.venues, given[0], &c.venue, &self.last_venue)
                and find_name(self.symbols, given[1], &c.instrument, &self.last_symbol)
                and read_sides(&NUMBERS, &self.state.core.instruments[c.instrument], given + 2, &c)
                and read_stamp(given[6], &c.transact_time)):
            return PyObject_Vectorcall(self.slow["quote"], arguments, count, keywords)
        return self.tell(&c)

    cdef object mark(self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords):
        cdef PyObject* given[MOST]
        cdef tc_command c
        tc_clear(&c, sizeof(c))
        c.kind = KIND_MARK
        if not (collect(&MARK_CALL, arguments, count, keywords, given) >= 0
                and given[0] != NULL and is_given(given[1])
                and find_name(self.symbols, given[0], &c.instrument, &self.last_symbol)
                and read_price(&NUMBERS, given[1], &self.state.core.instruments[c.instrument], 0, &c.mark_px)):
            return PyObject_Vectorcall(self.slow["mark"], arguments, count, keywords)
        return self.tell(&c)

    # A command without an order: nothing comes back, or a RefusedError.
    cdef object tell(self, tc_command* c):
        cdef tc_ack ack
        cdef tc_report answer
        cdef bint told
        c.version = VERSION
        told = self.state.run_asked(c, &ack, self.time(), &answer)
        self.deliver()
        if ack.report_type == REPORT_BUSINESS_REJECT and told:
            self.gate.refuse(CommandType(c.kind), "", new_report(self.state, self.names, &answer))
        return None

    # ---- requests

    cdef object cancel(self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords):
        cdef PyObject* given[MOST]
        cdef tc_command c
        cdef char target[TEXT_SIZE]
        cdef char text[TEXT_SIZE]
        cdef int64_t target_own = 0, own = 0
        tc_clear(&c, sizeof(c))
        c.kind = KIND_CANCEL
        if not (collect(&CANCEL_CALL, arguments, count, keywords, given) >= 0
                and is_given(given[0]) + is_given(given[1]) + is_given(given[2]) == 1
                and self.read_target(given, &c) and read_id(given[1], target, &target_own)
                and read_id(given[3], text, &own) and read_stamp(given[4], &c.transact_time)):
            return PyObject_Vectorcall(self.slow["cancel"], arguments, count, keywords)
        return self.request(&c, target, target_own, text, own)

    cdef object replace(self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords):
        cdef PyObject* given[MOST]
        cdef tc_command c
        cdef char target[TEXT_SIZE]
        cdef char text[TEXT_SIZE]
        cdef int64_t own = 0
        cdef tc_order o
        cdef const tc_instrument* ins
        tc_clear(&c, sizeof(c))
        target[0] = 0
        c.kind = KIND_REPLACE
        if not (collect(&REPLACE_CALL, arguments, count, keywords, given) >= 0 and not PyList_GET_SIZE(self.asked)
                and is_given(given[0]) and not is_given(given[1]) and not is_given(given[2])
                and (is_given(given[3]) or is_given(given[4]) or is_given(given[5]) or is_given(given[6]))
                and self.read_target(given, &c)
                and self.state.read_order((<Order>given[0]).slot, c.order_id, &o)
                and 1 <= o.instrument <= self.state.core.instrument_count
                and not (is_given(given[4]) and not has_limit(o.ord_type))
                and not (is_given(given[5]) and (o.ord_type == TYPE_MARKET or o.ord_type == TYPE_LIMIT))):
            return PyObject_Vectorcall(self.slow["replace"], arguments, count, keywords)
        ins = &self.state.core.instruments[o.instrument]
        if not (read_qty(&NUMBERS, given[3], ins, &c.order_qty) and (c.order_qty > 0 or not is_given(given[3]))
                and read_price(&NUMBERS, given[4], ins, no_price(), &c.price)
                and read_price(&NUMBERS, given[5], ins, no_price(), &c.stop_px) and read_time(given[6], &c.expire_time)
                and read_id(given[7], text, &own) and read_stamp(given[8], &c.transact_time)):
            return PyObject_Vectorcall(self.slow["replace"], arguments, count, keywords)
        return self.request(&c, target, 0, text, own)

    # Which order: a live one of this core, or a number.
    cdef bint read_target(self, PyObject** given, tc_command* c) except -1:
        if not is_given(given[0]):
            return read_int(given[2], 0, 1, <int64_t>(~<uint64_t>0 >> 1), &c.order_id)
        if tc_type_of(<object>given[0]) != <PyObject*>Order or (<Order>given[0]).state is not self.state:
            return False
        c.order_id = (<Order>given[0]).number
        return True

    cdef object request(self, tc_command* c, const char* target, int64_t target_own, const char* text, int64_t own):
        cdef tc_ack ack
        cdef bint told
        cdef int64_t now = self.time()
        cdef Report report = new_report(self.state, self.names, NULL)
        c.version = VERSION
        c.orig_cl_ord_id = self.number_of(target, target_own, now)
        c.cl_ord_id = self.number_of(text, own, now)
        told = self.state.run_asked(c, &ack, now, &report.record)
        self.deliver()
        return report if told else self.gate.refuse_silence(CommandType(c.kind))


@cython.final
cdef class Prepared:
    """A call of submit() whose terms are fixed; its Python twin does what it can't read, and shows it."""

    cdef Door door
    cdef object slow
    cdef tc_command terms
    cdef bint typed                # its OrdType was said, and does not follow from the price

    def __cinit__(self, Door door not None, bytes record not None, bint typed, slow):
        self.terms = open_command(record)[0]
        self.door, self.typed, self.slow = door, typed, slow

    def __call__(self, qty=None, price=None, *, cl_ord_id=None, transact_time=None):
        cdef const tc_instrument* ins = &self.door.state.core.instruments[self.terms.instrument]
        cdef tc_command c = self.terms
        cdef char text[TEXT_SIZE]
        cdef int64_t own = 0
        if not self.typed and price is not None:
            c.ord_type = TYPE_LIMIT if c.ord_type == TYPE_MARKET else TYPE_STOP_LIMIT
        if (PyList_GET_SIZE(self.door.asked) or qty is None or (price is not None and not has_limit(c.ord_type))
                or c.exec_inst & INST_CASH or c.peg_offset or not (
                    read_qty(&NUMBERS, <PyObject*>qty, ins, &c.order_qty)
                    and read_price(&NUMBERS, <PyObject*>price, ins, no_price(), &c.price)
                    and read_id(<PyObject*>cl_ord_id, text, &own)
                    and read_stamp(<PyObject*>transact_time, &c.transact_time))):
            return self.slow(qty, price, cl_ord_id=cl_ord_id, transact_time=transact_time)
        return self.door.send(&c, text, own)

    def __repr__(self): return repr(self.slow)
    def __reduce__(self): refuse_copy(self, "prepare it anew in its core")


# ---- as C calls them

cdef object call_submit(Door d, PyObject* const* a, Py_ssize_t n, PyObject* names): return d.submit(a, n, names)
cdef object call_check(Door d, PyObject* const* a, Py_ssize_t n, PyObject* names): return d.check(a, n, names)
cdef object call_quote(Door d, PyObject* const* a, Py_ssize_t n, PyObject* names): return d.quote(a, n, names)
cdef object call_mark(Door d, PyObject* const* a, Py_ssize_t n, PyObject* names): return d.mark(a, n, names)
cdef object call_cancel(Door d, PyObject* const* a, Py_ssize_t n, PyObject* names): return d.cancel(a, n, names)
cdef object call_replace(Door d, PyObject* const* a, Py_ssize_t n, PyObject* names): return d.replace(a, n, names)

cdef tuple CALLS = ("submit", "new_order", "check", "quote", "mark", "cancel", "replace")
cdef PyMethodDef METHODS[7]
cdef list TEXTS = []               # what METHODS points to


define(&METHODS[0], "submit", <void*>call_submit)
define(&METHODS[1], "new_order", <void*>call_submit)
define(&METHODS[2], "check", <void*>call_check)
define(&METHODS[3], "quote", <void*>call_quote)
define(&METHODS[4], "mark", <void*>call_mark)
define(&METHODS[5], "cancel", <void*>call_cancel)
define(&METHODS[6], "replace", <void*>call_replace)


def is_described(name):
    """Has a compiled call its signature and docstring? They are told once, for the calls of every core."""
    return METHODS[CALLS.index(name)].ml_doc != NULL


def describe(name, signature, text):
    """Give a compiled call its signature and docstring, which help() and inspect read."""
    cdef bytes told = f"{name}{signature}\n--\n\n{text}".encode()
    TEXTS.append(told)
    METHODS[CALLS.index(name)].ml_doc = told
