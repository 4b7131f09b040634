"""An estimate tells what a real pass would make, and computes nothing where it need not."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models import get_model

from actviz_core.errors import UnknownLayerError
from actviz_core.hooks import capture, estimate, module_tree
from tests.hooks import attention_toys, toys
from tests.hooks.test_left_as_found import hooks_of


@pytest.mark.parametrize(
    ("name", "size"), [("resnet18", 64), ("vit_b_32", 224), ("swin_t", 64), ("shufflenet_v2_x0_5", 64)]
)
@pytest.mark.parametrize("steps", [False, True])
def test_rows_and_bytes_are_those_of_a_real_pass(name: str, size: int, steps: bool) -> None:
    torch.manual_seed(0)
    network = get_model(name)
    x = torch.randn(2, 3, size, size)
    found = estimate(network, x.shape, steps=steps)
    assert found.simulated
    assert found.rows == module_tree(network, x, steps=steps)
    record = capture(network, x, steps=steps)
    assert sum(size.bytes for size in found.sizes if size.layer) == sum(
        value.nbytes for value in record.values()
    )
    assert found.flops == found.rows[0].flops > 0
    assert found.parameters == sum(p.numel() for p in network.parameters())
    assert found.parameter_bytes == 4 * found.parameters


def test_the_compute_of_fused_attention_is_counted() -> None:
    batch, tokens, width = 2, 5, 8
    expected = 2 * batch * tokens * width * 3 * width  # queries, keys and values
    expected += 2 * 2 * batch * tokens * tokens * width  # queries by keys, weights by values
    expected += 2 * batch * tokens * width * width  # the output's projection
    network = attention_toys.SelfAttention()
    assert module_tree(network, torch.zeros(batch, tokens, width))[0].flops == expected
    written_out = attention_toys.SelfAttention(need_weights=True, batch_first=False)
    assert module_tree(written_out, torch.zeros(tokens, batch, width))[0].flops == expected
    fused = module_tree(attention_toys.FusedAttention(), torch.zeros(batch, tokens, width))[0].flops
    assert fused == 2 * batch * tokens * width * 2 * width + 2 * 2 * batch * 2 * tokens * tokens * 4


class Computed(TorchDispatchMode):
    """Collects the devices of all tensors that operators make in this thread."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.sizes: list[int] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]  # as torch's
        out = func(*args, **(kwargs or {}))
        if type(out) is Tensor and not out.is_meta:
            self.sizes.append(out.numel())
        return out


def test_nothing_is_computed_and_no_weight_is_copied() -> None:
    network = get_model("resnet18")
    with Computed() as computed:
        estimate(network, (1, 3, 64, 64))
    assert sum(computed.sizes) == 0
    assert hooks_of(network) == 0


def test_a_network_without_weights_can_be_estimated() -> None:
    with torch.device("meta"):
        network = get_model("vit_h_14")
    found = estimate(network, (1, 3, 224, 224))
    assert found.simulated
    assert found.parameters == 632_045_800
    assert sum(size.bytes for size in found.sizes if size.layer) > 800 << 20
    assert {row.name: row for row in found.rows}["encoder.ln"].shape == (1, 257, 1280)


class RemembersItsShape(nn.Module):
    """Keeps tensors of its pass, as networks do that cache their biases."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[str, Tensor] = {}
        self.linear = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        if "bias" not in self.cache:
            self.cache["bias"] = self.linear(torch.ones(1, 5))
        return self.linear(x) + self.cache["bias"]


def test_no_tensor_without_values_stays_in_the_network() -> None:
    network = RemembersItsShape()
    assert estimate(network, (2, 5)).simulated
    assert network.cache == {}
    assert capture(network, torch.zeros(2, 5))["linear#2"].shape == (2, 5)


class ReadsConstants(nn.Module):
    """Reads a constant back, which the meta device cannot."""

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat(int(torch.tensor(3)), 1)


def test_constants_that_are_read_back_need_no_real_pass() -> None:
    found = estimate(nn.Sequential(ReadsConstants()), (2, 5))
    assert (found.simulated, found.rows[0].shape) == (True, (6, 5))


def test_control_flow_by_value_takes_a_real_pass_and_says_so() -> None:
    found = estimate(toys.DataDependentLoop(), (2, 5))
    assert not found.simulated
    assert [size.layer for size in found.sizes] == ["step", "step", "step", "last", ""]
    assert found.bytes_of(["step"]) == 3 * 40
    assert found.bytes_of(["step#2", "last"]) == 2 * 40


def test_what_the_network_raises_on_such_an_input_passes_through() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        estimate(nn.Linear(5, 5), (2, 4))


def test_layers_that_fit_a_budget_are_named() -> None:
    found = estimate(get_model("resnet18"), (1, 3, 64, 64), steps=True)
    assert found.bytes_of(["conv1"]) == 64 * 32 * 32 * 4
    assert found.bytes_of(["layer1.0.relu", "layer1.0/add"]) == 3 * 64 * 16 * 16 * 4
    wanted = ["conv1", "layer1", "layer1.0/add#1", "fc"]
    assert found.fitting(wanted, 64 * 16 * 16 * 4 + 4000) == ("layer1", "fc")
    with pytest.raises(UnknownLayerError, match=r"'conv9' is not a layer.*'conv1'"):
        found.bytes_of(["conv9"])


def test_the_peak_is_what_lies_in_memory_at_once_beside_the_weights() -> None:
    picture, maps = 3 * 8 * 8 * 4, 5 * 8 * 8 * 4
    convolution = nn.Conv2d(3, 5, 1)
    assert estimate(convolution, (1, 3, 8, 8)).peak_bytes == picture + maps
    in_place = nn.Sequential(convolution, nn.ReLU(inplace=True), nn.Conv2d(5, 3, 1))
    assert estimate(in_place, (1, 3, 8, 8)).peak_bytes == picture + maps + picture
    apart = nn.Sequential(convolution, nn.ReLU(), nn.Conv2d(5, 3, 1))
    assert estimate(apart, (1, 3, 8, 8)).peak_bytes == picture + 2 * maps
    assert estimate(apart, (7, 3, 8, 8)).peak_bytes == 7 * (picture + 2 * maps)


def test_a_peak_counts_no_weights_and_no_attention_that_need_not_be_written_down() -> None:
    linear = estimate(nn.Sequential(nn.Flatten(), nn.Linear(192, 10)), (1, 3, 8, 8))
    assert linear.peak_bytes == 192 * 4 + 10 * 4
    tokens, width = 4096, 8

    class Attends(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.scaled_dot_product_attention(x, x, x)

    peak = estimate(Attends(), (1, 1, tokens, width)).peak_bytes
    assert peak == 2 * tokens * width * 4 < tokens * tokens


def test_where_values_decide_nothing_is_known_of_the_peak() -> None:
    class Looks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.sum() > 0 else -x

    assert estimate(Looks(), (1, 3, 8, 8)).peak_bytes is None
