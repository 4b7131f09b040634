"""One channel that is switched off or scaled, as links and model keys carry it: ``layer1.0.conv1:5*0``."""

import math
import re
from dataclasses import dataclass
from urllib.parse import unquote

from actviz_core.errors import EditError

LARGEST = 3.0
"""The largest factor; 0 switches a channel off."""

_WRITTEN = re.compile(r"(?P<layer>.+):(?P<channel>\d{1,6})\*(?P<factor>\d(\.\d{1,4})?)", re.DOTALL)
_ESCAPED = {
    "%": "%25",
    "!": "%21",
    ",": "%2C",
}  # what ends an edit in a model key, and a key in a panel's text


@dataclass(frozen=True)
class ChannelEdit:
    """One channel of what a layer returns, multiplied by a factor from 0 to 3."""

    layer: str
    channel: int
    factor: float

    def __str__(self) -> str:
        """The edit as links carry it; marks in the layer's name that mean something there are escaped."""
        layer = "".join(_ESCAPED.get(letter, letter) for letter in self.layer)
        return f"{layer}:{self.channel}*{self.factor:g}"

    @classmethod
    def parse(cls, text: str) -> "ChannelEdit":
        """Read the text form. Raises `EditError`."""
        found = _WRITTEN.fullmatch(text)
        factor = math.nan if found is None else float(found["factor"])
        if found is None or not 0 <= factor <= LARGEST:
            raise EditError(
                f"{text[:60]!r} is no edit. An edit is written as layer:channel*factor, with a factor from 0 "
                "to 3, such as layer1.0.conv1:5*0."
            )
        return cls(unquote(found["layer"]), int(found["channel"]), factor)
