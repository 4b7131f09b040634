"""Names of layers, calls and steps: ``layer1.0.conv1``, ``relu#2``, ``lstm[0]``, ``layer1.0/add#1``."""

import re
from collections.abc import Container
from dataclasses import dataclass, replace

_NUMBER = "0|[1-9][0-9]{0,8}"
_SELECTOR = re.compile(rf"(?:#({_NUMBER}))?(\[.*)?", re.DOTALL)
_PLAIN_PART = re.compile(r"(\[[^\[\]]*\])*")
_FUNCTION = re.compile(rf"(\w+)((?:#(?:{_NUMBER}))?(?:\[.*)?)", re.DOTALL)


@dataclass(frozen=True)
class Selector:
    """Which calls of a layer are meant, and which part of what they returned; all of it where it is empty.

    ``number`` counts a layer's calls from 1; None means every call. ``part`` is ``[0]``, ``[key]`` or nested.
    """

    number: int | None = None
    part: str = ""

    def __str__(self) -> str:
        """The end of a call's name: ``#2``, ``#2[0]``, ``[0]``."""
        return ("" if self.number is None else f"#{self.number}") + self.part

    def __bool__(self) -> bool:
        return self.number is not None or bool(self.part)

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read the end of a name. A text of another form becomes a part that no call has."""
        found = _SELECTOR.fullmatch(text)
        if found is None:
            return cls(None, text)
        return cls(None if found[1] is None else int(found[1]), found[2] or "")

    @property
    def is_plain(self) -> bool:
        """Whether the part is one that hardly anything else looks like: ``[0]``, ``[key][0]``."""
        return _PLAIN_PART.fullmatch(self.part) is not None

    def selects(self, number: int, part: str) -> bool:
        """Whether this part of the call with this number is meant."""
        if self.number is not None and self.number != number:
            return False
        return not self.part or part == self.part or part.startswith(f"{self.part}[")


@dataclass(frozen=True)
class CallName:
    """A layer or a step between layers, with its calls that are meant.

    ``module`` is the layer's dotted name, or that of the module whose code takes the step. ``function`` is
    the step's; it is empty for a layer.
    """

    module: str
    function: str = ""
    selector: Selector = Selector()

    def __str__(self) -> str:
        """The name in full: ``layer1.0.relu#2``, ``layer1.0/add#1``."""
        return f"{self.owner}{self.selector}"

    @property
    def owner(self) -> str:
        """The layer, or the step without its number: ``layer1.0.relu``, ``layer1.0/add``."""
        return f"{self.module}/{self.function}" if self.function else self.module

    @property
    def layer(self) -> str | None:
        """The layer's name; None where a step is meant."""
        return None if self.function else self.module

    @property
    def call(self) -> "CallName":
        """The whole call, where a part of what it returned is meant."""
        return replace(self, selector=Selector(self.selector.number))

    @property
    def numbered(self) -> "CallName":
        """The same with its number: ``conv1`` that ran once is ``conv1#1``."""
        number = 1 if self.selector.number is None else self.selector.number
        return replace(self, selector=replace(self.selector, number=number))

    @classmethod
    def asked(cls, text: str, layers: Container[str]) -> "CallName | None":
        """What somebody means who asks for this name: a layer's whole name comes first, then the longest.

        Returns None for what is neither a layer's or call's name nor can be a step's. Whether there is such a
        step, only a pass tells.
        """
        if text in layers:
            return cls(text)
        of_layers = [
            cls(text[:end], "", Selector.parse(text[end:]))
            for end in range(len(text) - 1, -1, -1)
            if text[end] in "#[" and text[:end] in layers
        ]
        plain = (name for name in of_layers if name.selector.is_plain)
        return next(plain, None) or cls.step(text, layers) or next(iter(of_layers), None)

    @classmethod
    def made(cls, text: str, layers: Container[str]) -> "CallName | None":
        """The call that a pass gave this name: as `asked`, but it is read as `written` names calls."""
        if text in layers and could_be_another(text, layers):
            return cls.asked(text, _Without(text, layers))
        return cls.asked(text, layers)

    @classmethod
    def written(
        cls, owner: str, number: int, part: str, layers: Container[str], *, alone: bool
    ) -> "CallName":
        """The name of a call that a pass made; ``alone`` says that its layer ran once and no step is meant.

        The call of a layer that ran once has no number, unless its name could be that of another's call.
        """
        shown = None if alone and not could_be_another(owner, layers) else number
        selector = Selector(shown, part)
        step = None if owner in layers else cls.step(owner, layers)
        return cls(owner, "", selector) if step is None else replace(step, selector=selector)

    @classmethod
    def step(cls, text: str, layers: Container[str] | None = None) -> "CallName | None":
        """Read a name as that of a step in the code of one of these layers; None where it cannot be one."""
        for end in range(len(text) - 1, -1, -1):
            if text[end] == "/" and (layers is None or text[:end] in layers):
                found = _FUNCTION.fullmatch(text, end + 1)
                if found is not None:
                    return cls(text[:end], found[1], Selector.parse(found[2]))
        return None


def step_parts(owner: str) -> tuple[str, str]:
    """The module and the function of a step's name without a number: ``layer1.0`` and ``add``."""
    module, _, function = owner.rpartition("/")
    return module, function


@dataclass(frozen=True)
class _Without:
    """All layers but one."""

    name: str
    layers: Container[str]

    def __contains__(self, other: object) -> bool:
        return other != self.name and other in self.layers


def could_be_another(layer: str, layers: Container[str]) -> bool:
    """Whether a layer's name could also be that of another's call or step, as ``relu#1`` beside ``relu``.

    Calls of such a layer have their number even if there is only one: ``relu#1#1``.
    """
    return any(
        layer[:end] in layers and (letter in "#[" or (letter == "/" and "#" in layer[end:]))
        for end, letter in enumerate(layer)
    )
