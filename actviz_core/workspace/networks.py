"""The networks that a server has loaded: each is built once, and the oldest make room."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from actviz_core.errors import NotEnoughMemoryError
from actviz_core.models import Model, Origin, canonical_key, load_model
from actviz_core.models.registry import find_network, likely_models
from actviz_core.settings import Settings
from actviz_core.system.allocator import give_back
from actviz_core.system.cache import ByteCache
from actviz_core.system.waiting import Lines

MODEL_BYTES = 3 << 30  # loaded networks: the largest of torchvision take 2.6 GB
BUILDERS = "builders"  # the line of the team's builders, which run one at a time


class LoadedNetworks:
    """Networks by their model keys, without edits. Safe from many threads.

    A network is built in a thread that everybody shares, and waited for as `system.waiting` says: each method
    that gives one may raise `StillWorkingError`. ``forget_edited`` is called when networks made room.
    """

    def __init__(self, settings: Settings, lines: Lines, forget_edited: Callable[[], None]) -> None:
        self.loaded: ByteCache[str, Model] = ByteCache(MODEL_BYTES, _bytes_of, keep_largest=True)
        self._settings, self._lines, self._forget_edited = settings, lines, forget_edited

    def get(self, key: str) -> Model:
        """The network of a key without edits, built at the first call.

        Raises `UnknownModelError`, `WeightsError` or `NotEnoughMemoryError`.
        """
        key = canonical_key(key, self._settings)

        def get() -> Model:
            evictions = self.loaded.use().evictions
            model = self.loaded.get(key, lambda: self._load(key))
            if self.loaded.use().evictions > evictions:
                self._let_go()
            return model

        if key in self.loaded:
            return get()
        network, _ = find_network(key, self._settings)
        line = BUILDERS if network.origin is Origin.OWN else key
        return self._lines.do(line, f"Building {key}", get, once_a_run=True)

    def structure(self, name: str) -> nn.Module:
        """The network of this name for a comparison of names and shapes; its values may be missing.

        Raises `UnknownModelError`, `WeightsError`, or `StillWorkingError` where a builder takes too long.
        """
        network, _ = find_network(name, self._settings)
        line = BUILDERS if network.origin is Origin.OWN else name
        return self._lines.do(line, f"Building {name}", lambda: network.on_meta_device(self._settings).module)

    def likely(self, state: Mapping[str, Tensor]) -> list[str]:
        """The networks that a state dict fits exactly. Raises `StillWorkingError` as `structure` does."""
        what = "Looking for a network that the weights fit"
        return self._lines.do(BUILDERS, what, lambda: likely_models(state, self._settings))

    def drop(self, missing: int, but: str | None = None) -> bool:
        """Let networks go until ``missing`` bytes are free, never ``but``; False where they hold less."""
        if not self.loaded.drop(missing, but=but):
            return False
        self._let_go()
        return True

    def _load(self, key: str) -> Model:
        """Build a network, once those that were not looked at for longest have made room for it."""
        network, weights = find_network(key, self._settings)
        if self.loaded.make_room(network.memory(weights, self._settings) or 0):
            self._let_go()
        while True:
            try:
                return load_model(key, settings=self._settings)
            except NotEnoughMemoryError as error:
                if not self.drop(error.missing):
                    raise

    def _let_go(self) -> None:
        """Free what networks took that made room, and edited ones with them."""
        self._forget_edited()
        give_back()


def _bytes_of(model: Model) -> int:
    tensors = (*model.module.parameters(), *model.module.buffers())
    return sum(tensor.nbytes for tensor in tensors)
