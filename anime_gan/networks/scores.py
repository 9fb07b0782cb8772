"""How many images a discriminator classifies correctly."""

from keras import ops

from anime_gan.config.scores import Scale


def correct(scale: Scale, fake, real, label_noise: float = 0.0) -> tuple:
    """Return the shares of generated and of real images that are classified correctly.

    Without a threshold, the middle between the two mean scores of the batch is used.

    Args:
        fake, real: scores (B, 1).
        label_noise: the largest number that was added to labels in training.
    """
    if scale.threshold is None:
        middle = (ops.mean(fake) + ops.mean(real)) / 2
    else:  # noise raises the report's labels by half of it on average; others' it draws inwards
        middle = scale.threshold + (0 if scale.real_is_high else label_noise / 2)
    fake_is_high, real_is_high = fake > middle, real > middle
    if not scale.real_is_high:
        fake_is_high, real_is_high = ~fake_is_high, ~real_is_high
    # The share of those that are correct, not 1 less the rest, which rounding would make -3e-8.
    return tuple(ops.mean(ops.cast(each, "float32")) for each in (~fake_is_high, real_is_high))
