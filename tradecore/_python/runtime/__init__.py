"""Rings and pools. In plain Python."""
