"""How large activations and gradients are along a network, and what that says of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FAR_APART = 1000
"""Sizes that differ by more than this factor are told of."""


@dataclass(frozen=True, eq=False)
class LayerSizes:
    """The root of the mean square of what each call returned, and of the gradient there.

    Attributes:
        calls: call names in the order of execution.
        activations: shape (N,), one a call; not finite where a value is not.
        gradients: shape (N,), NaN where a call has no gradient; None where gradients were not made.

    """

    calls: tuple[str, ...]
    activations: npt.NDArray[np.float64]
    gradients: npt.NDArray[np.float64] | None

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        return 1000 + sum(map(len, self.calls)) + 80 * len(self.calls)


def size_sentences(sizes: LayerSizes, name: str | None) -> list[str]:
    """What vanishes, explodes, is zero or not finite from some layer on; one sentence if nothing does.

    ``name`` is the class whose gradient is told of.
    """
    told = _of_activations(sizes.calls, sizes.activations)
    if sizes.gradients is not None and name is not None:
        there = ~np.isnan(sizes.gradients) | np.isnan(sizes.activations)
        calls = [call for call, has in zip(sizes.calls, there, strict=True) if has]
        told += _of_gradients(calls, sizes.gradients[there], name)
    if told:
        return told
    both = "" if sizes.gradients is None else ", and so do gradients"
    within = f"activations keep within a factor of {FAR_APART:,}{both}"
    return [f"Nothing vanishes or explodes along the network: {within}."]


def _of_activations(calls: Sequence[str], sizes: npt.NDArray[np.float64]) -> list[str]:
    told = []
    if len(calls) and (flawed := ~np.isfinite(sizes)).any():
        told.append(f"{calls[int(flawed.argmax())]} is the first layer with values that are not finite.")
    zero = sizes == 0
    if len(calls) and zero[-1]:
        first = len(calls) - int((~zero)[::-1].argmax()) if not zero.all() else 0
        told.append(f"From {calls[first]} on, all activations are zero.")
    elif zero.any():
        count = int(zero.sum())
        more = f"; {count - 1:,} more do too" if count > 1 else ""
        told.append(f"{calls[int(zero.argmax())]} returns nothing but zeros{more}.")
    usable = np.flatnonzero(np.isfinite(sizes) & ~zero)
    if usable.size:
        low, high = usable[sizes[usable].argmin()], usable[sizes[usable].argmax()]
        if sizes[high] > FAR_APART * sizes[low]:
            factor = _factor(sizes[high] / sizes[low])
            if low < high:
                told.append(
                    f"Activations explode: {calls[high]} returns {factor} larger ones than {calls[low]}."
                )
            else:
                told.append(
                    f"Activations vanish: {calls[low]} returns {factor} smaller ones than {calls[high]}."
                )
    return told


def _of_gradients(calls: Sequence[str], sizes: npt.NDArray[np.float64], name: str) -> list[str]:
    """The same of gradients, which come from the end of the network."""
    if not calls:
        return [f"No layer has a gradient for {name}."]
    told = []
    if (flawed := ~np.isfinite(sizes)).any():
        last = len(calls) - 1 - int(flawed[::-1].argmax())
        told.append(f"Coming from the answer, {calls[last]} is the first layer whose gradient is not finite.")
    zero = sizes == 0
    if zero.all():
        told.append(f"The gradient of {name} is zero in all layers.")
    elif zero[0]:
        last = int((~zero).argmax()) - 1
        told.append(
            f"Up to {calls[last]}, the gradient of {name} is zero: nothing there can change it a little."
        )
    usable = np.flatnonzero(np.isfinite(sizes) & ~zero)
    if usable.size:
        low, high = usable[sizes[usable].argmin()], usable[sizes[usable].argmax()]
        if sizes[high] > FAR_APART * sizes[low]:
            factor = _factor(sizes[high] / sizes[low])
            if low < high:
                told.append(
                    f"The gradient vanishes towards the picture: at {calls[low]} it is {factor} smaller than "
                    f"at {calls[high]}."
                )
            else:
                told.append(
                    f"The gradient explodes towards the picture: at {calls[high]} it is {factor} larger than "
                    f"at {calls[low]}."
                )
    return told


def _factor(ratio: float) -> str:
    return f"{float(f'{ratio:.2g}'):,.0f} times"
