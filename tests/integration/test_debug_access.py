"""The words for a bad access: the member, the type and the expression of the pointer, by each compiler."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.stat import S_IFCHR
from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import source_of
from lkmtools.debug.report import Explained
from lkmtools.errors import PanicError
from lkmtools.evidence.record import loads
from support.lab import HEAD, TAIL, Lab

TYPES = """
struct inner { char c; short s[4]; };
union both { int i; char text[3]; };
struct item {
	struct item *next; long value; struct inner in[3]; union both u; int (*fn)(int); char name[20];
	struct item *tab[4]; void *data; unsigned low : 3, high : 5;
};
typedef struct item item_t;
struct other { long a, b, c, d; };
struct item *volatile vhead; struct item *head; struct item first; struct item *table[4]; int zero;
struct item *volatile wild = (struct item *)0x12345678; struct other *others; int (*hook)(int);
static inline int peek(struct item *p) { return p->in[1].s[2]; }
__attribute__((noinline)) struct item *find(int n) { return n > 100 ? &first : head; }
"""
NULL = "of a NULL `struct item *`, "
# What go() does, and the words for it: {next} and the like are offsets of members.
CASES = {
    "struct item *p = vhead; p->next = 0; return 0;": f"member `next` (offset {{next}}) {NULL}p",
    "struct item *p = vhead; return p->in[1].s[2];": f"member `in[1].s[2]` (offset {{in}}) {NULL}p",
    "return head->u.i;": f"member `u.i` (offset {{u}}) {NULL}head",
    "return first.next->next->u.i;": f"member `next` (offset {{next}}) {NULL}first.next",
    "return find(n)->value;": f"member `value` (offset {{value}}) {NULL}find()",
    "return table[n + 1]->value;": f"member `value` (offset {{value}}) {NULL}table[...]",
    "item_t *p = vhead; p->high = n; return 0;": "offset {bits} of a NULL `item_t *`, p",
    "int *p = (int *)vhead; *p = 5; return 0;": "a NULL `int *`, p",
    "struct item *q = wild; q->data = head; return 0;": (
        "member `data` (offset {data}) of `struct item *` q = 0x12345678"
    ),
    "return first.fn(3);": "call of first.fn, a NULL `int (*)(int)`",
    "return hook(3);": "call of hook, a NULL `int (*)(int)`",
    "int s = 0; for (struct item *it = &first; it || !n; it = it->next) s += it->value; return s;": (
        f"member `value` (offset {{value}}) {NULL}it"
    ),
    # Either of two pointers of different types: nothing is certain.
    "void *p = n ? (void *)&first : (void *)others; return ((long *)p)[n + 1];": "",
}
ARGUMENTS = {
    "return strlen(first.next->name);": f"member `name` (offset {{name}}) {NULL}first.next",
    "return strlen(first.data);": "a NULL `void *`, first.data",
    "memset(vhead, 0, sizeof(struct item)); return 0;": "a NULL `struct item *`, vhead",
    "char to[4]; strcpy(to, find(n)->name); return to[0];": f"member `name` (offset {{name}}) {NULL}find()",
}
OFFSETS = {
    "amd64": {"next": 0, "value": 8, "in": 32, "u": 48, "name": 64, "data": 120, "bits": 128},
    "i386": {"next": 0, "value": 4, "in": 24, "u": 40, "name": 48, "data": 84, "bits": 88},
}


def fault(lab: Lab, directory: Path, body: str, compiler: str, level: str) -> PanicError:
    """The panic of a module whose go() has this body."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not on this host")
    source, out, found = directory / "x.c", directory / "x.o", find_compiler(lab.machine, compiler)
    go = f"int go(int n);\nint go(int n)\n{{\n\t{body}\n}}\n"
    source.write_text(HEAD + TYPES + go + TAIL % {"name": "x"})
    command = [*found.argv, *compile_flags(found.family, lab.machine), level, "-w", "-c", str(source)]
    subprocess.run([*command, "-o", str(out)], check=True)
    lab.install(out)
    return lab.panics(lambda: lab.call("int go(int)", 0))


