# The simulated venue's book: price-time priority, add and cancel in constant time, over sparse prices.
#
# Orders rest in nodes, nodes in the FIFO list of a price level. A level is found by hashing (row, price); the next
# best price by a trie of 64-bit occupancy maps, ten tiers of six bits, whose maps are found by hashing too: at most
# 20 steps whatever the prices and however many rest, usually one. A row is one side of one book; while it has had one
# level at a time, as a quote alone has, it is in neither hash, and costs no more than the level.
# Prices here are ticks, or units of what waits for a price, |price| < 2**54; quantities are lots. The node number is
# the caller's.

from records cimport *


cdef enum:
    TIERS = 10
    NO_NODE = 0xFFFFFFFF
    NO_LEVEL = 0                   # levels count from 1, so that a table of zeros is one of empty rows


cdef struct tc_node:
    int64_t qty                    # displayed
    int64_t hidden, peak           # of an iceberg: what it does not show, and how much it shows at a time
    uint32_t prev, next, level
    uint32_t fill                  # where the running match has put its fill, if it has


cdef struct tc_level:
    int64_t price, qty             # displayed
    int64_t hidden_qty
    uint32_t head, tail, row


cdef struct tc_slot:               # hash slot: the key's two parts, and the level (or the trie's map)
    uint64_t key                   # a place, or its prefix
    uint64_t tag                   # the row, and the tier of the trie's map
    uint64_t value


cdef struct tc_hash:
    tc_slot* slots                 # value 0 is empty
    uint64_t mask


cdef struct tc_row:
    uint32_t best                  # level, or NO_LEVEL
    uint32_t is_mapped             # its levels are in the hashes: since it had two, until it has none


cdef struct tc_fill:
    int64_t qty, price             # price in ticks
    uint32_t node
    bint done                      # the maker has nothing left


cdef struct tc_book:
    tc_node* nodes
    tc_level* levels
    uint32_t* free_levels          # of those that were in use: levels are taken one after another first
    uint32_t free_count, level_count
    tc_row* rows                   # [book * 2 + side - 1]
    tc_hash by_price, tries
    tc_fill* fills                 # what the last match took, in order
    int64_t fill_count


# ---- hash: linear probing, removal by shifting back, so that no tombstone ever slows a long day

cdef inline uint64_t hash_place(const tc_hash* table, uint64_t key, uint64_t tag) noexcept nogil:
    return tc_fold(key ^ tag << 36, <uint64_t>0x9E3779B97F4A7C15) & table.mask


cdef inline tc_slot* find_slot(const tc_hash* table, uint64_t key, uint64_t tag) noexcept nogil:
    cdef uint64_t at = hash_place(table, key, tag)
    while table.slots[at].value != 0 and (table.slots[at].key != key or table.slots[at].tag != tag):
        at = (at + 1) & table.mask
    return &table.slots[at]


cdef inline void remove_slot(tc_hash* table, tc_slot* slot) noexcept nogil:
    cdef uint64_t hole = slot - table.slots, at = hole, home
    while True:
        at = (at + 1) & table.mask
        if table.slots[at].value == 0:
            break
        home = hash_place(table, table.slots[at].key, table.slots[at].tag)
        if ((at - home) & table.mask) >= ((at - hole) & table.mask):
            table.slots[hole] = table.slots[at]
            hole = at
    table.slots[hole].value = 0


# ---- trie of occupied prices

cdef inline uint64_t offset_price(int64_t price) noexcept nogil:
    return <uint64_t>(price + (<int64_t>1 << 54))


cdef inline uint64_t trie_tag(uint32_t row, int tier) noexcept nogil:
    return <uint64_t>row << 4 | <uint64_t>tier


# The map of a tier that a place is in.
cdef inline tc_slot* find_map(const tc_book* book, uint32_t row, int tier, uint64_t place) noexcept nogil:
    return find_slot(&book.tries, place >> (6 * (tier + 1)), trie_tag(row, tier))


