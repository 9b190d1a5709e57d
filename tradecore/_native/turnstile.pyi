# The compiled core's own memory: no one's interface.
