"""NPZ files hold true values under their names."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from actviz_core.errors import ExportError
from actviz_core.export import Provenance, npz_bytes, value_names, values_npz
from actviz_core.export.provenance import as_json
from actviz_core.export.values import PROVENANCE, Values, as_array
from actviz_core.names import Panel

VALUES: dict[str, Values] = {
    "layer1.0.relu#1": torch.tensor([[1.5, -0.0, float("nan"), float("inf")]]),
    "lstm[0][hidden/state]": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    "größe 層": torch.tensor([True, False]),
    "": torch.tensor(3.0, dtype=torch.float64),
    "half": torch.tensor([0.1], dtype=torch.float16),
    "brain": torch.tensor([0.1, 3e38], dtype=torch.bfloat16),
    "nothing": np.zeros((0, 4), np.float32),
    "a.npy": np.array([7], np.uint8),
}


def test_values_come_back_bit_for_bit_under_their_names(provenance: Provenance, tmp_path: Path) -> None:
    file = tmp_path / "values.npz"
    file.write_bytes(values_npz(VALUES, provenance))
    with np.load(file) as stored:  # allow_pickle is off
        assert stored.files == [PROVENANCE, *VALUES]
        for name, value in VALUES.items():
            expected = value.float() if name == "brain" and isinstance(value, torch.Tensor) else value
            assert stored[name].dtype == np.asarray(expected).dtype
            assert stored[name].shape == tuple(value.shape)
            assert stored[name].tobytes() == np.asarray(expected).tobytes()
        assert json.loads(str(stored[PROVENANCE][0])) == [provenance.as_dict()]
    assert torch.equal(torch.from_numpy(np.load(file)["brain"]).bfloat16(), torch.as_tensor(VALUES["brain"]))


def test_the_size_is_known_exactly_and_the_bytes_are_the_same_every_time(provenance: Provenance) -> None:
    first, second = values_npz(VALUES, provenance), values_npz(VALUES, provenance)
    assert first == second
    assert npz_bytes(VALUES, provenance) == len(first)


def test_the_bytes_are_those_that_numpy_writes(provenance: Provenance) -> None:
    plain = {name: as_array(value) for name, value in VALUES.items()}
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, **{PROVENANCE: np.array([as_json(provenance)])}, **plain)
    assert values_npz(VALUES, provenance) == written.getvalue()


@pytest.mark.parametrize("name", ["file", "allow_pickle", "arr_0"])
def test_a_layer_may_be_called_as_an_argument_of_numpy_is(name: str, provenance: Provenance) -> None:
    with np.load(io.BytesIO(values_npz({name: np.ones(2)}, provenance))) as stored:
        assert stored[name].tolist() == [1, 1]


@pytest.mark.parametrize("name", [PROVENANCE, "nul\0", "back\\slash"])
def test_names_that_a_file_cannot_hold_are_refused(name: str, provenance: Provenance) -> None:
    with pytest.raises(ExportError, match="cannot hold values called"):
        values_npz({name: np.zeros(1)}, provenance)


def test_objects_are_refused(provenance: Provenance) -> None:
    with pytest.raises(ExportError, match="cannot hold Python objects"):
        values_npz({"x": np.array([{}], object)}, provenance)


def test_a_board_names_what_differs() -> None:
    assert value_names([Panel("m", "i", "a"), Panel("m", "i", "b")]) == ("a", "b")
    assert value_names([Panel("m", "i", "a"), Panel("n", "i", "a")]) == ("m,i,a", "n,i,a")


def test_it_is_a_plain_npz(provenance: Provenance) -> None:
    content = io.BytesIO(values_npz({"x": np.ones((2, 2), order="F")}, provenance))
    assert np.load(content, allow_pickle=False)["x"].sum() == 4