cdef inline void trie_add(tc_book* book, uint32_t row, uint64_t place) noexcept nogil:
    cdef tc_slot* slot
    cdef uint64_t bit
    cdef int tier
    for tier in range(TIERS):
        slot = find_map(book, row, tier, place)
        bit = <uint64_t>1 << ((place >> (6 * tier)) & 63)
        if slot.value:
            slot.value |= bit
            return
        slot.key = place >> (6 * (tier + 1))
        slot.tag = trie_tag(row, tier)
        slot.value = bit


cdef inline void trie_remove(tc_book* book, uint32_t row, uint64_t place) noexcept nogil:
    cdef tc_slot* slot
    cdef int tier
    for tier in range(TIERS):
        slot = find_map(book, row, tier, place)
        slot.value &= ~(<uint64_t>1 << ((place >> (6 * tier)) & 63))
        if slot.value != 0:
            return
        remove_slot(&book.tries, slot)


# The next occupied place above (up) or below `place`, or -1.
cdef inline int64_t trie_next(const tc_book* book, uint32_t row, uint64_t place, bint up) noexcept nogil:
    cdef uint64_t bits
    cdef int tier, digit
    for tier in range(TIERS):
        digit = <int>((place >> (6 * tier)) & 63)
        bits = find_map(book, row, tier, place).value
        if up:
            bits = bits & (~<uint64_t>0 << digit) & ~(<uint64_t>1 << digit)
        else:
            bits = bits & ((<uint64_t>1 << digit) - 1)
        if bits == 0:
            continue
        place = (place >> (6 * (tier + 1))) << (6 * (tier + 1))
        place |= <uint64_t>(tc_lowest_bit(bits) if up else tc_highest_bit(bits)) << (6 * tier)
        while tier > 0:
            tier -= 1
            bits = find_map(book, row, tier, place).value
            place |= <uint64_t>(tc_lowest_bit(bits) if up else tc_highest_bit(bits)) << (6 * tier)
        return <int64_t>place
    return -1


# ---- levels

cdef inline bint is_ask_row(uint32_t row) noexcept nogil:
    return row & 1


cdef inline bint is_better(uint32_t row, int64_t price, int64_t other) noexcept nogil:
    return price < other if is_ask_row(row) else price > other


# The level behind a place in priority, or NO_LEVEL, in a row that is mapped.
cdef inline uint32_t level_behind(const tc_book* book, uint32_t row, uint64_t place) noexcept nogil:
    cdef int64_t next = trie_next(book, row, place, is_ask_row(row))
    return NO_LEVEL if next < 0 else <uint32_t>find_slot(&book.by_price, <uint64_t>next, row).value


# The level behind `level` in priority, or NO_LEVEL.
cdef inline uint32_t next_level(const tc_book* book, uint32_t level) noexcept nogil:
    cdef uint32_t row = book.levels[level].row
    if not book.rows[row].is_mapped:
        return NO_LEVEL
    return level_behind(book, row, offset_price(book.levels[level].price))


cdef inline void map_level(tc_book* book, uint32_t row, uint32_t number, tc_slot* slot, uint64_t place) noexcept nogil:
    slot.key = place
    slot.tag = row
    slot.value = number
    trie_add(book, row, place)


cdef inline uint32_t take_level(tc_book* book, uint32_t row, int64_t price) noexcept nogil:
    cdef uint32_t number
    cdef tc_level* level
    if book.free_count:
        book.free_count -= 1
        number = book.free_levels[book.free_count]
    else:
        book.level_count += 1
        number = book.level_count
    level = &book.levels[number]
    level.price = price
    level.qty = 0
    level.hidden_qty = 0
    level.row = row
    level.head = NO_NODE
    level.tail = NO_NODE
    return number


