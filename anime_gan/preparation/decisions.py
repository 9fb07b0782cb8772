"""Which faces stay: what is wrong with them, which are there twice, and what a person says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.preparation.duplicates import groups
from anime_gan.preparation.quality import Limits, Quality, fault

EXACT, NEAR, SMALL, BY_HAND = "exact duplicate", "near-duplicate", "too small", "in drop.txt"


@dataclass
class Decision:
    """Why a face is left out, or None; of a duplicate, which face stays in its place.

    forced: whether keep.txt holds it against that reason.
    """

    reason: str | None = None
    instead: str | None = None
    forced: bool = False

    @property
    def kept(self) -> bool:
        """Whether the face is in the set."""
        return self.reason is None or self.forced


def decide(
    faces: list[dict], alike: Iterable[tuple[str, str]], limits: Limits, enlarge: float
) -> list[Decision]:
    """Return a decision for every face: cleaning alone, without a person's lists.

    alike: near-duplicates, by their `pixels`. enlarge: how many times a face may be enlarged.
    """
    decisions = [Decision(_fault(face, limits, enlarge)) for face in faces]
    left: dict[str, int] = {}  # the best of those with the same pixels
    for i in sorted(range(len(faces)), key=lambda i: _rank(faces[i])):
        if decisions[i].reason is None:
            best = left.setdefault(faces[i]["pixels"], i)
            if best != i:
                decisions[i] = Decision(EXACT, faces[best]["name"])
    pairs = [(left[a], left[b]) for a, b in alike if a in left and b in left]
    for i, best in groups(pairs, left.values()).items():
        decisions[i] = Decision(NEAR, faces[best]["name"])
    return decisions


def overrule(
    faces: list[dict], decisions: list[Decision], keep: set[str], drop: set[str]
) -> list[str]:
    """Let the names of faces, or of whole files, in a person's lists win; returns unknown names."""
    both = keep & drop
    if both:
        raise UserError(f"{min(both)} is in keep.txt and in drop.txt: take it out of one of them.")
    for face, decision in zip(faces, decisions, strict=True):
        names = {face["name"], face["source"]}
        # A face's own name is the closer word where both lists name it, one by its file.
        dropped, kept = names & drop, names & keep
        if dropped and kept != {face["name"]}:
            decision.reason, decision.instead = BY_HAND, None
        elif kept and decision.reason is not None:
            decision.forced = True
    known = {face["name"] for face in faces} | {face["source"] for face in faces}
    return sorted((keep | drop) - known)


def read_list(path: Path) -> set[str]:
    """Return the names in a person's list, one a line; # begins a remark. None if there is none."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror}): make it a text file.") from error
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def too_small(face: dict, enlarge: float) -> str | None:
    """Return SMALL for a face that was enlarged more than so many times, else None."""
    return SMALL if face["enlarged"] > enlarge else None


def _fault(face: dict, limits: Limits, enlarge: float) -> str | None:
    return too_small(face, enlarge) or fault(
        Quality(**{field.name: face[field.name] for field in fields(Quality)}), limits
    )


def _rank(face: dict) -> tuple:
    """What makes one of two alike the better: size, fewer traces of JPEG, sharpness; then names."""
    return -face["box"][2], round(face["blocks"], 1), -face["sharpness"], face["name"]
