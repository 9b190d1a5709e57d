"""Order management: validation, the order table, ids, lists, timers, triggers, trades."""
