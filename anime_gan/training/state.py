"""The training state: networks, EMA, optimizers, random seed, adaptive p, mean path length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import ops, random

from anime_gan import backend
from anime_gan.backend import Tensor
from anime_gan.backend.batch_norm import fuse
from anime_gan.config import Config
from anime_gan.config.checks import is_scheduled
from anime_gan.config.scores import SCALES
from anime_gan.config.stages import Stage, share_over, stages_of
from anime_gan.networks.build import Networks, all_layers, build
from anime_gan.networks.labels import label_layer, own_network, with_labels
from anime_gan.networks.layers.fade import FadeIn
from anime_gan.training import augment
from anime_gan.training.losses import LOSSES, label_loss
from anime_gan.training.optimizers import make_optimizer
from anime_gan.training.schedules import Cosine, steps_of


class TrainState:
    """Two networks with all that training them changes or needs, seeded by training.seed.

    stage: its config, first step, end, and the length of the fade of growing networks.
    combined: the report's c_model, from latents to scores.
    predictor: the generator with a second output, the latents read back; None for most versions.
    classifier: the discriminator with a second output, logits of labels; None for most.
    judges_labels: whether the discriminator takes labels.
    ema: the generator with the moving average of all its weights; None if none is kept.
    seed: what the step draws its noise from.
    augment_p: the probability of adaptive augmentation; None if it does not adapt.
    path_mean: the mean path length so far; None without path length regularization.
    micro_batch: images per forward and backward pass; None for the whole batch.
    distribution: Keras's, over which devices a batch is sharded; None for one device.

    Args:
        config: as load_config returns it.
        precision: "float32" or "bfloat16"; weights and last layers are float32 in both.
        stage: of a run that grows; the last one if None.
    """

    def __init__(self, config: Config, precision: str = "float32", stage: Stage | None = None):
        self.stage = stage or stages_of(config)[-1]
        self.config = config = self.stage.config
        training, objective = config.training, config.objective
        self.loss = LOSSES[objective.name]
        self.scale = SCALES[objective.name]
        _reset_names()
        keras.utils.set_random_seed(training.seed)
        self.networks = self.build(config, precision)
        self.generator = self.networks.generator
        self.discriminator = self.networks.discriminator
        self.predictor, self.classifier = self.networks.predictor, self.networks.classifier
        self.judges_labels = len(self.discriminator.inputs) == 2
        self.combined = self.networks.combined()
        self.ema = None
        if training.ema_kimg is not None:
            self.ema = keras.models.clone_model(self.generator)
            self.ema.set_weights(self.generator.get_weights())
        self.cosine_steps = updates = d_updates = steps_of(training)
        self.share = None
        self.fades_by_time = self.stage.fades_in and self.stage.timed is not None
        if self.fades_by_time or (updates is None and is_scheduled(config)):
            self.share = _number()
        if updates is not None:
            d_updates = updates * training.n_critic * (2 if training.passes == "in_turn" else 1)
        self.generator_optimizer = make_optimizer(config.generator, updates, self.share)
        self.discriminator_optimizer = make_optimizer(config.discriminator, d_updates, self.share)
        self.seed = random.SeedGenerator(training.seed)
        self.augment_p = _number() if config.augment.p == "adaptive" else None
        self.path_mean = _number() if objective.path_weight else None
        self.micro_batch = None if training.micro_batch == "auto" else training.micro_batch
        self.distribution = keras.distribution.distribution()
        self.devices = self.distribution.device_mesh.shape[0] if self.distribution else 1
        self._copy = None
        # The weights that each update changes are listed here; the `trainable` flags are not used.
        self.generator_weights = list((self.predictor or self.generator).trainable_variables)
        self.discriminator_weights = list(
            (self.classifier or self.discriminator).trainable_variables
        )
        networks = [n for n in (self.generator, self.discriminator, self.ema) if n]
        layers = [layer for network in networks for layer in all_layers(network)]
        self.fades = [layer for layer in layers if isinstance(layer, FadeIn)]
        for layer in self.fades:
            layer.alpha.assign(0.0 if self.stage.fades_in else 1.0)
        fuse(layers)
        if self.path_mean is not None:
            own, joins = own_network(self.generator), label_layer(self.generator)
            self.synthesis = own.get_layer("synthesis")
            self.to_w = keras.Model(own.input, own.get_layer("styles").output)
            if joins:
                self.to_w = keras.Model(self.generator.inputs, self.to_w(joins.output))
        # A checkpoint would silently miss the state of an optimizer that is not built yet.
        self.generator_optimizer.build(self.generator_weights)
        self.discriminator_optimizer.build(self.discriminator_weights)

    def build(self, config: Config, precision: str) -> Networks:
        """Return the networks to train."""
        return build(config, precision)

    def sampler(self) -> keras.Model:
        """Return the generator for sampling: the EMA if there is one.

        Of networks on several devices it is a copy on one device, so that one process can sample
        alone. Each call copies the weights.
        """
        trained = self.ema or self.generator
        if self.distribution is None:
            return trained
        if self._copy is None:
            self._copy = keras.models.clone_model(trained)
        self._copy.set_weights(trained.get_weights())
        return self._copy

    @property
    def step(self) -> Tensor:
        """The number of steps done; a step ends with one update of the generator."""
        return self.generator_optimizer.iterations + self.stage.first

    @property
    def variables(self) -> list:
        """Every variable that a step reads or updates, in a fixed order."""
        share = [] if self.share is None else [self.share]
        return [*self.named_variables.values(), *share]

    def follow(self, step: int, seconds: float) -> None:
        """Tell schedules that end with training.minutes how much of the run is over.

        In a run that grows by time, how far the stage has faded in. Checkpoints need not hold it:
        it follows from the step and the seconds of training.
        """
        if self.fades_by_time:
            self.share.assign(self.stage.fade_at(step, seconds))
        elif self.share is not None:
            self.share.assign(share_over(self.config.training, step, seconds))

    def scheduled(self, value: float | tuple[float, float]) -> Tensor:
        """Return a number of the config, or its pair [start, end] at the current step."""
        if not isinstance(value, tuple):
            return value
        return Cosine(*value, self.cosine_steps, self.share)(self.step)

    @property
    def named_variables(self) -> dict[str, keras.Variable]:
        """All variables by their names in a checkpoint, such as "generator/003/kernel".

        Keras counts layers through a whole process, so its numbers are removed from the names.
        """
        parts = {
            "generator": self.generator.variables,
            "discriminator": self.discriminator.variables,
            "generator_optimizer": self.generator_optimizer.variables,
            "discriminator_optimizer": self.discriminator_optimizer.variables,
            "noise": [self.seed.state],
        }
        if self.predictor:
            shared = {id(variable) for variable in self.generator.variables}
            parts["predictor"] = [v for v in self.predictor.variables if id(v) not in shared]
        if self.classifier:
            shared = {id(variable) for variable in self.discriminator.variables}
            parts["classifier"] = [v for v in self.classifier.variables if id(v) not in shared]
        parts["average"] = self.ema.variables if self.ema else []
        parts["augment"] = [] if self.augment_p is None else [self.augment_p]
        parts["path"] = [] if self.path_mean is None else [self.path_mean]
        return {
            f"{part}/{index:03}/{re.sub(r'_[0-9]+', '', variable.path.split('/')[-1])}": variable
            for part, variables in parts.items()
            for index, variable in enumerate(variables)
        }

    def shard(self, rows: Tensor) -> Tensor:
        """Shard rows (B, ...) over the devices; return them unchanged on one device."""
        if self.devices == 1 or rows.shape[0] % self.devices:
            return rows
        return keras.distribution.distribute_tensor(
            rows, self.distribution.get_data_layout(rows.shape)
        )

    def latents(self, count: int) -> Tensor:
        """Draw standard normal latents, (count, latent_dim)."""
        size = self.config.model.latent_dim
        return self.shard(random.normal((count, size), seed=self.seed))

    def drop_labels(self, labels: Tensor | None) -> Tensor | None:
        """Replace some labels (B, A) by the null label 0, which generators then know too.

        In training.label_dropout of the rows, a random share of the labels: from none to all.
        """
        if labels is None:
            return None
        draw = random.uniform((labels.shape[0], labels.shape[1] + 2), seed=self.seed)
        chosen = draw[:, :1] < self.config.training.label_dropout
        return ops.where(chosen & (draw[:, 2:] < draw[:, 1:2]), 0, labels)

    def scores(self, images: Tensor, augmentation: dict, labels: Tensor | None = None) -> Tensor:
        """Return the training-mode scores (B, 1) of images (B, H, W, C), augmented as drawn."""
        return self._score(self.shard(images), augmentation, labels)

    def scores_and_gradients(
        self, images: Tensor, augmentation: dict, labels: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return `scores`, and their gradients with respect to the images (B, H, W, C)."""
        return backend.input_gradients(
            lambda images: self._score(images, augmentation, labels),
            self.shard(images),
            self.variables,
        )

    def _score(self, images, augmentation, labels):
        images = augment.apply(images, augmentation)
        judged = with_labels(images, self.shard(labels)) if self.judges_labels else images
        return self.discriminator(judged, training=True)

    def label_loss(self, images: Tensor, augmentation: dict, labels: Tensor) -> Tensor:
        """Return the classifier's loss on images, in another pass; the number 0 without one."""
        if self.classifier is None:
            return 0.0
        images = augment.apply(self.shard(images), augmentation)
        _, logits = self.classifier(images, training=True)
        sizes = map(len, self.config.model.label_values.values())
        return self.config.objective.label_weight * label_loss(logits, labels, sizes)

    def blend_with_coarse(self, real: Tensor) -> Tensor:
        """Set this step's alpha in the fade-in layers; return real images blended by it.

        Images (B, H, W, C) are blended with their half resolution, which is all that the first step
        of a stage sees (Karras et al. 2017, arXiv 1710.10196, fig. 2).
        """
        if not self.stage.fades_in:
            return real
        if self.fades_by_time:
            alpha = self.share
        else:
            alpha = ops.cast(self.generator_optimizer.iterations, "float32") / self.stage.fade
        # A run that is made longer does not fade out again.
        alpha = ops.clip(ops.maximum(alpha, self.fades[0].alpha), 0.0, 1.0)
        for layer in self.fades:
            layer.alpha.assign(alpha)
        halved = ops.average_pool(real, 2, 2)
        coarse = ops.repeat(ops.repeat(halved, 2, axis=1), 2, axis=2)
        return coarse + alpha * (real - coarse)

    def grow_from(self, smaller: TrainState) -> None:
        """Copy the state of the networks of half the size, except that of the optimizers.

        The optimizers start again, as in the original, and new layers have an alpha of 0.
        """
        _copy_layers(smaller.generator, self.generator)
        for own, other in (
            (self.discriminator, smaller.discriminator),
            (self.classifier, smaller.classifier),
        ):
            if own:
                _copy_layers(other, own)
        if self.ema:
            _copy_layers(smaller.ema, self.ema)
        self.seed.state.assign(smaller.seed.state)
        if self.augment_p is not None:
            self.augment_p.assign(smaller.augment_p)
        if self.path_mean is not None:
            self.path_mean.assign(smaller.path_mean)


