# What the state hash is written with: rows of words, and the chain of their digests.
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


# An id by the hash of its text, never by its number.
cdef inline void put_id(tc_hasher* h, const tc_core* core, int64_t number) noexcept nogil:
    put(h, <int64_t>hash_of_id(&core.texts, number))


cdef inline void end_row(tc_hasher* h) noexcept nogil:
    h.chain = chain_digest(h.chain, digest_words(h.words, HASH_WORDS))
    tc_clear(h.words, sizeof(h.words))
    h.used = 0


# ---- what few cores have: what venues and operators said in words, and what can't be booked

cdef inline void hash_said(tc_hasher* h, const tc_core* core) noexcept nogil:
    if core.notes.count == 0 and core.unbooked.count == 0:
        return
    put(h, 30)
    put(h, core.notes.count)
    put(h, <int64_t>core.notes.digest)
    put(h, core.unbooked.count)
    put(h, core.unbooked.used)
    put(h, <int64_t>core.unbooked.digest)
    end_row(h)


# Fees in other currencies than their instruments', suspense's too.
cdef inline void hash_charges(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef int32_t i, j
    cdef tc_i128 charge
    if not core.ledger.is_charged:
        return
    for i in range(core.account_count + 1):
        for j in range(1, core.currency_count + 1):
            charge = core.ledger.charges[i * core.ledger.currency_stride + j]
            if charge != 0:
                put(h, 31)
                put(h, i)
                put(h, j)
                put_wide(h, charge)
                end_row(h)


cdef inline void hash_words_of_order(tc_hasher* h, const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    if terms.note or terms.venue_order_id:
        put(h, 32)
        put(h, terms.note)
        put_id(h, core, terms.venue_order_id)
        end_row(h)
