"""YAML that means what a reader takes it for, and can do nothing but hold values.

PyYAML by itself reads YAML 1.1, in which 012 is ten, 1:30 is ninety, 1e-4 is a text, `no` is false,
and a key given twice keeps its last value in silence. Here numbers are decimal, true and false are
the only truth values, a key stands once, and there are no tags, dates or aliases, with
which a few lines can stand for billions of values.
"""

import re
from typing import Any, ClassVar

import yaml

LARGEST = 100_000  # characters; config.yaml has six thousand
DEEPEST = 20  # collections within each other


def read(text: str) -> Any:
    """Return the value of a YAML text; yaml.YAMLError if it is none, or not a plain one."""
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"it is longer than {LARGEST:,} characters")
    return yaml.load(text, _Loader)


def write(values: Any) -> str:
    """Return a text that `read` makes the same values of."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


class _Loader(yaml.SafeLoader):
    """Reads null, true, false, decimal numbers, texts, lists and mappings."""

    yaml_implicit_resolvers: ClassVar = {}
    yaml_constructors: ClassVar = {}
    depth = 0

    def compose_node(self, parent, index):
        """Return the next node; YAMLError where it is an alias, has a tag or is too deep."""
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.tag is not None:
            self.refuse("aliases and tags have no place here", event)
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse("it is too deep", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def mapping(self, node) -> dict:
        """Return a mapping; YAMLError where a key is given twice."""
        values = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse("a key must be a word or a number", key_node)
            key = self.construct_object(key_node)
            if key in values:
                self.refuse(f"the key {key!r:.40} is given twice", key_node)
            values[key] = self.construct_object(value_node)
        return values

    def sequence(self, node) -> list:
        """Return a list."""
        return [self.construct_object(part) for part in node.value]

    def refuse(self, problem: str, place) -> None:
        """Raise a YAMLError that says what is wrong and where."""
        raise yaml.constructor.ConstructorError(None, None, problem, place.start_mark)


class _Dumper(yaml.SafeDumper):
    """Writes texts in quotes where the loader would take them for something else."""

    yaml_implicit_resolvers: ClassVar = {}

    def ignore_aliases(self, data) -> bool:
        """Return that what is there twice is written twice."""
        return True

    def text(self, text: str):
        """Write a text; in double quotes, as escapes, the characters YAML reads as line breaks."""
        special = not _LINE_BREAKS.isdisjoint(text)
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if special else None)


_LINE_BREAKS = set("\x85\u2028\u2029\ufeff")  # and the byte-order mark
_Dumper.add_representer(str, _Dumper.text)


def _scalar(name: str, pattern: str, first: str, value_of) -> None:
    """Have both classes know a kind of word: a pattern, its first characters, and its value."""
    tag, shape = f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern})\Z")

    def construct(loader, node):
        try:
            return value_of(node.value)
        except ValueError:  # Python makes no number of thousands of digits
            loader.refuse("it holds a number that is too long", node)

    for kind in (_Loader, _Dumper):
        kind.add_implicit_resolver(tag, shape, [*first, ""] if shape.match("") else [*first])
    _Loader.add_constructor(tag, construct)


_scalar("null", "~|null|Null|NULL|", "~nN", lambda text: None)
_scalar("bool", "true|True|TRUE|false|False|FALSE", "tTfF", lambda text: text.lower() == "true")
_scalar("int", "[-+]?[0-9]+", "-+0123456789", int)
_NUMBER = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_scalar("float", _NUMBER, "-+.0123456789", float)
_Loader.add_constructor("tag:yaml.org,2002:str", _Loader.construct_scalar)
_Loader.add_constructor("tag:yaml.org,2002:seq", _Loader.sequence)
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
