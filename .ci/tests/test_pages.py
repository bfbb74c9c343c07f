"""The documentation of all three: links, code, the map of each project, the twenty questions.

Each project's own tests run the commands of its pages.
"""

import re
from pathlib import Path

import pytest

import pages
from conftest import PROJECTS, ROOT

README = ROOT / "README.md"
PAGES = [README, *(page for name in PROJECTS for page in pages.pages(ROOT / name))]

each_project = pytest.mark.parametrize("project", [ROOT / name for name in PROJECTS], ids=PROJECTS)

QUESTIONS = {
    "which device hammers CPU 3 since 10:00": "which-device-hammers-cpu-3-since-1000",
    "who changed eth0's affinities this week": "who-changed-eth0s-affinities-this-week",
    "did the change help": "did-the-change-help",
    "what did the machine do last night at 3": "what-did-the-machine-do-last-night-at-3",
    "which host of 50 is worst balanced": "which-host-of-50-is-worst-balanced",
    "is any IRQ storming now": "is-any-irq-storming-now",
    "what fires on my isolated CPUs 2-3": "what-fires-on-my-isolated-cpus-2-3",
    "alert me when imbalance exceeds 2": "alert-me-when-the-imbalance-exceeds-2-for-5-minutes",
    "last week as a spreadsheet": "last-week-as-a-spreadsheet-with-device-names-and-readable-times",
    "what does IRQ 36 do per CPU": "what-does-irq-36-do-per-cpu",
    "pin eth0's queues to 0-3": "pin-eth0s-queues-to-cpus-0-3",
    "undo that": "undo-that",
    "is the server sampling": "is-the-server-sampling",
    "how far back does it reach": "how-far-back-does-it-reach",
    "what changed at the reboot": "what-changed-at-the-reboot",
    "live, sorted by rate": "live-sorted-by-rate",
    "only devices, no timers": "only-devices-no-timers",
    "a picture for a ticket": "a-picture-for-a-ticket",
    "the same in JSON": "the-same-in-json",
    "one number for a script": "one-number-for-a-script",
}
"""The questions that people ask, each with the anchor of its answer."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_every_link_resolves(page: Path):
    assert list(pages.lead_nowhere(page, ROOT)) == []


def test_a_link_to_a_missing_page_or_heading_leads_nowhere(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n[a](#one-two-three) [b](#four) [c](no.md) [d](http://x/)\n"
    )

    assert list(pages.lead_nowhere(page, tmp_path)) == ["page.md: #four", "page.md: no.md"]


@each_project
def test_the_readme_links_every_page(project: Path):
    linked = {link.partition("#")[0] for link in pages.links(project / "README.md")}

    assert {f"docs/{page.name}" for page in project.glob("docs/*.md")} <= linked


@each_project
def test_the_map_of_the_code_has_every_wing(project: Path):
    found = pages.rows(project / "docs/development.md", "## Map of the code")
    named = {name for row in found for name in row[0].split("`, `")}
    wings = (project / "src/main/python" / project.name).glob("*/__init__.py")

    assert {each.parent.name for each in wings} <= named


@each_project
def test_the_readme_fits_a_screen(project: Path):
    assert len((project / "README.md").read_text("utf-8").splitlines()) <= 60


@each_project
def test_every_block_has_a_language_and_none_is_indented(project: Path):
    found = pages.pages(project)
    indented = [page.name for page in found if re.search(r"^\n {4}[^ ]", pages.prose(page), re.M)]
    blocks = [block for page in found for block in pages.blocks(page)]

    assert indented == []
    assert [block.page.name for block in blocks if not block.language] == []


def targets(page: Path) -> set[tuple[Path, str]]:
    """Return the pages and anchors that a page links."""
    found = (link.partition("#") for link in pages.links(page))
    return {((page.parent / path).resolve() if path else page, name) for path, _, name in found}


@pytest.mark.parametrize("anchor", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_question_is_two_clicks_from_the_readme(anchor: str):
    first = {path for path, _ in targets(README) if path.suffix == ".md"}
    second = {target for path in first for target in targets(path)}

    answers = [path for path, name in second if name == anchor]
    assert answers
    assert all(anchor in pages.anchors(path) for path in answers)
