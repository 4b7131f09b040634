"""What the cards say, in plain words, from numbers alone."""

import math
from collections.abc import Sequence

import numpy as np

from actviz_core.analysis import TopK
from actviz_core.analysis.channel_health import TWINS
from actviz_core.channels.effects import Change, Worths
from actviz_core.channels.excitation import Excitation, Objective
from actviz_core.channels.looking import Look
from actviz_core.channels.on_pictures import ChannelOnPictures
from actviz_core.channels.weights import ChannelWeights, WeightKind
from actviz_core.units import percent, share_in_words

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def number(value: float) -> str:
    """A value as the page writes it."""
    if math.isnan(value):
        return "not a number"
    return f"{value:.4g}" if math.isfinite(value) else "infinite"


def listed(words: Sequence[str]) -> str:
    """``3, 11 and 0``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def ordinal(place: int) -> str:
    """``fourth``, and from eleven on ``number 11``."""
    return _ORDINALS[place - 1] if place <= len(_ORDINALS) else f"number {place:,}"


def look_sentence(found: Look) -> str:
    """Which pixels the cell can see, and how few make up half of what moves it now."""
    said = found.field.sentence()
    if found.shares is None:
        return f"{said} {found.why_none}"
    if not found.pixels_of_half:
        return f"{said} For this picture no small change of any pixel would change its value."
    count = found.pixels_of_half
    pixels = "One pixel alone makes" if count == 1 else f"{count:,} pixels make"
    return f"{said} {pixels} up half of what would change its value now."


def weights_sentence(weights: ChannelWeights, *, of_picture: bool = False) -> str:
    """What the channel computes with; ``of_picture`` says that its inputs are the picture's colours."""
    if weights.kind is WeightKind.NONE:
        return weights.why_none
    if weights.kind is WeightKind.NORM:
        return _norm_sentence(weights)
    bias = "" if weights.bias is None else f" It adds {number(weights.bias)}."
    said = _inputs_sentence(weights, of_picture=of_picture)
    best = [at for at, norm in weights.strongest(3) if norm > 0]
    if not best:
        return f"{said} All of them are zero.{bias}"
    if of_picture or len(weights.inputs) == 1:
        return said + bias
    kind = "input" if weights.kind is WeightKind.ROW else "channel"
    if len(best) == 1:
        return f"{said} Only {kind} {best[0]} has weights other than zero.{bias}"
    names = listed([str(at) for at in best])
    return f"{said} {kind.capitalize()}s {names} enter with the largest weights.{bias}"


def _inputs_sentence(weights: ChannelWeights, *, of_picture: bool) -> str:
    count = len(weights.inputs)
    if weights.kernels is None or weights.kind is WeightKind.ROW:
        return f"It has a weight for each of its {count:,} inputs."
    size = " x ".join(map(str, weights.kernels.shape[1:]))
    if of_picture:
        return f"It has a kernel of {size} for each of the picture's {count} colours."
    if count == 1:
        return f"It has one kernel of {size}, for channel {weights.inputs[0]} of its input alone."
    return f"It has a kernel of {size} for each of {count:,} input channels."


def _norm_sentence(weights: ChannelWeights) -> str:
    parts = []
    if weights.scale is not None:
        parts.append(f"multiplies by {number(weights.scale)}")
    if weights.shift is not None:
        parts.append(f"adds {number(weights.shift)}")
    said = (
        f"It brings its input to mean 0 and variance 1, then {' and '.join(parts)}."
        if parts
        else ("It brings its input to mean 0 and variance 1.")
    )
    if weights.applied_scale is not None and weights.applied_shift is not None:
        said += (
            f" With what it learned of the mean and variance, that is {number(weights.applied_scale)} "
            f"times its input plus {number(weights.applied_shift)}."
        )
    return said


def change_sentence(before: TopK, after: TopK, change: Change, factor: float, channel: int) -> str:
    """What becomes of the answer when a channel is changed."""
    if before.problem is not None:
        return before.problem
    done = {
        Change.OFF: f"Without channel {channel}",
        Change.MEAN: f"With its mean everywhere in place of channel {channel}",
        Change.SCALED: f"With {factor:g} times channel {channel}",
    }[change]
    if after.problem is not None:
        return f"{done} there is no answer: {after.problem}"
    name, share = before.labels[0], before.probabilities[0]
    shares = dict(zip(after.indices, after.probabilities, strict=True))
    now = shares[before.indices[0]]
    if all(shares[at] == old for at, old in zip(before.indices, before.probabilities, strict=True)):
        return f"{done}, nothing changes: every class keeps its share."
    said = f"{done}, {name} {_moved(share, now)}"
    if after.tied == 1 and before.tied == 1 and after.indices[0] != before.indices[0]:
        said += f", and the answer becomes {after.labels[0]}"
    undecided = f" The answer is undecided: {before.tied:,} classes have as much." if before.tied > 1 else ""
    return f"{said}.{undecided}"


