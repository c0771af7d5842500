/* <getopt.h>: getopt(3) is in <unistd.h>. */

#ifndef _GETOPT_H_
#define _GETOPT_H_

#include <unistd.h>

#endif
