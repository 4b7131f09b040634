"""Networks on which a method works in another way, or cannot: each says why in a sentence."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import SwinTransformer, VisionTransformer, get_model

from actviz_core import capture, capture_gradients
from actviz_core.attribution import Method, Settings, attention_rollout, attribute, grad_cam_layer, why_not
from actviz_core.errors import NotPossibleError
from actviz_core.hooks import capture_attention
from tests.support.filling import with_some_values

X = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(1)) - 0.5


def vit() -> nn.Module:
    torch.manual_seed(0)
    network = VisionTransformer(
        image_size=32, patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5
    )
    return with_some_values(network)


def swin() -> nn.Module:
    torch.manual_seed(0)
    return with_some_values(
        SwinTransformer([4, 4], 8, [2, 2], [2, 4], [4, 4], stochastic_depth_prob=0.0, num_classes=5)
    )


def resnet() -> nn.Module:
    return with_some_values(get_model("resnet18"))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("resnet18", "layer4"),
        ("densenet121", "features"),
        ("mobilenet_v2", "features"),
        ("convnext_tiny", "features"),
        ("squeezenet1_1", "classifier.2"),
    ],
)
def test_grad_cam_looks_at_the_last_maps(name: str, layer: str) -> None:
    module = with_some_values(get_model(name))
    x = F.interpolate(X, (64, 64))
    assert grad_cam_layer(module, x) == layer
    found = attribute(module, x, 3, Method.GRAD_CAM)
    assert (found.layer, found.map.shape) == (layer, (64, 64))
    values = capture(module, x, [layer])[layer]
    slopes = capture_gradients(module, x, 3, [layer])[layer]
    expected = (slopes.mean((2, 3), keepdim=True) * values).sum(1, keepdim=True).relu()
    torch.testing.assert_close(found.values, expected)


def test_grad_cam_passes_over_a_head_that_the_answer_does_not_read() -> None:
    module = with_some_values(
        get_model("fcn_resnet50", weights=None, weights_backbone=None, num_classes=4, aux_loss=True)
    )
    assert grad_cam_layer(module, X) == "classifier"  # "aux_classifier" runs after it
    assert attribute(module, X, 2, Method.GRAD_CAM).layer == "classifier"
    for layer in ("aux_classifier", "aux_classifier.1"):  # the second is overwritten by an in-place ReLU
        for method in (Method.GRAD_CAM, Method.GUIDED_GRAD_CAM):
            with pytest.raises(NotPossibleError, match=f"what '{layer}' returns does not reach it"):
                attribute(module, X, 2, method, Settings(layer=layer))


def test_grad_cam_of_a_vision_transformer_lies_on_its_patches() -> None:
    module = vit()
    layer = "encoder.layers.encoder_layer_2.ln_1"
    found = attribute(module, X, 3, Method.GRAD_CAM)
    assert (found.layer, found.values.shape, found.map.shape) == (layer, (1, 1, 4, 4), (32, 32))
    tokens = capture(module, X, [layer])[layer][0, 1:]
    slopes = capture_gradients(module, X, 3, [layer])[layer][0, 1:]
    torch.testing.assert_close(found.values[0, 0].flatten(), (tokens @ slopes.mean(0)).relu())
    assert float(found.values.max()) > 0


def test_grad_cam_of_a_swin_with_the_channels_first_or_last_is_the_same() -> None:
    module = swin()
    found = attribute(module, X, 3, Method.GRAD_CAM)
    assert (found.layer, found.values.shape) == ("permute", (1, 1, 4, 4))
    last = attribute(module, X, 3, Method.GRAD_CAM, Settings(layer="norm"))
    torch.testing.assert_close(last.values, found.values)


def test_grad_cam_of_an_overwritten_layer_is_of_what_the_layer_returned() -> None:
    module = resnet()
    layer = "layer4.1.bn1"  # an in-place ReLU follows
    found = attribute(module, F.interpolate(X, (64, 64)), 3, Method.GRAD_CAM, Settings(layer=layer))
    x = F.interpolate(X, (64, 64))
    slopes = capture_gradients(module, x, 3, [layer])[layer].mean((2, 3), keepdim=True)
    expected = (slopes * capture(module, x, [layer])[layer]).sum(1, keepdim=True).relu()
    torch.testing.assert_close(found.values, expected)


@pytest.mark.parametrize("method", [Method.GRAD_CAM, Method.GUIDED_GRAD_CAM])
def test_grad_cam_says_what_is_no_grid_and_what_runs_twice(method: Method) -> None:
    x = F.interpolate(X, (64, 64))
    with pytest.raises(NotPossibleError, match=r"'fc' returns the shape \(1, 1000\), which is none"):
        attribute(resnet(), x, 3, method, Settings(layer="fc"))
    with pytest.raises(NotPossibleError, match=r"'layer4.1.relu' runs several times"):
        attribute(resnet(), x, 3, method, Settings(layer="layer4.1.relu"))
    with pytest.raises(NotPossibleError, match="this network has none that runs once"):
        attribute(with_some_values(nn.Sequential(nn.Flatten(), nn.Linear(3072, 4), nn.ReLU())), X, 3, method)


def test_methods_that_need_certain_layers_say_what_is_missing() -> None:
    with pytest.raises(
        NotPossibleError, match=r"Guided Backprop changes .* ReLU layers, and this network has none"
    ):
        attribute(vit(), X, 3, Method.GUIDED_BACKPROP)
    with pytest.raises(NotPossibleError, match=r"DeepLift has no rule for .*GELU"):
        attribute(vit(), X, 3, Method.DEEP_LIFT)
    with pytest.raises(NotPossibleError, match="to run once a pass, and this network uses one several times"):
        attribute(resnet(), X, 3, Method.DEEP_LIFT)
    with pytest.raises(NotPossibleError, match="needs attention layers, and this network has none"):
        attribute(resnet(), X, 3, Method.ATTENTION_ROLLOUT)


class Functional(nn.Module):
    """One ReLU is a layer, the other a function."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(F.relu(self.relu(self.conv(x)).mean((2, 3)) - 0.1))


