/* libcurl, with its variadic setters given one name a type: curl_easy_setopt(3), curl_easy_getinfo(3), curl_multi_setopt(3). */
#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <poll.h>

typedef size_t (*curl_bytes_callback)(char *bytes, size_t size, size_t count, void *context);
typedef curl_socket_t (*curl_opensocket_handler)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode curl_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode curl_set_text(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode curl_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode curl_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode curl_set_bytes_callback(CURL *h, CURLoption o, curl_bytes_callback v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode curl_set_opensocket(CURL *h, curl_opensocket_handler v) { return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, v); }
static inline CURLcode curl_get_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode curl_get_pointer(CURL *h, CURLINFO i, char **v) { return curl_easy_getinfo(h, i, v); }
static inline CURLMcode curl_multi_set_long(CURLM *h, CURLMoption o, long v) { return curl_multi_setopt(h, o, v); }
static inline CURLcode curl_message_result(const CURLMsg *m) { return m->data.result; }
typedef int (*curl_prerequest_handler)(void *context, char *far, char *near, int far_port, int near_port);
static inline CURLcode curl_set_prerequest(CURL *h, curl_prerequest_handler v) { return curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, v); }
/* Whether the peer has sent anything that the request could not have caused: bytes of the connection or, over TLS, of its application
   (session tickets are none). Called between connection and request (CURLOPT_PREREQFUNCTION(3)). */
static inline int curl_has_early_bytes(CURL *h, int socket) {
  struct curl_tlssessioninfo *session = NULL;
  struct pollfd waiting = {socket, POLLIN, 0};
  if (poll(&waiting, 1, 0) != 1 || !(waiting.revents & POLLIN)) return 0;
  if (curl_easy_getinfo(h, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session && session->internals) {
    char byte;
    return session->backend == CURLSSLBACKEND_OPENSSL && SSL_peek((SSL *)session->internals, &byte, 1) > 0;
  }
  return 1;
}
