"""Begin a run with the weights of trained networks, as far as they fit."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import keras
import numpy as np

from anime_gan.errors import UserError
from anime_gan.networks.build import all_layers
from anime_gan.networks.labels import label_layer
from anime_gan.networks.layers.labels import UNITS
from anime_gan.networks.layers.register import FORMER_NAMES
from anime_gan.runs.folder import discriminator_of
from anime_gan.runs.weights import load_model
from anime_gan.training.state import TrainState


def take_over(state: TrainState, generator: Path) -> str:
    """Copy trained weights into a new state; return a sentence that says which.

    The EMA, if there is one, begins with the generator's weights. Optimizers are new.

    Args:
        generator: a .keras file. The discriminator is the file of the same step beside it; without
            one, its weights stay as they are.

    Raises:
        UserError: no layer of the generator fits.
    """
    trained = load_model(generator)
    labels = label_layer(state.generator)
    is_new = labels is not None and label_layer(trained) is None
    extra = UNITS * len(labels.attributes) if is_new else 0
    fitting, said = _copied("generator", trained, state.generator, extra)
    if not fitting:
        raise UserError(
            f"{generator} has no layer of the shapes of this generator; take the version and the "
            "model.width that it was trained with: for pretrained and pretrained-drawn those of "
            "configs/r3gan_patch_hour.yaml."
        )
    parts = [said]
    if state.ema:
        state.ema.set_weights(state.generator.get_weights())
    beside = discriminator_of(generator)
    if beside.is_file():
        parts.append(_copied("discriminator", load_model(beside), state.discriminator)[1])
    else:
        parts.append("none of the discriminator's, of which there is no file")
    return f"Starting from {generator}: {'; '.join(parts)}."


def _copied(name: str, source: keras.Model, target: keras.Model, extra: int = 0) -> tuple[int, str]:
    """Copy the layers that fit; return their number, and a text that says how many of how many.

    Layers fit by their order and shapes, not by their names: a network of another size has the same
    layers before or after those that it has more.

    extra: how much longer the target's latents are, by their labels. Layers that are wider by so
        much are copied too, with 0 in the rest: images are at first those without labels.
    """
    theirs, ours = _layers(source), _layers(target)
    matcher = SequenceMatcher(None, [*map(_shapes, theirs)], [*map(_shapes, ours)], autojunk=False)
    fitting = [
        (theirs[block.a + i], ours[block.b + i])
        for block in matcher.get_matching_blocks()
        for i in range(block.size)
    ]
    for old, new in fitting:
        for variable, value in zip(new.variables, old.variables, strict=True):
            variable.assign(value)
    for _, low, high, first, last in matcher.get_opcodes() if extra else ():
        pairs = zip(reversed(theirs[low:high]), reversed(ours[first:last]), strict=False)
        wider = [pair for pair in pairs if _is_wider(*pair, extra)]
        for old, new in wider:
            for variable, value in zip(new.variables, old.variables, strict=True):
                array = np.zeros(variable.shape, variable.dtype)
                array[tuple(map(slice, value.shape))] = value
                variable.assign(array)
        fitting += wider
    if len(fitting) == len(ours):
        return len(fitting), f"all layers of the {name}"
    return len(fitting), f"{len(fitting)} of the {name}'s {len(ours)} layers with weights"


def _is_wider(old, new, extra: int) -> bool:
    """Say whether a layer has the shapes of another, but for axes that are longer by `extra`."""
    if type(old) is not type(new) or _shapes(old) == _shapes(new):
        return False
    pairs = zip(old.variables, new.variables, strict=True)
    return len(old.variables) == len(new.variables) and all(
        len(a.shape) == len(b.shape)
        and all(n - m in (0, extra) for m, n in zip(a.shape, b.shape, strict=True))
        for a, b in pairs
    )


def _layers(network: keras.Model) -> list:
    return [layer for layer in all_layers(network) if layer.weights]


def _shapes(layer) -> tuple:
    name = type(layer).__name__
    return (FORMER_NAMES.get(name, name), *(tuple(variable.shape) for variable in layer.variables))
