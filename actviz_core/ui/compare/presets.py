"""Boards that one click makes from what is in hand."""

import streamlit as st

from actviz_core import board
from actviz_core.errors import ActVizError, BudgetError
from actviz_core.models import Model, list_weights
from actviz_core.models.network import RANDOM
from actviz_core.names import ImageId, ModelKey, Slot
from actviz_core.names.image import ORIGINAL
from actviz_core.samples import Sample, mirrored, noisy, open_source, parse_image_id
from actviz_core.ui.compare.state import start_board
from actviz_core.ui.shell.errors import warn_of_size
from actviz_core.ui.shell.tray import tray
from actviz_core.ui.shell.view import View, names_offered
from actviz_core.workspace.shared import Workspace

NEIGHBOURS = 3


def preset_bar(view: View, model: Model, sample: Sample, workspace: Workspace) -> None:
    """Draw one button a preset; those that make no sense for what is in hand are disabled and say why."""
    calls = _calls(view, model, sample, workspace)
    warn_of_size(model, view.layers[: board.MOST_PANELS], workspace)
    name = ModelKey.parse(model.key).network
    weights = [info for info in list_weights(name, workspace.settings) if info.ready]
    trained = [info.key for info in weights if info.name != RANDOM]
    random = [info.key for info in weights if info.name == RANDOM]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _preset(
            "These layers",
            board.of_layers(calls),
            "One panel for each chosen layer, of the network and picture in the sidebar.",
            start=[],
        )
        if not calls:
            return
        call = calls[0]
        _preset(
            "These pictures",
            board.of_pictures(_pictures(sample, workspace), call),
            "One panel for each picture of the tray, or for this picture and the next ones.",
        )
        compared = model.key if model.key in trained else next(iter(trained), None)
        _preset(
            "Trained and untrained",
            board.of_models([*random, *([compared] if compared else [])], call),
            "The same layer before and after learning. Needs the trained weights.",
            own_range=True,
        )
        _preset(
            "While it learned",
            board.of_models([*random, *trained], call) if len(trained) > 1 else [],
            "The same layer at every checkpoint, from random to final. Needs several checkpoints.",
            own_range=True,
        )
        _preset(
            "Mirror image",
            board.of_pictures([ORIGINAL, mirrored("")], call),
            "The picture and its mirror image: does the layer answer the same way?",
        )
        with st.popover("Noise", help="The picture with and without noise."):
            strength = st.slider("Strength", 0.02, 0.5, 0.1, 0.02, key="noise_strength")
            _preset(
                "Compare with noise",
                board.of_pictures([ORIGINAL, noisy("", strength)], call),
                "Noise is added to every pixel; a strength of 1 is as strong as the picture itself.",
            )


def layers_in_hand(view: View, model: Model, sample: Sample, workspace: Workspace) -> list[Slot]:
    """What a first visitor finds: the chosen layers, whichever they are."""
    return board.of_layers(_calls(view, model, sample, workspace))


def _preset(
    label: str, slots: list[Slot], words: str, *, own_range: bool = False, start: list[Slot] | None = None
) -> None:
    """Draw a preset's button, which makes a board of ``slots``, or of ``start`` where that is given.

    Values of one layer grow or shrink several times over while a network learns: in one range for all, the
    smaller ones could not be seen. Such presets start with an ``own_range`` for each panel.
    """
    st.button(
        label,
        on_click=start_board,
        args=(slots if start is None else start,),
        kwargs={"own_range": own_range},
        help=words,
        disabled=len(slots) < board.FEWEST_PANELS,
    )


def _calls(view: View, model: Model, sample: Sample, workspace: Workspace) -> list[str]:
    """The calls of as many chosen layers as there may be panels, in the order of the network.

    Of layers that don't fit into memory together, those that do.
    """
    places = {name: place for place, name in enumerate(names_offered(view, model, workspace))}
    try:
        owners = workspace.owners(model, view.layers)
        names = sorted(owners, key=lambda name: places.get(owners[name], len(places)))[: board.MOST_PANELS]
        try:
            return list(workspace.activations(model, sample, names))
        except BudgetError:
            return list(workspace.activations(model, sample, workspace.fitting(model, names)))
    except ActVizError:
        return []


def _pictures(sample: Sample, workspace: Workspace) -> list[str]:
    if len(tray()) >= board.FEWEST_PANELS:
        return tray()
    parsed = parse_image_id(sample.id)
    if not isinstance(parsed.item, int):
        return [*tray(), sample.id]
    count = len(open_source(parsed.source, workspace.settings))
    following = [
        str(ImageId(parsed.source, (parsed.item + step) % count)) for step in range(1, NEIGHBOURS + 1)
    ]
    return [sample.id, *following]
