/* <sys/inttypes.h>: <sys/stdint.h> and the printf letters of its types. */

#ifndef _SYS_INTTYPES_H_
#define _SYS_INTTYPES_H_

#include <sys/stdint.h>

#ifdef __LP64__
#define __LKM_PRI64	"l"
#define __LKM_PRIPTR	"l"
#else
#define __LKM_PRI64	"ll"
#define __LKM_PRIPTR	""
#endif

#define PRId8	"d"
#define PRIu8	"u"
#define PRIx8	"x"
#define PRId16	"d"
#define PRIu16	"u"
#define PRIx16	"x"
#define PRId32	"d"
#define PRIu32	"u"
#define PRIx32	"x"
#define PRIX32	"X"
#define PRId64	__LKM_PRI64 "d"
#define PRIu64	__LKM_PRI64 "u"
#define PRIx64	__LKM_PRI64 "x"
#define PRIX64	__LKM_PRI64 "X"
#define PRIdMAX	PRId64
#define PRIuMAX	PRIu64
#define PRIxMAX	PRIx64
#define PRIdPTR	__LKM_PRIPTR "d"
#define PRIuPTR	__LKM_PRIPTR "u"
#define PRIxPTR	__LKM_PRIPTR "x"

#endif
