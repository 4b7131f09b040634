"""Networks with channels switched off or scaled, made once for everybody."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actviz_core.errors import EditError, quoted
from actviz_core.layouts.of_network import layout_of
from actviz_core.models import Model
from actviz_core.models.edited import edited_fingerprint, edited_model
from actviz_core.names import ChannelEdit
from actviz_core.system.cache import ByteCache

if TYPE_CHECKING:
    from actviz_core.workspace.shared import Workspace

MOST = 8
"""How many are at hand; each keeps the parameters of its own network alive."""


class EditedNetworks:
    """Edited networks of a workspace. Safe from many threads."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._kept: ByteCache[str, Model] = ByteCache(MOST, lambda _: 1)

    def model(self, base: str, texts: Sequence[str]) -> Model:
        """The network of a key with edits, as links carry them. Raises `EditError`."""
        model, edits = self._workspace.model(base), [ChannelEdit.parse(text) for text in texts]
        axes = {edit.layer: self.check(model, edit) for edit in edits}
        return self._kept.get(
            edited_fingerprint(model.fingerprint, texts), lambda: edited_model(model, edits, axes)
        )

    def forget(self) -> None:
        """Let go of all of them, and so of networks that made room; they are made again when asked for."""
        self._kept.clear()

    def check(self, model: Model, edit: ChannelEdit) -> int:
        """The axis of a layer's channels, along which an edit is made.

        Raises `EditError` for what is not there.
        """
        row = next(
            (row for row in self._workspace.tree(model) if row.name == edit.layer and edit.layer), None
        )
        if row is None or row.shape is None:
            close = (
                self._workspace.unknown(model, edit.layer)
                if row is None
                else f"{edit.layer} returns no tensor."
            )
            raise EditError(f"Nothing can be edited at {quoted(edit.layer)}: {close}")
        layout = layout_of(model.module, edit.layer, row.shape, model.preprocess.size)
        axis = layout.axes.find("C")
        if axis < 1:
            raise EditError(f"The channels of {edit.layer} have no axis of their own, so none can be edited.")
        if edit.channel >= row.shape[axis]:
            raise EditError(
                f"{edit.layer} has no channel {edit.channel} to edit: it has 0 to {row.shape[axis] - 1}."
            )
        return axis
