"""Where pictures come from: sources, uploads, and image ids."""

from actviz_core.samples.catalog import (
    SOURCE_KEYS,
    SourceInfo,
    list_sources,
    open_sample,
    open_source,
    parse_image_id,
)
from actviz_core.samples.cifar10 import (
    Cifar10State,
    cifar10_state,
    fetch_cifar10,
    find_cifar10_download,
    start_cifar10_download,
)
from actviz_core.samples.source import Sample, Source, browse
from actviz_core.samples.uploads import save_upload
from actviz_core.samples.variants import is_mirrored, mirrored, noisy
from actviz_core.untrusted.decoding import decode_image

__all__ = [
    "SOURCE_KEYS",
    "Cifar10State",
    "Sample",
    "Source",
    "SourceInfo",
    "browse",
    "cifar10_state",
    "decode_image",
    "fetch_cifar10",
    "find_cifar10_download",
    "is_mirrored",
    "list_sources",
    "mirrored",
    "noisy",
    "open_sample",
    "open_source",
    "parse_image_id",
    "save_upload",
    "start_cifar10_download",
]
