"""KIOCGVALUES of /dev/ksyms: many names in one request, and how modload asks for its undefined symbols."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi import ksyms as abi
from lkmtools.abi.errno import EFAULT, EINVAL
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.client import Buffer, Process
from lkmtools.errors import KernelError
from lkmtools.modules.ksyms import Known, known
from lkmtools.modules.prepare import LoadError
from support.lab import Lab

KEPT = """
int kept_value = 1;
static int quiet_value = 2;
int {0}_run(void);
int {0}_run(void) {{ return quiet_value++; }}
"""


def test_values_and_keepers_of_many_names_are_one_answer(lab: Lab) -> None:
    """The kernel's, a module's loaded with -s, one that a module keeps, its static one, and nobody's."""
    lab.load("int open_value = 1;", name="open", symbols=True)
    lab.load(KEPT.format("kept"), name="kept")
    names = ["printf", "open_value", "kept_value", "quiet_value", "nobody", "printf", "n\udcff"]
    assert known(lab.p, names) == Known(
        {"printf": lab.k.symbol("printf"), "open_value": lab.symbols["open_value"]}, {"kept_value": "kept"}
    )
    assert known(lab.p, []) == Known({}, {})


def test_a_keeper_is_forgotten_when_it_is_unloaded(lab: Lab) -> None:
    """Another one that has the symbol too is named then; one that is loaded anew, with -s, is none."""
    for name in ("one", "two"):
        lab.load(KEPT.format(name), name=name)
    assert known(lab.p, ["kept_value"]).keepers == {"kept_value": "one"}
    modules.unload(lab.p, "one")
    assert known(lab.p, ["kept_value", "one_run"]).keepers == {"kept_value": "two"}
    modules.unload(lab.p, "two")
    lab.load(KEPT.format("two"), name="two", symbols=True)
    assert known(lab.p, ["kept_value"]) == Known({"kept_value": lab.symbols["kept_value"]}, {})


def ask(p: Process, *buffers: Buffer, **members: Any) -> int:
    """KIOCGVALUES with these members; how many were answered."""
    request = p.buffer(abi.ksyms_gvalues.layout(p.dm).pack(**members))
    fd = p.open("/dev/ksyms", O_RDONLY)
    try:
        p.ioctl(fd, abi.KIOCGVALUES.code(p.dm), request, *buffers)
    finally:
        p.close(fd)
    answered: int = abi.ksyms_gvalues.layout(p.dm).get(request.data, 0, "kvs_answered")
    return answered


def test_bad_arguments_have_their_errno_each(lab: Lab) -> None:
    p = lab.p
    text, room = p.buffer(b"printf\0hz\0"), p.buffer(96)
    right = {"kvs_names": text.addr, "kvs_size": 10, "kvs_found": room.addr, "kvs_count": 2}
    assert ask(p, text, room, **right) == 2
    for wrong, errno in (
        ({"kvs_count": 1}, EINVAL),
        ({"kvs_count": 3}, EINVAL),
        ({"kvs_size": 9}, EINVAL),
        ({"kvs_count": (1 << 20) + 1}, EINVAL),
        ({"kvs_size": (16 << 20) + 1}, EINVAL),
        ({"kvs_names": 0x666000}, EFAULT),
        ({"kvs_found": 0x666000}, EFAULT),
    ):
        with pytest.raises(KernelError) as caught:
            ask(p, text, room, **{**right, **wrong})
        assert caught.value.errno == errno, wrong


def requests(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the system calls that a process makes from now on."""
    made: list[int] = []
    syscall = Process.syscall

    def counted(self: Process, number: int, *args: Any, **more: Any) -> tuple[int, int]:
        made.append(number)
        return syscall(self, number, *args, **more)

    monkeypatch.setattr(Process, "syscall", counted)
    return made


def test_a_load_asks_for_all_its_symbols_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open /dev/lkm; open, ask and close /dev/ksyms; four ioctls of the load; close /dev/lkm."""
    names = ("printf", "panic", "malloc", "free", "copyin", "copyout", "tsleep", "wakeup", "hz")
    uses = "".join(f"(long)&{name}, " for name in names)
    made = requests(monkeypatch)
    loaded = lab.load(f"#include <sys/malloc.h>\n#include <sys/proc.h>\nlong probe_uses[] = {{ {uses} }};")
    assert set(loaded.plan.values) >= set(names)
    assert len(made) == 9


def test_missing_symbols_are_named_with_as_many_requests_as_one(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps them is one question."""
    lab.load(KEPT.format("kept"), name="kept")
    counts = []
    for number in (1, 40):
        uses = "".join(f"extern int missing_{i}; int *use_{i} = &missing_{i};\n" for i in range(number))
        with monkeypatch.context() as patch:
            made = requests(patch)
            with pytest.raises(LoadError) as caught:
                lab.load(f"extern int kept_value; int *use = &kept_value;\n{uses}", name=f"uses{number}")
        counts.append(len(made))
        assert caught.value.reason.count("missing_") == number
        assert "module 'kept' has it but was loaded without -s" in caught.value.reason
    assert counts[0] == counts[1]
