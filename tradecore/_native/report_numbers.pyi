# What checkers and editors see of the compiled module: its typed twin. `make types` holds the two together.

from tradecore._python.positions.report_numbers import add as add
from tradecore._python.positions.report_numbers import average as average
from tradecore._python.positions.report_numbers import multiply as multiply
from tradecore._python.positions.report_numbers import shift as shift
from tradecore._python.positions.report_numbers import sums as sums
from tradecore._python.positions.report_numbers import texts as texts
