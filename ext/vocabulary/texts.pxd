# The table of ids: texts of ids and names, each kept once, numbered in the order of interning. It knows no order.
#
# A client's own integer, from 1 to own_id_max(), is its own number, and its decimal text is the same id. Texts lie one
# behind another, found by their hashes; nothing is ever removed, moved or hashed again, and memory that no text has
# reached is untouched: a UUID takes 16 bytes of its entry, 36 of letters, and 8 to 16 of the index.

from made_ids cimport *


cdef struct tc_text:
    uint64_t hash                  # of the text: what is hashed of an id
    uint64_t place                 # where its letters begin, and in the low 8 bits how many they are


cdef struct tc_texts:
    tc_text* entries
    char* letters
    uint32_t* index                # see tag_of
    uint64_t used                  # letters
    uint64_t index_mask
    uint64_t digest                # over all texts in order of interning, for the state hash
    uint32_t count, capacity
    tc_made_ids made


cdef inline int64_t own_id_max() noexcept nogil:
    return <int64_t>1 << 62


# The largest number that is an id.
cdef inline int64_t last_id_of(const tc_texts* texts) noexcept nogil:
    return own_id_max() + texts.count


# May a client give it: an integer, or a text that was interned? What is above is none, or the core's to give.
cdef inline bint is_clients_id(const tc_texts* texts, int64_t number) noexcept nogil:
    return 0 < number <= last_id_of(texts)


# Is it none, a client's, or made by the core?
cdef inline bint id_is_known(const tc_texts* texts, int64_t number) noexcept nogil:
    return number == 0 or is_clients_id(texts, number) or id_is_made(&texts.made, number)


# Only in C: len() in Python.
# The letters of a NUL-padded text, 0 where it is none: 1 to 64 printable ASCII bytes, spaces only between others.
# Eight bytes at a time, each answering in its high bit; where one has that bit itself, what the sums carry into its
# neighbours changes nothing: the text is bad.
cdef inline int text_size(const char* text) noexcept nogil:
    cdef uint64_t ones = <uint64_t>0x0101010101010101, high = ones << 7
    cdef uint64_t bad = 0, before = high, word, used
    cdef int size = 0, i
    for i in range(0, TEXT_SIZE, 8):
        word = tc_word(text + i)
        used = (word + ones * 0x7F) & high             # bytes that are no NUL
        bad |= word | (word + ones)                    # above 0x7f, and 0x7f
        bad |= (word + ones * 0x60) ^ used             # below 0x20, though no NUL
        bad |= used & ~(used << 8 | before >> 56)      # the byte before is NUL
        before = used
        size += 8 if used == high else tc_lowest_bit(~used & high) >> 3
    if bad & high or size == 0 or text[0] == 0x20 or text[size - 1] == 0x20:
        return 0
    return size


# The integer that a text is the decimal form of, 0 where it is none.
cdef inline int64_t own_number(const char* text, int size) noexcept nogil:
    cdef uint64_t number = 0
    cdef int i
    if size > 19 or text[0] == 0x30:
        return 0
    for i in range(size):
        if text[i] < 0x30 or text[i] > 0x39:
            return 0
        number = number * 10 + <uint64_t>(text[i] - 0x30)
    return <int64_t>number if number <= <uint64_t>own_id_max() else 0


cdef inline uint64_t hash_text(const char* text) noexcept nogil:
    cdef uint64_t words[8]
    memcpy(words, text, TEXT_SIZE)
    return digest_words(words, 8)


# Only in C: an integer's hash where a dict has Python's own.
cdef inline uint64_t hash_number(int64_t number) noexcept nogil:
    return tc_fold(<uint64_t>number ^ <uint64_t>0x9E3779B97F4A7C15, <uint64_t>0xC2B2AE3D27D4EB4F)


