"""What a person looks at (network, picture, layers), in the session and in the link."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import streamlit as st

from actviz_core.analysis import first_of_each_stage
from actviz_core.errors import ActVizError, EditError, StillWorkingError, UnknownModelError
from actviz_core.hooks.selection import is_step
from actviz_core.hooks.walk import named_modules
from actviz_core.models import Model, canonical_key
from actviz_core.names import CallName, ChannelEdit, ModelKey
from actviz_core.samples import Sample
from actviz_core.ui.shell import link_memory
from actviz_core.ui.shell.defaults import DEFAULT_IMAGE, DEFAULT_MODEL
from actviz_core.ui.text import shorten
from actviz_core.workspace.shared import Workspace, shared_workspace

_PARAMETERS = ("model", "image", "layers", "steps", "edit")
_SESSION = "view"
_TOLD = 5  # layers, or edits, of a link that are told one by one as missing
_LINK_LEFT = "view_link_left"  # a link whose network took too long to say which layers it has
_LAYERS_LEFT = "view_layers_left"  # a network was chosen: its layers are still to be


@dataclass(frozen=True)
class View:
    """The network, picture and layers in hand. None stands for something that a link named in vain.

    ``steps`` says whether steps between layers are offered; it is True where one of them is chosen.
    ``edits`` are channels that are switched off or scaled, as links carry them. ``problems`` are messages
    about the link, shown until the person chooses something else.
    """

    model_key: str | None
    image_id: str | None
    layers: tuple[str, ...]
    problems: tuple[str, ...] = field(default=())
    steps: bool = False
    edits: tuple[str, ...] = ()

    @property
    def key(self) -> str | None:
        """The key of the network as it is looked at, with its edits."""
        return None if self.model_key is None else str(ModelKey.parse(self.model_key).with_edits(self.edits))


def current_view() -> View:
    """The session's view; a link that was opened, or went back to in the browser's history, wins."""
    link = _link_of_browser()
    state = st.session_state
    if _SESSION not in state or (link and link_memory.wins(_SESSION, link)):
        state[_LINK_LEFT], state[_LAYERS_LEFT] = link, False
    if state.get(_LINK_LEFT) is not None:
        state[_SESSION] = _read(state[_LINK_LEFT])
    elif state.get(_LAYERS_LEFT):
        _take_layers_along()
    view: View = state[_SESSION]
    return view


def show_link(view: View) -> None:
    """Make the browser's address a link to this view."""
    link = link_of(view)
    if link != _link_of_browser() and not view.problems:
        for name in _PARAMETERS:
            if name in link:
                st.query_params[name] = link[name]
            elif name in st.query_params:
                del st.query_params[name]
    link_memory.remember(_SESSION, _link_of_browser())


def link_of(view: View) -> dict[str, list[str]]:
    """The query parameters that open this view."""
    link = {
        "model": [view.model_key or ""],
        "image": [view.image_id or ""],
        "layers": list(view.layers),
        "steps": ["true"] if view.steps else [],
        "edit": list(view.edits),
    }
    return {name: values for name, values in link.items() if any(values)}


def choose_image(image_id: str) -> None:
    """Look at another picture from now on."""
    _change(image_id=image_id)


def choose_layers(layers: tuple[str, ...]) -> None:
    """Look at other layers from now on, and offer steps if one of them is among them."""
    view: View = st.session_state[_SESSION]
    _change(layers=layers, steps=view.steps or any(CallName.step(layer) is not None for layer in layers))


def choose_steps(*, offered: bool) -> None:
    """Offer the steps between layers from now on, or no longer; then none of them stays chosen."""
    view: View = st.session_state[_SESSION]
    _change(steps=offered)
    if not offered and view.model_key is not None:
        try:
            model = shared_workspace().model(view.model_key)
        except ActVizError:
            return  # the page says what is wrong with it
        _change(layers=tuple(layer for layer in view.layers if not is_step(model.module, layer)))


def choose_model(model_key: str) -> None:
    """Look into another network from now on, at the same layers where it has them."""
    _change(model_key=model_key, edits=())
    st.session_state[_LAYERS_LEFT] = True  # not here, where nothing can be shown while it is built


def choose_edits(edits: tuple[str, ...]) -> None:
    """Look at the network with these channels switched off or scaled from now on."""
    _change(edits=edits)


