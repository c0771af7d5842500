/* <netinet/in_systm.h>: numbers in the byte order of the network. */

#ifndef _NETINET_IN_SYSTM_H_
#define _NETINET_IN_SYSTM_H_

#include <sys/types.h>

typedef uint16_t	n_short;
typedef uint32_t	n_long;
typedef uint32_t	n_time;

#ifdef _KERNEL
n_time	iptime(void);
#endif

#endif
