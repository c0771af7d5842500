/* <machine/endian.h>: both machines are little-endian. */

#ifndef _MACHINE_ENDIAN_H_
#define _MACHINE_ENDIAN_H_

#define _BYTE_ORDER	_LITTLE_ENDIAN

#include <sys/endian.h>

#endif
