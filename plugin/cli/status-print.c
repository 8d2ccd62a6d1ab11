/* Lines, rows and JSON; see status-print.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/status-print.h"

#include "cli/printable.h"
#include "ui/share-text.h"
#include "ui/transfer-rate.h"

#include <glib/gi18n-lib.h>

#define VM_COLUMN 16
#define STATE_COLUMN 22

typedef struct
{
  guint64 id;
  const char *path;
  const char *direction;
  guint64 done;
  guint64 total;
  gint64 start;
} Transfer;

static gboolean
next_transfer (GVariantIter *iter, Transfer *transfer)
{
  return g_variant_iter_next (iter, "(t&s&sttx)", &transfer->id, &transfer->path,
                              &transfer->direction, &transfer->done, &transfer->total,
                              &transfer->start);
}

/* The mean since it began: there is no earlier sample here. */
static TransferRate
mean_rate (const Transfer *transfer, gint64 now)
{
  TransferRate rate = { .at = now, .bytes = transfer->done };
  double seconds = (double)(now - transfer->start) / G_USEC_PER_SEC;

  if (seconds > 0)
    rate.per_second = (double)transfer->done / seconds;
  return rate;
}

/* The state in a word that programs may rely on. */
static const char *
nick (ShareState state)
{
  static const char *const nicks[SHARE_STATE_COUNT] = {
    [SHARE_STATE_OFF] = "off",
    [SHARE_STATE_WAITING] = "waiting",
    [SHARE_STATE_SHARED] = "shared",
    [SHARE_STATE_READ_ONLY] = "read-only",
    [SHARE_STATE_TRANSFERRING] = "transferring",
    [SHARE_STATE_ERROR] = "error",
  };

  return nicks[state];
}

char *
status_describe_choice (const char *dir, gboolean read_only)
{
  g_autoptr (GString) printable = g_string_new (NULL);

  if (*dir == '\0')
    return g_strdup (_ ("no folder"));
  append_printable (printable, dir);
  if (read_only)
    return g_strdup_printf (_ ("%s (read-only)"), printable->str);
  return g_string_free (g_steal_pointer (&printable), FALSE);
}

static const char *
vm_of (const ShareSnapshot *snapshot)
{
  if (snapshot->vm_name != NULL)
    return snapshot->vm_name;
  return snapshot->vm_uuid != NULL ? snapshot->vm_uuid : "-";
}

/* Of all files under way together. */
static guint64
sum_rates (GVariant *transfers, gint64 now)
{
  GVariantIter iter;
  Transfer transfer;
  double sum = 0;

  if (transfers == NULL)
    return 0;
  g_variant_iter_init (&iter, transfers);
  while (next_transfer (&iter, &transfer))
    sum += mean_rate (&transfer, now).per_second;
  return (guint64)sum;
}

void
status_append_line (GString *out, guint pid, const ShareSnapshot *snapshot, gint64 now)
{
  g_string_append_printf (out, "%u\t", pid);
  append_printable (out, vm_of (snapshot));
  g_string_append_printf (out, "\t%s\t%s\t", nick (share_state_from_snapshot (snapshot)),
                          snapshot->read_only ? "ro" : "rw");
  append_printable (out, snapshot->dir != NULL ? snapshot->dir : "-");
  g_string_append_printf (out,
                          "\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\t%" G_GSIZE_FORMAT
                          "\t%" G_GUINT64_FORMAT "\n",
                          snapshot->bytes_out, snapshot->bytes_in,
                          snapshot->transfers != NULL ? g_variant_n_children (snapshot->transfers)
                                                      : 0,
                          sum_rates (snapshot->transfers, now));
}

/* Columns are as wide as they look. */
static void
pad_to (GString *out, gsize start, glong width)
{
  for (glong used = g_utf8_strlen (out->str + start, -1); used < width; used++)
    g_string_append_c (out, ' ');
  g_string_append (out, "  ");
}

static void
append_transfer_row (GString *out, const Transfer *transfer, gint64 now)
{
  TransferRate rate = mean_rate (transfer, now);
  g_autofree char *progress
      = share_text_progress (transfer->done, transfer->total, rate.per_second,
                             transfer_rate_seconds_left (&rate, transfer->total));

  g_string_append (out, g_str_equal (transfer->direction, "download") ? "  → " : "  ← ");
  append_printable (out, transfer->path);
  g_string_append_printf (out, "  %s\n", progress);
}

