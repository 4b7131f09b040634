"""Weights fit by name and shape or not at all; dtypes are converted; architectures are recognised."""

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core.errors import WeightsFileError
from actviz_core.models.fitting import WrongShape, converted, fit, likely_architectures, signature


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))


def test_its_own_state_dict_fits_also_a_network_without_memory() -> None:
    state = network().state_dict()
    with torch.device("meta"):
        bare = network()
    assert fit(state, network()).fits
    assert fit(state, bare).fits
    assert fit(state, bare).sentence() == "Every name and every shape fits."


def test_each_difference_is_listed() -> None:
    state = network().state_dict()
    del state["0.bias"]
    state["1.weight"] = torch.ones(5)
    state["2.weight"] = torch.ones(1)
    difference = fit(state, network())
    assert not difference.fits
    assert difference.missing == ("0.bias",)
    assert difference.unexpected == ("2.weight",)
    assert difference.wrong_shape == (WrongShape("1.weight", (4,), (5,)),)
    assert difference.sentence() == (
        "The weights do not fit: 1 name differs (0.bias here, 2.weight in the file), "
        "1 of another shape (1.weight: (4,) here, (5,) in the file)."
    )


def test_weights_from_before_batch_norms_counted_fit_and_load() -> None:
    state = dict(network().state_dict())
    del state["1.num_batches_tracked"]
    assert fit(state, network()).fits
    tensors, _ = converted(state, network())
    with torch.device("meta"):
        bare = network()
    bare.load_state_dict(tensors, assign=True)
    assert torch.equal(bare(torch.ones(2, 3, 1, 1)), network()(torch.ones(2, 3, 1, 1)))


@pytest.mark.parametrize(("dtype", "shown"), [(torch.float16, "float16"), (torch.bfloat16, "bfloat16")])
def test_half_precision_becomes_the_networks_own(dtype: torch.dtype, shown: str) -> None:
    half = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in network().state_dict().items()
    }
    tensors, notes = converted(half, network())
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32, torch.int64}
    assert all(torch.equal(tensors[name], half[name].to(tensors[name].dtype)) for name in half)
    assert notes == (f"Converted 6 tensors from {shown} to float32.",)


def test_a_conversion_that_rounds_is_said() -> None:
    state = dict(network().state_dict())
    state["0.bias"] = state["0.bias"].double()
    assert converted(state, network())[1] == (
        "Converted 1 tensor from float64 to float32, which rounds its values.",
    )


def test_whole_numbers_are_no_fractions() -> None:
    state = dict(network().state_dict())
    state["0.weight"] = state["0.weight"].to(torch.int8)
    with pytest.raises(
        WeightsFileError, match=r"0\.weight holds int8, and the network's own is float32.*Quantised"
    ):
        converted(state, network())


def test_an_architecture_is_recognised_by_all_names_and_shapes() -> None:
    built = []

    def candidate(name: str) -> Callable[[], Mapping[str, tuple[int, ...]]]:
        def build() -> Mapping[str, tuple[int, ...]]:
            built.append(name)
            with torch.device("meta"):
                return signature(get_model(name, weights=None))

        return build

    names = ("resnet34", "resnet18", "squeezenet1_0", "resnet50")
    candidates = {name: candidate(name) for name in names}
    parameters = {"resnet34": 21_797_672, "resnet18": 11_689_512, "squeezenet1_0": 1_248_424}
    with torch.device("meta"):
        state: dict[str, Tensor] = get_model("resnet18", weights=None).state_dict()
        other = get_model("resnet18", weights=None, num_classes=10).state_dict()
    assert likely_architectures(state, candidates, parameters=parameters) == ["resnet18"]
    assert built == ["resnet18", "resnet50"]  # the others cannot be, by their numbers of parameters
    assert likely_architectures(state, candidates, parameters=parameters) == ["resnet18"]
    assert likely_architectures(other, candidates, parameters=parameters) == []
    assert built == ["resnet18", "resnet50"]
