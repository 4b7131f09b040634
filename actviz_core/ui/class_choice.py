"""Which class of the answer is asked about, and against which other one: in the session and in the link."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from actviz_core.analysis import TopK
from actviz_core.attribution import Question
from actviz_core.ui.shell.link_value import LinkValue
from actviz_core.units import percent

_OF = "chosen_class_of"  # in the session: the classes among which one was chosen


def _read(texts: Sequence[str]) -> int | None:
    text = texts[-1]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


CLASS = LinkValue("class", _read, lambda index: [str(index)])
AGAINST = LinkValue("against", _read, lambda index: [str(index)])


@dataclass(frozen=True)
class Classes:
    """All classes of an answer, and which are chosen.

    Attributes:
        prediction: of all classes, the most probable one first.
        names: of all classes, in the network's order.
        chosen: the index of the class that is asked about; the predicted one unless another was chosen.
        against: the index of the class that it is compared with, if there is one.

    """

    prediction: TopK
    names: tuple[str, ...]
    chosen: int
    against: int | None = None

    @property
    def question(self) -> Question:
        """The class, or the two."""
        return self.chosen if self.against is None else (self.chosen, self.against)

    @property
    def name(self) -> str:
        """The chosen class's name."""
        return self.names[self.chosen]

    @property
    def against_name(self) -> str | None:
        """The other class's name, if there is one."""
        return None if self.against is None else self.names[self.against]

    @property
    def is_predicted(self) -> bool:
        """Whether the chosen class is the network's answer."""
        return self.chosen == self.prediction.indices[0]


def chosen_classes(prediction: TopK, *, compared: bool = False) -> Classes:
    """What is asked about; ``prediction`` must hold all classes. Say where a link names a class in vain.

    A choice is meant for the classes among which it was made: another network's answer is asked about anew.
    Only where two can be ``compared`` is the second one looked at.
    """
    count = len(prediction.indices)
    named = dict(zip(prediction.indices, prediction.labels, strict=True))
    names = tuple(named[index] for index in range(count))
    if st.session_state.get(_OF, names) != names:
        for value in (CLASS, AGAINST):
            if not value.is_new():
                value.choose(None)
    st.session_state[_OF] = names
    possible = f"It can be the number of a class, from 0 to {count - 1}."
    chosen = _among(CLASS, count, possible)
    chosen = prediction.indices[0] if chosen is None else chosen
    against = _among(AGAINST, count, possible) if compared else None
    return Classes(prediction, names, chosen, None if against == chosen else against)


def _among(value: LinkValue[int], count: int, possible: str) -> int | None:
    index = value.get(possible)
    if index is not None and index >= count:
        value.choose(None)
        value.warn(str(index), possible)
        return None
    return index


def choose_class(index: int, predicted: int) -> None:
    """Ask about another class from now on; the link names it unless it is the predicted one."""
    CLASS.choose(None if index == predicted else index)


def class_choice(classes: Classes, *, label: str = "Explain", width: int = 200, **more: Any) -> None:
    """Draw the choice among all classes, the most probable one first."""
    predicted = classes.prediction.indices[0]
    shares = dict(zip(classes.prediction.indices, classes.prediction.probabilities, strict=True))
    st.session_state["class_choice"] = classes.chosen
    st.selectbox(
        label,
        list(classes.prediction.indices),
        key="class_choice",
        format_func=lambda index: f"{classes.names[index]}  {percent(shares[index])}",
        on_change=lambda: choose_class(st.session_state["class_choice"], predicted),
        width=width,
        help="Any class of the network, also one that it did not answer. The most probable ones come first.",
        **more,
    )


def against_choice(classes: Classes) -> None:
    """Draw the choice of a class to compare with, or none."""
    st.session_state["against_choice"] = classes.against
    st.selectbox(
        "Against",
        [index for index in classes.prediction.indices if index != classes.chosen],
        index=None,
        key="against_choice",
        format_func=lambda index: classes.names[index],
        placeholder="nothing",
        on_change=lambda: AGAINST.choose(st.session_state["against_choice"]),
        width=170,
        help="With a class here, maps show what speaks for the first class rather than for this one.",
    )
