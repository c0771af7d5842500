"""Ports of devices, and what drivers register for a machine that sleeps: this machine has neither."""

from lkmtools.kern.base.export import constant

_PIO = "machine/pio.h"

FUNCTIONS = (
    constant("uint8_t inb(unsigned int port)", 0xFF, _PIO),
    constant("uint16_t inw(unsigned int port)", 0xFFFF, _PIO),
    constant("uint32_t inl(unsigned int port)", 0xFFFFFFFF, _PIO),
    constant("void outb(unsigned int port, uint8_t value)", 0, _PIO),
    constant("void outw(unsigned int port, uint16_t value)", 0, _PIO),
    constant("void outl(unsigned int port, uint32_t value)", 0, _PIO),
    constant(
        "bool pmf_device_register1(device_t dev, bool (*suspend)(device_t, pmf_qual_t), "
        "bool (*resume)(device_t, pmf_qual_t), bool (*shutdown)(device_t, int))",
        1,
        "sys/device.h",
    ),
    constant("void pmf_device_deregister(device_t dev)", 0, "sys/device.h"),
)
