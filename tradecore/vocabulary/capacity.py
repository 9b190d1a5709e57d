"""The size of every table of one core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from .scalars import demand_plain


@dataclass(frozen=True, slots=True)
class Capacity:
    """The size of every table, fixed at construction: after the start the hot path allocates nothing.

    Memory follows what is used: a table's pages come into being where they are first written, so that an instrument
    that nobody quotes or trades costs its definition alone. What finds its table full is refused, naming the table.
    """

    instruments: int = 1024
    accounts: int = 64
    venues: int = 8
    currencies: int = 16
    books: int = 65_536  # of an instrument at a venue, each of which appears when something first rests in it
    open_orders: int = 65_536  # eight times as many messages for external venues can wait to be read
    exit_orders: int = 4_096  # open beyond those: only orders that reduce a position
    order_history: int = 65_536
    reject_history: int = 65_536  # of orders that reached no venue, which push out none that may still trade
    cl_ord_ids: int = 1_048_576  # that name an order, in a day
    ids: int = 1_048_576  # texts of ids and names, kept as long as the core is; own integers need none
    events: int = 16_384
    order_rate: int = 16_384
    limit_rows: int = 65_536  # of risk: one for each rule of an account that has limits, and one for each other limit
    limit_counters: int = 256  # of its rows that count (rates), beside one for each account
    strategies: int = 1_024  # that may have limits and switches of their own: from 1 to this
    decisions: int = 4_096
    trades: int = 65_536  # the newest trades: those that can still be busted and corrected
    exec_ids: int = 262_144  # of external venues' trades, busts and corrections: those that are known again
    notes: int = 4_096  # the newest free texts of venues and operators
    unbooked: int = 1_024  # reports of venues that can't be booked whole, until an operator decides
    clock_step: int = 14 * 86_400 * 10**9  # ns that the clock may go forward at once: beyond it see `advance_clock`

    @classmethod
    def small(cls) -> Self:
        """Sizes for one desk in little memory: a few dozen instruments, thousands of open orders, batches of up to
        10,000. A process with NumPy stays below 100 MB however many orders it takes: see `tradecore bench --memory`.
        """
        return cls(instruments=64, accounts=16, venues=8, currencies=8, books=512, open_orders=8_192,
                   exit_orders=1_024, order_history=16_384, cl_ord_ids=65_536, ids=65_536, events=32_768,
                   order_rate=4_096, limit_rows=4_096, limit_counters=64, strategies=64, decisions=1_024, trades=16_384,
                   exec_ids=65_536)

    def __post_init__(self) -> None:
        bounds = {
            "instruments": 1_000_000, "accounts": 65_535, "venues": 64, "currencies": 255, "books": 2**22,
            "open_orders": 2**24, "exit_orders": 2**24, "order_history": 2**24, "reject_history": 2**24,
            "cl_ord_ids": 2**27, "ids": 2**27,
            "events": 2**24, "order_rate": 2**20, "limit_rows": 2**22, "limit_counters": 2**16, "strategies": 2**20,
            "decisions": 2**20, "trades": 2**24, "exec_ids": 2**27,
            "notes": 2**20, "unbooked": 2**16, "clock_step": 2**61,
        }
        for name, most in bounds.items():
            value = getattr(self, name)
            if type(value) is not int:
                value = demand_plain(value, (int,), f"capacity {name}", "an int")
                object.__setattr__(self, name, value)
            if not 1 <= value <= most:
                raise ValueError(f"capacity {name} {value} must be 1 to {most}")
        for name in ("events", "order_rate", "decisions", "trades", "exec_ids", "notes"):
            value = getattr(self, name)
            if value & (value - 1):
                above = 1 << value.bit_length()
                raise ValueError(f"capacity {name} {value} must be a power of two: the next is {above}")
        if self.exec_ids < self.trades:
            raise ValueError(f"capacity exec_ids {self.exec_ids} must be at least trades {self.trades}: what can be "
                             "busted must be known")
