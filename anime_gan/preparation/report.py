"""The report about a set of faces: a summary for report.json, and a page."""

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from anime_gan.data.image_set import FEW
from anime_gan.data.labels import Labels
from anime_gan.preparation.decisions import BY_HAND, NEAR, Decision
from anime_gan.preparation.extract import faceless_file
from anime_gan.preparation.settings import JPEG_QUALITY, NO_FACE, file_name
from anime_gan.web.page import chart, encode, render

SHOWN, LISTED = 96, 2_000  # images in each section: at first, and after a click
_TEMPLATE = Path(__file__).with_suffix(".html")
_COLORS = 12
_FORMAT_TEXTS = {"png": "PNG", "jpeg": f"JPEG, quality {JPEG_QUALITY}"}
_DISTRIBUTIONS = {
    "brightness": "mean, from 0 (black) to 1 (white)",
    "contrast": "between the darkest and brightest pixels",
    "sharpness": "loss of edges at half size, relative to contrast",
    "side": "pixels in the source image",
}


def summary(
    faces: list[dict],
    decisions: list[Decision],
    without: list[tuple[str, str]],
    thumbnails: np.ndarray,
    settings: dict,
) -> dict:
    """Return what report.json holds: counts at each stage, distributions, colors, warnings.

    without: (file, reason) of files without a face; thumbnails: of all faces, uint8 (N, H, W, 3).
    """
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
            name: _quantiles([_value(faces[i], name) for i in kept]) for name in _DISTRIBUTIONS
        },
        "colours": _colors(thumbnails[kept]),
    }
    found["warnings"] = _warnings(found, [faces[i] for i in kept])
    return found


def add_labels(found: dict, labels: Labels | None) -> None:
    """Add to a summary how many faces have which labels, and a warning for rare ones."""
    if labels is None:
        return
    found["labels"] = labels.counts()
    if rare := labels.rare():
        found["warnings"].append(
            f"Rare labels: {', '.join(rare)}; a GAN trained with labels learns them badly, so add "
            "images, or train with data.balance."
        )


def page(
    found: dict,
    faces: list[dict],
    decisions: list[Decision],
    without: list[tuple[str, str]],
    folder: Path,
    title: str,
    format: str = "png",
) -> str:
    """Return the page as HTML.

    Args:
        found: the summary.
        faces, decisions: what was found, and what is kept.
        without: (file, reason) of files without a face.
        folder: where the faces' PNG files are.
        title: of the page.
        format: of the set's files, one of FORMATS. Faces have the names of these files.
    """
    faceless = sorted(name for name, why in without if why == NO_FACE)
    others = sorted((why, name) for name, why in without if why != NO_FACE)
    by_reason = {
        reason: [i for i, decision in enumerate(decisions) if decision.reason == reason]
        for reason in sorted({decision.reason for decision in decisions} - {None})
    }
    kept = [i for i, decision in enumerate(decisions) if decision.kept]
    return render(
        _TEMPLATE,
        title=title,
        warnings=found["warnings"],
        counts=[*_counts(found), ("format of the files", _FORMAT_TEXTS[format])],
        shown=SHOWN,
        listed=LISTED,
        faceless=_faceless(faceless, folder),
        faceless_count=len(faceless),
        others=[(name, why) for why, name in others[:LISTED]],
        others_count=len(others),
        kept=_sheet(kept, faces, decisions, folder, format),
        dropped=[
            (reason, len(some), reason == NEAR, _sheet(some, faces, decisions, folder, format))
            for reason, some in by_reason.items()
        ],
        charts=[
            (name, _histogram([_value(faces[i], name) for i in kept], words))
            for name, words in _DISTRIBUTIONS.items()
        ],
        colors=found["colours"],
        labels=[
            (name, [(value or "unknown", f"{count:,}") for value, count in counts.items() if count])
            for name, counts in found.get("labels", {}).items()
        ],
    )


def _value(face: dict, name: str) -> float:
    return face["box"][2] if name == "side" else face[name]


def _quantiles(values: list[float]) -> dict[str, float]:
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0) if values else ()
    return {f"{share:.0%}": round(float(np.quantile(values, share)), 4) for share in shares}


