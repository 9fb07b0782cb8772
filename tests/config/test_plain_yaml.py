"""What is written is what is read, and nothing but values."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

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
    """Of the same type too: a run's config is kept this way."""
    again = plain_yaml.read(plain_yaml.write(value))
    assert again == value and type(again) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("012", 12),
        ("1:30", "1:30"),
        ("1e-4", 0.0001),
        ("no", "no"),
        ("0x10", "0x10"),
        ("2024-01-01", "2024-01-01"),
        ("-.5", -0.5),
        ("[True, FALSE, Null]", [True, False, None]),
        ("{8: 1}", {8: 1}),
    ],
)
def test_a_word_is_what_a_reader_takes_it_for(text, value):
    """Decimal numbers, true and false, and no more."""
    found = plain_yaml.read(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1\na: 2", "{1: a, 01: b}", "[&a 1, *a]", "? [1]\n: 2", "!!set {a}", "!!int 1", "! 1"),
        *("!!python/name:os.system", "[" * 50, "9" * 5000, "1\n---\n2", "x" * 10**6),
    ],
)
def test_what_could_mislead_or_grow_is_refused(text):
    """Keys given twice, aliases, tags, depth, length."""
    with pytest.raises(yaml.YAMLError):
        plain_yaml.read(text)
