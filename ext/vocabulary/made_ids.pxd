# ClOrdIDs that the core itself makes: a prefix, the date, a dash, and a number that never comes twice.
#
# Unique in a day and, by their date, among days too, as FIX 4.4 advises for ClOrdID(11). Such an id is its day and its
# number, above all texts' numbers, and its text follows from them: it takes no room in the table of ids.

from libc.string cimport memcmp, memcpy, memset
from hashing cimport *


cdef enum:
    TEXT_SIZE = 64
    PREFIX_SIZE = 32               # 8 letters of a date, a dash and up to 13 of a number follow
    DATE_SIZE = 8
    SEQ_BITS = 40
    DAY_BITS = 16


cdef struct tc_made_ids:
    int64_t count                  # the number of the last one
    char prefix[TEXT_SIZE]
    int prefix_size                # 0: nobody has said one


cdef inline int64_t made_id_min() noexcept nogil:
    return (<int64_t>1 << 62) + (<int64_t>1 << 61)


cdef inline int64_t seq_max() noexcept nogil:
    return (<int64_t>1 << SEQ_BITS) - 1


cdef inline bint id_is_made(const tc_made_ids* made, int64_t number) noexcept nogil:
    cdef int64_t seq = number & seq_max()
    return (number > made_id_min() and (number - made_id_min()) >> SEQ_BITS < <int64_t>1 << DAY_BITS
            and 0 < seq and seq <= made.count)


# Only in C: datetime in Python.
# The date of a day (since 1970) as YYYYMMDD. Years begin in March here, so that a leap day is the last of one; an era
# is the 400 years, of 146,097 days, after which the calendar repeats; 719,468 days lie before 1970.
cdef inline int64_t date_of(int64_t day) noexcept nogil:
    cdef int64_t era = tc_floor_div(day + 719_468, 146_097)
    cdef int64_t rest = day + 719_468 - era * 146_097, year, month
    year = tc_floor_div(
        rest - tc_floor_div(rest, 1_460) + tc_floor_div(rest, 36_524) - tc_floor_div(rest, 146_096), 365)
    rest -= 365 * year + tc_floor_div(year, 4) - tc_floor_div(year, 100)
    month = tc_floor_div(5 * rest + 2, 153)            # from March, 0
    rest -= tc_floor_div(153 * month + 2, 5)
    year += 400 * era + (month >= 10)
    return 10_000 * year + 100 * (month - 9 if month >= 10 else month + 3) + rest + 1


# Only in C: datetime in Python.
# The day of a date, found among those that a number can have; -1 where it is none.
cdef inline int64_t day_of(int64_t date) noexcept nogil:
    cdef int64_t low = 0, high = (<int64_t>1 << DAY_BITS) - 1, middle
    while low < high:
        middle = (low + high) >> 1
        if date_of(middle) < date:
            low = middle + 1
        else:
            high = middle
    return low if date_of(low) == date else -1


# Only in C: formatting in Python.
# A number's digits; how many they are.
cdef inline int put_digits(char* text, int64_t number) noexcept nogil:
    cdef char digits[20]
    cdef int size = 0, i
    cdef int64_t rest
    while number or size == 0:
        rest = tc_floor_div(number, 10)
        digits[size] = <char>(0x30 + number - 10 * rest)
        number = rest
        size += 1
    for i in range(size):
        text[i] = digits[size - 1 - i]
    return size


# Only in C: int() in Python.
# The number of which so many letters are the digits; -1 where they are none, or begin with 0.
cdef inline int64_t read_digits(const char* text, int size) noexcept nogil:
    cdef int64_t number = 0
    cdef int i
    if size < 1 or size > 18 or text[0] == 0x30:
        return -1
    for i in range(size):
        if text[i] < 0x30 or text[i] > 0x39:
            return -1
        number = number * 10 + (text[i] - 0x30)
    return number


# What the ids begin with; how many letters it has.
cdef inline int put_prefix(const tc_made_ids* made, char* text) noexcept nogil:
    memset(text, 0, TEXT_SIZE)
    if made.prefix_size:
        memcpy(text, made.prefix, made.prefix_size)
        return made.prefix_size
    memcpy(text, <const char*>"TC-", 3)
    return 3


# The text of an id that was made, NUL-padded; its size.
cdef inline int put_made_text(const tc_made_ids* made, int64_t number, char* text) noexcept nogil:
    cdef int size = put_prefix(made, text)
    size += put_digits(text + size, date_of((number - made_id_min()) >> SEQ_BITS))
    text[size] = 0x2D
    return size + 1 + put_digits(text + size + 1, number & seq_max())


# The id of which this is the text; 0 where it is none that was made.
cdef inline int64_t find_made(const tc_made_ids* made, const char* text, int size) noexcept nogil:
    cdef char prefix[TEXT_SIZE]
    cdef int at
    cdef int64_t day, seq
    if made.count == 0:
        return 0
    at = put_prefix(made, prefix)
    if size < at + DATE_SIZE + 2 or memcmp(text, prefix, at) != 0 or text[at + DATE_SIZE] != 0x2D:
        return 0
    seq = read_digits(text + at + DATE_SIZE + 1, size - at - DATE_SIZE - 1)
    day = day_of(read_digits(text + at, DATE_SIZE))
    if day < 0 or seq < 1 or seq > made.count:
        return 0
    return made_id_min() + (day << SEQ_BITS) + seq


# The next id, of this time; 0 where there are no more.
cdef inline int64_t next_made(tc_made_ids* made, int64_t time) noexcept nogil:
    cdef int64_t day = tc_floor_div(time, <int64_t>86_400_000_000_000)
    if made.count == seq_max():
        return 0
    made.count += 1
    return made_id_min() + (day << SEQ_BITS) + made.count
