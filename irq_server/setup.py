"""Build the wheel for tools that still call setup.py. pip reads pyproject.toml instead."""

import sys

from pybuilder.cli import main

if __name__ == "__main__":
    sys.exit(main("-o", "publish"))
