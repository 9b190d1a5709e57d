"""Pre-trade risk: limits, holds, rates, switches."""
