# What checkers and editors see of the compiled module: its typed twin. `make types` holds the two together.

from tradecore._python.core.readers import OrderHandle as OrderHandle
from tradecore._python.core.readers import Readers as Readers

def _read_findings(told: bytes) -> list[tuple[int, int, int, bool, bool]]: ...
