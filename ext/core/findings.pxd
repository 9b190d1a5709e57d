# What a question was answered, as rows. Called without the lock, over a copy.
# Only in C: a twin's findings are rows.

from holds cimport CHECKS, OBSERVABLE, tc_finding
from records cimport KILL_SWITCH, REFERENCE_PRICE_UNAVAILABLE


# The rows of a question that was asked of every check, those of observed limits last.
cdef inline list finding_rows(const tc_finding* findings):
    return [(KILL_SWITCH + i if i < CHECKS else REFERENCE_PRICE_UNAVAILABLE + i - CHECKS,
             findings[i].value, findings[i].limit, bool(findings[i].refused), bool(findings[i].armed))
            for i in range(CHECKS + OBSERVABLE) if i < CHECKS or findings[i].armed]
