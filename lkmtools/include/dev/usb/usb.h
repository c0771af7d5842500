/* <dev/usb/usb.h>: what a USB device is asked and says: requests and descriptors. */

#ifndef _DEV_USB_USB_H_
#define _DEV_USB_USB_H_

#include <sys/types.h>
#include <sys/time.h>
#ifdef _KERNEL
#include <dev/usb/usb_port.h>
#endif

#define USB_MAX_DEVICES		128
#define USB_START_ADDR		0
#define USB_CONTROL_ENDPOINT	0
#define USB_MAX_ENDPOINTS	16
#define USB_FRAMES_PER_SECOND	1000

/* Integers of any alignment, the low byte first. */
typedef uint8_t	uByte;
typedef uint8_t	uWord[2];
typedef uint8_t	uDWord[4];
#define UGETW(w)	((w)[0] | ((w)[1] << 8))
#define USETW(w, v)	((w)[0] = (u_int8_t)(v), (w)[1] = (u_int8_t)((v) >> 8))
#define USETW2(w, h, l)	((w)[0] = (u_int8_t)(l), (w)[1] = (u_int8_t)(h))
#define UGETDW(w)	((w)[0] | ((w)[1] << 8) | ((w)[2] << 16) | ((uint32_t)(w)[3] << 24))
#define USETDW(w, v) \
	((w)[0] = (u_int8_t)(v), (w)[1] = (u_int8_t)((v) >> 8), (w)[2] = (u_int8_t)((v) >> 16), \
	    (w)[3] = (u_int8_t)((v) >> 24))
#define UPACKED		__packed

typedef struct {
	uByte	bmRequestType;
	uByte	bRequest;
	uWord	wValue;
	uWord	wIndex;
	uWord	wLength;
} UPACKED usb_device_request_t;

#define UT_WRITE		0x00
#define UT_READ			0x80
#define UT_STANDARD		0x00
#define UT_CLASS		0x20
#define UT_VENDOR		0x40
#define UT_DEVICE		0x00
#define UT_INTERFACE		0x01
#define UT_ENDPOINT		0x02
#define UT_OTHER		0x03
#define UT_READ_DEVICE		(UT_READ | UT_STANDARD | UT_DEVICE)
#define UT_READ_INTERFACE	(UT_READ | UT_STANDARD | UT_INTERFACE)
#define UT_READ_ENDPOINT	(UT_READ | UT_STANDARD | UT_ENDPOINT)
#define UT_WRITE_DEVICE		(UT_WRITE | UT_STANDARD | UT_DEVICE)
#define UT_WRITE_INTERFACE	(UT_WRITE | UT_STANDARD | UT_INTERFACE)
#define UT_WRITE_ENDPOINT	(UT_WRITE | UT_STANDARD | UT_ENDPOINT)
#define UT_READ_CLASS_DEVICE	(UT_READ | UT_CLASS | UT_DEVICE)
#define UT_READ_CLASS_INTERFACE	(UT_READ | UT_CLASS | UT_INTERFACE)
#define UT_READ_CLASS_OTHER	(UT_READ | UT_CLASS | UT_OTHER)
#define UT_READ_CLASS_ENDPOINT	(UT_READ | UT_CLASS | UT_ENDPOINT)
#define UT_WRITE_CLASS_DEVICE	(UT_WRITE | UT_CLASS | UT_DEVICE)
#define UT_WRITE_CLASS_INTERFACE (UT_WRITE | UT_CLASS | UT_INTERFACE)
#define UT_WRITE_CLASS_OTHER	(UT_WRITE | UT_CLASS | UT_OTHER)
#define UT_WRITE_CLASS_ENDPOINT	(UT_WRITE | UT_CLASS | UT_ENDPOINT)
#define UT_READ_VENDOR_DEVICE	(UT_READ | UT_VENDOR | UT_DEVICE)
#define UT_READ_VENDOR_INTERFACE (UT_READ | UT_VENDOR | UT_INTERFACE)
#define UT_READ_VENDOR_OTHER	(UT_READ | UT_VENDOR | UT_OTHER)
#define UT_READ_VENDOR_ENDPOINT	(UT_READ | UT_VENDOR | UT_ENDPOINT)
#define UT_WRITE_VENDOR_DEVICE	(UT_WRITE | UT_VENDOR | UT_DEVICE)
#define UT_WRITE_VENDOR_INTERFACE (UT_WRITE | UT_VENDOR | UT_INTERFACE)
#define UT_WRITE_VENDOR_OTHER	(UT_WRITE | UT_VENDOR | UT_OTHER)
#define UT_WRITE_VENDOR_ENDPOINT (UT_WRITE | UT_VENDOR | UT_ENDPOINT)

