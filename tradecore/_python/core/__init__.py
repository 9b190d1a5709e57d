"""The conductor: one path from commands to events, and the faces that put the engines together. In plain Python."""
