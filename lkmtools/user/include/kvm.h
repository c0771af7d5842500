/* <kvm.h>: the memory of the running kernel, by /dev/kmem and /dev/ksyms. */

#ifndef _KVM_H_
#define _KVM_H_

#include <sys/types.h>
#include <nlist.h>

#define KVM_NO_FILES	((int)0x80000000)
#define _POSIX2_LINE_MAX	2048

typedef struct __kvm kvm_t;

int	kvm_close(kvm_t *);
char	*kvm_geterr(kvm_t *);
int	kvm_nlist(kvm_t *, struct nlist *);
kvm_t	*kvm_open(const char *, const char *, const char *, int, const char *);
kvm_t	*kvm_openfiles(const char *, const char *, const char *, int, char *);
ssize_t	kvm_read(kvm_t *, unsigned long, void *, size_t);
ssize_t	kvm_write(kvm_t *, unsigned long, const void *, size_t);

#endif
