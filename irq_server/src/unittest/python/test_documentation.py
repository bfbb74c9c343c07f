"""The reference has every event, every field of a window, and every file of the wheel."""

import json
import re
from pathlib import Path

import pages
from irq_server.events import Kind
from irq_server.web import schemas

PROJECT = Path(__file__).parents[3]


def test_the_reference_has_every_event_every_field_of_a_window_and_every_file_of_the_wheel():
    reference = PROJECT / "docs/reference.md"
    text = reference.read_text("utf-8")

    events = [name for row in pages.rows(reference, "## Events") for name in row[0].split("`, `")]
    assert sorted(events) == sorted(Kind)
    window = next(each for each in pages.blocks(reference) if '"requested"' in each.text)
    assert sorted(json.loads(window.text)) == sorted(schemas.SHARED["Window"]["properties"])
    build = (PROJECT / "build.py").read_text("utf-8")
    files = text.partition("## Files of the wheel")[2].partition("## ")[0]
    folders = re.findall(r'ship\(project, "([\w/.-]+)"', build)
    assert [folder for folder in folders if f"`{folder}/" not in files] == []
