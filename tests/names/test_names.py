"""Writing a name and reading it again gives the same name, whatever networks call their modules."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from actviz_core.errors import EditError, UnknownImageError
from actviz_core.names import CallName, ChannelEdit, ImageId, ModelKey, PanelTextError, Selector, Slot

LETTERS = st.text(st.sampled_from("ab#[]/@!,% ~1.é层в"), min_size=1, max_size=8)
KEYS = st.one_of(st.integers(0, 12).map(str), st.sampled_from(["key", "a b", "выход", "层"]))
PARTS = st.lists(KEYS, max_size=2).map(lambda keys: "".join(f"[{key}]" for key in keys))
FUNCTIONS = st.sampled_from(["add", "relu", "flatten", "cat_2", "加"])
LAYERS = st.frozensets(LETTERS, max_size=5).map(lambda names: {"", *names})


@given(LAYERS, st.integers(1, 30), PARTS, st.booleans(), st.data())
def test_the_name_of_a_layers_call_is_read_as_that_call(
    layers: set[str], number: int, part: str, alone: bool, data: st.DataObject
) -> None:
    layer = data.draw(st.sampled_from(sorted(layers)))
    name = CallName.written(layer, 1 if alone else number, part, layers, alone=alone)
    assert CallName.made(str(name), layers) == name
    assert (name.layer, name.selector.part) == (layer, part)


@given(LAYERS, FUNCTIONS, st.integers(1, 30), PARTS, st.data())
def test_the_name_of_a_step_is_read_as_that_step(
    layers: set[str], function: str, number: int, part: str, data: st.DataObject
) -> None:
    module = data.draw(st.sampled_from(sorted(layers)))
    owner = f"{module}/{function}"
    assume(owner not in layers)  # a step that is called like a layer cannot be told from it
    name = CallName.written(owner, number, part, layers, alone=False)
    assert name == CallName(module, function, Selector(number, part))
    assert CallName.made(str(name), layers) == name


@given(LAYERS, st.data())
def test_a_layers_own_name_means_the_layer_first(layers: set[str], data: st.DataObject) -> None:
    layer = data.draw(st.sampled_from(sorted(layers)))
    assert CallName.asked(layer, layers) == CallName(layer)


@given(st.one_of(st.none(), st.integers(0, 30)), PARTS)
def test_a_selector_is_read_as_it_is_written(number: int | None, part: str) -> None:
    selector = Selector(number, part)
    assert Selector.parse(str(selector)) == selector
    assert bool(selector) == (number is not None or part != "")


@pytest.mark.parametrize(
    ("text", "number", "part", "meant"),
    [
        ("", 2, "[0]", True),
        ("#2", 2, "[0]", True),
        ("#2", 12, "", False),
        ("#1", 12, "", False),
        ("[0]", 3, "[0][key]", True),
        ("[0]", 3, "[01]", False),
        ("#2[0]", 2, "[0]", True),
        ("#2[0]", 2, "[1]", False),
        ("#x", 1, "", False),
        ("#" + "9" * 5000, 1, "", False),
        ("#1٢", 12, "", False),
    ],
)
def test_a_selector_tells_which_calls_are_meant(text: str, number: int, part: str, meant: bool) -> None:
    assert Selector.parse(text).selects(number, part) is meant


def test_calls_of_layers_whose_names_could_be_others_have_their_number() -> None:
    layers = {"", "relu", "relu#1"}
    assert str(CallName.written("relu", 1, "", layers, alone=True)) == "relu"
    assert str(CallName.written("relu#1", 1, "", layers, alone=True)) == "relu#1#1"
    assert CallName.made("relu#1", layers) == CallName("relu", "", Selector(1))
    assert CallName.asked("relu#1", layers) == CallName("relu#1")


def test_what_is_neither_a_layer_nor_a_step_is_none() -> None:
    assert CallName.asked("relu", {"", "conv"}) is None
    assert CallName.asked("relu/add#1", {"", "conv"}) is None
    assert CallName.step("layer1.0.relu#2") is None


def test_a_call_is_found_whole_and_with_its_number() -> None:
    name = CallName.asked("lstm[0]", {"", "lstm"})
    assert name is not None
    assert (str(name.call), str(name.numbered), name.owner) == ("lstm", "lstm#1[0]", "lstm")


EDITS = st.builds(ChannelEdit, LETTERS, st.integers(0, 999_999), st.sampled_from([0.0, 0.5, 1.25, 3.0]))
NETWORKS = st.text(st.sampled_from("abc-_/.:1 é层"), min_size=1, max_size=8)
MODEL_KEYS = st.builds(
    ModelKey,
    NETWORKS,
    st.one_of(st.none(), st.text(st.sampled_from("abc-@1. é"), max_size=6)),
    st.lists(EDITS.map(str), max_size=3).map(tuple),
)
IMAGE_IDS = st.one_of(
    st.builds(ImageId, st.sampled_from(["cifar10-test", "folder"]), st.integers(0, 99_999)),
    st.builds(ImageId, st.just("upload"), st.text("0123456789abcdef", min_size=12, max_size=12)),
)
VARIANTS = st.sampled_from(["", "mirror", "noise-0.1"])


@given(EDITS)
def test_an_edit_is_read_as_it_is_written(edit: ChannelEdit) -> None:
    assert ChannelEdit.parse(str(edit)) == edit


@given(MODEL_KEYS)
def test_a_model_key_is_read_as_it_is_written(key: ModelKey) -> None:
    assert ModelKey.parse(str(key)) == key
    assert str(key).startswith(key.unedited)


@given(IMAGE_IDS, VARIANTS)
def test_an_image_id_is_read_as_it_is_written(image: ImageId, variant: str) -> None:
    varied = replace(image, variant=variant)
    assert ImageId.parse(str(varied)) == varied


@given(MODEL_KEYS, IMAGE_IDS, st.builds(str, st.builds(CallName, LETTERS)))
def test_a_panel_is_read_as_it_is_written(key: ModelKey, image: ImageId, call: str) -> None:
    slot = Slot(str(key), str(image), call)
    assert Slot.parse(str(slot)) == slot
    assert str(slot.filled("other", "folder/1")) == str(slot)


@pytest.mark.parametrize("text", ["cifar10-test", "cifar10-test/x", "upload/123", ""])
def test_what_is_no_image_id_is_told(text: str) -> None:
    with pytest.raises(UnknownImageError, match="is no image id"):
        ImageId.parse(text)


@pytest.mark.parametrize("text", ["conv1", "conv1:5", "conv1:5*4", "conv1:x*0"])
def test_what_is_no_edit_is_told(text: str) -> None:
    with pytest.raises(EditError, match="is no edit"):
        ChannelEdit.parse(text)


def test_what_is_no_panel_is_told() -> None:
    with pytest.raises(PanelTextError, match="is no panel"):
        Slot.parse("cifar-resnet20,bundled-cifar10/0")
