/* <prop/plistref.h>: struct plistref is in <prop/proplib.h>. */

#include <prop/proplib.h>
