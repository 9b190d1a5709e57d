"""tradecore: the order path of a trading system.

Orders in; validation, pre-trade risk, smart order routing, execution, exact positions and P&L out.
"""

from __future__ import annotations

from typing import Any

from ._backend import choose_backend
from .accounts import AccountPnl, BasePnl, Exposure, KeptPosition, OpenLot
from .core import RefusedError, TradingCore
from .entries import ENTRY_DTYPE, EntryError
from .events import Report, ReportReader
from .execution import SimulatedVenue
from .fix import (
    CommandType,
    CxlRejReason,
    ExecInst,
    ExecType,
    LastLiquidityInd,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Reason,
    ReportType,
    Rule,
    Scope,
    Side,
    TimeInForce,
)  # fmt: skip
from .handle import Order
from .instrument import Instrument
from .keeper import PositionKeeper
from .names import UndeclaredError
from .order import (
    ACK_DTYPE,
    CANCEL_DTYPE,
    FILL_DTYPE,
    MARK_DTYPE,
    NO_PRICE,
    ORDER_DTYPE,
    QUOTE_DTYPE,
    REPORT_DTYPE,
    Capacity,
    StaleOrderError,
    new_orders,
)  # fmt: skip
from .position import Position, ProfitAndLoss
from .rates import MissingRateError
from .reconcile import Difference
from .risk import OFF, CheckResult, RiskCheck, RiskLimits
from .routing import Explanation, VenueScore
from .statement import Statement
from .valuation import MarkView

__version__ = "0.1.0"

__all__ = [
    "ACK_DTYPE", "CANCEL_DTYPE", "ENTRY_DTYPE", "FILL_DTYPE", "MARK_DTYPE", "NO_PRICE", "OFF", "ORDER_DTYPE",
    "QUOTE_DTYPE", "REPORT_DTYPE", "AccountPnl", "BasePnl", "Capacity", "CheckResult", "CommandType", "CxlRejReason",
    "Difference", "EntryError", "ExecInst", "ExecType", "Explanation", "Exposure", "Instrument", "KeptPosition",
    "LastLiquidityInd", "MarkView", "MissingRateError", "OpenLot", "OrdRejReason", "OrdStatus", "OrdType", "Order",
    "Position", "PositionKeeper", "ProfitAndLoss", "Reason", "RefusedError", "Report", "ReportReader", "ReportType",
    "RiskCheck", "RiskLimits", "Rule", "Scope", "Side", "SimulatedVenue", "StaleOrderError", "Statement",
    "TimeInForce", "TradingCore", "UndeclaredError", "VenueScore", "backend", "new_orders",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """`tradecore.backend`: the name of the backend that a TradingCore gets here, chosen when it is first asked for."""
    if name == "backend":
        return choose_backend().name
    raise AttributeError(f"module 'tradecore' has no attribute {name!r}")
