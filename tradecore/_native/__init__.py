"""The compiled modules, one for each room, land here. Nothing here chooses them: see tradecore/_backend.py."""