def _colors(thumbnails: np.ndarray) -> list[dict]:
    """Return the dominant colors of the faces, most frequent first, with their shares of pixels."""
    if not len(thumbnails):
        return []
    # Of 1,000 faces, spread over the set, the colors are the same.
    some = thumbnails[:: -(-len(thumbnails) // 1000)]
    pixels = Image.fromarray(some.reshape(len(some) * some.shape[1], -1, 3))
    reduced = pixels.quantize(_COLORS, Image.Quantize.MEDIANCUT)
    palette = np.array(reduced.getpalette()).reshape(-1, 3)
    counted = sorted(reduced.getcolors(), reverse=True)
    total = sum(count for count, _ in counted)
    return [
        {"rgb": [int(v) for v in palette[index]], "share": round(count / total, 4)}
        for count, index in counted
    ]


def _warnings(found: dict, kept: list[dict]) -> list[str]:
    """Return what a GAN trained on the faces will suffer from, a sentence each."""
    counts, total = found["faces"], len(kept)
    if not counts["found"]:
        return [
            "No face was found: lower the minimum detection confidence, or skip the search if the "
            "images are faces already; the sheets of the check command show what was found where."
        ]
    if not kept:
        return ["No face is left: each was dropped for one of the reasons below."]
    near, enlarged = counts["dropped"].get(NEAR, 0) / counts["found"], counts["enlarged"] / total
    sources = Counter(face["source"] for face in kept)
    name, most = max(sources.items(), key=lambda item: (item[1], item[0]))
    brightness = found["distributions"]["brightness"]
    gray = sum(face["colour"] < 0.05 for face in kept) / total
    warnings = {
        f"Few faces ({total:,}): a GAN memorizes fewer than {FEW:,}; add images, or train with "
        "augment.policy.": total < FEW,
        f"{near:.0%} of the faces were near-duplicates, so the images come from few drawings: "
        "different ones help more than more of these.": near > 0.2,
        f"{enlarged:.0%} of the faces were enlarged, and the generator will learn their softness: "
        "make a set of a smaller size, or find larger images.": enlarged > 0.3,
        f"{most:,} faces are from one image, {name}.": most > max(10, 0.05 * total),
        "Little variety: all faces are about equally bright.": (
            brightness["95%"] - brightness["5%"] < 0.2
        ),
        "Little variety: more than half of all pixels have about the same color.": (
            found["colours"][0]["share"] > 0.5
        ),
        f"{gray:.0%} of the faces have hardly any color, and as many generated ones will have "
        "none; gray faces can be dropped when the set is made.": 0.05 < gray < 0.95,
    }
    return [text for text, applies in warnings.items() if applies]


def _counts(found: dict) -> list[tuple[str, str]]:
    """Return the rows of the table of counts."""
    files, faces = found["files"], found["faces"]
    rows = [("files read", files["looked at"])]
    left_out = {reason: count for reason, count in files["without"].items() if reason != NO_FACE}
    rows += [(f"– left out: {reason}", count) for reason, count in left_out.items()]
    rows += [("images without a face", files["without"].get(NO_FACE, 0))]
    rows += [("images with faces", files["with faces"]), ("faces found", faces["found"])]
    rows += [(f"– {reason}", count) for reason, count in faces["dropped"].items()]
    rows += [("faces kept", faces["kept"]), ("of these, enlarged", faces["enlarged"])]
    rows += [("of these, forced by keep.txt", faces["kept by hand"])]
    if "labelled" in faces:
        rows += [("of these, with labels of their image", faces["labelled"])]
    return [(name, f"{count:,}") for name, count in rows]


def _sheet(
    indices: list[int], faces: list[dict], decisions: list[Decision], folder: Path, format: str
) -> list[dict]:
    """Return some of the faces with their images, a duplicate with the one kept in its place."""
    # A label is a hash, so its order is a random sample that stays when the set grows.
    shown = []
    for i in sorted(indices, key=lambda i: faces[i]["name"].rsplit("-", 2)[1:])[:LISTED]:
        names = [name for name in (faces[i]["name"], decisions[i].instead) if name]
        images = [_thumbnail(folder / name) for name in names]
        by_hand = decisions[i].forced or decisions[i].reason == BY_HAND
        to = "remove" if by_hand else "drop" if decisions[i].kept else "keep"
        name = file_name(faces[i]["name"], format)
        new = {"name": name, "forced": decisions[i].forced, "images": images, "list": to}
        shown.append(faces[i] | new)
    return shown


def _faceless(names: list[str], folder: Path) -> list[dict]:
    """Return the small copies of images without a face, of those that have one."""
    files = [(name, faceless_file(folder, name)) for name in names[:LISTED]]
    return [{"name": name, "image": _thumbnail(path, 96)} for name, path in files if path.exists()]


def _thumbnail(path: Path, side: int = 72) -> str:
    with Image.open(path) as image:
        image.thumbnail((side, side))
        return encode(image, "jpeg", quality=85)


def _histogram(values: list[float], words: str) -> str:
    return chart(lambda axes: axes.hist(values, bins=40, color="#2f6fb2"), xlabel=words)
