# What checkers and editors see of the compiled module: its typed twin. `make types` holds the two together.

from tradecore._python.risk.exit_gate import GateTable as GateTable
