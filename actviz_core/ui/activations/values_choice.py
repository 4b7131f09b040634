"""What of a call is shown: its activation, the gradient of a class there, or both multiplied."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from actviz_core.analysis import TopK
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.ui.choices import linked_selectbox
from actviz_core.ui.class_choice import Classes, chosen_classes, class_choice
from actviz_core.workspace.gradients import Followed, Values
from actviz_core.workspace.shared import Workspace

WIDTH = 190
HELP = (
    "Activation: what the layer returned. Gradient: how fast the class's value rises when a value here rises "
    "a little. Gradient x activation: roughly how much each value adds to the class."
)


@dataclass(frozen=True)
class ChosenValues:
    """What is shown; ``followed`` is None for activations. ``problem`` says why there are no gradients."""

    followed: Followed | None = None
    problem: str = ""


def choose_values() -> Values:
    """Draw the choice."""
    return linked_selectbox(
        "Values", list(Values), key="values", width=WIDTH, label_visibility="collapsed", help=HELP
    )


def choose_followed(values: Values, model: Model, sample: Sample, workspace: Workspace) -> ChosenValues:
    """Draw the choice of a class for what is not the activation."""
    if values is Values.ACTIVATION:
        return ChosenValues()
    prediction = workspace.prediction(model, sample, k=None)
    if prediction.problem is not None:
        return ChosenValues(problem=f"{prediction.problem} So there is no class to follow back.")
    classes = chosen_classes(prediction)
    class_choice(classes, label="Of class", width=WIDTH, label_visibility="collapsed")
    return ChosenValues(Followed(values, classes.chosen, classes.name))


def followed_value(
    followed: Followed,
    call: str,
    activation: Tensor,
    together: Sequence[str],
    model: Model,
    sample: Sample,
    workspace: Workspace,
) -> Tensor | str:
    """The values to show of a call, or why there are none; ``together`` are made in the same pass.

    Raises what `Workspace.gradients` raises.
    """
    found, without = workspace.following.gradients(model, sample, followed.target, together)
    if call not in found:
        why = without.get(call, "torch gave none for this part of what it returned")
        return f"{call} has no gradient for {followed.name}: {why}."
    return found[call] * activation if followed.values is Values.PRODUCT else found[call]


@dataclass(frozen=True)
class AskedOfPanels:
    """What is shown of each panel: activations, or gradients of a class.

    The class is the chosen one for networks with the classes of the network in hand; every other panel is
    followed back from its own answer.
    """

    values: Values
    classes: Classes | None = None

    def followed(self, prediction: TopK) -> Followed | str | None:
        """What a panel with this prediction, of all classes, shows; why there is nothing where that is so."""
        if self.values is Values.ACTIVATION:
            return None
        if prediction.problem is not None:
            return f"{prediction.problem} So there is no class to follow back."
        named = dict(zip(prediction.indices, prediction.labels, strict=True))
        target = prediction.indices[0]
        if self.classes is not None and not self.classes.is_predicted:
            names = tuple(named[index] for index in range(len(named)))
            target = self.classes.chosen if names == self.classes.names else target
        return Followed(self.values, target, named[target])


ACTIVATIONS = AskedOfPanels(Values.ACTIVATION)


def choose_of_panels(model: Model, sample: Sample, workspace: Workspace) -> AskedOfPanels:
    """Draw the choices for all panels; the classes are those of the network in hand."""
    values = choose_values()
    if values is Values.ACTIVATION:
        return ACTIVATIONS
    prediction = workspace.prediction(model, sample, k=None)
    if prediction.problem is not None:
        return AskedOfPanels(values)
    classes = chosen_classes(prediction)
    class_choice(classes, label="Of class", width=WIDTH, label_visibility="collapsed")
    return AskedOfPanels(values, classes)
