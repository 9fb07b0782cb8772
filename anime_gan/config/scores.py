"""What a discriminator's scores mean, which follows from the loss that it was trained with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """How scores (B, 1) are to be read.

    probabilities: they come from a sigmoid; else they are logits.
    paired: the loss compares each generated image with a real one.
    threshold: the score between real and generated, None if the scores have no such point.
    real_is_high: real images score higher than generated ones.
    """

    probabilities: bool = False
    paired: bool = False
    threshold: float | None = 0.0
    real_is_high: bool = True

    @property
    def shows_overfitting(self) -> bool:
        """Whether the share of real images classified as real shows it, which ADA needs.

        Those of Wasserstein only grow apart. Paired ones are compared with the middle of the batch:
        penalties keep real and generated scores overlapping as long as the images are alike.
        """
        return self.threshold is not None or self.paired


# By objective.name; the losses themselves are in training/losses.py.
SCALES: dict[str, Scale] = {
    # SRM: the score is the probability of being generated (Fig. 15).
    "report": Scale(probabilities=True, threshold=0.5, real_is_high=False),
    "cross_entropy": Scale(probabilities=True, threshold=0.5),
    "non_saturating": Scale(),
    "wasserstein": Scale(threshold=None),
    "hinge": Scale(),
    "relativistic": Scale(paired=True, threshold=None),
}


def correct(scale: Scale, fake, real, label_noise: float = 0.0) -> tuple:
    """Return the shares of generated and of real images that are classified correctly.

    Without a threshold, the middle between the two mean scores of the batch is used.

    Args:
        fake, real: scores (B, 1).
        label_noise: the largest number that was added to labels in training.
    """
    from keras import ops  # here, since a config is read without Keras

    if scale.threshold is None:
        middle = (ops.mean(fake) + ops.mean(real)) / 2
    else:  # noise raises both of the report's labels, and moves others' towards the middle
        middle = scale.threshold + (0 if scale.real_is_high else label_noise / 2)
    fake_is_high, real_is_high = fake > middle, real > middle
    if not scale.real_is_high:
        fake_is_high, real_is_high = ~fake_is_high, ~real_is_high
    # Not 1 - (share of the wrong ones), which rounding could make -3e-8.
    return tuple(ops.mean(ops.cast(each, "float32")) for each in (~fake_is_high, real_is_high))
