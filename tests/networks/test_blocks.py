"""Diagrams show every layer, every connection and every parameter of a network once."""

import keras
import pytest

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.networks.blocks import blocks, sections, without_repetitions
from anime_gan.networks.describe import build_shapes


def dense(x, units=4):
    return keras.layers.ReLU()(keras.layers.Dense(units)(x))


def test_a_branch_is_in_one_piece_and_keeps_its_sources():
    """A ReLU joins the layer before it, unless another layer needs what is before the ReLU."""
    inputs = keras.Input((4,))
    x = dense(inputs)
    branch = keras.layers.Dense(4)(x)
    y = keras.layers.Add()([keras.layers.Dense(4)(keras.layers.ReLU()(branch)), x])
    model = keras.Model(inputs, keras.layers.Concatenate()([y, branch]))
    made = blocks(model)
    assert [(one.title, one.parts, one.sources) for one in made] == [
        ("input", [], []),
        ("Dense", ["ReLU"], [0]),
        ("Dense", [], [1]),
        ("ReLU", [], [2]),
        ("Dense", [], [3]),
        ("Add", [], [4, 1]),
        ("Concatenate", [], [5, 2]),
    ]
    assert made[-1].shape == (8,) and made[1].parameters == 20


def test_repeated_groups_are_drawn_once():
    """Only if their connections repeat too."""
    x = inputs = keras.Input((4,))
    for _ in range(3):
        x = keras.layers.Add()([keras.layers.Dense(4)(dense(x)), x])
    (section,) = sections(keras.Model(inputs, dense(x, 9), name="own"))
    assert [block.title for block in section.blocks] == ["input", *["Dense"] * 2, "Add", "Dense"]
    assert [block.sources for block in section.blocks] == [[], [0], [1], [2, 0], [3]]
    assert section.repeated == [(1, 3, 3)]


def test_a_network_within_another_has_its_own_section():
    """Once, although it is called twice; its parameters count once."""
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, dense(inner_input), name="inner")
    inputs = keras.Input((4,))
    outer = keras.Model(inputs, keras.layers.Add()([inner(inputs), inner(dense(inputs))]))
    first, second = sections(outer)
    assert [block.title for block in first.blocks] == ["input", "Dense", "inner, see below", "Add"]
    assert first.blocks[2].sources == [0, 1] and second.name == "inner"
    assert sum(block.parameters for block in first.blocks) == first.parameters == 40


@pytest.mark.parametrize("version", VERSIONS)
def test_every_parameter_is_in_a_block(version):
    """Of both networks of each version; each block is after its sources."""
    networks = build_shapes(load_config(None, [f"version={version}"]))
    for model in (networks.generator, networks.discriminator):
        for section in sections(model):
            times = [1] * len(section.blocks)
            for first, last, number in section.repeated:
                times[first : last + 1] = [number] * (last + 1 - first)
            counts = [block.parameters for block in section.blocks]
            assert sum(a * b for a, b in zip(times, counts, strict=True)) == section.parameters
            for number, block in enumerate(section.blocks):
                assert all(source < number for source in block.sources)
                assert bool(block.sources) == (block.title != "input")


def test_blocks_of_other_shapes_are_not_repetitions():
    """Two layers that differ in their units alone."""
    inputs = keras.Input((4,))
    made, repeated = without_repetitions(blocks(keras.Model(inputs, dense(dense(inputs), 5))))
    assert len(made) == 3 and repeated == []
