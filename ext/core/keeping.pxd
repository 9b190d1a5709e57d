# What a venue said and can't be booked whole is kept and told, and its account and instrument take no more risk until
# an operator has decided. An exit must reduce the position both with and without it. It books nothing.

from known_ids cimport *


# Only in C: constants of C as functions.
# Of a trade whose quantity nobody can read: no position reduces with it.
cdef inline int64_t any_qty() noexcept nogil:
    return <int64_t>1 << 62


# Takes a piece of a free text: the note's number is the ack's order_id. No report: see `enter_text`.
cdef inline void enter_note(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef char piece[TEXT_SIZE]
    cdef int size = 0
    memset(piece, 0, TEXT_SIZE)
    while size < TEXT_SIZE and c.text[size]:
        piece[size] = c.text[size]
        size += 1
    ack.order_id = add_note(&core.notes, c.cl_ord_id, piece, size) if size else 0
    if ack.order_id == 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.cl_ord_id, 32 if size else 56)


# The free text that a command came with, or NULL; from now on the report that answers it tells it.
cdef inline const tc_note* hear_note(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_note* note = find_note(&core.notes, c.note)
    if note != NULL:
        note.seq = core.answer_seq
    return note


# What a venue says of an order in its own words: its id there, and the last text about it.
cdef inline void hear_of_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = extend_order(&core.orders, order)
    cdef const tc_note* note = find_note(&core.notes, c.note)
    if note != NULL and note.size and note.text[note.size - 1] != NO_TEXT:
        terms.note = c.note
    if given_id(core, c.venue_order_id):
        terms.venue_order_id = c.venue_order_id


# By how much a trade that can't be booked may move a position: at least, and at most.
cdef inline void range_of(const tc_command* c, uint8_t side, int64_t* low, int64_t* high) noexcept nogil:
    cdef int64_t least, most
    low[0] = -any_qty()
    high[0] = any_qty()
    if c.last_qty == untellable() or c.last_qty == no_price():
        return
    least = c.last_qty if c.last_qty < any_qty() else any_qty()
    most = least + 1 if c.told & TOLD_FINER and least < any_qty() else least
    low[0] = least if is_side(side) else -most
    high[0] = most
    if not is_side(side):
        return
    if direction(side) == SIDE_SELL:
        low[0] = -most
        high[0] = -least


# Only in C: a constructor in Python.
# Fills the next row, and keeps it; of how much it may move, nothing is known yet.
cdef inline tc_unbooked* put_unbooked(
    tc_core* core, const tc_command* c, const tc_note* note, int reason, int64_t value, int64_t bound, int64_t order_id,
    int32_t account, int32_t instrument, int64_t low, int64_t high
) noexcept nogil:
    cdef tc_unbooked* row = &core.unbooked.rows[core.unbooked.used]
    memset(row, 0, sizeof(tc_unbooked))
    row.said = c[0]
    row.time = core.now
    row.order_id = order_id
    row.reason = reason
    row.value = value
    row.bound = bound
    row.instrument = instrument if instrument > 0 else 0
    row.account = account
    row.low = low
    row.high = high
    if note != NULL:
        row.size = note.size
        memcpy(row.text, note.text, <size_t>note.size)
    keep_unbooked(&core.unbooked, row, &core.texts)
    return row


# Keeps a report that can't be booked, with all it said; refused where it lies there already, or an operator has
# decided about it. Where there is no room, it is refused and counted, and nobody takes more risk until an operator has
# looked.
cdef inline void keep_report(
    tc_core* core, const tc_command* c, tc_ack* ack, int reason, int64_t value, int64_t bound, int64_t order_id,
    int32_t account, int32_t instrument, int64_t low, int64_t high
) noexcept nogil:
    cdef tc_unbooked_table* table = &core.unbooked
    cdef const tc_note* note = hear_note(core, c)
    cdef const char* text = note.text if note != NULL else NULL
    cdef int64_t again = find_repeated(table, c, text, note.size if note != NULL else 0, core.day)
    cdef tc_unbooked* row
    cdef tc_report* r
    if again:
        core.reports_refused += 1
        refuse_command(core, c, ack, EXECID_REPEATED, 0, again)
        return
    if not has_room(table):
        row = find_unbooked(table, table.overflow)
        if row == NULL:
            row = put_unbooked(core, c, note, TABLE_FULL, 0, table.most, order_id, EVERYBODY, 0, 0, 0)
        count_lost(table, row)
        core.reports_refused += 1
        refuse_command(core, c, ack, TABLE_FULL, row.value, table.most)
        return
    put_unbooked(core, c, note, reason, value, bound, order_id, account, instrument, low, high)
    r = start_report(core, c, REPORT_UNBOOKED)
    r.reason = <int16_t>reason
    r.value = value
    r.bound = bound
    r.order_id = order_id
    r.side = c.side
    r.instrument = c.instrument
    put_place(r, account, c.venue)
    if c.kind == KIND_EXECUTION_REPORT:
        r.cl_ord_id = c.cl_ord_id
    r.venue_exec_id = given_id(core, c.exec_id)
    put_told_time(r, c)
    publish_report(&core.events, r)
    ack.order_id = order_id
    ack.report_type = REPORT_UNBOOKED
    ack.reason = <int16_t>reason


# ---- what it blocks

# By how many quantity units of an instrument a report may move its position.
cdef inline void units_of(const tc_instrument* ins, const tc_unbooked* row, tc_i128* low, tc_i128* high) noexcept nogil:
    low[0] = row.low
    high[0] = row.high
    if row.instrument == 0 and row.high != any_qty():
        low[0] = tc_floor_div_wide(tc_wide(row.low, ins.qty_limit_scale), ins.qty_scale)
        high[0] = -tc_floor_div_wide(-tc_wide(row.high, ins.qty_limit_scale), ins.qty_scale)


# By how much all that lies unbooked may move a position, down and up; the number of the oldest, 0: none.
cdef inline int64_t unbooked_moves(
    const tc_core* core, int32_t instrument, int32_t account, tc_i128* low, tc_i128* high
) noexcept nogil:
    cdef const tc_unbooked_table* table = &core.unbooked
    cdef const tc_unbooked* row
    cdef tc_i128 least = 0, most = 0
    cdef int64_t i, first = 0
    low[0] = 0
    high[0] = 0
    for i in range(table.used):
        row = &table.rows[i]
        if ((row.account == account or row.account == EVERYBODY)
                and (row.instrument == 0 or row.instrument == instrument)):
            units_of(&core.instruments[instrument], row, &least, &most)
            low[0] = low[0] + (least if least < 0 else 0)
            high[0] = high[0] + (most if most > 0 else 0)
            first = first if first else row.number
    return first


# What lies unbooked says to an order: does it take more risk where a report lies there, whose number `finding` tells?
# All do but one that reduces the position, with all that is open on its side, whatever part of what lies there has
# happened. Nothing is told where it is about others, or no risk is taken.
cdef inline bint find_block(const tc_core* core, const tc_question* q, tc_finding* finding) noexcept nogil:
    cdef const tc_exposure* e
    cdef tc_i128 low = 0, high = 0
    cdef int64_t first
    if (core.unbooked.blocking[q.account] | core.unbooked.overflow) == 0 or not (
            q.hold_qty > 0 or q.released or q.moves_on):
        return False
    first = unbooked_moves(core, q.instrument, q.account, &low, &high)
    if first == 0:
        return False
    e = exposure_of(&core.risk, q.instrument, q.account)
    if q.side == SIDE_BUY:
        low = -high - e.position_qty - e.working_buy - q.hold_qty
    else:
        low = low + e.position_qty - e.working_sell - q.hold_qty
    finding.value = first
    finding.limit = 0
    finding.row = 0
    finding.reason = UNBOOKED_TRADE
    finding.refused = low < 0
    finding.armed = True
    return finding.refused


# Why an order can't be let in: what risk says, then what lies unbooked.
cdef inline int check_admission(
    const tc_core* core, const tc_instrument* ins, const tc_question* q, tc_finding* finding
) noexcept nogil:
    cdef int reason = check_risk(&core.risk, ins, q, finding)
    if not reason and find_block(core, q, finding):
        reason = UNBOOKED_TRADE
    return reason
