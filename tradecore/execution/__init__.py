"""Execution: venues, their books, routing."""
