/* <ctype.h>: <lib/libkern/libkern.h>, for kernel sources that include the header of programs. */

#include <lib/libkern/libkern.h>
