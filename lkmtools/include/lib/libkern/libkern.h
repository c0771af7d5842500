/* <lib/libkern/libkern.h>: the kernel's part of the C library. */

#ifndef _LIB_LIBKERN_LIBKERN_H_
#define _LIB_LIBKERN_LIBKERN_H_

#include <sys/types.h>

#ifdef _KERNEL
void	*memcpy(void *to, const void *from, size_t n);
void	*memmove(void *to, const void *from, size_t n);
void	*memset(void *to, int c, size_t n);
int	 memcmp(const void *a, const void *b, size_t n);
void	*memchr(const void *s, int c, size_t n);
void	 bcopy(const void *from, void *to, size_t n);
void	 ovbcopy(const void *from, void *to, size_t n);
void	 bzero(void *to, size_t n);
int	 bcmp(const void *a, const void *b, size_t n);

size_t	 strlen(const char *s);
char	*strcpy(char *to, const char *from);
char	*strncpy(char *to, const char *from, size_t n);
char	*strcat(char *to, const char *from);
char	*strncat(char *to, const char *from, size_t n);
int	 strcmp(const char *a, const char *b);
int	 strncmp(const char *a, const char *b, size_t n);
int	 strcasecmp(const char *a, const char *b);
int	 strncasecmp(const char *a, const char *b, size_t n);
char	*strchr(const char *s, int c);
char	*strrchr(const char *s, int c);
char	*strstr(const char *s, const char *part);
size_t	 strlcpy(char *to, const char *from, size_t size);
size_t	 strlcat(char *to, const char *from, size_t size);
unsigned long	strtoul(const char *s, char **end, int base);
unsigned long long	strtoull(const char *s, char **end, int base);
u_int	 scanc(u_int size, const u_char *cp, const u_char *table, int mask);
int	 skpc(int mask, size_t size, u_char *cp);
#define index(s, c)	strchr((s), (c))
#define rindex(s, c)	strrchr((s), (c))

uint32_t arc4random(void);
void	 arc4randbytes(void *p, size_t n);
u_long	 random(void);

static __inline __unused int	imax(int a, int b) { return a > b ? a : b; }
static __inline __unused int	imin(int a, int b) { return a < b ? a : b; }
static __inline __unused long	lmax(long a, long b) { return a > b ? a : b; }
static __inline __unused long	lmin(long a, long b) { return a < b ? a : b; }
static __inline __unused u_int	max(u_int a, u_int b) { return a > b ? a : b; }
static __inline __unused u_int	min(u_int a, u_int b) { return a < b ? a : b; }
static __inline __unused u_long	ulmax(u_long a, u_long b) { return a > b ? a : b; }
static __inline __unused u_long	ulmin(u_long a, u_long b) { return a < b ? a : b; }
static __inline __unused int	abs(int n) { return n < 0 ? -n : n; }
static __inline __unused int	isspace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static __inline __unused int	isascii(int c) { return (c & ~0x7f) == 0; }
static __inline __unused int	isupper(int c) { return c >= 'A' && c <= 'Z'; }
static __inline __unused int	islower(int c) { return c >= 'a' && c <= 'z'; }
static __inline __unused int	isalpha(int c) { return isupper(c) || islower(c); }
static __inline __unused int	isdigit(int c) { return c >= '0' && c <= '9'; }
static __inline __unused int	isxdigit(int c) { return isdigit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }
static __inline __unused int	isalnum(int c) { return isalpha(c) || isdigit(c); }
static __inline __unused int	isprint(int c) { return c >= ' ' && c <= '~'; }
static __inline __unused int	toupper(int c) { return islower(c) ? c - 'a' + 'A' : c; }
static __inline __unused int	tolower(int c) { return isupper(c) ? c - 'A' + 'a' : c; }
static __inline __unused int	ffs(int n) { return __builtin_ffs(n); }

void	panic(const char *fmt, ...) __dead;

#define assert(e)	((e) ? (void)0 : \
	panic("assertion \"%s\" failed: file \"%s\", line %d", #e, __FILE__, __LINE__))
#ifdef DIAGNOSTIC
#define KASSERT(e)	((e) ? (void)0 : \
	panic("kernel diagnostic assertion \"%s\" failed: file \"%s\", line %d", #e, __FILE__, __LINE__))
#else
#define KASSERT(e)	((void)0)
#endif
#define CTASSERT(e)	__lkm_ctassert(e, __LINE__)
#define __lkm_ctassert(e, n)	__lkm_ctassert1(e, n)
#define __lkm_ctassert1(e, n)	typedef char __lkm_ctassert_ ## n[(e) ? 1 : -1] __unused

#ifndef offsetof
#define offsetof(type, member)	__builtin_offsetof(type, member)
#endif
#endif

#endif
