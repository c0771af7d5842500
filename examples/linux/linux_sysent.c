/* linux_sysent.c: the table of system calls, and their names. */

#include "linux_emul.h"

#ifdef __x86_64__
#define LINUX_CALLS	"linux_calls_amd64.h"
#else
#define LINUX_CALLS	"linux_calls_i386.h"
#endif

#define CALL(number, name, function)	[number] = { 6, 6 * sizeof(register_t), 0, (sy_call_t *)(function) },
#define NONE(number, name)
const struct sysent linux_sysent[LINUX_NSYSENT] = {
	[0 ... LINUX_NSYSENT - 1] = { 0, 0, 0, linux_sys_nosys },
#include LINUX_CALLS
};
#undef CALL
#undef NONE

#define CALL(number, name, function)	[number] = #name,
#define NONE(number, name)		[number] = #name,
const char * const linux_syscallnames[LINUX_NSYSENT] = {
#include LINUX_CALLS
	[LINUX_NOSYS] = "unknown",
};
