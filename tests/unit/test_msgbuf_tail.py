"""The end of the message buffer, without a copy of the rest."""

from __future__ import annotations

from lkmtools.evidence import MsgBuf


def test_the_tail_is_the_end_of_the_text_wherever_the_ring_begins() -> None:
    buf = MsgBuf()
    assert buf.tail(2048) == ""
    buf.append(b"abc")
    assert (buf.tail(2), buf.tail(2048)) == ("bc", "abc")
    last = b"abc"
    for i in range(4000):
        line = b"line %d of many\n" % i * 7
        buf.append(line)
        last = (last + line)[-2048:]
        assert buf.tail(2048) == last.decode()
    assert buf.text().endswith(buf.tail(2048))
