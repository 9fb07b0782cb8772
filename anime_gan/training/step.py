"""The one alternating step that trains every version on both backends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops, random

from anime_gan import backend
from anime_gan.training import augment
from anime_gan.training.penalties import PENALTIES, path_lengths
from anime_gan.training.schedules import value_at
from anime_gan.training.state import Gan, frozen_state


def compile_step(gan: Gan):
    """Return a function from real pictures to a step's scalars, compiled.

    It takes (n_critic * batch_size, H, W, C), float32 in [-1, 1]: the discriminator trains once on
    each batch of them, then the generator once. The two halves are compiled on their own, so that
    five critic steps are not five copies of one; each is compiled with and without what
    is paid for only every so many steps.
    """
    state, objective = gan.variables, gan.config.objective
    discriminate = {
        paid: backend.compile_step(
            lambda real, paid=paid: train_discriminator(gan, real, paid), state
        )
        for paid in (True, False)
    }
    generate = {
        paid: backend.compile_step(lambda real, paid=paid: train_generator(gan, real, paid), state)
        for paid in (True, False)
    }
    count = None

    def step(pictures):
        # Counted here, since asking the device for its count would wait for it.
        nonlocal count
        count = int(gan.step) if count is None else count + 1
        batch = len(pictures) // gan.config.training.n_critic
        for start in range(0, len(pictures), batch):  # of the host or of the device
            real = pictures[start : start + batch]
            scalars = discriminate[count % objective.penalty_every == 0](real)
        paid = gan.path_mean is not None and count % objective.path_every == 0
        return scalars | generate[paid](real)

    return step


def train_discriminator(gan: Gan, real, penalised: bool = True):
    """Train the discriminator once: steps 2 and 3 of the report's eight (ch. 6.1.3).

    real: pictures (B, H, W, C) in [-1, 1], float32; step 1, sampling them, is the loader's.
    penalised: whether the penalties are paid, for all steps of objective.penalty_every at once
        (lazy regularisation, Karras et al. 2019, appendix B; the correction of Adam's rate and
        betas by k / (k + 1), which goes with it there, is left out).
    Returns scalars: `d_loss`, the mean scores of real and fake pictures, the shares of each taken
    for what they are, and `penalty` and `augment_p` where there are such.
    """
    config, objective = gan.config, gan.objective
    batch, noise_limit = real.shape[0], config.training.label_noise
    real = gan.faded(real)

    # 2. Sample fake images by the generator; it is in training mode, but this is not its step.
    latents = gan.latents(batch)
    with frozen_state(gan.generator):
        _, fakes = _by_parts(
            gan, batch, lambda _, part: ([], [gan.generator(part(latents), training=True)])
        )
    fake = _joined_parts(fakes[0])

    # All that is drawn is drawn for the whole batch, so that parts of it add up to the whole.
    noise = (
        noise_limit * random.uniform((2 * batch, 1), seed=gan.seed)
        if noise_limit
        else ops.zeros((2 * batch, 1))
    )
    batches = {
        "fake": (fake, _augmentation(gan, fake), noise[:batch]),
        "real": (real, _augmentation(gan, real), noise[batch:]),
    }
    penalties = [PENALTIES[name] for name in config.objective.penalties if penalised]
    points = [p.at(fake, real, gan.seed) for p in penalties if callable(p.at)]

    # 3. Train the discriminator on real and fake images.
    def loss(kinds, part):
        scores, slopes = _scores(gan, batches, kinds, part, penalties)
        noises = [part(batches[kind][2]) for kind in ("fake", "real")]
        value = objective.discriminator(scores.get("fake"), scores.get("real"), *noises)
        cost = sum(p.cost(slopes[p.at]) for p in penalties if p.at in kinds)
        if "real" in kinds:
            cost += _cost_at(gan, penalties, points, batches["real"][1], part)
        gamma = value_at(config.objective.gamma, gan.step, config.training)
        gamma *= config.objective.penalty_every
        cost = ops.convert_to_tensor(cost, value.dtype)  # without penalties it is a plain 0
        return value + gamma * cost, {"value": value, "cost": cost, "scores": scores}

    turns = [("real",), ("fake",)] if config.training.passes == "in_turn" else [("fake", "real")]
    outcomes = []
    for kinds in turns:
        outcomes.append(
            _descend(
                gan,
                gan.discriminator_optimizer,
                gan.discriminator_weights,
                lambda part, kinds=kinds: loss(kinds, part),
                batch,
                config.discriminator.weight_clip,
            )
        )
    return _report(gan, outcomes, batch, bool(penalties))


def train_generator(gan: Gan, real, penalised: bool = True):
    """Train the generator once on fresh noise, steps 4 to 6 of the report's eight.

    real: pictures (B, H, W, C) as for the discriminator; only a paired objective looks at them.
    penalised: whether the lengths of paths are paid for, for all steps of objective.path_every.
    Returns the scalar `g_loss`, and `path_length` where it is paid for. Steps 7 and 8, logging and
    saving, are the caller's.
    """
    config, objective = gan.config, gan.objective
    penalised = penalised and gan.path_mean is not None
    real = gan.faded(real)
    latents = gan.latents(real.shape[0])
    drawn_fake, drawn_real = _augmentation(gan, real), {}
    if objective.paired:
        drawn_real = _augmentation(gan, real)

    # 4. Freeze the discriminator: its weights are not listed, and its statistics stay.
    # 5. Train the generator on fake images, from fresh noise.
    def loss(part):
        cost, latent = 0.0, part(latents)
        if gan.predictor:
            pictures, guess = gan.predictor(latent, training=True)
            cost = ops.mean(ops.square(guess - latent)) * config.objective.latent_weight
        else:
            pictures = gan.generator(latent, training=True)
        with frozen_state(gan.discriminator):
            fake_scores, _ = gan.judge(pictures, _of(part, drawn_fake))
            real_scores = None
            if objective.paired:
                real_scores, _ = gan.judge(part(real), _of(part, drawn_real))
        value = objective.generator(fake_scores, real_scores)
        kept = {"value": value}
        if penalised:
            kept["lengths"] = lengths = _path_lengths(gan, latent)
            weight = config.objective.path_weight * config.objective.path_every
            cost += weight * ops.mean(ops.square(lengths - gan.path_mean))
        return value + cost, kept

    # 6. Update losses and perform gradient descent.
    kept = _descend(
        gan,
        gan.generator_optimizer,
        gan.generator_weights,
        loss,
        real.shape[0],
        config.generator.weight_clip,
    )
    if gan.average:
        _follow(gan, real.shape[0])
    scalars = {"g_loss": ops.mean(kept["value"])}
    if penalised:
        length = ops.mean(kept["lengths"])
        gan.path_mean.assign(gan.path_mean + 0.01 * (length - gan.path_mean))
        scalars["path_length"] = length
    return scalars


def _path_lengths(gan, latents):
    """Return how far pictures move with their styles, for half of some latents: (B // 2,).

    For each picture, the length of the slope of (picture x noise) with respect to its styles, the
    root of the mean over layers of the squared norm (Karras et al. 2019, 3.2).
    """
    latents = gan.spread(latents[: max(1, latents.shape[0] // 2)])
    with frozen_state(gan.generator):
        w = gan.to_styles(latents, training=True)
        size = gan.synthesis.output_shape[1:]
        noise = random.normal((latents.shape[0], *size), seed=gan.seed) / (size[0] * size[1]) ** 0.5

        def score(w):
            pictures = gan.synthesis(w, training=True)
            return ops.sum(pictures * noise, axis=(1, 2, 3))[:, None]

        _, slopes = backend.input_gradients(score, w, gan.variables)
    return path_lengths(slopes)


def _descend(gan, optimizer, weights, loss, batch: int, limit: float | None) -> dict:
    """Update `weights` by the mean gradient of loss(part) over the parts of a batch.

    Afterwards they are clipped to [-limit, limit]; None clips nothing.
    Returns the auxiliary values of the parts, each with a first axis of theirs.
    """

    def add(total, part):
        _, kept, slopes = backend.gradients(lambda: loss(part), weights, gan.variables)
        if total is not None:
            slopes = [a + b for a, b in zip(total, slopes, strict=True)]
        return slopes, kept

    total, kept = _by_parts(gan, batch, add)
    parts = batch // (gan.micro_batch or batch)
    optimizer.apply([slope / parts for slope in total], weights)
    if limit is not None:
        for weight in weights:
            weight.assign(ops.clip(weight, -limit, limit))
    return kept


def _by_parts(gan, batch: int, body):
    """Call body(carry, part) for each micro batch of a batch, one after the other.

    It returns the next carry, which is None at first, and a list or dict of what is to be kept.
    Returns the last carry, and what was kept with a first axis of the parts.
    """
    size = gan.micro_batch or batch
    if size == batch:
        carry, kept = body(None, _Part(gan.spread, 0, batch))
        return carry, keras.tree.map_structure(lambda one: ops.expand_dims(one, 0), kept)
    return backend.scan(
        lambda carry, start: body(carry, _Part(gan.spread, start, size)),
        ops.arange(0, batch, size),
        gan.variables,
    )


def _scores(gan, batches, kinds, part, penalties):
    """Return scores and wanted slopes by kind, for a part of the batches.

    Both kinds go through the discriminator in one pass where they may and are wanted alike.
    """
    wanted = [kind for kind in kinds if any(p.at == kind for p in penalties)]
    together = gan.config.training.passes == "together" and len(wanted) in (0, len(kinds))
    scores, slopes = {}, {}
    for group in [kinds] if together else [(kind,) for kind in reversed(kinds)]:
        pictures = _joined([part(batches[kind][0]) for kind in group])
        drawn = [_of(part, batches[kind][1]) for kind in group]
        drawn = {key: _joined([d[key] for d in drawn]) for key in drawn[0]}
        both, both_slopes = gan.judge(pictures, drawn, slopes=group[0] in wanted)
        for kind, ours in zip(group, _split(both, len(group)), strict=True):
            scores[kind] = ours
        if both_slopes is not None:
            for kind, ours in zip(group, ops.split(both_slopes, len(group)), strict=True):
                slopes[kind] = ours
    return scores, slopes


def _cost_at(gan, penalties, points, drawn, part):
    """Return the sum of the costs of penalties that take the slope at points of their own."""
    cost = 0.0
    own = [penalty for penalty in penalties if callable(penalty.at)]
    for penalty, pictures in zip(own, points, strict=True):
        with frozen_state(gan.discriminator):
            _, slopes = gan.judge(part(pictures), _of(part, drawn), slopes=True)
        cost += penalty.cost(slopes)
    return cost


def _split(scores, count: int) -> list:
    """Return `count` equal parts of the scores.

    Keras remembers the logits behind a sigmoid and takes cross-entropy of those; so do the parts.
    """
    parts = ops.split(scores, count) if count > 1 else [scores]
    logits = getattr(scores, "_keras_logits", None)
    if logits is not None and count > 1:
        for part, own in zip(parts, ops.split(logits, count), strict=True):
            part._keras_logits = own
    return parts


@dataclass
class _Part:
    """A micro batch: called with a batch's tensor, it returns `size` rows of it from `start` on.

    spread: what says that rows lie on several devices, if they do.
    """

    spread: Callable
    start: Any
    size: int

    def __call__(self, batch):
        if self.size == batch.shape[0]:
            return batch
        start, size = (self.start, *[0] * (len(batch.shape) - 1)), (self.size, *batch.shape[1:])
        return self.spread(ops.slice(batch, start, size))


def _of(part, drawn: dict) -> dict:
    """Return a part of everything drawn."""
    return {key: part(value) for key, value in drawn.items()}


def _joined_parts(kept):
    """Return what the parts of a batch kept, (parts, size, ...), as of the batch: (B, ...)."""
    return ops.reshape(kept, (-1, *kept.shape[2:]))


def _joined(parts: list):
    """Return tensors one after the other along the batch."""
    return parts[0] if len(parts) == 1 else ops.concatenate(parts)


def _augmentation(gan, pictures) -> dict:
    """Draw what is done to pictures before the discriminator sees them."""
    config = gan.config.augment
    p = gan.augment_p
    if p is None:
        p = value_at(config.p, gan.step, gan.config.training)
    return augment.draw(config, pictures, p, gan.seed)


def _follow(gan, pictures: int) -> None:
    """Move the average towards the generator: after a half-life, half of the past is left."""
    half_life = 1000 * value_at(gan.config.training.ema_kimg, gan.step, gan.config.training)
    share = ops.power(0.5, pictures / ops.maximum(half_life, 1e-6))
    for mean, new in zip(gan.average.weights, gan.generator.weights, strict=True):
        mean.assign(new + share * (mean - new))


def _report(gan, turns: list[dict], batch: int, penalised: bool) -> dict:
    """Return the scalars of a discriminator's step, and adapt the augmentation to them."""
    scores = {kind: some for turn in turns for kind, some in turn["scores"].items()}
    fake, real = _joined_parts(scores["fake"]), _joined_parts(scores["real"])
    fake_right, real_right = gan.objective.right(fake, real, gan.config.training.label_noise)
    scalars = {
        # Real and fake in turn are two halves of one loss; micro batches are parts of a mean.
        "d_loss": sum(ops.mean(turn["value"]) for turn in turns),
        "real_score": ops.mean(real),
        "fake_score": ops.mean(fake),
        "real_accuracy": real_right,
        "fake_accuracy": fake_right,
    }
    if penalised:
        scalars["penalty"] = sum(ops.mean(turn["cost"]) for turn in turns)
    if gan.augment_p is not None:
        scalars["augment_p"] = ops.add(gan.augment_p, 0)
        gan.augment_p.assign(augment.adapted(gan.config.augment, gan.augment_p, real_right, batch))
    return scalars
