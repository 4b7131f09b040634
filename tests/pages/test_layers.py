"""Layers: the module tree as a table, its filters, ticks and quick picks."""

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from actviz_core.workspace.shared import Workspace
from tests.hooks.reference import cloned_activations
from tests.pages.truth import LAYERS, model
from tests.pages.visit import (
    check_fine,
    choose,
    go_to,
    offered,
    press,
    read_page,
    table,
    tick,
    visit,
    widget,
)
from tests.toy_models import CountedNet

FIRST_OF_EACH_STAGE = LAYERS
ARTICLES_TWO = [LAYERS[0], LAYERS[2]]


def names(app: AppTest) -> list[str]:
    return list(table(app)["Full name"])


def ticked(app: AppTest) -> list[str]:
    """The layers whose rows are ticked when the table is drawn."""
    rows = json.loads(app.dataframe[0].proto.selection_default)["selection"]["rows"]
    return [names(app)[row] for row in rows]


def chosen(app: AppTest) -> list[str]:
    layers: list[str] | str = app.query_params.get("layers", [])
    return [layers] if isinstance(layers, str) else layers


def operations(module: nn.Module, output: torch.Tensor) -> int:
    """Multiplications and additions of one convolution or fully connected layer."""
    if isinstance(module, nn.Conv2d):
        kernel = module.kernel_size[0] * module.kernel_size[1]
        return 2 * output.numel() * module.in_channels // module.groups * kernel
    return 2 * output.numel() * module.in_features if isinstance(module, nn.Linear) else 0


def test_every_module_has_a_row_with_its_type_shape_parameters_and_calls() -> None:
    app = visit("layers")
    check_fine(app)
    network = model().module
    modules = {name: module for name, module in network.named_modules() if name}
    ran = cloned_activations(network, torch.zeros(1, 3, 32, 32))
    rows = table(app)
    assert names(app) == list(modules)
    assert list(rows["Type"]) == [type(module).__name__ for module in modules.values()]
    assert list(rows["Output"]) == [" x ".join(map(str, ran[name][0].shape[1:])) for name in modules]
    assert list(rows["Parameters"]) == [
        sum(parameter.numel() for parameter in module.parameters()) for module in modules.values()
    ]
    assert list(rows["Calls"]) == [len(ran[name]) for name in modules]


def test_compute_is_each_layers_share_of_all_operations() -> None:
    network = model().module
    ran = cloned_activations(network, torch.zeros(1, 3, 32, 32))
    own = {name: operations(m, ran[name][0]) for name, m in network.named_modules() if name}
    rows = table(visit("layers"))
    shares = [
        100
        * sum(count for other, count in own.items() if f"{other}.".startswith(f"{name}."))
        / sum(own.values())
        for name in rows["Full name"]
    ]
    np.testing.assert_allclose(rows["Compute"], shares, rtol=1e-9)
    assert sum(share for name, share in zip(own, shares, strict=True) if "." not in name) == pytest.approx(
        100
    )


def test_names_are_indented_by_their_depth() -> None:
    rows = table(visit("layers"))
    shown = dict(zip(rows["Full name"], rows["Layer"], strict=True))
    assert shown["layer1"] == "layer1"
    assert shown["layer1.0"] == "\u20030"
    assert shown["layer1.0.conv1"] == "\u2003\u2003conv1"


def test_rows_that_never_run_say_so(
    serve_toy: Callable[[nn.Module], Workspace],
) -> None:
    serve_toy(CountedNet())
    rows = table(visit("layers", {"layers": "conv"})).set_index("Full name")
    assert rows.loc["idle", "Output"] == "never runs"
    assert rows.loc["idle", "Calls"] == 0
    assert rows.loc["idle", "Parameters"] == 16
    assert rows.loc["relu", "Calls"] == 2


