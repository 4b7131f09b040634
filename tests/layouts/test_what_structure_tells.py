"""What a network's structure tells of its layouts, what is a guess, and what a user may choose."""

import numpy as np
import pytest
from torch import Tensor, nn
from torchvision.models import resnet18

from actviz_core.analysis import as_maps
from actviz_core.layouts.layout import LayoutKind
from actviz_core.layouts.of_network import layout_of
from tests.layouts.networks import timm_network, vit


class Rearranged(nn.Module):
    """Puts the channels last where no one sees it, then calls layers that work on single values."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1)
        self.turn = Turn()
        self.relu = nn.ReLU()
        self.mlp = nn.Sequential(nn.Linear(8, 8), nn.GELU(), Turn(), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(self.relu(self.turn(self.conv(x))))


class Turn(nn.Module):
    """Moves the channels without saying so by its class."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1)


def test_what_no_structure_tells_is_called_a_guess() -> None:
    layouts = {
        name: layout_of(Rearranged(), name, (1, 8, 8, 8), (8, 8))
        for name in ("conv", "turn", "relu", "mlp.0", "mlp.1", "mlp.2", "mlp.3", "mlp", "", "no such layer")
    }
    assert {name: layout.name for name, layout in layouts.items() if layout.certain} == {
        "conv": "maps",
        "mlp.0": "channel-last",
        "mlp.1": "channel-last",
    }
    assert layouts["relu"].name == "maps"
    assert "shape alone" in layouts["relu"].why


def test_the_pictures_proportions_decide_where_only_one_reading_has_them() -> None:
    network = Rearranged()
    assert layout_of(network, "relu", (1, 4, 8, 16), (8, 16)).name == "maps"
    last = layout_of(network, "relu", (1, 8, 16, 8), (16, 32))
    assert (last.name, last.certain) == ("channel-last", True)


@pytest.mark.parametrize(
    ("layer", "shape", "name"),
    [
        (nn.Conv1d(4, 5, 1), (1, 5, 9), "sequence-ncl"),
        (nn.Conv3d(1, 2, 1), (1, 2, 3, 4, 5), "volume"),
        (nn.BatchNorm1d(5), (1, 5, 9), "sequence-ncl"),
        (nn.LSTM(4, 6), (9, 1, 6), "sequence-lnc"),
        (nn.LSTM(4, 6, batch_first=True), (1, 9, 6), "sequence"),
        (nn.MultiheadAttention(8, 2), (9, 1, 8), "sequence-lnc"),
        (nn.MultiheadAttention(8, 2, batch_first=True), (1, 9, 8), "sequence"),
        (nn.TransformerEncoderLayer(8, 2), (9, 1, 8), "sequence-lnc"),
        (nn.Linear(4, 10), (1, 10), "vector"),
        (nn.AdaptiveAvgPool2d(1), (1, 10, 1, 1), "vector"),
    ],
)
def test_layers_of_torch_tell_their_axes_in_any_network(
    layer: nn.Module, shape: tuple[int, ...], name: str
) -> None:
    place = "[0]" if isinstance(layer, (nn.LSTM, nn.MultiheadAttention)) else ""
    layout = layout_of(nn.ModuleDict({"layer": layer}), f"layer{place}", shape, (32, 32))
    assert (layout.name, layout.certain) == (name, True)


def test_positions_before_pictures_are_recognised_by_the_batch() -> None:
    layout = layout_of(nn.Sequential(nn.Identity()), "0", (9, 1, 8), (32, 32))
    assert (layout.axes, layout.certain) == ("LNC", False)


def test_more_entries_than_pictures_are_a_guess_that_says_so() -> None:
    layout = layout_of(nn.Sequential(nn.Conv2d(3, 4, 1)), "0", (6, 4, 8, 8), (32, 32))
    assert not layout.certain
    assert "6 entries where 1 picture went in" in layout.why
    assert layout_of(nn.Sequential(nn.Conv2d(3, 4, 1)), "0", (6, 4, 8, 8), (32, 32), batch=6).certain


def test_every_reading_can_be_chosen_and_drawn() -> None:
    for shape in [(1, 197, 192), (1, 8, 8, 8), (1, 2, 3, 4, 5), (1, 10)]:
        layout = layout_of(nn.Identity(), "", shape, (224, 224))
        assert len(set(layout.readings)) == len(layout.readings)
        for name in layout.readings:
            reading = layout.reading(name)
            assert reading is not None
            assert as_maps(np.zeros(shape), reading).ndim == 3
    tokens = layout_of(nn.Identity(), "", (1, 197, 192), (224, 224)).reading("tokens")
    assert tokens is not None
    assert (tokens.grid, tokens.prefix) == ((14, 14), ("class token",))
    assert layout_of(nn.Identity(), "", (1, 10), (224, 224)).reading("tokens") is None


def test_steps_are_read_like_the_layers_around_them() -> None:
    network = vit()
    inside = layout_of(network, "encoder.layers.encoder_layer_0/add#1", (1, 17, 32), (64, 64))
    assert (inside.kind, inside.grid, inside.certain) == (LayoutKind.TOKENS, (4, 4), True)
    block = layout_of(resnet18(), "layer1.0/add#1", (1, 64, 64, 64), (256, 256))
    assert (block.kind, block.certain) == (LayoutKind.MAPS, True)


def test_attention_weights_are_never_taken_for_maps_of_the_picture() -> None:
    network = timm_network("vit_tiny_patch16_224", img_size=256)
    layout = layout_of(network, "blocks.0.attn.attn_drop", (1, 3, 257, 257), (256, 256))
    assert (layout.kind, layout.on_picture) == (LayoutKind.OTHER, False)
