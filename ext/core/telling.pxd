# What a compiled object tells of its record, in the user's words and units: names, prices and quantities. Called with
# the GIL.
# Only in C: Python's are those of tradecore/vocabulary/fields.py.

from instrument cimport *
from state cimport tc_core
from units cimport tc_told, tell_units


cdef inline object tell_name(list names, int32_t number):
    """The name of an id, None for what was never declared."""
    return names[number - 1] if 1 <= number <= len(names) else None


# NULL for what was never declared.
cdef inline const tc_instrument* told_instrument(const tc_core* core, int32_t number) noexcept:
    return &core.instruments[number] if 1 <= number <= core.instrument_count else NULL


cdef inline object tell_price(tc_told* told, object decimal, const tc_instrument* ins, int64_t units):
    if ins == NULL or units == no_price() or units == untellable():
        return None
    return tell_units(told, decimal, units, ins.price_precision, ins.tick_precision)


cdef inline object tell_quantity(tc_told* told, object decimal, const tc_instrument* ins, int64_t lots):
    return None if ins == NULL else tell_units(told, decimal, lots, ins.qty_precision, ins.qty_precision)
