"""The words of the app: explained where they are first met, the same everywhere."""

import re
from pathlib import Path
from typing import Any

import pytest

from actviz_core.ui.glossary import Term, meaning
from tests.pages.visit import press, read_page, visit

ROOT = Path(__file__).parents[2]
MET_FIRST = {
    "start": (Term.LAYER, Term.CHANNEL, Term.STRENGTH, Term.WEIGHTS),
    "samples": (Term.TRAY, Term.WEIGHTS, Term.LAYER),
    "layers": (Term.LAYER, Term.ACTIVATION, Term.STEP),
    "activations": (Term.ACTIVATION, Term.CHANNEL, Term.STRENGTH),
    "compare": (Term.LAYER, Term.WEIGHTS),
    "weights": (Term.WEIGHTS,),
    "why": (Term.LAYER, Term.WEIGHTS),
    "channel": (Term.CHANNEL, Term.LAYER, Term.STRENGTH, Term.WEIGHTS),
    "card": (Term.WEIGHTS,),
    "about": tuple(Term),
}


def explained(page: str) -> str:
    """Every hover text and all running text of a page, the sidebar's with it."""
    app = visit(page)
    widgets = [
        *app.markdown, *app.caption, *app.title, *app.selectbox, *app.multiselect, *app.toggle, *app.button
    ]  # fmt: skip
    return "\n".join([read_page(app), *(getattr(element.proto, "help", "") for element in widgets)])


@pytest.mark.parametrize("page", MET_FIRST)
def test_a_page_explains_the_words_that_it_brings_up(page: str) -> None:
    said = explained(page)
    assert [term for term in MET_FIRST[page] if meaning(term) not in said] == []


def test_a_filled_tray_explains_itself() -> None:
    app = visit("samples")
    press(app, "Keep in tray")
    groups: list[Any] = [*app.get("button_group")]
    (pills,) = (group for group in groups if group.label == "Tray")
    assert meaning(Term.TRAY) in pills.proto.help


def test_each_word_has_one_sentence() -> None:
    for term in Term:
        assert re.fullmatch(r"[A-Z][^.]*\.", meaning(term)), term
        assert term.value in meaning(term).lower()


def test_no_other_module_explains_a_word_in_its_own_way() -> None:
    sources = [*(ROOT / "actviz_core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    own = re.compile(rf"\"(An?|The) ({'|'.join(Term)}) (is|are|keeps)\b|\"Weights are\b")
    found = [path.name for path in sources if own.search(path.read_text(encoding="utf-8"))]
    assert found == ["glossary.py"]
