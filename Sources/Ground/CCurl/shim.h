/* libcurl, with its variadic setters given one name a type: curl_easy_setopt(3), curl_easy_getinfo(3), curl_multi_setopt(3). */
#pragma once
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <time.h>

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

/* The end of the server's certificate in seconds since 1970; 0 where there is none. Called between connection and request. */
static inline long long curl_certificate_end(CURL *h) {
  struct curl_tlssessioninfo *session = NULL;
  if (curl_easy_getinfo(h, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session || session->backend != CURLSSLBACKEND_OPENSSL || !session->internals)
    return 0;
  X509 *certificate = SSL_get0_peer_certificate((SSL *)session->internals);
  struct tm moment;
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &moment) != 1) return 0;
  return timegm(&moment);
}

/* The certificate that a handshake was refused for: X509_verify_cert(3), SSL_CTX_set_verify(3). */
struct curl_refused_certificate {
  int depth; /* 0: the peer's own; above: an authority of its chain */
  char subject[256], since[24], until[24];
};
static inline void curl_note_time(const ASN1_TIME *time, char *text, size_t size) {
  struct tm moment;
  if (ASN1_TIME_to_tm(time, &moment) != 1 || strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &moment) == 0) text[0] = 0;
}
static inline int curl_note_certificate(int is_good, X509_STORE_CTX *chain) {
  SSL *connection = (SSL *)X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct curl_refused_certificate *refused = connection ? (struct curl_refused_certificate *)SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection)) : NULL;
  X509 *certificate = X509_STORE_CTX_get_current_cert(chain);
  if (is_good || !refused || !certificate || refused->subject[0]) return is_good;
  refused->depth = X509_STORE_CTX_get_error_depth(chain);
  BIO *text = BIO_new(BIO_s_mem());
  /* XN_FLAG_RFC2253 escapes control characters. */
  if (text && X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) > 0) {
    int count = BIO_read(text, refused->subject, (int)sizeof refused->subject - 1);
    refused->subject[count > 0 ? count : 0] = 0;
  }
  BIO_free(text);
  curl_note_time(X509_get0_notBefore(certificate), refused->since, sizeof refused->since);
  curl_note_time(X509_get0_notAfter(certificate), refused->until, sizeof refused->until);
  return is_good;
}
static inline CURLcode curl_prepare_tls(CURL *h, void *context, void *refused) {
  (void)h;
  SSL_CTX_set_app_data((SSL_CTX *)context, refused);
  SSL_CTX_set_verify((SSL_CTX *)context, SSL_VERIFY_PEER, curl_note_certificate);
  return CURLE_OK;
}
/* Has the certificate that a handshake is refused for noted; nothing is accepted that would not be otherwise. */
static inline void curl_set_refused_certificate(CURL *h, struct curl_refused_certificate *refused) {
  curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, curl_prepare_tls);
  curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, refused);
}
