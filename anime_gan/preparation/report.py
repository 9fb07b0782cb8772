"""The page about a set of faces: one file that needs no other, and no network."""

from __future__ import annotations

import base64
import io
from collections import Counter
from html import escape
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from anime_gan.preparation.decisions import NEAR, Decision

SHOWN = 96  # faces on each sheet
_STYLE, _SCRIPT = (Path(__file__).with_suffix(end) for end in (".css", ".js"))
_COLOURS = 12
_FEW = 5_000  # the report's and the thesis's sets had 86,000 and 217,800
_DISTRIBUTIONS = (
    ("brightness", "mean brightness of a face, 0 black to 1 white"),
    ("contrast", "between its darkest and its brightest pixels"),
    ("sharpness", "what its edges lose at half the size, as a share of the contrast"),
    ("side", "pixels that its side had in the source"),
)


def summary(
    faces: list[dict],
    decisions: list[Decision],
    without: list[tuple[str, str]],
    thumbnails: np.ndarray,
    settings: dict,
) -> dict:
    """Return what report.json says: counts at each stage, distributions, colours, warnings."""
    kept = [i for i, decision in enumerate(decisions) if decision.kept]
    files = {face["source"] for face in faces}
    dropped = Counter(decision.reason for decision in decisions if not decision.kept)
    found = {
        "settings": settings,
        "files": {
            "looked at": len(files) + len(without),
            "with faces": len(files),
            "without": dict(sorted(Counter(why for _, why in without).items())),
        },
        "faces": {
            "found": len(faces),
            "kept": len(kept),
            "kept by hand": sum(decision.forced for decision in decisions),
            "dropped": dict(sorted(dropped.items())),
            "enlarged": sum(faces[i]["enlarged"] > 1 for i in kept),
        },
        "distributions": {
            name: _quantiles([_value(faces[i], name) for i in kept]) for name, _ in _DISTRIBUTIONS
        },
        "colours": _colours(thumbnails[kept]),
    }
    found["warnings"] = _warnings(found, [faces[i] for i in kept])
    return found


def page(
    found: dict, faces: list[dict], decisions: list[Decision], folder: Path, title: str
) -> str:
    """Return the page as HTML; found: the summary, folder: where the faces' files are."""
    counts, files = found["faces"], found["files"]
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{files['looked at']:,} files, {counts['found']:,} faces in {files['with faces']:,} of "
        f"them, {counts['kept']:,} faces kept.</p>",
        *(f'<p class="warning">{escape(warning)}</p>' for warning in found["warnings"]),
        "<h2>What became of them</h2>",
        _counts(found),
        "<p>Each file and each face is in decisions.csv beside this page, with its numbers.</p>",
        "<h2>The faces kept</h2>",
        f"<p>Up to {SHOWN} faces on each sheet, drawn by lot. Click on those that you would have "
        "decided otherwise; their names are listed below.</p>",
    ]
    by_reason: dict[str, list[int]] = {}
    for i, decision in enumerate(decisions):
        by_reason.setdefault(decision.reason or "", []).append(i)
    parts.append(_sheet([i for i, d in enumerate(decisions) if d.kept], faces, decisions, folder))
    for reason, indices in sorted(by_reason.items()):
        if reason:
            parts.append(f"<h2>{escape(reason)}: {len(indices):,}</h2>")
            if reason == NEAR:
                parts.append("<p>Each beside the face that stays in its place.</p>")
            parts.append(_sheet(indices, faces, decisions, folder))
    parts += [
        "<h2>The faces kept, in numbers</h2>",
        _histograms(faces, decisions),
        "<h2>Their colours</h2>",
        _palette(found["colours"]),
        '<div id="chosen"><p>Put these names into keep.txt or drop.txt beside this page, one a '
        "line, and give the same command again.</p><textarea readonly></textarea></div>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{_STYLE.read_text()}</style></head>"
        f"<body>{''.join(parts)}<script>{_SCRIPT.read_text()}</script></body></html>\n"
    )


def _value(face: dict, name: str) -> float:
    return face["box"][2] if name == "side" else face[name]


def _quantiles(values: list[float]) -> dict[str, float]:
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    if not values:
        return {}
    found = np.quantile(values, shares)
    return {
        f"{share:.0%}": round(float(value), 4) for share, value in zip(shares, found, strict=True)
    }


