"""Names from outside as plain text in figures: plotly would read them as markup."""


def plain(text: object) -> str:
    """`text` on one line, so that plotly shows every character of it instead of obeying <b> or <a href>."""
    line = " ".join(str(text).split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
