"""The plain-Python twins: the same cores as ext/, one file for each room. Start with pipeline.py."""
