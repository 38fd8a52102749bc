#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * What one value may look like. A check says what is wrong in words that
 * follow the value: "is not a network". The readers give the number.
 */
typedef enum result value_check(const char *text, struct error *err);

value_check value_check_line;     /* one line of UTF-8, not empty */
value_check value_check_host;     /* mx1, mx1.example.fr */
value_check value_check_listen;   /* unix:PATH or inet:PORT@HOST */
value_check value_check_endpoint; /* 127.0.0.1:80, [::1]:80, unix:PATH */
value_check value_check_address;  /* local@domain */
value_check value_check_mailbox;  /* the same, perhaps Name <...> */
value_check value_check_from;     /* "keep" or a mailbox */
value_check value_check_delimiter;
value_check value_check_web;   /* https://host, no query */
value_check value_check_https; /* https://host/path?query */
value_check value_check_relay; /* smtp://host[:port] */
value_check value_check_telephone;
value_check value_check_store;     /* URL of Redis */
value_check value_check_hook_url;  /* https:, or http: on loopback */
value_check value_check_path;      /* from the root */
value_check value_check_maillog;   /* a path, or "systemd" */
value_check value_check_seal_key;  /* a path, or pkcs11:... */
value_check value_check_http;      /* http:// or https:// */
value_check value_check_oid;       /* 1.2.3 */
value_check value_check_custodian; /* mailto:, http(s):// or a path */
value_check value_check_list_id;   /* news.example.fr */
value_check value_check_network;
value_check value_check_name;    /* letters, digits, - _ . */
value_check value_check_bounces; /* 3/30d */
value_check value_check_cap;     /* 4/30d */
value_check value_check_rate;    /* 1200/60s */
value_check value_check_hours;   /* conf/hours.h */

/* "200ms" "48h" "13mo" "5y"; a month is a twelfth of 365.25 days. */
enum result value_duration(const char *text, int64_t *ms_r,
                           struct error *err) MUST_CHECK;

/* "4/30d": that many in any window of that length. */
enum result value_cap(const char *text, unsigned *count_r, int64_t *window_ms_r,
                      struct error *err) MUST_CHECK;

/* "500" "64k" "10M" "1G", in steps of 1024. */
enum result value_size(const char *text, int64_t *bytes_r,
                       struct error *err) MUST_CHECK;

/* "0660" */
enum result value_mode(const char *text, int64_t *mode_r,
                       struct error *err) MUST_CHECK;

/* The bare address in a mailbox that passed value_check_mailbox. */
const char *value_address_of(struct arena *arena, const char *mailbox);

#endif
