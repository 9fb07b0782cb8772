"""Labels in the studio: of the wall, of a face, in walks, in the address and in files."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from anime_gan.generation.generator import Generator
from anime_gan.generation.walk import arc, chord
from anime_gan.studio.page import studio_page
from tests.conftest import ROOT
from tests.generation.test_labels import conditional
from tests.studio.conftest import WIDTHS, Studio, same
from tests.studio.test_every_control import Hand
from tests.studio.test_walk import frame

VERSIONS = ("dcgan", "stylegan2")
PROGRAM = """
return arguments[0].map(seed => {
  const uniform = uniformOf(bitsOf(BigInt(seed), 2));
  return Array.from({length: 20}, uniform);
});
"""


@pytest.fixture(scope="module")
def labeled(chromium_once, tmp_path_factory):
    """A function that opens the studio of a version whose generator takes labels."""
    downloads, made = tmp_path_factory.mktemp("downloads"), {}

    def open_one(version, state, width=1280):
        if version not in made:
            generator = Generator(conditional(version))
            path = tmp_path_factory.mktemp(version) / "studio.html"
            path.write_text(studio_page(generator, "words", {}), encoding="utf-8")
            made[version] = Studio(chromium_once, path, generator, downloads)
        return made[version].open(width, state)

    return open_one


def test_a_stream_of_a_seed_is_that_of_numpy(browser):
    """Seeds of one and of two words."""
    code = (ROOT / "anime_gan/studio/worker/random.js").read_text()
    seeds = [0, 1, 77, 2**32 - 1, 2**32, 2**63, 2**64 - 1]
    rows = browser.execute_script(code + PROGRAM, [str(seed) for seed in seeds])
    expected = [np.random.default_rng([seed, 2]).random(20) for seed in seeds]
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wall_has_the_labels_that_are_chosen(labeled, version):
    """Labels that are not are chosen by the seed, as sample.py does; "any" is the null label."""
    studio = labeled(version, "")
    generator = studio.generator
    cell = '.cell[data-seed="{}"] canvas'
    for seed, image in enumerate(generator.images_from_seeds(range(8))):
        assert same(studio.drawn(cell.format(seed), str(seed)), image)
    studio.set("#wall-label-0", "2")
    assert "labels=l0_2" in studio.state
    studio.set("#wall-label-1", "0")
    labels = {"hair": "blue", "eyes": "any"}
    for seed, image in enumerate(generator.images_from_seeds(range(4), labels=labels)):
        assert same(studio.drawn(cell.format(seed), f"{seed}_l0_2_l1_0"), image)
    studio.set("#wall-label-0", "")
    assert "labels=l1_0" in studio.state and studio.log() == [] and studio.requests() == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("psi", [1, 0.5])
def test_a_face_has_labels_of_its_own(labeled, version, psi):
    """A picked face keeps those of the wall, until others are chosen; truncation keeps them."""
    studio = labeled(version, f"psi={psi}&labels=l0_3")
    studio.click('.cell[data-seed="5"]')
    images = studio.generator.images_from_seeds
    expected = images([5], psi, labels={"hair": "red"})[0]
    assert same(studio.drawn("#large", "5_l0_3", psi), expected)
    studio.set("#face-label-0", "1")
    expected = images([5], psi, labels={"hair": "black"})[0]
    assert same(studio.drawn("#large", "5_l0_1", psi), expected)
    assert studio.find("#face-name").text == "5, hair black"
    assert studio.find('.cell[data-seed="5"]').get_attribute("aria-pressed") == "false"
    studio.click('.cell[data-seed="5"]')
    assert "face=5_l0_1&face=5_l0_3" in studio.state


@pytest.mark.parametrize("means", ["mouse", "keyboard"])
@pytest.mark.parametrize("width", WIDTHS)
def test_labels_are_chosen_by_mouse_and_by_keyboard(labeled, width, means):
    """Those of the wall and those of a face."""
    studio = labeled("dcgan", "face=3&chosen=1", width)
    hand = Hand(studio, means, [])
    hand.choose("#wall-label-1", "2")
    hand.state(labels="l1_2", face="3")
    hand.choose("#face-label-0", "0")
    hand.state(labels="l1_2", face="3_l0_0")
    image = studio.drawn("#large", "3_l0_0")
    assert same(image, studio.generator.images_from_seeds([3], labels={"hair": "any"})[0])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_walk_goes_from_label_to_label(labeled, version):
    """The normal part of a latent on an arc, the vectors of labels straight; w straight."""
    studio = labeled(version, "face=3_l0_1&face=4_l0_3_l1_2")
    studio.click("#tab-walk")
    for control, value in (("easing", "even"), ("loop", False)):
        studio.set(f"#{control}", value)
    generator = studio.generator
    ends = [
        generator.latents([3], {"hair": "black"})[0],
        generator.latents([4], {"hair": "red", "eyes": "red"})[0],
    ]
    if generator.has_styles:
        w = chord(*generator.w_from_latents(np.stack(ends)), 0.3)[None]
    else:
        size, share = generator.normal_dim, np.array([[0.3]])
        normal = arc(*(end[:size] for end in ends), share)
        w = np.hstack([normal, chord(*(end[size:] for end in ends), share)])
    expected = generator.images(w.astype("float32"))[0]
    image, end = frame(studio, 30), time.monotonic() + 30
    while not same(image, expected):  # frames that were asked for before may come first
        assert time.monotonic() < end
        image = studio.pixels("#walk-canvas")


def test_files_name_their_labels(labeled):
    """As sample.py does."""
    studio = labeled("dcgan", "face=3_l0_2_l1_1&face=4&chosen=1")
    studio.click("#tab-save")
    studio.click("#save-face")
    with Image.open(io.BytesIO(studio.saved("face_00003.png").read_bytes())) as image:
        assert image.text["labels"] == "hair=blue,eyes=green"
        assert image.text["seed"] == "3" and image.text["faces"] == "3_l0_2_l1_1"


def test_an_address_with_other_labels(labeled):
    """Labels that the generator does not have are left out."""
    studio = labeled("dcgan", "labels=l0_9_l7_1_l1_2_x_y&face=3_l0_4_l1_1_l2")
    assert studio.find("#wall-label-0").get_attribute("value") == ""
    assert studio.find("#wall-label-1").get_attribute("value") == "2"
    assert same(
        studio.drawn("#picks canvas", "3_l1_1"),
        studio.generator.images_from_seeds([3], labels={"eyes": "green"})[0],
    )
