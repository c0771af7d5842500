/* <net/dlt.h>: what bpf(4) finds at the beginning of a packet. */

#ifndef _NET_DLT_H_
#define _NET_DLT_H_

#include <sys/cdefs.h>

#define DLT_NULL		0
#define DLT_EN10MB		1
#define DLT_EN3MB		2
#define DLT_AX25		3
#define DLT_PRONET		4
#define DLT_CHAOS		5
#define DLT_IEEE802		6
#define DLT_ARCNET		7
#define DLT_SLIP		8
#define DLT_PPP			9
#define DLT_FDDI		10
#define DLT_ATM_RFC1483		11
#define DLT_RAW			12
#define DLT_PPP_SERIAL		50
#define DLT_PPP_ETHER		51
#define DLT_IEEE802_11		105
#define DLT_LOOP		108
#define DLT_PFLOG		117
#define DLT_IEEE802_11_RADIO	127

#endif
