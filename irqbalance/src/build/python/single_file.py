"""A wheel becomes one file that Python runs, as by zipapp.

``python single_file.py WHEEL`` writes ``PROGRAM.pyz`` beside it and prints its path. The file needs
Python and nothing else. The same wheel gives the same bytes.
"""

import sys
import zipfile
from pathlib import Path

SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = """\
import sys

from {module}.cli import main

sys.exit(main())
"""


def build(wheel: Path) -> Path:
    """Write the file; return its path."""
    module = wheel.name.partition("-")[0]
    target = wheel.with_name(f"{module}.pyz")
    with zipfile.ZipFile(wheel) as source:
        files = {name: source.read(name) for name in source.namelist()}
    with target.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w") as made:
            add(made, "__main__.py", MAIN.format(module=module).encode())
            for name in sorted(files):
                if name.startswith(f"{module}/"):
                    add(made, name, files[name])
    target.chmod(0o755)
    return target


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file without a time of its own."""
    archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))  # noqa: T201 - the path is its output
