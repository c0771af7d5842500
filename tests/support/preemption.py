"""Forced preemption: a thread that stops a CPU without pause, and C code that notices a bad stop."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lkmtools.machine.brake import Brake

# What reads, changes and writes memory in one instruction, and what goes through the stack. Everything counts
# to n, and so does a register.
SOURCE = """
typedef unsigned int u_int;
struct counts { u_int plain, locked, xadd, low, high, split, called, nots, moved; };
static volatile struct counts c;
static char pages[3 * 4096], from[16], to[16];
u_int count(u_int);
static __attribute__((noinline)) void bump(void) { c.called++; }
static void (*volatile indirect)(void) = bump;

static u_int rounds(u_int n, u_int every)
{
	volatile u_int *split = (volatile u_int *)(((unsigned long)pages + 8191 & ~4095UL) - 2);
	u_int i, one, kernel = 0;

	c = (struct counts){ 0 };
	*split = 0;
	for (i = 0; i < n; i++) {
		char *src = from, *dst = to;
		unsigned long left = sizeof(to);

		__asm__ volatile ("incl %0" : "+m" (c.plain));
		__asm__ volatile ("lock; incl %0" : "+m" (c.locked));
		one = 1;
		__asm__ volatile ("lock; xaddl %0, %1" : "+r" (one), "+m" (c.xadd));
		__asm__ volatile ("addl $0x10000000, %0; adcl $0, %1" : "+m" (c.low), "+m" (c.high));
		__asm__ volatile ("incl %0" : "+m" (*split));
		__asm__ volatile ("notl %0; notl %0; addl $1, %0" : "+m" (c.nots));
		from[i & 15] = i;
		__asm__ volatile ("rep; movsb" : "+S" (src), "+D" (dst), "+c" (left) : : "memory");
		c.moved += to[i & 15] == (char)i && src == from + 16 && dst == to + 16;
		indirect();
		if (every && i % every == 0)
			kernel += count(i) == i + 1;
	}
	if (every && kernel != (n + every - 1) / every)
		return 1000;
	n = (c.plain != n) + 2 * (c.locked != n) + 4 * (c.xadd != n) + 8 * (c.high != n / 16) +
		16 * (*split != n) + 32 * (c.nots != n) + 64 * (c.moved != n) + 128 * (c.called != n);
	return n;
}
u_int alone(u_int n); u_int alone(u_int n) { return rounds(n, 0); }
u_int calling(u_int n); u_int calling(u_int n) { return rounds(n, 3); }
"""


@contextmanager
def hammer(brake: Brake) -> Iterator[None]:
    """Stop the CPU as often as the host's threads can take turns."""
    over = threading.Event()

    def body() -> None:
        while not over.is_set():
            brake.pull()

    thread = threading.Thread(target=body)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(interval)
