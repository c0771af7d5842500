/*
 * <sys/endian.h>: byte order. LETTERSNtoh and htoLETTERSN turn an integer of N bits around or leave it; LETTERSNdec and
 * LETTERSNenc read and write it at any address. be: the highest byte first; le: the lowest.
 */

#ifndef _SYS_ENDIAN_H_
#define _SYS_ENDIAN_H_

#define _LITTLE_ENDIAN	1234
#define _BIG_ENDIAN	4321
#define _PDP_ENDIAN	3412

#include <sys/cdefs.h>
#include <sys/stdint.h>
#include <machine/endian.h>

#define LITTLE_ENDIAN	_LITTLE_ENDIAN
#define BIG_ENDIAN	_BIG_ENDIAN
#define PDP_ENDIAN	_PDP_ENDIAN
#define BYTE_ORDER	_BYTE_ORDER

#include <sys/bswap.h>

typedef uint32_t	in_addr_t;
typedef uint16_t	in_port_t;

#define htole16(x)	((uint16_t)(x))
#define htole32(x)	((uint32_t)(x))
#define htole64(x)	((uint64_t)(x))
#define le16toh(x)	((uint16_t)(x))
#define le32toh(x)	((uint32_t)(x))
#define le64toh(x)	((uint64_t)(x))
#define htobe16(x)	bswap16(x)
#define htobe32(x)	bswap32(x)
#define htobe64(x)	bswap64(x)
#define be16toh(x)	bswap16(x)
#define be32toh(x)	bswap32(x)
#define be64toh(x)	bswap64(x)
#define htons(x)	bswap16(x)
#define htonl(x)	bswap32(x)
#define ntohs(x)	bswap16(x)
#define ntohl(x)	bswap32(x)

/* In place. */
#define HTOLE16(x)	((void)(x))
#define HTOLE32(x)	((void)(x))
#define HTOLE64(x)	((void)(x))
#define LE16TOH(x)	((void)(x))
#define LE32TOH(x)	((void)(x))
#define LE64TOH(x)	((void)(x))
#define HTOBE16(x)	((x) = bswap16(x))
#define HTOBE32(x)	((x) = bswap32(x))
#define HTOBE64(x)	((x) = bswap64(x))
#define BE16TOH(x)	((x) = bswap16(x))
#define BE32TOH(x)	((x) = bswap32(x))
#define BE64TOH(x)	((x) = bswap64(x))
#define HTONS(x)	HTOBE16(x)
#define HTONL(x)	HTOBE32(x)
#define NTOHS(x)	BE16TOH(x)
#define NTOHL(x)	BE32TOH(x)

#define __LKM_ENDIAN(bits, order) \
	static __inline __unused uint##bits##_t \
	order##bits##dec(const void *from) \
	{ \
		uint##bits##_t n; \
\
		__builtin_memcpy(&n, from, sizeof(n)); \
		return order##bits##toh(n); \
	} \
	static __inline __unused void \
	order##bits##enc(void *to, uint##bits##_t n) \
	{ \
		n = hto##order##bits(n); \
		__builtin_memcpy(to, &n, sizeof(n)); \
	}
__LKM_ENDIAN(16, le)
__LKM_ENDIAN(32, le)
__LKM_ENDIAN(64, le)
__LKM_ENDIAN(16, be)
__LKM_ENDIAN(32, be)
__LKM_ENDIAN(64, be)
#undef __LKM_ENDIAN

#endif
