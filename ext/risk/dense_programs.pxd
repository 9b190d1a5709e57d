# Only in C: one loop over exact numbers in Python.
# Programs as they are run: what they begin with is mostly checks of cells, and their numbers mostly have 64 bits. What
# holds is found out so; whatever does not, or has more bits, is asked again step by step, exactly, and that decides.

from programs cimport *


# Is a check against a plain number? What is less than one is at most the one before.
cdef inline bint is_plain(const tc_step* step) noexcept nogil:
    return step.b == CELL_ONE and -(<int64_t>1 << 62) < step.factor and step.factor < <int64_t>1 << 62


# The checks of one comparison, and with `by` those of another against plain numbers, which then say the same.
cdef inline uint16_t add_bounds(
    tc_dense* dense, uint16_t count, const tc_step* steps, int op, int strict, int64_t by
) noexcept nogil:
    cdef const tc_step* step
    cdef int at
    for at in range(dense.rest):
        step = &steps[at]
        if step.op == op or (by and (step.op == STEP_CHECK_EQ or (step.op == strict and is_plain(step)))):
            if by or not is_plain(step):
                dense.bounds[count].factor = step.factor + (by if step.op == strict else 0)
                dense.bounds[count].a = step.a
                dense.bounds[count].b = step.b
                count += 1
    return count


# A program that was verified, in its dense form: first what is at most and at least a number, then what is less and
# more.
cdef inline void make_dense(const tc_step* steps, tc_dense* dense) noexcept nogil:
    dense.rest = 0
    while STEP_CHECK_LE <= steps[dense.rest].op <= STEP_CHECK_EQ:
        dense.rest += 1
    dense.le = add_bounds(dense, 0, steps, STEP_CHECK_LE, STEP_CHECK_LT, -1)
    dense.ge = add_bounds(dense, dense.le, steps, STEP_CHECK_GE, STEP_CHECK_GT, 1)
    dense.lt = add_bounds(dense, dense.ge, steps, STEP_CHECK_LT, STEP_CHECK_LT, 0)
    dense.gt = add_bounds(dense, dense.lt, steps, STEP_CHECK_GT, STEP_CHECK_GT, 0)
    dense.is_all = steps[dense.rest].op == STEP_DONE


# Do the checks that a program begins with surely hold?
cdef inline bint are_within(const tc_dense* dense, const int64_t* cells) noexcept nogil:
    cdef const tc_bound* at = &dense.bounds[0]
    cdef const tc_bound* end = &dense.bounds[dense.le]
    cdef int64_t value = 0
    while at != end:
        if tc_product_is_wide(cells[at.b], at.factor, &value) or cells[at.a] > value:
            return False
        at += 1
    end = &dense.bounds[dense.ge]
    while at != end:
        if tc_product_is_wide(cells[at.b], at.factor, &value) or cells[at.a] < value:
            return False
        at += 1
    if not tc_seldom(dense.ge != dense.gt):
        return cells[CELL_ONE] == 1
    end = &dense.bounds[dense.lt]
    while at != end:
        if tc_product_is_wide(cells[at.b], at.factor, &value) or cells[at.a] >= value:
            return False
        at += 1
    end = &dense.bounds[dense.gt]
    while at != end:
        if tc_product_is_wide(cells[at.b], at.factor, &value) or cells[at.a] <= value:
            return False
        at += 1
    return cells[CELL_ONE] == 1


# A check, or a step that takes what it brings itself: a number that fits. Where the top is then, which was at x; NULL
# where it refuses, or where what it makes has more bits.
cdef inline int64_t* take_value(
    const tc_step* step, int op, const int64_t* cells, int64_t value, int64_t* x
) noexcept nogil:
    if op == STEP_CHECK_LE:
        return x if cells[step.a] <= value else NULL
    elif op == STEP_CHECK_GE:
        return x if cells[step.a] >= value else NULL
    elif op == STEP_CHECK_LT:
        return x if cells[step.a] < value else NULL
    elif op == STEP_CHECK_GT:
        return x if cells[step.a] > value else NULL
    elif op == STEP_CHECK_EQ:
        return x if cells[step.a] == value else NULL
    elif op == STEP_CHECK_NE:
        return x if cells[step.a] != value else NULL
    elif op == STEP_PUSH:
        x[1] = value
        return x + 1
    elif op == STEP_LE_VALUE:
        x[0] = x[0] <= value
    elif op == STEP_GE_VALUE:
        x[0] = x[0] >= value
    elif op == STEP_LT_VALUE:
        x[0] = x[0] < value
    elif op == STEP_GT_VALUE:
        x[0] = x[0] > value
    elif op == STEP_EQ_VALUE:
        x[0] = x[0] == value
    elif op == STEP_NE_VALUE:
        x[0] = x[0] != value
    elif op == STEP_ADD_VALUE:
        return NULL if tc_sum_is_wide(x[0], value, x) else x
    elif op == STEP_MULTIPLY_VALUE:
        return NULL if tc_product_is_wide(x[0], value, x) else x
    elif op == STEP_REQUIRE:
        return x - 1 if x[0] != 0 else NULL
    elif op == STEP_PUSH_WIDE:
        x[1] = cells[step.b]
        return x + 1 if cells[step.b + 1] == cells[step.b] >> 63 else NULL
    else:                                              # STEP_SHIFT_IN: of numbers that have more bits
        return NULL
    return x


