"""`python -m irqbalance` is the command `irqbalance`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
