/* <libkern/libkern.h>: <lib/libkern/libkern.h> under its shorter name. */

#include <lib/libkern/libkern.h>
