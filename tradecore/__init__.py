"""tradecore: the order path of a trading system.

Orders in; validation, pre-trade risk, smart order routing, execution, exact positions and P&L out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import choose_backend
from .accounts import AccountPnl, BasePnl, Exposure, KeptPosition, OpenLot
from .bus import Subscription
from .core import TradingCore
from .drop_copy import Discrepancy, DropCopy
from .entries import ENTRY_DTYPE, EntryError
from .events import Report, ReportReader
from .execution import ExternalVenue, SimulatedVenue
from .face import RefusedError
from .features import Feature, Features
from .fix import (
    OUTBOUND,
    CommandType,
    ContingencyType,
    CxlRejReason,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    LastLiquidityInd,
    LimitMode,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PegOffsetType,
    Place,
    Reason,
    ReportType,
    Rule,
    Scope,
    Side,
    TimeInForce,
    TradeState,
    TradSesStatus,
    TriggerPriceType,
    Unknown,
)
from .handle import Order
from .instrument import Instrument
from .keeper import PositionKeeper
from .names import UndeclaredError
from .order import (
    ACK_DTYPE,
    CANCEL_DTYPE,
    EXECUTION_REPORT_DTYPE,
    FILL_DTYPE,
    MARK_DTYPE,
    NO_PRICE,
    ORDER_DTYPE,
    QUOTE_DTYPE,
    REPLACE_DTYPE,
    REPORT_DTYPE,
    TRADE_CORRECTION_DTYPE,
    Capacity,
    StaleOrderError,
    new_orders,
)
from .order_manager import OrderManager
from .position import FirmExposure, Position, ProfitAndLoss, Trade
from .rates import MissingRateError
from .reconcile import Difference
from .risk import OFF, CheckResult, RiskCheck, RiskLimits
from .routing import Explanation, VenueScore
from .shadow import ShadowCore, ShadowCost, ShadowDifference
from .statement import Statement
from .ticket import OrderTerms
from .valuation import MarkView
from .venue_face import ExecutionFacts

__version__ = "0.1.0"

__all__ = [
    "ACK_DTYPE", "CANCEL_DTYPE", "ENTRY_DTYPE", "EXECUTION_REPORT_DTYPE", "FILL_DTYPE", "MARK_DTYPE", "NO_PRICE",
    "OFF", "ORDER_DTYPE", "OUTBOUND", "QUOTE_DTYPE", "REPLACE_DTYPE", "REPORT_DTYPE", "TRADE_CORRECTION_DTYPE",
    "AccountPnl", "BasePnl", "Capacity", "CheckResult", "CommandType", "ContingencyType", "CxlRejReason",
    "Difference", "Discrepancy", "DropCopy", "EntryError", "ExecInst", "ExecRestatementReason", "ExecType",
    "ExecutionFacts", "Explanation", "Exposure", "ExternalVenue", "Feature", "Features", "FirmExposure",
    "Instrument", "KeptPosition", "LastLiquidityInd", "LimitMode", "MarkView", "MissingRateError", "OpenLot",
    "OrdRejReason", "OrdStatus", "OrdType", "Order", "OrderManager", "OrderTerms", "PegOffsetType", "Place",
    "Position", "PositionKeeper", "ProfitAndLoss", "Reason", "RefusedError", "Report", "ReportReader", "ReportType",
    "RiskCheck", "RiskLimits", "Rule", "Scope", "ShadowCore", "ShadowCost", "ShadowDifference", "Side",
    "SimulatedVenue", "StaleOrderError", "Statement", "Subscription", "TimeInForce", "TradSesStatus", "Trade",
    "TradeState", "TradingCore", "TriggerPriceType", "UndeclaredError", "Unknown", "VenueScore", "backend",
    "new_orders",
]


backend: str  # the name of the backend that a TradingCore gets here, chosen when it is first asked for

if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name):
        if name == "backend":
            return choose_backend().name
        raise AttributeError(f"module 'tradecore' has no attribute {name!r}")
