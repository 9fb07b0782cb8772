"""The report's five versions: v5 to the last parameter, the others as their notes say."""

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
    """Networks grow where the notes ask for it, and the optimizers are the notes'."""
    sizes = [describe.gflops(generator()) for generator, _ in srm.NETWORKS.values()]
    assert sizes == sorted(sizes)
    recipes = {name: get_version(name).recipe["generator"] for name in ("v1", "v2", "v3", "v4")}
    assert recipes["v1"]["optimizer"] == recipes["v2"]["optimizer"] == "adam"
    assert recipes["v2"]["rate"] < recipes["v1"]["rate"]
    assert recipes["v3"]["optimizer"] == "rmsprop" and recipes["v3"]["decay"] == 0.01
    assert recipes["v4"] == {"optimizer": "rmsprop", "rate": 1e-4, "clipvalue": 1.0}


def test_half_the_width_is_half_the_filters():
    """`model.width` multiplies every layer, and leaves at least one filter."""
    assert srm.v5_generator(width=0.5).layers[1].units == 64 * 1024
    assert srm.v5_generator(width=0.001).output_shape == (None, 64, 64, 3)
