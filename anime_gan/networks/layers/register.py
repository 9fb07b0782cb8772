"""How a layer becomes one that Keras finds by name when it loads a saved network."""

from __future__ import annotations

from collections.abc import Callable

import keras

PACKAGE = "anime_gan"
FORMER_NAMES: dict[str, str] = {}  # of classes: the name in older files to the name of today


def register(*former_names: str) -> Callable[[type], type]:
    """Return a decorator that registers a layer's class with Keras.

    Args:
        former_names: names under which files saved earlier know the class. Keras looks for weights
            in a file by the names of classes, so for each a subclass of that name is registered.
    """

    def decorate(layer: type) -> type:
        keras.saving.register_keras_serializable(PACKAGE)(layer)
        for name in former_names:
            keras.saving.register_keras_serializable(PACKAGE)(type(name, (layer,), {}))
            FORMER_NAMES[name] = layer.__name__
        return layer

    return decorate
