"""The end of the message buffer, without a copy of the rest."""

from __future__ import annotations

from lkmtools.evidence import MsgBuf


def test_the_tail_is_the_end_of_the_text_wherever_the_ring_begins() -> None:
    buf = MsgBuf()
    assert buf.tail(2048) == ""
    buf.append(b"abc")
    assert (buf.tail(2), buf.tail(2048)) == ("bc", "abc")
    for i in range(4000):
        buf.append(b"line %d of many\n" % i * 7)
        tail = buf.tail(2048)
        assert buf.text().endswith(tail)
        assert len(tail) == min(2048, buf.written)
