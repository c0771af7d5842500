/* <machine/segments.h>: segment selectors. On i386 a thread has two data segments of its own in the table. */

#ifndef _MACHINE_SEGMENTS_H_
#define _MACHINE_SEGMENTS_H_

#include <sys/cdefs.h>

#define SEL_KPL		0
#define SEL_UPL		3
#define GSEL(s, r)	(((s) << 3) | (r))

#ifndef __LP64__
#define GUFS_SEL	9	/* based at what x86_set_sdbase('f') says */
#define GUGS_SEL	10
#endif

#endif
