"""The module tree as a table: filters, one row a module, rows to tick."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from actviz_core.analysis import channel_count
from actviz_core.hooks import ModuleRow
from actviz_core.layouts.layout import Layout
from actviz_core.models import Model
from actviz_core.names import CallName
from actviz_core.ui.choices import check_number, linked_selectbox
from actviz_core.ui.glossary import Term, meaning
from actviz_core.ui.shell.view import View, choose_layers, choose_steps
from actviz_core.ui.text import plain, shape_text
from actviz_core.units import megabytes
from actviz_core.workspace.shared import Workspace

STEPS = "steps"
STEPS_HELP = (
    f"{meaning(Term.STEP)} add#1 is the first sum in that part's code. "
    "Off also drops the steps that are chosen."
)
INDENT = "\u2003"  # an em space: table cells fold ordinary ones
ALL = "all"
OUTPUT_HELP = (
    "The sizes of what it returns for one picture: of maps mostly channels x height x width, of tokens "
    "tokens x channels."
)


def filter_rows(rows: Sequence[ModuleRow], view: View) -> list[ModuleRow]:
    """Draw the filters and the switch for steps; return the rows that pass, without the root."""
    deepest = max(row.depth for row in rows if not row.step)  # so that the switch changes no other control
    types = [ALL, *dict.fromkeys(row.type for row in rows if row.name)]
    levels = deepest
    check_number("depth", 1, deepest)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Filter", key="filter", bind="query-params", placeholder="part of a name", width=240
        )
        if st.session_state.get("type", ALL) not in types:
            st.session_state["type"] = ALL
        type_name = linked_selectbox("Type", types, key="type", width=200)
        if deepest > 1:
            levels = st.slider(
                "Depth",
                1,
                deepest,
                value=deepest,
                key="depth",
                bind="query-params",
                width=200,
                help="Fewer levels fold the tree.",
            )
        st.session_state[STEPS] = view.steps
        st.toggle(
            "Steps between layers",
            key=STEPS,
            on_change=lambda: choose_steps(offered=st.session_state[STEPS]),
            help=STEPS_HELP,
        )
    return [
        row
        for row in rows
        if row.name
        and min(row.depth, deepest) <= levels
        and words.lower() in row.name.lower()
        and type_name in (ALL, row.type)
    ]


def layer_table(shown: Sequence[ModuleRow], rows: Sequence[ModuleRow], view: View) -> None:
    """Draw the table; ticking rows changes the chosen layers, those that are filtered out stay chosen."""
    if not shown:
        st.info("No layer passes the filter.", icon=":material/filter_alt_off:")
        return
    total = next(row.flops for row in rows if not row.name) or 1
    chosen = chosen_names(rows, view)
    names = [row.name for row in shown]
    ticked = [position for position, name in enumerate(names) if name in chosen]
    key = _key(names, ticked)
    st.dataframe(
        pd.DataFrame(
            {
                "Layer": [INDENT * (row.depth - 1) + _own_name(row) for row in shown],
                "Type": [row.type for row in shown],
                "Output": [row.returned or shape_text(row.shape) for row in shown],
                "Parameters": [row.parameters for row in shown],
                "Compute": [100 * row.flops / total for row in shown],
                "Calls": [row.calls for row in shown],
                "Full name": names,
            }
        ),
        key=key,
        height=min(38 + 35 * len(shown), 560),
        hide_index=True,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticked}},
        on_select=lambda: _ticked(key, names, chosen),
        column_config={
            "Layer": st.column_config.TextColumn(width="medium"),
            "Output": st.column_config.TextColumn(help=OUTPUT_HELP),
            "Parameters": st.column_config.NumberColumn(
                format="localized",
                help="How many weights the layer has, with those of the layers inside it.",
            ),
            "Compute": st.column_config.ProgressColumn(
                format="%.1f %%",
                min_value=0,
                max_value=100,
                help="Share of the network's multiplications and additions.",
            ),
            "Calls": st.column_config.NumberColumn(help="How often it runs for one picture.", width="small"),
        },
        alt="The network's layers with type, output shape, parameters, share of compute and calls",
    )


def _own_name(row: ModuleRow) -> str:
    """The last part of a row's name: ``conv1`` of ``layer1.0.conv1``, ``add#1`` of ``layer1.0/add#1``."""
    step = CallName.step(row.name) if row.step else None
    return row.name.rpartition(".")[2] if step is None else f"{step.function}{step.selector}"


def layout_reader(model: Model, workspace: Workspace) -> Callable[[ModuleRow], Layout]:
    """Give the function that tells how what a row's layer or step returns is laid out."""

    def steps() -> list[str]:
        return [row.name for row in workspace.tree(model, steps=True) if row.step]

    return lambda row: workspace.store.layout(model, row.name, row.shape or (), steps)


def summary_of_choice(
    rows: Sequence[ModuleRow], view: View, memory: int, layout: Callable[[ModuleRow], Layout]
) -> str:
    """The chosen layers in one line: how many, how many channels each gives, and the memory of all.

    Channels are what Activations draws as such: of tokens, the numbers that each token has.
    """
    by_name = {row.name: row for row in rows}
    chosen = [by_name[name] for name in chosen_names(rows, view)]
    if not chosen:
        return "No layer chosen yet."
    channels = ["none" if row.shape is None else str(channel_count(row.shape, layout(row))) for row in chosen]
    steps = sum(row.step for row in chosen)
    counts = ((len(chosen) - steps, "layer"), (steps, "step"))
    things = " and ".join(f"{count} {thing}{'s' * (count > 1)}" for count, thing in counts if count)
    some = " + ".join(channels[:6]) + (" + ..." if len(channels) > 6 else "")
    return plain(f"{things} chosen: {some} channels, {megabytes(memory)} for one picture")


def chosen_names(rows: Sequence[ModuleRow], view: View) -> list[str]:
    """The view's layers by their names in the tree: ``relu#2`` ticks the row ``relu``.

    A step without its number, as in ``layer1.0/add``, ticks all of that function's rows.
    """
    known = {row.name: None for row in rows}
    names: dict[str, None] = {}
    for layer in view.layers:
        asked = CallName.asked(layer, known)
        found = [asked.module] if asked and asked.layer else [s for s in known if s.startswith(f"{layer}#")]
        names.update(dict.fromkeys(found))
    return list(names)


def _key(names: Sequence[str], ticked: Sequence[int]) -> str:
    """A table keeps its key while it shows what its own ticks say, and is drawn anew otherwise."""
    shown = hash(tuple(names))
    state = st.session_state.setdefault("layer_table", {"shown": shown, "ticked": list(ticked), "version": 0})
    if state["shown"] != shown or state["ticked"] != list(ticked):
        state.update(shown=shown, ticked=list(ticked), version=state["version"] + 1)
    return f"layer_rows_{state['version']}"


def _ticked(key: str, names: Sequence[str], chosen: Sequence[str]) -> None:
    ticked = sorted(st.session_state[key]["selection"]["rows"])
    st.session_state["layer_table"]["ticked"] = ticked
    kept = [name for name in chosen if name not in names]
    now = {names[position] for position in ticked}
    in_order = [name for name in chosen if name in now] + [names[p] for p in ticked if names[p] not in chosen]
    choose_layers(tuple(kept + in_order))
