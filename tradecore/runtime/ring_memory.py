"""The memory of a ring: where its parts lie, its header, the file that processes share, and the locks that say who
lives.

It holds no record and knows no order of access: that is the backends' (`rings`).
"""

from __future__ import annotations

import ast
import mmap
import os
import re
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.scalars import demand_plain, dtype_of

if sys.platform != "win32":
    import fcntl

MAGIC, VERSION = 0x474E49522D4354, 1  # "TC-RING"
HEADER, PRODUCERS, LINE = 4096, 64, 128
DTYPE_AT, RECORD_MOST, CAPACITY_MOST = 512, 65_536, 2**32
CONSUMER = 0  # the byte of the file that the consumer holds locked; producer n holds 1 + n
ON_FULL = ("fail", "spin", "block", "overwrite")
WAITS = ("busy", "yield", "backoff", "futex")
BACKENDS = {"native": 1, "python": 2}
# Words of the header, by their index (tc_ring_memory in ring.h).
CONSUMED, TAIL, CACHED_HEAD, REFUSED, HEAD, KNOWN, ABANDONED, LOST = 14, 16, 17, 18, 32, 33, 34, 35
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class RingFullError(RuntimeError):
    """A ring had no room for a batch; `published` of it are in the ring, in their order, the rest is not."""

    def __init__(self, text: str, published: int) -> None:
        super().__init__(text)
        self.published = published


class RingClosedError(RuntimeError):
    """The ring was closed, or this is a child of the process that opened it; `published` of a batch went in before."""

    def __init__(self, text: str, published: int = 0) -> None:
        super().__init__(text)
        self.published = published


class Geometry(NamedTuple):
    """The first words of a header."""

    magic: int
    version: int
    backend: int
    record_size: int
    stride: int
    capacity: int
    many: int
    on_full: int
    wait: int
    rows_at: int
    words_at: int
    slots_at: int
    size: int
    dtype_length: int


def demand_capacity(capacity: int) -> int:
    """Refuses what is no power of two, naming the next one."""
    size: int = demand_plain(capacity, (int,), "capacity", "an int")
    if not 2 <= size <= CAPACITY_MOST:
        raise ValueError(f"capacity {size} must be 2 to {CAPACITY_MOST}")
    if size & (size - 1):
        raise ValueError(f"capacity {size} must be a power of two: the next is {1 << size.bit_length()}")
    return size


def demand_dtype(dtype: Any) -> np.dtype[Any]:
    """A dtype whose records are plain bytes, or TypeError."""
    found = dtype_of(dtype)
    if found.subdtype is not None:  # an array of these has the shape in place of the dtype
        raise TypeError(f"dtype {found} is an array of {found.base}: make it a field, [('name', {found.base.str!r}, "
                        f"{found.shape})]")
    if found.hasobject:
        raise TypeError(f"dtype {found} holds Python objects: a ring carries bytes")
    if not 1 <= found.itemsize <= RECORD_MOST:
        raise ValueError(f"a record of {found.itemsize} bytes must have 1 to {RECORD_MOST}")
    return found


def dtype_text(dtype: np.dtype[Any]) -> bytes:
    """A dtype as the text that a header holds."""
    try:
        text = repr(np.lib.format.dtype_to_descr(dtype)).encode()
    except ValueError as error:
        raise ValueError(f"dtype {dtype} must have its fields one behind the other, in their order: {error}") from error
    if len(text) > HEADER - DTYPE_AT:
        raise ValueError(f"dtype's description has {len(text)} bytes, a header holds {HEADER - DTYPE_AT}")
    return text


