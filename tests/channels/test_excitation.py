"""A picture found for a channel excites it more than real ones do, and its seed finds it again."""

from threading import Event, Thread

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import squeezenet1_1

from actviz_core import capture, load_model, open_source
from actviz_core.channels import Objective, Progress, is_untrained, visualize_channel
from actviz_core.errors import ChannelError, UnknownLayerError
from actviz_core.models import Model, Preprocess

PLAIN = Preprocess((12, 16), (12,), (0.5, 0.4, 0.3), (0.2, 0.25, 0.3))


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("cifar-resnet20")


def toy() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))


@pytest.mark.parametrize(
    ("layer", "channel", "steps"), [("layer1", 0, 40), ("layer2", 3, 40), ("layer3", 40, 40)]
)
def test_the_found_picture_beats_the_largest_of_the_bundled_ones(
    model: Model, layer: str, channel: int, steps: int
) -> None:
    source = open_source("bundled-cifar10")
    inputs = torch.cat([model.preprocess(source[index].image) for index in range(len(source))])
    largest = float(capture(model.module, inputs, [layer])[layer][:, channel].mean((1, 2)).max())
    found = visualize_channel(model.module, layer, channel, model.preprocess, steps=steps)
    assert found.complete
    assert found.value > largest
    assert found.value > found.start
    assert found.sentence(largest).endswith("times as much.")


def test_a_centre_cell_that_no_noise_excites_is_reached_by_way_of_the_whole_map(model: Model) -> None:
    channel, largest = silent_at_first(model)
    found = visualize_channel(
        model.module, "layer3", channel, model.preprocess, objective=Objective.CENTRE, steps=64
    )
    assert found.start == 0
    assert not found.stuck
    assert found.value > largest


def silent_at_first(model: Model) -> tuple[int, float]:
    """A channel whose centre cell is zero on the noise that is climbed from, and its largest real value."""
    source = open_source("bundled-cifar10")
    inputs = torch.cat([model.preprocess(source[index].image) for index in range(len(source))])
    real = capture(model.module, inputs, ["layer3"])["layer3"][:, :, 4, 4].amax(0)
    for channel in range(64):
        found = visualize_channel(
            model.module, "layer3", channel, model.preprocess, objective=Objective.CENTRE, steps=0
        )
        if found.start == 0:
            return channel, float(real[channel])
    raise AssertionError("every centre cell answers to noise")


@pytest.mark.parametrize("objective", Objective)
def test_the_value_is_what_capture_gives_for_exactly_that_picture(objective: Objective) -> None:
    module = toy()
    found = visualize_channel(module, "2", 1, PLAIN, objective=objective, steps=6)
    assert found.picture.shape == (12, 16, 3)
    assert found.picture.dtype == np.uint8
    x = torch.from_numpy(found.picture).permute(2, 0, 1)[None].float() / 255
    x = (x - torch.tensor(PLAIN.mean).view(3, 1, 1)) / torch.tensor(PLAIN.std).view(3, 1, 1)
    channel_map = capture(module, x, ["2"])["2"][0, 1]
    expected = channel_map.mean() if objective is Objective.MEAN else channel_map[5, 7]
    assert found.value == pytest.approx(float(expected), rel=1e-6)
    assert found.call == "2#1"
    assert len(found.trace) == 6


def test_the_same_seed_gives_the_same_picture_and_another_one_another() -> None:
    first, again, other = (visualize_channel(toy(), "0", 2, PLAIN, steps=5, seed=seed) for seed in (7, 7, 8))
    assert (first.picture == again.picture).all()
    assert first.trace.tolist() == again.trace.tolist()
    assert (first.picture != other.picture).any()


