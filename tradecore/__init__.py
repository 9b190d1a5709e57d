"""tradecore: the order path of a trading system.

Orders in; validation, pre-trade risk, smart order routing, execution, exact positions and P&L out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import choose_backend
from .core import RefusedError, TradingCore
from .events import Report, ReportReader
from .execution import SimulatedVenue
from .features import Feature, Features
from .fix import (
    CommandType,
    CxlRejReason,
    ExecInst,
    ExecType,
    LastLiquidityInd,
    LimitMode,
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
from .names import UndeclaredError
from .order import (
    ACK_DTYPE,
    CANCEL_DTYPE,
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
from .risk import OFF, CheckResult, RiskCheck, RiskLimits
from .routing import Explanation, VenueScore
from .shadow import ShadowCore, ShadowCost, ShadowDifference

__version__ = "0.1.0"

__all__ = [
    "ACK_DTYPE", "CANCEL_DTYPE", "MARK_DTYPE", "NO_PRICE", "OFF", "ORDER_DTYPE", "QUOTE_DTYPE", "REPORT_DTYPE",
    "Capacity", "CheckResult", "CommandType", "CxlRejReason", "ExecInst", "ExecType", "Explanation", "Feature",
    "Features", "Instrument", "LastLiquidityInd", "LimitMode", "OrdRejReason", "OrdStatus", "OrdType", "Order",
    "Position", "ProfitAndLoss", "Reason", "RefusedError", "Report", "ReportReader", "ReportType", "RiskCheck",
    "RiskLimits", "Rule", "Scope", "ShadowCore", "ShadowCost", "ShadowDifference", "Side", "SimulatedVenue",
    "StaleOrderError", "TimeInForce", "TradingCore", "UndeclaredError", "VenueScore", "backend", "new_orders",
]  # fmt: skip


backend: str  # the name of the backend that a TradingCore gets here, chosen when it is first asked for

if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name):
        if name == "backend":
            return choose_backend().name
        raise AttributeError(f"module 'tradecore' has no attribute {name!r}")
