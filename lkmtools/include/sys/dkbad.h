/* <sys/dkbad.h>: a table of bad sectors. */

#ifndef _SYS_DKBAD_H_
#define _SYS_DKBAD_H_

#include <sys/types.h>

#define NBT_BAD		126
#define DKBAD_MAGIC	0x4321

struct dkbad {
	int32_t		bt_csn;
	uint16_t	bt_mbz;
	uint16_t	bt_flag;
	struct bt_bad {
		uint16_t	bt_cyl;
		uint16_t	bt_trksec;
	} bt_bad[NBT_BAD];
};

#endif
