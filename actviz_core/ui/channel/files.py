"""What can be taken away of a channel's page: one HTML file, and a script that computes its numbers again."""

import numpy as np
import streamlit as st
import torch

from actviz_core.analysis.twins import twins
from actviz_core.channels.effects import Change, channel_axis
from actviz_core.channels.receptive_field import Evidence
from actviz_core.errors import ActVizError
from actviz_core.export import Script, script_zip
from actviz_core.export.channel_script import ChannelNumbers, channel_script
from actviz_core.hooks.record import layer_of_call
from actviz_core.hooks.walk import named_modules
from actviz_core.ui.channel import pictures, worth
from actviz_core.ui.channel.card import found_by
from actviz_core.ui.channel.hand import ChannelInHand
from actviz_core.ui.channel.looks import look_task
from actviz_core.ui.channel.sections import channel_html
from actviz_core.ui.layer_files import told_of_layer
from actviz_core.ui.take_away import telling
from actviz_core.ui.text import file_name, plain


def take_channel_away(hand: ChannelInHand) -> None:
    """Draw the popover; the files are made when they are asked for, of what the cards have found by then."""
    popover = st.popover("Take away", icon=":material/download:", key="take_channel", on_change="rerun")
    if not popover.open:
        return
    told = told_of_layer(hand.layer, f"channel {hand.channel}")
    name = file_name(told.name)
    dark = st.context.theme.type == "dark"
    failures: list[str] = []
    with popover:
        st.download_button(
            "Page (HTML, 5 MB)",
            telling(lambda: channel_html(hand, told.title, dark=dark), f"{name}.html", failures),
            f"{name}.html",
            "text/html",
            key="take_channel_html",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )
        layer = numbers_layer(hand)
        st.download_button(
            "Script (ZIP)",
            telling(lambda: script_zip(script_of(hand), name=name), f"{name}.zip", failures),
            f"{name}.zip",
            "application/zip",
            key="take_channel_script",
            on_click="ignore",
            icon=":material/download:",
            disabled=layer is None,
            width="stretch",
        )
        if layer is None:
            st.caption("Plain torch cannot see this step or part of a result, so there is no script for it.")
        else:
            needs = script_of(hand).needs
            st.caption(
                plain(
                    "The ZIP file holds a Python script with its pictures and, where nobody publishes them, "
                    "the weights. The script computes the page's numbers again with plain torch and compares "
                    "them: those of the map, the box, the worth, the twins and the pictures, as far as the "
                    f"page has them. The picture that was made is not among them. The script {needs}"
                )
            )


def numbers_layer(hand: ChannelInHand) -> tuple[str, int] | None:
    """The layer and the number of its call, where a plain hook sees exactly this activation."""
    layer = layer_of_call(hand.call, dict(named_modules(hand.model.module)))
    rest = "" if layer is None else hand.call[len(layer) :]
    if layer is None or (rest and not rest.removeprefix("#").isdecimal()):
        return None
    return layer, int(rest.removeprefix("#") or 1)


def script_of(hand: ChannelInHand) -> Script:
    """The script with the numbers that the page has. Raises `ActVizError` where there is none."""
    layer = numbers_layer(hand)
    if layer is None:
        raise ActVizError("Plain torch cannot see this step or part of a result.")
    numbers = numbers_of(hand, *layer)
    others = {name: hand.workspace.sample(name).image for name in numbers.pictures}
    pictures = {**others, hand.sample.id: hand.sample.image}
    return channel_script(hand.model, hand.sample.id, hand.call, numbers, pictures)


def numbers_of(hand: ChannelInHand, layer: str, number: int) -> ChannelNumbers:
    """Every number of the page that its cards have found by now."""
    value = hand.layer.value
    every = torch.arange(value.numel()).reshape(value.shape).numpy()
    positions = np.array(hand.workspace.maps(hand.model, hand.call, torch.from_numpy(every))[hand.channel])
    own = hand.map.astype(np.float64)
    row, column = hand.cell
    expected = {
        "mean": float(own.mean()),
        "maximum": float(own.max()),
        "minimum": float(own.min()),
        "value of the cell": float(own[row, column]),
    }
    box = None
    found = found_by(look_task(hand))
    if found is not None and found.field.evidence is Evidence.NAN and not found.field.empty:
        field = found.field
        box = (field.top, field.bottom, field.left, field.right)
        expected |= dict(
            zip(("box top", "box bottom", "box left", "box right"), map(float, box), strict=True)
        )
    if found is not None and found.shares is not None:
        expected["pixels of half"] = float(found.pixels_of_half)
    axis = channel_axis(hand.layer.layout)
    target, rank = None, False
    before = hand.workspace.prediction(hand.model, hand.sample, k=None)
    if axis is not None and before.problem is None:
        changed = found_by(worth.changed_task(hand, Change.OFF, 1.0))
        if changed is not None and changed.answer.problem is None:
            target = before.indices[0]
            shares = dict(zip(changed.answer.indices, changed.answer.probabilities, strict=True))
            expected |= {"share": before.probabilities[0], "share without it": shares[target]}
            worths = hand.workspace.background.find(worth.worths_key(hand, target))
            if worths is not None and worths.done:
                rank = True
                expected["place"] = float(worths.result().place(hand.channel))
    alike = twins(hand.layer.maps, hand.channel) if axis is not None and hand.map.size > 1 else ()
    expected |= {f"correlation with {twin.channel}": twin.correlation for twin in alike}
    hits = found_by(pictures.pictures_task(hand))
    top = () if hits is None else hits.top
    expected |= {f"largest in {hit.image}": hit.value for hit in top}
    return ChannelNumbers(
        layer,
        number,
        hand.channel,
        axis,
        positions,
        tuple(value.shape),
        hand.cell,
        box,
        target,
        rank,
        tuple(twin.channel for twin in alike),
        tuple(hit.image for hit in top),
        expected,
    )
