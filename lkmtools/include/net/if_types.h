/* <net/if_types.h>: kinds of network interfaces: ifi_type of struct if_data (RFC 1573). */

#ifndef _NET_IF_TYPES_H_
#define _NET_IF_TYPES_H_

#include <sys/cdefs.h>

#define IFT_OTHER		0x1
#define IFT_ETHER		0x6
#define IFT_ISO88023		0x7
#define IFT_ISO88025		0x9
#define IFT_FDDI		0xf
#define IFT_PROPVIRTUAL		0x35
#define IFT_PTPSERIAL		0x16
#define IFT_PPP			0x17
#define IFT_LOOP		0x18
#define IFT_SLIP		0x1c
#define IFT_ARCNET		0x23
#define IFT_ATM			0x25
#define IFT_IEEE80211		0x47
#define IFT_TUNNEL		0x83
#define IFT_L2VLAN		0x87
#define IFT_IEEE1394		0x90
#define IFT_BRIDGE		0xd1
#define IFT_STF			0xd7
#define IFT_GIF			0xf0
#define IFT_PVC			0xf1
#define IFT_FAITH		0xf2
#define IFT_PFLOG		0xf5
#define IFT_PFSYNC		0xf6
#define IFT_CARP		0xf8

#endif
