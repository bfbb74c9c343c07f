"""The pages of the documentation: links, and whether every page is found."""

from pathlib import Path

import pytest

import pages

PROJECT = Path(__file__).parents[3]
PAGES = pages.pages(PROJECT)
by_name = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@by_name
def test_every_link_of_a_page_leads_somewhere(page: Path):
    assert list(pages.lead_nowhere(page, PROJECT)) == []


def test_a_link_to_a_missing_page_or_heading_leads_nowhere(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n[a](#one-two-three) [b](#four) [c](no.md) [d](http://x/)\n"
    )

    assert list(pages.lead_nowhere(page, tmp_path)) == ["page.md: #four", "page.md: no.md"]


def test_the_readme_links_every_page():
    linked = {link.partition("#")[0] for link in pages.links(PROJECT / "README.md")}

    assert {f"docs/{page.name}" for page in PROJECT.glob("docs/*.md")} <= linked


def test_the_map_of_the_code_has_every_wing():
    found = pages.rows(PROJECT / "docs/development.md", "## Map of the code")
    named = {name for row in found for name in row[0].split("`, `")}
    wings = (PROJECT / "src/main/python" / PROJECT.name).glob("*/__init__.py")

    assert {each.parent.name for each in wings} <= named


def test_the_readme_fits_a_screen():
    assert len((PROJECT / "README.md").read_text("utf-8").splitlines()) <= 60
