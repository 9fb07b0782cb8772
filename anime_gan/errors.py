"""Mistakes that a user can make, each reported in one sentence, and how a script ends on one."""

import functools
import io
import os
import select
import sys

from anime_gan import console

CLOSED = 128 + 13  # the status of a command whose reader has ended, as `head` does: SIGPIPE


class UserError(Exception):
    """An error that the user can fix; its text is one sentence with the cause and the remedy."""


def clean_exit(main):
    """Wrap a script's `main` so that a UserError or a failing disk ends it with status 2.

    Everything else keeps its traceback: it is a bug.
    """

    @functools.wraps(main)
    def run(*args, **kwargs):
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # it was closed, as by `>&-`
                setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a notebook's is not
                stream.reconfigure(errors="backslashreplace")  # of a terminal without UTF-8
        try:
            status = main(*args, **kwargs)
            sys.stdout.flush()
            return status
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
        except OSError as error:
            if error.errno is None:
                raise
            if isinstance(error, BrokenPipeError) and not error.filename and _is_closed():
                raise SystemExit(CLOSED) from None
            where = f" {error.filename}" if error.filename else ""
            print(f"error: {error.strerror}{where}; saved files are complete.", file=sys.stderr)
        raise SystemExit(2)

    return run


def _is_closed() -> bool:
    """Return whether nobody reads standard output any more, which is then silenced."""
    try:
        watched = select.poll()
        watched.register(sys.stdout.fileno(), 0)
    except OSError:  # a notebook's has no descriptor
        return False
    closed = any(event & (select.POLLERR | select.POLLHUP) for _, event in watched.poll(0))
    if closed:
        console.hush(sys.stdout)
    return closed
