# SPDX-License-Identifier: GPL-2.0-only
# Does a file keep to the Trace Event Format, in JSON Object Format? Its published description
# ("Trace Event Format", which Perfetto's documentation and Chromium's catapult refer to) is
# prose, with no schema for a validator: these are its rules for what the export uses. Prints
# what breaks them; true where nothing does.
def is_integer: type == "number" and . == floor;

# What each phase has to have beside the common members.
def by_phase:
	if .ph == "i" then .s | IN("g", "p", "t")
	elif .ph == "C" then .args | type == "object" and length > 0 and all(.[]; type == "number")
	elif .ph == "M" then
		(.name | IN("process_name", "thread_name", "process_labels",
			"process_sort_index", "thread_sort_index")) and (.args.name | type == "string")
	elif .ph == "X" then .dur | type == "number" and . >= 0
	else .ph | IN("B", "E") end;

def is_event:
	type == "object" and (.name | type == "string") and (.ph | type == "string") and
	(.pid | is_integer) and (.tid | is_integer) and
	(.ts | type == "number" and . >= 0) and
	(.args | type == "object" or type == "null") and by_phase;

def wrong:
	(select(type != "object") | "not an object"),
	(select(.traceEvents | type != "array" or length == 0) | "no traceEvents"),
	(select(.displayTimeUnit | IN("ms", "ns") | not) | "displayTimeUnit"),
	(select(.otherData | type != "object" or any(.[]; type != "string")) | "otherData"),
	(.traceEvents[]? | select(is_event | not) | "event \(tojson)");

[limit(10; wrong)] | if . == [] then true else (.[] | debug | empty), false end