def _number() -> keras.Variable:
    return keras.Variable(0.0, trainable=False)


def _reset_names() -> None:
    # TensorFlow sums in the order of names: networks built later in a process would round
    # differently.
    distribution = keras.distribution.distribution()  # which clearing forgets
    keras.utils.clear_session(free_memory=False)
    keras.distribution.set_distribution(distribution)


def _copy_layers(source: keras.Model, target: keras.Model) -> None:
    """Copy the weights of the layers that both have, by name; set new layers' fade to 0."""
    known = {layer.name: layer for layer in all_layers(source) if layer.weights}
    for layer in all_layers(target):
        if isinstance(layer, FadeIn):
            layer.alpha.assign(0.0)
        elif layer.name in known:
            for own, other in zip(layer.variables, known[layer.name].variables, strict=True):
                own.assign(other)


@contextmanager
def frozen_state(network: keras.Model) -> Iterator[None]:
    """Keep a network's stored statistics; in training mode it still uses those of the batch.

    The statistics of BatchNorm and the vectors of spectral normalization change only in the
    network's own update. Dropout is not affected.
    """
    # The sum copies the value, where TensorFlow would pass the variable itself on.
    kept = [(variable, ops.add(variable, 0)) for variable in network.non_trainable_weights]
    yield
    for variable, value in kept:
        variable.assign(value)
