"""Build the two networks of a config, without optimizers and without setting the seed."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from anime_gan.config import Config
from anime_gan.errors import UserError
from anime_gan.networks import NETWORKS
from anime_gan.networks.labels import (
    classifying,
    conditional_generator,
    joined_dim,
    projecting,
)
from anime_gan.networks.layers.dropout import with_dropout
from anime_gan.networks.layers.spectral import with_spectral_norm


@dataclass(frozen=True)
class Networks:
    """The networks of one version at one resolution.

    generator: from latents (B, latent_dim) to images (B, H, W, C), meant for [-1, 1].
    discriminator: from such images to scores (B, 1).
    predictor: the version's, which shares the generator's weights. None for most versions.
    classifier: from images to [scores, logits of labels (B, K)], sharing the discriminator's
        weights. None without labels, or where the discriminator takes them.

    With labels (config.model.labels), the generator takes [latents, labels], and so does the
    predictor; the discriminator takes [images, labels] unless there is a classifier.
    """

    generator: keras.Model
    discriminator: keras.Model
    predictor: keras.Model | None = None
    classifier: keras.Model | None = None

    def combined(self) -> keras.Model:
        """Return the report's c_model, from latents to scores; it shares both networks' weights."""
        inputs = [keras.Input(one.shape[1:], dtype=one.dtype) for one in self.generator.inputs]
        inputs = inputs[0] if len(inputs) == 1 else inputs
        image = self.generator(inputs)
        judged = [image, inputs[1]] if len(self.discriminator.inputs) == 2 else image
        return keras.Model(inputs, self.discriminator(judged), name="gan")

    def parameter_counts(self) -> tuple[int, int]:
        """Return the numbers of parameters of the generator and of the discriminator."""
        return self.generator.count_params(), self.discriminator.count_params()


def build(config: Config, precision: str = "float32") -> Networks:
    """Build the networks that a config describes, with fresh weights.

    Args:
        config: a run's, or a stage's of a run that grows (`config/stages.py`).
        precision: "float32" or "bfloat16"; weights and last layers are float32 in both.

    Raises:
        UserError: the config names labels, but not their values, which training reads.
    """
    make_generator, make_discriminator, *make_predictor = NETWORKS[config.version]
    shape, attributes = config.model, config.model.label_values
    if shape.labels and not attributes:
        raise UserError(
            "model.labels names attributes, whose values only the images of a run say; leave it "
            "out here, or take the config of a run."
        )
    latent_dim = joined_dim(shape.latent_dim, attributes)
    policy_before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        generator = make_generator(shape.resolution, shape.channels, latent_dim, shape.width)
        discriminator = make_discriminator(shape.resolution, shape.channels, shape.width)
        if config.generator.spectral_norm:
            generator = with_spectral_norm(generator)
        if config.discriminator.spectral_norm:
            discriminator = with_spectral_norm(discriminator)
        if config.discriminator.dropout is not None:
            discriminator = with_dropout(discriminator, config.discriminator.dropout)
        predictor = make_predictor[0](generator) if make_predictor else None
        classifier = None
        if attributes:
            own = (shape.latent_dim, attributes)
            generator, predictor = conditional_generator(generator, *own, predictor)
            if shape.label_head == "classifier":
                classifier = classifying(discriminator, attributes)
            else:
                discriminator = projecting(discriminator, attributes)
    finally:
        keras.config.set_dtype_policy(policy_before)
    return Networks(generator, discriminator, predictor, classifier)


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
        for layer in all_layers(model)
    )