# Only in C: part of hash_of_id in Python.
cdef inline uint64_t hash_made(const tc_made_ids* made, int64_t number) noexcept nogil:
    cdef char text[TEXT_SIZE]
    put_made_text(made, number, text)
    return hash_text(text)


# An id's hash: of its text, or of the integer that it is; 0 of none. What is hashed of an id is this.
cdef inline uint64_t hash_of_id(const tc_texts* texts, int64_t number) noexcept nogil:
    if number > own_id_max() and number <= last_id_of(texts):
        return texts.entries[number - own_id_max() - 1].hash
    if id_is_made(&texts.made, number):
        return hash_made(&texts.made, number)
    return hash_number(number) if number else 0


# Only in C: a dict in Python.
# A place of an index has the number of an entry, from 1, in the bits of the index's mask, and above them a tag: as much
# of the hash's high half, so that hardly an entry is looked at in vain. An empty one is 0.
cdef inline uint32_t tag_of(uint64_t hash, uint64_t index_mask) noexcept nogil:
    return <uint32_t>(hash >> 32) & ~<uint32_t>index_mask


# Only in C: a dict in Python.
# The entry of a text of this hash, from 1, and 0 with `at` at its empty place where there is none.
cdef inline uint32_t find_entry(
    const tc_texts* texts, const char* text, int size, uint64_t hash, uint64_t* at
) noexcept nogil:
    cdef const tc_text* entry
    cdef uint32_t number, tag = tag_of(hash, texts.index_mask)
    at[0] = hash & texts.index_mask
    while texts.index[at[0]]:
        number = texts.index[at[0]] & <uint32_t>texts.index_mask
        if texts.index[at[0]] - number == tag:
            entry = &texts.entries[number - 1]
            if <int>(entry.place & 0xFF) == size and memcmp(texts.letters + (entry.place >> 8), text, size) == 0:
                return number
        at[0] = (at[0] + 1) & texts.index_mask
    return 0


# The number of a NUL-padded text, 0 where it has none.
cdef inline int64_t find_text(const tc_texts* texts, const char* text) noexcept nogil:
    cdef int size = text_size(text)
    cdef uint64_t at = 0
    cdef int64_t number
    if size == 0:
        return 0
    number = own_number(text, size)
    if number:
        return number
    number = find_entry(texts, text, size, hash_text(text), &at)
    return own_id_max() + number if number else find_made(&texts.made, text, size)


# The number of a text, the next one where it is new; 0 where it is no text, -1 where there is no room.
cdef inline int64_t intern_text(tc_texts* texts, const char* text) noexcept nogil:
    cdef int size = text_size(text)
    cdef uint64_t hash, at = 0
    cdef int64_t number
    if size == 0:
        return 0
    number = own_number(text, size)
    if number:
        return number
    hash = hash_text(text)
    number = find_entry(texts, text, size, hash, &at)
    if number:
        return own_id_max() + number
    number = find_made(&texts.made, text, size)
    if number:
        return number
    if texts.count == texts.capacity:
        return -1
    texts.entries[texts.count].hash = hash
    texts.entries[texts.count].place = texts.used << 8 | <uint64_t>size
    memcpy(texts.letters + texts.used, text, size)
    texts.used += <uint64_t>size
    texts.count += 1
    texts.index[at] = tag_of(hash, texts.index_mask) | texts.count
    texts.digest = chain_digest(texts.digest, hash)
    return last_id_of(texts)


# Only in C: text_of_id in Python.
# The letters of a text that has a number: how many, 0 where it has none.
cdef inline int copy_text(const tc_texts* texts, int64_t number, char* letters) noexcept nogil:
    cdef const tc_text* entry
    if id_is_made(&texts.made, number):
        return put_made_text(&texts.made, number, letters)
    if number <= own_id_max() or number > last_id_of(texts):
        return 0
    entry = &texts.entries[number - own_id_max() - 1]
    memcpy(letters, texts.letters + (entry.place >> 8), entry.place & 0xFF)
    return <int>(entry.place & 0xFF)
