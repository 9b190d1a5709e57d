"""Pre-trade risk: limits, holds, rates, switches. In plain Python."""
