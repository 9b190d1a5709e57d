# What checkers and editors see of the compiled live order: its twin. `make types` holds the two together.

from tradecore.orders.order import Order as Order
