/* <sys/endian.h>: byte order. Both machines of ours are little-endian. */

#ifndef _SYS_ENDIAN_H_
#define _SYS_ENDIAN_H_

#include <sys/types.h>
#include <sys/bswap.h>

#define _LITTLE_ENDIAN	1234
#define _BIG_ENDIAN	4321
#define _PDP_ENDIAN	3412
#define _BYTE_ORDER	_LITTLE_ENDIAN
#define LITTLE_ENDIAN	_LITTLE_ENDIAN
#define BIG_ENDIAN	_BIG_ENDIAN
#define PDP_ENDIAN	_PDP_ENDIAN
#define BYTE_ORDER	_BYTE_ORDER

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

#endif
