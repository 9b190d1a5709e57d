"""`python -m tradecore`: the same as the `tradecore` command."""

import sys

from .cli import main

sys.exit(main())
