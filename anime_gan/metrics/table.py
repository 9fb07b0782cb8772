"""The results of an evaluation as text."""

import textwrap
from itertools import product

from anime_gan.metrics.labels import LEAST_IN_CLASS
from anime_gan.metrics.measures import COARSE

VIEWS = {"whole": "full resolution", "coarse": f"low resolution ({COARSE} px: layout and color)"}
DISTANCES = {
    "frechet": "Fréchet ↓",
    "kernel": "kernel ↓",
    "precision": "precision ↑",
    "recall": "recall ↑",
    "density": "density ↑",
    "coverage": "coverage ↑",
}
_ASCII = str.maketrans({"é": "e", "↓": "(lower is better)", "↑": "(higher is better)", "±": "+-"})


def table(result: dict) -> str:
    """Return the results of `metrics.evaluate.measure` as lines of text."""
    count = result["comparisons"][0]["count"]
    name = result["generated"] + (f" at psi {result['psi']:g}" if "psi" in result else "")
    lines = [name, f"{count:,} generated images, {count:,} real ones from {result['real']}"]
    for found, (view, title) in product(result["comparisons"], VIEWS.items()):
        lines.append(f"{found['network']}, {title}, resized by {found['resize'][view]}:")
        for key, label in DISTANCES.items():
            error = f" ± {found[view]['kernel_error']:.2g}" if key == "kernel" else ""
            real = found[view]["real_vs_real"][key]
            lines.append(f"  {label} {found[view][key]:.4g}{error} (real vs real {real:.4g})")
    for space in ("pixels", "features"):
        if found := result.get(f"copies_in_{space}"):
            lines.append(f"Memorization ({space}): {found['verdict']}")
    if found := result.get("unlike_eyes"):
        lines.append(
            f"Eyes: in {found['share']:.1%} of the generated faces they are not alike (real faces "
            f"{found['real']:.1%}; real faces spoiled on purpose {found['spoiled']:.1%})."
        )
    if "discriminator" in result:
        scores = result["discriminator"].items()
        parts = [f"{key.replace('_', ' ')} {value:.3g}" for key, value in scores]
        lines.append(f"Discriminator: {', '.join(parts)}.")
    for name, found in result.get("read_back", {}).items():
        if not found["count"]:
            lines.append(f"Labels: no image was asked for a known {name}; raise --count.")
            continue
        real = "" if found["real"] is None else f", of real images {found['real']:.1%}"
        by = found.get("classifier")
        by = (
            f" (by a classifier of {by}'s features and pixels, fitted to real images)" if by else ""
        )
        lines.append(
            f"Labels: {name} is read back{by} from {found['share']:.1%} of {found['count']:,} "
            f"images (chance {found['chance']:.1%}{real})."
        )
    if names := result.get("not_read"):
        lines.append(
            f"Labels: {', '.join(names)} cannot be read back, since no reader knows the words and "
            "too few of the real images have such labels, or all have the same."
        )
    for name, values in result.get("within_classes", {}).items():
        lines += _within(name, values)
    if "kinds" in result:
        shown, real = result["kinds"], result["kinds"]["real_vs_real"]
        lines.append(
            f"Built-in faces: {shown['coverage']:.1%} of the combinations of attributes (real vs "
            f"real {real['coverage']:.1%}), divergence {shown['divergence']:.3f} bits (real vs "
            f"real {real['divergence']:.3f})."
        )
    return "\n".join(wrapped(line) for line in lines)


def _within(name: str, values: dict[str, dict]) -> list[str]:
    """Return the distances within the classes of an attribute, a line for each value."""
    compared = {value: found for value, found in values.items() if found["distances"]}
    lines = [f"Within each {name}:"] if compared else []
    for value, found in compared.items():
        own = found["distances"]
        parts = [
            f"{label} {own[key]:.4g} (real vs real {own['real_vs_real'][key]:.4g})"
            for key, label in DISTANCES.items()
            if key in ("frechet", "kernel", "coverage")
        ]
        lines.append(f"  {value}, {found['compared']:,} images: {', '.join(parts)}")
    few = [
        f"{value} ({found['generated']:,} generated, {found['real']:,} real)"
        for value, found in values.items()
        if value not in compared
    ]
    if few:
        lines.append(
            f"Too few images of each side for {name} {', '.join(few)}; a distance within a class "
            f"needs {LEAST_IN_CLASS}."
        )
    return lines


def wrapped(line: str) -> str:
    """Return a line in as many as a terminal of 80 columns needs; paths stay whole."""
    return textwrap.fill(line, 79, break_long_words=False, break_on_hyphens=False)


def encodable(text: str, encoding: str | None) -> str:
    """Return text as it is where an encoding has all its characters, else in ASCII."""
    try:
        text.encode(encoding or "ascii")
        return text
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode()
