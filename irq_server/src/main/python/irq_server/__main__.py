"""`python -m irq_server` is the command `irq_server`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
