/* <sys/reboot.h>: flags of reboot(2). */

#ifndef _SYS_REBOOT_H_
#define _SYS_REBOOT_H_

#include <sys/cdefs.h>

#define RB_AUTOBOOT	0x00000000
#define RB_NOSYNC	0x00000004
#define RB_HALT		0x00000008
#define RB_DUMP		0x00000100
#define RB_POWERDOWN	0x00000808

#endif
