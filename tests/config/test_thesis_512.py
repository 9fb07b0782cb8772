"""configs/thesis_512.yaml: the Bath thesis's batches, learning rates and lengths."""

import re

import pytest

from anime_gan.config import load_config
from anime_gan.config.load import differences
from anime_gan.config.stages import stages_of
from tests.conftest import ROOT

FILE = str(ROOT / "configs/thesis_512.yaml")
# Table 4.1: the rates of both networks at 512x512, and the iterations that a phase ends at.
PHASES = [
    (0.002, 0.002, 13_300),
    (0.002, 0.001, 20_380),
    (0.001, 0.001, 23_890),
    (0.001, 0.0003, 24_040),
    (0.0003, 0.0001, 49_580),
    (0.0003, 0.0003, 61_040),
]


def kimg_of(config) -> float:
    """The thousands of images that a whole run trains on."""
    return stages_of(config)[-1].images_seen(config.training.steps) / 1000


def test_its_stages_have_the_thesis_batches_and_rates():
    """Chapter 4.5; sizes that its table leaves out have the program's batch of 16."""
    config = load_config(FILE, [])
    stages = stages_of(config)
    assert [s.resolution for s in stages] == [8, 16, 32, 64, 128, 256, 512]
    batches = [s.config.training.batch_size for s in stages]
    assert batches == [256, 128, 64, 32, 16, 16, 16]
    for network in ("generator", "discriminator"):
        rates = [getattr(s.config, network).rate for s in stages]
        assert rates == [0.001, 0.001, 0.001, 0.001, 0.0015, 0.002, 0.002]
    # The first training crashed at 6,630, where 512x512 had begun.
    assert stages[-1].seen / 1000 == pytest.approx(6600, rel=1e-3)
    assert kimg_of(config) == pytest.approx(13_300, rel=1e-3)
    assert config.data.x_flip and config.growing.batch_at[4] == 512


def test_the_commands_of_its_phases_continue_the_run():
    """docs/stylegan.md has one for each phase of Table 4.1, with its rates and its end."""
    page = (ROOT / "docs/stylegan.md").read_text().split("## The thesis's run at 512x512")[1]
    rows = [row.split("|") for row in page.splitlines() if row.startswith("| ")]
    lines = [row[4] for row in rows if "none" in row[4] or "growing.last_kimg" in row[4]]
    arguments = [re.findall(r"[\w.]+=(?:{[^}]*}|[^'`\s]+)", line) for line in lines]
    assert len(arguments) == len(PHASES)
    before = load_config(FILE, [])
    for words, (first, second, kimg) in zip(arguments, PHASES, strict=True):
        config = load_config(FILE, words)
        last = stages_of(config)[-1].config
        assert (last.generator.rate, last.discriminator.rate) == (first, second)
        assert kimg_of(config) == pytest.approx(kimg, rel=1e-3)
        assert stages_of(config)[:-1][0].end == stages_of(before)[0].end
        assert differences(before, config)[0] == []
        before = config
