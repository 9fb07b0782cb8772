"""What a run begins or continues with."""

import json

import numpy as np
import pytest

from anime_gan.networks.build import all_layers
from anime_gan.networks.layers.fade import FadeIn
from anime_gan.runs.weights import load_model


@pytest.mark.backends
def test_a_run_with_balanced_labels_resumes_bit_exactly(script, call):
    """In two parts it gets the same images, labels and dropped labels as in one."""
    labels = ["model.labels=[hair,eyes]", "data.balance=1", "version=dragan"]

    def train(run: str, *overrides: str) -> None:
        status, errors = call("train_gan.py", *script.tiny, *labels, f"run={run}", *overrides)
        assert status == 0, errors

    train("unbroken", "training.steps=8")
    train("parts", "training.steps=3")
    train("parts", "training.steps=8")
    train("uneven", "training.steps=3", "data.balance=0")
    logs = [
        (script.folder / f"gan_images/{run}/losses.jsonl").read_text()
        for run in ("unbroken", "parts", "uneven")
    ]
    numbers = [[json.loads(line)["d_loss"] for line in log.splitlines()] for log in logs]
    assert numbers[0] == numbers[1] and numbers[0][:3] != numbers[2]
    arrays = []
    for run in ("unbroken", "parts"):
        with np.load(script.folder / f"weights/{run}/checkpoint_8.npz") as file:
            arrays.append({name: file[name] for name in file.files if name != "facts.json"})
    assert arrays[0].keys() == arrays[1].keys()
    for name, array in arrays[0].items():
        np.testing.assert_array_equal(array, arrays[1][name], err_msg=name)


def test_a_size_that_does_not_fade_in_is_there_at_once(script, call):
    """Its new layers are trained, not left out for ever."""
    stages = ["growing.start=16", "growing.fade_kimg=0", "growing.stable_kimg=0.008"]
    batches = ["growing.batch_at={16: 4, 32: 4}", "training.steps=3", "run=g"]
    status, errors = call("train_gan.py", *script.tiny, "version=stylegan", *stages, *batches)
    assert status == 0, errors
    for network in ("generator", "discriminator"):
        layers = all_layers(load_model(script.folder / f"weights/g/{network}_3.keras"))
        assert [float(x.alpha) for x in layers if isinstance(x, FadeIn)] == [1.0]
