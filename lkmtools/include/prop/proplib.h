/* <prop/proplib.h>: proplib(3): dictionaries and their values. Opaque. */

#ifndef _PROPLIB_PROPLIB_H_
#define _PROPLIB_PROPLIB_H_

#include <sys/types.h>
#include <sys/inttypes.h>

typedef struct _prop_object		*prop_object_t;
typedef struct _prop_array		*prop_array_t;
typedef struct _prop_bool		*prop_bool_t;
typedef struct _prop_data		*prop_data_t;
typedef struct _prop_dictionary		*prop_dictionary_t;
typedef struct _prop_dictionary_keysym	*prop_dictionary_keysym_t;
typedef struct _prop_number		*prop_number_t;
typedef struct _prop_object_iterator	*prop_object_iterator_t;
typedef struct _prop_string		*prop_string_t;

/* A property list that an ioctl passes. */
struct plistref {
	void	*pref_plist;
	size_t	 pref_len;
};

#endif
