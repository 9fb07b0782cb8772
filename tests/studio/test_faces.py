"""Faces of files in the studio: latents that a projection found, in place of a seed."""

import numpy as np
import pytest
from PIL import Image

from anime_gan.directions.components import principal_directions
from anime_gan.errors import UserError
from anime_gan.generation.figures import LEVELS
from anime_gan.generation.generator import Generator
from anime_gan.generation.latent_file import w_of, write_latent
from anime_gan.generation.walk import arc, chord
from anime_gan.studio.faces import load_faces
from anime_gan.studio.page import studio_page
from tests.export.networks import tiny_generator
from tests.generation.test_labels import conditional
from tests.studio.conftest import HOSTILE, Studio, same
from tests.studio.test_walk import frame

VERSIONS = ("r3gan", "stylegan2")
# In the address; the files are called me_1.npz and you.npz.
ME, YOU = "me-1.npz", "you.npz"


def latents_of(generator):
    """Return latents that are those of no seed: two z, or a w+ and a w."""
    if not generator.has_styles:
        return 0.9 * generator.latents([901]), 0.9 * generator.latents([902])
    return 0.9 * generator.w(range(900, 900 + generator.layers)), 0.9 * generator.w([902])


def files_of(generator, folder):
    """Write the latents of a generator, and return the files and their weights' file."""
    weights = folder / "generator_5.keras"
    weights.write_bytes(b"weights")
    paths = folder / "me_1.npz", folder / YOU
    for path, w in zip(paths, latents_of(generator), strict=True):
        space = ("w+" if len(w) > 1 else "w") if generator.has_styles else "z"
        write_latent(path, w, space, weights, {})
    return paths, weights


class Faces:
    """A studio with the faces of two files, and the w of these."""

    def __init__(self, generator, browser, folder):
        self.paths, self.weights = files_of(generator, folder)
        faces = load_faces(generator, self.paths, self.weights)
        path = folder / "studio.html"
        path.write_text(studio_page(generator, "faces", {}, faces=faces), encoding="utf-8")
        self.studio = Studio(browser, path, generator, folder)
        self.generator = generator

    def w(self, *faces, psi=1.0, labels=({},)):
        """Return w of faces, 0 and 1 for the files, others for seeds."""
        named = [self.paths[face] if face < 2 else face for face in faces]
        return w_of(self.generator, named, psi, self.weights, labels)

    def image(self, face, psi=1.0, labels=({},)):
        """Return the image of a face."""
        return self.generator.images(self.w(face, psi=psi, labels=labels))[0]

    def open(self, state, width=1280):
        """Open the page with a state in its address, and return the studio."""
        return self.studio.open(width, state)


@pytest.fixture(scope="module")
def faces(chromium_once, tmp_path_factory):
    """A function that returns the Faces of a version, with labels if it is one of those."""
    made = {}

    def of(version, has_labels=False):
        key = version, has_labels
        if key not in made:
            generator = Generator(conditional(version)) if has_labels else tiny_generator(version)
            made[key] = Faces(generator, chromium_once, tmp_path_factory.mktemp(version))
        return made[key]

    return of


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_opens_with_the_faces_of_files(faces, version, width):
    """They are picked, the first is chosen, and a slider moves it; the address names the file."""
    own = faces(version)
    studio = own.studio
    studio.open(width)
    assert studio.state == "" and not studio.find("#face-part").is_displayed()
    studio.browser.get("about:blank")
    studio.browser.get(studio.path.as_uri())
    studio.until("return document.documentElement.dataset.ready")
    assert same(studio.drawn("#large", ME), own.image(0))
    assert same(studio.drawn("#picks li:nth-child(2) canvas", YOU), own.image(1))
    assert studio.state == f"face={ME}&face={YOU}&chosen=1"
    assert studio.find("#face-name").text == "me_1.npz"
    studio.set("#direction-0", 2)
    image = studio.drawn("#large", f"{ME}_d0_2")
    first = principal_directions(own.generator)[0]
    assert same(image, own.generator.images(own.w(0) + 2 * first.vector)[0])
    assert not same(image, own.image(0))
    assert studio.state == f"face={ME}_d0_2&face={YOU}&chosen=1"
    studio.click("#clear")
    assert studio.state == ""
    studio.browser.refresh()
    studio.until("return document.documentElement.dataset.ready")
    assert studio.find("#no-picks").is_displayed()
    assert studio.log() == [] and studio.requests() == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_link_names_a_file(faces, version):
    """With sliders and truncation; a page without the file leaves the face out."""
    own = faces(version)
    studio = own.open(f"psi=0.5&face={YOU}&face=none.npz&face={ME}_d1_-1&chosen=2")
    second = principal_directions(own.generator)[1]
    moved = own.w(0, psi=0.5) - second.vector
    assert same(studio.drawn("#large", f"{ME}_d1_-1", 0.5), own.generator.images(moved)[0])
    assert same(studio.drawn("#picks canvas", YOU, 0.5), own.image(1, 0.5))
    assert studio.find("#face-name").text.startswith("me_1.npz, ")
    assert len(studio.browser.find_elements("css selector", "#picks li")) == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_a_walk_goes_to_the_face_of_a_file_and_to_a_seed(faces, version):
    """On an arc in z, straight in w."""
    own = faces(version)
    studio = own.open(f"face={ME}&face=5&chosen=1")
    studio.click("#tab-walk")
    for control, value in (("easing", "even"), ("loop", False)):
        studio.set(f"#{control}", value)
    studio.drawn("#picks li:nth-child(2) canvas", 5)
    leg = chord if own.generator.has_styles else arc
    between = leg(*own.w(0, 5), 0.3)[None].astype("float32")
    image = frame(studio, 30)
    assert same(image, own.generator.images(between)[0])


