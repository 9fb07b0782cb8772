"""A batch is split where it does not fit, and full memory is reported in a sentence."""

import numpy as np
import pytest

from anime_gan import backend
from anime_gan.config import from_dict, load_config
from anime_gan.errors import UserError
from anime_gan.runs.run import Progress
from anime_gan.training import micro_batch
from anime_gan.training.distribution import joined
from anime_gan.training.resume import resume
from anime_gan.training.step import train_generator
from benchmarks.common import compiled_bytes
from tests.training.test_step import tiny

SMALL = ("model.resolution=32", "training.batch_size=8")


@pytest.fixture
def free(monkeypatch):
    """A function that sets how many bytes are free."""

    def of(count):
        monkeypatch.setattr(micro_batch, "free_bytes", lambda: count)

    return of


def test_a_batch_is_split_into_the_largest_parts_that_fit(free, capsys):
    """The whole batch, else its largest divisor, at least 1; and it is printed."""
    state = tiny("v5", *SMALL)
    assert state.micro_batch is None
    whole = micro_batch.step_bytes(state, 8) / micro_batch.SHARE
    for count, size in ((None, 8), (whole + 9, 8), (whole - 9, 4), (1, 1)):
        free(count)
        micro_batch.choose_micro_batch(state)
        assert state.micro_batch == size
    printed = capsys.readouterr().out.splitlines()
    assert printed[0][9:] == "A batch of 8 is split into passes of 4 images (training.micro_batch)."
    assert (
        len(printed) == 3 and "GiB are free" in printed[2] and "training.batch_size" in printed[2]
    )


def test_a_chosen_or_configured_size_stays(free):
    """A resumed run keeps its size, and the config's is never changed."""
    free(1)
    state = tiny("v5", *SMALL)
    for kept, size in ((8, 8), (2, 2), (3, 1), (None, 1)):
        micro_batch.choose_micro_batch(state, kept)
        assert state.micro_batch == size
    for given, size in (("2", 2), ("null", None)):
        state = tiny("v5", *SMALL, f"training.micro_batch={given}")
        micro_batch.choose_micro_batch(state, 4)
        assert state.micro_batch == size


@pytest.mark.parametrize(("batch_size", "size"), [(2, 2), (8, 8)])
def test_another_batch_is_split_anew(batch_size, size, tmp_path, monkeypatch, free):
    """A run resumes in the parts of its checkpoint only as long as its batch stays."""
    monkeypatch.chdir(tmp_path)
    free(None)
    tiny_v5 = ["model.width=0.02", "model.resolution=32", "training.precision=float32"]
    before = load_config(None, [*tiny_v5, "training.batch_size=2"])
    config = load_config(None, [*tiny_v5, f"training.batch_size={batch_size}"])
    progress = Progress(config=before.model_dump(), micro_batch=2, grown=[])
    with joined(config) as group:
        assert resume(config, progress, None, group)[0].micro_batch == size


@pytest.mark.parametrize("version", ["dcgan", "illustration"])
def test_batches_whose_images_are_compared_are_not_split(version, free, capsys):
    """Else their statistics would change; a warning is printed if they are too large."""
    free(1)
    state = tiny(version, *SMALL)
    micro_batch.choose_micro_batch(state)
    assert state.micro_batch == 8 and "GiB are free" in capsys.readouterr().out


@pytest.mark.backends
def test_full_memory_is_one_sentence():
    """The backend's error or Python's; any other error is a bug."""
    if backend.name() == "jax":
        from jax.errors import JaxRuntimeError as Full
    else:
        from tensorflow.errors import ResourceExhaustedError as Full
    full = type("Full", (Full,), {"__init__": lambda self, text: None})
    full.__str__ = lambda self: "RESOURCE_EXHAUSTED: Out of memory allocating 5 bytes"
    for error in (MemoryError(), full("")):
        with pytest.raises(UserError) as caught, micro_batch.explain_out_of_memory(from_dict({})):
            raise error
        text = str(caught.value)
        assert "training.micro_batch" in text and "64" in text and text.count(". ") == 0
    with pytest.raises(ValueError), micro_batch.explain_out_of_memory(from_dict({})):
        raise ValueError("RESOURCE_EXHAUSTED")


@pytest.mark.backends
def test_parts_take_less_memory_as_the_compiler_reports():
    """Protects the loop over parts: computed side by side, they would save nothing."""
    taken = []
    for micro in ("null", "32"):  # layers that compile in a moment
        state = tiny("v1", "training.batch_size=512", f"training.micro_batch={micro}")
        real = np.zeros((512, 64, 64, 3), "float32")
        taken.append(compiled_bytes(train_generator, state, real))
    if taken == [None, None]:
        pytest.skip("TensorFlow does not say what a step takes")
    kept = sum(4 * np.prod(variable.shape) for variable in state.variables)
    assert taken[1] - kept < 0.5 * (taken[0] - kept)
