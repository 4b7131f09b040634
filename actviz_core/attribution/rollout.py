"""Attention rollout: how much of each patch reaches the answer, if attention were all that mixes tokens.

Abnar and Zuidema, "Quantifying Attention Flow in Transformers" (2020): heads are averaged, half of each token
stays where it is because of the residual connection, and the layers are multiplied. Here the share of each
token is followed back from the answer, layer by layer, so that no matrix of all tokens is ever multiplied
with another; a Swin's windows and the merging of its patches are followed back the same way.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from actviz_core.errors import NotPossibleError
from actviz_core.hooks.attention import Attention, capture_attention
from actviz_core.hooks.passes import unwrap
from actviz_core.hooks.token_layout import TokenGrid, WindowGrid


def attention_rollout(module: nn.Module, x: Tensor) -> Tensor:
    """Give each patch's share in the answer for one picture (1, C, H, W): shape (rows, columns) of patches.

    Shares are at least 0 and sum to 1 less what stays on tokens that are no patches, or on padding. A vision
    transformer is followed back from its class token, or from all patches alike where it averages them, as a
    Swin does. Raises `NotPossibleError` where there is no attention, where it is not known how its tokens
    lie, and where other tokens follow, as the convolutions between MaxViT's windows make them.
    """
    layers = list(capture_attention(module, x).values())
    if not layers:
        raise NotPossibleError("Attention rollout needs attention layers, and this network has none.")
    grids = [layer.layout for layer in layers if isinstance(layer.layout, TokenGrid)]
    windows = [layer.layout for layer in layers if isinstance(layer.layout, WindowGrid)]
    if len(grids) == len(layers) and set(grids) == {grids[0]} and not grids[0].class_only:
        return _of_tokens(unwrap(module).root, layers, grids[0])
    if len(windows) == len(layers) and _only_swin(module):
        return _of_windows(layers, windows)
    if len(grids) + len(windows) == len(layers) and not any(layer.of_channels for layer in layers):
        raise NotPossibleError(
            "Attention rollout follows the same tokens through all layers, or Swin's windows; between the "
            "attention layers of this network, tokens change in other ways."
        )
    raise NotPossibleError(
        "Attention rollout needs to know where the tokens of every attention layer lie on the picture, and "
        "the structure of this network does not tell."
    )


def _only_swin(module: nn.Module) -> bool:
    """Whether a network's windows are those of torchvision's Swin, between which patches merge by twos."""
    return any(isinstance(part, ShiftedWindowAttention) for part in module.modules())


def _of_tokens(root: nn.Module, layers: list[Attention], layout: TokenGrid) -> Tensor:
    share = torch.zeros(layers[-1].weights.shape[-2])
    if layout.prefix == 0 or getattr(root, "global_pool", "token") not in ("", "token"):
        share[layout.prefix :] = 1 / (layout.grid[0] * layout.grid[1])
    else:
        share[0] = 1.0
    for layer in reversed(layers):
        weights = layer.weights[0].float().mean(0)
        share = (share + share @ weights) / 2
    return share[layout.prefix :].reshape(layout.grid)


def _of_windows(layers: list[Attention], layouts: list[WindowGrid]) -> Tensor:
    grid = layouts[-1].grid
    share = torch.full(grid, 1 / (grid[0] * grid[1]))
    for layer, layout in zip(reversed(layers), reversed(layouts), strict=True):
        if layout.grid != tuple(share.shape):
            share = _unmerged(share, layout.grid)
        share = (share + _through_windows(share, layer.weights, layout)) / 2
    return share


def _through_windows(share: Tensor, weights: Tensor, layout: WindowGrid) -> Tensor:
    """What each token gives to the tokens whose shares are given, within the rolled windows."""
    (height, width), (rows, columns) = layout.grid, layout.window
    down, across = layout.windows
    padded = F.pad(share, (0, layout.padded[1] - width, 0, layout.padded[0] - height))
    rolled = padded.roll((-layout.shift[0], -layout.shift[1]), (0, 1))
    cut = rolled.reshape(down, rows, across, columns).transpose(1, 2).reshape(down * across, rows * columns)
    given = torch.einsum("wq,wqk->wk", cut, weights.float().mean(1))
    back = given.reshape(down, across, rows, columns).transpose(1, 2).reshape(layout.padded)
    return back.roll(layout.shift, (0, 1))[:height, :width]


def _unmerged(share: Tensor, grid: tuple[int, int]) -> Tensor:
    """Each merged patch's share, spread evenly over the patches that it is made of."""
    if (-(-grid[0] // 2), -(-grid[1] // 2)) != tuple(share.shape):
        raise NotPossibleError(
            f"Attention rollout follows patches that are merged two by two; here {grid[0]} x {grid[1]} "
            f"become {share.shape[0]} x {share.shape[1]}."
        )
    spread = share.repeat_interleave(2, 0).repeat_interleave(2, 1)[: grid[0], : grid[1]]
    rows = torch.full((grid[0],), 2.0)
    columns = torch.full((grid[1],), 2.0)
    if grid[0] % 2:
        rows[-1] = 1
    if grid[1] % 2:
        columns[-1] = 1
    return spread / (rows[:, None] * columns[None, :])