def test_styles_are_mixed_with_those_of_a_file(faces):
    """A seed takes the w of a layer of a w+, and a file that of a seed."""
    own = faces("stylegan2")
    studio = own.open(f"face={ME}&face=5&chosen=2&psi=0.5")
    studio.set("#mix-coarse", ME)
    mixed = own.w(5, 0, psi=0.5)
    mixed[0, LEVELS["coarse"]] = mixed[1, LEVELS["coarse"]]
    image = studio.drawn("#large", f"5_coarse_{ME}", 0.5)
    assert same(image, own.generator.images(mixed[:1])[0])
    assert studio.find("#mix-coarse").text == "its own\nof me_1.npz"
    assert studio.state == f"psi=0.5&face={ME}&face=5_coarse_{ME}&chosen=2"
    studio.click("#picks li:first-child .pick")
    studio.set("#mix-middle", "5")
    mixed = own.w(0, 5, psi=0.5)
    mixed[0, LEVELS["middle"]] = mixed[1, LEVELS["middle"]]
    image = studio.drawn("#large", f"{ME}_middle_5", 0.5)
    assert same(image, own.generator.images(mixed[:1])[0])


def test_files_name_the_file_of_a_face(faces):
    """As sample.py does, in place of the seed."""
    studio = faces("r3gan").open(f"face={ME}_d0_1&face=5&chosen=1")
    studio.click("#tab-save")
    studio.click("#save-face")
    with Image.open(studio.saved("face_me_1.png")) as image:
        assert image.text["seed"] == "me_1.npz" and image.text["faces"] == f"{ME}_d0_1"
        assert same(np.asarray(image), studio.drawn("#large", f"{ME}_d0_1"))
    studio.click("#save-sheet")
    with Image.open(studio.saved("sheet_of_2.png")) as image:
        assert image.text["seeds"] == "me_1.npz,5"


def test_a_file_without_styles_keeps_the_labels_that_are_not_chosen(faces):
    """The others are replaced in z, as `sample.py edit --label` does."""
    own = faces("dcgan", has_labels=True)
    studio = own.open(f"face={ME}&chosen=1&psi=0.5")
    assert same(studio.drawn("#large", ME, 0.5), own.image(0, 0.5))
    assert studio.find("#face-label-0 option").text == "its own"
    for code, hair in (("2", "blue"), ("0", "any")):
        studio.set("#face-label-0", code)
        expected = own.image(0, 0.5, [{"hair": hair}])
        assert same(studio.drawn("#large", f"{ME}_l0_{code}", 0.5), expected)
    studio.set("#face-label-1", "1")
    expected = own.image(0, 0.5, [{"hair": "any", "eyes": "green"}])
    assert same(studio.drawn("#large", f"{ME}_l0_0_l1_1", 0.5), expected)


def test_the_labels_of_a_stylegans_file_can_not_be_changed(faces):
    """They are in w: the page does not offer them, and a link can't give them."""
    own = faces("stylegan2", has_labels=True)
    studio = own.open(f"labels=l0_2&face={ME}_l0_2&face=5_l0_2&chosen=1&psi=0.5")
    assert same(studio.drawn("#large", ME, 0.5), own.image(0, 0.5))
    assert not studio.find("#face-labels").is_displayed()
    studio.click("#picks li:nth-child(2) .pick")
    assert studio.find("#face-labels").is_displayed()
    assert studio.find("#face-label-0 option").text == "by seed"
    assert same(studio.drawn("#large", "5_l0_2", 0.5), own.image(5, 0.5, [{"hair": "blue"}]))
    studio.set("#mix-coarse", ME)
    mixed = own.w(5, 0, psi=0.5, labels=[{"hair": "blue"}, {}])
    mixed[0, LEVELS["coarse"]] = mixed[1, LEVELS["coarse"]]
    image = studio.drawn("#large", f"5_coarse_{ME}_l0_2", 0.5)
    assert same(image, own.generator.images(mixed[:1])[0])


def test_the_name_of_a_file_is_only_text(chromium_once, tmp_path):
    """Also in the address."""
    generator = tiny_generator("r3gan")
    name = f"{HOSTILE.replace('/', '')}, &#_%.npz"
    page = studio_page(generator, "names", {}, faces={name: generator.latents([901])})
    path = tmp_path / "studio.html"
    path.write_text(page, encoding="utf-8")
    studio = Studio(chromium_once, path, generator, tmp_path)
    studio.open()  # downloads go to the folder
    chromium_once.get("about:blank")
    chromium_once.get(path.as_uri())
    studio.until("return document.documentElement.dataset.ready")
    studio.until("return document.getElementById('large').dataset.drawn")
    assert studio.find("#face-name").get_attribute("textContent") == name
    studio.set("#direction-0", 1)
    address = studio.state
    chromium_once.refresh()
    studio.until("return document.documentElement.dataset.ready")
    assert studio.state == address and "d0_1" in address
    assert studio.log() == []


def test_files_of_the_same_name_are_refused(tmp_path):
    """Also if the address would write them alike; and files that do not fit."""
    generator = tiny_generator("stylegan2")
    (first, _), weights = files_of(generator, tmp_path)
    other = tmp_path / "me-1.npz"
    other.write_bytes(first.read_bytes())
    with pytest.raises(UserError, match=r"me_1.npz and .*me-1.npz have the same name in the page"):
        load_faces(generator, [first, other], weights)
    with pytest.raises(UserError, match="is for a generator of another kind"):
        load_faces(tiny_generator("r3gan"), [first], weights)
