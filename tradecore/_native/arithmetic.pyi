# What checkers and editors see of the compiled module: its typed twin. `make types` holds the two together.

from tradecore._python.vocabulary.arithmetic import floor_div as floor_div
from tradecore._python.vocabulary.arithmetic import floor_mod as floor_mod
from tradecore._python.vocabulary.arithmetic import multiply as multiply
from tradecore._python.vocabulary.arithmetic import round_half_even as round_half_even
from tradecore._python.vocabulary.arithmetic import take_int64 as take_int64