def _moved(share: float, now: float) -> str:
    if now == share:
        return f"keeps its {percent(share, 1)}"
    way = "falls" if now < share else "rises"
    old, new = percent(share, 1), percent(now, 1)
    return f"{way} from {old} to {new}" if old != new else f"{way} by {_points(abs(now - share))}, from {old}"


def _points(share: float) -> str:
    points = 100 * share
    return f"{points:.2g} percentage points" if points >= 0.01 else "less than 0.01 percentage points"


def worth_sentence(worths: Worths, channel: int, name: str) -> str:
    """The channel's place among all by how far the answer falls without it."""
    falls, count = worths.falls, len(worths.falls)
    if count == 1:
        return "It is the only channel of its layer."
    if not np.isfinite(falls).all():
        broken = int(np.count_nonzero(~np.isfinite(falls)))
        return f"There is no order: without {broken:,} of the {count:,} channels the answer is not a number."
    if (falls == 0).all():
        return f"None of the {count:,} channels of this layer changes {name} when it alone is switched off."
    place, equals = worths.place(channel), worths.equals(channel)
    others = f", together with {equals - 1:,} other{'s' if equals > 2 else ''}" if equals > 1 else ""
    said = f"By how far {name} falls without it, it is {ordinal(place)} of {count:,} channels{others}."
    most = int(falls.argmax())
    if falls[most] <= 0:
        return f"{name} does not fall when any one of the {count:,} channels is switched off."
    if place == 1:
        return said
    return f"{said} The first is channel {most}, without which {name} falls by {_points(float(falls[most]))}."


def pictures_sentence(found: ChannelOnPictures, channel: int, value: float, *, own: str) -> str:
    """Which picture excites the channel most, and where the picture in hand stands."""
    if not found.count:
        return f"Channel {channel} has no finite value for any picture of {found.source}."
    if found.values[0] == found.values[-1]:
        return (
            f"Channel {channel} answers to all {found.count:,} pictures of {found.source} with the same "
            f"largest value, {number(float(found.values[0]))}."
        )
    best = found.top[0]
    of = f" ({best.label})" if best.label else ""
    said = f"Of {found.count:,} pictures, {best.image}{of} excites it most: {number(best.value)}."
    if not math.isfinite(value):
        return said
    if best.image == own:
        return f"{said} That is the picture in hand."
    below = found.share_below(value)
    many = "all" if below == 1 else "none" if below == 0 else share_in_words(below)
    return f"{said} The picture in hand reaches {number(value)}, more than {many} of them."


def twins_sentence(found: Sequence[tuple[int, float]], *, alike: float = TWINS) -> str:
    """Which channels have the most similar maps."""
    if not found:
        return "There is nothing to compare: a map that is the same everywhere has no pattern."
    close = [at for at, correlation in found if correlation >= alike]
    if not close:
        at, correlation = found[0]
        return (
            f"No channel does the same. Channel {at} comes closest, with a correlation of {correlation:.2f}."
        )
    names = listed([str(at) for at in close])
    plural = "Channels" if len(close) > 1 else "Channel"
    does = "do" if len(close) > 1 else "does"
    return f"{plural} {names} {does} nearly the same here: the maps correlate with {alike:g} or more."


def twins_over_sentence(found: Sequence[tuple[int, float]], count: int, *, alike: float = TWINS) -> str:
    """Which channels rise and fall with this one from picture to picture, over so many."""
    if not found:
        return f"There is nothing to compare: its mean is the same for all of {count:,} pictures."
    close = [at for at, correlation in found if correlation >= alike]
    if not close:
        at, correlation = found[0]
        return (
            f"Over {count:,} pictures no channel does the same. Channel {at} comes closest, with a "
            f"correlation of {correlation:.2f}."
        )
    plural, does = ("Channels", "do") if len(close) > 1 else ("Channel", "does")
    return (
        f"{plural} {listed([str(at) for at in close])} {does} nearly the same: over {count:,} pictures the "
        f"means correlate with {alike:g} or more."
    )


def made_sentence(found: Excitation, real: ChannelOnPictures | None) -> str:
    """How much a picture that was made excites the channel, beside real ones.

    A picture made for the centre cell is set beside the highest cell of any real map, wherever that lies.
    """
    centre = found.objective is Objective.CENTRE
    what = "centre cell" if centre else "mean"
    if found.stuck:
        return f"No noise that was tried changes the channel's {what} at all, so there is nothing to climb."
    said = f"On a picture made for it the channel's {what} is {number(found.value)}"
    largest = math.nan if real is None else real.largest if centre else real.largest_mean
    if real is None or not math.isfinite(largest):
        return f"{said}; on the noise it began with it was {number(found.start)}."
    where = " in any cell" if centre else ""
    said += f"; the most that one of {real.count:,} real pictures reaches{where} is {number(largest)}."
    if found.value <= largest:
        return f"{said} The ascent found nothing better."
    return f"{said} That is {times(found.value / largest)} times as much." if largest > 0 else said


def times(ratio: float) -> str:
    """How many times as much: with two digits after the point where one would hide the difference."""
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}"
