"""A death without words shows its source, as a panic does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lkmtools import modules
from lkmtools.debug import source_of
from lkmtools.evidence.record import loads
from support.compiling import Compile
from support.deaths import Frail, end_of

# System call 210 has the emulator abort.
ABORTS = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/lkm.h>
MOD_MISC("aborts");
void lock_bts(int n);
__attribute__((noinline, noipa)) void lock_bts(int n)
{
	printf("now %d\\n", n);
	__asm__ volatile ("jmp 1f; 1: .byte 0xf0, 0x0f, 0xab, 0xda" ::: "edx", "ebx");
}
static int call(struct lwp *l, const void *v, register_t *r) { lock_bts(7); return 0; }
static int aborts_load(struct lkm_table *t, int cmd)
{ sysent[210].sy_call = (sy_call_t *)call; return 0; }
int aborts_lkmentry(struct lkm_table *t, int cmd, int ver);
int aborts_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, aborts_load, lkm_nofunc, lkm_nofunc); }
"""


def test_what_kills_the_emulator_is_shown_with_its_source(frail: Callable[..., Frail], cc: Compile) -> None:
    """The line of the last kernel call before it."""
    daemon = frail()
    p = daemon.connect()
    modules.load(p, cc(ABORTS, name="aborts", flags=("-g",)))
    error = end_of(partial(p.syscall, 210))
    record = loads(error.record)
    assert record is not None
    assert record.reason == error.reason
    assert record.reason.startswith("the emulator failed: signal 6 (SIGABRT)")
    assert record.calls[0].text == 'printf("now %d\\n", ...)'
    assert [frame.text.partition("+")[0] for frame in record.frames[1:]] == ["lock_bts", "call"]
    line = ABORTS[: ABORTS.index("printf")].count("\n") + 1
    assert source_of(error.record)[1] == f"    lock_bts() at <stdin>:{line} [aborts]"
