/* Byte ranges: the Range header against a size, and what frames the parts of the answer.
 *
 * RFC 9110 section 14. libsoup cuts wrongly beyond the end of the file and 4 GiB (DESIGN P17).
 * Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* If a request asks for more ranges than this, the header is ignored: the whole file costs less. */
#define DAV_RANGE_MAX 64

/* Room for a boundary of multipart/byteranges with its NUL, in bytes. */
#define DAV_RANGE_BOUNDARY_SIZE 40

typedef struct
{
  guint64 offset;
  guint64 length; /* bytes, never 0 */
} DavRange;

typedef enum
{
  DAV_RANGE_IGNORE,        /* 200: absent, malformed, another unit, too many, or an empty file */
  DAV_RANGE_PARTIAL,       /* 206 */
  DAV_RANGE_UNSATISFIABLE, /* 416 */
} DavRangeResult;

/**
 * dav_range_parse:
 * @value: (nullable): the Range header
 * @size: of the file, in bytes
 * @ranges: (out): on %DAV_RANGE_PARTIAL, what to send: within @size, no byte twice
 * @n_ranges: (out): at least 1 then
 */
DavRangeResult dav_range_parse (const char *value,
                                guint64 size,
                                DavRange ranges[static DAV_RANGE_MAX],
                                guint *n_ranges);

/**
 * dav_range_format_content_range:
 * @range: (nullable): %NULL gives the form for 416
 *
 * Returns: (transfer full): the value of Content-Range, as `bytes 0-9/100`
 */
char *dav_range_format_content_range (const DavRange *range, guint64 size);

/**
 * dav_range_make_boundary:
 *
 * A random boundary: nobody can have written a file that contains it.
 */
void dav_range_make_boundary (char out[static DAV_RANGE_BOUNDARY_SIZE]);

/**
 * dav_range_append_part_head:
 * @content_type: of the file
 *
 * Appends what comes before the bytes of @range in a multipart/byteranges body.
 */
void dav_range_append_part_head (GString *out,
                                 const char *boundary,
                                 const char *content_type,
                                 const DavRange *range,
                                 guint64 size);

/**
 * dav_range_append_end:
 *
 * Appends what comes after the bytes of the last range.
 */
void dav_range_append_end (GString *out, const char *boundary);

G_END_DECLS
