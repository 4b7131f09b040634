"""What the browser loads to draw figures: plotly.js, and this folder's scripts, at lasting addresses.

An address names its content, so that browsers keep it for good. plotly.js is the file that the plotly package
ships. Addresses are relative to the page's: they hold below a base path and behind a proxy too.
"""

import gzip
import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Final

import plotly

_FOLDER: Final = Path(__file__).parent
_INLINE: Final = ("loader.js", "save_button.js")  # Streamlit sends these itself
_FOREVER: Final = "public, max-age=31536000, immutable"

PLOTLY = f"figure/plotly-{metadata.version('plotly')}/plotly.min.js"


@cache
def scripts() -> tuple[str, ...]:
    """The addresses of this folder's scripts, the one that draws first; the others are what it imports."""
    files = [file for file in _FOLDER.glob("*.js") if file.name not in _INLINE]
    files.sort(key=lambda file: (file.name != "figure.js", file.name))
    version = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return tuple(f"figure/{version}/{file.name}" for file in files)


@cache
def asset(address: str) -> tuple[bytes, MappingProxyType[str, str]] | None:
    """Content and headers of what has this address, such as `scripts` gives; None if nothing has."""
    if address == PLOTLY:
        file = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    elif address in scripts():
        file = _FOLDER / address.rsplit("/", 1)[-1]
    else:
        return None
    # Compressed once: the server would otherwise do it anew for every visitor.
    headers = {"content-encoding": "gzip", "cache-control": _FOREVER, "x-content-type-options": "nosniff"}
    return gzip.compress(file.read_bytes(), 6), MappingProxyType(headers)


def link_header() -> str:
    """What tells a browser, with the page itself, which scripts its figures will need."""
    modules = [f"<{script}>; rel=modulepreload" for script in scripts()]
    return ", ".join([f"<{PLOTLY}>; rel=preload; as=script", *modules])
