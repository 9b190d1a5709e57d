# A call's arguments: by place or by name, and each as the core's integer. Called with the GIL. Each answers False for
# what it can't read, which is then read, or refused with a reason, in Python.
# Only in C: Python reads its own arguments.

from cpython.dict cimport PyDict_GetItemWithError
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.string cimport memchr, memcpy, memset
from texts cimport TEXT_SIZE, own_id_max, text_size
from units cimport (
    PyLong_CheckExact, PyObject, PyUnicode_CheckExact, Py_INCREF, Py_XDECREF, TC_HAS_GIL, int32_t, int64_t, no_price,
    price_max, qty_max, read_units, tc_clear, tc_instrument, tc_letters_of, tc_number_of, tc_number_types, tc_type_of,
    time_max, uint8_t, uint32_t,
)


cdef enum:
    NAMES_MAX = 32
    MOST = 24                      # parameters of a call


# What a user may write for the members of one enumeration, and their integers.
cdef struct tc_words:
    PyObject* kind
    PyObject* values               # a dict
    PyObject* names[NAMES_MAX]     # the members' own, found by address: a word in a source is the interned text
    int integers[NAMES_MAX]
    int count


# The name that was asked for last, and its number: most callers ask for few.
cdef struct tc_last_name:
    PyObject* name                 # a reference of its own
    int32_t number


# The parameters of a call, and the places of those that were named last: a call in a program's source has one tuple of
# keywords for all its turns.
cdef struct tc_parameters:
    PyObject* names                # a tuple, in the order of the signature
    Py_ssize_t by_place            # how many may be given without their names
    PyObject* keywords             # a reference of its own
    Py_ssize_t count               # of the values before those of the keywords
    uint8_t places[MOST]
    int32_t named                  # a bit for each of these places


# `kept` holds what they name without a reference.
cdef inline tc_words words_of(object kind, list kept):
    cdef tc_words words
    cdef dict values = {int(member): int(member) for member in kind}
    for name, member in kind.__members__.items():
        values[name] = values[name.lower()] = int(member)
    for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        number = kind.read_text(letter)
        if number is not None and kind.find(number) is not None:
            values[letter] = number
    words.count = 0
    for name in kind.__members__:
        assert words.count < NAMES_MAX
        name = intern(name)
        kept.append(name)
        words.names[words.count] = <PyObject*>name
        words.integers[words.count] = values[name]
        words.count += 1
    kept.append((kind, values))
    words.kind = <PyObject*>kind
    words.values = <PyObject*>values
    return words


# A word's integer, -1 for what is none.
cdef inline int find_word(const tc_words* words, PyObject* given) except -2:
    cdef PyObject* found
    cdef int i
    for i in range(words.count):
        if words.names[i] == given:
            return words.integers[i]
    if tc_type_of(<object>given) == words.kind:
        return <int><object>given
    if not PyUnicode_CheckExact(<object>given) and not PyLong_CheckExact(<object>given):
        return -1                                      # True and 1.0 are no words, though they equal one
    found = PyDict_GetItemWithError(<dict>words.values, <object>given)
    return -1 if found == NULL else <int><object>found


# `kept` holds the names.
cdef inline tc_parameters parameters_of(str words, Py_ssize_t by_place, list kept):
    cdef tc_parameters parameters
    cdef tuple names = tuple([intern(name) for name in words.split()])
    tc_clear(&parameters, sizeof(parameters))
    kept.append(names)
    parameters.names = <PyObject*>names
    parameters.by_place = by_place
    return parameters


# The places of its keywords; False for a name that is none, and a value given twice.
cdef inline bint find_places(tc_parameters* call):
    cdef Py_ssize_t i, at = call.count, size = PyTuple_GET_SIZE(<tuple>call.names), left
    call.named = 0
    for i in range(PyTuple_GET_SIZE(<tuple>call.keywords)):
        left = size                                    # most stand in the order of the signature
        while left and (at == size or <PyObject*>PyTuple_GET_ITEM(<tuple>call.names, at)
                        != <PyObject*>PyTuple_GET_ITEM(<tuple>call.keywords, i)):
            at = at + 1 if at < size else 0
            left -= at < size
        if left == 0 or at < call.count or call.named >> at & 1:
            return False
        call.places[i] = <uint8_t>at
        call.named |= 1 << at
    return True


