/* <stdbool.h>: <sys/stdbool.h> under its standard name. */

#include <sys/stdbool.h>
