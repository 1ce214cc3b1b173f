"""Rows of one crawl, held back until the crawl is complete: an incomplete crawl must land nothing.

Arrow tables of up to `ROWS_PER_TABLE` rows, kept in memory while the spools of a run take less than `MEMORY_LIMIT`
bytes together, and beyond that in one Arrow IPC file for each spool.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from pipelines.errors import HomeError

ROWS_PER_TABLE = 5_000
BYTES_PER_TABLE = 64 * 1024 * 1024
MEMORY_LIMIT = 256 * 1024 * 1024


class Room:
    """Memory that the spools of a run share; safe to use from any thread."""

    def __init__(self, size: int = MEMORY_LIMIT) -> None:
        self._free = size
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Take so many bytes if they are free; whether they were."""
        with self._lock:
            if count > self._free:
                return False
            self._free -= count
            return True

    def give_back(self, count: int) -> None:
        """Let others have bytes that were taken."""
        with self._lock:
            self._free += count


class Spool:
    """Collects tables of one schema and gives them back once, in order."""

    def __init__(self, path: Path, room: Room) -> None:
        self._path = path
        self._room = room
        self._held: list[pa.Table] = []
        self._held_bytes = 0
        self._writer: pa.RecordBatchFileWriter | None = None

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._empty()
        if self._writer is not None:
            with suppress(OSError):  # it is thrown away
                self._writer.close()
            self._writer = None
        self._path.unlink(missing_ok=True)

    def add(self, table: pa.Table) -> None:
        """Keep one table; all tables of a spool share a schema.

        Raises:
            HomeError: The disk is full, or the file cannot be written.
        """
        with self._readable_faults():
            self._add(table)

    def _add(self, table: pa.Table) -> None:
        size = table.nbytes
        if self._writer is None and self._room.take(size):
            self._held.append(table)
            self._held_bytes += size
            return
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_file(str(self._path), table.schema, options=options)
            for held in self._held:
                self._writer.write_table(held)
            self._empty()
        self._writer.write_table(table)

    def _empty(self) -> None:
        self._held.clear()
        self._room.give_back(self._held_bytes)
        self._held_bytes = 0

    def tables(self) -> Iterator[pa.Table]:
        """Everything that was added, in order; call once, when the crawl is complete.

        Raises: As add.
        """
        if self._writer is None:
            yield from self._held
            return
        with self._readable_faults():
            self._writer.close()
        with pa.OSFile(str(self._path)) as source, pa.ipc.open_file(source) as reader:
            for number in range(reader.num_record_batches):
                yield pa.Table.from_batches([reader.get_batch(number)])
        self._writer = None

    @contextmanager
    def _readable_faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HomeError(
                f"What the API sent could not be kept in {self._path}: {error.strerror or error}. What was published "
                "before stays as it was; what this run had not loaded yet is read by the next one. Free some space "
                "and run again."
            ) from error
