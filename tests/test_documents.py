"""README.md and CONTRIBUTING.md name files that are there, and the rooms in the order that a test holds."""

import re
from pathlib import Path

import pytest

from tests.test_rooms import ROOMS

PROJECT = Path(__file__).parents[1]
FILES = re.compile(
    r"(?<![\w/.<>-])((?:[\w-]+/)*[\w-]+\.(?:py|js|css|md|txt|toml|json)|(?:[\w-]+/)+)(?![\w/<*])"
)


def named_files(text: str) -> set[str]:
    """Paths in back quotes, in links and in the indented overview of folders."""
    places = [
        *re.findall(r"`([^`\n]+)`", text),
        *re.findall(r"\]\(([^)]+)\)", text),
        *re.findall(r"^    (\S+)  ", text, re.MULTILINE),
    ]
    return {match for place in places if " " not in place for match in FILES.findall(place)}


def exists(name: str) -> bool:
    """Whether a path is there; a bare name, where a sentence has named its folder, anywhere in the core."""
    return (PROJECT / name).exists() or ("/" not in name and any((PROJECT / "actviz_core").rglob(name)))


@pytest.mark.parametrize(("document", "least"), [("README.md", 6), ("CONTRIBUTING.md", 35)])
def test_every_file_that_a_document_names_is_there(document: str, least: int) -> None:
    named = named_files((PROJECT / document).read_text(encoding="utf-8"))
    assert len(named) >= least
    assert sorted(name for name in named if not exists(name)) == []


def test_the_layout_names_every_room_in_its_order() -> None:
    layout = (PROJECT / "README.md").read_text(encoding="utf-8").partition("## Layout")[2]
    chain = re.search(r"\w+(?:\s+-> \w+)+", layout)
    assert chain is not None
    assert re.findall(r"\w+", chain[0]) == [
        room for room in ROOMS if (PROJECT / "actviz_core" / room).is_dir()
    ]
