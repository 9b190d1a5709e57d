# Programs of users' rules: tables of steps over cells, without jumps. What must hold is asked, nothing is changed.
#
# Each sum and product is checked: what leaves 128 bits refuses the order. A program is verified when it is loaded, so
# that no step reads beyond its cells or its stack; what the words mean stands in tradecore/vocabulary/rule_words.py.

from records cimport *


cdef enum:
    STEPS_MAX = 64
    STACK_MAX = 16
    BITS = 64
    USER_RULES_MAX = 32
    STEPS_PER_RECORD = 4

# What is filled for a rule to read; see tradecore/vocabulary/rule_words.py (tests/risk/test_programs.py compares).
cdef enum:
    CELL_ONE = 0
    CELL_PRICE_SCALE = 1
    CELL_QTY_SCALE = 2
    CELL_AMOUNT_SCALE = 3
    CELL_MONEY_SCALE = 4
    CELL_MULTIPLIER = 5
    CELL_MULTIPLIER_SCALE = 6
    CELL_TICK = 7
    CELL_LOT = 8
    CELL_ORDER_QTY = 9
    CELL_LEAVES_QTY = 10
    CELL_PRICE = 11
    CELL_BUYS = 12
    CELL_IS_MARKET = 13
    CELL_REDUCE_ONLY = 14
    CELL_INSTRUMENT = 15
    CELL_ACCOUNT = 16
    CELL_VENUE = 17
    CELL_STRATEGY = 18
    CELL_NOTIONAL2 = 19
    CELL_NOTIONAL2_HIGH = 20
    CELL_POSITION_QTY = 21
    CELL_WORKING_BUY = 22
    CELL_WORKING_SELL = 23
    CELL_FIRM_QTY = 24
    CELL_FIRM_BUY = 25
    CELL_FIRM_SELL = 26
    CELL_OPEN_ORDERS = 27
    CELL_REALISED = 28
    CELL_REALISED_HIGH = 29
    CELL_UNREALISED = 30
    CELL_UNREALISED_HIGH = 31
    CELL_FEES = 32
    CELL_FEES_HIGH = 33
    CELL_BID_PX = 34
    CELL_ASK_PX = 35
    CELL_LAST_PX = 36
    CELL_MARK_PX = 37
    CELL_REFERENCE2 = 38
    CELL_TIME = 39
    CELL_SECOND_OF_DAY = 40
    CELL_WEEKDAY = 41
    CELLS = 42                     # of rules
    # From here on only of one's own scorer of venues.
    CELL_UNIT_PX = 42
    CELL_UNIT_SIZE = 43
    CELL_UNIT_FEE = 44
    CELL_UNIT_FEE_HIGH = 45
    CELL_UNIT_COST = 46
    CELL_UNIT_COST_HIGH = 47
    CELL_ROUND_TRIP = 48
    CELL_FILL_RATE = 49
    CELL_REJECT_RATE = 50
    CELL_QUOTE_AGE = 51
    CELL_IS_DEGRADED = 52
    SCORE_CELLS = 53

# Cells are filled by groups, a group only where a rule reads one of it.
cdef enum:
    SCALES_GROUP = 1
    ORDER_GROUP = 2
    NOTIONAL_GROUP = 4
    POSITION_GROUP = 8
    FIRM_GROUP = 16
    MONEY_GROUP = 32
    MARKET_GROUP = 64
    CLOCK_GROUP = 128

cdef enum tc_outcome:
    RULE_HOLDS = 0
    RULE_FAILS = 1
    UNKNOWN_QUANTITY = 2
    TOO_LARGE = 3

cdef enum tc_step_word:
    STEP_DONE = 0
    STEP_CHECK_LE = 1
    STEP_CHECK_GE = 2
    STEP_CHECK_LT = 3
    STEP_CHECK_GT = 4
    STEP_CHECK_EQ = 5
    STEP_CHECK_NE = 6
    STEP_PUSH = 7
    STEP_LE_VALUE = 8
    STEP_GE_VALUE = 9
    STEP_LT_VALUE = 10
    STEP_GT_VALUE = 11
    STEP_EQ_VALUE = 12
    STEP_NE_VALUE = 13
    STEP_ADD_VALUE = 14
    STEP_MULTIPLY_VALUE = 15
    STEP_REQUIRE = 16
    STEP_PUSH_WIDE = 17
    STEP_SHIFT_IN = 18
    STEP_ADD = 19
    STEP_SUBTRACT = 20
    STEP_MULTIPLY = 21
    STEP_LEAST = 22
    STEP_MOST = 23
    STEP_LE = 24
    STEP_LT = 25
    STEP_EQ = 26
    STEP_NE = 27
    STEP_AND = 28
    STEP_OR = 29
    STEP_CHOOSE = 30
    STEP_NOT = 31
    STEP_NEGATE = 32
    STEP_MAGNITUDE = 33
    STEP_KNOWN = 34


