"""What other tools answer about awkward captures, beside irq_server: a table, in Markdown.

Usage: compare_captures.py [--answers], which shows every answer too. It takes Debian and root.
"""

import sys
import tempfile
import tomllib
from pathlib import Path

import jc
from conditions import cache, conditions
from debian import MissingError, linked, unpacked, version
from tools import TOOLS, answers, show
from verdict import capture_of, verdict

CAPTURES = Path(__file__).parents[1] / "resources/captures.toml"


def main() -> None:
    """Asks every tool about every capture and prints what was right and what was not."""
    captures = [capture_of(each) for each in tomllib.loads(CAPTURES.read_text())["captures"]]
    packages = [package for package, _ in TOOLS.values() if package]
    try:
        root = unpacked(cache("irq_server"), packages)
    except MissingError as error:
        raise SystemExit(f"not compared: {error}") from error
    versions = {name: version(root, package) for name, (package, _) in TOOLS.items() if package}
    versions |= {"jc": jc.__version__}
    print(conditions(*(f"{name} {number}" for name, number in versions.items())))
    print(f"| | {' | '.join(each.name for each in captures)} |")
    print("|---" * (len(captures) + 1) + "|")
    for name in TOOLS:
        verdicts = []
        for capture in captures:
            with tempfile.TemporaryDirectory(dir=root.parent, prefix=".capture-") as folder:
                Path(folder).chmod(0o755)
                own = Path(folder, "root")
                linked(root, own)
                show(own, capture)
                found = answers(name, capture, own)
            verdicts.append(verdict(capture, found))
            if "--answers" in sys.argv:
                print(name, capture.name, *found, sep="\n  ", file=sys.stderr)
        print(f"| {name} | {' | '.join(verdicts)} |", flush=True)


if __name__ == "__main__":
    main()
