/* Dates of HTTP (RFC 9110 section 5.6.7) and of WebDAV (RFC 3339), the same in every locale.
 *
 * Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Room for a date with its NUL, in bytes. */
#define DAV_DATE_SIZE 32

/* The dates four digits of a year can hold: 0000-01-01 to 9999-12-31, in seconds since 1970. */
#define DAV_DATE_MIN G_GINT64_CONSTANT (-62167219200)
#define DAV_DATE_MAX G_GINT64_CONSTANT (253402300799)

/**
 * dav_date_format_http:
 * @seconds: since 1970, UTC; a time outside #DAV_DATE_MIN … #DAV_DATE_MAX becomes that bound
 *
 * "Sun, 06 Nov 1994 08:49:37 GMT"
 */
void dav_date_format_http (gint64 seconds, char out[static DAV_DATE_SIZE]);

/**
 * dav_date_format_iso:
 *
 * "1994-11-06T08:49:37Z"; otherwise as dav_date_format_http().
 */
void dav_date_format_iso (gint64 seconds, char out[static DAV_DATE_SIZE]);

/**
 * dav_date_parse_http:
 * @value: a date in any of the three forms of HTTP
 * @now: seconds since 1970, which settles the century of a year of two digits
 * @seconds: (out): since 1970
 *
 * Returns: %FALSE if @value is no such date (a condition with it is then ignored)
 */
gboolean dav_date_parse_http (const char *value, gint64 now, gint64 *seconds);

G_END_DECLS
