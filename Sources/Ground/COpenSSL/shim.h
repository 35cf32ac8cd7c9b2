/* libcrypto: digests, HMAC, constant-time comparison, random bytes. */
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

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
