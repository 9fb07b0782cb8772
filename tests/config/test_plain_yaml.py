"""What is written is read back, words mean what they say, and a text holds only values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAMLError

from anime_gan.config import plain_yaml

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(
        ["012", "1e5", "08", "no", "~", "", "1:30", "true", "2024-01-01", "*a", "<<"]
    ),
    lambda values: st.lists(values) | st.dictionaries(st.text("ab1.", min_size=1), values),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_is_read_again(value):
    """With the same type, too: a run's config is stored this way."""
    again = plain_yaml.read(plain_yaml.write(value))
    assert again == value and type(again) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("012", "012"),
        ("0", 0),
        ("0.5", 0.5),
        ("-10", -10),
        ("1:30", "1:30"),
        ("1e-4", 0.0001),
        ("no", "no"),
        ("0x10", "0x10"),
        ("2024-01-01", "2024-01-01"),
        ("-.5", -0.5),
        ("[True, FALSE, Null]", [True, False, None]),
        ("{8: 1}", {8: 1}),
        ("%YAML 1.1\n---\n[012, no, 12]", ["012", "no", 12]),
        ("[<<, =, 1_000, .inf]", ["<<", "=", "1_000", ".inf"]),
    ],
)
def test_a_word_is_what_a_reader_takes_it_for(text, value):
    """Decimal numbers, true, false and null; all else is text."""
    found = plain_yaml.read(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1\na: 2", "{1: a, +1: b}", "[&a 1, *a]", "&a 1", "!!set {a}", "!!int 1", "! 1"),
        *("!!python/name:os.system", "[" * 50, "9" * 5000, "1\n---\n2", "x" * 10**6),
    ],
)
def test_what_could_mislead_or_grow_is_refused(text):
    """Keys given twice, aliases, tags, depth, length."""
    with pytest.raises(YAMLError):
        plain_yaml.read(text)


@pytest.mark.parametrize(
    "character", ["\x85", "\u2028", "\u2029", "\ufeff", "\n", "\t", "é", "顔", "'"]
)
def test_a_text_is_read_back_as_it_was_written(character):
    """Some characters are line breaks in YAML: a run's path must not change when it resumes."""
    for text in (character, f"a{character}b", f"{character} a", f"a {character}"):
        assert plain_yaml.read(plain_yaml.write({"images": text})) == {"images": text}


def test_a_config_is_written_in_lines():
    """One key a line, in the given order, with readable Unicode and without aliases."""
    pair = [0, 1.5]
    text = plain_yaml.write({"b": pair, "a": {"images": "顔", "also": pair}})
    assert text == "b:\n- 0\n- 1.5\na:\n  images: 顔\n  also:\n  - 0\n  - 1.5\n"
