// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"

/**
 * json_hex() - an address, frame, register or error code as all subcommands print it
 * @value: it
 *
 * Readers of JSON may keep numbers as doubles, so it is a string: 0x and hex digits.
 *
 * Return: the string, NULL without memory.
 */
struct json_object *json_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_object_new_string(text);
}
