"""The alternating step that trains every version on both backends.

It follows the eight points of the report's loop (ch. 6.1.3): 1. sample real images, 2. sample fake
images, 3. train the discriminator, 4. freeze it, 5. train the generator, 6. update the weights,
7. log, 8. save. Points 2 to 6 are here; 1, 7 and 8 are the loop's, in train_gan.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops, random

from anime_gan import backend
from anime_gan.training import augment
from anime_gan.training.penalties import PENALTIES, OnImages, OnPoints, path_lengths
from anime_gan.training.schedules import value_at
from anime_gan.training.state import TrainState, frozen_state

Tensor = Any


def compile_step(state: TrainState) -> Callable[[Tensor], dict[str, Tensor]]:
    """Return a compiled function from real images to a step's scalars.

    It takes (n_critic * batch_size, H, W, C), float32 in [-1, 1]: the discriminator trains once on
    each batch of them, then the generator once. Each half is compiled by itself, so that five
    updates of a critic are not five copies of one; and both with and without lazy regularization.
    """
    variables, objective = state.variables, state.config.objective

    def compiled(half, lazy):
        return backend.compile_step(lambda real: half(state, real, lazy), variables)

    discriminator_half = {lazy: compiled(train_discriminator, lazy) for lazy in (True, False)}
    generator_half = {lazy: compiled(train_generator, lazy) for lazy in (True, False)}
    count = None

    def step(images):
        # Counted here: asking the device for its count would wait for it.
        nonlocal count
        count = int(state.step) if count is None else count + 1
        batch_size = len(images) // state.config.training.n_critic
        for start in range(0, len(images), batch_size):
            real = images[start : start + batch_size]
            scalars = discriminator_half[count % objective.penalty_every == 0](real)
        with_paths = state.path_mean is not None and count % objective.path_every == 0
        return scalars | generator_half[with_paths](real)

    return step


def train_discriminator(state: TrainState, real: Tensor, with_penalties: bool = True) -> dict:
    """Update the discriminator once: points 2 and 3 of the report's loop.

    Args:
        real: images (B, H, W, C) in [-1, 1], float32.
        with_penalties: whether this step has the penalties of all objective.penalty_every steps
            (lazy regularization, Karras et al. 2019, appendix B, without its correction of Adam's
            learning rate and betas by k / (k + 1)).

    Returns:
        Scalars, as in docs/logs.md.
    """
    config, objective = state.config, state.config.objective
    batch_size = real.shape[0]
    real = state.blend_with_coarse(real)

    # 2. Sample fake images by the generator: in training mode, but this is not its half.
    fake = _sample_fakes(state, batch_size)

    # Everything random is drawn for the whole batch, so that micro batches add up to it.
    noise = _label_noise(state, batch_size)
    sides = {
        "fake": Side(fake, _augmentation(state, fake), noise[:batch_size]),
        "real": Side(real, _augmentation(state, real), noise[batch_size:]),
    }
    penalties = [PENALTIES[name] for name in objective.penalties if with_penalties]
    points = [
        (penalty.cost, penalty.points(fake, real, state.seed))
        for penalty in penalties
        if isinstance(penalty, OnPoints)
    ]
    on_images = [penalty for penalty in penalties if isinstance(penalty, OnImages)]
    gamma = value_at(objective.gamma, state.step, config.training) * objective.penalty_every

    # 3. Train the discriminator on real and fake images.
    def loss(trained: tuple[str, ...], part: Part):
        scores, gradients = _score_sides(state, sides, trained, part, on_images)
        noises = [part(sides[name].label_noise) for name in ("fake", "real")]
        d_loss = state.loss.discriminator(scores.get("fake"), scores.get("real"), *noises)
        penalty = sum(p.cost(gradients[p.side]) for p in on_images if p.side in trained)
        for cost, images in points if "real" in trained else ():
            with frozen_state(state.discriminator):
                drawn = part(sides["real"].augmentation)
                penalty += cost(state.scores_and_gradients(part(images), drawn)[1])
        penalty = ops.convert_to_tensor(penalty, d_loss.dtype)  # without any it is a plain 0
        return d_loss + gamma * penalty, {"d_loss": d_loss, "penalty": penalty, "scores": scores}

    in_turn = config.training.passes == "in_turn"
    updates = [
        _update(
            state,
            state.discriminator_optimizer,
            state.discriminator_weights,
            lambda part, trained=trained: loss(trained, part),
            batch_size,
            config.discriminator.weight_clip,
        )
        for trained in ([("real",), ("fake",)] if in_turn else [("fake", "real")])
    ]
    return _discriminator_scalars(state, updates, batch_size, bool(penalties))


def train_generator(state: TrainState, real: Tensor, with_paths: bool = True) -> dict:
    """Update the generator once on fresh noise: points 4 to 6 of the report's loop.

    Args:
        real: images (B, H, W, C) as for the discriminator; only a paired loss uses them.
        with_paths: whether this step regularizes path lengths, for all objective.path_every steps.

    Returns:
        Scalars, as in docs/logs.md.
    """
    config, paired = state.config, state.scale.paired
    with_paths = with_paths and state.path_mean is not None
    real = state.blend_with_coarse(real)
    latents = state.latents(real.shape[0])
    augmentation = {"fake": _augmentation(state, real)}
    if paired:
        augmentation["real"] = _augmentation(state, real)

    # 4. Freeze the discriminator: its weights are not listed, and its statistics stay.
    # 5. Train the generator on fake images, from fresh noise.
    def loss(part: Part):
        latent, extra = part(latents), 0.0
        if state.predictor:
            fake, guess = state.predictor(latent, training=True)
            extra = ops.mean(ops.square(guess - latent)) * config.objective.latent_weight
        else:
            fake = state.generator(latent, training=True)
        with frozen_state(state.discriminator):
            fake_scores = state.scores(fake, part(augmentation["fake"]))
            real_scores = state.scores(part(real), part(augmentation["real"])) if paired else None
        g_loss = state.loss.generator(fake_scores, real_scores)
        outputs = {"g_loss": g_loss}
        if with_paths:
            outputs["path_lengths"] = lengths = _path_lengths(state, latent)
            weight = config.objective.path_weight * config.objective.path_every
            extra += weight * ops.mean(ops.square(lengths - state.path_mean))
        return g_loss + extra, outputs

    # 6. Update the generator by gradient descent.
    outputs = _update(
        state,
        state.generator_optimizer,
        state.generator_weights,
        loss,
        real.shape[0],
        config.generator.weight_clip,
    )
    if state.ema:
        _update_ema(state, real.shape[0])
    scalars = {"g_loss": ops.mean(outputs["g_loss"])}
    if with_paths:
        length = ops.mean(outputs["path_lengths"])
        state.path_mean.assign(state.path_mean + 0.01 * (length - state.path_mean))
        scalars["path_length"] = length
    return scalars


@dataclass(frozen=True)
class Side:
    """The real or the fake half of what a discriminator is trained on.

    images: (B, H, W, C). augmentation: as drawn by augment.draw. label_noise: (B, 1).
    """

    images: Tensor
    augmentation: dict
    label_noise: Tensor


@dataclass(frozen=True)
class Part:
    """A micro batch: `size` rows of a batch from `start` on. Called with tensors, returns theirs.

    shard: TrainState.shard, which places rows on several devices.
    """

    shard: Callable
    start: Any
    size: int

    def __call__(self, tensors):
        if isinstance(tensors, dict):
            return {key: self(value) for key, value in tensors.items()}
        if self.size == tensors.shape[0]:
            return tensors
        start = (self.start, *[0] * (len(tensors.shape) - 1))
        return self.shard(ops.slice(tensors, start, (self.size, *tensors.shape[1:])))


def _over_parts(state, batch_size: int, body):
    """Call body(carry, part) for each micro batch of a batch, one after the other.

    It returns the next carry, which is None at first, and a list or dict of outputs.
    Returns the last carry, and the outputs with a first axis of parts.
    """
    size = state.micro_batch or batch_size
    if size == batch_size:
        carry, outputs = body(None, Part(state.shard, 0, batch_size))
        return carry, keras.tree.map_structure(lambda one: ops.expand_dims(one, 0), outputs)
    return backend.scan(
        lambda carry, start: body(carry, Part(state.shard, start, size)),
        ops.arange(0, batch_size, size),
        state.variables,
    )


def _join_parts(outputs):  # (parts, size, ...) -> (B, ...)
    return ops.reshape(outputs, (-1, *outputs.shape[2:]))


def _update(state, optimizer, weights, loss, batch_size: int, limit: float | None) -> dict:
    """Update `weights` by the mean gradient of loss(part) over the parts of a batch.

    Afterwards they are clipped to [-limit, limit]; None clips nothing.
    Returns the auxiliary values of the loss, each with a first axis of parts.
    """

    def add(total, part):
        _, outputs, gradients = backend.gradients(lambda: loss(part), weights, state.variables)
        if total is not None:
            gradients = [a + b for a, b in zip(total, gradients, strict=True)]
        return gradients, outputs

    total, outputs = _over_parts(state, batch_size, add)
    parts = batch_size // (state.micro_batch or batch_size)
    optimizer.apply([gradient / parts for gradient in total], weights)
    if limit is not None:
        for weight in weights:
            weight.assign(ops.clip(weight, -limit, limit))
    return outputs


def _sample_fakes(state, batch_size: int):
    """Return generated images (B, H, W, C), the generator left as it is."""
    latents = state.latents(batch_size)
    with frozen_state(state.generator):
        _, fakes = _over_parts(
            state,
            batch_size,
            lambda _, part: ([], [state.generator(part(latents), training=True)]),
        )
    return _join_parts(fakes[0])


def _label_noise(state, batch_size: int):
    """Return what is added to the labels of a fake and a real batch, (2 B, 1)."""
    limit = state.config.training.label_noise
    if not limit:
        return ops.zeros((2 * batch_size, 1))
    return limit * random.uniform((2 * batch_size, 1), seed=state.seed)


def _augmentation(state, images) -> dict:
    """Draw how images are augmented for the discriminator."""
    p, config = state.augment_p, state.config
    if p is None:
        p = value_at(config.augment.p, state.step, config.training)
    return augment.draw(config.augment, images, p, state.seed)


def _score_sides(state, sides, trained, part, on_images):
    """Return the scores of a part of both sides, and the gradients that penalties need, by side.

    Both go through the discriminator in one pass where they may and need the same.
    """
    penalized = [name for name in trained if any(p.side == name for p in on_images)]
    same = len(penalized) in (0, len(trained))
    together = state.config.training.passes == "together" and same
    scores, gradients = {}, {}
    for group in [trained] if together else [(name,) for name in reversed(trained)]:
        images = _join([part(sides[name].images) for name in group])
        drawn = [part(sides[name].augmentation) for name in group]
        augmentation = {key: _join([one[key] for one in drawn]) for key in drawn[0]}
        if group[0] in penalized:
            both, found = state.scores_and_gradients(images, augmentation)
            gradients |= zip(group, ops.split(found, len(group)), strict=True)
        else:
            both = state.scores(images, augmentation)
        scores |= zip(group, _split_scores(both, len(group)), strict=True)
    return scores, gradients


def _join(parts: list):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts)


def _split_scores(scores, count: int) -> list:
    """Return `count` equal parts of scores.

    Keras remembers the logits behind a sigmoid and takes cross-entropy of them; so do the parts.
    """
    parts = ops.split(scores, count) if count > 1 else [scores]
    logits = getattr(scores, "_keras_logits", None)
    if logits is not None and count > 1:
        for part, own in zip(parts, ops.split(logits, count), strict=True):
            part._keras_logits = own
    return parts


def _path_lengths(state, latents):
    """Return how far images move with w, for half of some latents: (B // 2,).

    For each image, the norm of the gradient of sum(image * noise) by w (Karras et al. 2019, 3.2).
    """
    latents = state.shard(latents[: max(1, latents.shape[0] // 2)])
    with frozen_state(state.generator):
        w = state.to_w(latents, training=True)
        size = state.synthesis.output_shape[1:]
        noise = random.normal((latents.shape[0], *size), seed=state.seed)
        noise = noise / (size[0] * size[1]) ** 0.5

        def score(w):
            images = state.synthesis(w, training=True)
            return ops.sum(images * noise, axis=(1, 2, 3))[:, None]

        _, gradients = backend.input_gradients(score, w, state.variables)
    return path_lengths(gradients)


def _update_ema(state, images: int) -> None:
    """Move the EMA towards the generator; after a half-life, half of the past is left."""
    half_life = 1000 * value_at(state.config.training.ema_kimg, state.step, state.config.training)
    share = ops.power(0.5, images / ops.maximum(half_life, 1e-6))
    for mean, new in zip(state.ema.weights, state.generator.weights, strict=True):
        mean.assign(new + share * (mean - new))


def _discriminator_scalars(state, updates: list[dict], batch_size: int, penalized: bool) -> dict:
    """Return the scalars of a discriminator's update, and adapt the augmentation to them."""
    scores = {name: one for update in updates for name, one in update["scores"].items()}
    fake, real = _join_parts(scores["fake"]), _join_parts(scores["real"])
    label_noise = state.config.training.label_noise
    fake_accuracy, real_accuracy = state.scale.correct(fake, real, label_noise)
    scalars = {
        # In turn, real and fake are two halves of one loss; micro batches are parts of a mean.
        "d_loss": sum(ops.mean(update["d_loss"]) for update in updates),
        "real_score": ops.mean(real),
        "fake_score": ops.mean(fake),
        "real_accuracy": real_accuracy,
        "fake_accuracy": fake_accuracy,
    }
    if penalized:
        scalars["penalty"] = sum(ops.mean(update["penalty"]) for update in updates)
    if state.augment_p is not None:
        scalars["augment_p"] = ops.add(state.augment_p, 0)
        state.augment_p.assign(
            augment.adapted(state.config.augment, state.augment_p, real_accuracy, batch_size)
        )
    return scalars
