/* What Glibc's Swift module does not export, and the few calls Swift cannot make itself (variadic ones). */
#pragma once
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* struct ucred of unix(7), which glibc shows only under _GNU_SOURCE. */
struct linux_peer_credentials { int32_t pid; uint32_t uid; uint32_t gid; };

/* strerrordesc_np(3), hidden without _GNU_SOURCE: an errno value in words that never change; NULL for an unknown one. */
extern const char *strerrordesc_np(int);
static inline const char *linux_error_text(int code) {
  const char *text = strerrordesc_np(code);
  return text ? text : "unknown error";
}

static inline int linux_set_dumpable(int value) { return prctl(PR_SET_DUMPABLE, value, 0, 0, 0); }
/* accept4(2) is hidden without _GNU_SOURCE: accept, then both flags. */
extern int accept4(int, struct sockaddr *, socklen_t *, int);
/* An end of a TCP connection: 4 or 16 address bytes in network order, the rest 0, and the port. Family 0: it is no such end. */
struct linux_endpoint { uint64_t address[2]; uint16_t port; uint16_t family; };
/* struct sockaddr_in and sockaddr_in6 in one: the address of the former is where the latter has its flow label. */
struct linux_socket_name { uint16_t family, port; uint32_t address4; uint64_t address6[2]; uint32_t scope; };
static inline struct linux_endpoint linux_endpoint_of(const struct linux_socket_name *name) {
  struct linux_endpoint end = {{0, 0}, 0, 0};
  if (name->family != AF_INET && name->family != AF_INET6) return end;
  end.family = name->family;
  end.port = __builtin_bswap16(name->port);
  if (end.family == AF_INET) memcpy(end.address, &name->address4, 4);
  else memcpy(end.address, (const char *)name + 8, 16);
  return end;
}
static inline int linux_accept(int fd, struct linux_endpoint *far) {
  struct linux_socket_name name = {0};
  socklen_t size = sizeof name;
  int accepted = accept4(fd, (struct sockaddr *)&name, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted >= 0) *far = linux_endpoint_of(&name);
  return accepted;
}
/* The near or the far end of a connected socket. */
static inline struct linux_endpoint linux_end(int fd, int is_far) {
  struct linux_socket_name name = {0};
  socklen_t size = sizeof name;
  if ((is_far ? getpeername : getsockname)(fd, (struct sockaddr *)&name, &size) < 0) name.family = AF_UNSPEC;
  return linux_endpoint_of(&name);
}
/* Close-on-exec and non-blocking for a descriptor that was handed over; fcntl(2) is variadic. */
static inline int linux_own(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -1 : fcntl(fd, F_SETFD, FD_CLOEXEC);
}
static inline int64_t linux_nanoseconds(int clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  int64_t nanoseconds;
  /* A clock set beyond the year 2262 shows its end. */
  if (__builtin_mul_overflow((int64_t)now.tv_sec, 1000000000, &nanoseconds) || __builtin_add_overflow(nanoseconds, now.tv_nsec, &nanoseconds))
    return now.tv_sec < 0 ? INT64_MIN : INT64_MAX;
  return nanoseconds;
}
/* Bytes that have arrived and were not read, and bytes that wait to be sent (tcp(7), SIOCINQ; SIOCOUTQNSD of linux/sockios.h); -1 on error. */
static inline int linux_unread(int fd) {
  int count = -1;
  return ioctl(fd, FIONREAD, &count) < 0 ? -1 : count;
}
static inline int linux_unsent(int fd) {
  int count = -1;
  return ioctl(fd, SIOCOUTQNSD, &count) < 0 ? -1 : count;
}
/* epoll_ctl(2) with the identifier in place of the union. */
static inline int linux_epoll_set(int epoll, int operation, int fd, uint32_t events, uint64_t identifier) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = identifier;
  return epoll_ctl(epoll, operation, fd, &event);
}
/* epoll_wait(2) into two arrays of at most 256 entries; EINTR counts as nothing ready. */
static inline int linux_epoll_wait(int epoll, uint64_t *identifiers, uint32_t *events, int capacity, int timeout) {
  struct epoll_event ready[256];
  int count = epoll_wait(epoll, ready, capacity < 256 ? capacity : 256, timeout);
  for (int i = 0; i < count; i++) { identifiers[i] = ready[i].data.u64; events[i] = ready[i].events; }
  return count < 0 ? 0 : count;
}
/* posix_spawn_file_actions_addclosefrom_np(3), hidden without _GNU_SOURCE. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
/* pidfd_open(2), for which glibc 2.36 has no name here; close-on-exec by itself. */
static inline int linux_open_process(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }
/* The exit status or signal in waitid(2)'s answer, a macro in C. */
static inline int linux_child_status(const siginfo_t *information) { return information->si_status; }
static inline int linux_child(const siginfo_t *information) { return information->si_pid; }
/* pipe2(2) with O_CLOEXEC, hidden without _GNU_SOURCE. */
extern int pipe2(int *, int);
static inline int linux_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }
/* dl_iterate_phdr(3), hidden without _GNU_SOURCE, with the beginning of its struct. */
struct linux_object { Elf64_Addr address; const char *name; const Elf64_Phdr *headers; Elf64_Half count; };
extern int dl_iterate_phdr(int (*)(struct linux_object *, size_t, void *), void *);
/* Drops the resident pages of every loaded segment that nobody can have written to: not one that is writable now or was
   while it was relocated. They come back from the page cache when touched. */
