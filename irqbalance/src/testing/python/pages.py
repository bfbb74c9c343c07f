"""Pages in Markdown: their headings, their links, and their blocks of code.

The same file in all three projects.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
ANYTHING = "…"
"""In an output, any rest of a line; alone on a line, any lines."""

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Block:
    """A block of code: its page, its language, and its text."""

    page: Path
    language: str
    text: str

    def commands(self) -> list[tuple[str, str]]:
        """Return the commands of a shell block, each with the output that the page shows."""
        if self.language in ("bash", "sh"):
            return [(self.text, "")]
        if self.language != "console":
            return []
        parts = re.split(r"^\$ ", self.text.replace("\\\n", ""), flags=re.M)[1:]
        split = (part.partition("\n") for part in parts)
        return [(command, shown) for command, _, shown in split]


def pages(project: Path) -> list[Path]:
    """Return the pages of a project: its README, its CHANGELOG, and those of `docs`."""
    return [*sorted(project.glob("*.md")), *sorted(project.glob("docs/*.md"))]


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text("utf-8"))


def blocks(page: Path) -> list[Block]:
    """Return the blocks of code of a page."""
    return [Block(page, *found) for found in FENCE.findall(page.read_text("utf-8"))]


def spans(page: Path) -> list[str]:
    """Return what the prose shows as code."""
    return SPAN.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the sites that show Markdown make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *$", prose(page), re.M):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead, but for other sites."""
    return [link for link in LINK.findall(prose(page)) if "://" not in link]


def lead_nowhere(page: Path, inside: Path) -> Iterator[str]:
    """Yield the links below `inside` whose file or anchor is missing."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_relative_to(inside.resolve()):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield f"{page.name}: {link}"


def rows(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table behind a heading, without the head."""
    table = re.search(r"^\|.*(?:\n\|.*)*", page.read_text("utf-8").partition(heading)[2], re.M)
    assert table, f"{page} has no table behind {heading!r}"
    cells = (re.split(r"(?<!\\)\|", line)[1:-1] for line in table[0].splitlines()[2:])
    return [[cell.strip().strip("`").replace("\\|", "|") for cell in row] for row in cells]


def not_run(command: str, patterns: list[str]) -> list[str]:
    """Return the patterns that a command matches: those of commands that no test runs."""
    return [each for each in patterns if fnmatchcase(command.strip(), each)]


def same_shape(shown: str, printed: str) -> bool:
    """Return True if a page shows what a command printed, but for times, numbers and blanks."""
    lines = []
    for line in _shape(shown).splitlines():
        escaped = ".*".join(map(re.escape, line.split(ANYTHING)))
        lines.append("(?:.*\n)*?" if line == ANYTHING else f"{escaped}\n")
    return re.fullmatch("".join(lines), _shape(printed)) is not None


def _shape(text: str) -> str:
    """Return a text with TIME for each time, N for each number, and one blank for blanks."""
    text = NUMBER.sub("N", TIME.sub("TIME", text))
    return "".join(f"{' '.join(line.split())}\n" for line in text.splitlines() if line.strip())
