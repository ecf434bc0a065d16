/*
 * sources-cache.json: what NMEA 2000 devices said of themselves, kept from one run to the next, so that they have their names
 * before they were asked again. A snapshot of the tree of sources, written some seconds after a change and at the end. Owner:
 * loop thread.
 */
#ifndef SK_API_SOURCES_CACHE_H
#define SK_API_SOURCES_CACHE_H

#include "api/api.h"

struct sk_sources_cache;

/* Reads the file (blocks: at the start only). One that is broken is reported and written anew with the next change. */
struct sk_sources_cache *sk_sources_cache_create(struct sk_api *api);
void sk_sources_cache_flush(struct sk_sources_cache *c);      /* what is not saved yet; NULL is fine */
bool sk_sources_cache_idle(const struct sk_sources_cache *c); /* NULL: true */
void sk_sources_cache_destroy(struct sk_sources_cache *c);    /* idle only */

#endif
