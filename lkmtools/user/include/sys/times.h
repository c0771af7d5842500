/* <sys/times.h>: the processor time of a process and its children. */

#ifndef _SYS_TIMES_H_
#define _SYS_TIMES_H_

#include <sys/types.h>

struct tms {
	clock_t	tms_utime;
	clock_t	tms_stime;
	clock_t	tms_cutime;
	clock_t	tms_cstime;
};

clock_t	times(struct tms *);

#endif
