# The tables of one core: sized once from its Capacity, zeroed, owned by the shell that asked for them.
# After this the native pass allocates nothing.
# Only in C: a twin's tables are Python's lists and dicts.

from pipeline cimport *
from exit_gate cimport GATE_TIMES, tc_gate_market, tc_gate_row
from risk_tables cimport open_risk
from shell cimport round_up
from table cimport table


# The tables of one book: of a venue's orders, or of what waits for a price.
cdef inline int open_book(list t, tc_book* book, int64_t nodes, int64_t rows, int64_t levels) except -1:
    book.nodes = <tc_node*>table(t, nodes, sizeof(tc_node))
    book.rows = <tc_row*>table(t, rows, sizeof(tc_row))
    book.levels = <tc_level*>table(t, levels + 1, sizeof(tc_level))
    book.free_levels = <uint32_t*>table(t, levels, sizeof(uint32_t))
    book.by_price.mask = <uint64_t>round_up(2 * levels) - 1
    book.by_price.slots = <tc_slot*>table(t, book.by_price.mask + 1, sizeof(tc_slot))
    # A level adds at most TIERS maps; the table holds them all at most half full, so that it can't fill up.
    book.tries.mask = <uint64_t>round_up(2 * TIERS * levels) - 1
    book.tries.slots = <tc_slot*>table(t, book.tries.mask + 1, sizeof(tc_slot))
    return 0


# Beyond the places there is room for what every order that is held may still have to be sent: those that come back from
# the history are asked no room.
cdef inline int open_unsent(list t, tc_unsent* unsent, object capacity) except -1:
    cdef int64_t held = capacity.open_orders + capacity.exit_orders + 2 * capacity.order_history + 2
    unsent.most = PLACES_PER_ORDER * capacity.open_orders
    unsent.row_max = <uint32_t>(unsent.most + PLACES * held)
    unsent.messages = <tc_message*>table(t, <int64_t>unsent.row_max + 1, sizeof(tc_message))
    unsent.rows = <tc_message_row*>table(t, <int64_t>unsent.row_max + 1, sizeof(tc_message_row))
    return 0


# Orders, their terms and requests, and their ids.
cdef inline int open_orders_tables(list t, tc_core* core, object capacity, int64_t slots, object transitions) except -1:
    cdef int64_t requests, i
    core.order_slots = <uint32_t>slots
    core.orders.slots = <tc_order*>table(t, slots, sizeof(tc_order))
    core.orders.free_slots = <uint32_t*>table(t, slots, sizeof(uint32_t))
    core.orders.by_id_mask = <uint64_t>round_up(2 * slots) - 1
    core.orders.by_id = <uint32_t*>table(t, core.orders.by_id_mask + 1, sizeof(uint32_t))
    core.orders.terms = <tc_terms*>table(t, slots + 1, sizeof(tc_terms))
    core.orders.blank = <uint32_t>slots
    core.orders.terms[slots].stop_px = no_price()
    core.orders.terms[slots].entered_stop_px = no_price()
    core.orders.terms[slots].protect_px = no_price()
    core.orders.terms[slots].fund_px = no_price()
    core.orders.terms[slots].child_head = NO_SLOT
    core.orders.terms[slots].child_tail = NO_SLOT
    core.parents_mask = <uint64_t>round_up(slots) - 1
    core.parents = <uint32_t*>table(t, core.parents_mask + 1, sizeof(uint32_t))
    core.orders.open.head = NO_SLOT
    core.orders.open.tail = NO_SLOT
    core.orders.history.head = NO_SLOT
    core.orders.history.tail = NO_SLOT
    core.orders.history_size = capacity.order_history
    core.orders.rejects.head = NO_SLOT
    core.orders.rejects.tail = NO_SLOT
    core.orders.reject_size = capacity.reject_history
    open_unsent(t, &core.orders.unsent, capacity)
    # An order has two cancels at most that are unanswered, the older one UNKNOWN; there are at most open_max replaces.
    requests = 2 * slots + capacity.open_orders
    core.orders.requests = <tc_request*>table(t, requests, sizeof(tc_request))
    core.orders.free_requests = <uint32_t*>table(t, requests, sizeof(uint32_t))
    core.orders.request_rows = <uint32_t>requests
    core.orders.free_request_count = <uint32_t>requests
    for i in range(requests):
        core.orders.free_requests[i] = <uint32_t>(requests - 1 - i)
    for i, followers in enumerate(transitions):
        core.orders.transitions[i] = followers
    core.orders.open_max = capacity.open_orders
    core.orders.exit_max = capacity.exit_orders
    core.orders.free_count = <uint32_t>slots
    for i in range(slots):
        core.orders.free_slots[i] = <uint32_t>(slots - 1 - i)

    core.texts.capacity = capacity.ids
    core.texts.entries = <tc_text*>table(t, capacity.ids, sizeof(tc_text))
    core.texts.letters = <char*>table(t, capacity.ids, TEXT_SIZE)
    core.texts.index_mask = <uint64_t>round_up(2 * capacity.ids) - 1
    core.texts.index = <uint32_t*>table(t, core.texts.index_mask + 1, sizeof(uint32_t))
    core.ids.capacity = capacity.cl_ord_ids
    core.ids.entries = <tc_id_entry*>table(t, capacity.cl_ord_ids, sizeof(tc_id_entry))
    core.ids.index_mask = <uint64_t>round_up(2 * capacity.cl_ord_ids) - 1
    core.ids.index = <uint32_t*>table(t, core.ids.index_mask + 1, sizeof(uint32_t))
    return 0


