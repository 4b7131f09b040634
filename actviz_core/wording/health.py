"""Says in words which channels of a layer do nothing, never rest, or do the same as others."""

from collections.abc import Sequence

from actviz_core.analysis.channel_health import LayerHealth

NAMED = 8
"""Channels that a sentence names one by one."""

NEARLY_ALL = 0.99


def health_sentence(layer: str, health: LayerHealth) -> str:
    """What stands out in a layer: silent channels, and pairs that do the same."""
    channels = len(health.silent)
    of = f"of {channels:,} channels in {layer or 'the answer'}"
    dead = health.at_least(health.silent)
    rare = [int(at) for at in health.at_least(health.silent, NEARLY_ALL) if at not in dead]
    said = []
    if len(dead):
        verb = "is" if len(dead) == 1 else "are"
        said.append(f"{len(dead):,} {of} {verb} silent in all pictures{_named(dead.tolist())}.")
    else:
        said.append(f"None {of} is silent in all pictures.")
    if rare:
        verb = "is" if len(rare) == 1 else "are"
        said.append(f"{len(rare):,} more {verb} in 99 % of them{_named(rare)}.")
    pairs = len(health.twins)
    if pairs:
        said.append(f"{pairs:,} pairs do nearly the same." if pairs > 1 else "One pair does nearly the same.")
    return " ".join(said)


def all_layers_sentence(health: Sequence[tuple[str, LayerHealth]]) -> str:
    """The same over all layers of a run: where silent channels are, and where twins are most frequent."""
    total = sum(len(of.silent) for _, of in health)
    dead = [(layer, len(of.at_least(of.silent))) for layer, of in health]
    count = sum(number for _, number in dead)
    where = [f"{number:,} in {layer or 'the answer'}" for layer, number in dead if number]
    said = (
        f"{count:,} of {total:,} channels {'is' if count == 1 else 'are'} silent in all pictures: "
        f"{', '.join(where)}."
        if count
        else f"None of {total:,} channels is silent in all pictures."
    )
    twins = [(len(of.twins), layer) for layer, of in health if of.twins]
    if not twins:
        return f"{said} No two channels of a layer do the same."
    most, layer = max(twins, key=lambda pair: pair[0])
    pairs = f"{most:,} pairs do" if most > 1 else "one pair does"
    return f"{said} Most twins are in {layer or 'the answer'}: {pairs} nearly the same."


def _named(channels: Sequence[int]) -> str:
    if not channels or len(channels) > NAMED:
        return ""
    return f" ({', '.join(str(channel) for channel in channels)})"