def test_progress_comes_step_by_step_and_stopping_gives_what_was_found() -> None:
    stop, seen = Event(), list[Progress]()
    pictures = []

    def look(moment: Progress) -> None:
        seen.append(moment)
        pictures.append(moment.picture())
        if moment.step == 3:
            stop.set()

    found = visualize_channel(toy(), "1", 0, PLAIN, steps=50, progress=look, stop=stop)
    assert [(moment.step, moment.steps) for moment in seen] == [(1, 50), (2, 50), (3, 50)]
    assert [moment.value for moment in seen] == found.trace.tolist()
    assert not found.complete
    assert (pictures[-1] == found.picture).all()
    assert (pictures[0] != found.picture).any()


def test_a_step_and_a_linear_layer_can_be_climbed_too() -> None:
    class Sum(nn.Module):
        """Adds two convolutions, and answers with numbers."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 2, 3)
            self.last = nn.Linear(2, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.last((self.first(x) + self.second(x)).relu_().mean((2, 3)))

    torch.manual_seed(0)
    module = Sum()
    for name in ("/add#1", "last", "/mean#1"):
        found = visualize_channel(module, name, 1, PLAIN, steps=12)
        assert found.value > found.start, name


def test_a_channel_that_is_always_zero_says_that_nothing_leads_upwards() -> None:
    module = toy()
    with torch.no_grad():
        module[1].bias.fill_(-1e6)  # type: ignore[operator]  # the batch norm's
    found = visualize_channel(module, "2", 0, PLAIN)
    assert found.stuck
    assert not found.complete
    assert len(found.trace) == 0
    assert (
        found.sentence()
        == "No noise that was tried moves the map's mean at all, so there is nothing to climb."
    )


def test_an_untrained_network_says_that_there_is_nothing_to_see_yet(model: Model) -> None:
    random = load_model("cifar-resnet20@random")
    found = visualize_channel(random.module, "layer1", 0, random.preprocess, steps=2)
    assert found.untrained
    assert found.sentence().startswith("There is nothing to see yet")
    assert not is_untrained(model.module)
    assert not is_untrained(load_model("cifar-resnet20@epoch-1").module)


def test_networks_without_norms_show_by_their_biases_whether_they_were_trained() -> None:
    for module in (squeezenet1_1(), nn.Sequential(nn.Conv2d(3, 32, 5), nn.ReLU(), nn.Conv2d(32, 64, 3))):
        assert is_untrained(module)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(
                    0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0))
                )
        assert not is_untrained(module)
    assert not is_untrained(nn.Sequential(nn.Conv2d(3, 4, 3, bias=False)))


def test_the_network_is_left_as_found() -> None:
    module = toy().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    with torch.no_grad():
        visualize_channel(module, "2", 0, PLAIN, steps=3)
        assert not torch.is_grad_enabled()
    assert torch.get_rng_state().equal(state)
    assert all(part.training for part in module.modules())
    assert all(value.equal(before[name]) for name, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_others_may_look_into_the_network_while_it_is_climbed(model: Model) -> None:
    at_work, looked = Event(), Event()
    seen: list[int] = []

    def climb() -> None:
        def step(moment: Progress) -> None:
            seen.append(moment.step)
            at_work.set()

        visualize_channel(model.module, "layer1", 0, model.preprocess, steps=5000, progress=step, stop=looked)

    thread = Thread(target=climb)
    thread.start()
    assert at_work.wait(30)
    capture(model.module, torch.zeros(1, 3, 32, 32), ["layer1"])
    looked.set()
    thread.join()
    assert len(seen) < 1000


def test_errors_say_what_is_there() -> None:
    with pytest.raises(ChannelError, match="no channel 4: '0' has the channels 0 to 3"):
        visualize_channel(toy(), "0", 4, PLAIN)
    with pytest.raises(UnknownLayerError, match="'conv' is not a layer"):
        visualize_channel(toy(), "conv", 0, PLAIN)

    class Bright(nn.Module):
        """Returns which pixels are bright."""

        def forward(self, x: Tensor) -> Tensor:
            return (x > 0).float()

    with pytest.raises(ChannelError, match="no gradient from '#1' to the input"):
        visualize_channel(Bright(), "", 0, PLAIN)
