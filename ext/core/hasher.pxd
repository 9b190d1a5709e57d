# What hashes state: rows of up to 32 words, zero-padded, each of which starts with its section's number.
# Only in C: a twin hashes rows in comprehensions.

from pipeline cimport *


cdef enum:
    HASH_WORDS = 32


cdef struct tc_hasher:
    uint64_t chain
    uint64_t words[HASH_WORDS]
    int used


cdef inline void put(tc_hasher* h, int64_t word) noexcept nogil:
    h.words[h.used] = <uint64_t>word
    h.used += 1


cdef inline void put_wide(tc_hasher* h, tc_i128 value) noexcept nogil:
    put(h, <int64_t>tc_low(value))
    put(h, tc_high(value))


# Only in C: part of a row in Python.
# An id by the hash of its text, never by its number.
cdef inline void put_id(tc_hasher* h, const tc_core* core, int64_t number) noexcept nogil:
    put(h, <int64_t>hash_of_id(&core.texts, number))


cdef inline void end_row(tc_hasher* h) noexcept nogil:
    h.chain = chain_digest(h.chain, digest_words(h.words, HASH_WORDS))
    tc_clear(h.words, sizeof(h.words))
    h.used = 0


# Where it is not what most have.
cdef inline void put_row(tc_hasher* h, int64_t section, int64_t value, int64_t none) noexcept nogil:
    if value != none:
        put(h, section)
        put(h, value)
        end_row(h)
