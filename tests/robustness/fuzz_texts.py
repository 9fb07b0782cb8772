"""Configs and records, damaged: how they are read, and when what was read is wrong.

Each function here takes an empty folder and returns a case for fuzz.py: a function from a random
generator to an outcome.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace

from anime_gan import backend
from anime_gan.config.versions import VERSIONS

backend.start()

import numpy as np
from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode

from anime_gan.comparison import charts, page, results
from anime_gan.config import flat, from_dict, load_config, plain_yaml
from anime_gan.config.load import TEXTS
from anime_gan.config.stages import stages_of
from anime_gan.metrics.during_training import METRICS
from anime_gan.runs.health import MEANS, SIGNS, Health, read_findings
from anime_gan.runs.history import LOSSES, Curve, History, Lines, read_rows
from tests.robustness import mutations

ROOT = Path(__file__).parents[2]
Case = Callable[[Random], str]


class Wrong(Exception):
    """What was read is neither what was written nor what the damaged file says."""


def require(right: bool, what: str) -> None:
    """Raise Wrong if something is not right."""
    if not right:
        raise Wrong(what)


def configs(folder: Path) -> Case:
    """config.yaml, files for --config, and command lines."""
    own = (ROOT / "config.yaml").read_text()
    whole = re.sub(r"^( *)# ((?:  )?[a-z_0-9]+:( |$))", r"\1\2", own, flags=re.MULTILINE)
    texts = [own, whole, *(path.read_text() for path in sorted((ROOT / "configs").iterdir()))]
    dicts = [load_config(None, [f"version={name}"]).model_dump() for name in VERSIONS]
    keys = [*flat(dicts[0])]

    def case(draw: Random) -> str:
        kind = draw.choice(["own", "file", "values", "line", "line"])
        Path("config.yaml").write_text("" if kind in ("file", "values") else own)
        written, overrides = None, []
        if kind == "line":
            for _ in range(draw.choice([1, 1, 2])):
                key, value = draw.choice(keys), draw.choice([*mutations.WORDS, *mutations.LONG])
                line = f"{key}={value}"
                overrides.append(line if draw.random() < 0.8 else mutations.of_text(line, draw))
        elif kind == "values":
            written = plain_yaml.write(mutations.of_values(draw.choice(dicts), draw))
        else:
            written = mutations.of_text(draw.choice(texts), draw)
        name = "config.yaml" if kind == "own" else "other.yaml"
        if written is not None:
            Path(name).write_bytes(written.encode("utf-8", "surrogatepass"))
        file = name if written is not None and kind != "own" else None
        found = load_config(file, overrides)
        require(from_dict(json.loads(json.dumps(found.model_dump()))) == found, "as JSON")
        again = from_dict(plain_yaml.read(plain_yaml.write(found.model_dump())))
        require(again == found, "as YAML")
        if written is not None:
            _as_written(_composed(Path(name).read_text()), found.model_dump())
        for line in overrides:
            key, _, text = line.partition("=")
            if key in keys and not any(other.startswith(f"{key}=") for other in overrides[1:]):
                value = flat(found.model_dump()).get(key)
                if key in TEXTS and text:  # taken as they are
                    require(value == text, f"{text!r} is {value!r}")
                    continue
                try:
                    if key == "run" and not plain_yaml.read(text):
                        continue  # the version's name then
                    plain_yaml.read(text)
                    _as_written(_composed(text), value)
                except YAMLError:  # a path, say
                    require(value == text, f"{text!r} is {value!r}")
        stages_of(found)
        return "another"

    return case


def _composed(text: str):
    return YAML(typ="safe", pure=True).compose(text)


def _as_written(node, value) -> None:
    """Raise Wrong if a value is not what a reader of a YAML node takes it for.

    The node comes from ruamel.yaml's composer, which gives each word as it is written.
    """
    if node is None or value is None:
        return
    text = node.value
    if isinstance(node, MappingNode):
        names = [key.value for key, _ in node.value]
        require(len(names) == len(set(names)), f"{names} holds a key twice")
        for key, part in node.value:
            if key.value == "run" and not part.value:
                continue  # the version's name then
            known = {str(name): name for name in value}
            if key.value in known:  # a section without anything in it has nothing to compare
                _as_written(part, value[known[key.value]])
    elif isinstance(node, SequenceNode):
        require(isinstance(value, tuple | list), f"{value!r} was a list")
        for part, own in zip(node.value, value, strict=True):
            _as_written(part, own)
    else:
        words = {"true": True, "false": False}
        if isinstance(value, bool) and text.lower() in words:
            right = words[text.lower()] is value
        elif isinstance(value, str):
            right = text == value
        else:
            try:
                right = float(text) == value
            except ValueError:
                right = False
        require(right or (text in ("null", "~", "") and not node.style), f"{text!r} is {value!r}")


def records(folder: Path) -> Case:
    """losses.jsonl, metrics.jsonl, health.jsonl and health.json of a run that goes on."""
    rows = {
        "losses.jsonl": [
            {"step": s, "d_loss": 0.5 + s, "g_loss": 1.0, "real_score": 0.1, "real_accuracy": 0.5}
            | {"fake_accuracy": 0.5, "images_per_second": 40.5}
            for s in range(1, 60)
        ],
        "metrics.jsonl": [
            {"step": 10 * s, "trained": 2.5 * s, "seconds": 1.5, "network": "lite0", "count": 20}
            | {view: {"frechet": 10.5, "floor": {"frechet": 1.5}} for view in ("whole", "coarse")}
            for s in range(1, 6)
        ],
        "health.jsonl": [
            {"step": 10 * s, "seconds": 0.5, "copies": 0.0} | dict.fromkeys((*SIGNS, *MEANS), 0.5)
            for s in range(1, 6)
        ],
    }
    event = {"kind": "no learning", "since": 10, "step": 30, "seen": "x.", "advice": "y."}
    events = [event | {"until": until, "rolled_back_to": None} for until in (40, None)]
    files = {n: "".join(json.dumps(r) + "\n" for r in some).encode() for n, some in rows.items()}
    files["health.json"] = json.dumps(events, indent=2).encode()
    faces = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), "uint8")
    kinds = {"losses.jsonl": LOSSES, "metrics.jsonl": METRICS}
    last = rows["metrics.jsonl"][-1] | {"step": 60}  # as compare.py measures it

    def case(draw: Random) -> str:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        name = draw.choice([*files])
        data = mutations.of_bytes(files[name], draw)
        if draw.random() < 0.6:
            lines = [*rows[name]] if name in rows else [events]
            place = draw.randrange(len(lines))
            lines[place] = mutations.of_values(lines[place], draw)
            data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        (folder / name).write_bytes(data)
        history, health = History(folder, 50, 4), Health(folder, 50, faces)
        metrics = Lines(folder / "metrics.jsonl", 50, METRICS)
        history.add(51, dict.fromkeys(MEANS, 0.5))
        history.flush()
        health.observe(51, history.means(), lambda: faces)
        curve = Curve()
        for row in read_rows(folder / "losses.jsonl", LOSSES):
            curve.add(row)
        charts.loss_chart(curve.columns)
        shown = {"a": results._curve(SimpleNamespace(images=folder), last)}
        if draw.random() < 0.05:
            charts.distance_chart(shown, "a", "whole", "full resolution")
        page.health({"findings": read_findings(folder / "health.json"), "ended": None}, True)
        if draw.random() < 0.05:
            history.save_curve(folder / "losses.png")
        for opened in (history, health, metrics):
            opened.close()
        if name not in kinds:
            return "another"
        kept = [row for row in read_rows(folder / name, kinds[name]) if row["step"] <= 50]
        return "right" if kept == [row for row in rows[name] if row["step"] <= 50] else "another"

    return case
