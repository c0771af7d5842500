/* <sys/hash.h>: hash(9): numbers from bytes and strings: each byte is added to 33 times the number before. */

#ifndef _SYS_HASH_H_
#define _SYS_HASH_H_

#include <sys/types.h>

#define HASH32_BUF_INIT	5381
#define HASH32_STR_INIT	5381

static __inline __unused uint32_t
hash32_buf(const void *buf, size_t len, uint32_t hash)
{
	const uint8_t *s = buf;

	while (len-- != 0)
		hash = hash * 33 + *s++;
	return hash;
}

static __inline __unused uint32_t
hash32_str(const void *buf, uint32_t hash)
{
	const uint8_t *s = buf;

	while (*s != 0)
		hash = hash * 33 + *s++;
	return hash;
}

static __inline __unused uint32_t
hash32_strn(const void *buf, size_t len, uint32_t hash)
{
	const uint8_t *s = buf;

	while (len-- != 0 && *s != 0)
		hash = hash * 33 + *s++;
	return hash;
}

#endif
