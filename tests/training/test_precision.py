"""Training takes a precision that the networks know."""

import pytest

from training.precision import fastest_precision


@pytest.mark.backends
def test_the_measurement_ends_in_a_name():
    """Whatever the machine."""
    assert fastest_precision() in ("float32", "bfloat16")
