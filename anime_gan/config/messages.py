"""Errors of pydantic and of YAML, each as one sentence in plain words."""

import difflib
import re
import reprlib
from typing import Any

from ruamel.yaml import YAMLError
from ruamel.yaml.constructor import DuplicateKeyError

from anime_gan.config.schema import FORMER, Config, Section

SECTIONS = {name: dict(value) for name, value in Config() if isinstance(value, Section)}
KEYS = ["version", "run", *(f"{name}.{key}" for name in SECTIONS for key in SECTIONS[name])]
# The key to suggest for each spelling, with and without its section.
WHOLE = {key: key for key in KEYS} | FORMER
BARE = {name.rpartition(".")[2]: key for name, key in reversed(WHOLE.items())}
BARE |= {name: name for name in SECTIONS}
# In place of words such as "valid integer".
PLAIN = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text, in quotes if YAML reads it as something else",
    "dict_type": "must be a mapping, such as {8: 16}",
}
_LONGEST = 150  # characters of what is wrong with a YAML text
_QUOTES = "'\""
_SHORT = reprlib.Repr()
_SHORT.maxstring = 70


def key_error(error: dict[str, Any]) -> str:
    """Return one of the errors of a ValidationError as a sentence."""
    key = shown(".".join(str(part) for part in error["loc"] if part != "[key]"))[1:-1]
    if error["type"] in ("extra_forbidden", "invalid_key"):
        names = WHOLE if "." in key else BARE
        near = difflib.get_close_matches(key.lower(), names, 1)
        nearest = f"the nearest right one is {names[near[0]]}" if near else "config.yaml lists them"
        return f"{key} is not a key of the config; {nearest}."
    if error["type"] == "string_too_short":
        return f"{key} must not be empty."
    what = re.sub(r"^\w+ should ", "must ", error["msg"].removeprefix("Value error, "))
    what = PLAIN.get(error["type"], what)
    if error["type"] == "model_type":
        what = f"must hold keys of its own, such as {key}.{next(iter(SECTIONS[key]))}"
    if error["type"] == "tuple_type":
        what = f"must be a list, such as [{shown(error['input']).strip(_QUOTES)}]"
    return f"{key} {what}, not {shown(error['input'])}."


def key_for_option(option: str) -> str:
    """Return which key to set in place of an option such as "--steps"."""
    name = option.lstrip("-").partition("=")[0].replace("-", "_").lower()
    names = WHOLE if "." in name else BARE
    near = difflib.get_close_matches(name, names, 1)
    return f"keys have no dashes: {names[near[0]] if near else 'KEY'}=VALUE"


def yaml_error(error: YAMLError) -> str:
    """Return what is wrong with a YAML text, and the line if it is known: " at line 3: ..."."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    if isinstance(error, DuplicateKeyError):
        key = re.match(r"found duplicate key (.*) with value ", problem, re.DOTALL)
        problem = f"the key {key[1][1:-1]} is there twice" if key else "a key is there twice"
    plain = "".join(c if c.isprintable() else repr(c)[1:-1] for c in problem)
    plain = plain.replace(r"'\t'", "TAB")
    cut = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}..."
    return f"{f' at line {mark.line + 1}' if mark else ''}: {cut}"


def shown(value) -> str:
    """Return a value as Python writes it, on one line, cut."""
    return _SHORT.repr(value)[:80]