@pytest.mark.parametrize("method", [Method.GUIDED_BACKPROP, Method.GUIDED_GRAD_CAM, Method.DEEP_LIFT])
def test_a_relu_that_is_a_function_is_out_of_reach(method: Method) -> None:
    module = with_some_values(Functional())
    with pytest.raises(NotPossibleError, match="the network's own code calls relu as a function"):
        attribute(module, X, 3, method)
    assert attribute(module, X, 3, Method.SALIENCY).map.max() > 0


def test_why_not_tells_from_the_layers_alone() -> None:
    assert why_not(resnet(), Method.SALIENCY) is None
    assert why_not(resnet(), Method.GUIDED_BACKPROP) is None
    assert why_not(vit(), Method.GUIDED_GRAD_CAM) is not None


def test_rollout_of_a_vision_transformer_is_the_product_of_its_layers() -> None:
    module = vit()
    product = torch.eye(17)
    for attention in capture_attention(module, X).values():
        product = (0.5 * attention.weights[0].mean(0) + 0.5 * torch.eye(17)) @ product
    share = attention_rollout(module, X)
    torch.testing.assert_close(share.flatten(), product[0, 1:])
    assert 0 < float(share.sum()) < 1
    found = attribute(module, X, 3, Method.ATTENTION_ROLLOUT)
    assert found.values[0, 0].equal(share)


def test_rollout_of_a_swin_follows_its_shifted_windows_and_merged_patches() -> None:
    module = swin()
    layers = list(capture_attention(module, X).values())
    assert [layer.layout.grid for layer in layers if layer.layout] == [(8, 8), (8, 8), (4, 4), (4, 4)]
    share = torch.full((16,), 1 / 16)
    for layer in layers[:1:-1]:  # a window holds the whole grid of 4 x 4: nothing is shifted
        assert layer.weights.shape[0] == 1
        share = (share + share @ layer.weights[0].mean(0)) / 2
    spread = torch.stack([share.reshape(4, 4)[r // 2, c // 2] / 4 for r in range(8) for c in range(8)])
    for layer in layers[1::-1]:
        whole = torch.zeros(64, 64)
        shift = 2 if layer is layers[1] else 0
        for window, weights in enumerate(layer.weights.mean(1)):
            corner = window // 2 * 4, window % 2 * 4
            places = [
                (corner[0] + r + shift) % 8 * 8 + (corner[1] + c + shift) % 8
                for r in range(4)
                for c in range(4)
            ]
            whole[torch.tensor(places)[:, None], torch.tensor(places)] = weights
        spread = (spread + spread @ whole) / 2
    torch.testing.assert_close(attention_rollout(module, X).flatten(), spread)
    assert float(attention_rollout(module, X).sum()) == pytest.approx(1)


def test_rollout_says_where_tokens_lie_is_not_known() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    class Tokens(nn.Module):
        """Attention over pixels in a way of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 8, stride=8)
            self.encoder = layer

        def forward(self, x: Tensor) -> Tensor:
            return self.encoder(self.conv(x).flatten(2).transpose(1, 2)).mean(1)

    with pytest.raises(NotPossibleError, match="the structure of this network does not tell"):
        attention_rollout(with_some_values(Tokens()), X)


def test_segmentation_is_explained_by_the_classes_summed_over_places() -> None:
    module = with_some_values(get_model("fcn_resnet50", weights=None, weights_backbone=None, num_classes=4))
    found = attribute(module, X, 2, Method.SALIENCY)
    gradient = capture_gradients(module, X, 2, ["input"])["input"]
    assert found.values.equal(gradient.abs())
