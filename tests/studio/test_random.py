"""The page's latents are NumPy's: a seed is the same face everywhere."""

import numpy as np

from tests.conftest import ROOT

SEEDS = [*range(40), 255, 2**32 - 1, 2**32, 2**32 + 5, 2**53 + 1, 2**63, 2**64 - 1]
COUNT = 2_000
PROGRAM = """
const branches = {};
const rows = arguments[0].map(seed => [...normals(BigInt(seed), arguments[1], branches)]);
return [rows, branches];
"""


def test_a_seed_gives_the_numbers_of_numpy(browser):
    """Each is equal in float32, of seeds with one and with two words, by every branch."""
    code = (ROOT / "anime_gan/studio/worker/random.js").read_text()
    rows, branches = browser.execute_script(code + PROGRAM, [str(seed) for seed in SEEDS], COUNT)
    assert branches["tail"] >= 10 and branches["wedge"] >= 100 and branches["rejected"] >= 100
    expected = [np.random.default_rng(seed).standard_normal(COUNT) for seed in SEEDS]
    np.testing.assert_array_equal(np.array(rows, "float32"), np.array(expected, "float32"))
