"""Maps of pictures, and how far each layer tells classes apart: made in the background, and kept."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from actviz_core.analysis.projection import Projection, project
from actviz_core.analysis.t_sne import t_sne
from actviz_core.analysis.telling_apart import neighbour_agreement
from actviz_core.errors import StoppedError
from actviz_core.sweep.map_pictures import MapPictures
from actviz_core.system.background import Task
from actviz_core.ui.dataset.hand import RunInHand

PATIENCE: Final = 10.0
"""Seconds that principal components are waited for: those of ten thousand pictures take a fraction of one."""


class Method(StrEnum):
    """How pictures are laid out in a plane."""

    PCA = "pca"
    T_SNE = "t-sne"


TITLES: Final = {Method.PCA: "Principal components", Method.T_SNE: "t-SNE"}

Key = tuple[str, str, str]
Shares = Mapping[str, float | None]


@dataclass(frozen=True)
class MapProgress:
    """How far a t-SNE map is: its iteration, and the seconds since the first one was told."""

    iteration: int
    seconds: float


def map_key(hand: RunInHand, call: str, method: Method) -> Key:
    """Under which name a map is kept."""
    return hand.run.manifest.network, hand.run.id, f"{call} map {method}"


def pca_task(hand: RunInHand, pictures: MapPictures, call: str) -> Task[Projection]:
    """The map of principal components."""

    def make(_: Task[Projection]) -> Projection:
        return project(hand.run.mean(call)[pictures.indices])

    return hand.workspace.background.start(map_key(hand, call, Method.PCA), make, lambda found: found.bytes)


def t_sne_task(hand: RunInHand, pictures: MapPictures, call: str) -> Task[Projection]:
    """The t-SNE map; the task's report is a `MapProgress`, None while it waits for another one."""

    def make(task: Task[Projection]) -> Projection:
        turn = hand.workspace.background.turn
        while not turn.acquire(timeout=0.2):
            if task.stop.is_set():
                raise StoppedError("This was stopped.")
        try:
            begun: list[float] = []

            def told(iteration: int) -> None:
                begun.append(time.monotonic())
                task.report = MapProgress(iteration, begun[-1] - begun[0])

            task.report = MapProgress(0, 0.0)
            return t_sne(hand.run.mean(call)[pictures.indices], progress=told, stop=task.stop)
        finally:
            turn.release()

    return hand.workspace.background.start(map_key(hand, call, Method.T_SNE), make, lambda found: found.bytes)


def separation_task(hand: RunInHand, pictures: MapPictures) -> Task[Shares]:
    """How far each of the run's layers tells the classes apart; the report holds the layers that are done."""
    run = hand.run

    def make(task: Task[Shares]) -> Shares:
        found: dict[str, float | None] = {}
        for call in run.calls:
            if task.stop.is_set():
                break
            found[call] = neighbour_agreement(run.mean(call)[pictures.indices], pictures.labels)
            task.report = dict(found)
        return found

    key = (run.manifest.network, run.id, "all layers apart")
    return hand.workspace.background.start(key, make, lambda found: 100 * len(found))


def compared(pictures: MapPictures) -> int:
    """How many pictures are compared with each other: those that have a label."""
    return int(np.count_nonzero(pictures.labels >= 0))
