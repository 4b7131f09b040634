"""`channel_worth`: how far the answer falls without each channel, as passes with that channel zeroed tell."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model

from actviz_core import capture, channel_worth, load_model, open_sample, switch_off
from actviz_core.errors import EditError, TargetError, UnknownLayerError
from tests.hooks import toys
from tests.support.filling import with_some_values
from tests.toy_models import CountedNet, picture

X = picture(1)


def by_hand(module: nn.Module, layer: str, channel: int, copies: int = 1, x: Tensor = X) -> Tensor:
    """The answer of a pass in which a plain hook zeroes the channel."""

    def zero(_module: nn.Module, _args: object, output: Tensor) -> Tensor:
        output = output.clone()
        output[:, channel] = 0
        return output

    handle = module.get_submodule(layer).register_forward_hook(zero)
    try:
        with torch.no_grad():
            answer: Tensor = module(x.repeat(copies, 1, 1, 1))
    finally:
        handle.remove()
    return answer[0]


def test_each_channel_alone_is_a_pass_with_it_zeroed_by_hand_bit_for_bit() -> None:
    module = CountedNet().eval()
    with torch.no_grad():
        whole = module(X)[0]
    worth = channel_worth(module, X, "conv", 1, batch=1)
    assert worth.shape == (4,)
    assert worth.tolist() == [float(whole[1] - by_hand(module, "conv", channel)[1]) for channel in range(4)]


@pytest.mark.parametrize("layer", ["conv1", "layer2.0.conv1", "layer3"])
def test_every_channel_of_the_bundled_network_is_worth_what_it_is_by_hand_bit_for_bit(layer: str) -> None:
    model = load_model("cifar-resnet20")
    x = model.inputs(open_sample("bundled-cifar10/7").image)
    with torch.no_grad():
        whole = model.module(x)[0]
    target = int(whole.argmax())
    worth = channel_worth(model.module, x, layer, target, batch=1)
    fell = [whole[target] - by_hand(model.module, layer, c, x=x)[target] for c in range(len(worth))]
    assert len(worth) == {"conv1": 16, "layer2.0.conv1": 32, "layer3": 64}[layer]
    assert worth.equal(torch.stack(fell))
    # Measured: a batch of 64 moves a worth by 4e-6 at most where the score is 12; torch's own batching, 2e-6.
    many = channel_worth(model.module, x, layer, target, batch=64)
    torch.testing.assert_close(many, worth, rtol=0, atol=2e-5)


@pytest.mark.parametrize("batch", [2, 3, 64])
def test_a_batch_changes_no_more_than_torchs_own_batching(batch: int) -> None:
    module = CountedNet().eval()
    torch.testing.assert_close(
        channel_worth(module, X, "conv", 1, batch=batch), channel_worth(module, X, "conv", 1, batch=1)
    )


@pytest.mark.parametrize(("batch", "total"), [(1, 5), (3, 2), (64, 1)])
def test_progress_counts_every_pass(batch: int, total: int) -> None:
    module, seen = CountedNet().eval(), list[tuple[int, int]]()
    channel_worth(module, X, "conv", 1, batch=batch, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, total) for done in range(1, total + 1)]
    assert module.passes == total + 1  # and one for the activation's shape


def test_a_channel_without_influence_is_worth_nothing_at_all() -> None:
    module = with_some_values(get_model("resnet18"))
    weight = module.get_parameter("fc.weight")
    with torch.no_grad():
        weight[:, 7] = 0
    x = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(3))
    worth = channel_worth(module, x, "avgpool", 4)
    assert worth.shape == (512,)
    assert float(worth[7]) == 0
    silent = capture(module, x, ["avgpool"])["avgpool"][0, :, 0, 0].eq(0)
    assert worth[silent].eq(0).all()
    assert worth.ne(0).sum() == 511 - int(silent[:7].sum() + silent[8:].sum())


def test_a_function_of_the_answer_is_asked_picture_by_picture() -> None:
    module = CountedNet().eval()
    probability = channel_worth(module, X, "conv", lambda answer: answer.softmax(1)[:, 1], batch=3)
    with torch.no_grad():
        whole = module(X)[0].softmax(0)[1]
    expected = torch.stack([whole - by_hand(module, "conv", channel).softmax(0)[1] for channel in range(4)])
    torch.testing.assert_close(probability, expected)


def test_calls_steps_and_channels_last() -> None:
    module = CountedNet().eval()
    second = channel_worth(module, X, "relu#2", 0)
    fell = [
        capture(module, X, ["fc"])["fc"][0, 0]
        - capture(module, X, ["fc"], edits={"relu#2": switch_off(c)})["fc"][0, 0]
        for c in range(4)
    ]
    torch.testing.assert_close(second, torch.stack(fell))
    assert channel_worth(module, X, "/mean#1", 0).shape == (4,)
    swin = with_some_values(get_model("swin_t"))
    x = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(3))
    assert channel_worth(swin, x, "features.0", 0, axis=-1).shape == (96,)


class OneRow(nn.Module):
    """Answers with the first picture of a batch alone, in one axis or in a sparse table."""

    def __init__(self, *, sparse: bool) -> None:
        super().__init__()
        self.net = CountedNet()
        self.sparse = sparse

    def forward(self, x: Tensor) -> Tensor:
        answer: Tensor = self.net(x)
        return answer.to_sparse() if self.sparse else answer[0]


def dense_second(answer: Tensor) -> Tensor:
    second: Tensor = answer.to_dense().reshape(-1)[1]
    return second


@pytest.mark.parametrize("sparse", [False, True])
def test_an_answer_that_does_not_count_pictures_is_asked_for_one_by_one(sparse: bool) -> None:
    module = OneRow(sparse=sparse).eval()
    alone = channel_worth(module.net, X, "conv", 1, batch=1)
    assert alone.any()
    assert channel_worth(module, X, "net.conv", dense_second).equal(alone)
    if not sparse:
        assert channel_worth(module, X, "net.conv", 1).equal(alone)


def test_the_module_is_left_as_found() -> None:
    module = CountedNet().train()
    channel_worth(module, X, "conv", 1)
    assert all(part.training and not part._forward_hooks for part in module.modules())


def test_what_cannot_be_measured_is_said() -> None:
    module = CountedNet().eval()
    with pytest.raises(
        UnknownLayerError, match="'relu' has several activations; choose one of relu#1, relu#2"
    ):
        channel_worth(module, X, "relu", 1)
    with pytest.raises(EditError, match="There is no axis 4"):
        channel_worth(module, X, "conv", 1, axis=4)
    with pytest.raises(TargetError, match="There is no class 3"):
        channel_worth(module, X, "conv", 3)
    with pytest.raises(ValueError, match="batch must be at least 1"):
        channel_worth(module, X, "conv", 1, batch=0)
    with pytest.raises(UnknownLayerError, match="never ran"):
        channel_worth(toys.NeverCalled(), torch.ones(1, 5), "unused", 0)
