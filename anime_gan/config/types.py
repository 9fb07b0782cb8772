"""Kinds of values that config.yaml's keys can have, for pydantic: what each takes and refuses."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field


def not_bool(value):
    """Refuse true and false where a number is wanted: Python would take them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Whole = Annotated[int, BeforeValidator(not_bool), Field(lt=2**31)]
Number = Annotated[float, BeforeValidator(not_bool), Field(allow_inf_nan=False)]


def _whole(value):
    """Return the text of a whole number as that number, and everything else as it is."""
    return int(value) if isinstance(value, str) and value.isdecimal() else not_bool(value)


def _auto_or_whole(value):
    """Refuse all but "auto", nothing, and a whole number from 1 on."""
    number = _whole(value) if isinstance(value, str) else value
    if value in ("auto", None) or (type(number) is int and 1 <= number <= 65_536):
        return number
    raise ValueError("must be auto, null or a whole number from 1 to 65536")


AutoOrWhole = Annotated[int | str | None, BeforeValidator(_auto_or_whole)]


def scheduled(low: float, high: float, word: str | None = None):
    """Return the type of a number from `low` to `high`, of a pair [first, last] of such, or a word.

    A pair goes from its first value to its last along half a cosine over training.cosine_kimg.
    """

    def check(value):
        if word and value == word:
            return word
        pair = isinstance(value, list | tuple) and len(value) == 2
        try:
            numbers = [float(not_bool(n)) for n in (value if pair else [value])]
        except (TypeError, ValueError, OverflowError):
            numbers = []
        if not numbers or not all(low <= n <= high for n in numbers):
            words = f"{word}, " if word else ""
            raise ValueError(
                f"must be {words}a number from {low:g} to {high:g}, or a pair [first, last]"
            )
        return tuple(numbers) if pair else numbers[0]

    return Annotated[Any, BeforeValidator(check)]


def _printable(text: str) -> str:
    """Refuse what no name on a disk should have, and the system takes for its end."""
    if not text.isprintable():
        raise ValueError("must be without line breaks and control characters")
    return text


Place = Annotated[str, AfterValidator(_printable), Field(min_length=1, max_length=1000)]

# A size of growing networks, in pixels; a mapping's keys come as text from JSON and command lines.
Size = Annotated[Literal[4, 8, 16, 32, 64, 128, 256, 512], BeforeValidator(_whole)]


def _devices(value):
    """Let through "all" and whole numbers from 1 to 4096."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value != "all" and not (whole and 1 <= value <= 4096):
        raise ValueError("must be all, or how many devices of this machine to use")
    return value


Devices = Annotated[Any, BeforeValidator(_devices)]


def _address(value):
    """Let through host:port."""
    host, _, port = str(value).rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(
            "must be the machine of process 0 and a free port there, such as 192.168.0.5:1234"
        )
    return value


Address = Annotated[str, BeforeValidator(_address)]

# Names that are folders as well.
NAME = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
