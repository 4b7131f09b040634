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
from actviz_core.hooks.attention_weights import number_of_heads
from actviz_core.hooks.selection import call_of
from actviz_core.hooks.walk import named_modules
from actviz_core.layouts.layout import Layout, LayoutKind, prefix_names
from actviz_core.ui.activations.layer_files import label_of_layer
from actviz_core.ui.activations.selected_layer import SelectedLayer
from actviz_core.ui.choices import check_number, linked_selectbox
from actviz_core.ui.figure import Click, draw, draw_clickable
from actviz_core.ui.picture_parts import picture_part
from actviz_core.ui.shell.view import choose_layers, current_view
from actviz_core.ui.text import plain
from actviz_core.workspace.shared import Workspace

WIDTH, SIDE_WIDTH = 690, 340
ONLY_CLASS = "Only the class token looks in this layer."
NONE_HEARD = (
    "No heads are shown: this layer is called attention, but in this pass it made no attention weights whose "
    "heads and tokens can be told apart."
)
SEVERAL_TIMES = "No heads are shown: this layer makes attention weights several times in one run."
_KEY = "look_from"
_HELP = (
    "The token that looks: a class or register token, or a patch as row, column. Clicking a patch chooses it."
)


def attention_view(layer: SelectedLayer, workspace: Workspace) -> None:
    """Draw the heads of an attention layer, or offer the way to them from the block that holds it."""
    modules = dict(named_modules(layer.model.module))
    made = call_of(layer.model.module, layer.call)
    name = made.layer
    if name is None:
        return
    module = modules[name]
    if not is_attention(module):
        _offer_heads(name, module)
        return
    try:
        heard = workspace.attention(layer.model, layer.sample, name)
    except UnknownLayerError:
        st.caption(NONE_HEARD)
        return
    call = str(made.call)
    attention = dict(zip(heard.names, heard.attention, strict=True)).get(call)
    if attention is None or not attention.weights.numel():
        st.caption(SEVERAL_TIMES if heard.attention and call == name else NONE_HEARD)
        return
    st.subheader("Heads")
    if not heard.same_pass:
        st.warning(
            "The network answered otherwise in the pass that these weights are from.",
            icon=":material/shuffle:",
        )
    _heads(layer, attention)


def is_attention(module: nn.Module) -> bool:
    """Whether a layer is one of attention, by its class or its number of heads, and holds no other such."""
    return _is_called_so(module) and not any(
        _is_called_so(part) for name, part in named_modules(module) if name
    )


def _is_called_so(module: nn.Module) -> bool:
    name = type(module).__name__.lower()
    return number_of_heads(module) is not None or "attention" in name or "attn" in name


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


def _heads(layer: SelectedLayer, attention: Attention) -> None:
    layout = attention.layout or _windows(layer.layout, tuple(attention.weights.shape))
    attention = replace(attention, layout=layout)
    if layout is None:
        st.caption(_why_not_drawn(attention))
        return
    count = layout.prefix if isinstance(layout, TokenGrid) else 0
    names = layer.prefix if len(layer.prefix) == count else prefix_names(count)
    heads, side = st.columns([2, 1], gap="medium")
    with side:
        looking, opacity = _choose_token(names, layout)
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
            label=label_of_layer(layer, f"heads from {who}"),
        )
    with side:
        only_class = isinstance(layout, TokenGrid) and layout.class_only
        mean = attention_picker(
            maps.mean(0), image=layer.seen, chosen=patch, opacity=opacity, width=SIDE_WIDTH
        )
        draw_clickable(
            lay_on_pictures(mean, [picture_part(layer.model, layer.sample)]),
            key="attention_mean",
            alt=f"The mean of all heads of {layer.call}, from the {who}",
            clicked=(lambda _: None) if only_class else _choose_patch,
            label=label_of_layer(layer, f"mean of heads from {who}"),
        )
        st.caption(f"The mean of all heads. {_how_to_look(layout)}")


def _how_to_look(layout: TokenGrid | WindowGrid) -> str:
    """What can be chosen, and how far a token sees."""
    if isinstance(layout, TokenGrid):
        return ONLY_CLASS if layout.class_only else "Click a patch to look from there."
    rows, columns = layout.window
    seen = f"its window of {rows} x {columns} patches"
    if layout.spread:
        down, across = layout.windows
        seen = f"{rows} x {columns} patches, each {down} rows or {across} columns from the next"
    return f"A patch sees only {seen}. Click another patch to look from there."


def _why_not_drawn(attention: Attention) -> str:
    """Why weights are not laid over the picture, with their sizes."""
    _, heads, queries, keys = attention.weights.shape
    if attention.of_channels:
        return (
            "The heads of this layer are not drawn over the picture: they weigh channels, not places. "
            f"Each of the {heads} heads has {queries} x {keys} weights, from each of its channels to each."
        )
    return (
        "How the tokens of this layer lie on the picture is not known, so its weights "
        f"({heads} x {queries} x {keys}: heads, tokens that look, tokens looked at) are not drawn over it."
    )


def _windows(layout: Layout, weights: tuple[int, ...]) -> WindowGrid | None:
    """Where the windows of a layer lie that works on nothing else, as far as they need no filling up."""
    if layout.kind is not LayoutKind.WINDOWS or layout.axes != "GLC":
        return None
    if layout.grid is None or layout.window is None:
        return None
    if any(side % part for side, part in zip(layout.grid, layout.window, strict=True)):
        return None
    windows = WindowGrid(layout.grid, layout.grid, layout.window, layout.shift)
    return windows if windows.holds(weights) else None


def _choose_token(names: tuple[str, ...], layout: TokenGrid | WindowGrid) -> tuple[str, float]:
    """Draw the choice of the token that looks: the class token at first, else the patch in the middle."""
    rows, columns = layout.grid
    patches = [f"{row}, {column}" for row in range(rows) for column in range(columns)]
    first = names or (f"{rows // 2}, {columns // 2}",)
    if isinstance(layout, TokenGrid) and layout.class_only:
        first, patches = names[:1], []
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
