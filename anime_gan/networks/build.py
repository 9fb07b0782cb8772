"""Build the two networks of a config, without optimizers and without setting the seed."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from anime_gan.config import Config
from anime_gan.networks import NETWORKS
from anime_gan.networks.layers.dropout import with_dropout
from anime_gan.networks.layers.spectral import with_spectral_norm


@dataclass(frozen=True)
class Networks:
    """The networks of one version at one resolution.

    generator: from latents (B, latent_dim) to images (B, H, W, C), meant for [-1, 1].
    discriminator: from such images to scores (B, 1).
    predictor: the version's, which shares the generator's weights. None for most versions.
    """

    generator: keras.Model
    discriminator: keras.Model
    predictor: keras.Model | None = None

    def combined(self) -> keras.Model:
        """Return the report's c_model, from latents to scores; it shares both networks' weights."""
        latent = keras.Input(self.generator.input_shape[1:])
        return keras.Model(latent, self.discriminator(self.generator(latent)), name="gan")

    def parameter_counts(self) -> tuple[int, int]:
        """Return the numbers of parameters of the generator and of the discriminator."""
        return self.generator.count_params(), self.discriminator.count_params()


def build(config: Config, precision: str = "float32") -> Networks:
    """Build the networks that a config describes, with fresh weights.

    Args:
        config: a run's, or a stage's of a run that grows (`config/stages.py`).
        precision: "float32" or "bfloat16"; weights and last layers are float32 in both.
    """
    make_generator, make_discriminator, *make_predictor = NETWORKS[config.version]
    shape = config.model
    policy_before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        generator = make_generator(shape.resolution, shape.channels, shape.latent_dim, shape.width)
        discriminator = make_discriminator(shape.resolution, shape.channels, shape.width)
        if config.generator.spectral_norm:
            generator = with_spectral_norm(generator)
        if config.discriminator.spectral_norm:
            discriminator = with_spectral_norm(discriminator)
        if config.discriminator.dropout is not None:
            discriminator = with_dropout(discriminator, config.discriminator.dropout)
        predictor = make_predictor[0](generator) if make_predictor else None
    finally:
        keras.config.set_dtype_policy(policy_before)
    return Networks(generator, discriminator, predictor)


def all_layers(model: keras.Model) -> list:
    """Return the layers of a model, with nested models replaced by their layers."""
    nested = [all_layers(x) if isinstance(x, keras.Model) else [x] for x in model.layers]
    return [layer for part in nested for layer in part]


def mixes_batch(model: keras.Model) -> bool:
    """Say whether an image's output depends on the others in its batch, in training mode.

    A layer that does so has an attribute `mixes_batch = True`.
    """
    return any(
        isinstance(layer, keras.layers.BatchNormalization) or getattr(layer, "mixes_batch", False)
        for layer in model.layers
    )
