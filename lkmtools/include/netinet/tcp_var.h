/* <netinet/tcp_var.h>: the control block of a TCP connection, of which this kernel has none. */

#ifndef _NETINET_TCP_VAR_H_
#define _NETINET_TCP_VAR_H_

#include <netinet/tcpip.h>

struct tcpcb;

#endif
