"""Each method gives what captum gives when called by hand, and leaves the network as it was."""

import copy
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from captum.attr import (
    DeepLift,
    GuidedBackprop,
    GuidedGradCam,
    InputXGradient,
    IntegratedGradients,
    LayerGradCam,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import Tensor, nn

from actviz_core.attribution import ABOUT, Method, Settings, attribute
from actviz_core.errors import ShapeError, StoppedError, TargetError, UnknownLayerError

X = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(1)) - 0.5
CAPTUM = [method for method in Method if method is not Method.ATTENTION_ROLLOUT]


class Small(nn.Module):
    """A convolutional network whose every nonlinearity is a layer that runs once."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
            self.relu1 = nn.ReLU(inplace=True)
            self.pool = nn.MaxPool2d(2)
            self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
            self.norm = nn.BatchNorm2d(8)
            self.relu2 = nn.ReLU(inplace=True)
            self.drop = nn.Dropout()
            self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.relu2(self.norm(self.conv2(self.pool(self.relu1(self.conv1(x))))))
        return self.fc(self.drop(maps.mean((2, 3))))


def by_hand(module: nn.Module, method: Method, x: Tensor) -> Tensor:
    """Captum as its documentation calls it, with the same settings."""
    module = copy.deepcopy(module).eval()
    x = x.clone().requires_grad_()
    runs: dict[Method, Callable[[], Any]] = {
        Method.SALIENCY: lambda: Saliency(module).attribute(x, 2),
        Method.INPUT_X_GRADIENT: lambda: InputXGradient(module).attribute(x, 2),
        Method.INTEGRATED_GRADIENTS: lambda: IntegratedGradients(module).attribute(x, target=2, n_steps=50),
        Method.GUIDED_BACKPROP: lambda: GuidedBackprop(module).attribute(x, 2),
        Method.DEEP_LIFT: lambda: DeepLift(module).attribute(x, target=2),
        Method.OCCLUSION: lambda: Occlusion(module).attribute(
            x, (3, 2, 2), strides=(3, 1, 1), target=2, perturbations_per_eval=1960
        ),
        Method.GRAD_CAM: lambda: LayerGradCam(module, module.relu2).attribute(x, 2, relu_attributions=True),
        Method.GUIDED_GRAD_CAM: lambda: GuidedGradCam(module, module.relu2).attribute(x, 2),
        Method.SMOOTH_GRAD: lambda: NoiseTunnel(Saliency(module)).attribute(
            x,
            nt_samples=25,
            nt_samples_batch_size=25,
            stdevs=float(0.15 * (x.detach().max() - x.detach().min())),
            target=2,
            abs=False,
        ),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found: Tensor = runs[method]()
        return found.detach()


def state(module: nn.Module) -> Any:
    hooks = [
        (name, len(value))
        for part in module.modules()
        for name, value in vars(part).items()
        if "hooks" in name and isinstance(value, dict)
    ]
    attributes = [sorted(vars(part)) for part in module.modules()]
    modes = [part.training for part in module.modules()]
    return hooks, attributes, modes, [parameter.grad for parameter in module.parameters()]


@pytest.mark.parametrize("method", CAPTUM)
def test_values_are_captums_bit_for_bit_and_the_network_is_left_as_found(method: Method) -> None:
    module = Small().train()
    module.norm.eval()
    before, random = state(module), torch.get_rng_state()
    found = attribute(module, X, 2, method)
    assert state(module) == before
    assert torch.get_rng_state().equal(random)
    assert found.values.equal(by_hand(module, method, X))
    assert found.map.shape == (16, 16)
    assert float(found.map.abs().max()) > 0
    assert ABOUT[method].signed or float(found.map.min()) >= 0


@pytest.mark.parametrize("method", CAPTUM)
def test_a_stopped_run_leaves_the_network_as_found(method: Method) -> None:
    module = Small()
    before, stop = state(module), threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match="before it was done"):
        attribute(module, X, 2, method, Settings(layer="relu2"), stop=stop)
    assert state(module) == before


@pytest.mark.parametrize("method", CAPTUM)
def test_progress_counts_every_pass_to_its_end(method: Method) -> None:
    seen: list[tuple[int, int]] = []
    settings = Settings(layer="relu2", batch=7, steps=20, samples=16, window=5, stride=2)
    attribute(Small(), X, 2, method, settings, progress=lambda done, total: seen.append((done, total)))
    total = seen[0][1]
    assert seen == [(done, total) for done in range(1, total + 1)]
    assert (total > 2) is (method in (Method.INTEGRATED_GRADIENTS, Method.SMOOTH_GRAD, Method.OCCLUSION))


def test_a_long_run_stops_at_the_next_pass() -> None:
    seen: list[int] = []
    stop = threading.Event()

    def progress(done: int, _total: int) -> None:
        seen.append(done)
        if done == 2:
            stop.set()

    with pytest.raises(StoppedError, match="before it was done"):
        attribute(Small(), X, 2, Method.OCCLUSION, Settings(batch=4), progress=progress, stop=stop)
    assert seen == [1, 2]


def test_two_classes_are_explained_by_their_difference() -> None:
    module = Small()
    first, second = (attribute(module, X, target, Method.INPUT_X_GRADIENT) for target in (2, 0))
    both = attribute(module, X, (2, 0), Method.INPUT_X_GRADIENT)
    torch.testing.assert_close(both.values, first.values - second.values)


def test_the_seed_alone_decides_the_noise() -> None:
    module = Small()
    first, again, other = (
        attribute(module, X, 2, Method.SMOOTH_GRAD, Settings(seed=seed)).values for seed in (1, 1, 2)
    )
    assert first.equal(again)
    assert not first.equal(other)


def test_eight_threads_get_what_one_gets() -> None:
    module = Small()
    before = state(module)
    expected: dict[Method, Tensor] = {method: attribute(module, X, 1, method).values for method in CAPTUM}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda method: attribute(module, X, 1, method), CAPTUM * 4))
    for one in found:
        assert one.values.equal(expected[one.method])
    assert state(module) == before


def test_what_cannot_be_asked_is_said() -> None:
    module = Small()
    with pytest.raises(TargetError, match="no class 4: the network has the classes 0 to 3"):
        attribute(module, X, 4, Method.SALIENCY)
    with pytest.raises(TargetError, match="no class 9"):
        attribute(module, X, (1, 9), Method.DEEP_LIFT)
    with pytest.raises(ShapeError, match="One picture"):
        attribute(module, X.repeat(2, 1, 1, 1), 1, Method.SALIENCY)
    with pytest.raises(UnknownLayerError, match="'relu7' is not a layer"):
        attribute(module, X, 1, Method.GRAD_CAM, Settings(layer="relu7"))


def test_a_failing_network_is_left_as_found() -> None:
    class Fails(Small):
        """Raises after its first layers."""

        def forward(self, x: Tensor) -> Tensor:
            self.relu1(self.conv1(x))
            raise ValueError("broken on purpose")

    module = Fails()
    before = state(module)
    for method in CAPTUM:
        with pytest.raises(ValueError, match="broken on purpose"):
            attribute(module, X, 1, method, Settings(layer="relu1"))
    assert state(module) == before


def test_captum_warns_of_nothing_but_its_hooks() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for method in CAPTUM:
            attribute(Small(), X, 1, method)
    assert {str(warning.message).split()[0] for warning in caught} <= {"Setting"}
