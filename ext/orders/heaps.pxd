# Heaps that melt together: the first of many by a key, where any may leave and two heaps may become one, in a number of
# steps that grows with the logarithm of how many there are. Leftist trees, whose right spines are short.
# A member's number is its order's slot + 1, so that 0 is none; a heap is the number of its top.
# Only in C: sorted lists in Python.

from libc.stdint cimport int64_t, uint32_t
from records cimport tc_assert


cdef struct tc_leaf:
    int64_t key, tie               # the lowest key first, then the lowest tie
    uint32_t left, right, up       # up: 0 of the top
    uint32_t rank                  # of the shortest way down to none; row 0 is none, and stays 0


cdef inline bint comes_first(const tc_leaf* leaves, uint32_t a, uint32_t b) noexcept nogil:
    if leaves[a].key != leaves[b].key:
        return leaves[a].key < leaves[b].key
    return leaves[a].tie < leaves[b].tie


# Makes ranks right from here upwards: to the top, or to where nothing changes any more.
cdef inline void lean_left(tc_leaf* leaves, uint32_t at, bint to_top) noexcept nogil:
    cdef uint32_t left, right, was
    while at:
        left, right, was = leaves[at].left, leaves[at].right, leaves[at].rank
        if leaves[left].rank < leaves[right].rank:
            leaves[at].left, leaves[at].right = right, left
            right = left
        leaves[at].rank = leaves[right].rank + 1
        if leaves[at].rank == was and not to_top:
            return
        at = leaves[at].up


# One heap of two.
cdef inline uint32_t meld_heaps(tc_leaf* leaves, uint32_t a, uint32_t b) noexcept nogil:
    cdef uint32_t top, below
    tc_assert((leaves[a].up == 0) & (leaves[b].up == 0))
    if a == 0 or b == 0:
        return a | b
    if comes_first(leaves, b, a):
        a, b = b, a
    top = a
    while leaves[a].right:
        below = leaves[a].right
        if comes_first(leaves, b, below):
            leaves[a].right = b
            leaves[b].up = a
            below, b = b, below
        a = below
    leaves[a].right = b
    leaves[b].up = a
    lean_left(leaves, a, True)
    return top


cdef inline uint32_t add_leaf(tc_leaf* leaves, uint32_t heap, uint32_t number, int64_t key, int64_t tie) noexcept nogil:
    cdef tc_leaf* leaf = &leaves[number]
    tc_assert((number > 0) & (leaf.rank == 0))         # it is in no heap
    leaf.key = key
    leaf.tie = tie
    leaf.left = 0
    leaf.right = 0
    leaf.up = 0
    leaf.rank = 1
    return meld_heaps(leaves, heap, number)


cdef inline uint32_t remove_leaf(tc_leaf* leaves, uint32_t heap, uint32_t number) noexcept nogil:
    cdef uint32_t up = leaves[number].up, left = leaves[number].left, right = leaves[number].right, below
    tc_assert((leaves[number].rank > 0) & ((up == 0) == (heap == number)))
    leaves[number].rank = 0
    leaves[number].up = 0
    if left:
        leaves[left].up = 0
    if right:
        leaves[right].up = 0
    below = meld_heaps(leaves, left, right)
    if below:
        leaves[below].up = up
    if up == 0:
        return below
    if leaves[up].left == number:
        leaves[up].left = below
    else:
        leaves[up].right = below
    lean_left(leaves, up, False)
    return heap
