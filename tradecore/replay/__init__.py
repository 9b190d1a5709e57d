"""Recorded markets, played order by order through the whole path."""
