"""One channel of one layer for one picture, with everything that its cards start from."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.channels.effects import channel_axis
from actviz_core.channels.input_box import ReceptiveField
from actviz_core.channels.receptive_field import receptive_field
from actviz_core.errors import ChannelError
from actviz_core.hooks.selection import call_of
from actviz_core.hooks.walk import named_modules
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.samples.pixels import picture_key
from actviz_core.ui.activations.selected_layer import LAYER_PLACE, SelectedLayer
from actviz_core.ui.channel.opening import shown_channel
from actviz_core.ui.place import Place, chosen_place
from actviz_core.ui.shell.view import View, current_view, model_of, sample_of
from actviz_core.workspace.activations import ActivationStore
from actviz_core.workspace.shared import Workspace

Key = tuple[str, str, str]
BOX_BYTES = 500  # what the box of one cell takes in the cache


def _asked_in_session() -> tuple[object, ...]:
    return shown_channel(), st.session_state.get(f"place_{LAYER_PLACE}")


@dataclass(frozen=True)
class Asked:
    """What the page was asked for; a card whose page was asked for something else is of the past."""

    view: View
    call: str
    channel: int
    place: Place | None
    session: tuple[object, ...] = field(default_factory=_asked_in_session)

    def is_past(self) -> bool:
        """Whether a click has asked for another channel, place, layer, picture or network since."""
        return current_view() != self.view or _asked_in_session() != self.session


@dataclass(frozen=True)
class ChannelInHand:
    """A channel with its layer's maps; ``place`` is the cell that a person chose, if any."""

    layer: SelectedLayer
    channel: int
    place: Place | None
    workspace: Workspace

    @property
    def model(self) -> Model:
        """The network."""
        return self.layer.model

    @property
    def sample(self) -> Sample:
        """The picture."""
        return self.layer.sample

    @property
    def call(self) -> str:
        """The call whose channel it is."""
        return self.layer.call

    @property
    def map(self) -> npt.NDArray[np.generic]:
        """The channel's map, (H, W)."""
        found: npt.NDArray[np.generic] = self.layer.maps[self.channel]
        return found

    @property
    def cell(self) -> Place:
        """The chosen cell, else that of the highest value; the first where no cell holds a finite value."""
        if self.place is not None:
            return self.place
        statistics = self.layer.statistics
        row, column = int(statistics.peak_row[self.channel]), int(statistics.peak_column[self.channel])
        return (row, column) if row >= 0 else (0, 0)

    @property
    def axis(self) -> int:
        """The activation's axis of channels. Raises `ChannelError` where there is no such axis."""
        axis = channel_axis(self.layer.layout)
        if axis is None:
            raise ChannelError(
                f"The channels of {self.call} do not lie along one axis of its values, "
                "so that a single one cannot be changed."
            )
        return axis

    def key(self, what: str, *, of_picture: bool = True) -> Key:
        """Under which name something about this call is kept; names of layers hold no space."""
        picture = picture_key(self.sample) if of_picture else ""
        return self.model.fingerprint, picture, f"{self.call} {what}"


def hand_again(asked: Asked, workspace: Workspace) -> ChannelInHand:
    """Get the channel that was asked for once more: from the cache, unless that has let go of it.

    Raises what capturing raises, and `ChannelError` where the name of the call means a layer first.
    """
    model, sample = model_of(asked.view, workspace), sample_of(asked.view, workspace)
    if model is None or sample is None:
        raise ChannelError("The network or the picture is no longer there.")
    layers = dict(named_modules(model.module))
    owner = call_of(model.module, asked.call).owner
    if asked.call in layers and owner != asked.call:
        raise ChannelError(
            f"{asked.call} is a layer's name, too, so this call of {owner} cannot be looked into by itself."
        )
    value = workspace.activations(model, sample, [asked.call])[asked.call]
    layer = SelectedLayer.of(asked.call, value, workspace.layout(model, asked.call, value), model, sample)
    return ChannelInHand(layer, asked.channel, asked.place, workspace)


def kept_field(
    model: Model, store: ActivationStore, call: str, channel: int
) -> Callable[[Place], ReceptiveField]:
    """A function from a cell to the box that it can see, kept per network, call, channel and cell.

    It is for work in the background. What it does raises as `receptive_field`.
    """
    shape = (1, 3, *model.preprocess.size)

    def field_at(cell: Place) -> ReceptiveField:
        key = (model.fingerprint, "", f"{call} box {channel} {cell[0]},{cell[1]}")
        known: ReceptiveField | None = store.find(key)
        if known is None:
            known = receptive_field(model.module, shape, call, cell, channel=channel)
            store.keep(key, known, BOX_BYTES)
        return known

    return field_at


def place_of_channel(layer: SelectedLayer) -> Place | None:
    """The place that the link or a click chose in the layer's maps."""
    return chosen_place(LAYER_PLACE, (layer.maps.shape[1], layer.maps.shape[2]))
