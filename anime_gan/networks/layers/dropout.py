"""Dropout in any network (Srivastava et al. 2014), by Keras's own layer."""

import keras
from keras import layers


def with_dropout(model: keras.Model, rate: float) -> keras.Model:
    """Return a copy with new weights that drops a share of its features in training.

    All Dropout layers of the network get this rate. A network without one gets one before its last
    layer, where the report's discriminator (Fig. 8) has its own.

    Args:
        model: a functional model whose last layer computes its output.
        rate: the share of the features that are set to 0, from 0 to below 1; the others are divided
            by 1 - rate. 0 switches dropout off.
    """
    has_own = any(isinstance(layer, layers.Dropout) for layer in model.layers)
    last = model.layers[-1].name

    def clone(layer):
        config = layer.get_config()
        if isinstance(layer, layers.Dropout):
            config["rate"] = rate
        return type(layer).from_config(config)

    def call(layer, inputs, *others, **options):
        if layer.name == last and not has_own:
            inputs = layers.Dropout(rate, dtype=layer.dtype_policy)(inputs)
        return layer(inputs, *others, **options)

    return keras.models.clone_model(model, clone_function=clone, call_function=call)
