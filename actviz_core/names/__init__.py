"""How things are named in links, files and records: each kind of name with one parser and one writer."""

from actviz_core.names.call import CallName, Selector, could_be_another, step_parts
from actviz_core.names.edit import ChannelEdit
from actviz_core.names.image import ImageId
from actviz_core.names.model import ModelKey
from actviz_core.names.panel import Panel, PanelTextError, Slot

__all__ = [
    "CallName",
    "ChannelEdit",
    "ImageId",
    "ModelKey",
    "Panel",
    "PanelTextError",
    "Selector",
    "Slot",
    "could_be_another",
    "step_parts",
]
