# The documented 64-bit hash over events and state. It hashes logical words, never memory, and keeps no secrets.

from records cimport *


# The record digest is a sum of folds of word pairs, each word xored with its own key: any field counts, and
# the multiplications are independent. A chain folds the digests one after another.
cdef inline uint64_t word_key(int place) noexcept nogil:
    return <uint64_t>0x9E3779B97F4A7C15 * <uint64_t>(2 * place + 1)


cdef inline uint64_t digest_words(const uint64_t* words, int count) noexcept nogil:
    cdef uint64_t digest = 0
    cdef int i
    for i in range(0, count, 2):
        digest += tc_fold(words[i] ^ word_key(i), words[i + 1] ^ word_key(i + 1))
    return digest


cdef inline uint64_t chain_digest(uint64_t chain, uint64_t digest) noexcept nogil:
    return tc_fold(chain ^ digest, <uint64_t>0x9E3779B97F4A7C15) + digest
