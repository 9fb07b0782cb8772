"""Draws the two updates of a training step: what goes where, and which weights each one changes."""

from __future__ import annotations

from anime_gan.config import Config
from anime_gan.networks import NETWORKS
from anime_gan.networks.describe import rate_text
from anime_gan.web.svg import MARGIN, WIDTH, Svg, folded

_LOSSES = {
    "report": "cross-entropy: 1 for generated, 0 for real images, plus label noise",
    "cross_entropy": "cross-entropy: 0 for generated, 1 for real images",
    "non_saturating": "non-saturating: a real image gets a high score, a generated one a low one",
    "wasserstein": "Wasserstein: mean score of generated minus that of real images",
    "hinge": "hinge: scores of real images above 1, of generated ones below -1",
    "relativistic": "relativistic: a real image gets a higher score than a generated one",
}
_GOALS = {
    "report": "cross-entropy with the label 0, that of real images",
    "cross_entropy": "cross-entropy with the label 1, that of real images",
    "relativistic": "relativistic: a generated image gets a higher score than a real one",
}
_PASSES = {
    "together": "both in one batch",
    "apart": "each in a batch of its own",
    "in_turn": "an update for each: real, then generated images",
}
_GAP, _BACK = 20, 22  # between boxes, and what the way back takes at the right
_HALF = (WIDTH - 2 * MARGIN - _BACK - 10) / 2


def draw_loop(config: Config) -> str:
    """Return a diagram of a version's training step as SVG.

    Blue boxes are networks whose weights stay, orange ones change. A dashed line is the way of the
    gradient.
    """
    svg, training = Svg(), config.training
    svg.heading(
        f"One training step of {config.version}",
        "Orange: weights that change. Dashed: the way of the gradient.",
    )
    times = f", {training.n_critic} times a step" if training.n_critic > 1 else ""
    svg.heading(f"Update the discriminator{times}")
    _update_discriminator(svg, config)
    svg.heading("Then update the generator", "From fresh latents.")
    _update_generator(svg, config)
    if training.ema_kimg:
        svg.y += 6
        _box(svg, 0, 2, "EMA of the generator's weights", "follows them; samples are from it")
    return svg.finish()


def _update_discriminator(svg: Svg, config: Config) -> None:
    model, batch = config.model, config.training.batch_size
    image = f"{batch} × {model.resolution} × {model.resolution} × {model.channels}"
    top = svg.y
    bottoms = [_box(svg, 0, 1, "latents, random", f"{batch} × {model.latent_dim}")]
    bottoms += [_box(svg, 0, 1, "generator", "weights stay", kind="strong", above=bottoms[-1])]
    bottoms += [_box(svg, 0, 1, "generated images", image, above=bottoms[-1])]
    low = svg.y
    svg.y = top
    real = _box(svg, 1, 1, "real images", image)
    svg.y = low
    x = MARGIN + _HALF * 1.5 + 10
    svg.arrow((x, real), (x, low + _GAP))
    words = _PASSES[config.training.passes]
    _network_and_loss(svg, config, "discriminator", words, bottoms[-1], _HALF / 2)


def _update_generator(svg: Svg, config: Config) -> None:
    model, batch = config.model, config.training.batch_size
    image = f"{batch} × {model.resolution} × {model.resolution} × {model.channels}"
    bottom = _box(svg, 0, 2, "latents, random", f"{batch} × {model.latent_dim}")
    _network_and_loss(svg, config, "generator", image, bottom, _HALF)


def _network_and_loss(
    svg: Svg, config: Config, name: str, words: str, above: float, middle: float
) -> None:
    """Draw the network that changes, what is after it, its loss, and the way back from there."""
    own, objective = getattr(config, name), config.objective
    bottom = _box(svg, 0, 2, name, words, kind="changed", above=above, middle=middle)
    start = svg.y - 20
    if name == "discriminator":
        texts = [_LOSSES[objective.name], *_penalties(config)]
    else:
        both = " and real" if objective.name == "relativistic" else ""
        what = f"scores the generated{both} images; weights stay"
        bottom = _box(svg, 0, 2, "discriminator", what, kind="strong", above=bottom)
        texts = [_GOALS.get(objective.name, "a generated image gets a high score")]
        texts += ["plus the path length penalty"] if objective.path_weight else []
        if len(NETWORKS[config.version]) > 2:
            texts += ["plus the error of the latents that a predictor guesses"]
    _box(svg, 0, 2, f"loss of the {name}", *texts, above=bottom)
    edge, x = WIDTH - MARGIN - _BACK, WIDTH - MARGIN - 6
    svg.arrow((edge, svg.y - 14), (x, svg.y - 14), (x, start), (edge, start), kind="back")
    optimizer = {"rmsprop": "RMSprop", "adam": "Adam"}[own.optimizer]
    rate = f"{optimizer} {rate_text(own.rate)}"
    clip = f", weights clipped to ±{own.weight_clip:g}" if own.weight_clip else ""
    svg.y += 4
    svg.lines(f"Changed by {rate}: the {name}'s weights{clip}.")


def _penalties(config: Config) -> list[str]:
    objective = config.objective
    if not objective.penalties:
        return []
    names = {"gradient": "gradient penalty", "dragan": "DRAGAN penalty", "r1": "R1", "r2": "R2"}
    every = f", every {objective.penalty_every} steps" if objective.penalty_every > 1 else ""
    return [f"plus {' and '.join(names[one] for one in objective.penalties)}{every}"]


def _box(
    svg: Svg,
    column: int,
    columns: int,
    title: str,
    *words: str,
    kind: str = "box",
    above: float | None = None,
    middle: float | None = None,
) -> float:
    """Draw a box at `svg.y`, with an arrow from the one above, and return where it ends.

    column, columns: where it begins, of two, and how many it takes. above: where the one above
    ends. middle: where the arrow is, from the left margin.
    """
    x, width = MARGIN + column * (_HALF + 10), _HALF * columns + 10 * (columns - 1)
    if above is not None:
        svg.y = above + _GAP
        at = MARGIN + (width / 2 if middle is None else middle)
        svg.arrow((at, above), (at, svg.y))
    lines = [line for text in words for line in folded(text, width - 14)]
    rows = [(title, "", "bold"), *((line, "", "quiet") for line in lines)]
    svg.y += svg.box(x, svg.y, width, rows, kind)
    return svg.y
