"""The shared activations: true values, one pass for all that is missing, nothing computed twice."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from actviz_core.errors import ModelFailedError, UnknownLayerError
from actviz_core.models import Model
from actviz_core.workspace.activations import ROOT, ActivationStore
from tests.hooks.reference import assert_bit_equal, cloned_activations
from tests.toy_models import CountedNet, Fails, model_of, picture

PLENTY = 1 << 20


def ask(store: ActivationStore, model: Model, seed: int, *layers: str) -> dict[str, list[Tensor]]:
    calls = store.calls(model, f"noise/{seed}", lambda: picture(seed), layers)
    return {layer: list(found.values) for layer, found in calls.items()}


def test_one_pass_serves_all_layers_with_what_a_plain_hook_sees() -> None:
    net = CountedNet()
    found = ask(ActivationStore(PLENTY), model_of(net), 0, "conv", "relu", "fc", "idle")
    assert net.passes == 1
    expected = cloned_activations(net, picture(0))
    for layer in ("conv", "relu", "fc"):
        for seen, true in zip(found[layer], expected[layer], strict=True):
            assert_bit_equal(seen, true)
    assert found["idle"] == []


def test_calls_are_found_by_their_names() -> None:
    calls = ActivationStore(PLENTY).calls(model_of(CountedNet()), "noise/0", lambda: picture(0), ["relu"])
    assert calls["relu"].names == ("relu#1", "relu#2")
    assert calls["relu"]["relu#1"].shape == (1, 4, 8, 8)
    assert calls["relu"]["relu#2"].shape == (1, 4)


def test_the_root_is_the_networks_answer() -> None:
    net = CountedNet()
    (answer,) = ask(ActivationStore(PLENTY), model_of(net), 0, ROOT)[ROOT]
    with torch.no_grad():
        assert_bit_equal(answer, net(picture(0)))


def test_a_layer_that_anyone_captured_is_not_computed_again() -> None:
    net, store = CountedNet(), ActivationStore(PLENTY)
    model = model_of(net)
    first = ask(store, model, 0, "conv", "relu")
    again = ask(store, model, 0, "relu", "conv")
    assert net.passes == 1
    assert again["conv"][0] is first["conv"][0]
    ask(store, model, 0, "conv", "fc")
    assert net.passes == 2
    assert (store.use().hits, store.use().misses) == (3, 3)


def test_the_picture_is_not_even_prepared_when_everything_is_there() -> None:
    store, model = ActivationStore(PLENTY), model_of(CountedNet())
    ask(store, model, 0, "conv")

    def never() -> Tensor:
        raise AssertionError("was prepared again")

    assert set(store.calls(model, "noise/0", never, ["conv"])) == {"conv"}


def test_identical_requests_from_eight_threads_compute_once() -> None:
    net, store = CountedNet(), ActivationStore(PLENTY)
    model = model_of(net)
    net.gate.clear()
    together = threading.Barrier(9)

    def one(_: int) -> Tensor:
        together.wait(60)
        return ask(store, model, 0, "conv", "fc")["conv"][0]

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(one, number) for number in range(8)]
        together.wait(60)
        net.gate.set()
        values = [future.result(60) for future in waiting]
    assert net.passes == 1
    assert all(value is values[0] for value in values)


def test_eight_threads_with_different_pictures_and_layers_get_their_own() -> None:
    net, store = CountedNet(), ActivationStore(PLENTY)
    model = model_of(net)
    expected = [cloned_activations(net, picture(seed)) for seed in range(8)]

    def one(number: int) -> None:
        layer = ("conv", "relu", "fc")[number % 3]
        for seen, true in zip(ask(store, model, number, layer)[layer], expected[number][layer], strict=True):
            assert_bit_equal(seen, true)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, [*range(8)] * 4))


def test_overlapping_requests_share_what_they_have_in_common() -> None:
    net, store = CountedNet(), ActivationStore(PLENTY)
    model = model_of(net)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(
            lambda layers: ask(store, model, 0, *layers), [("conv", "fc"), ("fc", "conv")]
        )
    assert net.passes == 1
    assert first["conv"][0] is second["conv"][0]


def test_pictures_models_and_fingerprints_do_not_mix() -> None:
    store = ActivationStore(PLENTY)
    nets = [CountedNet(seed=0), CountedNet(seed=1)]
    models = [model_of(net, fingerprint=str(number)) for number, net in enumerate(nets)]
    for model, net in zip(models, nets, strict=True):
        for seed in (0, 1):
            (seen,) = ask(store, model, seed, "conv")["conv"]
            assert_bit_equal(seen, cloned_activations(net, picture(seed))["conv"][0])
    assert store.use().misses == 4


def test_the_same_network_under_another_key_shares_what_was_captured() -> None:
    net, store = CountedNet(), ActivationStore(PLENTY)
    ask(store, model_of(net, key="toy@final"), 0, "conv")
    ask(store, model_of(net, key="toy"), 0, "conv")
    assert net.passes == 1


def test_memory_stays_within_its_bytes_and_the_longest_unused_goes_first() -> None:
    net, entry = CountedNet(), 4 * 4 * 8 * 8 + 1000
    store = ActivationStore(2 * entry)
    model = model_of(net)
    for seed in (0, 1, 0, 2):
        ask(store, model, seed, "conv")
        assert store.use().used_bytes <= 2 * entry
    assert net.passes == 3
    ask(store, model, 0, "conv")
    assert net.passes == 3
    ask(store, model, 1, "conv")
    assert net.passes == 4
    assert (store.use().entries, store.use().evictions) == (2, 2)


def test_a_layer_larger_than_the_whole_cache_is_still_given() -> None:
    store, model = ActivationStore(10), model_of(CountedNet())
    assert ask(store, model, 0, "conv")["conv"][0].shape == (1, 4, 8, 8)
    assert (store.use().entries, store.use().used_bytes) == (0, 0)


def test_a_network_that_raises_is_named_with_its_reason_and_nothing_is_kept() -> None:
    net, store = CountedNet(Fails()), ActivationStore(PLENTY)
    model = model_of(net, key="team-net")
    for _ in range(2):
        with pytest.raises(ModelFailedError, match=r"team-net could not process noise/0: mat1 and mat2"):
            ask(store, model, 0, "fc")
    assert net.passes == 2
    assert store.use().entries == 0
    assert not any(module._forward_hooks for module in net.modules())
    (seen,) = ask(store, model, 0, "conv")["conv"]  # what ran before the failing layer can still be had
    with torch.no_grad():
        assert_bit_equal(seen, net.conv(picture(0)))


def test_a_failing_pass_reaches_every_thread_that_waits_for_it() -> None:
    net, store = CountedNet(Fails()), ActivationStore(PLENTY)
    model = model_of(net)

    def one(_: int) -> str:
        with pytest.raises(ModelFailedError, match="toy could not process") as caught:
            ask(store, model, 0, "fc")
        return str(caught.value)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(8)))) == 1


def test_an_unknown_layer_is_named_with_the_closest_ones() -> None:
    net = CountedNet()
    with pytest.raises(UnknownLayerError, match=r"'conv9' is not a layer .*Closest: 'conv'"):
        ask(ActivationStore(PLENTY), model_of(net), 0, "conv", "conv9")
    assert net.passes == 0