cdef struct tc_step:
    uint8_t op
    uint16_t a, b
    uint16_t column                # of the expression, from 1
    int64_t factor


# A check of a cell against a number; and those that a program begins with, by their comparison: see dense_programs.
cdef struct tc_bound:
    int64_t factor
    uint32_t a, b


cdef struct tc_dense:
    uint16_t le, ge, lt, gt        # where the list of each comparison ends
    uint16_t rest                  # the first step that is none of them
    uint8_t is_all                 # there is no other
    tc_bound bounds[2 * STEPS_MAX]


cdef struct tc_rule:
    int64_t name, who, why         # numbers of their texts
    uint64_t needs                 # bits of the quantities that must be known
    uint32_t groups                # of the cells that it reads
    uint16_t step_count, loaded
    uint8_t mode                   # enforced, or only observed
    uint8_t is_scorer              # one's own of venues: then it has no name, and is asked for its number
    tc_step steps[STEPS_MAX]
    tc_dense dense


cdef struct tc_rules:
    tc_rule* rows                  # in the order in which they were added; behind the last, one that is being loaded
    int32_t count, observed        # of those in force, and of them, those that are only observed
    uint32_t groups                # of the cells that any of them reads
    bint is_loading
    tc_rule scorer                 # without steps: there is none


# The bit of the group that a cell is filled with.
cdef inline uint32_t group_of_cell(uint16_t cell) noexcept nogil:
    if cell >= CELL_TIME:
        return CLOCK_GROUP
    if cell >= CELL_BID_PX:
        return MARKET_GROUP
    if cell >= CELL_REALISED:
        return MONEY_GROUP
    if cell >= CELL_FIRM_QTY:
        return FIRM_GROUP
    if cell >= CELL_POSITION_QTY:
        return POSITION_GROUP
    if cell >= CELL_NOTIONAL2:
        return NOTIONAL_GROUP
    if cell >= CELL_ORDER_QTY:
        return ORDER_GROUP
    return SCALES_GROUP if cell >= CELL_PRICE_SCALE else 0


# The bit of the group with which it comes to be known whether a quantity is.
cdef inline uint32_t group_of_bit(int bit) noexcept nogil:
    return ORDER_GROUP if bit == 0 else NOTIONAL_GROUP if bit == 1 else MONEY_GROUP if bit < 5 else MARKET_GROUP


# The groups that a rule reads: of its cells, and of what it needs to be known.
cdef inline uint32_t groups_of(const tc_step* steps, int count, uint64_t needs) noexcept nogil:
    cdef uint32_t groups = 0
    cdef int at
    for at in range(count):
        groups |= group_of_cell(steps[at].b)
        groups |= group_of_bit(steps[at].a) if steps[at].op == STEP_KNOWN else group_of_cell(steps[at].a)
    for at in range(BITS):
        if (needs >> at) & 1:
            groups |= group_of_bit(at)
    return groups


# Only in C: a table of pairs in Python.
# How many numbers a step takes from the stack, and how many it puts there.
cdef inline int takes_of(int op) noexcept nogil:
    if op < STEP_LE_VALUE or op == STEP_PUSH_WIDE or op == STEP_KNOWN:
        return 0
    if op == STEP_CHOOSE:
        return 3
    if op <= STEP_REQUIRE or op == STEP_SHIFT_IN or op >= STEP_NOT:
        return 1
    return 2


# The first step that no program over so many cells can have, or -1: its word, its cells, and what it takes from the
# stack. A rule leaves nothing there, a scorer its number.
cdef inline int find_bad_step(const tc_step* steps, int count, int cells, int left) noexcept nogil:
    cdef int at, held = 0, takes, puts
    if count < 1 or count > STEPS_MAX:
        return 0
    for at in range(count):
        if steps[at].op > STEP_KNOWN or (steps[at].op == STEP_DONE) != (at == count - 1):
            return at
        takes = takes_of(steps[at].op)
        puts = steps[at].op >= STEP_PUSH and steps[at].op != STEP_REQUIRE
        if held < takes or held - takes + puts > STACK_MAX:
            return at
        if steps[at].a >= (<int>BITS if steps[at].op == STEP_KNOWN else cells):
            return at
        if steps[at].b + (steps[at].op == STEP_PUSH_WIDE) >= cells:
            return at
        held += puts - takes
    return -1 if held == left else count - 1


