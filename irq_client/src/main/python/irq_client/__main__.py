"""`python -m irq_client` is the command `irq_client`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
