"""The best face of each group is kept, and the user's lists overrule everything."""

import pytest

from anime_gan.errors import UserError
from anime_gan.preparation.decisions import EXACT, NEAR, SMALL, decide, read_list, wishes_of
from anime_gan.preparation.settings import Limits

SOUND = {
    "spread": 0.2,
    "light": 0.9,
    "contrast": 0.8,
    "sharpness": 0.1,
    "blocks": 1.2,
    "colour": 0.2,
    "enlarged": 1.0,
}


def face(name, side=100, pixels=None, **values):
    return {
        "name": name,
        "source": f"from {name}",
        "box": [0, 0, side],
        "pixels": pixels or name,
        **SOUND,
        **values,
    }


def test_the_largest_of_each_group_is_kept():
    """Exact duplicates come first, then near ones; a faulty face replaces no other."""
    faces = [
        face("small", 50),
        face("large", 90),
        face("twin", 90, pixels="large"),
        face("dark", 200, light=0.1),
        face("other", 90),
        face("tiny", enlarged=3.0),
    ]
    near_pairs = {("small", "large"), ("small", "dark")}
    decisions = decide(faces, wishes_of(faces, set(), set()), near_pairs, Limits(), enlarge=2.0)
    assert [decision.reason for decision in decisions] == [
        NEAR, None, EXACT, "too dark", None, SMALL,
    ]  # fmt: skip
    assert decisions[0].instead == decisions[2].instead == "large"


def test_lists_overrule_by_face_and_by_file():
    """The name of a face takes precedence over its file's, and unknown names are returned."""
    faces = [face("a", light=0.1), face("b"), face("c"), face("d")]
    for one in faces[2:]:
        one["source"] = "pair.png"
    wishes = wishes_of(faces, keep={"a", "c", "x"}, drop={"pair.png", "from b"})
    decisions = decide(faces, wishes, set(), Limits(), 2.0)
    assert wishes.unknown == ["x"]
    assert [decision.kept for decision in decisions] == [True, False, True, False]
    assert decisions[0].forced and decisions[0].reason == "too dark"


def test_a_copy_takes_the_place_of_a_face_that_is_dropped_by_hand():
    """So a drawing is not lost with a watermarked copy of it."""
    faces = [face("a", side=200), face("b"), face("c", side=80)]
    near_pairs = {("a", "b"), ("a", "c"), ("b", "c")}
    decisions = decide(faces, wishes_of(faces, set(), {"a"}), near_pairs, Limits(), 2.0)
    assert [decision.reason for decision in decisions] == ["in drop.txt", None, NEAR]
    assert decisions[2].instead == "b"
    every = decide(faces, wishes_of(faces, {"c"}, {"a"}), near_pairs, None, 2.0)
    assert [decision.kept for decision in every] == [False, True, True]


def test_a_list_may_name_a_face_by_a_file_of_any_format():
    """Lists written for a set of PNG files hold for one of JPEG files, and the reverse."""
    faces = [face("a-1-0.png", light=0.1), face("b-2-0.png"), face("c-3-0.png")]
    faces[2]["source"] = "b-2-0.jpg"  # a file of that name is meant, not the face
    wishes = wishes_of(faces, keep={"a-1-0.jpg"}, drop={"b-2-0.jpg", "no-4-0.jpg"})
    decisions = decide(faces, wishes, set(), Limits(), 2.0)
    assert wishes.unknown == ["no-4-0.jpg"]
    assert [decision.kept for decision in decisions] == [True, True, False]


def test_a_name_in_both_lists_is_an_error():
    """Either answer could be wrong."""
    with pytest.raises(UserError, match=r"keep\.txt and in drop\.txt"):
        wishes_of([], {"a"}, {"a"})


def test_a_list_has_a_name_per_line_and_comments(tmp_path):
    """A missing file is an empty list; a byte order mark and Windows line ends are accepted."""
    assert read_list(tmp_path / "keep.txt") == set()
    (tmp_path / "keep.txt").write_bytes(b"\xef\xbb\xbfone.png\r\n# a comment\n\n two words.png \n")
    found = read_list(tmp_path / "keep.txt")
    assert {name for name in found if name[0] != "#"} == {"one.png", "two words.png"}
    assert wishes_of([], found, {"# a comment"}).unknown == ["one.png", "two words.png"]
