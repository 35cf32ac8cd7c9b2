/* libcrypto: digests, HMAC, constant-time comparison, random bytes. */
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

/* AES-256-GCM (NIST SP 800-38D) with a 12-byte nonce and a 16-byte tag behind the text. 1 on success. */
static inline int openssl_seal(const unsigned char *key, const unsigned char *nonce, const unsigned char *associated, int associated_length,
                               const unsigned char *text, int length, unsigned char *sealed) {
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  int count = 0;
  int ok = c && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) && EVP_EncryptUpdate(c, NULL, &count, associated, associated_length)
    && EVP_EncryptUpdate(c, sealed, &count, text, length) && EVP_EncryptFinal_ex(c, sealed + count, &count)
    && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, sealed + length);
  EVP_CIPHER_CTX_free(c);
  return ok;
}
/* The reverse; 0 also where key, nonce, associated data or a byte of the text is another one. */
static inline int openssl_open(const unsigned char *key, const unsigned char *nonce, const unsigned char *associated, int associated_length,
                               const unsigned char *sealed, int length, unsigned char *text) {
  EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  int count = 0;
  int ok = c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) && EVP_DecryptUpdate(c, NULL, &count, associated, associated_length)
    && EVP_DecryptUpdate(c, text, &count, sealed, length) && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, 16, (void *)(sealed + length))
    && EVP_DecryptFinal_ex(c, text + count, &count) > 0;
  EVP_CIPHER_CTX_free(c);
  return ok;
}

struct openssl_passphrase { const unsigned char *bytes; int length; };
static int openssl_give_passphrase(char *buffer, int size, int writing, void *context) {
  (void)writing;
  struct openssl_passphrase *given = (struct openssl_passphrase *)context;
  if (given->length > size) return 0;
  memcpy(buffer, given->bytes, (size_t)given->length);
  return given->length;
}
/* Reads a PEM key and a PEM certificate (PEM_read_bio_PrivateKey(3)): 0 where they belong together, 1 for a key that cannot be read, 2 for a
   certificate that cannot, 3 where they do not. Never asks a terminal. */
static inline int openssl_check_pair(const unsigned char *key, int key_length, const unsigned char *certificate, int certificate_length,
                                     const unsigned char *passphrase, int passphrase_length) {
  struct openssl_passphrase given = {passphrase, passphrase_length};
  BIO *key_bytes = BIO_new_mem_buf(key, key_length), *certificate_bytes = BIO_new_mem_buf(certificate, certificate_length);
  EVP_PKEY *private_key = key_bytes ? PEM_read_bio_PrivateKey(key_bytes, NULL, openssl_give_passphrase, &given) : NULL;
  X509 *public_part = certificate_bytes ? PEM_read_bio_X509(certificate_bytes, NULL, openssl_give_passphrase, &given) : NULL;
  int problem = !private_key ? 1 : !public_part ? 2 : X509_check_private_key(public_part, private_key) == 1 ? 0 : 3;
  X509_free(public_part);
  EVP_PKEY_free(private_key);
  BIO_free(certificate_bytes);
  BIO_free(key_bytes);
  ERR_clear_error();
  return problem;
}