# Limits, exposures, rankings.
cdef inline int open_risk_and_routing(
    list t, tc_core* core, object capacity, int64_t slots, int64_t instruments, int64_t accounts, list rules
) except -1:
    open_risk(t, &core.risk, accounts, instruments, capacity.currencies + 1, capacity.limit_rows,
              capacity.accounts + capacity.limit_counters, capacity.strategies, capacity.order_rate, rules)

    core.gate.markets = <tc_gate_market*>table(t, instruments, sizeof(tc_gate_market))
    core.gate.rows = <tc_gate_row*>table(t, slots, sizeof(tc_gate_row))
    core.self_match = <tc_prevention*>table(t, capacity.accounts + 1, sizeof(tc_prevention))
    core.gate.times = <int64_t*>table(t, GATE_TIMES, sizeof(int64_t))
    core.rules.rows = <tc_rule*>table(t, USER_RULES_MAX + 1, sizeof(tc_rule))

    core.router.venues = <tc_venue*>table(t, capacity.venues + 1, sizeof(tc_venue))
    core.router.tops = <tc_top*>table(t, instruments * 2 * MAX_VENUES, sizeof(tc_top))
    core.router.terms = <tc_term*>table(t, instruments * 2 * MAX_VENUES, sizeof(tc_term))
    core.router.rankings = <tc_ranking*>table(t, instruments * 2, sizeof(tc_ranking))
    core.router.turns = <uint8_t*>table(t, instruments * 2, sizeof(uint8_t))
    core.router.history.mask = <uint64_t>capacity.decisions - 1
    core.router.history.terms = <tc_term*>table(t, capacity.decisions * MAX_VENUES, sizeof(tc_term))
    core.router.history.rows = <tc_kept*>table(t, capacity.decisions, sizeof(tc_kept))
    core.router.statistics = <tc_statistics*>table(t, capacity.venues + 1, sizeof(tc_statistics))
    core.router.health = <tc_health*>table(t, capacity.venues + 1, sizeof(tc_health))
    core.router.next_turn = never()
    core.router.movements = <tc_movement*>table(t, instruments, sizeof(tc_movement))
    core.router.strategies = <uint8_t*>table(t, capacity.strategies + 1, sizeof(uint8_t))
    core.router.strategy_max = capacity.strategies
    core.router.time_to_live = 100_000_000
    return 0


# The lists of open orders, by what they are of.
cdef inline int open_indices(
    list t, tc_open_orders* index, object capacity, int64_t slots, int64_t instruments, int64_t accounts
) except -1:
    index.rows = <tc_open_row*>table(t, slots + 1, sizeof(tc_open_row))
    index.free_rows = <uint32_t*>table(t, slots, sizeof(uint32_t))
    index.places = <uint32_t*>table(t, instruments * accounts, sizeof(uint32_t))
    index.account_stride = accounts
    index.by_instrument = <uint32_t*>table(t, instruments, sizeof(uint32_t))
    index.by_account = <uint32_t*>table(t, accounts, sizeof(uint32_t))
    index.by_venue = <uint32_t*>table(t, capacity.venues + 1, sizeof(uint32_t))
    index.by_strategy.mask = <uint64_t>round_up(2 * slots) - 1
    index.by_strategy.slots = <tc_slot*>table(t, index.by_strategy.mask + 1, sizeof(tc_slot))
    index.sizes = <tc_leaf*>table(t, slots + 1, sizeof(tc_leaf))
    index.found = <tc_found*>table(t, slots, sizeof(tc_found))
    return 0


