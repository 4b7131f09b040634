"""Names in figures: long ones lose their middle and keep their end."""

from actviz_core.figures import shortened


def test_a_long_name_keeps_its_end() -> None:
    short = shortened("encoder.layers.encoder_layer_11.mlp", 20)
    assert len(short) == 20
    assert short.startswith("encoder")
    assert short.endswith("_layer_11.mlp"[-11:])
    assert "…" in short


def test_a_name_that_fits_stays_whole() -> None:
    assert shortened("layer1.0.conv1", 14) == "layer1.0.conv1"
