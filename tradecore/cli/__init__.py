"""The `tradecore` command."""
