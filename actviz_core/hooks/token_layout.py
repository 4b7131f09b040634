"""Where a network's tokens lie on its picture: read from its structure and one pass, never from a guess."""

from dataclasses import dataclass

from torch import nn
from torchvision.models import VisionTransformer
from torchvision.models.swin_transformer import ShiftedWindowAttention

_TIMM_TRANSFORMERS = {
    ("timm.models.vision_transformer", "VisionTransformer"),
    ("timm.models.eva", "Eva"),
    ("timm.models.beit", "Beit"),
}


@dataclass(frozen=True)
class PatchEmbedding:
    """The layer that turns a picture into patches (its output is (N, C, H, W)), and what comes before them.

    ``prefix`` counts the tokens in front of the patches: class, distillation and register tokens.
    """

    layer: str
    prefix: int


@dataclass(frozen=True)
class TokenGrid:
    """All tokens of a vision transformer: ``prefix`` of their own, then a grid of (H, W) patches by rows."""

    prefix: int
    grid: tuple[int, int]


@dataclass(frozen=True)
class WindowGrid:
    """The windows of one Swin attention: (H, W) tokens, padded, rolled by ``shift`` and cut by rows.

    Position (r, c) of the grid lies at ((r - shift[0]) % padded[0], (c - shift[1]) % padded[1]) of the rolled
    grid that is cut into windows of the size ``window``.
    """

    grid: tuple[int, int]
    padded: tuple[int, int]
    window: tuple[int, int]
    shift: tuple[int, int]

    @property
    def windows(self) -> tuple[int, int]:
        """How many windows there are, by rows and columns."""
        return self.padded[0] // self.window[0], self.padded[1] // self.window[1]


def patch_embedding(network: nn.Module) -> PatchEmbedding | None:
    """How a vision transformer (torchvision's, timm's ViT, EVA and BEiT) makes tokens; None for others."""
    if isinstance(network, VisionTransformer):
        return PatchEmbedding("conv_proj", 1)
    bases = {(base.__module__, base.__name__) for base in type(network).__mro__}
    prefix = getattr(network, "num_prefix_tokens", 1)
    embedding = getattr(network, "patch_embed", None)
    if bases & _TIMM_TRANSFORMERS and isinstance(getattr(embedding, "proj", None), nn.Module):
        return PatchEmbedding("patch_embed.proj", int(prefix))
    return None


def windows_of(attention: nn.Module, shape: tuple[int, ...]) -> WindowGrid | None:
    """The windows of torchvision's Swin attention that returned ``shape`` (N, H, W, C); None for others.

    The rules for padding, and for not shifting a window that holds the whole grid, are those of
    `torchvision.models.swin_transformer.shifted_window_attention`.
    """
    if not isinstance(attention, ShiftedWindowAttention) or len(shape) != 4:
        return None
    height, width = shape[1:3]
    rows, columns = attention.window_size
    padded = (-(-height // rows) * rows, -(-width // columns) * columns)
    shift = tuple(
        0 if size >= whole else by
        for size, whole, by in zip((rows, columns), padded, attention.shift_size, strict=True)
    )
    return WindowGrid((height, width), padded, (rows, columns), (shift[0], shift[1]))
