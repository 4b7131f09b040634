"""Names from outside as plain text in figures: plotly would read them as markup."""


def shortened(text: str, most: int) -> str:
    """At most so many characters of a name: what is too much goes from its middle, its end stays.

    ``encoder.layers.encoder_layer_11.mlp`` in 24 characters is ``encoder.l…r_layer_11.mlp``.
    """
    if len(text) <= most:
        return text
    start = (most - 1) * 2 // 5
    return f"{text[:start]}…{text[len(text) - (most - 1 - start) :]}"


def plain(text: object) -> str:
    """`text` on one line, so that plotly shows every character of it instead of obeying <b> or <a href>."""
    line = " ".join(str(text).split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
