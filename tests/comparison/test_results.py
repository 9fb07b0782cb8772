"""What was measured before is used again only if it is whole, and of the same weights."""

import json

import pytest

from anime_gan.comparison import results

OF = {"step": 3, "networks": ["lite0"]}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (json.dumps({"of": OF, "known": {"gflops": [1, 2]}}), {"gflops": [1, 2]}),
        (json.dumps({"of": OF | {"step": 2}, "known": {}}), None),
        (json.dumps({"of": OF}), None),
        (json.dumps({"of": OF, "known": 3}), None),
        ("[]", None),
        ("{", None),
        (None, None),
    ],
)
def test_a_comparison_json(tmp_path, text, known):
    """Anything else is measured again, never a traceback."""
    path = tmp_path / "comparison.json"
    if text is not None:
        path.write_text(text)
    assert results._known(path, OF) == known
