/* <sys/md5.h>: MD5 (RFC 1321). */

#ifndef _SYS_MD5_H_
#define _SYS_MD5_H_

#include <sys/types.h>

#define MD5_DIGEST_LENGTH		16
#define MD5_DIGEST_STRING_LENGTH	33

typedef struct MD5Context {
	uint32_t	state[4];
	uint32_t	count[2];	/* bits, the low word first */
	unsigned char	buffer[64];
} MD5_CTX;

#ifdef _KERNEL
void	MD5Init(MD5_CTX *context);
void	MD5Update(MD5_CTX *context, const unsigned char *input, unsigned int len);
void	MD5Final(unsigned char digest[16], MD5_CTX *context);
#endif

#endif