static int linux_drop_segments(struct linux_object *object, size_t size, void *page) {
  (void)size;
  uintptr_t mask = *(uintptr_t *)page - 1;
  for (int i = 0; i < object->count; i++) {
    const Elf64_Phdr *segment = &object->headers[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    uintptr_t start = (object->address + segment->p_vaddr + mask) & ~mask;
    uintptr_t end = (object->address + segment->p_vaddr + segment->p_filesz) & ~mask;
    if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}
static inline void linux_drop_file_pages(void) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  dl_iterate_phdr((int (*)(struct linux_object *, size_t, void *))linux_drop_segments, &page);
}

/* strptime(3) reads a whole text; fields are year, month from 1, day, hour, minute, second and seconds east of UTC. 1 on success. */
extern char *strptime(const char *text, const char *pattern, struct tm *fields);
static inline int linux_parse_time(const char *text, const char *pattern, long fields[7]) {
  struct tm time = {0};
  time.tm_mday = 1;
  const char *end = strptime(text, pattern, &time);
  if (!end || *end) return 0;
  long found[7] = {time.tm_year + 1900L, time.tm_mon + 1L, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec, time.tm_gmtoff};
  for (int i = 0; i < 7; i++) fields[i] = found[i];
  return 1;
}
/* strftime(3) of a moment in seconds since 1970, in UTC; the length, 0 where it does not fit. */
static inline size_t linux_format_time(time_t seconds, const char *pattern, char *text, size_t room) {
  struct tm time = {0};
  return gmtime_r(&seconds, &time) ? strftime(text, room, pattern, &time) : 0;
}

/* Has these signals written to `descriptor`, a byte each, from the moment it returns: none is lost between a start and the first reader.
   A handler may only write (signal-safety(7)); a full pipe drops the byte, and then one like it waits already. */
#include <errno.h>
#include <signal.h>
static int linux_signal_pipe = -1;
static void linux_note_signal(int number) {
  int before = errno;
  unsigned char byte = (unsigned char)number;
  ssize_t written = write(linux_signal_pipe, &byte, 1);
  (void)written;
  errno = before;
}
static inline void linux_write_signal(int number, int descriptor) {
  struct sigaction action = {0};
  linux_signal_pipe = descriptor;
  action.sa_handler = linux_note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, 0);
}
