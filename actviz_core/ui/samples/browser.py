"""The contact sheet of the Samples page: source, class, order, pages, and a click to choose."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from actviz_core.errors import ActVizError
from actviz_core.figures import contact_sheet
from actviz_core.names import ImageId
from actviz_core.samples import (
    Source,
    SourceInfo,
    browse,
    find_cifar10_download,
    list_sources,
    open_source,
    parse_image_id,
    start_cifar10_download,
)
from actviz_core.ui.choices import LARGEST, check_link, check_number, linked_selectbox
from actviz_core.ui.figure import draw_clickable
from actviz_core.ui.samples.wrong_answers import among, answers_bar, only_wrong
from actviz_core.ui.shell.content_width import column_width
from actviz_core.ui.shell.jobs import download_panel
from actviz_core.ui.shell.view import View, choose_image
from actviz_core.ui.text import plain
from actviz_core.workspace.answer_sheets import AnswerSheet
from actviz_core.workspace.shared import Workspace

PAGE = 120
COLUMNS, NARROW_COLUMNS = 12, 8
SHARE = 0.66  # of the page's width, taken by the sheet where the chosen picture has room beside it
NARROW = 500  # pixels of a sheet below which its thumbnails would be too small to tell apart
ALL = "all"
ONE_LEFT_OUT = "1 file could not be read and is left out."


def choose_source(workspace: Workspace) -> Source | None:
    """Choose a source; None while it is not there, with a way to get it."""
    infos = {info.key: info for info in list_sources(workspace.settings) if is_offered(info, workspace)}
    key = linked_selectbox(
        "Source",
        list(infos),
        key="source",
        on_change=_begin_with_all,
        help="Where the pictures come from.",
    )
    st.caption(_about(infos[key]))
    return opened_or_offered(infos[key], workspace)


def opened_or_offered(info: SourceInfo, workspace: Workspace) -> Source | None:
    """Open a source; None while it is not there, once it is said why, with a way to get it."""
    if info.available:
        try:
            return open_source(info.key, workspace.settings)
        except ActVizError as error:
            st.error(plain(str(error)))
            return None
    if info.key.startswith("cifar10-"):
        st.info(plain(info.reason), icon=":material/cloud_download:")
        download_panel(
            "Get all 60,000 (170 MB)",
            find=lambda: find_cifar10_download(workspace.settings),
            start=lambda: start_cifar10_download(workspace.settings),
            key="get_cifar10",
        )
    else:
        st.info(plain(info.reason), icon=":material/folder_off:")
    return None


def _begin_with_all() -> None:
    """Forget what was chosen among another source's pictures: the widgets take it out of the link, too."""
    st.session_state["class"], st.session_state["page"] = ALL, 1


def is_offered(info: SourceInfo, workspace: Workspace) -> bool:
    """Whether there is such a source, or a way to get it: a folder only where the server has one."""
    return info.key != "folder" or workspace.settings.images is not None


def _about(info: SourceInfo) -> str:
    return plain(info.title) if info.count is None else f"{plain(info.title)}: {info.count:,} pictures"


def browse_pictures(source: Source, view: View, workspace: Workspace) -> None:
    """Filter, shuffle and turn pages of the contact sheet; a click chooses the picture."""
    in_link = check_number("seed", 0, LARGEST)
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar_samples"):
        class_name = linked_selectbox("Class", [ALL, *source.classes], key="class", width=200)
        seed = st.number_input(
            "Shuffle",
            min_value=0,
            max_value=LARGEST,
            value=None,
            step=1,
            key="seed",
            bind="query-params" if in_link else None,
            placeholder="in order",
            width=150,
            help="Any number shuffles the pictures, always the same way for the same number.",
        )
        st.number_input(
            "Go to index",
            min_value=0,
            max_value=max(0, len(source) - 1),
            value=None,
            step=1,
            key="jump",
            on_change=_jump,
            args=(source,),
            placeholder=f"0 to {len(source) - 1}",
            width=150,
        )
    indices = browse(source, class_name=None if class_name == ALL else class_name, seed=seed)
    if source.skipped:
        st.caption(f":material/warning: {_left_out(len(source.skipped))}")
    answers = answers_bar(source, view, workspace)
    if only_wrong() and answers is not None:
        indices = among(indices, answers)
    if not len(indices):
        st.info("There is no picture here.", icon=":material/image_not_supported:")
        return
    _sheet(source, indices, answers, view)


def _sheet(source: Source, indices: npt.NDArray[np.int64], answers: AnswerSheet | None, view: View) -> None:
    pages = -(-len(indices) // PAGE)
    page = 1
    check_link("page", [str(number) for number in range(1, pages + 1)])
    if pages > 1:
        if st.session_state.get("page", 1) > pages:
            st.session_state["page"] = 1
        page = st.pagination(pages, key="page", bind="query-params")
    else:
        st.session_state["page"] = 1  # there is no widget to take note of: a link's page is warned of once
    shown = indices[(page - 1) * PAGE : page * PAGE]
    here = [int(index) for index in shown]
    chosen = parse_image_id(view.image_id) if view.image_id else None
    at = here.index(chosen.item) if chosen and chosen.source == source.key and chosen.item in here else None
    width = column_width(SHARE)
    figure = contact_sheet(
        source.thumbnails(shown, 64),
        indices=shown,
        labels=[_told(source, index, answers) for index in here],
        marked=None if answers is None else answers.wrong[shown],
        columns=COLUMNS if width >= NARROW else NARROW_COLUMNS,
        width=width,
        selected=at,
    )
    draw_clickable(
        figure,
        key="samples_sheet",
        alt=f"{len(here)} pictures of {source.title}. Arrow keys walk through them, Enter chooses.",
        clicked=lambda click: choose_image(str(ImageId(source.key, click.item))),
    )


def _told(source: Source, index: int, answers: AnswerSheet | None) -> str | None:
    """The label of a picture, with the network's answer where it is wrong."""
    label = source.label(index)
    if answers is None or not answers.wrong[index]:
        return label
    return f"{label}. Wrong: the network says {answers.said[index] or 'no class'}"


def _left_out(count: int) -> str:
    return f"{count:,} files could not be read and are left out." if count != 1 else ONE_LEFT_OUT


def _jump(source: Source) -> None:
    index = st.session_state["jump"]
    if index is not None and 0 <= index < len(source):
        choose_image(str(ImageId(source.key, index)))
