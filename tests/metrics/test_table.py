"""The results as text, also where a terminal has no arrows."""

from anime_gan.metrics.table import DISTANCES, encodable, table

VALUES = {**dict.fromkeys(DISTANCES, 0.5), "frechet": 234.5, "kernel_error": 0.01}
RESULT = {
    "generated": "weights/r/generator_2.keras",
    "real": "faces",
    "psi": 0.7,
    "comparisons": [
        {
            "network": "grid",
            "count": 20,
            "resize": {"whole": "bicubic to 16", "coarse": "box to 24, bicubic to 16"},
            **dict.fromkeys(
                ("whole", "coarse"), VALUES | {"real_vs_real": VALUES | {"frechet": 32.8}}
            ),
        }
    ],
    "copies_in_pixels": {"verdict": "0.0% suspicious, 1.0% expected by chance."},
    "copies_in_features": {"verdict": "0.0% suspicious, 1.0% expected by chance."},
    "discriminator": {"real_score": 0.25},
    "kinds": {
        "coverage": 0.1,
        "divergence": 0.2,
        "real_vs_real": {"coverage": 0.3, "divergence": 0.4},
    },
}


def test_each_number_is_beside_real_vs_real():
    """With an arrow to the better side; memorization, scores and attributes have a line each."""
    lines = table(RESULT).splitlines()
    assert lines[0] == "weights/r/generator_2.keras at psi 0.7"
    assert lines[1] == "20 generated images, 20 real ones from faces"
    assert "full resolution" in lines[2]
    assert lines[3] == "  Fréchet ↓ 234.5 (real vs real 32.8)"
    assert lines[4] == "  kernel ↓ 0.5 ± 0.01 (real vs real 0.5)"
    assert lines[5] == "  precision ↑ 0.5 (real vs real 0.5)"
    assert "low resolution (24 px: layout and color)" in lines[9]
    text = " ".join(lines[17:])
    assert "Memorization (pixels): 0.0% suspicious, 1.0% expected by chance." in text
    assert "Discriminator: real score 0.25." in text
    assert "10.0% of the combinations" in text and "real vs real 30.0%" in text


def test_a_terminal_of_80_columns_shows_all():
    """Lines end at words; a path without spaces stays whole. Also in ASCII, which is longer."""
    networks = [RESULT["comparisons"][0] | {"network": "EfficientNet-Lite0 (ImageNet)"}]
    result = RESULT | {"real": "some faces", "comparisons": networks}
    for text in (table(result), encodable(table(result), "ascii")):
        assert max(map(len, text.splitlines())) < 80
    assert "bicubic to 16:" in " ".join(table(result).split())
    long = "/".join(["folder"] * 30)
    assert long in table(result | {"real": long}).splitlines()[2]


def test_labels_that_no_image_was_asked_for():
    """As where few are known and few images are generated: there is no share then."""
    none = {"share": None, "count": 0, "chance": None, "real": None}
    text = table(RESULT | {"read_back": {"hair": none}})
    assert "Labels: no image was asked for a known hair; raise --count." in text


def test_without_the_copy_check_nothing_is_said_of_copies():
    """As there is nothing to say."""
    result = {key: value for key, value in RESULT.items() if "copies" not in key}
    assert "Memorization" not in table(result)


def test_text_that_a_terminal_cannot_show_becomes_ascii():
    """Nothing changes where the encoding has all characters; unknown ones are escaped."""
    assert encodable("Fréchet ↓", "utf-8") == "Fréchet ↓"
    assert encodable("Fréchet ↓ 1 ± 2", "ascii") == "Frechet (lower is better) 1 +- 2"
    assert encodable("precision ↑ 顔", "latin-1") == "precision (higher is better) \\u9854"