# The arguments of a call by the places of their names, NULL where none is given; and a bit for the place of each that
# came by its name. -1 for a name that is none, a value given twice, too many places.
cdef inline int32_t collect(
    tc_parameters* parameters, PyObject* const* given, Py_ssize_t count, PyObject* keywords, PyObject** into
):
    cdef Py_ssize_t i
    cdef PyObject* before
    cdef tc_parameters found
    cdef const tc_parameters* call = parameters
    if count > parameters.by_place:
        return -1
    tc_clear(into, MOST * sizeof(PyObject*))
    for i in range(count):
        into[i] = given[i]
    if keywords == NULL:
        return 0
    if not TC_HAS_GIL or keywords != parameters.keywords or count != parameters.count:
        found = parameters[0]
        found.keywords = keywords
        found.count = count
        if not find_places(&found):
            return -1
        call = &found
        if TC_HAS_GIL:
            before = parameters.keywords
            Py_INCREF(<object>keywords)
            parameters[0] = found
            Py_XDECREF(before)
    for i in range(PyTuple_GET_SIZE(<tuple>keywords)):
        into[call.places[i]] = given[count + i]
    return call.named


cdef inline bint is_given(PyObject* value):
    return value != NULL and value != <PyObject*>None


# An exact int within its bounds, `missing` where none is given. False for anything else.
cdef inline bint read_int(PyObject* value, int64_t missing, int64_t low, int64_t high, int64_t* number) except -1:
    cdef int overflow = 0
    if not is_given(value):
        number[0] = missing
        return True
    if not PyLong_CheckExact(<object>value):
        return False
    number[0] = tc_number_of(<object>value, &overflow)
    return not overflow and low <= number[0] <= high


cdef inline bint read_time(PyObject* value, int64_t* time) except -1:
    return read_int(value, 0, 1, time_max(), time)


# May it be seconds, milliseconds or microseconds of our days, where nanoseconds are meant? (vocabulary/time_units.py)
cdef inline bint looks_coarse(int64_t time) noexcept nogil:
    return 1_104_537_600 <= time < <int64_t>2_524_608_000_000_000


cdef inline bint read_stamp(PyObject* value, int64_t* time) except -1:
    return read_time(value, time) and not looks_coarse(time[0])


# A flag: its bit where it is True. False for what is neither True nor False.
cdef inline bint read_flag(PyObject* value, uint32_t bit, uint32_t* flags):
    if value == NULL or value == <PyObject*>False:
        return True
    if value != <PyObject*>True:
        return False
    flags[0] |= bit
    return True


# The text of an id, NUL-padded, or an own integer's number; neither for none. False for what can't be read here.
cdef inline bint read_id(PyObject* value, char* text, int64_t* number) except -1:
    cdef Py_ssize_t size = 0
    cdef const char* letters
    number[0] = 0
    text[0] = 0
    if not is_given(value):
        return True
    if PyLong_CheckExact(<object>value):
        return read_int(value, 0, 1, own_id_max(), number)
    if not PyUnicode_CheckExact(<object>value):
        return False
    letters = tc_letters_of(<object>value, &size)
    if size == 0 or size > TEXT_SIZE:
        return False
    memset(text, 0, TEXT_SIZE)
    memcpy(text, letters, size)
    return text_size(text) == size and memchr(text, 0x20, size) == NULL


cdef inline bint find_name(dict ids, PyObject* name, int32_t* number, tc_last_name* last) except -1:
    cdef PyObject* found
    if TC_HAS_GIL and name == last.name:
        number[0] = last.number
        return True
    if not PyUnicode_CheckExact(<object>name):
        return False
    found = PyDict_GetItemWithError(ids, <object>name)
    if found == NULL:
        return False
    number[0] = <int32_t><object>found
    if TC_HAS_GIL:
        Py_INCREF(<object>name)
        Py_XDECREF(last.name)
        last.name = name
        last.number = number[0]
    return True


cdef inline bint read_price(
    const tc_number_types* types, PyObject* value, const tc_instrument* ins, int64_t missing, int64_t* units
) except -1:
    if not is_given(value):
        units[0] = missing
        return True
    return read_units(<object>value, types, ins.price_precision, price_max(), units)


cdef inline bint read_qty(
    const tc_number_types* types, PyObject* value, const tc_instrument* ins, int64_t* units
) except -1:
    if not is_given(value):
        units[0] = 0
        return True
    return read_units(<object>value, types, ins.qty_precision, qty_max(), units)
