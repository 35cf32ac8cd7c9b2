/* libcrypto: digests, HMAC, constant-time comparison, random bytes. */
#pragma once
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
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
/* A private key in PEM; NULL where it is none or the passphrase does not open it. Never asks a terminal. */
static inline EVP_PKEY *openssl_private_key(const unsigned char *pem, int length, const unsigned char *passphrase, int passphrase_length) {
  struct openssl_passphrase given = {passphrase, passphrase_length};
  BIO *bytes = BIO_new_mem_buf(pem, length);
  EVP_PKEY *key = bytes ? PEM_read_bio_PrivateKey(bytes, NULL, openssl_give_passphrase, &given) : NULL;
  BIO_free(bytes);
  ERR_clear_error();
  return key;
}
/* Reads a PEM key and a PEM certificate (PEM_read_bio_PrivateKey(3)): 0 where they belong together, 1 for a key that cannot be read, 2 for a
   certificate that cannot, 3 where they do not. Never asks a terminal. */
static inline int openssl_check_pair(const unsigned char *key, int key_length, const unsigned char *certificate, int certificate_length,
                                     const unsigned char *passphrase, int passphrase_length) {
  struct openssl_passphrase given = {passphrase, passphrase_length};
  BIO *certificate_bytes = BIO_new_mem_buf(certificate, certificate_length);
  EVP_PKEY *private_key = openssl_private_key(key, key_length, passphrase, passphrase_length);
  X509 *public_part = certificate_bytes ? PEM_read_bio_X509(certificate_bytes, NULL, openssl_give_passphrase, &given) : NULL;
  int problem = !private_key ? 1 : !public_part ? 2 : X509_check_private_key(public_part, private_key) == 1 ? 0 : 3;
  X509_free(public_part);
  EVP_PKEY_free(private_key);
  BIO_free(certificate_bytes);
  ERR_clear_error();
  return problem;
}

/* A digest by its name, at most 64 bytes (EVP_Digest(3)); its length, 0 on failure. */
static inline int openssl_digest(const char *name, const unsigned char *text, size_t length, unsigned char *digest) {
  const EVP_MD *type = EVP_get_digestbyname(name);
  unsigned int count = 0;
  return type && EVP_Digest(text, length, digest, &count, type, NULL) ? (int)count : 0;
}
/* An HMAC by its digest's name (RFC 2104); its length, 0 on failure. */
static inline int openssl_hmac(const char *name, const unsigned char *key, int key_length, const unsigned char *text, size_t length,
                               unsigned char *digest) {
  const EVP_MD *type = EVP_get_digestbyname(name);
  unsigned int count = 0;
  return type && HMAC(type, key, key_length, text, length, digest, &count) ? (int)count : 0;
}

