/* <machine/cpu_counter.h>: the processor's cycle counter: it counts the host's cycles. */

#ifndef _MACHINE_CPU_COUNTER_H_
#define _MACHINE_CPU_COUNTER_H_

#include <sys/types.h>

#ifdef _KERNEL
static inline uint64_t
cpu_counter(void)
{
	uint32_t low, high;

	__asm__ __volatile__("rdtsc" : "=a" (low), "=d" (high));
	return (uint64_t)high << 32 | low;
}

static inline uint32_t cpu_counter32(void) { return (uint32_t)cpu_counter(); }
#define cpu_hascounter()	(1)

struct cpu_info;
uint64_t	cpu_frequency(struct cpu_info *ci);
#endif

#endif
