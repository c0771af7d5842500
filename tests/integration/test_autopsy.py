"""The record of a kernel process that died without words: what the supervisor finds in its memory."""

from __future__ import annotations

import zlib
from binascii import a2b_base64
from types import SimpleNamespace
from typing import Any

import pytest

from lkmtools.daemon.findings import find
from lkmtools.daemon.inquest import Inquest
from lkmtools.evidence import Evidence, MsgBuf
from lkmtools.evidence.record import CrashRecord, loads
from support.lab import Lab

SOURCE = """
#define NOINLINE __attribute__((noinline))
NOINLINE int probe_deep(int n);
int probe_go(int n);
NOINLINE int probe_deep(int n) { seltrue(0, 4, 0); printf("number %d\\n", n); return n + 1; }
int probe_go(int n) { return probe_deep(n) * 3; }
"""
GO = "int probe_go(int n)"


def autopsy(evidence: Evidence, machine: str) -> CrashRecord:
    """The record, if the kernel process died now."""
    child: Any = SimpleNamespace(evidence=evidence, machine=machine, boot=7, lent={})
    found = find(child, "the emulator failed")
    record = loads(found["record"])
    assert record is not None
    assert (record.reason, record.machine, record.boot) == (found["reason"], machine, 7)
    assert all(frame.text in found["report"] for frame in record.frames)
    return record


def during(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> CrashRecord:
    """That of a death in printf(), which probe_deep() calls."""
    made: list[CrashRecord] = []
    monkeypatch.setattr(lab.k.console, "write", lambda *_: made.append(autopsy(lab.k.evidence, lab.machine)))
    lab.call(GO, 5)
    return made[0]


def test_frames_registers_and_calls(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call that had not returned, with its stack up to where the kernel called the module."""
    lab.load(SOURCE, flags=("-O0",))
    info = lab.k.modules.by_name("probe")[0].info
    record = during(lab, monkeypatch)
    assert [frame.text.partition("+")[0] for frame in record.frames] == [
        "printf() [kernel]",
        "probe_deep",
        "probe_go",
    ]
    assert record.calls[0].text == 'printf("number %d\\n", ...) (not returned)'
    assert record.calls[1].text.startswith("seltrue(0, 4, 0x0) = ")
    (lwp,) = record.lwps
    (level,) = lwp.levels
    assert (level.function, level.registers["pc"]) == ("printf", record.calls[0].pc)
    assert lab.symbols["probe_deep"] < level.registers["pc"] < lab.symbols["probe_go"]
    assert level.registers["sp"] == lwp.sp + lab.k.dm.pointer
    stack, size = zlib.decompress(a2b_base64(lwp.stack)), lab.k.dm.pointer
    assert stack[:size] == level.registers["pc"].to_bytes(size, "little")
    assert (
        stack[-size:]
        == record.gate.to_bytes(size, "little")
        == lab.k.engine.text.gate.to_bytes(size, "little")
    )
    assert [(each.name, each.path, each.checksum, each.unloaded) for each in record.modules] == [
        ("probe", info.path, info.checksum, False)
    ]
    assert info.checksum


def test_a_death_outside_of_modules_has_no_frames(lab: Lab) -> None:
    """The calls are there all the same."""
    lab.load(SOURCE)
    lab.call(GO, 1)
    record = autopsy(lab.k.evidence, lab.machine)
    assert (record.frames, record.lwps) == ((), ())
    assert record.calls[0].text == 'printf("number %d\\n", ...)'


def test_damaged_memory(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers that are anything, and RAM full of ones."""
    lab.load(SOURCE)
    calls = lab.k.evidence.calls
    lab.call(GO, 1)
    saved = bytes(lab.k.evidence.ram), bytes(calls.ring)
    calls.entered[0] = lab.symbols["probe_go"]
    for byte in (b"\xff", b"\x00", b"\x5a"):
        calls.ring[:] = byte * len(calls.ring)
        autopsy(lab.k.evidence, lab.machine)
        lab.k.evidence.ram[:] = byte * len(lab.k.evidence.ram)
        calls.ring[:] = saved[1]
        record = autopsy(lab.k.evidence, lab.machine)
        assert record.frames
        lab.k.evidence.ram[:] = saved[0]
    calls.entered[0] = 0


def test_without_findings_there_is_a_record_that_says_why() -> None:
    evidence = Evidence(1 << 20)
    child: Any = SimpleNamespace(
        evidence=evidence, machine="amd64", boot=3, killed="", printed=lambda: "", lent={}
    )
    inquest = Inquest(child, "signal 6 (SIGABRT)", MsgBuf(), SimpleNamespace(), lambda *_: None)  # type: ignore[arg-type]
    fate, culprit = inquest.without("it could not be examined")
    record = loads(fate.record)
    assert record is not None
    assert (record.reason, record.boot, record.notes, culprit) == (
        *(fate.reason, 3, ("it could not be examined",), ""),
    )
    evidence.close()
