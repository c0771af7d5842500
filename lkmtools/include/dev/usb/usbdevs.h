/* <dev/usb/usbdevs.h>: numbers of some makers of USB devices; a driver defines those of its products itself. */

#ifndef _DEV_USB_USBDEVS_H_
#define _DEV_USB_USBDEVS_H_

#include <sys/cdefs.h>

#define USB_VENDOR_HP		0x03f0
#define USB_VENDOR_FTDI		0x0403
#define USB_VENDOR_NEC		0x0409
#define USB_VENDOR_KODAK	0x040a
#define USB_VENDOR_NOKIA	0x0421
#define USB_VENDOR_MICROSOFT	0x045e
#define USB_VENDOR_LOGITECH	0x046d
#define USB_VENDOR_PHILIPS	0x0471
#define USB_VENDOR_PROLIFIC	0x067b
#define USB_VENDOR_SANDISK	0x0781
#define USB_VENDOR_SAMSUNG	0x04e8
#define USB_VENDOR_EPSON	0x04b8
#define USB_VENDOR_IBM		0x04b3
#define USB_VENDOR_CANON	0x04a9
#define USB_VENDOR_SONY		0x054c
#define USB_VENDOR_APPLE	0x05ac
#define USB_VENDOR_REALTEK	0x0bda
#define USB_VENDOR_INTEL	0x8086

#endif
