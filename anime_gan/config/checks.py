"""Checks for invalid combinations of keys, and of keys and version, each with its error."""

from anime_gan.config.schema import Config, flat
from anime_gan.config.scores import SCALES
from anime_gan.config.stages import follows_budget, stages_of
from anime_gan.config.versions import VERSIONS, Version, get_version
from anime_gan.errors import UserError


def check(config: Config) -> None:
    """Raise UserError for the first invalid combination."""
    version = get_version(config.version)
    _check_network(config, version)
    _check_length(config, version.grows)
    _check_config(config)
    _check_styles(config, version)


def _check_network(config: Config, version: Version) -> None:
    """Raise UserError for what a version's networks can't do."""
    training, name, penalties = config.training, config.objective.name, config.objective.penalties
    sigmoid, resolution = version.sigmoid, config.model.resolution
    if resolution < version.smallest:
        raise UserError(
            f"model.resolution is {resolution}, which is too small for the discriminator of "
            f"version {version.name}; set it to {version.smallest} or more."
        )
    if SCALES[name].probabilities != sigmoid:
        fitting = [n for n, scale in SCALES.items() if scale.probabilities == sigmoid]
        ending = "ends in a sigmoid" if sigmoid else "gives logits, with no sigmoid at its end"
        raise UserError(
            f"objective.name is {name}, but the discriminator of version {config.version} "
            f"{ending}; set it to {' or '.join(fitting)}."
        )
    if not version.compares_batch:
        return
    if training.passes == "together":
        raise UserError(
            f"training.passes is together, but the discriminator of version {config.version} "
            "compares the images of a batch, so real and fake ones need separate batches; set it "
            "to apart or in_turn."
        )
    own = version.recipe.get("objective", {})
    if "gradient" in penalties and "gradient" not in own.get("penalties", ()):
        raise UserError(
            "objective.penalties holds gradient, but the discriminator of version "
            f"{config.version} compares the images of a batch, and that penalty is defined for "
            "single images (Gulrajani et al. 2017); remove it, or take a version without batch "
            "statistics."
        )


def is_scheduled(config: Config) -> bool:
    """Return whether a key holds a pair [start, end], which changes during training."""
    values = flat(config.model_dump()).values()
    return any(isinstance(v, tuple) and v and not isinstance(v[0], str) for v in values)


def _check_length(config: Config, grows: bool) -> None:
    """Raise UserError for a run without an end, or whose processes would disagree on it."""
    training, growing = config.training, config.growing
    if (growing.fade_kimg is None) != (growing.stable_kimg is None):
        null, given = ("fade", "stable") if growing.fade_kimg is None else ("stable", "fade")
        raise UserError(
            f"growing.{null}_kimg is null, but growing.{given}_kimg is not; set both, or both to "
            "null."
        )
    if training.steps is None and training.minutes is None:
        if not grows:
            raise UserError(
                "training.steps and training.minutes are both null; set one of them, such as "
                "training.steps=5000."
            )
        if growing.fade_kimg is None:
            raise UserError(
                "growing.fade_kimg and growing.stable_kimg are null, and so are training.steps and "
                "training.minutes; set one of these, or both of those."
            )
    follows = training.minutes is not None and training.cosine_kimg is None and is_scheduled(config)
    grows_by_time = training.minutes is not None and follows_budget(config)
    if config.distribution.coordinator is not None and (follows or grows_by_time):
        keys = "training.cosine_kimg" if follows else "growing.fade_kimg and growing.stable_kimg"
        raise UserError(
            "training.minutes sets the length of schedules, which is not possible for several "
            f"processes; set {keys}, or training.steps in place of minutes."
        )


def _check_config(config: Config) -> None:
    """Raise UserError for keys that contradict each other."""
    training, augment, name = config.training, config.augment, config.objective.name
    scale, network = SCALES[name], config.discriminator
    if training.label_noise > 0 and not scale.probabilities:
        raise UserError(
            f"training.label_noise is {training.label_noise:g}, but objective {name} has no "
            "labels; set it to 0."
        )
    if config.objective.drift > 0 and scale.probabilities:
        raise UserError(
            f"objective.drift is {config.objective.drift:g}, but the scores of objective {name} "
            "are probabilities, which can't drift; set it to 0."
        )
    if scale.paired and training.passes == "in_turn":
        raise UserError(
            f"training.passes is in_turn, but objective {name} compares each fake with a real "
            "image; set it to together or apart."
        )
    bounded = config.objective.penalties or network.weight_clip or network.spectral_norm
    if name == "wasserstein" and not bounded:
        raise UserError(
            "objective.name is wasserstein, but nothing bounds the discriminator's gradients; set "
            "discriminator.weight_clip, discriminator.spectral_norm or "
            "objective.penalties=[gradient]."
        )
    if augment.p == "adaptive" and not scale.shows_overfitting:
        raise UserError(
            f"augment.p is adaptive, but the scores of objective {name} do not show overfitting; "
            "set it to a number."
        )
    if augment.p == "adaptive" and not augment.policy:
        raise UserError(
            "augment.p is adaptive, but augment.policy is empty; set it to "
            "[translation, cutout, color] or some of them."
        )
    if len({*config.model.labels}) < len(config.model.labels):
        raise UserError("model.labels names an attribute twice; name each once.")
    for batch in [stage.config.training.batch_size for stage in stages_of(config)]:
        if isinstance(training.micro_batch, int) and batch % training.micro_batch:
            raise UserError(
                f"training.micro_batch is {training.micro_batch}, which does not divide a batch of "
                f"{batch}; set it to a divisor."
            )
    for section in ("generator", "discriminator"):
        own = getattr(config, section)
        if isinstance(own.rate, tuple) and own.decay > 0:
            raise UserError(
                f"{section}.rate is a pair and {section}.decay is {own.decay:g}, two schedules for "
                f"one rate; set {section}.decay to 0."
            )


def _check_styles(config: Config, version: Version) -> None:
    """Raise UserError for what only some versions can do."""
    start, name = config.growing.start, config.version
    if start is not None:
        if not version.grows:
            raise UserError(
                f"growing.start is {start}, but version {name} does not grow; set it to null, or "
                f"take version {' or '.join(v.name for v in VERSIONS.values() if v.grows)}."
            )
        if start > config.model.resolution:
            raise UserError(
                f"growing.start is {start}, but model.resolution is {config.model.resolution}; "
                "start at that or below."
            )
        for key, value in flat(config.model_dump()).items():
            if isinstance(value, tuple) and value and not isinstance(value[0], str):
                raise UserError(
                    f"{key} is a pair, but version {name} grows, with batches of several sizes; "
                    "set it to one number, or growing.start to null."
                )
    for section in ("generator", "discriminator"):
        if version.no_spectral_norm and getattr(config, section).spectral_norm:
            raise UserError(
                f"{section}.spectral_norm is true, but the layers of version {name} scale their "
                "weights by themselves, or begin with zeros; set it to false, or take another "
                "version."
            )
    if config.objective.path_weight > 0 and not version.styled:
        raise UserError(
            f"objective.path_weight is {config.objective.path_weight:g}, but version {name} has "
            "no styles; set it to 0, or take version stylegan2."
        )
