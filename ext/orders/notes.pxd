# Free texts that venues and operators said: the newest of them. It decides nothing, and reads none.

from libc.string cimport memcpy, memset
from texts cimport *


cdef enum:
    NO_TEXT = 0x1E                 # the end of a note that has words of fields alone, and no text


cdef struct tc_note:
    int64_t seq                    # of the report that answers what it came with
    int64_t size
    char text[NOTE_SIZE]


cdef struct tc_notes:
    tc_note* rows                  # ring of notes by number, from 1
    uint64_t mask
    int64_t count
    uint64_t digest                # over all that was ever said, for the state hash


# A note that is held, or NULL.
cdef inline tc_note* find_note(const tc_notes* notes, int64_t number) noexcept nogil:
    if number < 1 or number > notes.count or number < notes.count - <int64_t>notes.mask:
        return NULL
    return &notes.rows[<uint64_t>number & notes.mask]


# Begins a note (number 0), or goes on with one as far as there is room; its number, 0 where it is not held. `piece` is
# NUL-padded.
cdef inline int64_t add_note(tc_notes* notes, int64_t number, const char* piece, int size) noexcept nogil:
    cdef tc_note* note
    cdef int64_t room
    if number == 0:
        notes.count += 1
        number = notes.count
        memset(&notes.rows[<uint64_t>number & notes.mask], 0, sizeof(tc_note))
    note = find_note(notes, number)
    if note == NULL:
        return 0
    room = NOTE_SIZE - note.size
    memcpy(note.text + note.size, piece, <size_t>(size if size < room else room))
    note.size += size if size < room else room
    notes.digest = chain_digest(notes.digest, tc_fold(<uint64_t>number ^ <uint64_t>0x9E3779B97F4A7C15,
                                                      hash_text(piece)))
    return number