@pytest.mark.parametrize(
    ("label", "value", "keep"),
    [
        ("Filter", "CONV1", lambda name, _: "conv1" in name),
        ("Type", "BatchNorm2d", lambda _, module: isinstance(module, nn.BatchNorm2d)),
        ("Depth", 1, lambda name, _: "." not in name),
        ("Depth", 2, lambda name, _: name.count(".") <= 1),
    ],
)
def test_the_table_is_filtered_by_text_type_and_depth(
    label: str, value: object, keep: Callable[[str, nn.Module], bool]
) -> None:
    app = visit("layers")
    choose(app, label, value)
    check_fine(app)
    assert names(app) == [name for name, m in model().module.named_modules() if name and keep(name, m)]
    assert len(names(app)) > 2


def test_filters_work_together() -> None:
    app = visit("layers")
    choose(app, "Filter", "layer2")
    choose(app, "Type", "Conv2d")
    assert names(app) == [f"layer2.{block}.conv{n}" for block in range(3) for n in (1, 2)]
    choose(app, "Depth", 2)
    assert offered(app) == ["No layer passes the filter."]
    assert len(app.dataframe) == 0


@pytest.mark.parametrize(
    ("label", "picked"),
    [
        ("The article's two", ARTICLES_TWO),
        ("First of each stage", FIRST_OF_EACH_STAGE),
        ("None", []),
    ],
)
def test_a_quick_pick_chooses_and_ticks_its_layers(label: str, picked: list[str]) -> None:
    app = visit("layers", {"layers": ["fc", "conv1"]})
    press(app, label)
    check_fine(app)
    assert chosen(app) == picked
    assert ticked(app) == picked
    assert app.multiselect(key="chosen_layers").value == picked


def test_all_convolutions_are_one_quick_pick() -> None:
    app = visit("layers")
    press(app, "All convolutions")
    convolutions = [name for name, m in model().module.named_modules() if isinstance(m, nn.Conv2d)]
    assert chosen(app) == convolutions
    assert f"{len(convolutions)} layers chosen: 16 + 16 + 16 + 16 + 16 + 16 + ... channels" in read_page(app)


def test_the_quick_picks_of_another_network_are_its_own() -> None:
    app = visit("layers", {"model": "resnet18@random", "layers": "fc"})
    press(app, "The article's two")
    assert chosen(app) == ["layer1.0.conv1", "layer4.0.conv1"]
    press(app, "First of each stage")
    assert chosen(app) == [f"layer{stage}.0.conv1" for stage in (1, 2, 3, 4)]


def test_ticking_rows_chooses_layers_and_says_how_many_channels() -> None:
    app = visit("layers")
    assert ticked(app) == LAYERS
    tick(app, "conv1", "layer2.0.conv1", "avgpool")
    check_fine(app)
    assert chosen(app) == ["layer2.0.conv1", "conv1", "avgpool"]  # what was chosen stays in its order
    assert "3 layers chosen: 32 + 16 + 64 channels" in read_page(app)
    tick(app)
    assert chosen(app) == []
    assert "No layer chosen yet." in read_page(app)
    tick(app, "fc")
    assert "1 layer chosen: 10 channels" in read_page(app)


def test_layers_that_are_filtered_out_stay_chosen() -> None:
    app = visit("layers")
    choose(app, "Filter", "layer2.0")
    assert ticked(app) == ["layer2.0.conv1"]
    tick(app, "layer2.0.conv2")
    assert chosen(app) == ["layer1.0.conv1", "layer3.0.conv1", "layer2.0.conv2"]
    choose(app, "Filter", "")
    assert sorted(ticked(app)) == ["layer1.0.conv1", "layer2.0.conv2", "layer3.0.conv1"]


def test_a_layer_chosen_in_the_sidebar_is_ticked_and_shown_on_activations() -> None:
    app = visit("layers", {"layers": "conv1"})
    choose(app, "Layers", ["conv1", "bn1"])
    assert ticked(app) == ["conv1", "bn1"]
    go_to(app, "activations")
    assert widget(app, "Layer").options == ["conv1", "bn1"]


def test_a_call_in_the_link_ticks_its_layer(serve_toy: Callable[[nn.Module], Workspace]) -> None:
    serve_toy(CountedNet())
    app = visit("layers", {"layers": "relu#2"})
    check_fine(app)
    assert ticked(app) == ["relu"]
