"""The heads of an attention layer: where each one looks from a chosen token, over the picture."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import streamlit as st
from torch import nn

from actviz_core.analysis import attention_sentence
from actviz_core.errors import ShapeError, UnknownLayerError
from actviz_core.figures import attention_heads, attention_picker, lay_on_pictures
from actviz_core.hooks import Attention, TokenGrid, WindowGrid, attention_from_prefix, attention_on_grid
from actviz_core.hooks.record import layer_of_call
from actviz_core.hooks.walk import named_modules
from actviz_core.layouts import Layout, LayoutKind, prefix_names
from actviz_core.ui.choices import check_number, linked_selectbox
from actviz_core.ui.figure import Click, draw, draw_clickable
from actviz_core.ui.layer_files import told_of_layer
from actviz_core.ui.layer_in_hand import LayerInHand
from actviz_core.ui.picture_parts import picture_part
from actviz_core.ui.text import plain
from actviz_core.ui.view import choose_layers, current_view
from actviz_core.workspace import Workspace

WIDTH, SIDE_WIDTH = 690, 340
_KEY = "look_from"
_HELP = (
    "The token that looks: a class or register token, or a patch as row, column. Clicking a patch chooses it."
)


def attention_view(layer: LayerInHand, workspace: Workspace) -> None:
    """Draw the heads of an attention layer, or offer the way to them from the block that holds it."""
    modules = dict(named_modules(layer.model.module))
    name = layer_of_call(layer.call, modules)
    if name is None:
        return
    module = modules[name]
    if not is_attention(module):
        _offer_heads(name, module)
        return
    try:
        heard = workspace.attention(layer.model, layer.sample, name)
    except UnknownLayerError:
        return  # it is called attention, but has none
    call = layer.call.split("[")[0]
    attention = dict(zip(heard.names, heard.attention, strict=True)).get(call)
    if attention is None or not attention.weights.numel():
        return
    st.subheader("Heads")
    if not heard.same_pass:
        st.warning(
            "The network answered otherwise in the pass that these weights are from.",
            icon=":material/shuffle:",
        )
    _heads(layer, attention)


def is_attention(module: nn.Module) -> bool:
    """Whether a layer is one of attention, by its class and its number of heads."""
    counts = hasattr(module, "num_heads") or hasattr(module, "n_heads")
    return counts and "attention" in type(module).__name__.lower()


def _offer_heads(name: str, module: nn.Module) -> None:
    """One click from a block to the one attention layer that it holds."""
    inside = {below: part for below, part in named_modules(module) if below and is_attention(part)}
    if not name or len(inside) != 1:
        return
    ((below, attention),) = inside.items()
    heads = f"{name}.{below}"

    def show() -> None:
        chosen = current_view().layers
        choose_layers(chosen if heads in chosen else (*chosen, heads))
        several = isinstance(attention, nn.MultiheadAttention)  # returns its weights too
        st.session_state["activations_layer"] = f"{heads}[0]" if several else heads

    st.button("Show its attention heads", icon=":material/visibility:", key="show_heads", on_click=show)


def _heads(layer: LayerInHand, attention: Attention) -> None:
    layout = attention.layout or _windows(layer.layout)
    attention = replace(attention, layout=layout)
    if layout is None:
        shape = " x ".join(map(str, attention.weights.shape[1:]))
        st.caption(
            f"How the tokens of this layer lie on the picture is not known, so its weights ({shape}: heads, "
            "tokens that look, tokens looked at) are not drawn over it."
        )
        return
    count = layout.prefix if isinstance(layout, TokenGrid) else 0
    names = layer.prefix if len(layer.prefix) == count else prefix_names(count)
    heads, side = st.columns([2, 1], gap="medium")
    with side:
        looking, opacity = _choose_token(names, layout.grid)
    try:
        maps = np.stack([_map(attention, names, looking, head) for head in range(attention.weights.shape[1])])
    except ShapeError as error:
        heads.caption(plain(str(error)))
        return
    patch = _patch(looking)
    who = looking if patch is None else f"patch in row {patch[0]}, column {patch[1]}"
    with heads:
        st.markdown(plain(attention_sentence(maps, who)))
        draw(
            lay_on_pictures(
                attention_heads(maps, image=layer.seen, chosen=patch, opacity=opacity, width=WIDTH),
                [picture_part(layer.model, layer.sample)],
            ),
            key="attention_heads",
            alt=f"Where each of the {len(maps)} heads of {layer.call} looks from the {who}",
            told=told_of_layer(layer, f"heads from {who}"),
        )
    with side:
        draw_clickable(
            lay_on_pictures(
                attention_picker(
                    maps.mean(0), image=layer.seen, chosen=patch, opacity=opacity, width=SIDE_WIDTH
                ),
                [picture_part(layer.model, layer.sample)],
            ),
            key="attention_mean",
            alt=f"The mean of all heads of {layer.call}, from the {who}",
            clicked=_choose_patch,
            told=told_of_layer(layer, f"mean of heads from {who}"),
        )
        st.caption("The mean of all heads. Click a patch to look from there.")


def _windows(layout: Layout) -> WindowGrid | None:
    """Where the windows of a layer lie that works on nothing else, as far as they need no filling up."""
    if layout.kind is not LayoutKind.WINDOWS or "GLC" not in layout.axes:
        return None
    if layout.grid is None or layout.window is None:
        return None
    if any(side % part for side, part in zip(layout.grid, layout.window, strict=True)):
        return None
    return WindowGrid(layout.grid, layout.grid, layout.window, layout.shift)


def _choose_token(names: tuple[str, ...], grid: tuple[int, int]) -> tuple[str, float]:
    """Draw the choice of the token that looks: the class token at first, else the patch in the middle."""
    rows, columns = grid
    patches = [f"{row}, {column}" for row in range(rows) for column in range(columns)]
    first = names or (f"{rows // 2}, {columns // 2}",)
    options = list(dict.fromkeys([*first, *patches]))
    if st.session_state.get(_KEY, options[0]) not in options:
        st.session_state[_KEY] = options[0]
    looking = linked_selectbox("Look from", options, key=_KEY, help=_HELP)
    check_number("heads_opacity", 0, 1)
    opacity = st.slider(
        "Opacity over the picture",
        0.0,
        1.0,
        0.6,
        0.1,
        key="heads_opacity",
        bind="query-params",
        format="percent",
    )
    return looking, opacity


def _patch(looking: str) -> tuple[int, int] | None:
    """Row and column of a patch; None for a token beside the patches."""
    row, comma, column = looking.partition(", ")
    return (int(row), int(column)) if comma else None


def _map(attention: Attention, names: tuple[str, ...], looking: str, head: int) -> npt.NDArray[np.float32]:
    patch = _patch(looking)
    if patch is None:
        return attention_from_prefix(attention, head, names.index(looking))
    return attention_on_grid(attention, head, *patch)


def _choose_patch(click: Click) -> None:
    if click.place is not None:
        st.session_state[_KEY] = f"{click.place[0]}, {click.place[1]}"
