"""Where a network's tokens lie on its picture: read from its structure and one pass, never from a guess."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn
from torchvision.models import VisionTransformer
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import ShiftedWindowAttention

_TIMM_TRANSFORMERS = {
    ("timm.models.vision_transformer", "VisionTransformer"),
    ("timm.models.eva", "Eva"),
    ("timm.models.beit", "Beit"),
    ("timm.models.cait", "Cait"),
    ("timm.models.xcit", "Xcit"),
}
_NEST = ("timm.models.nest", "NestLevel")
_EFFICIENTVIT = ("timm.models.efficientvit_msra", "LocalWindowAttention")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class PatchEmbedding:
    """The layer that turns a picture into patches (its output is (N, C, H, W)), and what comes before them.

    ``prefix`` counts the tokens in front of the patches: class, distillation and register tokens.
    """

    layer: str
    prefix: int


@dataclass(frozen=True)
class TokenGrid:
    """All tokens of a vision transformer: ``prefix`` of their own, then a grid of (H, W) patches by rows.

    ``class_only`` says that only the first of them, the class token, looks.
    """

    prefix: int
    grid: tuple[int, int]
    class_only: bool = False

    def seen_by(self, weights: Shape) -> "TokenGrid | None":
        """What is left of it for weights of this shape (N, heads, queries, keys); None if they don't fit."""
        patches = self.grid[0] * self.grid[1]
        queries, keys = weights[2:]
        if keys == patches and keys == queries:
            return replace(self, prefix=0)  # the tokens before the patches join later
        if keys != self.prefix + patches:
            return None
        return replace(self, class_only=self.prefix > 0 and queries == 1)


@dataclass(frozen=True)
class WindowGrid:
    """The windows of one attention layer: (H, W) tokens, padded, rolled by ``shift`` and cut by rows.

    Position (r, c) of the grid lies at ((r - shift[0]) % padded[0], (c - shift[1]) % padded[1]) of the rolled
    grid that is cut into windows of the size ``window``. With ``spread``, as in MaxViT's grid attention, a
    window takes every so many rows and columns of the whole grid instead of a part of it: position (r, c)
    lies in window (r % windows[0], c % windows[1]).
    """

    grid: tuple[int, int]
    padded: tuple[int, int]
    window: tuple[int, int]
    shift: tuple[int, int]
    spread: bool = False

    def holds(self, weights: Shape) -> bool:
        """Whether weights of this shape (N * windows, heads, queries, keys) can be those of its windows."""
        tokens, count = self.window[0] * self.window[1], self.windows[0] * self.windows[1]
        return weights[2:] == (tokens, tokens) and weights[0] % count == 0

    @property
    def windows(self) -> tuple[int, int]:
        """How many windows there are, by rows and columns."""
        return self.padded[0] // self.window[0], self.padded[1] // self.window[1]


def patch_embedding(network: nn.Module) -> PatchEmbedding | None:
    """How a vision transformer (torchvision's, timm's ViT, EVA, BEiT, CaiT, XCiT) makes tokens, or None."""
    if isinstance(network, VisionTransformer):
        return PatchEmbedding("conv_proj", 1)
    bases = {(base.__module__, base.__name__) for base in type(network).__mro__}
    prefix = getattr(network, "num_prefix_tokens", 1)
    embedding = getattr(network, "patch_embed", None)
    if bases & _TIMM_TRANSFORMERS and isinstance(getattr(embedding, "proj", None), nn.Module):
        return PatchEmbedding("patch_embed.proj", int(prefix))
    return None


def windows_of(around: Sequence[tuple[nn.Module, Shape]]) -> WindowGrid | None:
    """The windows of an attention layer: of torchvision's Swin and MaxViT, timm's NesT and EfficientViT.

    ``around`` holds the layer and the modules that it lies in, from the inside out, each with the shape that
    it returned, () if it was no tensor. None for other layers.
    """
    attention, shape = around[0]
    if isinstance(attention, ShiftedWindowAttention):
        return _of_swin(attention, shape)
    for module, shape in around:
        if isinstance(module, PartitionAttentionLayer) and len(shape) == 4:
            size, spread = module.p, module.partition_type == "grid"
            window = (shape[2] // size, shape[3] // size) if spread else (size, size)
            return WindowGrid(shape[2:], shape[2:], window, (0, 0), spread)
        if _is(module, _NEST) and len(shape) == 4:
            size = int(getattr(module, "block_size"))  # noqa: B009 - nothing is known of its type
            return _in_a_row(shape[2:], size)
        if _is(module, _EFFICIENTVIT) and len(shape) == 4:
            return _in_a_row(shape[2:], int(getattr(attention, "resolution")))  # noqa: B009 - as above
    return None


def _is(module: nn.Module, name: tuple[str, str]) -> bool:
    return any((base.__module__, base.__qualname__) == name for base in type(module).__mro__)


def _in_a_row(grid: Shape, size: int) -> WindowGrid:
    """Square windows side by side; the last ones are filled up below and on the right."""
    height, width = grid
    padded = (-(-height // size) * size, -(-width // size) * size)
    return WindowGrid((height, width), padded, (size, size), (0, 0))


def _of_swin(attention: ShiftedWindowAttention, shape: Shape) -> WindowGrid | None:
    """The windows of torchvision's Swin attention that returned ``shape`` (N, H, W, C).

    The rules for padding, and for not shifting a window that holds the whole grid, are those of
    `torchvision.models.swin_transformer.shifted_window_attention`.
    """
    if len(shape) != 4:
        return None
    height, width = shape[1:3]
    rows, columns = attention.window_size
    padded = (-(-height // rows) * rows, -(-width // columns) * columns)
    shift = tuple(
        0 if size >= whole else by
        for size, whole, by in zip((rows, columns), padded, attention.shift_size, strict=True)
    )
    return WindowGrid((height, width), padded, (rows, columns), (shift[0], shift[1]))
