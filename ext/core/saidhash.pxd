# The hash of what few cores have: what venues and operators said in words, and what can't be booked.
# Only in C: a twin hashes rows in comprehensions.

from riskhash cimport *


cdef inline void hash_said(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_made_ids* made = &core.texts.made
    if made.count or made.prefix_size:
        put(h, 37)
        put(h, made.count)
        put(h, <int64_t>hash_text(made.prefix) if made.prefix_size else 0)
        end_row(h)
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
