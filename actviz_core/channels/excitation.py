"""Finds a picture that excites one channel as much as it can, by gradient ascent on the network's input."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Event

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from actviz_core.channels.cells import check_place, maps_of, returned_once
from actviz_core.channels.fourier_picture import FourierPicture, moved, roughness_gradient
from actviz_core.channels.training import is_untrained
from actviz_core.errors import ActVizError, ChannelError
from actviz_core.hooks import capture
from actviz_core.hooks.input_gradient import input_gradient
from actviz_core.hooks.selection import has_steps
from actviz_core.layouts.of_network import layout_of
from actviz_core.models import Preprocess

Picture = npt.NDArray[np.uint8]

STEPS = 128
_RATE = 0.1  # of Adam, whose steps do not depend on how large a layer's values are
_SMOOTHNESS = 0.1  # weight of the prior, relative to the objective's gradient
_STARTS = 8  # so many noises are tried until one reaches the channel at all


class Objective(StrEnum):
    """What of a channel's map is to become large."""

    MEAN = "mean"
    CENTRE = "centre"  # its centre cell; of an even number of rows or columns, the later of the middle two


@dataclass(frozen=True, eq=False)
class Progress:
    """One moment of the ascent.

    ``value`` is the objective at this step's moved picture; ``picture()`` makes the present picture, unmoved.
    """

    step: int
    steps: int
    value: float
    picture: Callable[[], Picture]


@dataclass(frozen=True, eq=False)
class Excitation:
    """A picture that was found for a channel.

    Attributes:
        picture: (H, W, 3), 0 to 255, as the network's input size.
        value: what the objective is for exactly this picture, preprocessed: what `capture` gives for it.
        start: the same for the noise that the ascent started from.
        trace: (steps done,), the objective at each step's moved picture.
        call: the call that was climbed.
        steps: how many steps were asked for; fewer were done where it was stopped or nothing led upwards.
        seed: of the noise and the movements.
        stuck: whether no noise had a gradient to climb, as for a channel that is always zero.
        untrained: whether the network's parameters are as they were before any training.

    """

    picture: Picture
    value: float
    start: float
    trace: npt.NDArray[np.float64]
    call: str
    channel: int
    objective: Objective
    steps: int
    seed: int
    stuck: bool
    untrained: bool

    @property
    def complete(self) -> bool:
        """Whether every step was done."""
        return len(self.trace) == self.steps

    def sentence(self, largest: float | None = None) -> str:
        """What was found, in plain words; ``largest`` is the objective's largest value over some pictures."""
        if self.untrained:
            return (
                "There is nothing to see yet: the network's parameters are as they were before any training, "
                "so the picture shows what chance prefers."
            )
        what = "the map's mean" if self.objective is Objective.MEAN else "the map's centre cell"
        if self.stuck:
            return f"No noise that was tried moves {what} at all, so there is nothing to climb."
        found = (
            f"For this picture {what} is {self.value:.4g}; for the noise it started from, {self.start:.4g}."
        )
        if largest is None:
            return found
        if self.value <= largest:
            return f"{found} A real picture reaches more: {largest:.4g}."
        times = f" This is {self.value / largest:.1f} times as much." if largest > 0 else ""
        return f"{found} The most that a real picture reaches is {largest:.4g}.{times}"


