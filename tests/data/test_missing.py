"""What is said of images that are not there."""

import os
import socket

import pytest

from anime_gan.data.sources import open_source
from anime_gan.errors import UserError
from tests.data.files import assert_one_sentence, fill


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (r"C:\Users\me\faces", "/mnt/c/Users/me/faces"),
        ("D:/faces.zip", "/mnt/d/faces.zip"),
        ("C:Usersmefaces", "quotes"),
        (r"\\wsl$\Ubuntu\home\me\faces", "/home/me/faces"),
        (r"\\wsl.localhost\Ubuntu\home\me", "/home/me"),
        (r"\\server\share", "mount it"),
        ("https://example.com/faces.zip", "download it first"),
        ("hf://datasets/faces", "download it first"),
        ("drive.google.com/file/d/1", "download it first"),
        ("file:///home/me/faces", "give the path, /home/me/faces"),
    ],
)
def test_a_path_from_elsewhere(given, said):
    """Protects the user from hearing only that it does not exist."""
    with pytest.raises(UserError) as error:
        open_source(given)
    assert_one_sentence(error, given, said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("faces/imgaes", "nearest name is faces/images"),
        ("Faces", "nearest name is faces"),
        ("'faces'", "but faces does"),
        ("faces ", "but faces does"),
        ("other/*.png", "other does not exist: give a folder"),
    ],
)
def test_a_path_that_is_nearly_there(tmp_path, monkeypatch, given, said):
    """Protects the user from searching for a typing mistake."""
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "faces" / "images", 1)
    with pytest.raises(UserError) as error:
        open_source(given)
    assert_one_sentence(error, said)


@pytest.mark.parametrize(
    ("given", "kind"), [("/dev/null", "device"), ("fifo", "pipe"), ("plug", "socket")]
)
def test_what_is_no_regular_file_is_named_so(tmp_path, monkeypatch, given, kind):
    """Protects the user from hearing that what is there does not exist."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("plug")
        with pytest.raises(UserError) as error:
            open_source(given)
    assert_one_sentence(error, f"{given} is a {kind}, which is no regular file: give a folder")
