# What checkers and editors see of the compiled report: its twin. `make types` holds the two together.

from tradecore.vocabulary.reports import Report as Report
