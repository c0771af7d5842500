"""<sys/ksyms.h>: the ioctls of /dev/ksyms, NetBSD's of both generations, FreeBSD's, and one of ours.

FreeBSD uses the same group letter and numbers for other things; the full 32-bit codes do not collide.
"""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.ioccom import IOC_IN, IOC_INOUT, IOC_OUT, Ioctl
from lkmtools.abi.lkm import MAXLKMNAME

# NetBSD 2.0 to 5.x. The second member is a union of `void *sym` and `unsigned long *value`.
ksyms_gsymbol = Struct("ksyms_gsymbol", "const char *kg_name; void *kg_sym")
KIOCGSYMBOL = Ioctl("KIOCGSYMBOL", IOC_IN, "l", 1, ksyms_gsymbol)
KIOCGVALUE = Ioctl("KIOCGVALUE", IOC_IN, "l", 2, ksyms_gsymbol)
KIOCGSIZE = Ioctl("KIOCGSIZE", IOC_OUT, "l", 3, "int")

# NetBSD 6 and later: the answer comes back in the argument itself. Elf64_Sym and Elf32_Sym differ in more
# than widths, so KIOCGSYMBOL_60 has one struct for each ELF class.
ksyms_gvalue = Struct("ksyms_gvalue", "const char *kv_name; uint64_t kv_value")
elf64_sym = Struct(
    "elf64_sym",
    """uint32_t st_name; u_char st_info; u_char st_other; uint16_t st_shndx;
       uint64_t st_value; uint64_t st_size""",
)
elf32_sym = Struct(
    "elf32_sym",
    """uint32_t st_name; uint32_t st_value; uint32_t st_size;
       u_char st_info; u_char st_other; uint16_t st_shndx""",
)
ksyms_gsymbol64 = Struct(
    "ksyms_gsymbol64", "const char *kg_name; struct elf64_sym kg_sym", {"elf64_sym": elf64_sym}
)
ksyms_gsymbol32 = Struct(
    "ksyms_gsymbol32", "const char *kg_name; struct elf32_sym kg_sym", {"elf32_sym": elf32_sym}
)
KIOCGVALUE_60 = Ioctl("KIOCGVALUE_60", IOC_INOUT, "l", 4, ksyms_gvalue)
KIOCGSYMBOL64 = Ioctl("KIOCGSYMBOL_60", IOC_INOUT, "l", 5, ksyms_gsymbol64)
KIOCGSYMBOL32 = Ioctl("KIOCGSYMBOL_60", IOC_INOUT, "l", 5, ksyms_gsymbol32)

# FreeBSD 8 to 11.
FREEBSD_KIOCGSIZE = Ioctl("KIOCGSIZE", IOC_OUT, "l", 1, "size_t")
FREEBSD_KIOCGADDR = Ioctl("KIOCGADDR", IOC_OUT, "l", 2, "pointer")

# Ours: many names at once. `kvs_names` are `kvs_count` strings, each with its NUL, `kvs_size` bytes in all;
# each has a row of `kvs_found`.
KSYMS_EXACT = 2  # of ksyms_getname(): no nearest symbol
KSYMS_GLOBAL = 1  # it is a global symbol, and kf_value its value
KSYMS_KEPT = 2  # the module kf_id, kf_module, which was loaded without its symbols, defines it
ksyms_found = Struct(
    "ksyms_found",
    "uint64_t kf_value; u_int kf_flags; int kf_id; char kf_module[MAXLKMNAME]",
    constants={"MAXLKMNAME": MAXLKMNAME},
)
ksyms_gvalues = Struct(
    "ksyms_gvalues",
    """const char *kvs_names; size_t kvs_size; struct ksyms_found *kvs_found; u_int kvs_count;
       u_int kvs_answered""",
)
KIOCGVALUES = Ioctl("KIOCGVALUES", IOC_INOUT, "l", 32, ksyms_gvalues)