#define UR_GET_STATUS		0x00
#define UR_CLEAR_FEATURE	0x01
#define UR_SET_FEATURE		0x03
#define UR_SET_ADDRESS		0x05
#define UR_GET_DESCRIPTOR	0x06
#define UR_SET_DESCRIPTOR	0x07
#define UR_GET_CONFIG		0x08
#define UR_SET_CONFIG		0x09
#define UR_GET_INTERFACE	0x0a
#define UR_SET_INTERFACE	0x0b
#define UR_SYNCH_FRAME		0x0c

#define UDESC_DEVICE		0x01
#define UDESC_CONFIG		0x02
#define UDESC_STRING		0x03
#define UDESC_INTERFACE		0x04
#define UDESC_ENDPOINT		0x05
#define UDESC_HUB		0x29

#define UF_ENDPOINT_HALT	0
#define UF_DEVICE_REMOTE_WAKEUP	1

typedef struct {
	uByte	bLength;
	uByte	bDescriptorType;
	uByte	bDescriptorSubtype;
} UPACKED usb_descriptor_t;

typedef struct {
	uByte	bLength;
	uByte	bDescriptorType;
	uWord	bcdUSB;
	uByte	bDeviceClass;
	uByte	bDeviceSubClass;
	uByte	bDeviceProtocol;
	uByte	bMaxPacketSize;
	uWord	idVendor;
	uWord	idProduct;
	uWord	bcdDevice;
	uByte	iManufacturer;
	uByte	iProduct;
	uByte	iSerialNumber;
	uByte	bNumConfigurations;
} UPACKED usb_device_descriptor_t;
#define USB_DEVICE_DESCRIPTOR_SIZE	18

typedef struct {
	uByte	bLength;
	uByte	bDescriptorType;
	uWord	wTotalLength;
	uByte	bNumInterface;
	uByte	bConfigurationValue;
	uByte	iConfiguration;
	uByte	bmAttributes;
#define UC_BUS_POWERED		0x80
#define UC_SELF_POWERED		0x40
#define UC_REMOTE_WAKEUP	0x20
	uByte	bMaxPower;	/* in units of 2 mA */
#define UC_POWER_FACTOR		2
} UPACKED usb_config_descriptor_t;
#define USB_CONFIG_DESCRIPTOR_SIZE	9

typedef struct {
	uByte	bLength;
	uByte	bDescriptorType;
	uByte	bInterfaceNumber;
	uByte	bAlternateSetting;
	uByte	bNumEndpoints;
	uByte	bInterfaceClass;
	uByte	bInterfaceSubClass;
	uByte	bInterfaceProtocol;
	uByte	iInterface;
} UPACKED usb_interface_descriptor_t;
#define USB_INTERFACE_DESCRIPTOR_SIZE	9

typedef struct {
	uByte	bLength;
	uByte	bDescriptorType;
	uByte	bEndpointAddress;
#define UE_GET_DIR(a)	((a) & 0x80)
#define UE_SET_DIR(a, d)	((a) | (((d) & 1) << 7))
#define UE_DIR_IN	0x80
#define UE_DIR_OUT	0x00
#define UE_ADDR		0x0f
#define UE_GET_ADDR(a)	((a) & UE_ADDR)
	uByte	bmAttributes;
#define UE_XFERTYPE	0x03
#define UE_CONTROL	0x00
#define UE_ISOCHRONOUS	0x01
#define UE_BULK		0x02
#define UE_INTERRUPT	0x03
#define UE_GET_XFERTYPE(a)	((a) & UE_XFERTYPE)
	uWord	wMaxPacketSize;
	uByte	bInterval;
} UPACKED usb_endpoint_descriptor_t;
#define USB_ENDPOINT_DESCRIPTOR_SIZE	7

typedef struct {
	uByte	bLength;
	uByte	bDescriptorType;
	uWord	bString[127];
} UPACKED usb_string_descriptor_t;
#define USB_MAX_STRING_LEN	128
#define USB_LANGUAGE_TABLE	0

typedef struct {
	uWord	wStatus;
} UPACKED usb_status_t;

#define UDCLASS_IN_INTERFACE	0x00
#define UDCLASS_COMM		0x02
#define UDCLASS_HUB		0x09
#define UDCLASS_VENDOR		0xff

#define UICLASS_UNSPEC		0x00
#define UICLASS_AUDIO		0x01
#define UICLASS_CDC		0x02
#define UICLASS_HID		0x03
#define UICLASS_PHYSICAL	0x05
#define UICLASS_IMAGE		0x06
#define UICLASS_PRINTER		0x07
#define UICLASS_MASS		0x08
#define UICLASS_HUB		0x09
#define UICLASS_CDC_DATA	0x0a
#define UICLASS_SMARTCARD	0x0b
#define UICLASS_WIRELESS	0xe0
#define UICLASS_VENDOR		0xff

#define USB_MIN_POWER		100	/* mA */
#define USB_MAX_POWER		500

#endif