void
status_append_rows (GString *out, guint pid, const ShareSnapshot *snapshot, gint64 now)
{
  ShareState state = share_state_from_snapshot (snapshot);
  g_autofree char *totals
      = share_text_totals (snapshot->bytes_out, snapshot->bytes_in, snapshot->requests);
  gsize start = out->len;

  append_printable (out, vm_of (snapshot));
  pad_to (out, start, VM_COLUMN);
  start = out->len;
  g_string_append (out, share_state_title (state));
  pad_to (out, start, STATE_COLUMN);
  append_printable (out, snapshot->dir != NULL ? snapshot->dir : "-");
  g_string_append_printf (out, "\n  %s (%u)\n", totals, pid);

  if (snapshot->transfers != NULL)
    {
      GVariantIter iter;
      Transfer transfer;

      g_variant_iter_init (&iter, snapshot->transfers);
      while (next_transfer (&iter, &transfer))
        append_transfer_row (out, &transfer, now);
    }
  if (state == SHARE_STATE_ERROR || state == SHARE_STATE_WAITING)
    {
      g_autofree char *sentence = share_state_describe (snapshot);

      g_string_append (out, "  ! ");
      append_printable (out, sentence);
      g_string_append_c (out, '\n');
    }
}

static void
append_json_string (GString *out, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL)
    {
      g_string_append (out, "null");
      return;
    }
  valid = g_utf8_make_valid (text, -1);
  g_string_append_c (out, '"');
  for (const char *at = valid; *at != '\0'; at++)
    {
      if (*at == '"' || *at == '\\')
        g_string_append_c (out, '\\');
      if ((guchar)*at < 0x20 || *at == 0x7f)
        g_string_append_printf (out, "\\u%04x", (guint)(guchar)*at);
      else
        g_string_append_c (out, *at);
    }
  g_string_append_c (out, '"');
}

static void
append_json_bool (GString *out, const char *name, gboolean value)
{
  g_string_append_printf (out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void
append_json_number (GString *out, const char *name, guint64 value)
{
  g_string_append_printf (out, ",\"%s\":%" G_GUINT64_FORMAT, name, value);
}

static void
append_json_text (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, ",\"%s\":", name);
  append_json_string (out, value);
}

static void
append_json_transfer (GString *out, const Transfer *transfer, gint64 now)
{
  TransferRate rate = mean_rate (transfer, now);

  g_string_append_printf (out, "{\"id\":%" G_GUINT64_FORMAT, transfer->id);
  append_json_text (out, "path", transfer->path);
  append_json_text (out, "direction", transfer->direction);
  append_json_number (out, "done", transfer->done);
  if (transfer->total == G_MAXUINT64)
    g_string_append (out, ",\"total\":null");
  else
    append_json_number (out, "total", transfer->total);
  append_json_number (out, "bytes_per_second", (guint64)rate.per_second);
  g_string_append_c (out, '}');
}

/* null before the first. */
static void
append_json_refusal (GString *out, GVariant *refusal)
{
  gint64 at = 0;
  const char *reason;
  const char *request;

  g_string_append (out, ",\"last_refusal\":");
  if (refusal != NULL)
    g_variant_get (refusal, "(x&s&s)", &at, &reason, &request);
  if (at == 0)
    {
      g_string_append (out, "null");
      return;
    }
  g_string_append_printf (out, "{\"at\":%" G_GINT64_FORMAT, at);
  append_json_text (out, "reason", reason);
  append_json_text (out, "request", request);
  g_string_append_c (out, '}');
}

void
status_append_json (GString *out, guint pid, const ShareSnapshot *snapshot, gint64 now)
{
  g_string_append_printf (out, "{\"pid\":%u", pid);
  append_json_text (out, "vm_name", snapshot->vm_name);
  append_json_text (out, "vm_uuid", snapshot->vm_uuid);
  append_json_text (out, "state", nick (share_state_from_snapshot (snapshot)));
  append_json_bool (out, "ready", snapshot->ready);
  append_json_bool (out, "guest_open", snapshot->guest_open);
  append_json_bool (out, "sharing", snapshot->sharing);
  append_json_bool (out, "read_only", snapshot->read_only);
  append_json_text (out, "shared_dir", snapshot->dir);
  append_json_text (out, "last_error", snapshot->error != NULL ? snapshot->error->message : NULL);
  append_json_number (out, "last_error_at", (guint64)snapshot->error_at);
  append_json_number (out, "connected_at", (guint64)snapshot->connected_at);
  append_json_number (out, "bytes_in", snapshot->bytes_in);
  append_json_number (out, "bytes_out", snapshot->bytes_out);
  append_json_number (out, "wire_bytes_in", snapshot->wire_bytes_in);
  append_json_number (out, "wire_bytes_out", snapshot->wire_bytes_out);
  append_json_number (out, "clients", snapshot->clients);
  append_json_number (out, "requests", snapshot->requests);
  append_json_number (out, "refused", snapshot->refused);
  append_json_refusal (out, snapshot->last_refusal);
  g_string_append (out, ",\"transfers\":[");
  if (snapshot->transfers != NULL)
    {
      GVariantIter iter;
      Transfer transfer;
      gboolean first = TRUE;

      g_variant_iter_init (&iter, snapshot->transfers);
      while (next_transfer (&iter, &transfer))
        {
          if (!first)
            g_string_append_c (out, ',');
          first = FALSE;
          append_json_transfer (out, &transfer, now);
        }
    }
  g_string_append (out, "]}");
}
