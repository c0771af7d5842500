"""Tables of an ELF file by column: hundreds of thousands of entries are read without an object for each.

A column is an array; or what says the same and is faster to go through: bytes where all its numbers are
below 256, a range where they have equal distances.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Literal

Column = Sequence[int]
Code = Literal["B", "b", "H", "h", "I", "i", "Q", "q"]  # a type of array's, of which none depends on the host


def column(code: Code, numbers: memoryview[int], byteorder: str) -> array[int]:
    """The numbers of a table that was cast to array's type `code`: each one, or some at equal distances."""
    found = array(code, numbers.tobytes())
    if byteorder != sys.byteorder:
        found.byteswap()
    return found


def narrowed(numbers: array[int]) -> Column:
    """An array of 32-bit numbers, as bytes where they are all below 256."""
    data = numbers.tobytes()
    if sys.byteorder == "little":
        low, others = data[::4], (data[1::4], data[2::4], data[3::4])
    else:
        low, others = data[3::4], (data[::4], data[1::4], data[2::4])
    zeros = bytes(len(numbers))
    return low if others == (zeros, zeros, zeros) else numbers


def regular(numbers: array[int]) -> Column:
    """An array that is not empty, as a range where its numbers rise by equal distances."""
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    if step <= 0 or numbers[-1] != numbers[0] + step * (len(numbers) - 1):
        return numbers
    found = range(numbers[0], numbers[-1] + 1, step)
    return found if array(numbers.typecode, found) == numbers else numbers


def largest(numbers: Column) -> int:
    """The largest number of a column that is not empty."""
    return numbers[-1] if isinstance(numbers, range) else max(numbers)
