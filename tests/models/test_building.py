"""Building networks: the same values every time, and torch's global random state as it was."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from actviz_core.models.building import on_meta_device, seeded


class DrawsEverything(nn.Module):
    """Draws its values in all the ways that networks do, and has an index table that no state dict holds."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.attention = nn.MultiheadAttention(4, 2)
        self.norm = nn.BatchNorm2d(4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.place = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, 5, 8), std=0.02))
        self.scaled = nn.Parameter(torch.ones(4) * 1e-6)
        self.drawn = nn.Parameter(torch.rand(3) + torch.rand_like(torch.zeros(3)))
        self.register_buffer("order", torch.randperm(9))
        self.register_buffer("picked", torch.randint(0, 7, (5,)))
        self.register_buffer("table", torch.arange(6).view(2, 3), persistent=False)
        self.width = int(torch.linspace(8, 32, 4).round()[2].item())


def state(module: nn.Module) -> dict[str, Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


@pytest.mark.parametrize("seed", [0, 3])
def test_seeded_values_are_those_after_a_manual_seed(seed: int) -> None:
    values = state(seeded(DrawsEverything, seed))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        expected = state(DrawsEverything())
    assert list(values) == list(expected)
    assert all(torch.equal(value, expected[name]) for name, value in values.items())


@pytest.mark.parametrize("build", [on_meta_device, lambda make: seeded(make, 0)])
def test_the_global_random_state_is_neither_moved_nor_read(
    build: Callable[[Callable[[], nn.Module]], nn.Module],
) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(11)
        before = torch.get_rng_state()
        first = build(DrawsEverything)
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(12)
        second = build(DrawsEverything)
    drawn = ["token", "drawn", "order", "picked"]
    assert all(torch.equal(state(first)[name], state(second)[name]) for name in drawn)


def test_another_thread_draws_from_the_global_state_as_always() -> None:
    drawn: list[Tensor] = []

    def build() -> nn.Module:
        thread = threading.Thread(target=lambda: drawn.append(torch.rand(2)))
        thread.start()
        thread.join()
        return DrawsEverything()

    with torch.random.fork_rng():
        torch.manual_seed(5)
        expected = torch.rand(2)
        torch.manual_seed(5)
        module = seeded(build, 0)
    assert torch.equal(drawn[0], expected)
    assert torch.equal(state(module)["token"], state(seeded(DrawsEverything, 0))["token"])


def test_an_unfilled_network_lacks_only_what_a_state_dict_brings() -> None:
    full = seeded(DrawsEverything, 1)
    module = on_meta_device(DrawsEverything)
    assert module.get_parameter("convolution.weight").is_meta
    assert module.get_parameter("attention.in_proj_weight").is_meta
    assert torch.equal(module.get_buffer("table"), torch.arange(6).view(2, 3))
    assert module.width == full.width == 24
    module.load_state_dict(full.state_dict(), assign=True)
    assert all(torch.equal(value, state(full)[name]) for name, value in state(module).items())
