"""A figure as one interactive HTML file that needs no internet."""

import html

import plotly.graph_objects as go
import plotly.io

from actviz_core.export.provenance import Provenances, each

_STYLE = """
body { margin: 0 auto; max-width: 1000px; padding: 1rem; font: 15px/1.5 system-ui, sans-serif;
       color: INK; background: PAPER; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.85rem; }
th, td { padding: 0.15rem 1rem 0.15rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; }
"""
_COLORS = {False: ("#31333f", "#ffffff"), True: ("#fafafa", "#171614")}


def figure_html(figure: go.Figure, *, title: str, provenance: Provenances, dark: bool = False) -> bytes:
    """Write a page, UTF-8, with a title, the figure as on the screen, and where its values came from.

    Plotly.js is part of the file, which is why it has nearly 5 MB. The same figure gives the same bytes.
    """
    ink, _ = _COLORS[dark]
    description = figure.to_dict()
    font = description["layout"].get("font", {})
    description["layout"]["font"] = {"color": ink, "family": "system-ui, sans-serif"} | font
    drawing = plotly.io.to_html(
        description,
        full_html=False,
        include_plotlyjs=True,
        config={"responsive": True, "displaylogo": False, "showSendToCloud": False},
        div_id="figure",
        validate=False,
    )
    return page_html(drawing, title=title, provenance=provenance, dark=dark)


def page_html(content: str, *, title: str, provenance: Provenances, dark: bool) -> bytes:
    """Write a page, UTF-8, around content that is HTML already, with where its values came from."""
    ink, paper = _COLORS[dark]
    tables = "\n".join(
        "<table>\n"
        + "\n".join(
            f"<tr><th>{name}</th><td>{html.escape(text)}</td></tr>" for name, text in one.as_rows() if text
        )
        + "\n</table>"
        for one in each(provenance)
    )
    style = _STYLE.replace("INK", ink).replace("PAPER", paper)
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title>
<style>{style}</style>
</head>
<body>
<h1>{html.escape(title)}</h1>
{content}
{tables}
</body>
</html>
"""
    return page.encode()