# A step that takes the number on top, or none; True where what it makes leaves 128 bits.
cdef inline bint take_one(
    const tc_step* step, tc_i128* x, const int64_t* cells, tc_i128 value, uint64_t unknown
) noexcept nogil:
    if step.op == STEP_LE_VALUE:
        x[0] = x[0] <= value
    elif step.op == STEP_GE_VALUE:
        x[0] = x[0] >= value
    elif step.op == STEP_LT_VALUE:
        x[0] = x[0] < value
    elif step.op == STEP_GT_VALUE:
        x[0] = x[0] > value
    elif step.op == STEP_EQ_VALUE:
        x[0] = x[0] == value
    elif step.op == STEP_NE_VALUE:
        x[0] = x[0] != value
    elif step.op == STEP_MULTIPLY_VALUE:
        return tc_product_overflows(x[0], value, x)
    elif step.op == STEP_SHIFT_IN:
        return tc_product_overflows(x[0], <int64_t>1 << 62, x) or tc_sum_overflows(x[0], value, x)
    elif step.op == STEP_NOT:
        x[0] = x[0] == 0
    elif step.op == STEP_NEGATE or (step.op == STEP_MAGNITUDE and x[0] < 0):
        return tc_difference_overflows(0, x[0], x)
    elif step.op == STEP_KNOWN:
        x[0] = not (unknown >> step.a) & 1
    elif step.op == STEP_PUSH_WIDE:
        x[0] = tc_join(<uint64_t>cells[step.b], cells[step.b + 1])
    return False


# A step that takes the two numbers on top, and leaves one in the place of the lower, which is `y`.
cdef inline bint take_two(int op, tc_i128* y, tc_i128 x) noexcept nogil:
    if op == STEP_ADD:
        return tc_sum_overflows(y[0], x, y)
    if op == STEP_SUBTRACT:
        return tc_difference_overflows(y[0], x, y)
    if op == STEP_MULTIPLY:
        return tc_product_overflows(y[0], x, y)
    if op == STEP_LEAST:
        y[0] = x if x < y[0] else y[0]
    elif op == STEP_MOST:
        y[0] = x if x > y[0] else y[0]
    elif op == STEP_LE:
        y[0] = y[0] <= x
    elif op == STEP_LT:
        y[0] = y[0] < x
    elif op == STEP_EQ:
        y[0] = y[0] == x
    elif op == STEP_NE:
        y[0] = y[0] != x
    elif op == STEP_AND:
        y[0] = y[0] != 0 and x != 0
    elif op == STEP_OR:
        y[0] = y[0] != 0 or x != 0
    return False


# Only in C: one loop in Python.
# A step that checks a cell: does it refuse?
cdef inline bint refuses(int op, tc_i128 cell, tc_i128 value) noexcept nogil:
    if op == STEP_CHECK_LE:
        return cell > value
    if op == STEP_CHECK_GE:
        return cell < value
    if op == STEP_CHECK_LT:
        return cell >= value
    if op == STEP_CHECK_GT:
        return cell <= value
    if op == STEP_CHECK_EQ:
        return cell != value
    return cell == value


# RULE_HOLDS, RULE_FAILS or TOO_LARGE, with the step that decided it. `stack` has room for STACK_MAX numbers behind its
# first place, which is none; what is left is there then.
cdef inline int run_steps(
    const tc_step* step, const int64_t* cells, uint64_t unknown, int* column, tc_i128* stack
) noexcept nogil:
    cdef tc_i128* top = stack      # the number on top
    cdef tc_i128 value
    cdef int outcome = RULE_HOLDS
    column[0] = 0
    while step.op != STEP_DONE and outcome == RULE_HOLDS:
        value = tc_wide(step.factor, cells[step.b])
        if step.op < STEP_PUSH:
            outcome = refuses(step.op, cells[step.a], value)
        elif step.op == STEP_PUSH:
            top += 1
            top[0] = value
        elif step.op == STEP_ADD_VALUE:
            outcome = TOO_LARGE if tc_sum_overflows(top[0], value, top) else RULE_HOLDS
        elif step.op == STEP_REQUIRE:
            outcome = top[0] == 0
            top -= 1
        elif step.op == STEP_CHOOSE:
            top -= 2
            top[0] = top[1] if top[0] != 0 else top[2]
        elif takes_of(step.op) == 2:
            top -= 1
            outcome = TOO_LARGE if take_two(step.op, top, top[1]) else RULE_HOLDS
        else:
            top += 1 - takes_of(step.op)
            outcome = TOO_LARGE if take_one(step, top, cells, value, unknown) else RULE_HOLDS
        if outcome:
            column[0] = step.column
        step += 1
    return outcome
