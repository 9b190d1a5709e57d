# Where the book of an instrument at a venue is: a book appears when something is first to rest in it, so that memory
# follows what is quoted, whatever the number of instruments and venues.
# Only in C: a dict in Python.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t


cdef struct tc_books:
    uint32_t* numbers              # [instrument * venues + venue - 1], from 1; 0 where nothing has rested yet
    int64_t* printed               # by row: at its quote's price since it came, where the venue's rule counts it
    int64_t venues
    uint32_t count, most


cdef inline uint32_t* number_of(const tc_books* books, int32_t instrument, int32_t venue) noexcept nogil:
    return &books.numbers[instrument * books.venues + venue - 1]


# One side of a book, a row of the book's kernels, whose other side is `row ^ 1`; where there is no book yet, one of the
# book 0, which stays empty.
cdef inline uint32_t book_side(const tc_books* books, int32_t instrument, int32_t venue, uint8_t side) noexcept nogil:
    return number_of(books, instrument, venue)[0] * 2 + side - 1


cdef inline bint is_no_book(uint32_t row) noexcept nogil:
    return row < 2


# False where no more books can be.
cdef inline bint use_book(tc_books* books, int32_t instrument, int32_t venue) noexcept nogil:
    cdef uint32_t* number = number_of(books, instrument, venue)
    if not number[0]:
        if books.count == books.most:
            return False
        books.count += 1
        number[0] = books.count
    return True
