"""How alike two pictures look to the evaluation's feature network, with slopes.

As Zhang et al. 2018 (LPIPS, arXiv 1801.03924) compare them: at several depths of a network each
pixel's features are brought to length 1, and their squared distances are averaged. The network is
EfficientNet-Lite0; weights learnt from people's judgements it has none.
"""

import onnx
from keras import ops

from anime_gan.features import lite0

SIZE = 128  # smaller pictures are enlarged to it


class Perceptual:
    """Features of pictures (B, H, W, C) in [-1, 1], and their distances, in keras.ops."""

    def __init__(self):
        graph = lite0.build().graph
        self._nodes = [node for node in graph.node if node.op_type in ("Conv", "Clip", "Add")]
        self._values = {t.name: _as_keras(onnx.numpy_helper.to_array(t)) for t in graph.initializer}
        # The last maps of each size, from a half of the pictures' to a sixteenth.
        halving = [node for node in self._nodes if _attributes(node).get("strides") == [2, 2]]
        self._kept = [node.input[0] for node in halving[1:]]

    def features(self, pictures) -> list:
        """Return the maps of features at each depth, (B, h, w, F), of length 1 at each pixel."""
        size = max(SIZE, pictures.shape[1])
        pictures = ops.broadcast_to(pictures, (*pictures.shape[:3], 3))
        pictures = ops.image.resize(pictures, (size, size), interpolation="bilinear")
        middle, half = (lite0.HIGH + lite0.LOW) / 2, (lite0.HIGH - lite0.LOW) / 2
        maps = {"pictures": middle + half * pictures}
        for node in self._nodes:
            maps[node.output[0]] = self._done(node, maps)
            if node.output[0] == self._kept[-1]:
                break
        kept = [maps[name] for name in self._kept]
        return [x * ops.rsqrt(ops.sum(ops.square(x), axis=3, keepdims=True) + 1e-6) for x in kept]

    def distances(self, features, others):
        """Return the distances (B,), from 0 to 2, between what `features` gave for pictures."""
        pairs = zip(features, others, strict=True)
        each = [ops.mean(ops.sum(ops.square(a - b), axis=3), axis=(1, 2)) for a, b in pairs]
        return sum(each) / len(each)

    def _done(self, node, maps):
        """Return what an operation of the graph makes of the maps it names."""
        x = maps[node.input[0]]
        if node.op_type == "Add":
            return x + maps[node.input[1]]
        if node.op_type == "Clip":
            return ops.relu6(x)
        kernel, bias = (self._values[name] for name in node.input[1:])
        attributes = _attributes(node)
        convolve = ops.depthwise_conv if attributes["group"] > 1 else ops.conv
        # ONNX's SAME_UPPER is what both backends call same.
        return convolve(x, kernel, strides=attributes["strides"][0], padding="same") + bias


def _attributes(node) -> dict:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _as_keras(value):
    """Return a kernel (M, N, K, K) as (K, K, N, M), one map by map (M, 1, K, K) as (K, K, M, 1)."""
    if value.ndim != 4:
        return ops.convert_to_tensor(value)
    order = (2, 3, 0, 1) if value.shape[1] == 1 else (2, 3, 1, 0)
    return ops.convert_to_tensor(value.transpose(order))
