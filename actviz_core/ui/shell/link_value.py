"""A choice that is kept in the session and in the link, where no widget does both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from actviz_core.ui.choices import remember_warning, repeat_warnings
from actviz_core.ui.shell import link_memory
from actviz_core.ui.text import shorten

Value = TypeVar("Value")


@dataclass(frozen=True)
class LinkValue(Generic[Value]):
    """What the link's parameter ``name`` chooses; None while nothing is chosen.

    Attributes:
        name: of the parameter.
        read: makes the value of the parameter's texts; None where they name none.
        write: makes the texts of a value.

    """

    name: str
    read: Callable[[Sequence[str]], Value | None]
    write: Callable[[Value], Sequence[str]]

    def is_new(self) -> bool:
        """Whether the link says something else than this session wrote into it.

        One that names nothing says so only where a person went back to it: from page to page, choices come
        along.
        """
        given = tuple(st.query_params.get_all(self.name))
        if given:
            return link_memory.wins(self.name, given)
        return link_memory.went_back()

    def get(self, possible: str) -> Value | None:
        """The choice; a link that names another one wins.

        ``possible`` says what can be named; it is told where a link names something else.
        """
        repeat_warnings(self.name)
        if self.is_new():
            given = st.query_params.get_all(self.name)
            value = self.read(given) if given else None
            if given and value is None:
                self.warn(shorten(", ".join(given), 60), possible)
            st.session_state[self._key] = value
        chosen: Value | None = st.session_state.get(self._key)
        self._show(chosen)
        return chosen

    def choose(self, value: Value | None) -> None:
        """Choose another value from now on, or none."""
        st.session_state[self._key] = value
        self._show(value)

    def warn(self, given: str, possible: str) -> None:
        """Say that the link asks for something that is not there."""
        remember_warning(self.name, f"The link's {self.name}={given} is not possible here. {possible}")
        repeat_warnings(self.name)

    @property
    def _key(self) -> str:
        return f"chosen_{self.name}"

    def _show(self, value: Value | None) -> None:
        texts = [] if value is None else list(self.write(value))
        if not texts:
            if self.name in st.query_params:
                del st.query_params[self.name]
        elif st.query_params.get_all(self.name) != texts:
            st.query_params[self.name] = texts
        link_memory.remember(self.name, tuple(texts))
