/* Numbers as people read them; see share-text.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-text.h"

#include <glib/gi18n-lib.h>

char *
share_text_duration (gint64 seconds)
{
  if (seconds < 60)
    /* Translators: time left of a copy, in seconds */
    return g_strdup_printf (_ ("%d s left"), (int)seconds);
  if (seconds < 60 * 60)
    /* Translators: time left of a copy, in minutes */
    return g_strdup_printf (_ ("%d min left"), (int)((seconds + 59) / 60));
  /* Translators: time left of a copy, in hours */
  return g_strdup_printf (_ ("%d h left"), (int)((seconds + 3599) / 3600));
}

char *
share_text_progress (guint64 done, guint64 total, double per_second, gint64 seconds_left)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *moved = g_format_size (done);

  if (total != G_MAXUINT64)
    {
      g_autofree char *all = g_format_size (total);

      /* Translators: bytes copied of bytes in all: “1.2 MB of 5 MB” */
      g_string_append_printf (text, _ ("%s of %s"), moved, all);
    }
  else
    g_string_append (text, moved);

  if (per_second >= 1)
    {
      g_autofree char *rate = g_format_size ((guint64)per_second);

      g_string_append (text, " · ");
      /* Translators: a rate, “3 MB/s” */
      g_string_append_printf (text, _ ("%s/s"), rate);
    }
  if (seconds_left >= 0)
    {
      g_autofree char *left = share_text_duration (seconds_left);

      g_string_append (text, " · ");
      g_string_append (text, left);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
share_text_totals (guint64 to_guest, guint64 from_guest, guint64 requests)
{
  g_autofree char *out = g_format_size (to_guest);
  g_autofree char *in = g_format_size (from_guest);
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, requests);
  /* Translators: %s is a whole number */
  g_autofree char *count = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%s request", "%s requests", (gulong)requests), number);

  /* Translators: bytes to the guest, bytes from the guest, “12 requests” */
  return g_strdup_printf (_ ("%s to the guest, %s from it, %s"), out, in, count);
}

char *
share_text_saved (guint64 payload, guint64 wire)
{
  g_autofree char *size = NULL;
  guint64 saved;

  if (wire >= payload)
    return NULL;
  saved = payload - wire;
  if (saved < payload / 100)
    return NULL;
  size = g_format_size (saved);
  return g_strdup_printf (_ ("Compression saved %s (%d %%)"), size,
                          (int)((double)saved * 100 / (double)payload));
}

char *
share_text_clock (gint64 unix_us)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (unix_us / G_USEC_PER_SEC);

  return when != NULL ? g_date_time_format (when, "%X") : g_strdup ("");
}
