"""Execution: venues, their books, routing. In plain Python."""
