# The state of a core, where other compiled modules look for it.

from tradecore._native.turnstile cimport State
