"""What Why says of a map, computed again with plain torch: pixels covered with a blurred copy."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.pages.truth import inputs, model

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def saliency(index: int, other: int | None = None) -> Tensor:
    x = inputs().requires_grad_()
    logits = model().module(x)[0]
    (logits[index] if other is None else logits[index] - logits[other]).backward()
    assert x.grad is not None
    return x.grad[0].abs().amax(0)


def blurred(x: Tensor) -> Tensor:
    """By the formula: a Gaussian of a tenth of the side, cut at three of its deviations, edges mirrored."""
    sigma = x.shape[-1] / 10
    reach = round(3 * sigma)
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    padded = F.pad(x, (reach, reach, reach, reach), mode="reflect")
    rows = F.conv2d(padded, weights.view(1, 1, -1, 1).repeat(3, 1, 1, 1), groups=3)
    return F.conv2d(rows, weights.view(1, 1, 1, -1).repeat(3, 1, 1, 1), groups=3)


def falls(order: Tensor, index: int, other: int | None = None, *, uncovered: bool = False) -> list[float]:
    """The class's probability, none and then each share of the pixels covered, or shown, in this order."""
    x, cover, found = inputs(), blurred(inputs()), []
    if uncovered:
        x, cover = cover, x
    for share in (0.0, *SHARES):
        count = 0 if share == 0 else max(1, round(share * order.numel()))
        picture = x.flatten(2).clone()
        picture[:, :, order[:count]] = cover.flatten(2)[:, :, order[:count]]
        with torch.no_grad():
            logits = model().module(picture.view_as(x))[0].double()
        shares = logits.softmax(0) if other is None else logits[[index, other]].softmax(0)
        found.append(float(shares[index if other is None else 0]))
    return found


def area(probabilities: list[float]) -> float:
    return float(np.trapezoid(probabilities, (0.0, *SHARES))) / SHARES[-1]


def percent(share: float) -> str:
    if 0.99 < share < 1:
        return "> 99 %"
    return "< 1 %" if 0 < share < 0.01 else f"{round(share * 100)} %"


def expected(order: Tensor, index: int, other: int | None = None) -> str:
    """The sentences that stand under a map with this order of pixels."""
    stream = torch.Generator().manual_seed(0)
    chance = [falls(torch.randperm(1024, generator=stream), index, other) for _ in range(10)]
    own, name = falls(order, index, other), model().classes[index]
    beaten = sum(area(own) < area(one) for one in chance)
    of = "" if other is None else f" (of {name} and {model().classes[other]} alone)"
    told = (
        f"Covering the 10 % that this map marks takes {name}{of} "
        f"from {percent(own[0])} to {percent(own[4])}; "
        f"covering a random 10 % takes it to {percent(float(np.mean([one[4] for one in chance])))}."
    )
    if own[0] < 0.05:
        told += f" There is little to fall: {name} is unlikely to begin with."
    further = f"it takes {name} down further than"
    if beaten == 10:
        verdict = f"better than random: {further} all 10 random orders of pixels."
    elif beaten > 5:
        verdict = f"little better than random: {further} {beaten} of 10 random orders of pixels."
    else:
        as_far = f"{10 - beaten} of 10 random orders of pixels take {name} down as far or further."
        verdict = f"no better than random: {as_far}"
    return f"{told} This map is {verdict}"
