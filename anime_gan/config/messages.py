"""Errors of pydantic and of YAML, each as one sentence in plain words."""

import difflib
import re
import reprlib
from typing import Any

from ruamel.yaml import YAMLError

from anime_gan.config.schema import FORMER, Config, Section

SECTIONS = {name: dict(value) for name, value in Config() if isinstance(value, Section)}
KEYS = ["version", "run", *(f"{name}.{key}" for name in SECTIONS for key in SECTIONS[name])]
SUGGESTED = {key: key for key in KEYS} | FORMER  # the right key, for it and its former name
# In place of words such as "valid integer".
PLAIN = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "dict_type": "must be a mapping, such as {8: 16}",
}
_SHORT = reprlib.Repr()
_SHORT.maxstring = 60


def key_error(error: dict[str, Any]) -> str:
    """Return one of the errors of a ValidationError as a sentence."""
    key = word(".".join(str(part) for part in error["loc"] if part != "[key]"))
    if error["type"] in ("extra_forbidden", "invalid_key"):
        near = _nearest(key, isinstance(error["input"], dict))
        return f"{key} is not a key of the config; the nearest right one is {near}."
    what = re.sub(r"^\w+ should ", "must ", error["msg"].removeprefix("Value error, "))
    what = PLAIN.get(error["type"], what)
    if error["type"] == "tuple_type":
        what = f"must be a list, such as [{word(error['input'])}]"
    if error["type"] == "model_type":
        what = f"must hold keys of its own, such as {key}.{next(iter(SECTIONS[key]))}"
    return f"{key} {what}, not {shown(error['input'])}."


def yaml_error(error: YAMLError) -> str:
    """Return what is wrong with a YAML text, and the line if it is known: " at line 3: ..."."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"{f' at line {mark.line + 1}' if mark else ''}: {word(problem)}"


def _nearest(key: str, is_section: bool) -> str:
    """Return the right key whose spelling is nearest to a wrong one."""
    if is_section and "." not in key:
        return difflib.get_close_matches(key.lower(), SECTIONS, 1, 0)[0]
    near = difflib.get_close_matches(key.lower(), SUGGESTED, 1, 0)[0]
    if "." in near and "." not in key:
        # A bare key most often lacks its section: `batch_size` for training.batch_size.
        bare = {name.rpartition(".")[2]: name for name in reversed(SUGGESTED)}
        near = bare[difflib.get_close_matches(key.lower(), bare, 1, 0)[0]]
    return SUGGESTED[near]


def shown(value) -> str:
    """Return a value as Python writes it, on one line, cut."""
    return _SHORT.repr(value)[:80]


def word(value) -> str:
    """Return a text, or a value as one, on one line, cut."""
    return repr(str(value)[:60])[1:-1][:80]