def visualize_channel(
    module: nn.Module,
    layer: str,
    channel: int,
    preprocess: Preprocess,
    *,
    objective: Objective = Objective.MEAN,
    steps: int = STEPS,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> Excitation:
    """Look for the picture that excites one channel of a layer most (feature visualization).

    Gradient ascent with Adam from seeded noise, on waves and uncorrelated colours instead of pixels; each
    step sees the picture a little shifted, turned and scaled, and a weak prior keeps it smooth. Whatever
    comes of it is a picture: pixels from 0 to 1, normalised as ``preprocess`` does. The same arguments give
    the same picture on the same machine.

    Args:
        module: a network that takes (1, 3, H, W). It runs in eval mode and is left as found after every step,
            so that others may use it meanwhile.
        layer: a layer, call or step name with one call.
        channel: its number in the layer's maps, as `actviz_core.analysis.as_maps` lays them out.
        preprocess: size, mean and standard deviation of the network's input, such as ``model.preprocess``.
        objective: the mean of the channel's map, or its centre cell.
        steps: how many steps to climb.
        seed: of the noise and of the movements.
        progress: called after each step, in this thread.
        stop: ends the ascent soon after it is set; what was found until then is returned.

    Raises `UnknownLayerError` for a layer that isn't there, `ChannelError` for a channel that isn't there,
    where torch follows no gradient to the input, and where the objective is not finite. What the module
    raises passes through.

    """
    climb = _Climb(module, layer, channel, preprocess, Objective(objective))
    generator, picture, stuck = _start(climb, seed)
    start = climb.value(_pixels(picture()))
    optimiser = torch.optim.Adam([picture.waves], lr=_RATE)
    trace: list[float] = []
    for step in range(0 if stuck else steps):
        if stop is not None and stop.is_set():
            break
        with torch.enable_grad():
            shown = moved(picture(), generator)
        value, gradient = climb.gradient(shown.detach())
        trace.append(value)
        optimiser.zero_grad()
        shown.backward(-_combined(gradient, shown.detach()))
        optimiser.step()
        if progress is not None:
            progress(Progress(step + 1, steps, value, lambda: _pixels(picture())))
    found = _pixels(picture())
    return Excitation(
        found,
        climb.value(found),
        start,
        np.array(trace),
        climb.call,
        channel,
        climb.objective,
        steps,
        seed,
        stuck,
        is_untrained(module),
    )


def _start(climb: "_Climb", seed: int) -> tuple[torch.Generator, FourierPicture, bool]:
    """Noise with a gradient, if there is one among a few; and whether there is none."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(_STARTS):
        picture = FourierPicture(climb.size, generator)
        if climb.gradient(picture().detach())[1].any():
            return generator, picture, False
    return generator, picture, True


def _combined(gradient: Tensor, picture: Tensor) -> Tensor:
    """The direction that raises the objective, with a little of what smooths the picture."""
    length = gradient.square().mean().sqrt().clamp(min=torch.finfo(gradient.dtype).tiny)
    return gradient / length - _SMOOTHNESS * roughness_gradient(picture)


def _pixels(picture: Tensor) -> Picture:
    values: Picture = (255 * picture.detach()[0].permute(1, 2, 0)).round().to(torch.uint8).numpy()
    return values


def _mean_at(activation: Tensor, cells: Tensor) -> Tensor:
    """The mean of the values that lie at these positions of an activation, read in a row."""
    number = activation.reshape(-1)[cells.to(activation.device)].mean()
    return number.to(torch.promote_types(number.dtype, torch.float32))


class _Climb:
    """The objective of one channel, for pictures from 0 to 1."""

    def __init__(
        self, module: nn.Module, layer: str, channel: int, preprocess: Preprocess, objective: Objective
    ) -> None:
        weights = (weight for weight in module.parameters() if weight.is_floating_point())
        self._like = next(weights, torch.empty(0))
        self._module = module
        self.size = preprocess.size
        self.objective = objective
        self._mean = torch.tensor(preprocess.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(preprocess.std).view(1, 3, 1, 1)
        self.call, value = returned_once(module, self._input(torch.full((1, 3, *self.size), 0.5)), layer)
        layout = layout_of(module, self.call, value.shape, self.size)
        numbers = torch.arange(value.numel()).reshape(value.shape)
        maps = maps_of(numbers, layout)
        check_place(maps, layer, None, channel)
        self._map = maps[channel].reshape(-1).clone()
        self._cells = self._map
        if objective is Objective.CENTRE:
            rows, columns = maps.shape[1:]
            self._cells = maps[channel, rows // 2, columns // 2].reshape(-1).clone()

    def gradient(self, picture: Tensor) -> tuple[float, Tensor]:
        """The objective for a picture (1, 3, H, W) from 0 to 1, and the way upwards, on the CPU.

        That is the objective's gradient; where the centre cell has none, as behind a ReLU that lets nothing
        through there, that of the map's mean.
        """
        value, gradient = self._followed(picture, self._number)
        if not gradient.any() and len(self._cells) < len(self._map):
            gradient = self._followed(picture, self._mean_of_map)[1]
        return value, gradient

    def _followed(self, picture: Tensor, number: Callable[[Tensor], Tensor]) -> tuple[float, Tensor]:
        try:
            value, gradient = input_gradient(self._module, self._input(picture), self.call, number)
        except ActVizError:
            raise
        except Exception as error:  # the network ran already: what torch fails at here is the gradient
            raise ChannelError(f"Torch follows no gradient from {self.call!r} to the input.") from error
        gradient = gradient.to("cpu", torch.float32) / self._std
        if not np.isfinite(value) or not gradient.isfinite().all():
            raise ChannelError(
                f"{self.call!r} has values or gradients that are not finite: nothing to climb."
            )
        return value, gradient

    def value(self, pixels: Picture) -> float:
        """The objective for a picture of 0 to 255, (H, W, 3), from a pass like any other."""
        picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        steps = has_steps(self._module, [self.call])
        record = capture(self._module, self._input(picture), [self.call], steps=steps)
        return float(self._number(record[self.call]))

    def _number(self, activation: Tensor) -> Tensor:
        return _mean_at(activation, self._cells)

    def _mean_of_map(self, activation: Tensor) -> Tensor:
        return _mean_at(activation, self._map)

    def _input(self, picture: Tensor) -> Tensor:
        return ((picture - self._mean) / self._std).to(self._like.device, self._like.dtype)
