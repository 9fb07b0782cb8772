"""Files are whole or not there; what a killed process leaves is removed, and nothing else."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from anime_gan.errors import UserError
from anime_gan.files import lock, readable, remove_unfinished, whole_file, whole_folder
from tests.conftest import ROOT


def test_any_name_can_be_written_as_text():
    """Names that are text stay; of others, bytes that are no UTF-8 are written as numbers."""
    assert readable("あ é.png") == "あ é.png"
    assert readable(os.fsdecode(b"\x82\xa0.png")) == r"\udc82\udca0.png"


def test_a_write_that_fails_or_is_killed_leaves_the_old_file(tmp_path):
    """A refused write names the file and cleans up; after a kill, the next start does."""
    path = tmp_path / "gan_5.png"
    path.write_text("whole")
    refused = pytest.raises(UserError, match=r"gan_5\.png could not be written")
    with refused, whole_file(path) as new:
        new.write_text("half")
        raise OSError(28, "No space left on device")
    code = (
        "import os, pathlib, sys\n"
        "from anime_gan.files import whole_file\n"
        "with whole_file(pathlib.Path(sys.argv[1])) as new:\n"
        "    new.write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT)
    assert killed.returncode == -9 and len(list(tmp_path.iterdir())) == 2
    (tmp_path / f".{os.getpid()}.gan_5.png").write_text(
        "of a process with the number that is ours now"
    )
    kept = [f".{os.getppid()}.grid.png", ".hidden.png", ".12.folder.png", "gan_5.png"]
    (tmp_path / kept[0]).write_text("of another process, which runs")
    (tmp_path / kept[1]).write_text("")
    (tmp_path / kept[2]).mkdir()
    remove_unfinished(tmp_path)
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted(kept)
    assert path.read_text() == "whole"


def test_a_lock_ends_with_the_process_that_is_killed(tmp_path):
    """No file has to be removed by hand; while it runs, others are refused."""
    code = (
        "import pathlib, sys\n"
        "from anime_gan.files import lock\n"
        "lock(pathlib.Path(sys.argv[1]), '')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    path = tmp_path / ".lock"
    command = [sys.executable, "-c", code, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as first:
        assert first.stdout.readline() == b"locked\n"
        with pytest.raises(UserError, match="another"):
            lock(path, "another one has it")
        first.kill()
    os.close(lock(path, "another one has it"))


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_disk_without_flock_is_locked_in_the_other_way(tmp_path, monkeypatch, code):
    """Protects a run on a network disk from a second process, and from being refused."""

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    held = lock(tmp_path / "lock", "in use.")
    child = (
        "import sys; from pathlib import Path; from anime_gan import files;"
        "import fcntl; fcntl.flock = fcntl.lockf\n"
        "try: files.lock(Path(sys.argv[1]), 'in use.')\n"
        "except files.UserError as error: print(error)"
    )
    command = [sys.executable, "-c", child, str(tmp_path / "lock")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "in use.\n", done.stderr
    os.close(held)
    monkeypatch.setattr(fcntl, "lockf", refuse)  # neither: nothing is locked, and training runs
    os.close(lock(tmp_path / "lock", "in use."))


def test_a_disk_without_fsync_is_written_to(tmp_path, monkeypatch):
    """Protects a run on a network disk that cannot be asked to finish writing."""

    def refuse(_):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "fsync", refuse)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("text")
    assert (tmp_path / "a.txt").read_text() == "text"


def test_a_missing_folder_is_not_called_full_or_unwritable(tmp_path):
    """The way out depends on what the system answers."""
    missing = pytest.raises(UserError, match=r"folder is missing; make it, or choose another path")
    with missing, whole_file(tmp_path / "none/a.txt") as new:
        new.write_text("a")


def test_a_folder_that_is_not_finished_leaves_the_old_one(tmp_path):
    """A finished one replaces it."""
    path = tmp_path / "model"
    with pytest.raises(UserError, match="model could not be written"), whole_folder(path) as new:
        (new / "a.txt").write_text("half")
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())
    for text in ("first", "second"):
        with whole_folder(path) as new:
            (new / "part").mkdir()
            (new / f"part/{text}.txt").write_text(text)
        assert [file.name for file in path.rglob("*.txt")] == [f"{text}.txt"]
    with pytest.raises(ZeroDivisionError), whole_folder(path) as new:
        (new / "a.txt").write_text(str(1 / 0))
    assert [file.name for file in path.rglob("*.txt")] == ["second.txt"]
    assert list(tmp_path.iterdir()) == [path]
    code = (
        "import os, pathlib, sys\n"
        "from anime_gan.files import whole_folder\n"
        "with whole_folder(pathlib.Path(sys.argv[1])) as new:\n"
        "    (new / 'a.txt').write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT)
    assert killed.returncode == -9 and len(list(tmp_path.iterdir())) == 2
    remove_unfinished(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    other = tmp_path / "other"
    other.mkdir()
    link = tmp_path / "link"
    link.symlink_to(other)
    with whole_folder(link) as new:
        (new / "a.txt").write_text("whole")
    assert not link.is_symlink() and not list(other.iterdir())
