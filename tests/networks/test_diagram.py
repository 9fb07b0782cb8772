"""The diagrams of all versions can be read: nothing overlaps, and nothing is cut off."""

from xml.etree import ElementTree

from anime_gan.config import load_config
from anime_gan.config.versions import VERSIONS
from anime_gan.networks.blocks import Block
from anime_gan.networks.diagram import draw_networks, lanes_of
from anime_gan.training.loop_diagram import draw_loop
from tests.conftest import ROOT

# The texts that leave the image or a box or overlap, and the boxes that overlap.
_FAULTS = """
const texts = [...document.querySelectorAll("text")].map(t => [t.textContent, t.getBBox()]);
const boxes = [...document.querySelectorAll("rect.box")].map(r => r.getBBox());
const [width, height] = document.documentElement.getAttribute("viewBox").split(" ").slice(2);
const end = a => a.x + a.width, low = a => a.y + a.height;
const over = (a, c, d) => a.x < end(c) - d && c.x < end(a) - d;
const meet = (a, c, d) => over(a, c, d) && a.y < low(c) - d && c.y < low(a) - d;
const inside = (a, c) => a.x >= c.x && end(a) <= end(c) && a.y >= c.y && low(a) <= low(c);
const page = {x: 0, y: 0, width: +width, height: +height};
const found = texts.filter(([_, a]) => !inside(a, page)).map(([s]) => "outside: " + s);
texts.forEach(([s, a], i) => {
  for (const [u, c] of texts.slice(i + 1)) if (meet(a, c, 1.5)) found.push(s + " over " + u);
  for (const box of boxes) if (meet(a, box, 1) && !inside(a, box)) found.push("on an edge: " + s);
});
boxes.forEach((a, i) => {
  if (!inside(a, page) || boxes.slice(i + 1).some(c => meet(a, c, 0))) found.push("box " + i);
});
return found;
"""


def test_nothing_overlaps(browser, tmp_path):
    """In both diagrams of each version, also at 512x512 and with other options."""
    wide = [["version=stylegan", "model.resolution=512"], ["version=sagan", "model.resolution=256"]]
    options = ["version=r3gan", "objective.penalties=[r1,r2,gradient]", "training.n_critic=7"]
    for overrides in [[f"version={name}"] for name in VERSIONS] + wide + [options]:
        config = load_config(None, overrides)
        for text in (draw_networks(config), draw_loop(config)):
            path = tmp_path / "diagram.svg"
            path.write_text(text, encoding="utf-8")
            browser.get(path.as_uri())
            assert browser.execute_script(_FAULTS) == [], overrides
            assert text.count("<text") > 10


def test_lines_in_one_lane_do_not_meet():
    """A lane is used again after the line in it has ended."""
    sources = [[], [0], [1, 0], [2, 1], [3], [4], [5, 3]]
    made = [Block(str(n), (1,), sources=some) for n, some in enumerate(sources)]
    assert lanes_of(made) == {0: 0, 1: 1, 3: 0}


def test_the_loop_says_what_changes():
    """One network an update; real images are scored in the second only if the loss needs them."""
    for version, pairs in (("v5", False), ("r3gan", True), ("wgan", False)):
        root = ElementTree.fromstring(draw_loop(load_config(None, [f"version={version}"])))
        texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        boxes = [box.get("class") for box in root.iter("{http://www.w3.org/2000/svg}rect")]
        assert sum("changed" in (one or "") for one in boxes) == 2
        assert any("generated and real images" in text for text in texts) == pairs
        assert any("5 times a step" in text for text in texts) == (version == "wgan")


def test_the_committed_diagrams_are_those_of_today():
    """docs/networks.md shows what the command draws."""
    for name in ("v5", "stylegan"):
        config = load_config(None, [f"version={name}"])
        path = ROOT / "docs" / f"{name}_networks.svg"
        assert path.read_text() == draw_networks(config), f"draw {path.name} again"
    assert (ROOT / "docs" / "v5_loop.svg").read_text() == draw_loop(
        load_config(None, ["version=v5"])
    )
