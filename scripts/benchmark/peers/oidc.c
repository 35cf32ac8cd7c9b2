/* Asks oidc-agent for a token again and again by its own library, for so many seconds: requests, failures and microseconds at p99, as JSON. */
#include <oidc-agent/api.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern void _secFree(void *); /* secFree is a macro for it */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static unsigned histogram[1000001];

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  double start = now(), end = start + atof(argv[2]);
  unsigned long requests = 0, failures = 0, seen = 0, p99 = 0;
  for (double before; (before = now()) < end; requests++) {
    char *token = getAccessToken2(argv[1], 60, NULL, "bench");
    if (!token) failures++;
    if (token) _secFree(token);
    unsigned long took = (now() - before) * 1e6;
    histogram[took > 1000000 ? 1000000 : took]++;
  }
  double seconds = now() - start;
  while (p99 < 1000000 && (seen += histogram[p99]) < 0.99 * requests) p99++;
  printf("{\"requests\": %lu, \"failures\": %lu, \"seconds\": %.3f, \"p99\": %lu}\n", requests, failures, seconds, p99);
  return 0;
}
