"""What networks would make of a picture, told beforehand and kept: shapes, bytes, and what fits in memory."""

from collections.abc import Hashable, Sequence

from actviz_core.errors import ActVizError, BudgetError, ModelFailedError
from actviz_core.hooks import Estimate, architecture_of, estimate
from actviz_core.models import Model
from actviz_core.system.cache import ByteCache
from actviz_core.units import megabytes

_CAPACITY = 64 << 20
_LISTED = 6  # names that a message lists


class Estimates:
    """Estimates of one picture of the size that a network takes, shared by networks of one architecture."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._kept: ByteCache[Hashable, Estimate] = ByteCache(_CAPACITY, _bytes_of)

    def of(self, model: Model, *, steps: bool = False) -> Estimate:
        """What one picture makes in a network. Raises `ModelFailedError` where the network raises."""
        shape = (1, 3, *model.preprocess.size)
        return self._kept.get(
            (model.fingerprint, shape, steps), lambda: self._shared(model, shape, steps=steps)
        )

    def knows(self, model: Model, *, steps: bool = False) -> bool:
        """Whether `of` would answer at once."""
        return (model.fingerprint, (1, 3, *model.preprocess.size), steps) in self._kept

    def _shared(self, model: Model, shape: tuple[int, ...], *, steps: bool) -> Estimate:
        own: list[Estimate] = []

        def measure() -> Estimate:
            try:
                own.append(estimate(model.module, shape, steps=steps))
            except Exception as error:
                raise ModelFailedError(f"{model.key} could not run: {error}") from error
            return own[0]

        architecture = architecture_of(model.module)
        if architecture is None:
            return measure()
        found = self._kept.get((architecture, shape, steps), measure)
        return found if own or found.by_shapes else measure()

    def check(self, model: Model, names: Sequence[str], *, steps: bool) -> None:
        """Raise `BudgetError` if what these layers and steps return is more than fits in the cache.

        A network that cannot be estimated passes: capturing from it tells what is wrong.
        """
        try:
            found = self.of(model, steps=steps)
            size = found.bytes_of(names)
        except ActVizError:
            return
        if size > self.budget:
            raise BudgetError(_too_large(size, self.budget, found.fitting(names, self.budget), len(names)))


def _too_large(size: int, budget: int, fitting: Sequence[str], wanted: int) -> str:
    layers = "This layer needs" if wanted == 1 else f"These {wanted} layers together need"
    if wanted == 1:
        way_on = "Choose another layer"
    elif not fitting:
        way_on = "None of them fits alone. Choose other layers"
    else:
        more = len(fitting) - _LISTED
        some = ", ".join(fitting[:_LISTED]) + (f" and {more} more" if more > 0 else "")
        way_on = f"These fit: {some}. Choose fewer layers"
    needed, room = megabytes(size), megabytes(budget)
    needed = f"a little more than {room}" if needed == room else needed
    return (
        f"{layers} {needed} for one picture, and there is room for {room}. "
        f"{way_on}, or ask whoever runs this server for a larger ACTVIZ_CACHE_MB."
    )


def _bytes_of(found: Estimate) -> int:
    return 600 * len(found.rows) + 300 * len(found.sizes) + 200 * len(found.aliases)
