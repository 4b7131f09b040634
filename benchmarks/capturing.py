"""Capture against a bare forward pass, the article's hooks and torchvision's feature extractor."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torchvision.models import resnet18
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from actviz_core import capture
from benchmarks.peers.article import hooked
from benchmarks.stopwatch import in_turns, timed
from benchmarks.table import Row, ratio_row

LAYER = "layer1.0.conv1"
ROUNDS = 30


def rows() -> Iterator[Row]:
    """Measure one layer and all modules' calls of resnet18 with random weights at 224."""
    torch.manual_seed(0)
    network = resnet18().eval()
    inputs = torch.randn(1, 3, 224, 224)
    every_layer = [name for name, _ in network.named_modules() if name]
    nodes = [node for node in get_graph_node_names(network)[1] if node != "x"]
    timings = in_turns(
        {
            "bare": timed(lambda: _bare(network, inputs)),
            "one": timed(lambda: capture(network, inputs, [LAYER])),
            "one, hooks": timed(lambda: hooked(network, inputs, [LAYER])),
            "one, extractor": timed(_extractor(network, inputs, [LAYER])),
            "all": timed(lambda: capture(network, inputs)),
            "all, hooks": timed(lambda: hooked(network, inputs, every_layer)),
            "all, extractor": timed(_extractor(network, inputs, nodes)),
        },
        rounds=ROUNDS,
        warm_up=3,
    )
    bare = timings["bare"]
    for name, what, limit in (("one", f"capture of {LAYER}", 0.35), ("all", "capture of all calls", 1.4)):
        yield ratio_row(f"{what}, resnet18, 224", "a bare forward pass", timings[name], bare, limit)
        for peer, title in (
            ("hooks", "article's hooks, output.detach()"),
            ("extractor", "feature extractor"),
        ):
            row = f"  {title} for the same"
            yield ratio_row(row, "a bare forward pass", timings[f"{name}, {peer}"], bare)


def _bare(network: nn.Module, inputs: Tensor) -> None:
    with torch.no_grad():
        network(inputs)


def _extractor(network: nn.Module, inputs: Tensor, nodes: list[str]) -> Callable[[], None]:
    extractor = create_feature_extractor(network, nodes)
    return lambda: _bare(extractor, inputs)
