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
