"""A batch goes in parts where it does not fit, and full memory is a sentence."""

import numpy as np
import pytest

from anime_gan import backend
from anime_gan.config import from_dict
from anime_gan.errors import UserError
from anime_gan.training import micro_batch
from anime_gan.training.step import train_generator
from tests.training.test_step import tiny

SMALL = ("model.resolution=32", "training.batch_size=8")


@pytest.fixture
def free(monkeypatch):
    """A function that sets what is free."""

    def of(count):
        monkeypatch.setattr(micro_batch, "free_bytes", lambda: count)

    return of


def test_a_batch_goes_in_the_largest_parts_that_fit(free, capsys):
    """Whole where there is room; then its divisors; one by one at the least; and it is said."""
    gan = tiny("v5", *SMALL)
    assert gan.micro_batch is None
    whole = micro_batch.step_bytes(gan, 8) / micro_batch.SHARE
    for count, size in ((None, 8), (whole + 9, 8), (whole - 9, 4), (1, 1)):
        free(count)
        micro_batch.choose_micro_batch(gan)
        assert gan.micro_batch == size
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "A batch of 8 is split into passes of 4 images (training.micro_batch)."
    assert len(said) == 3 and "GiB are free" in said[2] and "training.batch_size" in said[2]


def test_what_was_chosen_or_given_stays(free):
    """A run that goes on keeps its parts, a config's own number is never changed."""
    free(1)
    gan = tiny("v5", *SMALL)
    for kept, size in ((8, 8), (2, 2), (3, 1), (None, 1)):
        micro_batch.choose_micro_batch(gan, kept)
        assert gan.micro_batch == size
    for given, size in (("2", 2), ("null", None)):
        gan = tiny("v5", *SMALL, f"training.micro_batch={given}")
        micro_batch.choose_micro_batch(gan, 4)
        assert gan.micro_batch == size


@pytest.mark.parametrize("version", ["dcgan", "illustration"])
def test_pictures_that_are_compared_stay_together(version, free, capsys):
    """Their batch is never cut, since its statistics would be others; it is said if too large."""
    free(1)
    gan = tiny(version, *SMALL)
    micro_batch.choose_micro_batch(gan)
    assert gan.micro_batch == 8 and "GiB are free" in capsys.readouterr().out


@pytest.mark.backends
def test_full_memory_is_one_sentence():
    """Whoever says it: the backend's own error, or Python's; any other error is a bug's."""
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
def test_parts_take_less_memory_by_the_compiler_s_own_word():
    """Protects the loop over parts: side by side, as compilers like it, they would save nothing."""
    taken = []
    for micro in ("null", "32"):  # layers that compile in a moment
        gan = tiny("v1", "training.batch_size=512", f"training.micro_batch={micro}")
        real = np.zeros((512, 64, 64, 3), "float32")
        run = lambda real, gan=gan: train_generator(gan, real)  # noqa: E731
        taken.append(backend.compiled_bytes(run, gan.variables, real))
    if taken == [None, None]:
        pytest.skip("TensorFlow does not say what a step takes")
    state = sum(4 * np.prod(variable.shape) for variable in gan.variables)
    assert taken[1] - state < 0.5 * (taken[0] - state)
