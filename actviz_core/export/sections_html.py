"""Several figures with words as one HTML file that needs no internet."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import plotly.io

from actviz_core.export.html import page_html
from actviz_core.export.provenance import Provenances


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the page: a title, sentences, and figures."""

    title: str
    sentences: tuple[str, ...] = ()
    figures: tuple[go.Figure, ...] = ()


def sections_html(
    sections: Sequence[Section], *, title: str, provenance: Provenances, dark: bool = False, width: int = 520
) -> bytes:
    """Write a page, UTF-8, with all sections in order and plotly.js; figures are ``width`` pixels wide."""
    body, included = [], False
    for number, section in enumerate(sections):
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(sentence)}</p>" for sentence in section.sentences]
        for place, figure in enumerate(section.figures):
            description = figure.to_dict()
            description["layout"]["width"] = width
            description["layout"]["font"] = {"color": "#fafafa" if dark else "#31333f"} | description[
                "layout"
            ].get("font", {})
            body.append(
                plotly.io.to_html(
                    description,
                    full_html=False,
                    include_plotlyjs=not included,
                    config={"displaylogo": False, "showSendToCloud": False},
                    div_id=f"figure-{number}-{place}",
                    validate=False,
                )
            )
            included = True
    return page_html("\n".join(body), title=title, provenance=provenance, dark=dark)
