"""The message buffer keeps what was printed last, from the beginning of a line."""

from __future__ import annotations

from lkmtools.evidence.msgbuf import MSGBUF_SIZE
from lkmtools.kern.base.console import Console


def printed(*texts: str) -> Console:
    """A console with these texts on it."""
    console = Console()
    for text in texts:
        console.write(text)
    return console


def test_what_fits_is_kept_as_it_was_printed() -> None:
    for texts in ((), ("one\n", "two"), ("in ", "", "pieces\n\n"), ("x" * 5000, "\n", "y" * 5000)):
        assert printed(*texts).text() == "".join(texts)


def test_the_oldest_lines_go_first() -> None:
    """What is left begins with a whole line and ends with the newest."""
    lines = [f"line {number}\n" for number in range(100_000)]
    kept = printed(*lines).text()
    assert "".join(lines).endswith("\n" + kept)
    assert MSGBUF_SIZE - 5000 < len(kept) < MSGBUF_SIZE + 5000


def test_a_line_longer_than_the_buffer_leaves_its_end() -> None:
    assert printed("x" * MSGBUF_SIZE, "y" * MSGBUF_SIZE).text() == "y" * MSGBUF_SIZE
    assert printed("old\n", "x" * 2 * MSGBUF_SIZE, "\nnew\n").text() == "new\n"


def test_subscribers_get_everything() -> None:
    console = Console()
    heard: list[str] = []
    stop = console.subscribe(heard.append)
    console.write("a")
    console.write("b" * 2 * MSGBUF_SIZE)
    stop()
    console.write("c")
    assert heard == ["a", "b" * 2 * MSGBUF_SIZE]
