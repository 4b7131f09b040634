"""Grad-CAM: which layer it looks at, and its map where captum has none, on grids with the channels last."""

from torch import Tensor, nn

from actviz_core.attribution.answer import Question, class_table, number_of_question
from actviz_core.errors import NotPossibleError
from actviz_core.hooks.called import Called, calls_of
from actviz_core.hooks.capture import capture
from actviz_core.hooks.gradients import capture_gradients
from actviz_core.hooks.passes import unwrap
from actviz_core.layouts.layout import Layout, LayoutKind, Size
from actviz_core.layouts.of_network import layout_of

_GRIDS = (LayoutKind.MAPS, LayoutKind.CHANNEL_LAST, LayoutKind.TOKENS)


def grad_cam_layer(module: nn.Module, x: Tensor) -> str:
    """The layer that Grad-CAM looks at unless told otherwise.

    The last layer that runs once, returns a map of more than one cell for each channel, and reaches the
    answer, as the head beside a segmentation's own does not. In a vision transformer the last tokens before
    its last attention: after that only the class token counts, and the patches have no gradient. Raises
    `NotPossibleError` where there is no such layer.
    """
    root = unwrap(module).root
    calls = calls_of(module, x)
    times: dict[str, int] = {}
    for call in calls:
        times[call.layer] = times.get(call.layer, 0) + 1
    once = [call for call in calls if call.layer and times[call.layer] == 1]
    size = (x.shape[-2], x.shape[-1])
    attention = next(
        (call.layer for call in reversed(once) if _attends(root.get_submodule(call.layer))), None
    )
    if attention is not None:
        before = once[: [call.layer for call in once].index(attention)]
        candidates = [call for call in before if not call.layer.startswith(f"{attention}.")]
        for call in reversed(candidates):
            layout = _layout(root, call, size)
            if layout is not None and layout.kind is LayoutKind.TOKENS and not _inside(root, call.layer):
                return call.layer
    for call in reversed(once):
        layout = _layout(root, call, size)
        maps = layout is not None and layout.kind in (LayoutKind.MAPS, LayoutKind.CHANNEL_LAST)
        if maps and _reaches_answer(module, x, call.layer):
            return call.layer
    raise NotPossibleError(
        "Grad-CAM needs a layer whose values lie on a grid over the picture, and this network has none that "
        "runs once."
    )


def _reaches_answer(module: nn.Module, x: Tensor, layer: str) -> bool:
    return layer in capture_gradients(module, x, lambda output: class_table(output).sum(), [layer])


def _attends(module: nn.Module) -> bool:
    return hasattr(module, "num_heads") and not any(
        hasattr(child, "num_heads") for child in module.children()
    )


def _inside(root: nn.Module, layer: str) -> bool:
    """Whether a layer lies inside an attention layer, where tokens are queries or keys."""
    parts = layer.split(".")
    return any(_attends(root.get_submodule(".".join(parts[:end]))) for end in range(1, len(parts)))


def _layout(root: nn.Module, call: Called, size: Size) -> Layout | None:
    """How a call's values lie on a grid of more than one cell over the picture; None where they don't."""
    if call.shape is None or len(call.shape) < 3 or call.shape[0] != 1:
        return None
    layout = layout_of(root, call.layer, call.shape, size)
    if layout.kind not in _GRIDS or not layout.on_picture or layout.axes not in ("NCHW", "NHWC", "NLC"):
        return None
    rows, columns = layout.grid or (call.shape[2:] if layout.axes == "NCHW" else call.shape[1:3])
    return layout if rows * columns > 1 else None


def layout_for_cam(module: nn.Module, layer: str, shape: tuple[int, ...], size: Size) -> Layout:
    """How a layer of this shape lies on the picture. Raises `NotPossibleError` where it has no grid."""
    layout = _layout(unwrap(module).root, Called(layer, shape), size)
    if layout is None:
        raise NotPossibleError(
            f"Grad-CAM needs values on a grid over the picture; {layer!r} returns the shape {shape}, which is"
            " none."
        )
    return layout


def no_influence(layer: str) -> NotPossibleError:
    """The error for a layer beside the way to the answer."""
    return NotPossibleError(
        f"Grad-CAM needs a layer that the answer depends on; what {layer!r} returns does not reach it."
    )


def grid_cam(module: nn.Module, x: Tensor, question: Question, layer: str) -> Tensor:
    """Grad-CAM of a layer with its channels wherever they are: shape (1, 1, rows, columns), at least zero.

    The layer's channels, weighted by their gradients' mean over the grid (without class and register tokens),
    and what is below zero set to zero: Selvaraju et al., "Grad-CAM" (2017), on the values that the layer
    returned, also where a later in-place operation overwrites them.
    """
    return _weighted(module, x, question, layer).sum(1, keepdim=True).relu()


def leading_channels(
    module: nn.Module, x: Tensor, question: Question, layer: str, count: int = 3
) -> tuple[int, ...]:
    """The channels that add most to the sum that Grad-CAM of a layer is, largest first; none below zero.

    What a channel adds is the mean over the grid of its map times its weight, for one picture ``x``. Raises
    as `grid_cam`.
    """
    added = _weighted(module, x, question, layer)[0].double().mean((1, 2))
    order = added.argsort(descending=True, stable=True)[:count].tolist()
    return tuple(channel for channel in order if added[channel] > 0)


def _weighted(module: nn.Module, x: Tensor, question: Question, layer: str) -> Tensor:
    """A layer's maps for one picture, each times the mean of its gradient: (1, channels, rows, columns)."""
    values = capture(module, x, [layer])[layer]
    record = capture_gradients(module, x, lambda output: number_of_question(output, question), [layer])
    if layer not in record:
        raise no_influence(layer)
    gradients = record[layer]
    layout = layout_for_cam(module, layer, tuple(values.shape), (x.shape[-2], x.shape[-1]))
    maps, slopes = _channels_first(values, layout), _channels_first(gradients, layout)
    return slopes.mean((2, 3), keepdim=True) * maps


def _channels_first(values: Tensor, layout: Layout) -> Tensor:
    if layout.axes == "NHWC":
        return values.permute(0, 3, 1, 2)
    if layout.kind is LayoutKind.TOKENS and layout.grid is not None:
        return values[:, len(layout.prefix) :].unflatten(1, layout.grid).permute(0, 3, 1, 2)
    return values
