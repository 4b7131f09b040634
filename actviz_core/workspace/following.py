"""What comes back through a network: gradients of a class at its layers, and how large they are along it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from actviz_core.analysis.layer_sizes import LayerSizes
from actviz_core.models import Model
from actviz_core.samples import Sample
from actviz_core.samples.pixels import picture_key
from actviz_core.workspace.gradients import LayerGradients, has_gradients, layer_gradients
from actviz_core.workspace.sizes import innermost, layer_sizes

if TYPE_CHECKING:
    from actviz_core.workspace.shared import Workspace


class Following:
    """Backward passes of a workspace's networks, in its cache. Safe from many threads."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    def gradients(
        self, model: Model, sample: Sample, target: int, names: Sequence[str]
    ) -> tuple[dict[str, Tensor], dict[str, str]]:
        """The gradients of a class's value at what ``names`` returned, and why others have none, by call.

        ``names`` are layer, call or step names. Raises as `Workspace.activations` does, and `TargetError`.
        """
        owners = [*dict.fromkeys(self._workspace.owners(model, names).values())]
        picture = picture_key(sample)

        def run() -> dict[str, LayerGradients]:
            inputs = model.inputs(sample.image)
            return layer_gradients(self._workspace.store, model, picture, lambda: inputs, target, owners)

        if has_gradients(self._workspace.store, model, picture, target, owners):
            found = run()
        else:
            self._workspace.check_budget(model, owners)
            self._workspace.check_room(model)
            found = self._workspace.in_line(model, f"Following {model.key} back for {sample.id}", run)
        values: dict[str, Tensor] = {}
        without: dict[str, str] = {}
        for layer in found.values():
            values |= layer.values
            without |= layer.without
        return values, without

    def layer_sizes(self, model: Model, sample: Sample, target: int | None) -> LayerSizes:
        """The size of activations, and of a class's gradients if there is one, in every innermost layer.

        Raises `BudgetError` where all gradients at once need more memory than there is, `ModelFailedError`.
        """
        layers = innermost(self._workspace.tree(model))
        picture, name = picture_key(sample), f" sizes {target}"

        def run() -> LayerSizes:
            inputs = model.inputs(sample.image)
            return self._workspace.store.remember(
                model, picture, name, lambda: layer_sizes(model, lambda: inputs, layers, target)
            )

        if (found := self._workspace.store.remembered(model, picture, name, LayerSizes)) is not None:
            return found
        if target is not None:
            self._workspace.check_budget(model, layers)
        self._workspace.check_room(model)
        return self._workspace.in_line(model, f"Following {model.key} back for {sample.id}", run)
