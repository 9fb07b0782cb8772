"""What a run begins or continues with."""

from anime_gan.networks.build import all_layers
from anime_gan.networks.layers.fade import FadeIn
from anime_gan.runs.weights import load_model


def test_a_size_that_does_not_fade_in_is_there_at_once(script, call):
    """Its new layers are trained, not left out for ever."""
    stages = ["growing.start=16", "growing.fade_kimg=0", "growing.stable_kimg=0.008"]
    batches = ["growing.batch_at={16: 4, 32: 4}", "training.steps=3", "run=g"]
    status, errors = call("train_gan.py", *script.tiny, "version=stylegan", *stages, *batches)
    assert status == 0, errors
    for network in ("generator", "discriminator"):
        layers = all_layers(load_model(script.folder / f"weights/g/{network}_3.keras"))
        assert [float(x.alpha) for x in layers if isinstance(x, FadeIn)] == [1.0]
