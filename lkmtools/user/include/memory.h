/* <memory.h>: System V had these there. */

#ifndef _MEMORY_H_
#define _MEMORY_H_

#include <string.h>

#endif
