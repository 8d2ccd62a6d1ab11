/* Conditional requests: which of the If-* fields holds, in the order of RFC 9110 section 13.2.2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-conditions.h"

#include <string.h>

#include "dav/dav-date.h"
#include "dav/dav-etag.h"

static gboolean
if_match_holds (const char *list, const DavConditionsState *state)
{
  return state->exists && dav_etag_list_match (list, state->etag, FALSE) == DAV_ETAG_MATCH;
}

static gboolean
if_none_match_holds (const char *list, const DavConditionsState *state, gboolean is_get)
{
  if (strcmp (list, "*") == 0)
    return !state->exists;

  switch (dav_etag_list_match (list, state->exists ? state->etag : NULL, TRUE))
    {
    case DAV_ETAG_NO_MATCH:
      return TRUE;
    case DAV_ETAG_MALFORMED:
      return is_get;
    case DAV_ETAG_MATCH:
    default:
      return FALSE;
    }
}

DavConditionsResult
dav_conditions_evaluate (const DavConditions *self,
                         const DavConditionsState *state,
                         gboolean is_get)
{
  gint64 date;

  if (self->if_match != NULL)
    {
      if (!if_match_holds (self->if_match, state))
        return DAV_CONDITIONS_FAILED;
    }
  else if (self->if_unmodified_since != NULL && state->exists
           && dav_date_parse_http (self->if_unmodified_since, state->now, &date))
    {
      if (state->mtime > date)
        return DAV_CONDITIONS_FAILED;
    }

  if (self->if_none_match != NULL)
    {
      if (!if_none_match_holds (self->if_none_match, state, is_get))
        return is_get ? DAV_CONDITIONS_NOT_MODIFIED : DAV_CONDITIONS_FAILED;
    }
  else if (is_get && self->if_modified_since != NULL && state->exists
           && dav_date_parse_http (self->if_modified_since, state->now, &date))
    {
      if (state->mtime <= date)
        return DAV_CONDITIONS_NOT_MODIFIED;
    }

  return DAV_CONDITIONS_PROCEED;
}

gboolean
dav_conditions_range_applies (const DavConditions *self, const DavConditionsState *state)
{
  const char *cursor = self->if_range;
  const char *opaque;
  gsize length;
  gboolean is_weak;
  gint64 date;

  if (cursor == NULL)
    return TRUE;

  if (dav_etag_scan (&cursor, &is_weak, &opaque, &length))
    return *cursor == '\0' && !is_weak && state->etag != NULL && length == strlen (state->etag)
           && memcmp (opaque, state->etag, length) == 0;

  /* A date counts only if the file was not written in the second it names (RFC 9110 section
   * 8.8.2.2): it may have been written twice in it. */
  return dav_date_parse_http (self->if_range, state->now, &date) && date == state->mtime
         && state->mtime < state->now;
}

void
dav_conditions_clear (DavConditions *self)
{
  g_clear_pointer (&self->if_match, g_free);
  g_clear_pointer (&self->if_none_match, g_free);
  g_clear_pointer (&self->if_modified_since, g_free);
  g_clear_pointer (&self->if_unmodified_since, g_free);
  g_clear_pointer (&self->if_range, g_free);
}
