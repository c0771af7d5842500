"""Whatever JSON a control request brings, on either socket: it is answered, and daemon and kernel go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lkmtools.daemon.address import control_path
from lkmtools.proto import Answer, Control
from lkmtools.proto.verbs import ARGUMENTS, MOST, SUPERVISOR
from support.daemons import Daemon, Raw

text = st.text(st.characters(), max_size=40)  # with NULs and lone surrogates
numbers = st.integers() | st.integers(-(1 << 80), 1 << 80) | st.floats() | st.just(10**400)
scalars = st.none() | st.booleans() | numbers | text | text.map(lambda rest: f"/{rest}") | st.just("/" * 9000)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=8)
names = st.sampled_from(sorted({name for row in ARGUMENTS.values() for name in row}))
documents = st.dictionaries(names | text, values, max_size=5)
odd = st.sampled_from(
    ("", "[", "1", "null", '"x"', "[]", "[" * 20000, '{"a":' * 5000, '{"boot": 1e999}', '{"path": "\\u0000"}',
     '{"boot": ' + "9" * 5000 + "}", '{"path": "/\\ud800"}', '{"event": "' + "x" * 1000 + '"}')
)  # fmt: skip
raw = text.map(lambda some: some.encode("utf-8", "replace").decode())
verbs = st.sampled_from((*ARGUMENTS, "nothing", "x" * 3000))
ENDS = ("stop", "reboot")  # what these do when they are asked rightly is not wanted in the middle of a test


@pytest.fixture(scope="module")
def served() -> Iterator[Daemon]:
    """A daemon for all examples, which has logged nothing at the end."""
    daemon = Daemon()
    yield daemon
    status = daemon.status()
    log = daemon.log()
    daemon.remove()
    assert (status["pid"], status["boot"], status["panics"], status["state"]) == (daemon.pid, 1, 0, "running")
    assert log == ""


def answered(daemon: Daemon, verb: str, arguments: str, which: str) -> Answer:
    """The answer to a request, on a connection that then answers another one."""
    client = Raw(daemon.socket if which == "kernel" else control_path(daemon.socket))
    with client.socket:
        if which == "kernel":
            client.greet("fuzz")
        else:
            client.greet_control("fuzz")
        client.send(Control(verb, arguments))
        answer = client.receive()
        assert isinstance(answer, Answer), answer
        client.send(Control("addr2sym" if which == "kernel" else "status", "{}"))
        while (more := client.receive()) is not None and isinstance(more, Answer):
            if '"state"' in more.text or '"symbol"' in more.text:
                return answer
        raise AssertionError(more)


def is_right(verb: str, arguments: str) -> bool:
    """Is this what the verb takes?"""
    try:
        given: Any = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and isinstance(given.get("force", True), bool)


@pytest.mark.parametrize("which", ["kernel", "supervisor"])
@given(verbs, documents.map(json.dumps) | odd | raw)
def test_every_request_is_answered(served: Daemon, which: str, verb: str, arguments: str) -> None:
    """With ok and what was asked for, or with the reason."""
    if verb in ENDS and which == "supervisor" and is_right(verb, arguments):
        return
    answer = answered(served, verb, arguments, which)
    if answer.ok:
        assert json.loads(answer.text)["version"] == 1
    else:
        assert 0 < len(answer.text) < 300
    if verb not in ARGUMENTS or (verb in SUPERVISOR) != (which == "supervisor"):
        assert answer.text.startswith("unknown control request: ")


@pytest.mark.parametrize("which", ["kernel", "supervisor"])
@pytest.mark.parametrize(("size", "ok"), [(MOST, True), (MOST + 1, False)])
def test_arguments_may_have_a_mebibyte(served: Daemon, which: str, size: int, ok: bool) -> None:
    verb = "ps" if which == "kernel" else "status"
    arguments = '{"x": "' + "y" * (size - 9) + '"}'
    answer = answered(served, verb, arguments, which)
    assert answer.ok == ok
    if not ok:
        assert answer.text == f"{verb}: the arguments have {size} characters; the limit is {MOST}"


WRONG = {
    "fate boot true": "fate: boot: true is not a whole number",
    'fate boot "1"': 'fate: boot: "1" is not a whole number',
    "fate boot 1.0": "fate: boot: 1.0 is not a whole number",
    "fate daemon []": "fate: daemon: a list is not a whole number",
    "fate boot 18446744073709551616": "fate: boot: 18446744073709551616 is not between -9223372036854775808 "
    "and 18446744073709551615",
    "addr2sym address {}": "addr2sym: address: an object is not a whole number",
    "ksyms event null": "ksyms: event: null is not a string",
    "share path []": "share: path: a list is not a string",
    'share writable "no"': 'share: writable: "no" is not true or false',
    "dmesg follow 1": "dmesg: follow: 1 is not true or false",
    "stop force 0": "stop: force: 0 is not true or false",
    "reboot force {}": "reboot: force: an object is not true or false",
}


@pytest.mark.parametrize(("request_text", "why"), WRONG.items(), ids=WRONG)
def test_an_argument_of_another_type_is_named(served: Daemon, request_text: str, why: str) -> None:
    """With what it is and what it must be; nothing is done."""
    verb, name, value = request_text.split()
    which = "supervisor" if verb in SUPERVISOR else "kernel"
    assert answered(served, verb, f'{{"{name}": {value}}}', which) == Answer(False, why)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("[" * 20000, "they are nested too deep"),
        ('{"address": ' + "9" * 5000 + "}", "a number has too many digits"),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
    ids=["deep", "long", "cut"],
)
def test_arguments_that_cannot_be_read(served: Daemon, arguments: str, why: str) -> None:
    answer = answered(served, "addr2sym", arguments, "kernel")
    assert (answer.ok, answer.text.startswith("addr2sym: "), answer.text.endswith(why)) == (False, True, True)


def test_the_name_of_a_process_steers_no_terminal(served: Daemon) -> None:
    """It is shown to others, and has 16 characters at most."""
    client = Raw(served.socket)
    pid = client.greet("a\0b\x1b[2J\nc\u202e 日本 and a long rest").pid
    shown = served.run("lkmctl", "ps").out
    with served.connect() as p:
        names = {proc["pid"]: proc["comm"] for proc in p.control("ps")["processes"]}
    client.socket.close()
    assert names[pid] == "a?b?[2J?c? 日本 an"
    assert names[pid] in shown