def _colours(thumbnails: np.ndarray) -> list[dict]:
    """Return the colours that the faces are made of, most frequent first, with their shares."""
    if not len(thumbnails):
        return []
    # 1,000 faces say it, spread over the set.
    some = thumbnails[:: -(-len(thumbnails) // 1000)]
    pixels = Image.fromarray(some.reshape(len(some) * some.shape[1], -1, 3))
    reduced = pixels.quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    palette = np.array(reduced.getpalette()).reshape(-1, 3)
    counted = sorted(reduced.getcolors(), reverse=True)
    total = sum(count for count, _ in counted)
    return [
        {"rgb": [int(v) for v in palette[index]], "share": round(count / total, 4)}
        for count, index in counted
    ]


def _warnings(found: dict, kept: list[dict]) -> list[str]:
    """Return what will show in a GAN trained on the faces, a sentence each."""
    counts = found["faces"]
    said = []
    if not kept:
        if not counts["found"]:
            return [
                "No face was found: check shows where the search looked, a lower --likelihood lets "
                "it take more, and pictures that are faces already are for clean."
            ]
        return ["No face is left: each was dropped for one of the reasons told."]
    if len(kept) < _FEW:
        said.append(
            f"Few faces, {len(kept):,}: a GAN learns fewer than {_FEW:,} by heart; add pictures, "
            "or train with augment.policy."
        )
    near = counts["dropped"].get(NEAR, 0)
    if near > 0.2 * counts["found"]:
        said.append(
            f"{near / counts['found']:.0%} of the faces were near-duplicates: the pictures come "
            "from few drawings, and more of other kinds would help more than more of these."
        )
    if counts["enlarged"] > 0.3 * len(kept):
        said.append(
            f"{counts['enlarged'] / len(kept):.0%} of the faces were enlarged: the generator will "
            "learn their softness; a smaller --size or larger pictures would not teach it."
        )
    sources = Counter(face["source"] for face in kept)
    name, most = max(sources.items(), key=lambda item: (item[1], item[0]))
    if most > max(10, 0.05 * len(kept)):
        said.append(f"{most:,} faces are from one picture, {name}.")
    brightness = found["distributions"]["brightness"]
    if brightness["95%"] - brightness["5%"] < 0.2:
        said.append("One-sided: all faces are about equally bright.")
    if found["colours"][0]["share"] > 0.5:
        said.append("One-sided: half of all pixels have about one colour.")
    grey = sum(face["colour"] < 0.05 for face in kept) / len(kept)
    if 0.05 < grey < 0.95:
        said.append(
            f"{grey:.0%} of the faces have hardly any colour, and so will as many of those drawn; "
            "--no-grey leaves grey ones out."
        )
    return said


def _counts(found: dict) -> str:
    rows = [("files looked at", found["files"]["looked at"])]
    rows += [(f"– {why}", count) for why, count in found["files"]["without"].items()]
    rows += [("files with faces", found["files"]["with faces"])]
    rows += [("faces found", found["faces"]["found"])]
    rows += [(f"– {why}", count) for why, count in found["faces"]["dropped"].items()]
    rows += [("faces kept", found["faces"]["kept"])]
    rows += [("of these enlarged", found["faces"]["enlarged"])]
    rows += [("of these by keep.txt", found["faces"]["kept by hand"])]
    cells = "".join(f"<tr><td>{escape(what)}</td><td>{n:,}</td></tr>" for what, n in rows)
    return f"<table>{cells}</table>"


def _sheet(indices: list[int], faces: list[dict], decisions: list[Decision], folder: Path) -> str:
    """Return some faces as pictures with their names; of duplicates, beside those that stay."""
    # A label is a hash, so its order is a fair draw that stays when the set grows.
    label = {i: faces[i]["name"].rsplit("-", 2)[1:] for i in indices}
    shown = sorted(indices, key=lambda i: label[i])[:SHOWN]
    pictures = []
    for i in shown:
        name, decision = faces[i]["name"], decisions[i]
        held = " forced" if decision.forced else ""
        told = f"{name}\nfrom {faces[i]['source']}"
        pair = _picture(folder / decision.instead) if decision.instead else ""
        pictures.append(
            f'<figure class="face{held}" data-name="{escape(name)}" title="{escape(told)}">'
            f"{_picture(folder / name)}{pair}</figure>"
        )
    return f'<div class="sheet">{"".join(pictures)}</div>'


def _picture(path: Path) -> str:
    with Image.open(path) as image:
        image.thumbnail((72, 72))
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=85)
    text = base64.b64encode(packed.getvalue()).decode()
    return f'<img alt="" src="data:image/jpeg;base64,{text}">'


def _histograms(faces: list[dict], decisions: list[Decision]) -> str:
    """Return the distributions of the faces kept as one drawing."""
    kept = [face for face, decision in zip(faces, decisions, strict=True) if decision.kept]
    # The drawing's marks are named by a hash with salt, and by default it is another each time.
    with rc_context({"svg.hashsalt": "faces", "font.size": 8}):
        figure = Figure((10, 2.4), layout="constrained")
        for axes, (name, words) in zip(
            figure.subplots(1, len(_DISTRIBUTIONS)), _DISTRIBUTIONS, strict=True
        ):
            axes.hist([_value(face, name) for face in kept], bins=40, color="#4477aa")
            axes.set_title(name)
            axes.set_xlabel("\n".join(_wrapped(words, 34)))
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    text = base64.b64encode(drawn.getvalue()).decode()
    drawing = f'<img class="chart" alt="distributions" src="data:image/svg+xml;base64,{text}">'
    return f'<div class="wide">{drawing}</div>'


def _wrapped(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _palette(colours: list[dict]) -> str:
    bars = "".join(
        f'<span style="flex:{colour["share"]};background:rgb({",".join(map(str, colour["rgb"]))})" '
        f'title="{colour["share"]:.1%}"></span>'
        for colour in colours
    )
    return f'<div class="palette">{bars}</div>'
