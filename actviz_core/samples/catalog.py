"""All sources by their keys, and all pictures by their image ids."""

import difflib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from actviz_core.errors import ActVizError, UnknownImageError, quoted
from actviz_core.names import ImageId
from actviz_core.names.image import UPLOAD, source_of
from actviz_core.samples import uploads
from actviz_core.samples.bundled import MISSING, bundled_cifar10, bundled_folder, bundled_imagenet
from actviz_core.samples.cifar10 import COUNTS, GET_IT, Cifar10State, Split, cifar10_state, open_cifar10
from actviz_core.samples.folder import FolderSource
from actviz_core.samples.patterns import patterns
from actviz_core.samples.source import Sample, Source
from actviz_core.samples.variants import vary
from actviz_core.settings import Settings, read_settings

NO_FOLDER = "Set ACTVIZ_IMAGES to a folder of your own pictures, and start the server again."


@dataclass(frozen=True)
class SourceInfo:
    """A source as a menu shows it; if it is not available, ``reason`` says why and what to do."""

    key: str
    title: str
    count: int | None
    available: bool
    reason: str = ""


def _open_folder(settings: Settings) -> Source:
    if settings.images is None:
        raise UnknownImageError(f"There is no source 'folder' on this server. {NO_FOLDER}")
    return FolderSource(settings.images)


_OPENERS: dict[str, Callable[[Settings], Source]] = {
    "bundled-cifar10": lambda _: bundled_cifar10(),
    "bundled-imagenet": lambda _: bundled_imagenet(),
    "cifar10-test": lambda settings: open_cifar10(Split.TEST, settings),
    "cifar10-train": lambda settings: open_cifar10(Split.TRAIN, settings),
    "patterns": lambda _: patterns(),
    "folder": _open_folder,
}
SOURCE_KEYS = tuple(_OPENERS)


@dataclass
class _Opened:
    """A source kept open, once it could be opened."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    source: Source | None = None


class OpenSources:
    """Sources that are kept open, at most so many: those that were asked for last. Safe from many threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._opened: OrderedDict[tuple[str, Settings], _Opened] = OrderedDict()

    def get(self, key: str, settings: Settings) -> Source:
        """Open a source, or give the open one unless it is stale. Raises as `open_source`."""
        with self._lock:
            entry = self._opened.setdefault((key, settings), _Opened())
            self._opened.move_to_end((key, settings))
            if len(self._opened) > self._most:
                self._opened.popitem(last=False)
        with entry.lock:  # one thread opens, the others wait for it instead of doing the same
            if entry.source is None or entry.source.is_stale():
                entry.source = None
                entry.source = _OPENERS[key](settings)
            return entry.source


@cache
def shared_sources() -> OpenSources:
    """The open sources of this process: of two settings at most, where a server has one."""
    return OpenSources(2 * len(SOURCE_KEYS))


shared_sources()  # at import: of two threads that came first, each would make its own


def open_source(key: str, settings: Settings | None = None) -> Source:
    """Open a source; everybody shares one object, and a folder is read again once files came or went.

    Raises `UnknownImageError`: no such source, or it is not there yet; the message says what to do.
    `DownloadError`: CIFAR-10's files are damaged.
    """
    _check_key(key)
    return shared_sources().get(key, settings or read_settings())


def parse_image_id(text: str) -> ImageId:
    """Take an image id apart, such as ``cifar10-test/42`` or ``upload/0123456789ab``.

    Raises `UnknownImageError` when it cannot be one; whether the picture is there, `open_sample` finds out.
    """
    source = source_of(text)
    if source not in (None, UPLOAD):
        _check_key(source)
    return ImageId.parse(text)


def open_sample(image_id: str, settings: Settings | None = None) -> Sample:
    """Open the picture of an image id.

    Raises `UnknownImageError`: it is not there (the message says which are); `BadImageError`: its file cannot
    be decoded; `DownloadError`: CIFAR-10's files are damaged.
    """
    parsed = parse_image_id(image_id)
    if isinstance(parsed.item, str):
        sample = uploads.open_upload(parsed.item, settings)
    else:
        sample = open_source(parsed.source, settings)[parsed.item]
    return vary(sample, parsed.variant) if parsed.variant else sample


def list_sources(settings: Settings | None = None) -> tuple[SourceInfo, ...]:
    """Describe all sources, also those that are not available yet, in the order of a menu."""
    settings = settings or read_settings()
    bundled = bundled_folder() is not None
    missing = "" if bundled else MISSING
    return (
        SourceInfo("bundled-cifar10", "CIFAR-10, bundled", 20, bundled, missing),
        SourceInfo("bundled-imagenet", "ImageNet, bundled", 20, bundled, missing),
        _cifar10_info(Split.TEST, settings),
        _cifar10_info(Split.TRAIN, settings),
        _opened_info("patterns", "Test patterns", settings),
        _opened_info("folder", "Your folder", settings),
    )


def _cifar10_info(split: Split, settings: Settings) -> SourceInfo:
    """CIFAR-10 is described without reading it."""
    state = cifar10_state(settings)
    reason = {
        Cifar10State.READY: "",
        Cifar10State.DOWNLOADING: "It is being downloaded.",
        Cifar10State.MISSING: f"Not downloaded yet. {GET_IT}",
        Cifar10State.DAMAGED: f"Its files are damaged or incomplete. {GET_IT}",
    }[state]
    return SourceInfo(f"cifar10-{split}", f"CIFAR-10 {split}", COUNTS[split], not reason, reason)


def _opened_info(key: str, title: str, settings: Settings) -> SourceInfo:
    try:
        source = open_source(key, settings)
    except ActVizError as error:
        return SourceInfo(key, title, None, available=False, reason=str(error))
    return SourceInfo(key, source.title, len(source), available=True)


def _check_key(key: str) -> None:
    if key not in _OPENERS:
        close = difflib.get_close_matches(key, SOURCE_KEYS, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise UnknownImageError(
            f"There is no source {quoted(key)}. {hint}There are: {', '.join(SOURCE_KEYS)}."
        )
