// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool is_utf8(struct json_object *string)
{
	const char *text = json_object_to_json_string_ext(string, JSON_C_TO_STRING_PLAIN);
	struct json_tokener *tok = json_tokener_new();
	bool is = false;

	if (tok && text) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		json_object_put(json_tokener_parse_ex(tok, text, (int)strlen(text) + 1));
		is = json_tokener_get_error(tok) == json_tokener_success;
	}
	if (tok)
		json_tokener_free(tok);
	return is;
}

/**
 * json_text() - text that others chose, as the name of a file
 * @text: it
 *
 * JSON is UTF-8, and names need not be: one that is not has a '?' for each byte that is
 * not ASCII.
 *
 * Return: the string, NULL without memory.
 */
struct json_object *json_text(const char *text)
{
	struct json_object *string = json_object_new_string(text);
	char *copy, *at;

	if (!string || is_utf8(string))
		return string;
	json_object_put(string);
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (at = copy; *at; at++)
		if (*at & 0x80)
			*at = '?';
	string = json_object_new_string(copy);
	free(copy);
	return string;
}
