"""Which instructions write what they have read: of those that an assembler makes of text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.elf import read_object
from lkmtools.machine import PORTS

BACK = """
addl %eax, 8(%ebx); orb $1, (%ebx); lock incl 64(%ebx); decw (%ebx); notl (%ebx); negb (%ebx); shll $3, (%ebx)
sarl %cl, (%ebx); btsl $3, (%ebx); xchgl %eax, (%ebx); lock cmpxchgl %ecx, (%ebx); lock xaddl %eax, (%ebx)
subl $100000, %fs:(%ebx); adcl %eax, (%ebx); shldl $1, %eax, (%ebx); lock cmpxchg8b (%ebx); xorw $1, 4(%ebx)
"""
NOT = """
movl (%ebx), %eax; movl %eax, (%ebx); cmpl $1, (%ebx); cmpl %eax, (%ebx); testb $1, (%ebx); addl (%ebx), %eax
mull (%ebx); divl (%ebx); pushl (%ebx); call *(%ebx); jmp *(%ebx); btl $3, (%ebx); movzbl (%ebx), %eax
incl %eax; addl $1, %eax; nop; ret; imull (%ebx), %eax; lodsl; xchgl %eax, %ecx; cmpb $0, (%ebx)
"""
WIDE = "incq (%r9); lock cmpxchg16b (%rsi); addq $1, 8(%r12); orq %r8, (%rax)"


def instructions(text: str, directory: Path, machine: str) -> list[tuple[str, bytes]]:
    """Each instruction of the text with its bytes."""
    if shutil.which("as") is None:
        pytest.skip("as is not on this host")
    found = []
    if machine == "amd64":
        text = text.replace("%ebx", "%rbx").replace("pushl", "pushq")
    for one in (part.strip() for part in text.replace("\n", ";").split(";") if part.strip()):
        out = directory / "one.o"
        bits = "--64" if machine == "amd64" else "--32"
        subprocess.run(["as", bits, "-o", str(out), "-"], input=one + "\n", text=True, check=True)
        section = next(s for s in read_object(out.read_bytes(), "one.o").sections if s.name == ".text")
        found.append((one, bytes(section.data)))
    return found


@pytest.mark.parametrize(("text", "back"), [(BACK, True), (NOT, False)], ids=["back", "not"])
def test_of_both_machines(tmp_path: Path, machine: str, text: str, back: bool) -> None:
    made = instructions(text, tmp_path, machine)
    assert len(made) > 15
    assert [one for one, code in made if PORTS[machine].writes_back(code) != back] == []


def test_of_64_bits(tmp_path: Path) -> None:
    """With a REX prefix, which is inc or dec in 32-bit mode."""
    made = instructions(WIDE, tmp_path, "amd64")
    assert [one for one, code in made if not PORTS["amd64"].writes_back(code)] == []
    assert not PORTS["i386"].writes_back(b"\x41\xff\x00")


def test_what_ends_too_early() -> None:
    for code in (b"", b"\xf0", b"\x0f", b"\x0f\xba", b"\xff", b"\xf0\xf0\xf0"):
        assert not PORTS["amd64"].writes_back(code)


RETURNS = """
movq %rbx, %rax; movq -32(%rbp), %rdx; addl %eax, %esi; movl $0xc3c3c3c3, %eax; cmpb $0xc3, 8(%rsp,%rcx,4)
testl $0xc3, (%rax); testb $0xc3, %al; movabsq $0xc3c3c3c3c3c3c3c3, %rcx; movzbl 0xc3(%rdx), %eax; leave
imull $0xc3, %eax; movw $0xc3c3, %ax; pushq $0xc3; shll $3, %ecx; jne .+0xc5; call .+0xc8; notq %r8
movaps %xmm0, (%rsp); pshufd $0xc3, %xmm0, %xmm3; nopw 0xc3(%rax); movb $0xc3, %r11b; btl $3, %eax
lea 0xc3(,%rax,8), %rdi; fldl 8(%rsp); cmovne %esi, %eax
"""


def test_the_return_of_a_block_is_found_behind_whatever_looks_like_it(tmp_path: Path) -> None:
    """Bytes of constants, displacements and operands."""
    made = instructions(RETURNS, tmp_path, "amd64")
    code = b"".join(each for _, each in made)
    assert code.count(b"\xc3") > 15
    for back in (b"\xc3", b"\xc2\x08\x00", b"\xf3\xc3"):
        assert PORTS["amd64"].find_return(code + back + b"\x90\xc3") == len(code)
    assert PORTS["amd64"].find_return(code) == -1
    for ends in range(len(code)):
        PORTS["amd64"].find_return(code[:ends])
