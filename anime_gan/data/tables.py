"""Parquet and Arrow tables of encoded images, as the datasets of Hugging Face are stored."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anime_gan.data.entries import Entry, Unreadable, check_size, time_stamp
from anime_gan.errors import UserError

ENDINGS = (".parquet", ".arrow")
_KEPT_GROUPS = 4  # groups of rows in memory


class TableSource:
    """The images in one column of one or several tables of equal columns.

    A column is taken if it holds bytes, or pairs of bytes and path; of several, the one that is
    called image. Each row is one image file. Needs pyarrow.
    """

    has_checksums = False

    def __init__(self, name: str, root: Path, names: Sequence[str]):
        self.name, self._lock = name, threading.Lock()
        self._tables = [_open(root / name) for name in names]
        self._column = _image_column(name, self._tables[0].schema)
        self._groups: OrderedDict[tuple[int, int], list] = OrderedDict()
        self._places: list[tuple[int, int, int]] = []
        self.entries: list[Entry] = []
        for number, (table, file) in enumerate(zip(self._tables, names, strict=True)):
            stamp, row = time_stamp((root / file).stat()), 0
            for group, count in enumerate(table.counts):
                for place in range(count):
                    self._places.append((number, group, place))
                    self.entries.append((f"{file}/{row:08}", 0, stamp))
                    row += 1

    def read(self, index: int) -> bytes:
        """Return the bytes in row `index`; raises Unreadable or what pyarrow raises."""
        number, group, place = self._places[index]
        with self._lock:
            rows = self._groups.pop((number, group), None)
            if rows is None:
                rows = self._tables[number].column(group, self._column)
            self._groups[number, group] = rows
            if len(self._groups) > _KEPT_GROUPS:
                self._groups.popitem(last=False)
        value = rows[place].as_py()
        if isinstance(value, dict):
            value = value["bytes"]
        if value is None:
            raise Unreadable("row without an image")
        check_size(len(value))
        return value

    def close(self) -> None:
        """Close the tables."""
        self._groups.clear()
        self._tables = []


class _Parquet:
    def __init__(self, path: Path):
        from pyarrow import parquet

        self._file = parquet.ParquetFile(path)
        self.schema = self._file.schema_arrow
        groups = range(self._file.metadata.num_row_groups)
        self.counts = [self._file.metadata.row_group(group).num_rows for group in groups]

    def column(self, group: int, name: str) -> Any:
        return self._file.read_row_group(group, columns=[name]).column(name)


class _Arrow:
    """An Arrow file, or a stream, as `datasets.save_to_disk` writes it; it is mapped."""

    def __init__(self, path: Path):
        import pyarrow

        try:
            table = pyarrow.ipc.open_file(pyarrow.memory_map(str(path))).read_all()
        except pyarrow.ArrowInvalid:
            table = pyarrow.ipc.open_stream(pyarrow.memory_map(str(path))).read_all()
        self._table, self.schema, self.counts = table, table.schema, [table.num_rows]

    def column(self, group: int, name: str) -> Any:
        return self._table.column(name)


def _open(path: Path) -> _Parquet | _Arrow:
    try:
        return (_Arrow if path.suffix.lower() == ".arrow" else _Parquet)(path)
    except ImportError as error:
        raise UserError(
            f'{path} is a table of images, for which pyarrow is missing: pip install ".[tables]", '
            "or save the images as files."
        ) from error
    except Exception as error:  # pyarrow raises many types on malformed data
        raise UserError(f"{path} is no readable table of images: download it again.") from error


def _image_column(name: str, schema: Any) -> str:
    """Return the column that holds the images; UserError if there is none."""
    import pyarrow.types as types

    found = []
    for field in schema:
        kind = field.type
        if types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            kind = kind.field("bytes").type
        if types.is_binary(kind) or types.is_large_binary(kind):
            found.append(field.name)
    if not found:
        raise UserError(
            f"{name} is a table without a column of encoded images, only "
            f"{', '.join(schema.names)}: save the images as files."
        )
    return min(found, key=lambda column: (not column.lower().startswith(("image", "img")), column))