cdef inline uint32_t open_level(tc_book* book, uint32_t at, int64_t price) noexcept nogil:
    cdef tc_row* row = &book.rows[at]
    cdef uint64_t place = offset_price(price), other
    cdef tc_slot* slot
    cdef uint32_t number
    if row.best == NO_LEVEL:
        row.best = take_level(book, at, price)
        return row.best
    if not row.is_mapped:
        if book.levels[row.best].price == price:
            return row.best
        row.is_mapped = True
        other = offset_price(book.levels[row.best].price)
        map_level(book, at, row.best, find_slot(&book.by_price, other, at), other)
    slot = find_slot(&book.by_price, place, at)
    if slot.value != 0:
        return <uint32_t>slot.value
    number = take_level(book, at, price)
    map_level(book, at, number, slot, place)
    if is_better(at, price, book.levels[row.best].price):
        row.best = number
    tc_assert(not is_better(at, price, book.levels[row.best].price))
    return number


# The level at this price, or NO_LEVEL.
cdef inline uint32_t find_level(const tc_book* book, uint32_t row, int64_t price) noexcept nogil:
    cdef uint32_t best = book.rows[row].best
    if best == NO_LEVEL or book.levels[best].price == price:
        return best
    if not book.rows[row].is_mapped:
        return NO_LEVEL
    return <uint32_t>find_slot(&book.by_price, offset_price(price), row).value


cdef inline void close_level(tc_book* book, uint32_t number) noexcept nogil:
    cdef uint32_t at = book.levels[number].row
    cdef tc_row* row = &book.rows[at]
    cdef uint64_t place = offset_price(book.levels[number].price)
    tc_assert((book.levels[number].qty == 0) & (book.levels[number].hidden_qty == 0))
    if row.is_mapped:
        if row.best == number:
            row.best = level_behind(book, at, place)
            row.is_mapped = row.best != NO_LEVEL
        trie_remove(book, at, place)
        remove_slot(&book.by_price, find_slot(&book.by_price, place, at))
    else:
        row.best = NO_LEVEL
    book.free_levels[book.free_count] = number
    book.free_count += 1


# ---- the venue

cdef inline void append_node(tc_book* book, tc_level* level, uint32_t number) noexcept nogil:
    cdef tc_node* node = &book.nodes[number]
    tc_assert((level.head == NO_NODE) == (level.tail == NO_NODE))
    node.prev = level.tail
    node.next = NO_NODE
    if level.tail == NO_NODE:
        level.head = number
    else:
        book.nodes[level.tail].next = number
    level.tail = number


# Rests an order behind everything at its price; with a peak it shows that much at a time, and hides the rest.
cdef inline void add_node(
    tc_book* book, uint32_t row, uint32_t number, int64_t price, int64_t qty, int64_t peak
) noexcept nogil:
    cdef uint32_t at = open_level(book, row, price)
    cdef tc_level* level = &book.levels[at]
    cdef tc_node* node = &book.nodes[number]
    cdef int64_t hidden = qty - peak if 0 < peak and peak < qty else 0
    tc_assert((qty > 0) & (node.qty == 0) & (node.hidden == 0))        # it rests nowhere yet
    node.qty = qty - hidden
    node.hidden = hidden
    node.peak = peak
    node.level = at
    append_node(book, level, number)
    level.qty += node.qty
    level.hidden_qty += hidden
    tc_assert((level.qty >= node.qty) & (level.hidden_qty >= hidden))


# Do the neighbours of a node, or its level's ends, point at it?
cdef inline bint is_linked_node(const tc_book* book, const tc_level* level, const tc_node* node) noexcept nogil:
    cdef uint32_t before = level.head if node.prev == NO_NODE else book.nodes[node.prev].next
    cdef uint32_t behind = level.tail if node.next == NO_NODE else book.nodes[node.next].prev
    return &book.nodes[before] == node and &book.nodes[behind] == node


cdef inline void unlink_node(tc_book* book, tc_level* level, const tc_node* node) noexcept nogil:
    tc_assert(is_linked_node(book, level, node))
    if node.prev == NO_NODE:
        level.head = node.next
    else:
        book.nodes[node.prev].next = node.next
    if node.next == NO_NODE:
        level.tail = node.prev
    else:
        book.nodes[node.next].prev = node.prev


