/* <machine/disklabel.h>: where this machine's disks have their label; one file for amd64 and i386. */

#ifndef _MACHINE_DISKLABEL_H_
#define _MACHINE_DISKLABEL_H_

#include <sys/cdefs.h>

#define LABELSECTOR	1
#define LABELOFFSET	0
#define MAXPARTITIONS	16
#define OLDMAXPARTITIONS 8
#define RAW_PART	3	/* d: the whole disk */

struct cpu_disklabel {
	int	cd_dummy;
};

#endif