# Books, what waits for a price, a session or another order, and deadlines.
cdef inline int open_waiting(
    list t, tc_core* core, object capacity, int64_t slots, int64_t instruments, int64_t accounts
) except -1:
    cdef int64_t i, rows
    core.books.numbers = <uint32_t*>table(t, instruments * capacity.venues, sizeof(uint32_t))
    core.books.venues = capacity.venues
    core.books.most = min(capacity.books, capacity.instruments * capacity.venues)
    rows = (<int64_t>core.books.most + 1) * 2
    open_book(t, &core.book, slots + rows, rows, slots + rows + 1)
    core.books.printed = <int64_t*>table(t, rows, sizeof(int64_t))
    # One command takes from one side of one book: its orders, and its quote.
    core.book.fills = <tc_fill*>table(t, slots + 1, sizeof(tc_fill))
    core.charges = <tc_charge*>table(t, slots + 1, sizeof(tc_charge))
    for i in range(2):
        open_book(t, &core.triggers.stops[i], slots, instruments * TRIGGER_ROWS, slots + 1)
        open_book(t, &core.triggers.peaks[i], 2 * slots + 1, instruments * TRIGGER_ROWS, slots + 1)
    core.triggers.slots = <uint32_t>slots
    core.triggers.trails = <tc_trail*>table(t, 2 * slots + 1, sizeof(tc_trail))
    core.triggers.free_trails = <uint32_t*>table(t, 2 * slots, sizeof(uint32_t))
    core.triggers.joined = <uint32_t*>table(t, slots, sizeof(uint32_t))
    core.triggers.offsets = <tc_leaf*>table(t, slots + 1, sizeof(tc_leaf))
    core.triggers.nearest = <tc_nearest*>table(t, instruments, sizeof(tc_nearest))
    core.triggers.watched = <tc_watched*>table(t, instruments, sizeof(tc_watched))
    core.triggers.held_most = slots
    core.triggers.held_back = <int64_t*>table(t, slots + 1, sizeof(int64_t))
    core.triggers.fired_mask = <uint64_t>round_up(slots) - 1
    core.triggers.fired = <int64_t*>table(t, core.triggers.fired_mask + 1, sizeof(int64_t))
    core.sessions = <uint8_t*>table(t, instruments, 1)
    core.risk.values.sessions = core.sessions
    core.close_times = <int64_t*>table(t, instruments, sizeof(int64_t))
    core.is_moved = <uint8_t*>table(t, instruments, 1)
    core.ahead = <tc_ahead*>table(t, BASKET_MAX, sizeof(tc_ahead))
    core.moved_mask = <uint64_t>round_up(instruments) - 1
    core.moved = <int32_t*>table(t, core.moved_mask + 1, sizeof(int32_t))
    core.trimmed_mask = <uint64_t>round_up(slots) - 1
    core.trimmed = <int64_t*>table(t, core.trimmed_mask + 1, sizeof(int64_t))

    core.groups.rows = <tc_group*>table(t, slots, sizeof(tc_group))
    core.groups.free_rows = <uint32_t*>table(t, slots, sizeof(uint32_t))
    core.groups.free_count = <uint32_t>slots
    core.groups.row_count = <uint32_t>slots
    for i in range(slots):
        core.groups.free_rows[i] = <uint32_t>(slots - 1 - i)
    core.groups.news_mask = <uint64_t>round_up(slots) - 1
    core.groups.news = <uint32_t*>table(t, core.groups.news_mask + 1, sizeof(uint32_t))
    core.groups.by_id.mask = <uint64_t>round_up(2 * slots) - 1
    core.groups.by_id.slots = <tc_slot*>table(t, core.groups.by_id.mask + 1, sizeof(tc_slot))

    core.timers.heap = <uint32_t*>table(t, slots + 2 * instruments + 1, sizeof(uint32_t))
    core.timers.places = <uint32_t*>table(t, slots + 2 * instruments, sizeof(uint32_t))
    core.timers.deadlines = <int64_t*>table(t, slots + 2 * instruments, sizeof(int64_t))
    core.timers.orders = <int64_t*>table(t, slots + 2 * instruments, sizeof(int64_t))
    return 0


