"""With the network cut off and watched, no script asks for a name or a connection.

Two watchers look on. A hook in every Python process that a script starts records each attempt and
refuses it. And where the system lets a user make a network namespace, the script runs in one that
has no route, and the kernel counts what was sent or found no route: that also sees libraries in C.
It does not count IPv6 in a namespace that has no address, which the hook sees.

The exception is the network "inception", which is downloaded when it is asked for.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from anime_gan.data import demo
from tests.conftest import ROOT

WATCHER = """
import os, sys
EVENTS = ("connect", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr")

def watch(event, arguments):
    name = event.removeprefix("socket.")
    if not event.startswith("socket.") or name not in EVENTS:
        return
    if not name.startswith("get") and not isinstance(arguments[1], tuple):
        return  # to a process of this machine, by a path
    with open(os.environ["WATCHED"], "a") as file:
        file.write(f"{sys.argv} {name} {arguments[-1]}\\n")
    raise OSError("the network is cut off")

sys.addaudithook(watch)
"""
IN_A_NAMESPACE = '"$@"; status=$?; cat /proc/net/snmp /proc/net/snmp6 > "$COUNTS"; exit $status'
BY_C = """
import ctypes
libc = ctypes.CDLL(None)
address = b"\\2\\0" + (80).to_bytes(2, "big") + bytes([192, 0, 2, 1]) + bytes(8)
libc.connect(libc.socket(2, 1, 0), address, len(address))
"""


def has_namespaces() -> bool:
    """Whether a user may make a network namespace here."""
    made = shutil.which("unshare") and subprocess.run(["unshare", "-rn", "true"]).returncode == 0
    return bool(made)


def packets(counts: Path) -> int:
    """How many packets the kernel of a namespace sent or found no route for."""
    lines = [line.split() for line in counts.read_text().splitlines()]
    heads, values = (line for line in lines if line[0] == "Ip:")
    table = dict(zip(heads, values, strict=True)) | {x[0]: x[1] for x in lines if len(x) == 2}
    names = ("OutRequests", "OutNoRoutes", "Ip6OutRequests", "Ip6OutNoRoutes")
    return sum(int(table.get(name, 0)) for name in names)


@pytest.fixture
def watched(tmp_path):
    """A function that runs Python cut off from the network: the process, and what was attempted."""
    (tmp_path / "watcher").mkdir()
    (tmp_path / "watcher" / "sitecustomize.py").write_text(WATCHER)
    log, counts, folder = (tmp_path / name for name in ("watched", "counts", "a folder"))
    folder.mkdir()
    own = {"PYTHONPATH": f"{tmp_path / 'watcher'}", "WATCHED": f"{log}", "COUNTS": f"{counts}"}
    own |= {"HOME": str(folder)}  # no file that an earlier start downloaded or wrote
    prefix = ["unshare", "-rn", "sh", "-c", IN_A_NAMESPACE, "sh"] if has_namespaces() else []

    def run(*arguments):
        command = [*prefix, sys.executable, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=folder, env=os.environ | own, capture_output=True, text=True, timeout=280
        )
        attempts = log.read_text().splitlines() if log.exists() else []
        if prefix and (sent := packets(counts)):
            attempts.append(f"{sent} packets")
        return done, attempts

    run.folder = folder
    return run


def test_the_watchers_see_a_connection_and_a_name(watched):
    """Of Python, of a process that Python starts, and of C."""
    for code in (
        "import socket; socket.create_connection(('192.0.2.1', 80))",
        "import socket; socket.create_connection(('2001:db8::1', 80))",
        "import urllib.request; urllib.request.urlopen('http://name.invalid')",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        '\'import socket; socket.socket(2, 2).sendto(b"", ("192.0.2.1", 9))\'])',
    ):
        before = len(watched("-c", "")[1])
        assert len(watched("-c", code)[1]) > before, code
    watched("-c", "import socket; socket.socketpair()[0].send(b'')")
    if not has_namespaces():
        pytest.skip("no network namespaces here: libraries in C are not watched")
    _, attempts = watched("-c", BY_C)
    assert attempts[-1] == "1 packets"


TINY = ["model.width=0.02", "model.resolution=32", "training.batch_size=4", "training.steps=1"]
COMMANDS = {
    "models": ["models.py"],
    "data_loader": ["data_loader.py", "faces"],
    "runs": ["runs.py"],
    "quiz": ["quiz.py", "make", "v5-before", "--images", "faces", "--count", 4],
    "sample": ["sample.py", "v5-before"],
    "studio": ["studio.py", "v5-before", "--no-open"],
    "help": ["train_gan.py", "--help"],
    "train_gan": ["train_gan.py", "data.images=faces", *TINY],
    "compare": ["compare.py", "v1", "--steps", 1, "--count", 10, "data.images=faces", *TINY[:3]],
    "evaluate": ["evaluate.py", "v5-before", "--real", "faces", "--count", 10],
    "features": ["features.py", "pretrained", "--images", "faces"],
    "opennsfw": ["evaluate.py", "v5-before", "--real", "faces", "--count", 10, "--network"],
    "prepare_faces": ["prepare_faces.py", "faces", "set", "--quick"],
    "detect": ["prepare_faces.py", "one", "set", "--size", 64],
}
COMMANDS["opennsfw"].append("opennsfw")
LONG = ("studio", "train_gan", "compare", "evaluate", "features", "opennsfw")
LONG += ("prepare_faces", "detect")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in LONG else ()) for n in COMMANDS]
)
def test_no_script_asks_the_network(watched, name):
    """Each ends well, without an attempt."""
    with zipfile.ZipFile(ROOT / "tests/files/before_the_move.zip") as file:
        file.extractall(watched.folder)
    demo.ensure_faces(watched.folder / "faces", count=24, seed=0, size=64)
    demo.ensure_faces(watched.folder / "one", count=1, seed=0, size=64)
    script, *arguments = COMMANDS[name]
    done, attempts = watched(ROOT / script, *arguments)
    assert done.returncode == 0, done.stderr
    assert attempts == []
