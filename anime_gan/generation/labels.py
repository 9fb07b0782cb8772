"""Labels that a user asks for, such as hair=blue,eyes=red."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from anime_gan.config import from_dict, read_yaml
from anime_gan.data.labels import ANY, nearest
from anime_gan.errors import UserError

EVERY = "*"  # asks for all values, one after the other


def parse_labels(text: str) -> dict[str, str]:
    """Return "hair=blue,eyes=red" as a dict, in lower case; UserError if it is not of this form."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (" ".join(word.split()).lower() for word in part.partition("="))
        if not (name and equals and value):
            raise UserError(
                f"{text!r} is not a list of labels, such as hair=blue,eyes=red; {EVERY} asks for "
                f"all values of an attribute, and {ANY} for none in particular."
            )
        if name in found:
            raise UserError(f"{text!r} has two values for {name}; give one, or all with {EVERY}.")
        found[name] = value
    return found


def require_labels(attributes: Mapping[str, Sequence[str]], labels: Mapping[str, str]) -> None:
    """Raise UserError if a generator with these attributes cannot take the labels."""
    if not attributes and len(labels):
        raise UserError(
            "this generator takes no labels, since it was trained without model.labels; leave "
            "them out, or take one that was trained with them."
        )
    for name, value in labels.items():
        if name not in attributes:
            raise UserError(f"this generator has no attribute {name}; {nearest(name, attributes)}.")
        if value not in (*attributes[name], ANY):
            known = nearest(value, attributes[name])
            raise UserError(f"this generator has no {name} {value}; {known}.")


def expanded(
    attributes: Mapping[str, Sequence[str]], asked: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """Return the labels asked for, with EVERY replaced by each value; [{}] for none.

    UserError if a generator with these attributes cannot take them.
    """
    found: list[dict[str, str]] = []
    for labels in asked or [{}]:
        require_labels(attributes, {n: ANY if v == EVERY else v for n, v in labels.items()})
        own = [dict(labels)]
        for name in (name for name, value in labels.items() if value == EVERY):
            own = [one | {name: value} for one in own for value in attributes[name]]
        found += own
    return found


def has_several(asked: Sequence[Mapping[str, str]]) -> bool:
    """Say whether several labels are asked for, one after the other."""
    return len(asked) > 1 or any(EVERY in labels.values() for labels in asked)


def label_text(labels: Mapping[str, str]) -> str:
    """Return labels as the command line takes them, such as "hair=blue,eyes=red"."""
    return ",".join(f"{name}={value}" for name, value in labels.items())


def words_of(attributes: Mapping[str, Sequence[str]], codes: Sequence[int]) -> dict[str, str]:
    """Return the labels that codes (A,) stand for; ANY for 0."""
    return {
        name: values[code - 1] if code else ANY
        for (name, values), code in zip(attributes.items(), codes, strict=True)
    }


def attributes_in(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the attributes and values of the generator in a weights file, without Keras.

    {} if it takes no labels, or the file cannot be read, which is reported when it is opened.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, UserError, zipfile.BadZipFile):
        if path.suffix == ".h5":
            return from_dict(read_yaml(path.with_name("config.yaml"))).model.label_values
        with zipfile.ZipFile(path) as file:
            config = json.loads(file.read("config.json"))
        layers = [layer["config"] for layer in config["config"]["layers"]]
        return next(
            ({n: (*v,) for n, v in x["attributes"].items()} for x in layers if "attributes" in x),
            {},
        )
    return {}
