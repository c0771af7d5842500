/* <netinet/in_pcb.h>: the control blocks of internet sockets, of which this kernel has none. */

#ifndef _NETINET_IN_PCB_H_
#define _NETINET_IN_PCB_H_

#include <sys/types.h>
#include <netinet/in.h>

struct inpcb;
struct inpcbtable;

#endif
