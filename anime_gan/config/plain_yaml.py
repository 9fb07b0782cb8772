"""YAML 1.2 with plain values only: null, true, false, decimal numbers, text, lists, mappings.

All other words are text, also 2024-01-01, 0x10, and 010, which some take for eight. Tags are
refused, and aliases, a few lines of which can stand for billions of values.
"""

import io
import re
from typing import Any, ClassVar

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.nodes import MappingNode
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.resolver import VersionedResolver

LARGEST = 100_000  # characters; config.yaml has six thousand
DEEPEST = 20  # nested collections

_WHOLE = "(?:0|[1-9][0-9]*)"


def read(text: str) -> Any:
    """Return the value of a YAML text; YAMLError if it is invalid, or not plain."""
    if len(text) > LARGEST:
        raise YAMLError(f"it is longer than {LARGEST:,} characters")
    try:
        return _yaml().load(text)
    except (ValueError, AssertionError) as error:  # a number of 5000 digits; %YAML 1.9
        raise YAMLError(str(error)) from error


def write(values: Any) -> str:
    """Return a text from which `read` makes the same values."""
    stream = io.StringIO()
    _yaml().dump(values, stream)
    return stream.getvalue()


def line_of(text: str, keys: tuple) -> int:
    """Return the line, counted from 1, of the last of nested keys that a valid text has."""
    node, line = _yaml().compose(text), 1
    for key in keys:
        pairs = node.value if isinstance(node, MappingNode) else []
        for name, value in pairs:
            if name.value == str(key):
                line, node = name.start_mark.line + 1, value
    return line


class _Composer(Composer):
    def compose_node(self, parent, index):
        event = self.parser.peek_event()
        if event.anchor is not None or event.ctag is not None:
            raise ComposerError(None, None, "aliases and tags are not allowed", event.start_mark)
        return super().compose_node(parent, index)


class _Resolver(VersionedResolver):
    processing_version = (1, 2)  # whatever a %YAML directive says
    versioned_resolver: ClassVar = {
        None: [  # for any first character
            (f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern})\Z"))
            for name, pattern in (
                ("null", "~|null|Null|NULL|"),
                ("bool", "true|True|TRUE|false|False|FALSE"),
                ("int", f"[-+]?{_WHOLE}"),
                ("float", rf"[-+]?(\.[0-9]+|{_WHOLE}(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
            )
        ]
    }


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data) -> bool:
        return True

    def represent_str(self, data):
        # Escapes, in double quotes, for what is read as a line break or a byte-order mark.
        style = None if set("\x85\u2028\u2029\ufeff").isdisjoint(data) else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style)


_Representer.add_representer(str, _Representer.represent_str)


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer, yaml.Resolver, yaml.Representer = _Composer, _Resolver, _Representer
    yaml.max_depth, yaml.width = DEEPEST, LARGEST
    yaml.default_flow_style = yaml.sort_base_mapping_type_on_output = False
    return yaml
