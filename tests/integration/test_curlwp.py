"""Who runs: x86_curlwp(), and what NetBSD 5.2's headers find in the CPU's own segment."""

from __future__ import annotations

from support.lab import Lab
from support.programs import Runner

# As machine code that was compiled with NetBSD's headers looks: curcpu() is the word at ci_self.
SEGMENT = """
#include <sys/proc.h>
#ifdef __LP64__
#define WORD "movq %%gs:%c1, %0"
#else
#define WORD "movl %%fs:%c1, %0"
#endif
static void *word(int which)
{
	void *found;
	if (which == 0)
		__asm__ volatile(WORD : "=r"(found) : "i"(__builtin_offsetof(struct cpu_info, ci_self)));
	else
		__asm__ volatile(WORD : "=r"(found) : "i"(__builtin_offsetof(struct cpu_info, ci_curlwp)));
	return found;
}
int who(void);
int who(void)
{
	if (word(0) != curcpu() || curcpu()->ci_self != curcpu() || word(1) != x86_curlwp() || cpu_number() != 0)
		return -1;
	return curlwp->l_proc == curproc ? curproc->p_pid : -2;
}
int later(void);
int later(void)
{
	int n = tsleep(&lwp0, PWAIT, "later", 2);
	return n == EWOULDBLOCK ? who() : -3;
}
static int seen = -4;
static void soon(void *arg) { seen = curlwp == &lwp0 && curproc == &proc0 ? who() : -5; }
static struct callout ch;
int callout(void);
int callout(void)
{
	callout_init(&ch, 0);
	callout_reset(&ch, 1, soon, NULL);
	(void)tsleep(&ch, PWAIT, "callout", 4);
	return seen;
}
"""


def test_machine_code_finds_its_lwp_in_the_segment_of_the_cpu(lab: Lab) -> None:
    """Whatever ran meanwhile: other processes, callouts, which are process 0's."""
    lab.load("#include <sys/callout.h>\n#include <sys/errno.h>\n" + SEGMENT)
    pid = lab.p.pid
    assert lab.call("int who(void)") == pid
    other = lab.kernel.process("other")
    started = [lab.begin("int later(void)", p=p) for p in (other, lab.p)]
    lab.until(lambda: all(one.done for one in started))
    assert [one.result() for one in started] == [other.pid, pid]
    assert lab.call("int callout(void)") == 0
    assert lab.call("int who(void)") == pid


def test_programs_have_segments_of_their_own(lab: Lab, lab_runner: Runner) -> None:
    """A program ran meanwhile, and made a system call of the module's."""
    lab.load(SEGMENT)
    assert lab_runner.main('printf("%d", getppid() > 0);').out == "1"
    assert lab.call("int who(void)") == lab.p.pid


def test_who_runs_is_asked_without_a_kernel_call(lab: Lab) -> None:
    """x86_curlwp() is machine code: the ring of kernel calls does not have it."""
    lab.load("""
#include <sys/proc.h>
int many(void);
int many(void) { int i; for (i = 0; i < 1000; i++) if (curlwp == NULL) return 1; return 0; }
""")
    stops: list[str] = []
    lab.k.engine.stubs[lab.k.symbol("x86_curlwp")].body = lambda *_: stops.append("stopped") or 0
    assert lab.call("int many(void)") == 0
    assert stops == []
