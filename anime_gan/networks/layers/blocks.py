"""What several families compose of Keras's own layers."""

from keras import layers


def batch_norm(maps):
    """Batch-normalize maps (B, H, W, C) as Radford et al. 2016 do, with momentum 0.9."""
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(maps)
