# Programs of users' rules: tables of steps over cells, without jumps. What must hold is asked, nothing is changed.
#
# Each sum and product is checked: what leaves 128 bits refuses the order. A program is verified when it is loaded, so
# that no step reads beyond its cells or its stack; what the words mean stands in tradecore/vocabulary/rule_words.py.

from records cimport *


cdef enum:
    STEPS_MAX = 64
    STACK_MAX = 16
    CELLS = 44
    BITS = 64

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


# The first step that no program can have, or -1: its word, its cells, and what it takes from the stack.
cdef inline int find_bad_step(const tc_step* steps, int count) noexcept nogil:
    cdef int at, held = 0, takes, puts, cells
    if count < 1 or count > STEPS_MAX:
        return 0
    for at in range(count):
        if steps[at].op > STEP_KNOWN or (steps[at].op == STEP_DONE) != (at == count - 1):
            return at
        takes = takes_of(steps[at].op)
        puts = steps[at].op >= STEP_PUSH and steps[at].op != STEP_REQUIRE
        cells = BITS if steps[at].op == STEP_KNOWN else CELLS
        if held < takes or held - takes + puts > STACK_MAX or steps[at].a >= cells:
            return at
        if steps[at].b + (steps[at].op == STEP_PUSH_WIDE) >= CELLS:
            return at
        held += puts - takes
    return -1 if held == 0 else count - 1


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


# RULE_HOLDS, RULE_FAILS or TOO_LARGE, with the step that decided it.
cdef inline int run_steps(const tc_step* step, const int64_t* cells, uint64_t unknown, int* column) noexcept nogil:
    cdef tc_i128 stack[STACK_MAX + 1]
    cdef tc_i128* top = &stack[0]  # the number on top; the first place is none
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


# What a rule says: as run_steps, and UNKNOWN_QUANTITY where it needs what is not known.
cdef inline int ask_rule(
    const tc_step* steps, uint64_t needs, const int64_t* cells, uint64_t unknown, int* column
) noexcept nogil:
    column[0] = 0
    if needs & unknown:
        return UNKNOWN_QUANTITY
    return run_steps(steps, cells, unknown, column)
