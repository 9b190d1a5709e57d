"""Words, units, records and names that every engine uses. It imports nothing of ours. In plain Python."""