def plan_ring(dtype: np.dtype[Any], capacity: int, many: bool, on_full: str, wait: str, *, backend: str,
              shared: bool) -> Geometry:
    """Where everything lies, each part on lines of its own. Raises MemoryError for more than the machine has."""
    stride = -(-dtype.itemsize // 8) * 8
    with_rows, with_words = many and shared, many or on_full == "overwrite"
    words_at = HEADER + (PRODUCERS * 64 if with_rows else 0)
    slots_at = words_at + (-(-capacity * 8 // LINE) * LINE if with_words else 0) + LINE
    size = slots_at + -(-capacity * stride // LINE) * LINE + LINE
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > most:
        raise MemoryError(f"capacity {capacity} of {dtype.itemsize}-byte records takes {size} bytes, "
                          f"this machine has {most}")
    return Geometry(MAGIC, VERSION, BACKENDS[backend], dtype.itemsize, stride, capacity, int(many),
                    ON_FULL.index(on_full), WAITS.index(wait), HEADER if with_rows else 0,
                    words_at if with_words else 0, slots_at, size, len(dtype_text(dtype)))


def write_header(memory: mmap.mmap, geometry: Geometry, dtype: np.dtype[Any]) -> None:
    """The magic last: who finds it finds the rest."""
    memory[DTYPE_AT : DTYPE_AT + geometry.dtype_length] = dtype_text(dtype)
    packed = struct.pack(f"<{len(geometry)}Q", *geometry)
    memory[8 : len(packed)] = packed[8:]
    memory[:8] = packed[:8]


def private_memory(geometry: Geometry, dtype: np.dtype[Any]) -> mmap.mmap:
    """Zeroed pages of this process, which come into being where they are first written."""
    try:
        memory = mmap.mmap(-1, geometry.size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"a ring of {geometry.size} bytes: {error}") from error
    write_header(memory, geometry, dtype)
    return memory


def path_of(name: str) -> Path:
    """The file of a shared ring: in memory on Linux."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"name {name!r} must be 1 to 100 letters, digits, '.', '_' or '-', and begin with one of the "
                         "first two")
    folder = Path("/dev/shm")  # noqa: S108  # where shared memory is, with O_EXCL and owner's rights
    return (folder if folder.is_dir() else Path(tempfile.gettempdir())) / f"tradecore-ring.{name}"


def create_file(path: Path, geometry: Geometry, dtype: np.dtype[Any]) -> tuple[mmap.mmap, int]:
    """A new file of a ring, mapped, and its descriptor: it gets its name when it is whole. FileExistsError where the
    name is taken; all its memory is there, or MemoryError.
    """
    if not hasattr(fcntl, "F_OFD_SETLK"):
        raise OSError("a shared ring needs locks of open files (F_OFD_SETLK), which this system does not have")
    if path.exists():
        raise FileExistsError(f"{path} is there already: RingBuffer.open opens it, unlink takes it away")
    fd, making = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, geometry.size)
        else:
            os.ftruncate(fd, geometry.size)
        memory = mmap.mmap(fd, geometry.size)
        write_header(memory, geometry, dtype)
        os.link(making, path)
        return memory, _open(making)
    except FileExistsError:
        raise
    except OSError as error:
        raise MemoryError(f"a shared ring of {geometry.size} bytes: {error}") from error
    finally:
        os.close(fd)
        os.unlink(making)


def _open(path: str | Path) -> int:
    """For locks alone: a mapping keeps a copy of its descriptor, with which its locks would live as long."""
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def open_file(path: Path, backend: str) -> tuple[mmap.mmap, int, Geometry, np.dtype[Any]]:
    """The file of a ring that another process made, mapped: memory, descriptor, geometry, dtype. Raises ValueError
    where it is no ring of this version, or one of the other backend, whose accesses are made otherwise.
    """
    fd = _open(path)
    try:
        memory, geometry = _map(fd, path, backend)
        try:
            dtype = _read_header(memory, geometry, backend)
        except (SyntaxError, LookupError, TypeError, ValueError, MemoryError, RecursionError) as error:
            raise ValueError(f"{path}: a damaged header: {error}") from error
        return memory, _open(path), geometry, dtype
    finally:
        os.close(fd)


def _map(fd: int, path: Path, backend: str) -> tuple[mmap.mmap, Geometry]:
    size = os.fstat(fd).st_size
    if size < HEADER:
        raise ValueError(f"{path} has {size} bytes: no ring, or one that is still being made")
    memory = mmap.mmap(fd, size)
    geometry = Geometry(*struct.unpack_from(f"<{len(Geometry._fields)}Q", memory))
    if geometry.magic != MAGIC or geometry.version != VERSION:
        raise ValueError(f"{path} is no ring of version {VERSION}: magic {geometry.magic:#x}, version "
                         f"{geometry.version}")
    if geometry.backend != BACKENDS[backend]:
        raise ValueError(f"{path} was made by another backend than {backend}: both ends must have the same")
    if geometry.size != size or geometry.dtype_length > HEADER - DTYPE_AT:
        raise ValueError(f"{path} has {size} bytes, its header says {geometry.size}")
    return memory, geometry


def _read_header(memory: mmap.mmap, geometry: Geometry, backend: str) -> np.dtype[Any]:
    text = memory[DTYPE_AT : DTYPE_AT + geometry.dtype_length].decode()
    dtype = demand_dtype(np.lib.format.descr_to_dtype(ast.literal_eval(text)))
    planned = plan_ring(dtype, demand_capacity(geometry.capacity), bool(geometry.many), ON_FULL[geometry.on_full],
                        WAITS[geometry.wait], backend=backend, shared=True)
    if planned != geometry:
        raise ValueError(f"it contradicts itself: {geometry}")
    _demand_positions(memory, geometry)
    return dtype


def _demand_positions(memory: mmap.mmap, geometry: Geometry) -> None:
    """Refuses positions that no ring has, in several looks, for others may use it meanwhile. They are read in the order
    in which each is at most the next; what a consumer knew may be behind its head, where it died (skip_records)."""
    many, on_full = bool(geometry.many), ON_FULL[geometry.on_full]
    if many and on_full == "overwrite":
        raise ValueError("a shared ring of many that overwrites")
    words = memoryview(memory).cast("Q")
    is_good = False
    for _ in range(1_000):
        cached, head, known, tail = (words[at] for at in (CACHED_HEAD, HEAD, KNOWN, TAIL))
        is_within = tail - head <= geometry.capacity or on_full == "overwrite"
        is_good = cached <= head <= tail < 2**62 and known <= tail and is_within
        if is_good:
            break
    words.release()
    if not is_good:
        raise ValueError(f"positions {cached}, {head}, {known} and {tail} in a ring of {geometry.capacity}")


def _lock(kind: int, byte: int) -> bytes:
    if sys.platform == "darwin":
        return struct.pack("qqihh", byte, 1, 0, kind, os.SEEK_SET)
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)


def lock_byte(fd: int, byte: int) -> bool:
    """Hold a byte of the file as long as this descriptor is open, in whatever way it ends; False where another does."""
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _lock(fcntl.F_WRLCK, byte))
    except (BlockingIOError, PermissionError):
        return False
    return True


def unlock_byte(fd: int, byte: int) -> None:
    """Let go of a byte."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _lock(fcntl.F_UNLCK, byte))


def is_locked(fd: int, byte: int) -> bool:
    """Whether another opening of the file holds a byte."""
    found = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _lock(fcntl.F_WRLCK, byte))
    kind: int = struct.unpack_from("qqihh", found)[3] if sys.platform == "darwin" else struct.unpack_from("h", found)[0]
    return kind != fcntl.F_UNLCK
