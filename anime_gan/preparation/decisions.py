"""Which faces are kept: faults, duplicates, and the user's own lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from anime_gan.errors import UserError
from anime_gan.preparation.duplicates import groups
from anime_gan.preparation.quality import fault
from anime_gan.preparation.settings import FORMATS, Limits, file_name

EXACT, NEAR, SMALL, BY_HAND = "exact duplicate", "near-duplicate", "too small", "in drop.txt"


@dataclass
class Decision:
    """Whether a face is kept.

    reason: why it is dropped, or None. instead: the face that is kept instead of a duplicate.
    forced: whether keep.txt keeps it in spite of the reason.
    """

    reason: str | None = None
    instead: str | None = None
    forced: bool = False

    @property
    def kept(self) -> bool:
        """Whether the face is in the set."""
        return self.reason is None or self.forced


@dataclass(frozen=True)
class Wishes:
    """What the user's lists say.

    Attributes:
        keep, drop: for each face, whether it is to be kept or dropped.
        unknown: names that are those of no face and no file.
    """

    keep: list[bool]
    drop: list[bool]
    unknown: list[str]


def decide(
    faces: list[dict],
    wishes: Wishes,
    near_pairs: Iterable[tuple[str, str]],
    limits: Limits | None,
    enlarge: float,
) -> list[Decision]:
    """Decide about every face.

    near_pairs: near-duplicates, by the `pixels` of their records. limits: None for no cleaning, and
    all duplicates. enlarge: the largest factor.
    """
    decisions = [
        Decision(BY_HAND if drop else too_small(face, enlarge) or (limits and fault(face, limits)))
        for face, drop in zip(faces, wishes.drop, strict=True)
    ]
    if limits:
        _drop_copies(faces, decisions, near_pairs)
    for decision, keep in zip(decisions, wishes.keep, strict=True):
        decision.forced = keep and decision.reason is not None
    return decisions


def _drop_copies(
    faces: list[dict], decisions: list[Decision], near_pairs: Iterable[tuple[str, str]]
) -> None:
    """Drop all but the best of the duplicates among the faces that are still kept."""
    best_of: dict[str, int] = {}  # the best face with the same pixels
    for i in sorted(range(len(faces)), key=lambda i: _rank(faces[i])):
        if decisions[i].reason is None:
            best = best_of.setdefault(faces[i]["pixels"], i)
            if best != i:
                decisions[i] = Decision(EXACT, faces[best]["name"])
    pairs = [(best_of[a], best_of[b]) for a, b in near_pairs if a in best_of and b in best_of]
    for i, best in groups(pairs, best_of.values()).items():
        decisions[i] = Decision(NEAR, faces[best]["name"])


def wishes_of(faces: list[dict], keep: set[str], drop: set[str]) -> Wishes:
    """Return what the user's lists of faces or source files say of each face.

    The name of a face takes precedence over that of its file.

    A face may be named as in a set of any format. A line that begins with # is a comment, unless a
    face or a file is called so.

    Raises:
        UserError: a name is in both lists.
    """
    known = {face["name"] for face in faces} | {face["source"] for face in faces}
    also = {file_name(face["name"], one): face["name"] for face in faces for one in FORMATS}
    keep, drop = (
        {
            name if name in known else also.get(name, name)
            for name in names
            if name in known or not name.startswith("#")
        }
        for names in (keep, drop)
    )
    both = keep & drop
    if both:
        raise UserError(f"{min(both)} is in keep.txt and in drop.txt; remove it from one of them.")
    wishes = Wishes([], [], sorted((keep | drop) - known))
    for face in faces:
        names = {face["name"], face["source"]}
        wishes.drop.append(bool(names & drop) and names & keep != {face["name"]})
        wishes.keep.append(bool(names & keep) and not wishes.drop[-1])
    return wishes


def read_list(path: Path) -> set[str]:
    """Return the lines of a user's list, names and comments; empty without a file."""
    try:
        # Names may hold the other signs that str.splitlines takes for the end of a line.
        lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").split("\n")
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror}): make it a text file.") from error
    return {line.strip() for line in lines if line.strip()}


def too_small(face: dict, enlarge: float) -> str | None:
    """Return SMALL for a face that was enlarged by more than a factor, else None."""
    return SMALL if face["enlarged"] > enlarge else None


def _rank(face: dict) -> tuple:
    """Sort key of duplicates, the best first: by size, JPEG blockiness, sharpness, then name."""
    return -face["box"][2], round(face["blocks"], 1), -face["sharpness"], face["name"]
