# What is asked of new orders without sending them: one with every check's answer, many with what refuses them, alone or
# together. Nothing is changed.

from pipeline cimport *


# What refuses an order: ANSWER_DTYPE of tradecore/vocabulary/records.py.
cdef struct tc_answer:
    uint64_t reject_mask, refused, observed
    int64_t reason                 # 16 bits, and what fills the row


# All that is said of an order: a reason that stands alone, validation's mask, or findings.
cdef struct tc_told:
    uint64_t mask
    int32_t alone
    tc_finding findings[ANSWERS]


# Only in C: a comprehension in Python.
cdef inline bint is_ahead(const tc_core* core, int64_t cl_ord_id) noexcept nogil:
    cdef int32_t i
    for i in range(core.ahead_count):
        if core.ahead[i].cl_ord_id == cl_ord_id:
            return True
    return False


# Only in C: a sum in Python.
cdef inline int64_t count_alike_ahead(const tc_core* core, const tc_question* q) noexcept nogil:
    cdef tc_alike terms = alike_of(q)
    cdef int64_t count = 0
    cdef int32_t i
    for i in range(core.ahead_count):
        count += is_alike(&core.ahead[i].terms, &terms)
    return count


# How many ids the table would hold, those too that are ahead in a basket.
cdef inline int64_t count_ids(const tc_core* core) noexcept nogil:
    cdef int64_t count = core.ids.count
    cdef int32_t i
    for i in range(core.ahead_count):
        count += core.ahead[i].cl_ord_id != 0
    return count


# A new order as it would be asked about at the core's time; `is_new`: its id is a text that has no number yet. A mask
# says why it is not well formed. A reason that stands alone (a used id, a list that can't take it, a rule in Python) is
# returned, with its value and limit.
cdef inline int think_of(
    tc_core* core, tc_command* c, int64_t now, bint is_new, uint64_t* mask, tc_finding* found, tc_question* q
) noexcept nogil:
    cdef const tc_instrument* ins = find_instrument(core, c.instrument)
    cdef int64_t time = stamp_of(c, now), latest = 0
    cdef bint named = c.cl_ord_id != 0
    cdef bint duplicate = named and (find_id(&core.ids, c.cl_ord_id) != NULL or is_ahead(core, c.cl_ord_id))
    cdef int alone = REASON_NONE, bad_stamp = REASON_NONE
    found.value = 1
    found.limit = 0
    if 0 <= time and time <= time_max():               # else validation's
        bad_stamp = find_bad_stamp(core, time, now, &latest)
    if time > core.now and not bad_stamp:
        core.now = time
    if c.exec_inst & INST_CASH and ins != NULL:
        c.order_qty = convert_cash(core, ins, c, &latest)
    mask[0] = validate_order(ins, core.account_count, core.venue_count, last_id_of(&core.texts), core.now, c)
    if bad_stamp:
        mask[0] = bit_of(bad_stamp)
    if mask[0] and not mask[0] & ~closing_bits() and closes_as_thought(core, c):
        mask[0] = 0
    if mask[0] and duplicate:
        return DUPLICATE_CLORDID
    if not mask[0] and is_new and core.texts.count == core.texts.capacity:
        mask[0] = bit_of(IDS_FULL)
    if not mask[0] and (named or is_new) and not duplicate and count_ids(core) >= core.ids.capacity:
        mask[0] = bit_of(TABLE_FULL)
    if mask[0]:
        return REASON_NONE
    if (c.list_id | c.refusal) != 0 and not duplicate:
        alone = find_bar(core, c, &found.value, &found.limit)
    if not alone:
        ask_record(core, ins, c, q)
        q.duplicate = duplicate
        q.open_orders = core.orders.open.count + core.ahead_count
        if core.risk.rows.alike:
            core.risk.recent.ahead = count_alike_ahead(core, q)
    return alone


