/* <sys/stdarg.h>: variable argument lists, as the compiler provides them. */

#ifndef _SYS_STDARG_H_
#define _SYS_STDARG_H_

#include <sys/cdefs.h>

#ifndef _VA_LIST	/* the guard of clang's own header */
#define _VA_LIST
typedef __builtin_va_list va_list;
#endif
#define _BSD_VA_LIST_		__builtin_va_list
#define va_start(ap, last)	__builtin_va_start((ap), last)
#define va_arg(ap, type)	__builtin_va_arg((ap), type)
#define va_copy(to, from)	__builtin_va_copy((to), (from))
#define __va_copy(to, from)	__builtin_va_copy((to), (from))
#define va_end(ap)		__builtin_va_end(ap)

#endif
