"""The alternating step that trains every version on both backends.

It follows the eight points of the report's loop (ch. 6.1.3): 1. sample real images, 2. sample fake
images, 3. train the discriminator, 4. freeze it, 5. train the generator, 6. update the weights,
7. log, 8. save. Points 2 to 6 are here; 1, 7 and 8 are the loop's, in train_gan.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
from keras import ops, random

from anime_gan import backend
from anime_gan.backend import Tensor
from anime_gan.config.scores import correct
from anime_gan.networks.labels import with_labels
from anime_gan.training import augment
from anime_gan.training.penalties import ON_IMAGES, ON_POINTS, path_lengths
from anime_gan.training.state import TrainState, frozen_state


def compile_step(state: TrainState) -> Callable[..., dict[str, Tensor]]:
    """Return a compiled function from real images, and their labels, to a step's scalars.

    It takes (n_critic * batch_size, H, W, C), float32 in [-1, 1], and int32 (n_critic * batch_size,
    A) if the networks take labels: the discriminator trains once on each batch of them, then the
    generator once. The two updates are compiled separately, so that
    n_critic = 5 does not compile five copies; each with and without the lazy penalties.
    """
    variables, objective = state.variables, state.config.objective

    def compiled(half, lazy):
        return backend.compile_step(
            lambda real, *labels: half(state, real, lazy, *labels), variables
        )

    discriminator_half = {lazy: compiled(train_discriminator, lazy) for lazy in (True, False)}
    generator_half = {lazy: compiled(train_generator, lazy) for lazy in (True, False)}
    count = None

    def step(images, labels=None):
        # Counted on the host, because reading the device's count would block.
        nonlocal count
        count = int(state.step) if count is None else count + 1
        batch_size = len(images) // state.config.training.n_critic
        for start in range(0, len(images), batch_size):
            rows = slice(start, start + batch_size)
            real = [images[rows]] if labels is None else [images[rows], labels[rows]]
            scalars = discriminator_half[count % objective.penalty_every == 0](*real)
        with_paths = state.path_mean is not None and count % objective.path_every == 0
        return scalars | generator_half[with_paths](*real)

    return step


def train_discriminator(
    state: TrainState, real: Tensor, with_penalties: bool = True, labels: Tensor | None = None
) -> dict:
    """Update the discriminator once: points 2 and 3 of the report's loop.

    Args:
        real: images (B, H, W, C) in [-1, 1], float32.
        with_penalties: whether this step has the penalties, times objective.penalty_every (Karras
            et al. 2019, appendix B, without their correction of Adam's learning rate and betas).
        labels: of the images, (B, A); None if the networks take none. The fakes have the same.

    Returns:
        Scalars, as in docs/logs.md.
    """
    config, objective, batch_size = state.config, state.config.objective, real.shape[0]
    penalties = objective.penalties if with_penalties else ()
    real, labels = state.blend_with_coarse(real), state.drop_labels(labels)

    # 2. Sample fake images: in training mode, but without changing the generator's statistics.
    fake = _sample_fakes(state, batch_size, labels)

    # All random numbers but dropout's are drawn for the whole batch: micro-batches add up to it.
    images = {"fake": fake, "real": real}
    noise = _label_noise(state, batch_size)
    noises = [noise[:batch_size], noise[batch_size:]]
    augmentation = {side: _augmentation(state, images[side]) for side in images}
    seen = images, augmentation, labels
    on_points = [ON_POINTS[name] for name in penalties if name in ON_POINTS]
    points = [(sample(fake, real, state.seed), cost) for sample, cost in on_points]
    on_images = [ON_IMAGES[name] for name in penalties if name in ON_IMAGES]
    penalized = {side for side, _ in on_images}
    gamma = state.scheduled(objective.gamma) * objective.penalty_every

    # 3. Train the discriminator on real and fake images.
    def loss(trained: tuple[str, ...], part: Callable):
        scores, gradients = _score_sides(state, seen, trained, part, penalized)
        d_loss = state.loss.discriminator(
            scores.get("fake"), scores.get("real"), *map(part, noises)
        )
        penalty = sum(cost(gradients[side]) for side, cost in on_images if side in trained)
        for own, cost in points if "real" in trained else ():
            with frozen_state(state.discriminator):
                at = part(own), part(augmentation["real"]), part(labels)
                penalty += cost(state.scores_and_gradients(*at)[1])
        penalty = ops.convert_to_tensor(penalty, d_loss.dtype)  # without any it is the number 0
        outputs = {"d_loss": d_loss, "penalty": penalty, "scores": scores}
        total = d_loss + gamma * penalty
        if objective.drift and "real" in scores:  # Karras et al. 2017, appendix A.1
            total += objective.drift * ops.mean(ops.square(scores["real"]))
        if state.classifier:
            total += _label_losses(state, seen, trained, part)
        return total, outputs | _parts_of_loss(state, scores, noises, part)

    in_turn = config.training.passes == "in_turn"
    turns = [("real",), ("fake",)] if in_turn else [("fake", "real")]
    optimizer, clip = state.discriminator_optimizer, config.discriminator.weight_clip
    rate = ops.convert_to_tensor(optimizer.learning_rate)
    own = (state, optimizer, state.discriminator_weights)
    updates = [_update(*own, partial(loss, trained), batch_size, clip) for trained in turns]
    return _discriminator_scalars(state, updates, batch_size, bool(penalties)) | {"d_rate": rate}


def train_generator(
    state: TrainState, real: Tensor, with_paths: bool = True, labels: Tensor | None = None
) -> dict:
    """Update the generator once on fresh noise: points 4 to 6 of the report's loop.

    Args:
        real: images (B, H, W, C) as for the discriminator; only a paired loss uses them.
        with_paths: whether this step regularizes path lengths, times objective.path_every.
        labels: as for the discriminator, of the images to generate.

    Returns:
        Scalars, as in docs/logs.md.
    """
    config, paired = state.config, state.scale.paired
    with_paths = with_paths and state.path_mean is not None
    real, labels = state.blend_with_coarse(real), state.drop_labels(labels)
    latents = state.latents(real.shape[0])
    sides = ("fake", "real") if paired else ("fake",)
    augmentation = {side: _augmentation(state, real) for side in sides}

    # 4. Freeze the discriminator: its weights are not listed, and its statistics stay.
    # 5. Train the generator on fake images, from fresh noise.
    def loss(part: Callable):
        latent, own_labels, extra = part(latents), part(labels), 0.0
        inputs = with_labels(latent, own_labels)
        if state.predictor:
            fake, guess = state.predictor(inputs, training=True)
            extra = ops.mean(ops.square(guess - latent)) * config.objective.latent_weight
        else:
            fake = state.generator(inputs, training=True)
        with frozen_state(state.discriminator):
            drawn = part(augmentation["fake"])
            fake_scores, real_scores = state.scores(fake, drawn, own_labels), None
            if state.classifier:
                extra += state.label_loss(fake, drawn, own_labels)
            if paired:
                real_scores = state.scores(part(real), part(augmentation["real"]), own_labels)
        g_loss = state.loss.generator(fake_scores, real_scores)
        outputs = {"g_loss": g_loss}
        if with_paths:
            outputs["path_lengths"] = lengths = _path_lengths(state, latent, own_labels)
            weight = config.objective.path_weight * config.objective.path_every
            extra += weight * ops.mean(ops.square(lengths - state.path_mean))
        return g_loss + extra, outputs

    # 6. Update the generator by gradient descent.
    rate = ops.convert_to_tensor(state.generator_optimizer.learning_rate)
    own = (state, state.generator_optimizer, state.generator_weights)
    outputs = _update(*own, loss, real.shape[0], config.generator.weight_clip)
    if state.ema:
        _update_ema(state, real.shape[0])
    scalars = {"g_loss": ops.mean(outputs["g_loss"]), "g_rate": rate}
    if with_paths:
        length = ops.mean(outputs["path_lengths"])
        state.path_mean.assign(state.path_mean + 0.01 * (length - state.path_mean))
        scalars["path_length"] = length
    return scalars


def _part(state, start, size: int) -> Callable:
    """Return a function from tensors, also in a dict, to their `size` rows from `start` on.

    It returns None for None.
    """

    def rows(tensor):
        if size == tensor.shape[0]:
            return tensor
        first = (start, *[0] * (len(tensor.shape) - 1))
        return state.shard(ops.slice(tensor, first, (size, *tensor.shape[1:])))

    return lambda tree: None if tree is None else keras.tree.map_structure(rows, tree)


def _over_parts(state, batch_size: int, body):
    """Call body(carry, part) for each micro-batch in order.

    `body` returns the next carry and a list or dict of outputs; the first carry is None.
    Returns the last carry, and the outputs with a first axis of micro-batches.
    """
    size = state.micro_batch or batch_size
    if size == batch_size:
        carry, outputs = body(None, _part(state, 0, size))
        return carry, keras.tree.map_structure(lambda one: ops.expand_dims(one, 0), outputs)
    return backend.scan(
        lambda carry, start: body(carry, _part(state, start, size)),
        ops.arange(0, batch_size, size),
        state.variables,
    )


def _join_parts(outputs):  # (parts, size, ...) -> (B, ...)
    return ops.reshape(outputs, (-1, *outputs.shape[2:]))


def _update(state, optimizer, weights, loss, batch_size: int, limit: float | None) -> dict:
    """Update `weights` by the mean gradient of loss(part), then clip them to [-limit, limit].

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


def _sample_fakes(state, batch_size: int, labels):
    """Return generated images (B, H, W, C) without changing the generator's statistics."""
    latents = state.latents(batch_size)

    def body(_, part):
        inputs = with_labels(part(latents), part(labels))
        return [], [state.generator(inputs, training=True)]

    with frozen_state(state.generator):
        _, fakes = _over_parts(state, batch_size, body)
    return _join_parts(fakes[0])


def _label_noise(state, batch_size: int):
    """Return what is added to the labels of a fake and a real batch, (2 B, 1)."""
    limit = state.config.training.label_noise
    if not limit:
        return ops.zeros((2 * batch_size, 1))
    return limit * random.uniform((2 * batch_size, 1), seed=state.seed)


def _augmentation(state, images) -> dict:
    """Draw how images are augmented for the discriminator, and the noise that it sees on them."""
    p, config = state.augment_p, state.config
    if p is None:
        p = state.scheduled(config.augment.p)
    noise = state.scheduled(config.discriminator.noise)
    return augment.draw(config.augment, images, p, state.seed, noise)


def _score_sides(state, seen, trained, part, penalized):
    """Return the scores of a part of both sides, and the gradients of the penalized, by side.

    seen: images and augmentation by side, and the labels of both. trained: the sides.
    Real and fake ones share one pass if passes is together and both or neither need gradients.
    """
    same = len(penalized.intersection(trained)) in (0, len(trained))
    (images, augmentation, labels), own = seen, None
    together = state.config.training.passes == "together" and same
    scores, gradients = {}, {}
    for group in [trained] if together else [(side,) for side in reversed(trained)]:
        inputs = _join([part(images[side]) for side in group])
        drawn = [part(augmentation[side]) for side in group]
        joined = {key: _join([one[key] for one in drawn]) for key in drawn[0]}
        if labels is not None:
            own = _join([part(labels)] * len(group))
        if group[0] in penalized:
            both, found = state.scores_and_gradients(inputs, joined, own)
            gradients |= zip(group, ops.split(found, len(group)), strict=True)
        else:
            both = state.scores(inputs, joined, own)
        scores |= zip(group, _split_scores(both, len(group)), strict=True)
    return scores, gradients


def _label_losses(state, seen, trained, part):
    """Return the classifier's losses on a part of both sides."""
    images, augmentation, labels = seen
    sides = [(part(images[side]), part(augmentation[side])) for side in trained]
    return sum(state.label_loss(*side, part(labels)) for side in sides)


def _parts_of_loss(state, scores: dict, noises: list, part: Callable) -> dict:
    """Return the terms of the discriminator's loss by side; none of a loss that compares pairs."""
    if state.scale.paired:
        return {}
    alone = {"fake": (scores.get("fake"), None), "real": (None, scores.get("real"))}
    return {
        f"d_loss_{side}": state.loss.discriminator(*alone[side], *map(part, noises))
        for side in scores
    }


def _join(parts: list):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts)


