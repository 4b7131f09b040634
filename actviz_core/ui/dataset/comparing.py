"""How alike the layers of runs are: worked out in the background, drawn, and opened on the Compare board."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.analysis.similarity import Likeness, likeness
from actviz_core.board import Slot
from actviz_core.errors import ActVizError, StillWorkingError
from actviz_core.figures.likeness_map import LikenessPanel, likeness_map
from actviz_core.models.edited import split_key
from actviz_core.sweep import Run
from actviz_core.system.background import Task
from actviz_core.ui.channel.card import ready
from actviz_core.ui.compare.names import weights_text
from actviz_core.ui.dataset.ways import go_to_board
from actviz_core.ui.figure import Click, draw_clickable
from actviz_core.ui.shell.content_width import content_width
from actviz_core.ui.shell.view import current_view
from actviz_core.ui.text import plain
from actviz_core.wording.likeness import chance_sentence, unusable_sentence
from actviz_core.workspace.shared import Workspace

FEWEST_PICTURES = 2
_TOLD = "alike_told"  # in the session: why a cell that was clicked cannot be opened


@dataclass(frozen=True, eq=False)
class Compared:
    """Two runs over the same pictures, or one with itself, and how alike their layers are."""

    first: Run
    second: Run
    found: Likeness

    @property
    def is_one(self) -> bool:
        """Whether it is one run's layers with each other."""
        return self.first.id == self.second.id

    @property
    def chance(self) -> npt.NDArray[np.float64]:
        """What shuffled pictures give for each pair of different layers."""
        chance = self.found.chance
        return chance[~np.eye(len(chance), dtype=bool)] if self.is_one else chance.ravel()

    @property
    def unusable(self) -> list[str]:
        """Layers of the first run that can be compared with none."""
        rows = zip(self.first.calls, self.found.cka, strict=True)
        return [call for call, row in rows if np.isnan(row).all()]


def pictures_of_both(first: Run, second: Run) -> int:
    """How many pictures were swept in both."""
    return int((np.asarray(first.swept) & np.asarray(second.swept)).sum())


def compared(first: Run, second: Run, workspace: Workspace, *, key: str) -> Compared | None:
    """Compare two runs, or a run with itself; None while that is not done, once its progress is drawn.

    Raises what comparing raises, such as `OSError` where a run was deleted meanwhile.
    """

    def work(task: Task[Likeness]) -> Likeness:
        return compared_now(first, second, lambda done, total: setattr(task, "report", done / total))

    task = workspace.background.start((first.id, second.id, "layers alike"), work, lambda found: found.nbytes)
    words = "Comparing the layers"
    return Compared(first, second, task.result()) if ready(task, words, key=key, share=task.report) else None


def compared_now(
    first: Run, second: Run, told: Callable[[int, int], None] = lambda _done, _of: None
) -> Likeness:
    """Compare what the layers of both do with the pictures that were swept in both."""
    tables = [[run.mean(call) for call in run.calls] for run in (first, second)]
    both = np.asarray(first.swept) & np.asarray(second.swept)
    return likeness(tables[0], None if first.id == second.id else tables[1], rows=both, told=told)


def run_names(runs: Sequence[Run], workspace: Workspace) -> list[str]:
    """What sentences call runs: by their weights where the network is the same, by what tells them apart."""
    keys = [run.manifest.model for run in runs]
    if len(set(keys)) < len({run.id for run in runs}):
        return [f"{run.manifest.model} ({run.id[:6]})" for run in runs]
    if len({split_key(key)[0].partition("@")[0] for key in keys}) > 1:
        return keys
    return [weights_text(key, workspace) for key in keys]


def tell_beside(shown: Sequence[Compared]) -> None:
    """Say what stands beside the numbers: what is chance, and what could not be compared."""
    beside = [
        chance_sentence(np.concatenate([one.chance for one in shown]), shown[0].found.pictures),
        unusable_sentence(list(dict.fromkeys(call for one in shown for call in one.unusable))),
    ]
    for said in filter(None, beside):
        st.caption(plain(said))


def draw_compared(
    shown: Sequence[Compared], titles: Sequence[str], workspace: Workspace, *, key: str, alt: str
) -> None:
    """Draw a heatmap for each; a click on a cell opens its two layers side by side on the Compare board."""
    if told := st.session_state.pop(_TOLD, None):
        st.warning(plain(told), icon=":material/visibility_off:")
    names = [run_names((one.first, one.second), workspace) for one in shown]
    panels = [
        LikenessPanel(title, one.first.calls, one.second.calls, one.found.cka, _labels(one, both))
        for one, title, both in zip(shown, titles, names, strict=True)
    ]
    draw_clickable(
        likeness_map(panels, width=content_width()),
        key=key,
        alt=f"{alt} Arrow keys walk through the pairs, Enter opens one on the Compare board.",
        clicked=lambda click: _clicked(shown, click, workspace),
    )
    st.caption("Click a cell to see its two layers side by side on Compare, for the picture in hand.")


def _labels(one: Compared, names: Sequence[str]) -> list[str]:
    """What is said of each cell, row by row."""
    first, second = ("", "") if one.is_one else (f" of {names[0]}", f" of {names[1]}")
    said = []
    for row, call in enumerate(one.first.calls):
        for column, other in enumerate(one.second.calls):
            value, chance = one.found.cka[row, column], one.found.chance[row, column]
            words = "cannot be compared" if np.isnan(value) else f"{value:.6f}, shuffled {chance:.2f}"
            said.append(f"{call}{first} and {other}{second}: {words}")
    return said


def _clicked(shown: Sequence[Compared], click: Click, workspace: Workspace) -> None:
    if click.item is None:
        return
    one = shown[click.panel]
    row, column = divmod(int(click.item), len(one.second.calls))
    if one.is_one and row == column:
        st.session_state[_TOLD] = f"{one.first.calls[row]} with itself: choose a cell beside the diagonal."
        return
    for run in (one.first, one.second):
        if not is_there(run, workspace):
            st.session_state[_TOLD] = (
                f"{run.manifest.model} is not here any more as it was swept: its layers cannot be shown."
            )
            return
    pairs = ((one.first, one.first.calls[row]), (one.second, one.second.calls[column]))
    go_to_board([_slot(run, call) for run, call in pairs])


def _slot(run: Run, call: str) -> Slot:
    """A panel that follows the picture in hand, and the network in hand where it is the run's."""
    key = run.manifest.model
    return Slot("" if current_view().key == key else key, "", call)


def is_there(run: Run, workspace: Workspace) -> bool:
    """Whether the run's network can be had as it was swept; it may be if that takes long to find out."""
    try:
        return workspace.model(run.manifest.model).fingerprint == run.manifest.network
    except StillWorkingError:
        return True
    except ActVizError:
        return False
