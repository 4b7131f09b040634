"""What the board's panels are called: what tells them apart in their titles, what they share above them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from actviz_core.errors import ActVizError
from actviz_core.models import Model
from actviz_core.models.registry import weights_title
from actviz_core.models.uploaded import is_upload
from actviz_core.names import ModelKey, Panel
from actviz_core.names.image import split_variant
from actviz_core.samples import Sample
from actviz_core.workspace.shared import Workspace


@dataclass(frozen=True)
class BoardNames:
    """``titles`` has a text for each panel; ``shared`` is a kind and a text for all that they have in common.

    Kinds are "network", "weights", "picture" and "layer".
    """

    titles: tuple[str, ...]
    shared: tuple[tuple[str, str], ...]


def name_panels(panels: Sequence[Panel], workspace: Workspace) -> BoardNames:
    """Name what differs: ``epoch-1``, or ``mirror, layer1.0.conv1`` where two things do.

    Panels that are all alike are called by their layer.
    """
    pictures, variants = zip(*(_variant(panel.image_id) for panel in panels), strict=True)
    several = len(set(pictures)) > 1
    kinds = {
        "network": [ModelKey.parse(panel.model_key).network for panel in panels],
        "weights": [weights_text(panel.model_key, workspace) for panel in panels],
        "picture": _apart(pictures, lambda image_id: picture_text(image_id, workspace)),
        "layer": [panel.call for panel in panels],
    }
    if len({panel.model_key for panel in panels}) > len(
        set(zip(kinds["network"], kinds["weights"], strict=True))
    ):
        kinds["weights"] = _apart(
            [panel.model_key for panel in panels], lambda key: weights_text(key, workspace)
        )
    if several or len(set(variants)) == 1:
        kinds["picture"] = [
            f"{picture}, {variant}" if variant else picture
            for picture, variant in zip(kinds["picture"], variants, strict=True)
        ]
        differing = kinds
    else:
        differing = kinds | {"picture": [variant or "original" for variant in variants]}
    titles = [
        ", ".join(words[at] for words in differing.values() if len(set(words)) > 1 and words[at])
        or panels[at].call
        for at in range(len(panels))
    ]
    shared = [(kind, words[0]) for kind, words in kinds.items() if len(set(words)) == 1 and words[0]]
    return BoardNames(tuple(titles), tuple(shared))


def weights_text(model_key: str, workspace: Workspace) -> str:
    """What people call the weights of a model key: ``final``, or the name of an uploaded file."""
    key = ModelKey.parse(model_key)
    try:
        title = weights_title(key.unedited, workspace.settings)
    except ActVizError:
        title = key.weights or ""  # the panel says what is wrong with its network
    return ", ".join([title, *key.edits])


def network_text(model_key: str, workspace: Workspace) -> str:
    """What people call a network: its key, in which an upload's digits give way to the name of its file."""
    key = ModelKey.parse(model_key)
    weights = None if key.weights is None else weights_text(key.unedited, workspace)
    return str(replace(key, weights=weights))


def readable_panels(panels: Sequence[Panel], workspace: Workspace) -> list[Panel]:
    """The panels as titles and names of files tell them: uploads by the names of their files."""
    networks = _apart([panel.model_key for panel in panels], lambda key: network_text(key, workspace))
    pictures = _apart([panel.image_id for panel in panels], lambda key: file_or_id(key, workspace))
    return [
        Panel(network, picture, panel.call)
        for network, picture, panel in zip(networks, pictures, panels, strict=True)
    ]


def uploaded_files(model: Model, sample: Sample, workspace: Workspace) -> tuple[str, ...]:
    """The names of the uploaded files that these weights and this picture came from, if they did."""
    key = ModelKey.parse(model.key)
    weights = (weights_text(key.unedited, workspace),) if is_upload(key.weights or "") else ()
    return (*weights, *((sample.name,) if sample.name else ()))


def picture_text(image_id: str, workspace: Workspace) -> str:
    """What people call a picture: ``cat (bundled-cifar10/0)``, or the name of an uploaded file."""
    try:
        sample = workspace.sample(image_id)
    except ActVizError:
        return image_id  # the panel says what is wrong with its picture
    if sample.name is not None:
        return sample.title
    return f"{sample.label} ({image_id})" if sample.label else image_id


def file_or_id(image_id: str, workspace: Workspace) -> str:
    """The name of an uploaded picture's file; the id of any other picture."""
    try:
        return workspace.sample(image_id).name or image_id
    except ActVizError:
        return image_id


def _variant(image_id: str) -> tuple[str, str]:
    picture, variant = split_variant(image_id)
    return picture, variant or ""


def _apart(ids: Sequence[str], text: Callable[[str], str]) -> list[str]:
    """Name each id; where two different ones have the same name, both names are followed by their id."""
    texts = {one: text(one) for one in ids}
    counts = list(texts.values())
    return [texts[one] if counts.count(texts[one]) == 1 else f"{texts[one]} ({one})" for one in ids]