# Trades, positions, marks and the ring of events.
cdef inline int open_ledgers(
    list t, tc_core* core, object capacity, int64_t slots, int64_t instruments, int64_t accounts
) except -1:
    core.day = 1
    core.trades.mask = <uint64_t>capacity.trades - 1
    core.trades.rows = <tc_execution*>table(t, capacity.trades, sizeof(tc_execution))
    for i in range(DAYS_KNOWN + 1):
        core.exec_ids.day_firsts[i] = 1
    core.exec_ids.mask = <uint64_t>capacity.exec_ids - 1
    core.exec_ids.entries = <tc_exec_id*>table(t, capacity.exec_ids, sizeof(tc_exec_id))
    # Four of a bucket's ten ways are in use on average, so that hardly one of them is pushed out while it is held.
    core.exec_ids.bucket_mask = <uint64_t>round_up(capacity.exec_ids >> 2) - 1
    core.exec_ids.buckets = <tc_exec_bucket*>table(t, core.exec_ids.bucket_mask + 1, sizeof(tc_exec_bucket))
    core.trades.bases = <tc_position*>table(t, instruments * accounts, sizeof(tc_position))

    core.ledger.account_stride = accounts
    core.ledger.currency_stride = capacity.currencies + 1
    core.ledger.positions = <tc_position*>table(t, instruments * accounts, sizeof(tc_position))
    core.ledger.cash = <tc_i128*>table(t, accounts * (capacity.currencies + 1), sizeof(tc_i128))
    core.ledger.charges = <tc_i128*>table(t, accounts * (capacity.currencies + 1), sizeof(tc_i128))
    core.notes.mask = <uint64_t>capacity.notes - 1
    core.notes.rows = <tc_note*>table(t, capacity.notes, sizeof(tc_note))
    core.unbooked.most = capacity.unbooked
    core.unbooked.rows = <tc_unbooked*>table(t, capacity.unbooked + 1, sizeof(tc_unbooked))
    core.unbooked.settled = <tc_unbooked*>table(t, capacity.unbooked, sizeof(tc_unbooked))
    core.unbooked.blocking = <int64_t*>table(t, accounts, sizeof(int64_t))
    core.ledger.marks = <int64_t*>table(t, instruments, sizeof(int64_t))
    core.ledger.lasts = <int64_t*>table(t, instruments, sizeof(int64_t))

    core.events.mask = <uint64_t>capacity.events - 1
    core.events.ring = <tc_report*>table(t, capacity.events, sizeof(tc_report))
    return 0


# At most half full.
cdef inline int open_names(list t, tc_names* names, int64_t count) except -1:
    names.mask = <uint64_t>round_up(2 * count) - 1
    names.places = <uint32_t*>table(t, names.mask + 1, sizeof(uint32_t))
    return 0


# Everything. `reasons` and `transitions` are the vocabulary's dense tables, `rules` its table of risk's rules.
cdef inline int open_core(
    list t, tc_core* core, object capacity, object reasons, object transitions, list rules
) except -1:
    cdef int64_t i, slots
    cdef int64_t instruments = capacity.instruments + 1, accounts = capacity.accounts + 1
    slots = capacity.open_orders + capacity.exit_orders + 2 * capacity.order_history + capacity.reject_history + 2
    core.clock_step = capacity.clock_step
    core.instrument_max = capacity.instruments
    core.account_max = capacity.accounts
    core.venue_max = capacity.venues
    core.currency_max = capacity.currencies
    core.instruments = <tc_instrument*>table(t, instruments, sizeof(tc_instrument))
    core.accounts = <int64_t*>table(t, accounts, sizeof(int64_t))
    open_names(t, &core.instrument_names, instruments)
    open_names(t, &core.account_names, accounts)
    core.bands = <tc_band*>table(t, instruments * BANDS, sizeof(tc_band))
    core.money_precisions = <uint8_t*>table(t, capacity.currencies + 1, sizeof(uint8_t))
    core.currencies = <int64_t*>table(t, capacity.currencies + 1, sizeof(int64_t))
    core.histograms = <uint64_t*>table(t, HISTOGRAMS * BUCKETS, sizeof(uint64_t))
    for i, reason in enumerate(reasons):
        core.ord_rej_reasons[i] = reason
    open_orders_tables(t, core, capacity, slots, transitions)
    open_risk_and_routing(t, core, capacity, slots, instruments, accounts, rules)
    core.risk.pnl.instruments = core.risk.strategies.instruments = core.instruments
    core.risk.pnl.precisions = core.risk.strategies.precisions = core.money_precisions
    open_indices(t, &core.open_orders, capacity, slots, instruments, accounts)
    open_waiting(t, core, capacity, slots, instruments, accounts)
    open_ledgers(t, core, capacity, slots, instruments, accounts)
    core.risk.funds.instruments = core.instruments
    core.risk.funds.precisions = core.money_precisions
    core.risk.funds.opened = core.ledger.cash
    return 0