@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("body", [*CASES, *ARGUMENTS])
def test_words(lab: Lab, tmp_path: Path, body: str, compiler: str, level: str) -> None:
    """At the instruction, or at the call of a kernel function to which the pointer was given."""
    panic = fault(lab, tmp_path, body, compiler, level)
    record = loads(panic.record)
    assert record is not None
    wanted = (CASES | ARGUMENTS)[body].format_map(OFFSETS[lab.machine])
    assert Explained(record).access == wanted


@pytest.mark.parametrize("level", ["-O1", "-O2", "-Os"])
def test_a_pointer_that_the_compiler_knows_to_be_null(lab: Lab, tmp_path: Path, level: str) -> None:
    """No register has it: the address of the instruction is the offset of the member."""
    panic = fault(lab, tmp_path, "return peek(0);", "gcc", level)
    record = loads(panic.record)
    assert record is not None
    assert Explained(record).access == f"member `in[1].s[2]` (offset {OFFSETS[lab.machine]['in']}) {NULL}p"


LOOP = (
    "int i, s = 0; for (i = 0; i >= 0; i = (i + 1) & 255) {\n\t\ts += zero;\n\t\tzero = s;\n\t}\n\treturn s;"
)


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_the_lines_of_a_loop(lab: Lab, tmp_path: Path, level: str) -> None:
    """Of the whole loop, wherever in it the clock has found it."""
    panic = fault(lab, tmp_path, LOOP, "gcc", level)
    record = loads(panic.record)
    assert record is not None
    lines = (tmp_path / "x.c").read_text().splitlines()
    first = next(number for number, line in enumerate(lines, 1) if "for (i" in line)
    where = re.fullmatch(r"loops in go\(\) at \S*x\.c:(\d+)(-(\d+))? \[x\]", Explained(record).loop)
    assert where is not None
    assert first <= int(where[1]) <= int(where[3] or where[1]) <= first + 2


DEVICE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
static int left_open(dev_t dev, int flag, int mode, struct lwp *l)
{ return 0; }
static const struct cdevsw left_cdevsw = {
	left_open, nullclose, noread, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter, 0
};
MOD_MISC("left");
static int none = -1, major = 60;
static int begin(struct lkm_table *t, int cmd)
{ return devsw_attach("left", NULL, &none, &left_cdevsw, &major); }
int left_lkmentry(struct lkm_table *, int, int);
int left_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, begin, lkm_nofunc, lkm_nofunc) }
"""


def test_a_device_switch_that_a_module_has_left(lab: Lab) -> None:
    """The kernel reads it, no code of the module runs: the function that would have, and the variable."""
    lab.load(DEVICE.lstrip(), name="left", whole=True, flags=("-g",))
    modules.unload(lab.p, "left")
    lab.p.mknod("/dev/left", S_IFCHR | 0o600, makedev(60, 0))
    panic = lab.panics(lambda: lab.p.open("/dev/left", 0))
    assert panic.reason.endswith("left_cdevsw+0x0 was there; cdevsw[60] still points into it")
    source = source_of(panic.record)
    assert re.fullmatch(r"    left_open\(\) at \S*:7 \[left, unloaded\]", source[1])
    assert re.fullmatch(r"    left_cdevsw at \S*:8 \[left, unloaded\]", source[2])


STALE = """
struct item { struct item *next; int value; };
struct item first, *head;
static int go(int n) { struct item *p = &first; p->next = head; head = p; return p->next->value; }
int probe_go(int n);
int probe_go(int n) { return go(n) + 1; }
"""


def test_an_expression_that_has_another_value_by_now_is_not_said(lab: Lab) -> None:
    """The pointer was loaded from `head`, which has been set since and is not NULL."""
    lab.load(STALE, flags=("-O2", "-g"))
    panic = lab.panics(lambda: lab.call("int probe_go(int n)", 1))
    assert "(NULL pointer)" in panic.reason
    assert not any(line.endswith(", head") for line in source_of(panic.record))
