"""The kinds of quiz, and the numbers that the page and the reading of its answers share."""

PAIRS, RATING, RAPID = "pairs", "rating", "rapid"
KINDS = {
    PAIRS: "which of two faces is real?",
    RATING: "which of two generators draws better, and how well?",
    RAPID: "real or generated, at a short glance?",
}
COUNTS = {PAIRS: 12, RATING: 12, RAPID: 8}  # pairs; pairs; faces at each exposure
MOST = {PAIRS: 200, RATING: 100, RAPID: 40}
EXPOSURES = (50, 100, 200, 500, 1000, 2000)  # ms, the span of Denton et al. 2015
MOST_FACES = 1_000  # in a page: their pixels lie in one image, whose size browsers limit
PRACTICE = 2  # pairs
GRADES = 5  # of a rating: 1 is very poor, 5 is very good

DEMO = "demo"  # in place of a path: the built-in faces stand for real ones
RESULTS = "results"  # the folder beside the answers that scoring writes
FORMAT = 1  # of the key and of the answers; raise it when either changes

# Milliseconds. A click sooner than LOCK after the faces appear does nothing, so that a double click
# answers once. Browsers that hide the exact time from pages round it, some to TOLERANCE.
LOCK, TOLERANCE = 200, 100
TOO_FAST = {PAIRS: 500, RATING: 500, RAPID: 300}  # the median of a person who hardly looked
SHORTER = 20  # a measured exposure is no shorter than the planned one by more
LONGER = 25  # one that is longer by more is left out, of the planned one in percent ...
LONGER_MS = 20  # ... beside these
LONGEST = 24 * 3_600_000  # of a whole quiz
ONE_SIDED = 8  # choices, all on one side, from which on this is named
