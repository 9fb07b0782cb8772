"""Begin a run with the weights of trained networks, as far as they fit."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import keras

from anime_gan.errors import UserError
from anime_gan.networks.build import all_layers
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
    fitting, said = _copied("generator", load_model(generator), state.generator)
    if not fitting:
        raise UserError(
            f"{generator} has no layer of the shapes of this generator; take the version and the "
            "model.width that it was trained with, for a pretrained one those of "
            "configs/r3gan_patch_cpu.yaml."
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


def _copied(name: str, source: keras.Model, target: keras.Model) -> tuple[int, str]:
    """Copy the layers that fit; return their number, and a text that says how many of how many.

    Layers fit by their order and shapes, not by their names: a network of another size has the same
    layers before or after those that it has more.
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
    if len(fitting) == len(ours):
        return len(fitting), f"all layers of the {name}"
    return len(fitting), f"{len(fitting)} of the {name}'s {len(ours)} layers with weights"


def _layers(network: keras.Model) -> list:
    return [layer for layer in all_layers(network) if layer.weights]


def _shapes(layer) -> tuple:
    return (type(layer).__name__, *(tuple(variable.shape) for variable in layer.variables))
