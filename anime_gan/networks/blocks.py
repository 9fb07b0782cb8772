"""A network as the blocks of its diagram: layers grouped, and repetitions counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import keras

from anime_gan.networks.describe import options

# Layers that stand in the block of the layer before them.
_LIGHT = {
    "Activation",
    "AdaIN",
    "AddNoise",
    "BatchNormalization",
    "Blur",
    "Dropout",
    "Flatten",
    "LeakyReLU",
    "LearnedScale",
    "MinibatchStd",
    "Permute",
    "PixelNorm",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
}
_LONGEST = 8  # blocks in a group that is drawn once, with the number of its repetitions


@dataclass
class Block:
    """One box of a diagram.

    title: the first layer. parts: those after it. shape: of the output, without the batch.
    sources: the numbers of the blocks that it gets its inputs from.
    """

    title: str
    shape: tuple[int, ...]
    parameters: int = 0
    parts: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)


@dataclass
class Section:
    """The blocks of one network or of a network within it.

    repeated: (first, last, times) of groups of blocks that are drawn once.
    """

    name: str
    parameters: int
    blocks: list[Block]
    repeated: list[tuple[int, int, int]]


def sections(model: keras.Model) -> list[Section]:
    """Return a network's section, and after it those of the networks that it contains."""
    found = [Section(model.name, model.count_params(), *without_repetitions(blocks(model)))]
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += sections(layer)
    return found


def blocks(model: keras.Model) -> list[Block]:
    """Return the blocks of a network; each is after its sources, and a branch is in one piece."""
    parents = parents_of(model)
    consumers = Counter(parent for found in parents.values() for parent in set(found))
    made: list[Block] = []
    number: dict = {}  # of an operation, its block
    last: dict[int, object] = {}  # of a block, its last operation
    for operation, inputs in parents.items():
        kind = type(operation).__name__
        if kind == "GetItem":  # a part of a tensor
            number[operation] = number[inputs[0]]
            continue
        sources = list(dict.fromkeys(number[one] for one in inputs))
        main = number[inputs[0]] if inputs else None
        joins = (
            kind in _LIGHT
            and main is not None
            and last[main] is inputs[0]
            and consumers[inputs[0]] == 1
        )
        if joins:
            block = made[main]
            block.parts.append(_text(operation))
            block.sources += [one for one in sources if one != main]
        else:
            main = len(made)
            block = Block(_text(operation), (), sources=sources)
            made.append(block)
        output = operation.outputs[0] if _is_model(operation) else operation.output
        block.shape = tuple(output.shape[1:])
        if isinstance(operation, keras.layers.Layer):
            block.parameters += operation.count_params()
        number[operation], last[main] = main, operation
    return made


def without_repetitions(made: list[Block]) -> tuple[list[Block], list[tuple[int, int, int]]]:
    """Return blocks with each repeated group once, and (first, last, times) of these groups."""
    signs = [
        (one.title, one.shape, one.parameters, *one.parts, *(i - n for n in one.sources))
        for i, one in enumerate(made)
    ]
    kept: list[Block] = []
    repeated, moved, i = [], {}, 0
    while i < len(made):
        length, times = _best_group(signs, i)
        for j in range(i, i + length * times):
            moved[j] = len(kept) + (j - i) % length
        for block in made[i : i + length]:
            block.sources = [moved[n] for n in block.sources]
            kept.append(block)
        if times > 1:
            repeated.append((len(kept) - length, len(kept) - 1, times))
        i += length * times
    return kept, repeated


def _best_group(signs: list[tuple], start: int) -> tuple[int, int]:
    """Return the length and the number of repetitions that leave out most blocks."""
    best = (1, 1)
    for length in range(1, _LONGEST + 1):
        group, times = signs[start : start + length], 1
        while signs[start + times * length : start + (times + 1) * length] == group:
            times += 1
        if length * (times - 1) > best[0] * (best[1] - 1):
            best = (length, times)
    return best


def parents_of(model: keras.Model) -> dict:
    """Return the operations of a network, each after those that it takes its inputs from."""
    found: dict = {}
    visited = set()

    def visit(node) -> None:
        if node in visited:
            return
        visited.add(node)
        inputs = () if node.operation in starts else node.parent_nodes
        for parent in inputs:
            visit(parent)
        # A shared network has a node for each of its inputs, and is after all of them.
        before = found.pop(node.operation, [])
        found[node.operation] = before + [parent.operation for parent in inputs]

    starts = {tensor._keras_history.operation for tensor in model.inputs}
    for tensor in model.outputs:
        operation, index, _ = tensor._keras_history
        visit(operation._inbound_nodes[index])
    return found


def _is_model(operation) -> bool:
    return isinstance(operation, keras.Model)


def _text(operation) -> str:
    if _is_model(operation):
        return f"{operation.name}, see below"
    if isinstance(operation, keras.layers.InputLayer):
        return "input"
    kind = type(operation).__name__
    words = options(operation).replace(" same", "") if hasattr(operation, "get_config") else ""
    kernel = getattr(operation, "kernel", None)
    if kernel is not None and len(kernel.shape) == 4 and "x" not in words:
        words = f"{kernel.shape[0]}x{kernel.shape[1]} {words}"
    return f"{kind} {words}".rstrip()
