"""Whether a network is right as often as its probabilities say."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from actviz_core.errors import ShapeError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Pictures by how sure the network is of its answer, in B bins of equal width from 0 to 1.

    Attributes:
        edges: (B + 1,), where the bins begin and end; a probability on an edge is in the bin below it.
        count: (B,) int64, how many pictures are in each.
        confidence, accuracy: (B,), the mean probability of the answer and the share of right ones; NaN in an
            empty bin.
        error: the expected calibration error (Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599, eq. 3):
            the mean of |accuracy - confidence| over the bins, weighted by their pictures. NaN without any.

    """

    edges: FloatArray
    count: npt.NDArray[np.int64]
    confidence: FloatArray
    accuracy: FloatArray
    error: float


def calibration(probability: npt.ArrayLike, right: npt.ArrayLike, bins: int = 15) -> Calibration:
    """Compare the probability of each answer, (N,) from 0 to 1, with whether it is right, (N,) bool.

    A probability of NaN is no answer: such pictures are in no bin and do not count.

    Raises:
        ShapeError: if the two are not of one length.

    """
    sure, correct = np.asarray(probability, np.float64), np.asarray(right, np.bool_)
    if sure.shape != correct.shape or sure.ndim != 1:
        raise ShapeError(
            f"Probabilities {sure.shape} and answers {correct.shape} must both have the shape (N,)."
        )
    answered = ~np.isnan(sure)
    sure, correct = sure[answered], correct[answered]
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    means = np.full((2, bins), np.nan)
    for row, values in zip(means, (sure, correct), strict=True):
        np.divide(np.bincount(bin_of, values, bins), count, out=row, where=count > 0)
    confidence, accuracy = means
    gaps = np.abs(accuracy - confidence)[count > 0]
    error = float((gaps * count[count > 0]).sum() / len(sure)) if len(sure) else float("nan")
    return Calibration(edges, count, confidence, accuracy, error)
