/* A closed-loop HTTP/1.1 load generator: every connection sends, waits for its answers, and sends again. One thread, one epoll.
 *   load -p PORT | -u SOCKET  -c CONNECTIONS  -s SECONDS | -n REQUESTS  [-d DEPTH] [-x] [-t KEY] [-m METHOD] [-o STATUS]
 *              [-q RATE] [-H "NAME: VALUE"]... -r TARGET...
 * -q asks at most RATE requests a second, evenly, instead of as fast as answers come.
 * -d pipelines DEPTH requests, -x opens a connection for each request, several -r are asked in turn on each connection, and -o is the
 * status that is no failure (200). Prints one line of JSON: requests, failures, seconds, and latencies in microseconds from the first
 * byte sent (with -x: from connect) to the last byte of the answer. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS 1000000
#define TARGETS 64
struct connection { int fd, pending, next; size_t filled; int64_t began; char answer[32 * 1024]; };

static int port, depth = 1, once, set, targets;
static const char *path_of_socket, *method = "GET", *status = "200";
static struct { char bytes[32768]; size_t length; } requests[TARGETS];
static int64_t interval, due; /* nanoseconds between two requests, and when the next one is due; 0: at once */
static struct connection *resting[65536];
static int rested;
static uint32_t histogram[BUCKETS + 1];
static uint64_t answered, failed;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void ask(struct connection *c) {
  if (!once) c->began = now();
  c->pending = depth;
  const char *bytes = requests[c->next].bytes;
  size_t length = requests[c->next].length;
  c->next = (c->next + 1) % targets;
  for (size_t sent = 0; sent < length;) {
    ssize_t count = send(c->fd, bytes + sent, length - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR) { failed++; return; }
    if (count > 0) sent += count;
  }
}

static void dial(struct connection *c) {
  c->began = now();
  c->filled = 0;
  int one = 1;
  if (path_of_socket) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path_of_socket, sizeof address.sun_path - 1);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) { perror("connect"); exit(1); }
  } else {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (once) { /* avoid TIME_WAIT, which would exhaust the ports */
      struct linger reset = {.l_onoff = 1};
      setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) { perror("connect"); exit(1); }
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(set, EPOLL_CTL_ADD, c->fd, &event);
  ask(c);
}

/* The length in bytes of a whole answer at `from`, 0 if it is not complete yet. */
static size_t answer_length(const char *from, size_t count) {
  const char *end = memmem(from, count, "\r\n\r\n", 4);
  if (!end) return 0;
  const char *field = strcasestr(from, "\r\ncontent-length:");
  size_t length = end + 4 - from;
  if (field && field < end && strcmp(method, "HEAD")) length += strtoul(field + 17, NULL, 10);
  if (length > count) return 0;
  if (strncmp(from + 9, status, 3)) failed++;
  return length;
}

static void serve(struct connection *c) {
  ssize_t count = recv(c->fd, c->answer + c->filled, sizeof c->answer - 1 - c->filled, 0);
  if (count <= 0) {
    if (count < 0 && errno == EINTR) return;
    failed++;
    close(c->fd);
    return dial(c);
  }
  c->filled += count;
  c->answer[c->filled] = 0;
  size_t used = 0, length;
  while (c->pending && (length = answer_length(c->answer + used, c->filled - used))) {
    used += length;
    c->pending--;
    answered++;
    int64_t took = (now() - c->began) / 1000;
    histogram[took > BUCKETS ? BUCKETS : took]++;
  }
  memmove(c->answer, c->answer + used, c->filled - used);
  c->filled -= used;
  if (c->pending) return;
  if (interval) { resting[rested++] = c; return; }
  if (!once) return ask(c);
  close(c->fd);
  dial(c);
}

/* Sends what is due, the connection that has rested longest first; returns when the next one is due. */
static int64_t send_due(void) {
  int sent = 0;
  int64_t time = now();
  if (time - due > 50 * interval) due = time - 50 * interval; /* nobody catches up on a long stall */
  for (; sent < rested && due <= time; due += interval) {
    struct connection *c = resting[sent++];
    ask(c);
    c->began = due; /* what waited in the generator waited for the server */
  }
  memmove(resting, resting + sent, (rested - sent) * sizeof *resting);
  rested -= sent;
  return rested ? due : time + 100000000;
}

static int64_t percentile(double share) {
  uint64_t wanted = share * answered, seen = 0;
  for (int i = 0; i <= BUCKETS; i++) if ((seen += histogram[i]) > wanted) return i;
  return BUCKETS;
}

static void write_request(int place, const char *target, const char *key, const char *fields) {
  size_t *length = &requests[place].length;
  for (int i = 0; i < depth; i++) {
    *length += snprintf(requests[place].bytes + *length, sizeof requests[place].bytes - *length, "%s %s HTTP/1.1\r\nHost: localhost:%d\r\n%s%s%s%s%s\r\n",
      method, target, port, key ? "Authorization: Bearer " : "", key ? key : "", key ? "\r\n" : "", fields, once ? "Connection: close\r\n" : "");
    if (*length >= sizeof requests[place].bytes) { fprintf(stderr, "load: the request is too long\n"); exit(64); }
  }
}

int main(int argc, char **argv) {
  int connections = 1, option;
  double seconds = 3600;
  uint64_t most = UINT64_MAX;
  const char *key = NULL, *wanted[TARGETS];
  char fields[8192] = "";
  while ((option = getopt(argc, argv, "p:u:c:s:n:d:xt:r:m:o:H:q:")) > 0) {
    switch (option) {
    case 'p': port = atoi(optarg); break;
    case 'u': path_of_socket = optarg; break;
    case 'c': connections = atoi(optarg); break;
    case 's': seconds = atof(optarg); break;
    case 'n': most = strtoull(optarg, NULL, 10); break;
    case 'q': interval = 1e9 / atof(optarg); break;
    case 'd': depth = atoi(optarg); break;
    case 'x': once = 1; break;
    case 't': key = optarg; break;
    case 'm': method = optarg; break;
    case 'o': status = optarg; break;
    case 'r': if (targets < TARGETS) wanted[targets++] = optarg; break;
    case 'H':
      if (strlen(fields) + strlen(optarg) + 3 > sizeof fields) return 64;
      strcat(strcat(fields, optarg), "\r\n");
      break;
    default: return 64;
    }
  }
  if (!targets || (seconds == 3600 && most == UINT64_MAX) || (interval && once)) return 64;
  for (int i = 0; i < targets; i++) write_request(i, wanted[i], key, fields);
  set = epoll_create1(0);
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) { all[i].next = i % targets; dial(&all[i]); }
  due = now();
  int64_t start = now(), end = start + seconds * 1e9;
  struct epoll_event ready[512];
  while (now() < end && answered < most) {
    int64_t wait = interval ? send_due() - now() : 100000000;
    struct timespec longest = {.tv_nsec = wait < 0 ? 0 : wait};
    int count = epoll_pwait2(set, ready, 512, &longest, NULL);
    for (int i = 0; i < count; i++) serve(ready[i].data.ptr);
  }
  printf("{\"requests\": %lu, \"failures\": %lu, \"seconds\": %.3f, \"p50\": %ld, \"p99\": %ld}\n", answered, failed,
         (now() - start) / 1e9, percentile(0.5), percentile(0.99));
  return 0;
}