# Only in C: a line without limits in Python.
# What the limits that are only observed say: nothing where there are none.
cdef inline void observe_answers(
    tc_core* core, const tc_instrument* ins, const tc_question* q, tc_finding* findings
) noexcept nogil:
    cdef int i
    if core.risk.rows.observed:
        observe_question(core, ins, q[0], MODE_OBSERVE, False, findings, True)
        return
    for i in range(OBSERVABLE):
        findings[i].refused = findings[i].armed = False


# Only in C: any() in Python.
cdef inline bint is_refused(const tc_finding* findings, int count) noexcept nogil:
    cdef int i
    cdef bint refused = False
    for i in range(count):
        refused |= findings[i].refused
    return refused


# Does what was answered let the order pass? What is only observed refuses nothing.
cdef inline bint passes(int alone, uint64_t mask, const tc_finding* findings) noexcept nogil:
    return not (alone or mask or is_refused(findings, CHECKS)
                or is_refused(&findings[UNBOOKED_ANSWER], ANSWERS - UNBOOKED_ANSWER))


# What every check, every observed limit, what lies unbooked, and the rules of users say to an order; one that reduces
# as such.
cdef inline void find_answers(
    tc_core* core, const tc_instrument* ins, const tc_command* c, tc_question* q, tc_finding* findings
) noexcept nogil:
    findings[UNBOOKED_ANSWER].refused = findings[UNBOOKED_ANSWER].armed = False
    evaluate_risk(&core.risk, ins, q, findings)
    observe_answers(core, ins, q, &findings[CHECKS])
    if (is_refused(findings, CHECKS + OBSERVABLE if core.risk.rows.observed else CHECKS)
            and is_exempt_refusal(findings, CHECKS + OBSERVABLE) and reduces_as_thought(core, c)):
        q.reduces = True                               # what is_exempt says
        evaluate_risk(&core.risk, ins, q, findings)
        observe_answers(core, ins, q, &findings[CHECKS])
    if find_block(core, q, &findings[UNBOOKED_ANSWER]) and reduces_unbooked_as_thought(core, c):
        findings[UNBOOKED_ANSWER].refused = False
    evaluate_user_rules(core, ins, q, c.strategy, &findings[RULES_ANSWER])


# What validation and risk would say to a new order: findings of every check, then of every observed limit; none where
# the mask says why it is not well formed. A reason that stands alone is returned, with value and limit in the first
# finding.
cdef inline int answer_question(
    tc_core* core, tc_command* c, int64_t now, uint64_t* mask, tc_finding* findings
) noexcept nogil:
    cdef int64_t clock = core.now
    cdef bint is_new = c.cl_ord_id == NEW_ID
    cdef tc_question q
    cdef int alone
    if is_new:
        c.cl_ord_id = 0
    alone = think_of(core, c, now, is_new, mask, findings, &q)
    if not alone and not mask[0]:
        find_answers(core, find_instrument(core, c.instrument), c, &q, findings)
    core.now = clock
    return alone


# A bit for each that refuses, by its place.
cdef inline uint64_t mask_of(const tc_finding* findings, int count) noexcept nogil:
    cdef uint64_t mask = 0
    cdef int i
    for i in range(count):
        mask |= <uint64_t>(findings[i].refused != 0) << i
    return mask


# What of risk refuses an order that is well formed. One that nothing refuses, and of which nothing is observed, is told
# by what the path asks, unless all that is said of it is wanted.
cdef inline void answer_thought(
    tc_core* core, const tc_command* c, tc_question* q, bint explain, tc_answer* answer, tc_finding* findings
) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[c.instrument]
    cdef int64_t cells[CELLS]
    cdef tc_finding observed
    cdef int32_t at = 0
    cdef int i
    if (not explain and not core.risk.rows.observed and not core.rules.count
            and not check_admission(core, ins, q, findings)):
        return
    find_answers(core, ins, c, q, findings)
    answer.refused = mask_of(findings, CHECKS)
    answer.refused |= mask_of(&findings[UNBOOKED_ANSWER], ANSWERS - UNBOOKED_ANSWER) << CHECKS
    answer.observed = mask_of(&findings[CHECKS], OBSERVABLE) << FIRST_LIMIT
    if core.rules.observed and ask_user_rules(
            &core.rules, cells, fill_cells(core, ins, q, c.strategy, cells), MODE_OBSERVE, &at, &observed):
        answer.observed |= <uint64_t>1 << (CHECKS + RULES_ANSWER - UNBOOKED_ANSWER)
    if answer.refused:
        i = tc_lowest_bit(answer.refused)
        answer.reason = findings[i if i < CHECKS else i - CHECKS + UNBOOKED_ANSWER].reason


