# SPDX-License-Identifier: GPL-2.0-only
# The commands that README.md gives in a section: those of its first indented
# block, or of block number `block`; a line each, continued lines joined, what
# explains them left out.
#   awk -v section="Two commands" -f readme.awk README.md

BEGIN { if (!block) block = 1 }

/^## / { inside = $0 == "## " section; n = indented = 0; next }
!inside { next }
/^    / {
	if (!indented) n++
	indented = 1
	if (n != block) next
	sub(/^ +/, "")
	sub(/ +# .*/, "")
	if (sub(/ *\\$/, "")) { line = line $0 " "; next }
	print line $0
	line = ""
	next
}
/./ { indented = 0 }