/* A public key in PEM: SubjectPublicKeyInfo, PKCS #1 or a certificate; NULL where it is none. */
static inline EVP_PKEY *openssl_public_key(const unsigned char *pem, int length) {
  BIO *bytes = BIO_new_mem_buf(pem, length);
  EVP_PKEY *key = bytes ? PEM_read_bio_PUBKEY(bytes, NULL, NULL, NULL) : NULL;
  if (!key && bytes) {
    BIO_reset(bytes);
    X509 *certificate = PEM_read_bio_X509(bytes, NULL, NULL, NULL);
    if (certificate) key = X509_get_pubkey(certificate);
    X509_free(certificate);
  }
  BIO_free(bytes);
  ERR_clear_error();
  return key;
}
/* An RSA or EC key of its numbers, big-endian, as a JWK has them (RFC 7518 §6). `names` are OSSL_PKEY_PARAM_*; NULL on failure. */
static inline EVP_PKEY *openssl_key_of_numbers(const char *type, const char *group, const unsigned char *point, size_t point_length,
                                               int count, const char *const *names, const unsigned char *const *numbers,
                                               const int *lengths) {
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  BIGNUM *values[8] = {0};
  int ok = builder && count <= 8;
  if (ok && group) ok = OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  if (ok && point) ok = OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_length);
  for (int i = 0; ok && i < count; i++) {
    values[i] = BN_bin2bn(numbers[i], lengths[i], NULL);
    ok = values[i] && OSSL_PARAM_BLD_push_BN(builder, names[i], values[i]);
  }
  OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(builder) : NULL;
  EVP_PKEY_CTX *c = params ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
  EVP_PKEY *key = NULL;
  if (c && EVP_PKEY_fromdata_init(c) > 0) EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, params);
  EVP_PKEY_CTX_free(c);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(builder);
  for (int i = 0; i < 8; i++) BN_clear_free(values[i]);
  ERR_clear_error();
  return key;
}
/* 0: another, 1: RSA, 2: EC on P-256, P-384 or P-521 (RFC 7518 §3.4), 3: Ed25519; with the key's size in bits. */
static inline int openssl_key_kind(const EVP_PKEY *key, int *bits) {
  *bits = EVP_PKEY_get_bits(key);
  char group[64] = "";
  int is_ec = EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL)
    && (!strcmp(group, "prime256v1") || !strcmp(group, "secp384r1") || !strcmp(group, "secp521r1"));
  return EVP_PKEY_is_a(key, "RSA") ? 1 : is_ec ? 2 : EVP_PKEY_is_a(key, "ED25519") ? 3 : 0;
}
/* Signs (EVP_DigestSign(3)); the signature's length, 0 on failure. An EC signature is r and s in `part` bytes each (RFC 7518 §3.4). */
static inline int openssl_sign(EVP_PKEY *key, const char *digest, int pss, int part, const unsigned char *text, size_t length,
                               unsigned char *signature, size_t room) {
  EVP_MD_CTX *c = EVP_MD_CTX_new();
  EVP_PKEY_CTX *p = NULL;
  size_t count = room;
  int ok = c && EVP_DigestSignInit(c, &p, digest ? EVP_get_digestbyname(digest) : NULL, NULL, key) > 0
    && (!pss || (EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) > 0 && EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST) > 0))
    && EVP_DigestSign(c, signature, &count, text, length) > 0;
  EVP_MD_CTX_free(c);
  if (ok && part) {
    const unsigned char *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)count);
    ok = pair && (size_t)(2 * part) <= room && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, part) == part
      && BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + part, part) == part;
    ECDSA_SIG_free(pair);
    count = (size_t)(2 * part);
  }
  ERR_clear_error();
  return ok ? (int)count : 0;
}
/* Encrypts with RSA, OAEP (SHA-1, RFC 8017 §7.1) or PKCS #1 v1.5; the length, 0 on failure. */
static inline int openssl_rsa_encrypt(EVP_PKEY *key, int oaep, const unsigned char *text, size_t length, unsigned char *out, size_t room) {
  EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
  size_t count = room;
  int ok = c && EVP_PKEY_encrypt_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, oaep ? RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING) > 0
    && EVP_PKEY_encrypt(c, out, &count, text, length) > 0;
  EVP_PKEY_CTX_free(c);
  ERR_clear_error();
  return ok ? (int)count : 0;
}
/* A new private key in PEM, for rehearsals: kind 1 RSA of 2048 bits, 2 EC P-256, 3 Ed25519; encrypted where a passphrase is given.
   The length, 0 on failure. */
static inline int openssl_new_key(int kind, const unsigned char *passphrase, int passphrase_length, unsigned char *pem, int room) {
  EVP_PKEY *key = kind == 1 ? EVP_RSA_gen(2048) : kind == 2 ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  BIO *bytes = BIO_new(BIO_s_mem());
  const EVP_CIPHER *cipher = passphrase_length > 0 ? EVP_aes_256_cbc() : NULL;
  int ok = key && bytes && PEM_write_bio_PKCS8PrivateKey(bytes, key, cipher, (const char *)(cipher ? passphrase : NULL), passphrase_length, NULL, NULL);
  int count = ok ? BIO_read(bytes, pem, room) : 0;
  BIO_free(bytes);
  EVP_PKEY_free(key);
  return count > 0 ? count : 0;
}
