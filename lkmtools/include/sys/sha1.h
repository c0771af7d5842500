/* <sys/sha1.h>: SHA-1 (FIPS 180-1). */

#ifndef _SYS_SHA1_H_
#define _SYS_SHA1_H_

#include <sys/types.h>

#define SHA1_DIGEST_LENGTH		20
#define SHA1_DIGEST_STRING_LENGTH	41

typedef struct {
	uint32_t	state[5];
	uint32_t	count[2];
	uint8_t		buffer[64];
} SHA1_CTX;

#ifdef _KERNEL
void	SHA1Init(SHA1_CTX *context);
void	SHA1Update(SHA1_CTX *context, const uint8_t *input, unsigned int len);
void	SHA1Final(uint8_t digest[20], SHA1_CTX *context);
void	SHA1Transform(uint32_t state[5], const uint8_t buffer[64]);
#endif

#endif
