"""A capture leaves the module, the random state and other threads as they were."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from actviz_core.hooks import capture, module_tree
from tests.hooks import toys
from tests.hooks.reference import assert_bit_equal, cloned_activations

VECTOR = torch.randn(4, 5, generator=torch.Generator().manual_seed(2))


def hooks_of(module: nn.Module) -> int:
    return sum(len(child._forward_hooks) + len(child._forward_pre_hooks) for child in module.modules())


def test_no_hook_is_left_after_success_early_stop_and_exception() -> None:
    module = toys.RaisesInTheMiddle()
    capture(module, VECTOR, ["first"])
    assert hooks_of(module) == 0
    with pytest.raises(ValueError, match="broken on purpose"):
        capture(module, VECTOR)
    assert hooks_of(module) == 0
    with pytest.raises(ValueError, match="broken on purpose"):
        module_tree(module, VECTOR)
    assert hooks_of(module) == 0


def test_the_users_own_hooks_stay_and_what_they_return_counts() -> None:
    module = nn.Sequential(nn.Identity())
    handle = module[0].register_forward_hook(lambda _module, _args, output: output + 1)
    assert capture(module, torch.zeros(1, 2))["0"].tolist() == [[1.0, 1.0]]
    assert hooks_of(module) == 1
    handle.remove()


def test_every_submodule_keeps_its_own_mode_also_after_an_exception() -> None:
    module = toys.RaisesInTheMiddle().train()
    module.first.eval()
    modes = [child.training for child in module.modules()]
    with pytest.raises(ValueError, match="broken on purpose"):
        capture(module, VECTOR)
    assert [child.training for child in module.modules()] == modes


def test_capture_runs_in_eval_mode_without_gradients() -> None:
    module = toys.Stochastic().train()
    assert_bit_equal(capture(module, VECTOR)["dropout"], capture(module, VECTOR)["bn"])
    assert module.bn.weight.grad is None


def test_train_mode_can_be_kept_and_buffers_and_random_state_are_still_restored() -> None:
    module = toys.Stochastic().train()
    buffers = {name: value.clone() for name, value in module.named_buffers()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    dropped = capture(module, VECTOR, keep_mode=True)["dropout"]
    assert (dropped == 0).any()
    assert_bit_equal(torch.get_rng_state(), state)
    for name, value in module.named_buffers():
        assert_bit_equal(value, buffers[name])
    torch.manual_seed(5)
    assert_bit_equal(module(VECTOR).detach(), dropped)


def test_parameters_and_gradients_are_untouched() -> None:
    module = nn.Sequential(nn.Linear(5, 5), nn.ReLU(inplace=True))
    module(VECTOR).sum().backward()
    before = [(p.detach().clone(), p.grad.clone()) for p in module.parameters() if p.grad is not None]
    capture(module, VECTOR)
    for parameter, (value, gradient) in zip(module.parameters(), before, strict=True):
        assert parameter.grad is not None
        assert_bit_equal(parameter.detach(), value)
        assert_bit_equal(parameter.grad, gradient)


class Tripwire(nn.Module):
    """Raises when it runs."""

    def forward(self, x: Tensor) -> Tensor:
        raise AssertionError("the pass went on for nothing")


class StopsInTime(nn.Module):
    """A wanted layer, then one that must not run."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = nn.Linear(5, 5)
        self.tripwire = Tripwire()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.tripwire(self.wanted(x))
        return out


def test_the_pass_stops_once_nothing_more_is_wanted() -> None:
    assert list(capture(StopsInTime(), VECTOR, ["wanted"])) == ["wanted"]
    in_sequence = nn.Sequential(StopsInTime().wanted, Tripwire())
    assert list(capture(in_sequence, VECTOR, ["0"])) == ["0"]
    nested = nn.Sequential(StopsInTime(), Tripwire())
    assert list(capture(nested, VECTOR, ["0.wanted"])) == ["0.wanted"]
    assert list(capture(nn.Sequential(toys.ReusedReLU(), Tripwire()), VECTOR, ["0.relu#2"])) == ["0.relu#2"]


def test_a_layer_that_may_run_again_is_waited_for() -> None:
    assert len(capture(toys.DataDependentLoop(), VECTOR.abs(), ["step"]).calls("step")) == 2
    assert len(capture(toys.DataDependentLoop(), -VECTOR.abs(), ["step"]).calls("step")) == 3


def test_eight_threads_on_one_module_each_see_only_their_own_values() -> None:
    torch.manual_seed(0)
    module = resnet18().eval()
    layers = ["conv1", "bn1", "layer1.0.relu", "layer1", "layer2.0.conv1", "layer3.1.bn2", "layer4", "fc"]
    inputs = [torch.randn(1, 3, 40, 40) for _ in layers]
    references = [cloned_activations(module, x) for x in inputs]
    start = threading.Barrier(len(layers))

    def work(index: int) -> None:
        start.wait()
        for turn in range(3):
            layer = layers[(index + turn) % len(layers)]
            record = capture(module, inputs[index], [layer])
            for call, value in zip(record.calls(layer), references[index][layer], strict=True):
                assert_bit_equal(record[call], value)

    with ThreadPoolExecutor(len(layers)) as pool:
        list(pool.map(work, range(len(layers))))
    assert hooks_of(module) == 0


def test_a_pass_of_another_thread_is_not_recorded_and_not_stopped() -> None:
    inside, finished = threading.Event(), threading.Event()

    class Waits(nn.Module):
        """Lets the other thread run in the middle of a capture."""

        def forward(self, x: Tensor) -> Tensor:
            if threading.current_thread() is not stranger:
                inside.set()
                assert finished.wait(30)
            return x

    module = nn.Sequential(nn.Linear(5, 5), Waits(), nn.Linear(5, 5)).eval()
    seen: list[Tensor] = []

    def call_directly() -> None:
        assert inside.wait(30)
        with torch.no_grad():
            seen.append(module(VECTOR + 1))
        finished.set()

    stranger = threading.Thread(target=call_directly)
    stranger.start()
    record = capture(module, VECTOR, ["0", "2"])
    stranger.join()
    with torch.no_grad():
        assert_bit_equal(record["2"], module(VECTOR))
        assert_bit_equal(seen[0], module(VECTOR + 1))


def test_a_capture_inside_a_capture_of_the_same_module_says_so_instead_of_waiting_forever() -> None:
    class Nested(nn.Module):
        """Captures from itself."""

        def forward(self, x: Tensor) -> Tensor:
            return capture(self, x, [""])[""]

    with pytest.raises(RuntimeError, match="inside a hooked pass of the same module"):
        capture(Nested(), VECTOR, [""])
