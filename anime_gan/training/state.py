"""A GAN in training: two networks with all that training them changes or needs."""

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops, random

from anime_gan import backend
from anime_gan.backend.batch_norm import fuse
from anime_gan.config import stages
from anime_gan.config.schema import Config
from anime_gan.networks.architecture import Version
from anime_gan.networks.layers.equalized import FadeIn
from anime_gan.networks.layers.spectral import normalised
from anime_gan.training import augment
from anime_gan.training.losses import OBJECTIVES, Objective
from anime_gan.training.optimizers import make_optimizer
from anime_gan.training.schedules import steps_of


@dataclass
class Gan:
    """Two networks with all that training them changes or needs.

    config: what it is trained by.
    generator: from latents (B, latent_dim) to pictures (B, H, W, C) meant for [-1, 1].
    discriminator: from such pictures to scores (B, 1).
    combined: the report's c_model, latents to scores; it shares the two networks' weights.
    average: the generator with the moving average of all its weights, None where none is kept.
    predictor: from latents to (pictures, latents read back from within the generator), sharing the
        generator's weights; None for a version without one.
    seed: what the noise in the step is drawn from.
    augment_p: the adaptive augmentation's probability, None where it does not adapt.
    path_mean: the mean length of paths so far, None where the generator pays for no other.
    first, fade: the step at which the networks began, and the steps over which their outer parts
        fade in; both 0 but for a version that grows.
    micro_batch: pictures that go through a step at a time, None for all of a batch; where the
        config says auto it is for training/memory.py to say.
    distribution: how the batch is spread over devices, Keras's at the time; None if it is on one.
    """

    config: Config
    generator: keras.Model
    discriminator: keras.Model
    combined: keras.Model
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    seed: random.SeedGenerator
    average: keras.Model | None = None
    predictor: keras.Model | None = None
    augment_p: keras.Variable | None = None
    path_mean: keras.Variable | None = None
    first: int = 0
    fade: int = 0
    micro_batch: int | None = None

    @classmethod
    def create(
        cls,
        version: Version,
        config: Config,
        precision: str = "float32",
        stage: stages.Stage | None = None,
    ) -> "Gan":
        """Build the networks of `version` and their optimizers as `config` says.

        precision: "float32" or "bfloat16"; weights and last layers are float32 in both.
        stage: of growing; the last one if not given.
        What makes no sense together is for training/checks.py to refuse before.
        """
        stage = stage or stages.stages_of(config)[-1]
        config = stage.config
        training, shape = config.training, config.model
        before = keras.config.dtype_policy()
        # TensorFlow sums in the order of names, and Keras numbers them through a whole process: the
        # same networks, built after others, would differ in a sum's last bit.
        distribution = keras.distribution.distribution()
        keras.utils.clear_session(free_memory=False)
        keras.distribution.set_distribution(distribution)
        keras.utils.set_random_seed(training.seed)
        keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
        try:
            generator = version.generator(
                shape.resolution, shape.channels, shape.latent_dim, shape.width
            )
            discriminator = version.discriminator(shape.resolution, shape.channels, shape.width)
            if config.generator.spectral_norm:
                generator = normalised(generator)
            if config.discriminator.spectral_norm:
                discriminator = normalised(discriminator)
            latent = keras.Input((shape.latent_dim,))
            combined = keras.Model(latent, discriminator(generator(latent)), name="gan")
            predictor = version.predictor(generator) if version.predictor else None
        finally:
            keras.config.set_dtype_policy(before)
        average = None
        if training.ema_kimg is not None:
            average = keras.models.clone_model(generator)
            average.set_weights(generator.get_weights())
        updates = steps_of(training)
        of_discriminator = training.n_critic * (2 if training.passes == "in_turn" else 1)
        return cls(
            config,
            generator,
            discriminator,
            combined,
            make_optimizer(config.generator, updates),
            make_optimizer(config.discriminator, updates * of_discriminator),
            random.SeedGenerator(training.seed),
            average,
            predictor,
            keras.Variable(0.0, trainable=False) if config.augment.p == "adaptive" else None,
            keras.Variable(0.0, trainable=False) if config.objective.path_weight else None,
            stage.first,
            stage.fade,
            None if training.micro_batch == "auto" else training.micro_batch,
        )

    def __post_init__(self):
        self.distribution = keras.distribution.distribution()
        self._copy = None
        # What each step may move is listed once; the `trainable` flag decides nothing afterwards.
        self.generator_weights = list((self.predictor or self.generator).trainable_variables)
        self.discriminator_weights = list(self.discriminator.trainable_variables)
        networks = [n for n in (self.generator, self.discriminator, self.average) if n]
        found = [layer for network in networks for layer in layers_of(network)]
        self.fades = [layer for layer in found if isinstance(layer, FadeIn)]
        fuse(found)
        if self.path_mean is not None:
            self.synthesis = self.generator.get_layer("synthesis")
            styles = self.generator.get_layer("styles").output
            self.to_styles = keras.Model(self.generator.input, styles)
        # An optimizer that is not built yet would silently drop the state of a checkpoint.
        self.generator_optimizer.build(self.generator_weights)
        self.discriminator_optimizer.build(self.discriminator_weights)

    @property
    def objective(self) -> Objective:
        """The pair of losses."""
        return OBJECTIVES[self.config.objective.name]

    @property
    def sampler(self) -> keras.Model:
        """The generator to draw faces with: the average where one is kept.

        Of networks on several devices it is a copy on one, as of now: what one process draws is no
        matter of the others.
        """
        trained = self.average or self.generator
        if self.distribution is None:
            return trained
        if self._copy is None:
            self._copy = keras.models.clone_model(trained)
        self._copy.set_weights(trained.get_weights())
        return self._copy

    def spread(self, rows):
        """Return rows (B, ...), each on its device where a batch is spread over several.

        What is drawn or taken from a batch in a step says so; all that follows from it goes along.
        """
        devices = self.distribution.device_mesh.shape[0] if self.distribution else 1
        if devices == 1 or rows.shape[0] % devices:
            return rows
        return keras.distribution.distribute_tensor(
            rows, self.distribution.get_data_layout(rows.shape)
        )

    @property
    def variables(self) -> list:
        """Every variable that a step reads or updates, in a fixed order."""
        return list(self.state.values())

    @property
    def state(self) -> dict[str, Any]:
        """The same by name, such as "generator/003/kernel"; what a checkpoint holds.

        Keras numbers layers through a whole process, so its numbers are taken out of the names.
        """
        parts = {
            "generator": self.generator.variables,
            "discriminator": self.discriminator.variables,
            "generator_optimizer": self.generator_optimizer.variables,
            "discriminator_optimizer": self.discriminator_optimizer.variables,
            "noise": [self.seed.state],
        }
        if self.predictor:
            own = {id(variable) for variable in self.generator.variables}
            parts["predictor"] = [v for v in self.predictor.variables if id(v) not in own]
        if self.average:
            parts["average"] = self.average.variables
        if self.augment_p is not None:
            parts["augment"] = [self.augment_p]
        if self.path_mean is not None:
            parts["path"] = [self.path_mean]
        return {
            f"{part}/{index:03}/{re.sub(r'_[0-9]+', '', variable.path.split('/')[-1])}": variable
            for part, variables in parts.items()
            for index, variable in enumerate(variables)
        }

    @property
    def step(self):
        """The number of steps done so far: a step ends with one update of the generator."""
        return self.generator_optimizer.iterations + self.first

    def faded(self, real):
        """Set how far the outer parts are faded in at this step; return real pictures as far.

        real: (B, H, W, C). The first step of a stage begins with what its networks were before.
        """
        if not self.fade:
            return real
        alpha = ops.cast(self.generator_optimizer.iterations, "float32") / self.fade
        alpha = ops.minimum(alpha, 1.0)
        for layer in self.fades:
            layer.alpha.assign(alpha)
        halved = ops.average_pool(real, 2, 2)
        coarse = ops.repeat(ops.repeat(halved, 2, axis=1), 2, axis=2)
        return coarse + alpha * (real - coarse)

    def grow_from(self, smaller: "Gan") -> None:
        """Take the weights that the networks of half the size have, and all but the optimizers'.

        Optimizers begin anew, as in the original; the outer parts are not faded in at all.
        """
        for own, theirs in (
            (self.generator, smaller.generator),
            (self.discriminator, smaller.discriminator),
            (self.average, smaller.average),
        ):
            if own is None:
                continue
            values = {layer.name: layer for layer in layers_of(theirs) if layer.weights}
            for layer in layers_of(own):
                if isinstance(layer, FadeIn):
                    layer.alpha.assign(0.0)
                elif layer.name in values:
                    for mine, other in zip(
                        layer.variables, values[layer.name].variables, strict=True
                    ):
                        mine.assign(other)
        for mine, other in (
            (self.seed.state, smaller.seed.state),
            (self.augment_p, smaller.augment_p),
            (self.path_mean, smaller.path_mean),
        ):
            if mine is not None:
                mine.assign(other)

    def latents(self, count):
        """Draw `count` latents, (count, latent_dim), standard normal."""
        return self.spread(random.normal((count, self.generator.input_shape[1]), seed=self.seed))

    def judge(self, pictures, drawn: dict, slopes: bool = False):
        """Return the training-mode scores (B, 1) of pictures that are augmented as drawn.

        With `slopes`, return too the scores' slopes with respect to the pictures (B, H, W, C).
        """

        def score(pictures):
            return self.discriminator(augment.apply(pictures, drawn), training=True)

        pictures = self.spread(pictures)
        if slopes:
            return backend.input_gradients(score, pictures, self.variables)
        return score(pictures), None

    def parameter_counts(self) -> tuple[int, int]:
        """Return the numbers of parameters of the generator and of the discriminator."""
        return self.generator.count_params(), self.discriminator.count_params()


def layers_of(model: keras.Model) -> list:
    """Return the layers of a model, those of models within it in their place."""
    nested = [layers_of(x) if isinstance(x, keras.Model) else [x] for x in model.layers]
    return [layer for part in nested for layer in part]


@contextmanager
def frozen_state(network: keras.Model):
    """Within it, a network in training mode takes a batch's statistics and leaves its own alone.

    Statistics belong to the network's own step: those that BatchNorm would gather, and spectral
    normalisation's vectors. What dropout draws goes on as ever.
    """
    # The sum makes a value of the variable, where TensorFlow would hand on the variable itself.
    kept = [(variable, ops.add(variable, 0)) for variable in network.non_trainable_weights]
    yield
    for variable, value in kept:
        variable.assign(value)


def latents_of(seeds, latent_dim: int) -> np.ndarray:
    """Return the latents that belong to seeds, (len(seeds), latent_dim), float32.

    A seed alone decides its latent: not its place among others, the batch or the backend.
    """
    draws = [np.random.default_rng(seed).standard_normal(latent_dim) for seed in seeds]
    return np.stack(draws).astype("float32")
