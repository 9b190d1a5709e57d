"""`python -m tradecore`: the same as the `tradecore` command."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
