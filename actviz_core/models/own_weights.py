"""Uploaded weights: kept on disk under the SHA-256 of their file, bounded, and removed by people only."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from actviz_core.errors import UnknownModelError, WeightsError, WeightsFileError
from actviz_core.models.fitting import converted, fit
from actviz_core.models.own_entry import DIGITS, OwnEntry
from actviz_core.system.folder_lock import FILE_NAME, exclusive
from actviz_core.units import megabytes
from actviz_core.untrusted.names import plain
from actviz_core.weights.state_dicts import StateDict
from actviz_core.weights.writing import UNFINISHED, digest_of, save_apart, written_whole


class OwnWeights:
    """The uploaded weights in one folder: a safetensors file and a small JSON file each, by architecture.

    Any number of threads, processes and objects may use the same folder. What is written appears in one
    step. An entry is there once its JSON file is; what a kill leaves behind goes when this is next made or
    weights are added.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        if folder.is_dir():
            try:
                with exclusive(folder, wait=False):
                    self._sweep()
            except OSError:
                pass  # somebody is writing, or nobody can: what is there can be read all the same

    def add(
        self, upload: StateDict, architecture: str, module: nn.Module, *, name: str | None = None
    ) -> OwnEntry:
        """Keep weights that fit ``module`` (which may be on the meta device), in its dtypes.

        ``name`` is what to call them, by default the file's name. The same file for the same architecture is
        kept once: a second upload gives the entry that is there, and repairs its file if that was altered.

        Raises `WeightsFileError`: they do not fit, there is no room, or the folder cannot be written to.
        """
        difference = fit(upload.tensors, module)
        if not difference.fits:
            raise WeightsFileError(f"{upload.file_name} is not for {architecture}. {difference.sentence()}")
        tensors, changes = converted(upload.tensors, module)
        path = self._path(architecture, upload.sha256, ".safetensors")
        try:
            with exclusive(self.folder):
                self._sweep()
                there = self._entry(path.with_suffix(".json"))
                if there is not None and digest_of(path) == there.stored_sha256:
                    return there
                self._check_room(tensors, upload.file_name, path)
                shown = there.name if there else plain(name or "") or upload.file_name
                return self._store(tensors, path, upload, architecture, shown, upload.notes + changes)
        except (OSError, SafetensorError) as error:
            raise self._unwritable(upload.file_name, error) from error

    def entries(self, architecture: str | None = None) -> tuple[OwnEntry, ...]:
        """List what is kept, for one architecture or for all, by architecture and name.

        A JSON file that is damaged is left out here; `find` says what is the matter with it.
        """
        folder = "*" if architecture is None else _folder_name(architecture)
        found = (self._entry(path) for path in _glob(self.folder, f"{folder}/*.json"))
        return tuple(
            sorted((e for e in found if e is not None), key=lambda e: (e.architecture, e.name, e.sha256))
        )

    def find(self, architecture: str, weights: str) -> OwnEntry:
        """Find an entry by what stands behind the @ of its model key, or by more of the digest.

        Raises `UnknownModelError` where there is none or the digits are the beginning of several, and
        `WeightsError` where its JSON file is damaged.
        """
        paths = []
        if re.fullmatch(f"[0-9a-f]{{{DIGITS},64}}", weights):
            paths = sorted(_glob(self.folder / _folder_name(architecture), f"{weights}*.json"))
        if len(paths) > 1:
            raise UnknownModelError(
                f"{plain(architecture)}@{weights} can be any of {', '.join(path.stem for path in paths)}. "
                "Write more digits."
            )
        if not paths:
            here = ", ".join(f"{entry.key} ({entry.name})" for entry in self.entries(architecture)[:5])
            raise UnknownModelError(
                f"There are no uploaded weights {plain(architecture)}@{plain(weights)}, or no longer. "
                f"{f'There are: {here}.' if here else 'Upload the file again: it gets the same key.'}"
            )
        entry = self._entry(paths[0])
        if entry is None:
            raise WeightsError(
                f"The description of uploaded weights {paths[0]} is damaged. Upload their file again (it "
                "gets the same key), or remove it by hand."
            )
        return entry

    def load(self, entry: OwnEntry) -> dict[str, Tensor]:
        """Read an entry's weights, on the CPU and in the dtypes of the network.

        Raises `WeightsError` when the file is missing or is not, bit for bit, what was stored.
        """
        path = self._path(entry.architecture, entry.sha256, ".safetensors")
        repair = f"Upload {entry.file_name} again (it gets the same key), or delete the weights in the app."
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WeightsError(
                f"The weights of {entry.key} ({entry.name}) cannot be read: {path} ({error.strerror}). "
                f"{repair}"
            ) from error
        if hashlib.sha256(content).hexdigest() != entry.stored_sha256:
            raise WeightsError(
                f"The weights of {entry.key} ({entry.name}) were altered or cut: {path} is not what was "
                f"stored. {repair}"
            )
        return safetensors.torch.load(content)

    def rename(self, entry: OwnEntry, name: str) -> OwnEntry:
        """Call an entry something else; controls go and what is too long is cut.

        Raises `WeightsError` for a name without a visible character, and where the entry is gone or the
        folder cannot be written to.
        """
        shown = plain(name)
        if not shown:
            raise WeightsError(
                "The new name has no visible character. Write one, such as 'fine-tuned, run 3'."
            )
        try:
            with exclusive(self.folder):
                there = self._entry(self._path(entry.architecture, entry.sha256, ".json"))
                if there is None:
                    raise WeightsError(f"{entry.key} was deleted in the meantime. Upload its file again.")
                renamed = replace(there, name=shown)
                self._write_entry(renamed)
                return renamed
        except OSError as error:
            raise self._unwritable(entry.file_name, error) from error

    def delete(self, entry: OwnEntry) -> None:
        """Remove an entry for everybody; one that is gone already is no error.

        Raises `WeightsError` where the folder cannot be written to.
        """
        try:
            with exclusive(self.folder):
                for suffix in (".json", ".safetensors"):
                    self._path(entry.architecture, entry.sha256, suffix).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(entry.file_name, error) from error

    def used_bytes(self) -> int:
        """Count the bytes of everything in the folder, finished or not."""
        return sum(_size(path) for path in _glob(self.folder, "*/*") if path.name != FILE_NAME)

    def _path(self, architecture: str, sha256: str, suffix: str) -> Path:
        return self.folder / _folder_name(architecture) / f"{sha256}{suffix}"

    def _entry(self, path: Path) -> OwnEntry | None:
        """Read a JSON file; None where there is none that says what its place says."""
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            entry = OwnEntry(**{**fields, "notes": tuple(map(str, fields["notes"]))})
            right = self._path(entry.architecture, entry.sha256, ".json") == path and entry.bytes >= 0
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return entry if right and isinstance(entry.name, str) else None

    def _store(
        self,
        tensors: Mapping[str, Tensor],
        path: Path,
        upload: StateDict,
        architecture: str,
        name: str,
        notes: tuple[str, ...],
    ) -> OwnEntry:
        """Write both files of an entry, or neither."""
        path.parent.mkdir(exist_ok=True)
        stored = written_whole(path, lambda part: save_apart(tensors, part))
        try:
            size = path.stat().st_size
            entry = OwnEntry(architecture, upload.sha256, name, upload.file_name, notes, size, stored)
            self._write_entry(entry)
        except BaseException:
            if not path.with_suffix(".json").exists():
                path.unlink(missing_ok=True)
            raise
        return entry

    def _write_entry(self, entry: OwnEntry) -> None:
        path = self._path(entry.architecture, entry.sha256, ".json")
        content = json.dumps(asdict(entry), indent=1)
        written_whole(path, lambda part: part.write_text(content, encoding="utf-8"))

    def _sweep(self) -> None:
        """Remove what a kill left behind; only under the lock, where nobody else is writing."""
        for path in _glob(self.folder, "*/*"):
            unfinished = path.name.startswith(UNFINISHED)
            if unfinished or (path.suffix == ".safetensors" and not path.with_suffix(".json").exists()):
                path.unlink(missing_ok=True)

    def _check_room(self, tensors: Mapping[str, Tensor], file_name: str, path: Path) -> None:
        needed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        used = self.used_bytes() - _size(path)
        if used + needed <= self.limit_bytes:
            return
        largest = sorted(self.entries(), key=lambda entry: entry.bytes, reverse=True)[:3]
        listed = ", ".join(f"{entry.key} ({entry.name}, {megabytes(entry.bytes)})" for entry in largest)
        raise WeightsFileError(
            f"There is no room for {file_name}: it takes {megabytes(needed)}, and {megabytes(used)} of "
            f"{megabytes(self.limit_bytes)} are used. "
            + (f"Delete weights that nobody needs, the largest: {listed}; or set" if listed else "Set")
            + " ACTVIZ_WEIGHTS_MB to more."
        )

    def _unwritable(self, file_name: str, error: Exception) -> WeightsFileError:
        reason = getattr(error, "strerror", None) or error
        return WeightsFileError(
            f"{file_name} cannot be kept in {self.folder} ({reason}), and nothing was changed there. Make "
            "room there, or set ACTVIZ_DATA to a folder that can be written to."
        )


def _folder_name(architecture: str) -> str:
    """Write an architecture's name as the name of one folder: timm/resnet18 becomes timm%2Fresnet18."""
    return quote(architecture, safe="").replace(".", "%2E")


def _glob(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except OSError:  # a name out of a link that is too long for a folder's
        return []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # removed in this very moment
        return 0
