"""<sys/mman.h>: protections and flags of mmap(2)."""

PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANON = 0x0001, 0x0002, 0x0010, 0x1000