cdef inline void remove_node(tc_book* book, uint32_t number) noexcept nogil:
    cdef tc_node* node = &book.nodes[number]
    cdef tc_level* level = &book.levels[node.level]
    tc_assert((level.qty >= node.qty) & (level.hidden_qty >= node.hidden))
    level.qty -= node.qty
    level.hidden_qty -= node.hidden
    unlink_node(book, level, node)
    if level.head == NO_NODE:
        close_level(book, node.level)
    node.qty = 0
    node.hidden = 0
    node.level = NO_LEVEL


# Takes `qty` of more from a resting order, first of what it hides; it keeps its place in the queue.
cdef inline void reduce_node(tc_book* book, uint32_t number, int64_t qty) noexcept nogil:
    cdef tc_node* node = &book.nodes[number]
    cdef tc_level* level = &book.levels[node.level]
    cdef int64_t unseen = node.hidden if node.hidden < qty else qty
    node.hidden -= unseen
    level.hidden_qty -= unseen
    node.qty -= qty - unseen
    level.qty -= qty - unseen
    tc_assert((node.qty > 0) & (level.qty >= node.qty) & (level.hidden_qty >= node.hidden))


# An iceberg whose shown part is gone shows the next, behind everything at its price.
cdef inline void refresh_node(tc_book* book, tc_level* level, uint32_t number) noexcept nogil:
    cdef tc_node* node = &book.nodes[number]
    tc_assert((node.hidden > 0) & (node.peak > 0))
    unlink_node(book, level, node)
    node.qty = node.hidden if node.hidden < node.peak else node.peak
    node.hidden -= node.qty
    append_node(book, level, number)
    level.qty += node.qty
    level.hidden_qty -= node.qty


# Does an order with this limit reach the best price of the row that it would take from?
cdef inline bint crosses(const tc_book* book, uint32_t row, int64_t limit) noexcept nogil:
    cdef uint32_t best = book.rows[row].best
    return best != NO_LEVEL and not is_better(row, limit, book.levels[best].price)


# Is `qty` there, at `limit` or better? Walks levels until there is enough.
cdef inline bint is_fillable(const tc_book* book, uint32_t row, int64_t limit, int64_t qty) noexcept nogil:
    cdef uint32_t at = book.rows[row].best
    while at != NO_LEVEL and not is_better(row, limit, book.levels[at].price):
        qty -= book.levels[at].qty + book.levels[at].hidden_qty
        if qty <= 0:
            return True
        at = next_level(book, at)
    return False


# Takes up to `qty` from `row` in price-time priority; the trades are in book.fills. Returns what is left.
cdef inline int64_t match_order(tc_book* book, uint32_t row, int64_t limit, int64_t qty) noexcept nogil:
    cdef tc_fill* fill
    cdef tc_level* level
    cdef tc_node* node
    cdef int64_t taken
    book.fill_count = 0
    while qty > 0 and crosses(book, row, limit):
        level = &book.levels[book.rows[row].best]
        node = &book.nodes[level.head]
        if node.fill >= book.fill_count or book.fills[node.fill].node != level.head:
            node.fill = <uint32_t>book.fill_count      # what an iceberg shows later adds to the same fill
            book.fill_count += 1
            fill = &book.fills[node.fill]
            fill.node = level.head
            fill.price = level.price
            fill.qty = 0
        fill = &book.fills[node.fill]
        taken = node.qty if node.qty <= qty else qty
        fill.qty += taken
        fill.done = taken == node.qty and node.hidden == 0
        qty -= taken
        if fill.done:
            remove_node(book, fill.node)
        elif taken == node.qty:
            level.qty -= taken
            refresh_node(book, level, fill.node)
        else:
            node.qty -= taken
            level.qty -= taken
        tc_assert(taken > 0)
    tc_assert((qty == 0) | (not crosses(book, row, limit)))
    return qty
