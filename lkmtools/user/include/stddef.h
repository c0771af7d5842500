/* <stddef.h>: types and macros of the language itself. */

#ifndef _STDDEF_H_
#define _STDDEF_H_

#include <sys/null.h>

typedef __PTRDIFF_TYPE__	ptrdiff_t;
typedef __SIZE_TYPE__		size_t;
#if !defined(__cplusplus) && !defined(_WCHAR_T)	/* the guard of clang's own header */
#define _WCHAR_T
typedef __WCHAR_TYPE__		wchar_t;
#endif

#define offsetof(type, member)	__builtin_offsetof(type, member)

#endif
