/* <uvm/uvm_pglist.h>: a list of pages. */

#ifndef _UVM_UVM_PGLIST_H_
#define _UVM_UVM_PGLIST_H_

#include <sys/queue.h>

struct vm_page;
TAILQ_HEAD(pglist, vm_page);

#endif
