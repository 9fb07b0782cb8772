"""Combinations of config and network that make no sense, each with its error."""

import keras

from anime_gan.config import Config, flat
from anime_gan.config.stages import stages_of
from anime_gan.errors import UserError
from anime_gan.networks.architecture import Version
from anime_gan.networks.scores import SCALES


def mixes_batch(model: keras.Model) -> bool:
    """Say whether an image's output depends on the others in its batch, in training mode.

    A layer that does so has an attribute `mixes_batch = True`.
    """
    return any(
        isinstance(layer, keras.layers.BatchNormalization) or getattr(layer, "mixes_batch", False)
        for layer in model.layers
    )


def ends_in_sigmoid(model: keras.Model) -> bool:
    """Say whether a discriminator's scores are probabilities."""
    return getattr(model.layers[-1], "activation", None) is keras.activations.sigmoid


def check(config: Config, version: Version) -> None:
    """Raise UserError for the first combination that makes no sense.

    It builds a tiny discriminator of the version, so that it is done before images are read.
    """
    size = min(32, config.model.resolution)
    try:
        discriminator = version.discriminator(resolution=size, width=0.02)
    except ValueError:  # Keras's, of maps that have no pixel left
        raise UserError(
            f"model.resolution is {size}, but the discriminator of version {config.version} halves "
            "images more often than that; set it to 32 or more."
        ) from None
    for wrong, sentence in (
        *_about_network(config, discriminator),
        *_about_config(config),
        *_about_styles(config, version),
    ):
        if wrong:
            raise UserError(sentence)


def _about_network(config: Config, discriminator: keras.Model):
    """Yield (whether it applies, the error) for what a discriminator can't do."""
    training, name, penalties = config.training, config.objective.name, config.objective.penalties
    sigmoid, mixes = ends_in_sigmoid(discriminator), mixes_batch(discriminator)
    fitting = [n for n, o in SCALES.items() if o.probabilities == sigmoid]
    ending = "ends in a sigmoid" if sigmoid else "gives logits, with no sigmoid at its end"
    yield (
        SCALES[name].probabilities != sigmoid,
        f"objective.name is {name}, but the discriminator of version {config.version} {ending}; "
        f"set it to {' or '.join(fitting)}.",
    )
    yield (
        mixes and training.passes == "together",
        "training.passes is together, but the discriminator of version "
        f"{config.version} compares the images of a batch, so real and fake ones must not share "
        "one; set it to apart or in_turn.",
    )
    yield (
        mixes and "gradient" in penalties,
        "objective.penalties holds gradient, but the discriminator of version "
        f"{config.version} compares the images of a batch, and that penalty is defined for single "
        "images (Gulrajani et al. 2017); remove it, or take a version without batch statistics.",
    )


def _about_styles(config: Config, version: Version):
    """Yield (whether it applies, the error) for what only some versions can do."""
    growing, name = config.growing, config.version
    yield (
        growing.start is not None and not version.grows,
        f"growing.start is {growing.start}, but version {name} does not grow; set it to null, or "
        "take version stylegan.",
    )
    yield (
        growing.start is not None and growing.start > config.model.resolution,
        f"growing.start is {growing.start}, but model.resolution is {config.model.resolution}; "
        "start at that or below.",
    )
    pairs = [key for key, value in flat(config.model_dump()).items() if isinstance(value, tuple)]
    pairs = [key for key in pairs if key not in ("objective.penalties", "augment.policy")]
    yield (
        growing.start is not None and bool(pairs),
        f"{', '.join(pairs[:1])} is a pair, but version {name} grows, with batches of several "
        "sizes; set it to one number, or growing.start to null.",
    )
    for section in ("generator", "discriminator"):
        yield (
            version.styled and getattr(config, section).spectral_norm,
            f"{section}.spectral_norm is true, but the layers of version {name} scale their "
            "weights already; set it to false, or take a version of plain layers.",
        )
    yield (
        config.objective.path_weight > 0 and not version.styled,
        f"objective.path_weight is {config.objective.path_weight:g}, but version {name} has no "
        "styles; set it to 0, or take version stylegan2.",
    )


def _about_config(config: Config):
    """Yield (whether it applies, the error) for keys that contradict each other."""
    training, augment, name = config.training, config.augment, config.objective.name
    objective, network = SCALES[name], config.discriminator
    yield (
        training.label_noise > 0 and not objective.probabilities,
        f"training.label_noise is {training.label_noise:g}, but objective {name} has no labels; "
        "set it to 0.",
    )
    yield (
        objective.paired and training.passes == "in_turn",
        f"training.passes is in_turn, but objective {name} compares each fake with a real image; "
        "set it to together or apart.",
    )
    bounded = config.objective.penalties or network.weight_clip or network.spectral_norm
    yield (
        name == "wasserstein" and not bounded,
        "objective.name is wasserstein, but nothing bounds the discriminator's gradients; set "
        "discriminator.weight_clip, discriminator.spectral_norm or objective.penalties=[gradient].",
    )
    yield (
        augment.p == "adaptive" and objective.threshold is None,
        f"augment.p is adaptive, but the scores of objective {name} have no threshold that would "
        "show overfitting; set it to a number.",
    )
    yield (
        augment.p == "adaptive" and not augment.policy,
        "augment.p is adaptive, but augment.policy is empty; set it to "
        "[translation, cutout, colour] or some of them.",
    )
    micro = training.micro_batch
    for batch in [stage.config.training.batch_size for stage in stages_of(config)]:
        yield (
            isinstance(micro, int) and batch % micro != 0,
            f"training.micro_batch is {micro}, which does not divide a batch of {batch}; set it to "
            "a divisor.",
        )
    for section in ("generator", "discriminator"):
        own = getattr(config, section)
        yield (
            isinstance(own.rate, tuple) and own.decay > 0,
            f"{section}.rate is a pair and {section}.decay is {own.decay:g}, two schedules for "
            f"one rate; set {section}.decay to 0.",
        )
