#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
sort_values(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
}

double
share_of(const double *sorted, size_t n, double share)
{
	size_t at = (size_t)((double)n * share);

	return sorted[at < n ? at : n - 1];
}

struct spread
spread_of(double *values, size_t n)
{
	size_t cut = n / 4;

	sort_values(values, n);
	return (struct spread){n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2, values[cut], values[n - 1 - cut]};
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t
bench_wall_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
bench_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* What /proc/cpuinfo calls the processor. */
static void
read_model(char *to, size_t size)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "r");

	snprintf(to, size, "unknown processor");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		char *name = strncmp(line, "model name", 10) == 0 ? strchr(line, ':') : NULL;

		if (name == NULL)
			continue;
		name += 2;
		name[strcspn(name, "\n\"\\")] = '\0';
		snprintf(to, size, "%s", name);
		break;
	}
	if (f != NULL)
		fclose(f);
}

const char *
bench_machine(void)
{
	static char text[320];
	char model[128];
	struct utsname u;

	if (text[0] != '\0')
		return text;
	uname(&u);
	read_model(model, sizeof model);
	snprintf(text, sizeof text, "%.32s %.32s, %ld cores, %s", u.sysname, u.machine, sysconf(_SC_NPROCESSORS_ONLN), model);
	return text;
}

const char *
bench_commit(void)
{
	static char text[64];
	FILE *git;

	if (text[0] != '\0')
		return text;
	git = popen("git -C '" CONSIGN_SOURCE_DIR "' describe --always --dirty 2>/dev/null", "r");
	if (git == NULL || fgets(text, sizeof text, git) == NULL)
		strcpy(text, "unknown");
	text[strcspn(text, "\n")] = '\0';
	if (git != NULL)
		pclose(git);
	return text;
}

void
bench_title(const char *what, unsigned rounds)
{
	printf("%s: commit %s on %s; median of %u rounds (quartiles)\n\n", what, bench_commit(), bench_machine(), rounds);
}

void
bench_json_end(unsigned rounds)
{
	printf(",\"rounds\":%u,\"commit\":\"%s\",\"machine\":\"%s\"}\n", rounds, bench_commit(), bench_machine());
}