# A step that works on the stack alone.
cdef inline int64_t* take_stack(const tc_step* step, int op, uint64_t unknown, int64_t* x) noexcept nogil:
    if op == STEP_NOT:
        x[0] = x[0] == 0
        return x
    elif op == STEP_NEGATE:
        return NULL if tc_difference_is_wide(0, x[0], x) else x
    elif op == STEP_MAGNITUDE:
        return NULL if x[0] < 0 and tc_difference_is_wide(0, x[0], x) else x
    elif op == STEP_KNOWN:
        x[1] = not (unknown >> step.a) & 1
        return x + 1
    elif op == STEP_CHOOSE:
        x[-2] = x[-1] if x[-2] != 0 else x[0]
        return x - 2
    x -= 1
    if op == STEP_ADD:
        return NULL if tc_sum_is_wide(x[0], x[1], x) else x
    elif op == STEP_SUBTRACT:
        return NULL if tc_difference_is_wide(x[0], x[1], x) else x
    elif op == STEP_MULTIPLY:
        return NULL if tc_product_is_wide(x[0], x[1], x) else x
    elif op == STEP_LEAST:
        x[0] = min(x[0], x[1])
    elif op == STEP_MOST:
        x[0] = max(x[0], x[1])
    elif op == STEP_LE:
        x[0] = x[0] <= x[1]
    elif op == STEP_LT:
        x[0] = x[0] < x[1]
    elif op == STEP_EQ:
        x[0] = x[0] == x[1]
    elif op == STEP_NE:
        x[0] = x[0] != x[1]
    elif op == STEP_AND:
        x[0] = x[0] != 0 and x[1] != 0
    else:                                              # STEP_OR
        x[0] = x[0] != 0 or x[1] != 0
    return x


# Runs steps in 64 bits to their end. False where one refuses, or where a number has more.
cdef inline bint runs_narrow(
    const tc_step* step, const int64_t* cells, uint64_t unknown, int64_t* stack
) noexcept nogil:
    cdef int64_t* top = stack      # the number on top
    cdef int64_t value = 0
    cdef int op = step.op
    while op != STEP_DONE:
        if op < STEP_ADD:
            if tc_product_is_wide(cells[step.b], step.factor, &value):
                return False
            top = take_value(step, op, cells, value, top)
        else:
            top = take_stack(step, op, unknown, top)
        if top == NULL:
            return False
        step += 1
        op = step.op
    return True


# What a rule says: as run_steps, and UNKNOWN_QUANTITY where it needs what is not known.
cdef inline int ask_rule(
    const tc_step* steps, const tc_dense* dense, uint64_t needs, const int64_t* cells, uint64_t unknown, int* column
) noexcept nogil:
    cdef tc_i128 stack[STACK_MAX + 1]
    cdef int64_t narrow[STACK_MAX + 1]
    column[0] = 0
    if needs & unknown:
        return UNKNOWN_QUANTITY
    if are_within(dense, cells):
        if dense.is_all or runs_narrow(&steps[dense.rest], cells, unknown, narrow):
            return RULE_HOLDS
    return run_steps(steps, cells, unknown, column, stack)


# The number of one's own scorer; of what leaves 128 bits the largest.
cdef inline tc_i128 ask_scorer(const tc_step* steps, const int64_t* cells) noexcept nogil:
    cdef tc_i128 stack[STACK_MAX + 1]
    cdef int64_t narrow[STACK_MAX + 1]
    cdef int column = 0
    if runs_narrow(steps, cells, 0, narrow):
        return narrow[1]
    if run_steps(steps, cells, 0, &column, stack):
        return tc_join(~<uint64_t>0, (<int64_t>1 << 62) - 1 + (<int64_t>1 << 62))
    return stack[1]