def _split_scores(scores, count: int) -> list:
    """Return `count` equal parts of scores, each with its part of the logits that Keras stores.

    Keras stores the logits of a sigmoid, and computes the cross-entropy from them.
    """
    if count == 1:
        return [scores]
    parts, logits = ops.split(scores, count), getattr(scores, "_keras_logits", None)
    if logits is not None:
        for part, own in zip(parts, ops.split(logits, count), strict=True):
            part._keras_logits = own
    return parts


def _path_lengths(state, latents, labels):
    """Return the path lengths of the first half of the latents: (B // 2,).

    The norm of the gradient of sum(image * noise) with respect to w (Karras et al. 2019, 3.2).
    """
    half = max(1, latents.shape[0] // 2)
    latents = state.shard(latents[:half])
    labels = None if labels is None else state.shard(labels[:half])
    with frozen_state(state.generator):
        w = state.to_w(with_labels(latents, labels), training=True)
        size = state.synthesis.output_shape[1:]
        noise = random.normal((latents.shape[0], *size), seed=state.seed)
        noise = noise / (size[0] * size[1]) ** 0.5

        def score(w):
            images = state.synthesis(w, training=True)
            return ops.sum(images * noise, axis=(1, 2, 3))[:, None]

        _, gradients = backend.input_gradients(score, w, state.variables)
    return path_lengths(gradients)


def _update_ema(state, images: int) -> None:
    """Update the EMA; after a half-life, the old values have a weight of 0.5."""
    training, stage = state.config.training, state.stage
    images *= training.n_critic  # as kimg are counted
    half_life = 1000 * state.scheduled(training.ema_kimg)
    if training.ema_ramp is not None:  # else a short run's EMA would hold its first steps
        steps = ops.cast(state.step - stage.first, "float32")
        seen = stage.seen * training.n_critic + steps * training.images_per_step
        half_life = ops.minimum(half_life, training.ema_ramp * seen)
    share = ops.power(0.5, images / ops.maximum(half_life, 1e-6))
    for mean, new in zip(state.ema.weights, state.generator.weights, strict=True):
        mean.assign(new + share * (mean - new))


def _discriminator_scalars(state, updates: list[dict], batch_size: int, penalized: bool) -> dict:
    """Return the scalars of a discriminator's update, and adapt the augmentation to them."""
    scores = {name: one for update in updates for name, one in update["scores"].items()}
    fake, real = _join_parts(scores["fake"]), _join_parts(scores["real"])
    label_noise = state.config.training.label_noise
    fake_accuracy, real_accuracy = correct(state.scale, fake, real, label_noise)
    scalars = {
        # In turn, real and fake losses are added; over micro-batches, the mean is taken.
        "d_loss": sum(ops.mean(update["d_loss"]) for update in updates),
        "real_score": ops.mean(real),
        "fake_score": ops.mean(fake),
        "real_accuracy": real_accuracy,
        "fake_accuracy": fake_accuracy,
    }
    for update in updates:
        scalars |= {k: ops.mean(one) for k, one in update.items() if k.startswith("d_loss_")}
    if penalized:
        scalars["penalty"] = sum(ops.mean(update["penalty"]) for update in updates)
    if state.augment_p is not None:
        scalars["augment_p"] = ops.add(state.augment_p, 0)
        state.augment_p.assign(
            augment.adapted(state.config.augment, state.augment_p, real_accuracy, batch_size)
        )
    return scalars
