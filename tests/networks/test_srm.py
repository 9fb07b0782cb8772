"""The report's five versions: v5 to the last parameter, the others as their notes say."""

import pytest

from anime_gan.config.versions import get_version
from anime_gan.networks import describe, srm


def shapes(model) -> list[tuple[int, ...]]:
    """The layers' output shapes, without repetitions, as the report's comments list them."""
    sizes = [tuple(layer.output.shape[1:]) for layer in model.layers]
    return [size for n, size in enumerate(sizes) if n == 0 or size != sizes[n - 1]]


def test_v5_generator_is_the_reports_code():
    """Fig. 11: shapes in its comments, 18,421,507 parameters."""
    model = srm.v5_generator()
    assert model.count_params() == 18_421_507
    assert shapes(model) == [
        (100,),
        (131072,),
        (32, 32, 128),
        (32, 32, 256),
        (64, 64, 256),
        (64, 64, 3),
    ]
    kernels = [layer.kernel_size[0] for layer in model.layers if hasattr(layer, "kernel_size")]
    assert kernels == [5, 4, 5, 5, 7]


def test_v5_discriminator_is_the_reports_code():
    """Fig. 8: 62, 30, 14 and 6, 4,608 numbers flat, 795,009 parameters."""
    model = srm.v5_discriminator()
    assert model.count_params() == 795_009
    assert shapes(model) == [
        (64, 64, 3),
        (62, 62, 128),
        (30, 30, 128),
        (14, 14, 128),
        (6, 6, 128),
        (4608,),
        (1,),
    ]


def test_remedies_appear_one_version_later():
    """What each note asks for (ch. 8.2) is true of the next version, and not of its own."""
    sizes = [describe.gflops(generator()) for generator, _ in srm.NETWORKS.values()]
    assert sizes == sorted(sizes)  # "increase model complexity", in each
    v1, v2, v3, v4, v5 = (get_version(f"v{n}").recipe["generator"] for n in range(1, 6))
    assert v1["optimizer"] == v2["optimizer"] == "adam"
    assert v2["rate"] < v1["rate"]  # v1: "reduce learning rate"
    assert v3["rate"] < v2["rate"]  # v2: "lower learning rate"
    assert v3["optimizer"] == v4["optimizer"] == "rmsprop"  # v2: "switch optimizer to RMSprop"
    assert "decay" not in v3 and "decay" not in v2
    # v3: "use decay learning rate"; v4: "learning rate 0.0001".
    assert v4["rate"] > v3["rate"]
    assert v4["rate"] / (1 + v4["decay"] * 5_000) == pytest.approx(1e-4)
    assert v5["rate"] == 5e-4  # v5's own note


def test_half_the_width_is_half_the_filters():
    """`model.width` multiplies every layer, and leaves at least one filter."""
    assert srm.v5_generator(width=0.5).layers[1].units == 64 * 1024
    assert srm.v5_generator(width=0.001).output_shape == (None, 64, 64, 3)
