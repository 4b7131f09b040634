"""Gradients by call name, and why some calls have none."""

from collections.abc import Mapping

from torch import Tensor

from actviz_core.errors import NoGradientError
from actviz_core.hooks.record import Record


class GradientRecord(Record):
    """Call names, and ``input``, to gradients: a `Record` that also knows which calls have none.

    Attributes:
        number: the number of the answer whose gradients these are.
        without: call names of what ran but has no gradient, with the reason. Looking one up raises
            `NoGradientError`; they are not listed among the record's calls.

    """

    def __init__(
        self,
        values: dict[str, Tensor],
        calls: dict[str, tuple[str, ...]],
        aliases: Mapping[str, str],
        *,
        number: float,
        without: Mapping[str, str],
    ) -> None:
        super().__init__(values, calls, aliases)
        self.number = number
        self.without = without

    def __getitem__(self, call: str) -> Tensor:
        own = self._own_name(call)
        why = self.without.get(call, self.without.get(own))
        if why is None and own not in self._values and not self._calls.get(own, ("",)):
            of_layer = [
                reason for name, reason in self.without.items() if name.startswith((f"{own}#", f"{own}["))
            ]
            why = of_layer[0] if of_layer else None
        if why is not None:
            raise NoGradientError(f"{call!r} has no gradient: {why}.")
        return super().__getitem__(call)
