"""The key of a quiz: which faces are real, and what its answers are checked against."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from anime_gan.errors import UserError
from anime_gan.quiz.kinds import FORMAT, RATING

Bit = Annotated[int, Field(ge=0, le=1)]
Hex = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Strict(BaseModel):
    """A part of a file: no value is converted, and none is left over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Key(Strict):
    """The key of a quiz, which its maker keeps.

    Attributes:
        id: digest of all other values, by which answers name their quiz.
        page: digest of what the page shows.
        secret: random digits, so that nobody can find the key by trying which one gives the id.
        seed: of the choice of faces.
        truth: for each pair, which of its faces is the real one (of a rating: the first
            generator's).
        exposures: of a rapid quiz, in milliseconds.
        singles: the cells of the faces that are rated.
        origins: of each of these: 0 or 1 for the generators, 2 for a real face.
        names: of the generators.
        images: where the real faces are from.
        faces: what is known of the face in each cell of the page.
        pairs: the cells of the faces of each pair.
    """

    format: Literal[FORMAT]
    id: Hex
    page: str
    secret: str
    kind: Literal["pairs", "rating", "rapid"]
    seed: int
    truth: list[Bit]
    exposures: list[int]
    singles: list[int]
    origins: list[Annotated[int, Field(ge=0, le=2)]]
    names: list[str]
    images: str
    pairs: list[tuple[int, int]]
    faces: list[dict[str, Any]]

    @property
    def goal(self) -> str:
        """What a choice is counted for."""
        return f"prefers {self.names[0]}" if self.kind == RATING else "right"


def digest(values: dict[str, Any]) -> str:
    """Return 32 hexadecimal digits that any change of the values changes."""
    text = json.dumps(values, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_key(path: Path) -> Key:
    """Return the key in a file; UserError if it is missing, damaged or changed."""
    try:
        key = Key.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"the key {path} can't be read ({error.strerror}).") from error
    except ValidationError as error:
        raise UserError(
            f"{path} is not the key of a quiz of this version; name the file that was written "
            "beside the quiz's page."
        ) from error
    values = key.model_dump(mode="json")
    if digest({name: value for name, value in values.items() if name != "id"}) != key.id:
        raise UserError(f"the key {path} was changed after the quiz was made; use the original.")
    return key