# An order that passed counts for those behind it in its basket, or, with `sign` -1, no longer.
cdef inline void count_in_basket(tc_core* core, const tc_ahead* ahead, int sign) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[ahead.instrument]
    cdef tc_question q
    q.instrument, q.account, q.venue, q.strategy = ahead.instrument, ahead.account, ahead.venue, ahead.strategy
    q.sent, q.side, q.ord_type = ahead.sent, ahead.side, ahead.ord_type
    q.order_qty, q.price = ahead.terms.order_qty, ahead.terms.price
    q.reference2, q.touch2 = ahead.reference2, ahead.touch2
    q.line = line_of(core.risk.lines, &core.risk.rows, ins, q.instrument, q.account, q.venue, q.strategy, MODE_ENFORCE,
                     &q.room)
    hold_lots(&core.risk, ahead.instrument, ahead.account, ahead.side, sign * ahead.hold_qty)
    if ahead.fund_more:
        hold_cash(&core.risk.funds, ahead.account, ins.currency, sign * ahead.fund_more)
    count_ahead(&core.risk, ins, &q, sign)


cdef inline void put_ahead(tc_core* core, int64_t cl_ord_id, const tc_question* q) noexcept nogil:
    cdef tc_ahead* ahead = &core.ahead[core.ahead_count]
    tc_assert(core.ahead_count < BASKET_MAX)
    ahead.cl_ord_id = cl_ord_id
    ahead.hold_qty = q.hold_qty
    ahead.fund_more = q.fund_more if q.fund_more > 0 else 0
    ahead.terms = alike_of(q)
    ahead.instrument, ahead.account, ahead.venue, ahead.strategy = q.instrument, q.account, q.venue, q.strategy
    ahead.side, ahead.sent, ahead.ord_type = q.side, q.sent, q.ord_type
    ahead.reference2, ahead.touch2 = q.reference2, q.touch2
    core.ahead_count += 1
    count_in_basket(core, ahead, 1)


# What refuses each of many orders: each as if it were the only one, or, together, at most BASKET_MAX, as if those
# before it that pass were working already. `told`, where there is one, gets all that is said of each.
cdef inline void answer_batch(
    tc_core* core, const tc_command* orders, int64_t count, int64_t now, bint together, tc_answer* answers,
    tc_told* told
) noexcept nogil:
    cdef int64_t clock = core.now, i
    cdef tc_finding own[ANSWERS]
    cdef tc_finding* findings = own
    cdef tc_answer* answer
    cdef tc_command c
    cdef tc_question q
    cdef int alone
    for i in range(count):
        c = orders[i]
        answer = &answers[i]
        memset(answer, 0, sizeof(tc_answer))
        if told != NULL:
            findings = told[i].findings
        alone = think_of(core, &c, now, False, &answer.reject_mask, findings, &q)
        if told != NULL:
            told[i].alone = alone
            told[i].mask = answer.reject_mask
        if alone:
            answer.reason = alone
            answer.reject_mask = 0
        elif answer.reject_mask:
            answer.reason = INVALID_FIELD_VALUE + tc_lowest_bit(answer.reject_mask)
        else:
            answer_thought(core, &c, &q, told != NULL, answer, findings)
            if together and not answer.reason:
                put_ahead(core, orders[i].cl_ord_id, &q)
        core.now = clock
    for i in range(core.ahead_count):
        count_in_basket(core, &core.ahead[i], -1)
    core.ahead_count = 0
    core.risk.recent.ahead = 0
