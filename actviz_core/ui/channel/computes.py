"""Card 2: the channel's own weights, and which channels of the layer before enter most."""

import numpy as np
import streamlit as st

from actviz_core.channels.weights import ChannelWeights, WeightKind, channel_weights
from actviz_core.errors import ActVizError
from actviz_core.figures import Colors, channel_grid, plain_picture, vector_figure
from actviz_core.hooks.input_source import input_source
from actviz_core.hooks.selection import call_of
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.opening import open_channel
from actviz_core.ui.figure import Click, draw, draw_clickable
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.text import plain
from actviz_core.wording.channels import number, weights_sentence
from actviz_core.workspace.activations import ROOT

SHARE = 0.44  # of the page's width
KERNELS = 64
CHIPS = 6
SIDE = 112  # pixels of a kernel in colours


def show_computes(hand: ChannelInHand) -> None:
    """Draw the card."""
    weights = channel_weights(hand.model.module, hand.call, hand.channel)
    source = _source(hand, weights) if len(weights.inputs) else None
    of_picture = source == ""
    st.markdown(plain(weights_sentence(weights, of_picture=of_picture)))
    if weights.kernels is None:
        return
    single = weights.kernels.reshape(len(weights.inputs), -1).shape[1] == 1
    if weights.kind is WeightKind.ROW or single or weights.kernels.ndim != 3:
        _row(hand, weights)
    else:
        _kernels(hand, weights, source, of_picture=of_picture)
    if source:
        _strongest(weights, source)


def _source(hand: ChannelInHand, weights: ChannelWeights) -> str | None:
    """The call that feeds this layer; empty if it is the picture, None where no channels can be told."""
    model, sample = hand.model, hand.sample
    layer = call_of(model.module, hand.call).layer
    if layer is None:
        return None
    key = hand.key("fed by")
    known: str | None = hand.workspace.store.find(key)
    if known is None:
        inputs = model.inputs(sample.image)
        found = input_source(model.module, inputs, layer)
        first = found is None and len(weights.inputs) == inputs.shape[1]
        known = _call_of(hand, found, weights) if found is not None else ("picture" if first else "none")
        hand.workspace.store.keep(key, known, len(known))
    return {"picture": "", "none": None}.get(known, known)


def _call_of(hand: ChannelInHand, source: str, weights: ChannelWeights) -> str:
    """The name by which the source's activation is shown, if its channels are this layer's inputs."""
    workspace, model, sample = hand.workspace, hand.model, hand.sample
    try:
        owner = workspace.owners(model, [source])[source]
        ran = workspace.calls(model, sample, [owner])[owner]
        call = source if source in ran.names else ran.names[0] if len(ran.names) == 1 else ""
        if owner == ROOT or not call:
            return "none"
        maps = workspace.maps(model, call, ran[call])
    except (ActVizError, KeyError):
        return "none"
    part = model.module.get_submodule(call_of(model.module, hand.call).layer or "")
    wanted = getattr(part, "in_channels", getattr(part, "in_features", None))
    return call if len(maps) == wanted and len(weights.inputs) else "none"


def _kernels(hand: ChannelInHand, weights: ChannelWeights, source: str | None, *, of_picture: bool) -> None:
    kernels = np.asarray(weights.kernels)
    if of_picture and len(kernels) == 3:
        _in_colours(kernels)
    order = [channel for channel, _ in weights.strongest(KERNELS)]
    every = np.zeros((int(weights.inputs.max()) + 1, *kernels.shape[1:]), kernels.dtype)
    every[weights.inputs] = kernels
    figure = channel_grid(every, channels=order, colors=Colors.RDBU, width=column_width(SHARE))
    figure.layout.height = min(int(figure.layout.height), 380)
    alt = f"Kernels of channel {hand.channel} as heatmaps, the largest first, named by their input channel"
    if source:
        draw_clickable(figure, key="channel_kernels", alt=alt, clicked=lambda click: _open(source, click))
    else:
        draw(figure, key="channel_kernels", alt=alt)
    if len(weights.inputs) > KERNELS:
        st.caption(f"The {KERNELS} with the largest weights of {len(weights.inputs):,}.")


def _in_colours(kernels: np.typing.NDArray[np.generic]) -> None:
    """Draw the three kernels of the first layer as one picture: grey is zero."""
    values = np.moveaxis(kernels.astype(np.float64), 0, 2)
    size = np.abs(values).max() or 1.0
    picture = np.round(255 * (0.5 + values / (2 * size))).astype(np.uint8)
    draw(
        plain_picture(picture, width=SIDE, limit=SIDE),
        key="channel_kernel_colours",
        alt="The kernels of red, green and blue as one picture; grey is a weight of zero",
    )
    st.caption("As one picture: red, green and blue as it weighs them; grey is a weight of zero.")


def _row(hand: ChannelInHand, weights: ChannelWeights) -> None:
    row = np.asarray(weights.kernels).reshape(-1)
    draw(
        vector_figure(
            row, labels=None if weights.inputs[0] == 0 else [f"channel {at}" for at in weights.inputs]
        ),
        key="channel_kernels",
        alt=f"The weights of channel {hand.channel}, one for each input",
    )


def _strongest(weights: ChannelWeights, source: str) -> None:
    by = "by size" if weights.kind is WeightKind.ROW else "by the length of the kernel"
    st.caption(f"Largest weights, {by}. Open that channel of {plain(source)}:")
    with st.container(horizontal=True):
        for channel, norm in weights.strongest(CHIPS):
            st.button(
                f"{channel} ({number(norm)})",
                key=f"input_{channel}",
                on_click=open_channel,
                args=(source, channel),
            )


def _open(source: str, click: Click) -> None:
    if click.item is not None:
        open_channel(source, int(click.item))
