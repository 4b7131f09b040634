"""How far two maps agree on which places matter more."""

import numpy as np
import numpy.typing as npt

HARDLY_CHANGES = 0.5
"""Agreement from which on two maps count as hardly different."""


def rank_agreement(one: npt.ArrayLike, other: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation of two maps of the same shape, -1 to 1; equal values share their rank.

    1 means that both put all places in the same order, 0 that they have nothing to do with each other. None
    where a map is the same everywhere or holds what is no finite number: then it has no order.
    """
    first, second = np.asarray(one, np.float64).ravel(), np.asarray(other, np.float64).ravel()
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    ranks = [_ranks(first), _ranks(second)]
    if any(rank.std() == 0 for rank in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: npt.NDArray[np.float64] = (last - (counts - 1) / 2)[which]
    return ranks
