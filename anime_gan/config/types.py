"""Types of config values, for pydantic in strict mode: text is no number, a bool is no number."""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WrapValidator


def described(sentence: str) -> WrapValidator:
    """Return a validator that replaces all errors of a type, one per member of a union, by one."""

    def validate(value, handler):
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(sentence) from None

    return WrapValidator(validate)


def _whole(value):
    """Return 1e4 and 10000.0 as 10000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _from_key(value):
    """Return "8" as 8: the keys of a JSON mapping are texts."""
    is_number = isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,9}", value)
    return int(value) if is_number else value


def _single_line(text: str) -> str:
    # Separators such as U+3000, which Japanese folders have, are right; "\u2028" is a line break.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise ValueError("must be without line breaks and control characters")
    return text


def _word(text: str) -> str:
    return " ".join(_single_line(text).split()).lower()


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port[:6]) < 65_536:
        raise ValueError(
            "must be the machine of process 0 and a free port there, such as 192.168.0.5:1234"
        )
    return text


Whole = Annotated[int, BeforeValidator(_whole), Field(lt=2**31)]
Number = Annotated[float, Field(allow_inf_nan=False)]
AutoOrWhole = Annotated[
    Literal["auto"] | Annotated[Whole, Field(ge=1, le=65_536)] | None,
    described("must be auto, null or a whole number from 1 to 65536"),
]
Devices = Annotated[
    Literal["all"] | Annotated[Whole, Field(ge=1, le=4096)],
    described("must be all, or how many devices of this machine to use"),
]
# A Literal would accept true, which equals 1.
Channels = Annotated[Literal[1, 3], BeforeValidator(lambda n: "true" if n is True else n)]
# A config holds "colour", as those of older runs do.
Policy = Annotated[
    Literal["translation", "cutout", "color", "colour"],
    AfterValidator(lambda name: "colour" if name == "color" else name),
]
# Image size of a growing network, in pixels.
Size = Annotated[Literal[4, 8, 16, 32, 64, 128, 256, 512, 1024], BeforeValidator(_from_key)]
Place = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_single_line)]
# Of labels, as data/labels.py reads it: in lower case.
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_word)]
Address = Annotated[str, AfterValidator(_address)]
# Names are folders too.
Name = Annotated[
    str,
    Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9._-]{0,99})?$"),
    described(
        "must be at most 100 letters, digits, '.', '_' or '-', and not begin with '.' or '-'"
    ),
]
Version = Annotated[Name, AfterValidator(str.lower)]


def scheduled(low: float, high: float, word: str | None = None):
    """Return the type of a number from `low` to `high`, a pair [start, end] of such, or a word.

    A pair goes from start to end along half a cosine over training.cosine_kimg, or the whole run.
    """
    number = Annotated[float, Field(ge=low, le=high)]
    values = number | Annotated[tuple[number, number], Field(strict=False)]
    words = f"{word}, " if word else ""
    return Annotated[
        values | Literal[word] if word else values,
        described(f"must be {words}a number from {low:g} to {high:g}, or a pair [start, end]"),
    ]
