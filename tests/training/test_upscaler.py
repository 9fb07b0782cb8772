"""Upscalers: what they are trained by, and that they learn."""

import keras
import numpy as np
import pytest

from anime_gan.config import load_config
from anime_gan.data.demo import draw_faces
from anime_gan.data.image_set import open_images
from anime_gan.data.pixels import to_float
from anime_gan.networks.srgan import enlarger
from anime_gan.training.upscaler import UpscalerState, halved, train_upscaler, upscaler_config
from tests.conftest import ROOT

pytestmark = pytest.mark.backends


@pytest.fixture
def state():
    """A new state for images of 16x16."""
    return UpscalerState(upscaler_config(16, 0.02).updated(training={"batch_size": 4}))


def test_it_learns_to_double_faces(state, faces, tmp_path):
    """The error of a pixel falls, and all that is trained is what is saved."""
    faces = open_images(faces, 16, cache=tmp_path).images
    real = to_float(faces[np.arange(8)])
    small = halved(real)
    before = float(np.square(state.trained()(small) - real).mean())
    steps = [count for count, _, _ in train_upscaler(state, faces)]
    assert steps[-1] == len(steps) > 1
    found = state.trained()
    assert float(np.square(found(small) - real).mean()) < before
    for own, other in zip(found.get_weights(), state.sampler().get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)


def test_it_trains_with_the_settings_of_the_config_that_docs_name():
    """Only the number of threads, which the script sets, and the error of a pixel differ."""
    own = upscaler_config(64, 12).model_dump()
    named = load_config(str(ROOT / "configs/r3gan_patch_cpu.yaml"), []).model_dump()
    for part in ("version", "model", "augment", "generator", "discriminator"):
        assert own[part] == named[part], part
    differs = {
        f"{part}.{key}"
        for part in ("training", "objective")
        for key, value in own[part].items()
        if value != named[part][key]
    }
    assert differs == {"training.threads", "objective.latent_weight"}


def test_the_latents_are_small_images_and_what_they_become(state):
    """The generator sees the small ones only."""
    real = to_float(draw_faces(4, 16))
    state.blend_with_coarse(real)
    latents = keras.ops.convert_to_numpy(state.latents(4))
    small = keras.ops.convert_to_numpy(halved(real))
    np.testing.assert_allclose(latents[:, : 8 * 8 * 3], small.reshape(4, -1), atol=1e-6)
    np.testing.assert_allclose(latents[:, 8 * 8 * 3 :], np.reshape(real, (4, -1)), atol=1e-6)
    images = state.generator(latents)
    latents[:, 8 * 8 * 3 :] = 0
    np.testing.assert_array_equal(images, state.generator(latents))
    np.testing.assert_allclose(images, state.enlarger(small), atol=1e-5)


def test_it_enlarges_images_of_any_size():
    """Also oblong ones; four channels become four pixels in their order."""
    assert enlarger(3, 4, 1)(np.zeros((1, 5, 8, 3))).shape == (1, 10, 16, 3)
    shuffle = next(
        layer for layer in enlarger(1, 1, 1).layers if type(layer).__name__ == "PixelShuffle"
    )
    maps = np.arange(8, dtype="float32").reshape(1, 1, 2, 4)
    wanted = [[0, 1, 4, 5], [2, 3, 6, 7]]
    np.testing.assert_array_equal(np.asarray(shuffle(maps))[0, :, :, 0], wanted)
