"""The team's own pictures: a folder of image files, flat or with one sub-folder a class."""

from pathlib import Path

from actviz_core.errors import BadImageError, UnknownImageError
from actviz_core.samples.files import FileSource, plain_text
from actviz_core.samples.source import NO_LABEL
from actviz_core.untrusted.decoding import open_checked


class FolderSource(FileSource):
    """The source ``folder``: pictures in the root have no label, those in a sub-folder have its name.

    Ordered by name, the root's first. Hidden files are ignored; what is no readable picture by its header, or
    is a link that leads out of the folder, is skipped. Raises `UnknownImageError` when nothing is left.
    """

    def __init__(self, root: Path) -> None:
        root = root.resolve()
        paths: list[Path] = []
        labels: list[int] = []
        classes: list[str] = []
        skipped: list[Path] = []
        self._modified: dict[Path, int] = {}
        for folder in (root, *_class_folders(root)):
            self._modified[folder] = _modified(folder)  # before looking in, so that no change is missed
            readable, unreadable = _sorted_out(folder, root)
            if folder != root and readable:
                classes.append(plain_text(folder.name))
            labels += [NO_LABEL if folder == root else len(classes) - 1] * len(readable)
            paths += readable
            skipped += unreadable
        if not paths:
            files = "1 file" if len(skipped) == 1 else f"{len(skipped):,} files"
            raise UnknownImageError(
                f"The folder {root} holds no readable picture ({files} skipped). Put JPEG or PNG files into "
                "it, or into one sub-folder a class."
            )
        names = [plain_text(path.relative_to(root).as_posix()) for path in skipped]
        title = f"Folder {plain_text(root.name)}"
        super().__init__("folder", title, classes, labels, root, paths, names)

    def is_stale(self) -> bool:
        """Compare the modification times of the folder and its sub-folders with those it was opened with."""
        return any(_modified(folder) != modified for folder, modified in self._modified.items())


def _class_folders(root: Path) -> list[Path]:
    try:
        return [path for path in _entries(root) if path.is_dir() and _inside(path, root)]
    except OSError as error:
        raise UnknownImageError(
            f"The folder {root} cannot be read ({error.strerror}). Set ACTVIZ_IMAGES to a folder of pictures."
        ) from error


def _modified(folder: Path) -> int:
    return folder.stat().st_mtime_ns if folder.exists() else 0


def _sorted_out(folder: Path, root: Path) -> tuple[list[Path], list[Path]]:
    """Part a folder's files into readable pictures and the others."""
    try:
        files = [path for path in _entries(folder) if not path.is_dir()]
    except OSError:
        return [], [folder]
    readable = [path for path in files if _readable(path, root)]
    return readable, sorted(set(files).difference(readable))


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _inside(path: Path, root: Path) -> bool:
    return not path.is_symlink() or path.resolve().is_relative_to(root)


def _readable(path: Path, root: Path) -> bool:
    """Whether a name is a regular file in the folder (a pipe would block) with an image's header."""
    if not path.is_file() or not _inside(path, root):
        return False
    try:
        open_checked(path, path.name).close()
    except BadImageError:
        return False
    return True
