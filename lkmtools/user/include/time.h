/* <time.h> */

#ifndef _TIME_H_
#define _TIME_H_

#include <sys/time.h>

time_t	time(time_t *);

#endif
