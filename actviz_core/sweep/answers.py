"""What a network answers to each picture of a batch: its most probable classes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from actviz_core.analysis import read_prediction
from actviz_core.tasks import Task

KEPT = 10
"""So many of the most probable classes are kept for each picture."""

NO_ANSWER = -1


@dataclass(frozen=True)
class Answers:
    """The most probable classes of N pictures, best first.

    ``classes`` (N, 10) int32 are indices into the network's classes, -1 where there is none;
    ``probabilities`` (N, 10) float32 belong to them (of a segmentation: shares of the picture), NaN there.
    """

    classes: npt.NDArray[np.int32]
    probabilities: npt.NDArray[np.float32]

    @staticmethod
    def none(pictures: int) -> "Answers":
        """No answer at all to so many pictures."""
        shape = (pictures, KEPT)
        return Answers(np.full(shape, NO_ANSWER, np.int32), np.full(shape, np.nan, np.float32))


def answers_of(outputs: Mapping[str, Tensor], pictures: int, task: Task) -> Callable[[], Answers]:
    """Read what the network returned, tensors by place, as `read_prediction` does for a single picture.

    The function returned gives the answers; on an accelerator, call it after the pass.
    """
    named = [place for place in ("[out]", "[logits]") if place in outputs]
    places = named[:1] or list(outputs)
    tensor = outputs[places[0]] if len(places) == 1 else None
    if tensor is None or task is Task.FEATURES or tensor.shape[:1] != (pictures,):
        return lambda: Answers.none(pictures)
    place = places[0]
    if task is Task.CLASSIFICATION and tensor.dim() == 2 and tensor.is_floating_point():
        scores = tensor.detach().to(
            torch.float64 if tensor.device.type != "mps" else torch.float32, copy=True
        )
        return lambda: _most_probable(scores.cpu().double().numpy())
    answers = Answers.none(pictures)
    if not tensor.is_complex() and not tensor.is_quantized and tensor.layout is torch.strided:
        values = tensor.detach().float().cpu().numpy()
        for picture in range(pictures):
            found = read_prediction({place: values[picture : picture + 1]}, task, (), KEPT)
            answers.classes[picture, : len(found.indices)] = found.indices
            answers.probabilities[picture, : len(found.indices)] = found.probabilities
    return lambda: answers


def _most_probable(scores: npt.NDArray[np.float64]) -> Answers:
    """Softmax in float64 as in `top_k`; equal probabilities keep the order of the classes."""
    answers = Answers.none(len(scores))
    readable = ~(np.isnan(scores) | np.isposinf(scores)).any(axis=1) & ~np.isneginf(scores).all(axis=1)
    if scores.shape[1] < 2 or not readable.any():
        return answers
    weights = np.exp(scores[readable] - scores[readable].max(axis=1, keepdims=True))
    shares = weights / weights.sum(axis=1, keepdims=True)
    best = np.argsort(-shares, axis=1, kind="stable")[:, :KEPT]
    kept = best.shape[1]
    answers.classes[readable, :kept] = best
    answers.probabilities[readable, :kept] = np.take_along_axis(shares, best, axis=1)
    return answers
