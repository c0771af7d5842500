"""<sys/stat.h>: file modes and struct stat of the calls __stat30, __fstat30 and __lstat30."""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.time import timespec

S_IFMT = 0o170000
S_IFIFO = 0o010000
S_IFCHR = 0o020000
S_IFDIR = 0o040000
S_IFBLK = 0o060000
S_IFREG = 0o100000
S_IFLNK = 0o120000
S_IFSOCK = 0o140000
S_IFWHT = 0o160000

S_ISUID = 0o4000
S_ISGID = 0o2000
S_ISVTX = 0o1000
S_IRWXU, S_IRUSR, S_IWUSR, S_IXUSR = 0o700, 0o400, 0o200, 0o100
S_IRWXG, S_IRGRP, S_IWGRP, S_IXGRP = 0o070, 0o040, 0o020, 0o010
S_IRWXO, S_IROTH, S_IWOTH, S_IXOTH = 0o007, 0o004, 0o002, 0o001
ALLPERMS = 0o7777
DEFFILEMODE = 0o666

stat = Struct(
    "stat",
    """dev_t st_dev; mode_t st_mode; ino_t st_ino; u_int st_nlink; uid_t st_uid; gid_t st_gid; dev_t st_rdev;
       struct timespec st_atimespec; struct timespec st_mtimespec; struct timespec st_ctimespec;
       struct timespec st_birthtimespec; off_t st_size; int64_t st_blocks;
       uint32_t st_blksize; uint32_t st_flags; uint32_t st_gen; uint32_t st_spare[2]""",
    {"timespec": timespec},
)

DT_UNKNOWN, DT_FIFO, DT_CHR, DT_DIR, DT_BLK, DT_REG, DT_LNK, DT_SOCK = 0, 1, 2, 4, 6, 8, 10, 12
# <sys/dirent.h>; d_name is as long as d_namlen says, NUL-terminated, the record padded to eight bytes.
dirent = Struct(
    "dirent", "ino_t d_fileno; uint16_t d_reclen; uint16_t d_namlen; uint8_t d_type; char d_name[512]"
)
