"""A report's columns for any reader of the Arrow C stream interface."""

from __future__ import annotations

from .._backend import choose_backend, room_module
from .report_columns import Encoded


class ArrowStream:
    """Columns that any reader of the Arrow PyCapsule interface takes: pyarrow, polars, duckdb, pandas."""

    def __init__(self, columns: list[Encoded], length: int) -> None:
        self._columns, self._length = columns, length

    def __repr__(self) -> str:
        return f"ArrowStream({self._length} rows x {len(self._columns)} columns)"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A PyCapsule of an ArrowArrayStream. A requested schema is not converted to, as the interface allows."""
        module = room_module(choose_backend().name, "arrow")
        capsule: object = module.stream_columns(self._columns, self._length)
        return capsule
