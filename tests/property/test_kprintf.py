"""The kernel's formats against the host's printf, where C defines both."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi.datamodel import ILP32_I386, LP64, DataModel
from lkmtools.kern.lib.kprintf import kprintf
from lkmtools.machine import Memory, VaList

SIZES = {"": 32, "hh": 8, "h": 16, "l": 64, "ll": 64, "j": 64, "z": 64, "t": 64}
BASE = 0x100000


@pytest.fixture(scope="module")
def libc() -> ctypes.CDLL:
    """The host's C library; skipped where it is not like glibc on a 64-bit machine."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        pytest.skip("the host is not a 64-bit machine")
    return ctypes.CDLL(None)


@pytest.fixture(scope="module")
def memory() -> Memory:
    """A page that is readable."""
    mem = Memory(BASE, 4096, LP64)
    mem.prot[0] = 3
    return mem


flags = st.text("-+ #0", max_size=4)
number = st.one_of(st.just(""), st.integers(1, 40).map(str))
precision = st.one_of(st.just(""), st.just("."), st.integers(0, 40).map(lambda n: f".{n}"))
words = st.one_of(st.sampled_from([0, 1, 9, 10, 127, 128, 0x7FFF, 0x8000, (1 << 31) - 1, 1 << 31, (1 << 63),
                                   (1 << 64) - 1]), st.integers(0, (1 << 64) - 1))  # fmt: skip


def engine(memory: Memory, fmt: bytes, *values: int) -> bytes:
    """What kprintf makes of register words."""
    left = iter(values)
    return bytes(kprintf(memory.checked, fmt, VaList(LP64, lambda: next(left)), 1000).data)


def host(libc: ctypes.CDLL, fmt: bytes, *values: object) -> bytes:
    """What snprintf makes of them."""
    buffer = ctypes.create_string_buffer(1000)
    libc.snprintf(buffer, ctypes.c_size_t(1000), fmt, *values)
    return buffer.value


@settings(max_examples=300, deadline=None)
@given(flags, number, precision, st.sampled_from(sorted(SIZES)), st.sampled_from("diouxX"), words)
def test_integers(
    libc: ctypes.CDLL, memory: Memory, flag: str, width: str, prec: str, size: str, conversion: str, word: int
) -> None:
    """Every combination of flags, width, precision and size."""
    fmt = f"<%{flag}{width}{prec}{size}{conversion}>".encode()
    assert host(libc, fmt, ctypes.c_uint64(word)) == engine(memory, fmt, word), fmt


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["", "-"]),
    number,
    precision,
    st.binary(max_size=60).map(lambda text: text.replace(b"\0", b"")),
)
def test_strings(libc: ctypes.CDLL, memory: Memory, flag: str, width: str, prec: str, text: bytes) -> None:
    """Width and precision of %s."""
    fmt = f"<%{flag}{width}{prec}s>".encode()
    memory.write(BASE + 8, text + b"\0")
    assert host(libc, fmt, ctypes.c_char_p(text)) == engine(memory, fmt, BASE + 8), fmt


@settings(max_examples=100, deadline=None)
@given(st.integers(-50, 50), st.integers(-50, 50), words)
def test_widths_that_are_arguments(
    libc: ctypes.CDLL, memory: Memory, width: int, prec: int, word: int
) -> None:
    """%*.*d with either sign."""
    values = (width & (1 << 64) - 1, prec & (1 << 64) - 1, word)
    expected = host(libc, b"<%*.*d>", *(ctypes.c_uint64(value) for value in values))
    assert expected == engine(memory, b"<%*.*d>", *values)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([LP64, ILP32_I386]))
def test_any_format_ends_without_an_error(memory: Memory, fmt: bytes, dm: DataModel) -> None:
    """Arguments that are all a readable string's address never fail; no format reads past its end."""
    memory.write(BASE + 8, b"abc\0")
    out = kprintf(memory.checked, fmt, VaList(dm, lambda: BASE + 8), 5000)
    assert len(out.data) == min(out.total, 5000)
