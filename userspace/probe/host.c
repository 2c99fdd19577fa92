// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nptbudget.h>
#include "model/dbgfs.h"
#include "base/fields.h"
#include "base/util.h"
#include "host.h"

/* Lines of the first CPU in /proc/cpuinfo that tell what it is. */
static const char *const cpu_keys[] = {
	"vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags",
};

/* "key<tab>: value" of the first CPU. */
static int cpu_value(const char *key, char *buf, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[8192], *colon;
	size_t len = strlen(key);
	int err = -1;

	if (!f)
		return err;
	while (err && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (!colon || strncmp(line, key, len) || !strchr("\t :", line[len]) ||
		    (line[len] == ' ' && key[len - 1] != ' '))
			continue;
		colon += 1 + (colon[1] == ' ');
		colon[strcspn(colon, "\n")] = '\0';
		strscpy(buf, colon, size);
		err = 0;
	}
	fclose(f);
	return err;
}

/**
 * host_kernel() - the kernel's release and version
 * @buf: for them
 * @size: of @buf
 */
void host_kernel(char *buf, size_t size)
{
	struct utsname u;

	if (uname(&u))
		strscpy(buf, "unknown", size);
	else
		snprintf(buf, size, "%s, %s", u.release, u.version);
}

static void add_parameter(struct json_object *obj, const char *module, const char *name)
{
	char path[128], word[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(word, sizeof(word), f)) {
		word[strcspn(word, "\n")] = '\0';
		json_object_object_add(obj, name, json_object_new_string(word));
	}
	fclose(f);
}

/* A parameter of KVM's, on unless it says otherwise. */
static bool parameter_on(const char *path)
{
	FILE *f = fopen(path, "re");
	int c = 'Y';

	if (f) {
		c = fgetc(f);
		fclose(f);
	}
	return c != 'N' && c != '0';
}

/**
 * host_intel() - is it VT-x that KVM uses?
 *
 * Return: true where kvm_intel is loaded.
 */
bool host_intel(void)
{
	return !access("/sys/module/kvm_intel", F_OK);
}

/**
 * host_paging() - how KVM maps its guests' memory here
 * @paging: by the parameters of kvm_amd or kvm_intel
 *
 * Without EPT there is no "unrestricted guest" either (SDM, volume 3C, section 26.2.1.1).
 */
void host_paging(struct probe_paging *paging)
{
	bool ept = parameter_on("/sys/module/kvm_intel/parameters/ept");
	bool all = ept && parameter_on("/sys/module/kvm_intel/parameters/unrestricted_guest");

	*paging = (struct probe_paging) {
		.shadow = !parameter_on("/sys/module/kvm_amd/parameters/npt"),
	};
	if (host_intel())
		*paging = (struct probe_paging) {
			.shadow = !ept, .pdptes = ept, .restricted = !all,
		};
}

/**
 * host_json() - what a reader has to know of the host
 *
 * Nothing that names the machine or its owner.
 *
 * Return: CPU, kernel, KVM's parameters, our version.
 */
struct json_object *host_json(void)
{
	struct json_object *obj = json_object_new_object(), *cpu = json_object_new_object(),
			   *kvm = json_object_new_object();
	struct dbgfs_version v;
	char text[8192];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cpu_keys); i++)
		if (!cpu_value(cpu_keys[i], text, sizeof(text)))
			json_object_object_add(cpu, cpu_keys[i], json_object_new_string(text));
	json_object_object_add(obj, "cpu", cpu);
	host_kernel(text, sizeof(text));
	json_object_object_add(obj, "kernel", json_object_new_string(text));
	add_parameter(kvm, "kvm_amd", "npt");
	add_parameter(kvm, "kvm_amd", "avic");
	add_parameter(kvm, "kvm_intel", "ept");
	add_parameter(kvm, "kvm_intel", "eptad");
	add_parameter(kvm, "kvm_intel", "unrestricted_guest");
	add_parameter(kvm, "kvm", "tdp_mmu");
	json_object_object_add(obj, "kvm", kvm);
	if (!dbgfs_probe(&v))
		json_object_object_add(obj, "module", json_object_new_string(v.version));
	json_object_object_add(obj, "command", json_object_new_string(NPTB_VERSION));
	return obj;
}