def _take_layers_along() -> None:
    view: View = st.session_state[_SESSION]
    try:
        workspace = shared_workspace()
        model = workspace.model(view.model_key or "")
        kept = tuple(workspace.owners(model, view.layers))
        layers = kept or first_of_each_stage(workspace.tree(model))
        st.session_state[_SESSION] = replace(view, layers=layers)
    except StillWorkingError:
        return  # the next run tries again
    except ActVizError:
        pass  # the page says what is missing or fails; the layers are kept for when it is there
    st.session_state[_LAYERS_LEFT] = False


def model_of(view: View, workspace: Workspace) -> Model | None:
    """The view's network, or None when its key came to nothing."""
    return None if view.key is None else workspace.model(view.key)


def sample_of(view: View, workspace: Workspace) -> Sample | None:
    """The view's picture, or None when its id came to nothing."""
    return None if view.image_id is None else workspace.sample(view.image_id)


def names_offered(view: View, model: Model, workspace: Workspace) -> list[str]:
    """The layers to choose from in the order of the tree, with the steps between them if they are offered."""
    if view.steps:
        try:
            return [row.name for row in workspace.tree(model, steps=True) if row.name]
        except ActVizError:
            pass  # the page says how the network failed
    return [name for name, _ in named_modules(model.module) if name]


def _change(**changes: object) -> None:
    st.session_state[_LINK_LEFT] = None
    st.session_state[_SESSION] = replace(st.session_state[_SESSION], problems=(), **changes)


def _link_of_browser() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in _PARAMETERS if name in st.query_params}


def _read(link: dict[str, list[str]]) -> View:
    """Turn a link into a view, with a message for each part that names something that isn't there."""
    workspace = shared_workspace()
    problems: list[str] = []
    model_key: str | None = link.get("model", [DEFAULT_MODEL])[-1]
    image_id: str | None = link.get("image", [DEFAULT_IMAGE])[-1]
    layers = tuple(dict.fromkeys(link.get("layers", ())))
    edits: tuple[str, ...] = ()
    st.session_state[_LINK_LEFT] = None
    try:
        model_key = canonical_key(model_key or "", workspace.settings)
        model = workspace.model(model_key)
        known = {name: owner for name, owner in workspace.owners(model, layers).items() if owner}
        unknown = [layer for layer in layers if layer not in known]
        problems.extend(str(workspace.unknown(model, layer)) for layer in unknown[:_TOLD])
        if more := len(unknown[_TOLD:]):
            problems.append(f"{more:,} more layers of the link are not in {model_key}.")
        layers = tuple(known)
        edits = _possible_edits(model, link.get("edit", ()), workspace, problems)
        if "layers" not in link:
            layers = first_of_each_stage(workspace.tree(model))
    except UnknownModelError as error:
        problems.append(str(error))
        model_key = None
    except StillWorkingError:
        st.session_state[_LINK_LEFT] = link  # to be read again when there is more to know
    except ActVizError:
        pass  # the page meets the same error, and offers a way on
    try:
        workspace.sample(image_id or "")
    except ActVizError as error:
        problems.append(str(error))
        image_id = None
    steps = link.get("steps", ["false"])[-1]
    if steps not in ("true", "false"):
        problems.append(
            f"The link's steps={shorten(steps, 60)} is not possible here. It can be: true, false."
        )
    offers_steps = steps == "true" or any(CallName.step(layer) is not None for layer in layers)
    return View(model_key, image_id, layers, tuple(problems), offers_steps, edits)


def _possible_edits(
    model: Model, texts: Sequence[str], workspace: Workspace, problems: list[str]
) -> tuple[str, ...]:
    """The edits of a link that can be made, each channel's last one; ``problems`` gets why others cannot."""
    found: dict[tuple[str, int], str] = {}
    failed = 0
    for text in texts:
        try:
            edit = ChannelEdit.parse(text)
            workspace.edited.check(model, edit)
        except EditError as error:
            failed += 1
            if failed <= _TOLD:
                problems.append(f"The link's edit={shorten(text, 60)} is not possible here. {error}")
        else:
            found[edit.layer, edit.channel] = str(edit)
    if failed > _TOLD:
        problems.append(f"{failed - _TOLD:,} more edits of the link are not possible in {model.key}.")
    return tuple(found.values())
