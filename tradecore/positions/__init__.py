"""Positions and P&L: the exact ledger, lots, marking, the keeper and its reports."""
