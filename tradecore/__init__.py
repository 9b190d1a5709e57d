"""tradecore: the order path of a trading system.

Orders in; validation, pre-trade risk, smart order routing, execution, exact positions and P&L out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from . import _start  # noqa: F401  # first: a command's Ctrl-C is told in one line from here on
from ._backend import choose_backend
from .core.bus import Subscription
from .core.order_manager import OrderManager
from .core.risk_engine import RiskEngine
from .core.trading_core import TradingCore
from .execution.kept_reports import Unbooked
from .execution.routing import Explanation, VenueScore
from .execution.venue_reports import CorrectionFacts, ExecutionFacts, RejectFacts
from .execution.venues import ExternalVenue, SimulatedVenue
from .orders.order import Order
from .orders.ticket import OrderTerms
from .positions.position import FirmExposure, Position, ProfitAndLoss, Trade
from .risk.limits import OFF, AccountKind, CheckResult, RiskCheck, RiskLimits
from .vocabulary.capacity import Capacity
from .vocabulary.codes import (
    OUTBOUND,
    CommandType,
    DayEnd,
    LimitMode,
    MarketState,
    MsgType,
    Place,
    PrintFills,
    Reason,
    ReportType,
    RoutingStrategy,
    Rule,
    Scope,
    SelfMatch,
    TradeState,
    TradingState,
    Unknown,
)
from .vocabulary.currency import Currency
from .vocabulary.features import Feature, Features
from .vocabulary.fix import (
    ContingencyType,
    CxlRejReason,
    ExecInst,
    ExecRestatementReason,
    ExecType,
    LastLiquidityInd,
    OrdRejReason,
    OrdStatus,
    OrdType,
    PegOffsetType,
    Side,
    TimeInForce,
    TradSesStatus,
    TriggerPriceType,
    ValuationMethod,
)
from .vocabulary.gate import RefusedError
from .vocabulary.instrument import Instrument
from .vocabulary.messages import OutboundMessage
from .vocabulary.names import UndeclaredError
from .vocabulary.records import (
    ACK_DTYPE,
    ANSWER_DTYPE,
    CANCEL_DTYPE,
    EXECUTION_REPORT_DTYPE,
    FILL_DTYPE,
    MARK_DTYPE,
    NO_PRICE,
    ORDER_DTYPE,
    OUTBOUND_DTYPE,
    QUOTE_DTYPE,
    REPLACE_DTYPE,
    REPORT_DTYPE,
    TRADE_CORRECTION_DTYPE,
    TRADE_PRINT_DTYPE,
    new_orders,
)
from .vocabulary.reports import Report, ReportReader
from .vocabulary.rows import StaleOrderError
from .vocabulary.rules import RISK_CHECKS
from .vocabulary.venue_words import OnDisconnect, VenueHealth

# What an order's path does not need is imported when it is first asked for: the back office, rings, a shadow, sessions.
_LATER = {
    "core.config": "ConfigError Session load_session",
    "core.drop_copy": "CashDiscrepancy Discrepancy DropCopy",
    "core.flattening": "Flattening",
    "core.smart_order_router": "SmartOrderRouter",
    "core.shadow": "ShadowCore ShadowCost ShadowDifference",
    "positions.accounts": "AccountPnl BasePnl Exposure KeptPosition OpenLot",
    "positions.broker_forms": "BROKER_FORMS",
    "positions.corporate": "CorporateActions",
    "positions.csv_form": "CsvForm",
    "positions.entries": "CLOSING_DTYPE ENTRY_DTYPE EntryError EntryKind",
    "positions.equity": "BaseEquity",
    "positions.keeper": "PositionKeeper",
    "positions.load_csv": "LoadError",
    "positions.rates": "MissingRateError",
    "positions.reconcile": "Difference",
    "positions.statement": "Statement",
    "positions.tables": "Table",
    "positions.valuation": "MarkView",
    "risk.callables": "AskedOrder",
    "risk.expressions": "RuleError",
    "risk.rule_book": "RuleLine",
    "runtime.pool_errors": "PoolExhaustedError StaleHandleError",
    "runtime.pools": "Arena ObjectPool PooledRecord PoolStats",
    "runtime.ring_memory": "RingClosedError RingFullError",
    "runtime.rings": "RingBuffer RingClaim RingStats shared_ring",
    "execution.displayed_book": "BookLevel DisplayedBook ShownOrder",
    "execution.market_limits": "PriceLimits",
    "execution.route_plan": "RoutePlan VenueRoute VenueState VenueStatistics",
    "vocabulary.lines": "BOOK_LINE_DTYPE ORDER_LINE_DTYPE POSITION_LINE_DTYPE",
}
if TYPE_CHECKING:
    from .core.config import ConfigError, Session, load_session
    from .core.drop_copy import CashDiscrepancy, Discrepancy, DropCopy
    from .core.flattening import Flattening
    from .core.shadow import ShadowCore, ShadowCost, ShadowDifference
    from .core.smart_order_router import SmartOrderRouter
    from .execution.displayed_book import BookLevel, DisplayedBook, ShownOrder
    from .execution.market_limits import PriceLimits
    from .execution.route_plan import RoutePlan, VenueRoute, VenueState, VenueStatistics
    from .positions.accounts import AccountPnl, BasePnl, Exposure, KeptPosition, OpenLot
    from .positions.broker_forms import BROKER_FORMS
    from .positions.corporate import CorporateActions
    from .positions.csv_form import CsvForm
    from .positions.entries import CLOSING_DTYPE, ENTRY_DTYPE, EntryError, EntryKind
    from .positions.equity import BaseEquity
    from .positions.keeper import PositionKeeper
    from .positions.load_csv import LoadError
    from .positions.rates import MissingRateError
    from .positions.reconcile import Difference
    from .positions.statement import Statement
    from .positions.tables import Table
    from .positions.valuation import MarkView
    from .risk.callables import AskedOrder
    from .risk.expressions import RuleError
    from .risk.rule_book import RuleLine
    from .runtime.pool_errors import PoolExhaustedError, StaleHandleError
    from .runtime.pools import Arena, ObjectPool, PooledRecord, PoolStats
    from .runtime.ring_memory import RingClosedError, RingFullError
    from .runtime.rings import RingBuffer, RingClaim, RingStats, shared_ring
    from .vocabulary.lines import BOOK_LINE_DTYPE, ORDER_LINE_DTYPE, POSITION_LINE_DTYPE

__version__ = "0.1.0"

__all__ = [
    "ACK_DTYPE", "ANSWER_DTYPE",
    "BOOK_LINE_DTYPE", "BROKER_FORMS", "CANCEL_DTYPE", "CLOSING_DTYPE", "ENTRY_DTYPE", "EXECUTION_REPORT_DTYPE",
    "FILL_DTYPE", "MARK_DTYPE", "NO_PRICE", "OFF", "ORDER_DTYPE", "ORDER_LINE_DTYPE", "OUTBOUND", "OUTBOUND_DTYPE",
    "POSITION_LINE_DTYPE", "QUOTE_DTYPE", "REPLACE_DTYPE", "REPORT_DTYPE", "RISK_CHECKS", "TRADE_CORRECTION_DTYPE",
    "TRADE_PRINT_DTYPE", "AccountKind", "AccountPnl", "Arena", "AskedOrder", "BaseEquity", "BasePnl", "BookLevel",
    "Capacity", "CashDiscrepancy", "CheckResult", "CommandType",
    "ConfigError", "ContingencyType", "CorporateActions", "CorrectionFacts",
    "CsvForm", "Currency", "CxlRejReason", "DayEnd", "Difference",
    "Discrepancy", "DisplayedBook",
    "DropCopy", "EntryError", "EntryKind", "ExecInst", "ExecRestatementReason", "ExecType",
    "ExecutionFacts", "Explanation", "Exposure", "ExternalVenue", "Feature", "Features", "FirmExposure",
    "Flattening", "Instrument",
    "KeptPosition", "LastLiquidityInd", "LimitMode", "LoadError", "MarkView", "MarketState",
    "MissingRateError", "MsgType",
    "ObjectPool", "OnDisconnect", "OpenLot", "OrdRejReason", "OrdStatus", "OrdType", "Order", "OrderManager",
    "OrderTerms", "OutboundMessage", "PegOffsetType", "Place", "PoolExhaustedError", "PoolStats", "PooledRecord",
    "Position",
    "PositionKeeper", "PriceLimits", "PrintFills", "ProfitAndLoss", "Reason", "RefusedError",
    "RejectFacts", "Report", "ReportReader", "ReportType",
    "RingBuffer", "RingClaim", "RingClosedError", "RingFullError", "RingStats", "RiskCheck", "RiskEngine", "RiskLimits",
    "RoutePlan", "RoutingStrategy",
    "Rule",
    "RuleError", "RuleLine",
    "Scope", "SelfMatch", "Session", "ShadowCore", "ShadowCost", "ShadowDifference", "ShownOrder", "Side",
    "SimulatedVenue", "SmartOrderRouter", "StaleHandleError",
    "StaleOrderError", "Statement", "Subscription", "Table", "TimeInForce", "TradSesStatus", "Trade", "TradeState",
    "TradingCore", "TradingState", "TriggerPriceType", "Unbooked", "UndeclaredError", "Unknown", "ValuationMethod",
    "VenueHealth",
    "VenueRoute", "VenueScore", "VenueState", "VenueStatistics", "backend", "load_session", "new_orders", "shared_ring",
]


backend: str  # the name of the backend that a TradingCore gets here, chosen when it is first asked for

if not TYPE_CHECKING:  # a checker would take any name for one of ours

    _MODULES = {name: module for module, names in _LATER.items() for name in names.split()}

    def __getattr__(name):
        if name == "backend":
            return choose_backend().name
        if name not in _MODULES:
            raise AttributeError(f"module 'tradecore' has no attribute {name!r}")
        globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__all__})
