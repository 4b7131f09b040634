"""Right and wrong answers on the Samples page: found in the background, marked, and shown alone."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.models import Model
from actviz_core.samples import Source
from actviz_core.system.jobs import Job, JobState
from actviz_core.ui.choices import check_switches
from actviz_core.ui.shell.view import View, model_of
from actviz_core.ui.text import plain
from actviz_core.units import percent
from actviz_core.workspace.answer_sheets import MOST_PICTURES, AnswerSheet, why_not_judged
from actviz_core.workspace.shared import Workspace

ONLY = "only_wrong"


def answers_bar(source: Source, view: View, workspace: Workspace) -> AnswerSheet | None:
    """Offer to mark wrong answers, or tell how many there are; the sheet, once there is one."""
    try:
        model = model_of(view, workspace)
    except ActVizError:
        return None  # the page says what is missing
    if model is None:
        return None
    reason = why_not_judged(model, source)
    check_switches(ONLY)
    with st.container(horizontal=True, vertical_alignment="center"):
        only = st.toggle(
            "Only those it gets wrong",
            key=ONLY,
            bind="query-params",
            disabled=bool(reason),
            help=reason or "The network has to look at all pictures first, in the background.",
        )
        if reason:
            if only:
                st.caption(plain(f"{reason} All pictures are shown."))
            return None
        sheet, job = workspace.answers.find(model, source), workspace.answers.job(model, source)
        if sheet is not None:
            st.markdown(plain(_counted(sheet)))
        elif job is not None and job.status.running:
            _follow(job, (model.key, source.key))
        elif only and (job is None or job.state is not JobState.FAILED) and not _cancelled(model, source):
            _start(model, source, workspace)
        else:
            _offer(model, source, job, workspace)
    if only and sheet is None:
        st.caption("All pictures are shown until the network has looked at them.")
    return sheet


def only_wrong() -> bool:
    """Whether only wrongly answered pictures are to be shown."""
    return bool(st.session_state.get(ONLY))


def among(indices: npt.NDArray[np.int64], sheet: AnswerSheet) -> npt.NDArray[np.int64]:
    """Those of the pictures that the network gets wrong."""
    wrong: npt.NDArray[np.int64] = indices[sheet.wrong[indices]]
    return wrong


def _counted(sheet: AnswerSheet) -> str:
    wrong, judged = int(sheet.wrong.sum()), int(sheet.judged.sum())
    said = f"{wrong:,} of {judged:,} wrong ({percent(wrong / max(1, judged))})"
    if len(sheet.said) < len(sheet.judged):
        said += f"; only the first {MOST_PICTURES:,} were looked at"
    return f"{said}. A red bar above a picture marks a wrong answer." if wrong else f"{said}."


def _offer(model: Model, source: Source, job: Job | None, workspace: Workspace) -> None:
    if job is not None and job.state is JobState.FAILED:
        st.error(plain(job.error or "The network failed."), icon=":material/error:")
    count = min(len(source), MOST_PICTURES)
    if st.button(f"Mark wrong answers among {count:,} pictures", key="mark_wrong", icon=":material/rule:"):
        _start(model, source, workspace)


def _start(model: Model, source: Source, workspace: Workspace) -> None:
    st.session_state.pop(_CANCELLED, None)
    try:
        workspace.answers.start(model, source)
    except ActVizError as error:
        st.error(plain(str(error)))
    else:
        st.rerun()


_CANCELLED = "answers_cancelled"  # in the session: what a person cancelled, so that it does not start again


def _cancelled(model: Model, source: Source) -> bool:
    return bool(st.session_state.get(_CANCELLED) == (model.key, source.key))


@st.fragment(run_every=0.5)
def _follow(job: Job, asked: tuple[str, str]) -> None:
    status = job.status
    if not status.running:
        st.rerun()
    done, total = status.done_bytes, status.total_bytes
    text = f"{done:,} of {total:,} pictures" if total else "Waits until another network is done"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / total if total else 0.0, text=text)
        if st.button("Cancel", key="cancel_answers"):
            st.session_state[_CANCELLED] = asked
            job.cancel()
