/* libssl for the TLS servers the tests log in to; its macros as functions. */
#pragma once
#include <spawn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

static inline int tls_set_version_range(SSL_CTX *c, int min, int max) { return SSL_CTX_set_min_proto_version(c, min) && SSL_CTX_set_max_proto_version(c, max); }
/* unshare(2), hidden without _GNU_SOURCE; CLONE_NEWNET. */
extern int unshare(int);
static inline int test_leave_network(void) { return unshare(0x40000000); }
/* posix_spawn_file_actions_addclosefrom_np(3), hidden likewise. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
static inline int test_close_from(posix_spawn_file_actions_t *actions, int first) { return posix_spawn_file_actions_addclosefrom_np(actions, first); }
