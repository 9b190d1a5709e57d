# An order's terms, and a quote's sides, as a call names them, into its command; Python's is orders/ticket.py. Called
# with the GIL.
# Only in C: Python reads its own arguments.

from kinds cimport *
from arguments cimport *
from instrument cimport *
from units cimport PyObject, tc_number_types


# The places of the parameters in their signature.
cdef enum:
    SYMBOL = 0
    SIDE = 1
    QTY = 2
    PRICE = 3
    ACCOUNT = 4
    VENUE = 5
    CL_ORD_ID = 6
    ORD_TYPE = 7
    TIME_IN_FORCE = 8
    POST_ONLY = 9
    REDUCE_ONLY = 10
    STOP_PX = 11
    PEG_OFFSET = 12
    PEG_OFFSET_TYPE = 13
    TRIGGER = 14
    MIN_QTY = 15
    DISPLAY_QTY = 16
    EXPIRE_TIME = 17
    CASH_ORDER_QTY = 18
    LIST_ID = 19
    CONTINGENCY = 20
    STRATEGY = 21
    TRANSACT_TIME = 22


cdef struct tc_order_words:
    tc_words side, ord_type, time_in_force, trigger, contingency


cdef inline bint read_word(const tc_words* words, PyObject* given, int missing, int* word) except -1:
    word[0] = missing if given == NULL else find_word(words, given)
    return word[0] >= 0


# Bits of the places that only few orders name: such words, and such numbers.
cdef enum:
    OTHER_WORDS = (1 << ORD_TYPE | 1 << TIME_IN_FORCE | 1 << POST_ONLY | 1 << REDUCE_ONLY | 1 << TRIGGER
                   | 1 << CONTINGENCY | 1 << STRATEGY)
    OTHER_NUMBERS = (1 << STOP_PX | 1 << PEG_OFFSET | 1 << PEG_OFFSET_TYPE | 1 << MIN_QTY | 1 << DISPLAY_QTY
                     | 1 << EXPIRE_TIME | 1 << CASH_ORDER_QTY | 1 << LIST_ID | 1 << TRANSACT_TIME)


# Its words and flags; `named` are those that its call names. False where Python has to read them.
cdef inline bint read_words(
    const tc_order_words* words, PyObject** given, int32_t named, tc_command* c
) except -1:
    cdef bint priced = is_given(given[PRICE]), stops = is_given(given[STOP_PX])
    cdef int side = 0, kind
    kind = (TYPE_STOP_LIMIT if priced else TYPE_STOP) if stops else TYPE_LIMIT if priced else TYPE_MARKET
    if given[SIDE] == NULL or not read_word(&words.side, given[SIDE], 0, &side):
        return False
    c.side = <uint8_t>side
    c.ord_type = <uint8_t>kind                         # and it is a DAY order, as the cleared command says
    return not named & OTHER_WORDS or read_other_words(words, given, priced, c)


cdef inline bint read_other_words(
    const tc_order_words* words, PyObject** given, bint priced, tc_command* c
) except -1:
    cdef int kind = c.ord_type, tif = 0, trigger = 0, contingency = 0
    cdef int64_t strategy = 0
    if not (
        read_word(&words.ord_type, given[ORD_TYPE] if is_given(given[ORD_TYPE]) else NULL, kind, &kind)
        and read_word(&words.time_in_force, given[TIME_IN_FORCE], TIF_DAY, &tif)
        and read_word(&words.trigger, given[TRIGGER], 0, &trigger)
        and read_word(&words.contingency, given[CONTINGENCY], 0, &contingency)
        and given[STRATEGY] != <PyObject*>None and read_int(given[STRATEGY], 0, 0, 2147483647, &strategy)
        and read_flag(given[POST_ONLY], INST_POST_ONLY, &c.exec_inst)
        and read_flag(given[REDUCE_ONLY], INST_REDUCE_ONLY, &c.exec_inst)
    ):
        return False
    c.ord_type = <uint8_t>kind
    c.time_in_force = <uint8_t>tif
    c.trigger_price_type = <uint8_t>trigger
    c.contingency_type = <uint16_t>contingency
    c.strategy = <int32_t>strategy
    return not priced or has_limit(c.ord_type)


# Its quantities, prices and times; `named` are those that its call names. False where Python has to read them.
cdef inline bint read_numbers(
    const tc_number_types* types, const tc_instrument* ins, PyObject** given, int32_t named, tc_command* c
) except -1:
    c.stop_px = no_price()
    return (
        is_given(given[QTY]) and read_qty(types, given[QTY], ins, &c.order_qty)
        and read_price(types, given[PRICE], ins, no_price(), &c.price)
        and (not named & OTHER_NUMBERS or read_other_numbers(types, ins, given, c))
    )


cdef inline bint read_other_numbers(
    const tc_number_types* types, const tc_instrument* ins, PyObject** given, tc_command* c
) except -1:
    return (
        not is_given(given[CASH_ORDER_QTY]) and not is_given(given[PEG_OFFSET]) and given[PEG_OFFSET_TYPE] == NULL
        and read_price(types, given[STOP_PX], ins, no_price(), &c.stop_px)
        and read_qty(types, given[MIN_QTY], ins, &c.min_qty)
        and read_qty(types, given[DISPLAY_QTY], ins, &c.display_qty)
        and read_time(given[EXPIRE_TIME], &c.expire_time)
        and read_int(given[LIST_ID], 0, 1, time_max(), &c.list_id)
        and read_stamp(given[TRANSACT_TIME], &c.transact_time)
    )


# A quote's bid, bid_size, ask and ask_size, each pair given or left out. False where Python has to read them.
cdef inline bint read_sides(
    const tc_number_types* types, const tc_instrument* ins, PyObject** given, tc_command* c
) except -1:
    return (
        is_given(given[0]) == is_given(given[1]) and is_given(given[2]) == is_given(given[3])
        and read_price(types, given[0], ins, 0, &c.bid_px) and read_qty(types, given[1], ins, &c.bid_size)
        and read_price(types, given[2], ins, 0, &c.ask_px) and read_qty(types, given[3], ins, &c.ask_size)
        and c.bid_size >= 0 and c.ask_size >= 0
    )
