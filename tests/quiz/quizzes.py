"""Small quizzes of random faces, and answers to them, for the tests."""

import numpy as np

from anime_gan.quiz import make
from anime_gan.quiz.faces import Faces
from anime_gan.quiz.key import Key
from anime_gan.quiz.kinds import PAIRS, RAPID, RATING
from anime_gan.quiz.settings import Settings
from benchmarks.quiz_studies import answers_file

COUNTS = {PAIRS: 4, RATING: 2, RAPID: 2}
EXPOSURES = (50, 100)


def random_faces(count: int, seed: int, what: str, side: int = 16) -> Faces:
    """Faces of random pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), "uint8")
    return Faces(pixels, [{"file": f"{what}{number}"} for number in range(count)])


def small_quiz(
    kind: str = PAIRS,
    seed: int = 0,
    names: tuple[str, ...] = ("one", "two"),
    contact: str = "",
    count: int | None = None,
    side: int = 16,
) -> tuple[str, Key]:
    """The page of a quiz, and its key."""
    settings = Settings(kind, count or COUNTS[kind], EXPOSURES, seed, contact=contact)
    generated = [
        random_faces(settings.generated, 10 + number, "generated", side)
        for number in range(settings.generators)
    ]
    real = random_faces(settings.real, 1, "drawing", side)
    random = np.random.default_rng(seed)
    return make.make(settings, real, generated, names[: settings.generators], "images", random)


def answered(key: Key, seed: int = 0, right: float = 0.7) -> dict:
    """What the file of a participant says who is right with a probability."""
    return answers_file(key, np.random.default_rng(seed), lambda trial: right)
