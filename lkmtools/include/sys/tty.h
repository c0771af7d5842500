/* <sys/tty.h>: terminals; what a driver needs in order to name them. */

#ifndef _SYS_TTY_H_
#define _SYS_TTY_H_

#include <sys/types.h>
#include <sys/malloc.h>

struct tty;

#define TTIPRI	25
#define TTOPRI	26

#endif
