"""Damage for property tests: what becomes of a good file when bytes of it change."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def changes(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with a few bytes or words changed, most of them in the headers, or cut short."""
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(
            st.integers(0, len(out) - 1) | st.integers(0, 64) | st.integers(len(out) * 3 // 4, len(out) - 1)
        )
        value = draw(
            st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f"])
        )
        out[at : at + len(value)] = value
    return bytes(out[: draw(st.just(len(out)) | st.integers(0, len(out)))])
