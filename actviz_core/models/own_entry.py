"""What is known of one set of uploaded weights."""

from dataclasses import dataclass

from actviz_core.names import ModelKey

DIGITS = 12


@dataclass(frozen=True)
class OwnEntry:
    """One set of uploaded weights.

    ``sha256`` is the hex digest of the file as it was uploaded and ``stored_sha256`` that of the safetensors
    file it became, which has ``bytes`` bytes. ``name`` is what people call it, and ``notes`` say what was
    done to it. All texts are fit to be shown.
    """

    architecture: str
    sha256: str
    name: str
    file_name: str
    notes: tuple[str, ...]
    bytes: int
    stored_sha256: str

    @property
    def weights(self) -> str:
        """What stands behind the @ of the model key: the first 12 hex digits of the upload's SHA-256."""
        return self.sha256[:DIGITS]

    @property
    def key(self) -> str:
        """The model key."""
        return str(ModelKey(self.architecture, self.weights))
