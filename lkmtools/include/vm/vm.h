/* <vm/vm.h>: virtual memory, as sources of NetBSD before 1.6 and of OpenBSD before 3.1 include it. */

#include <uvm/uvm_extern.h>
