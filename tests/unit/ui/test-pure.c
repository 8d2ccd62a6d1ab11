/* The pure half of the UI: states, rates and texts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/error.h"
#include "base/vm-identity.h"
#include "ui/share-state.h"
#include "ui/share-text.h"
#include "ui/transfer-rate.h"

static GVariant *
one_transfer (void)
{
  return g_variant_ref_sink (
      g_variant_new_parsed ("[(uint64 1, 'a/b.iso', 'upload', uint64 10, uint64 20, int64 5)]"));
}

static void
test_state (void)
{
  g_auto (ShareSnapshot) snapshot = { 0 };

  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_OFF);
  snapshot.present = TRUE;
  snapshot.ready = TRUE;
  snapshot.guest_open = TRUE;
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_OFF);
  snapshot.sharing = TRUE;
  snapshot.dir = g_strdup ("/srv/photos");
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_SHARED);
  snapshot.read_only = TRUE;
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_READ_ONLY);
  snapshot.transfers = one_transfer ();
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_TRANSFERRING);
  snapshot.guest_open = FALSE;
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_WAITING);

  /* An error counts until something good happens after it. */
  snapshot.error = g_error_new_literal (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_FOUND, "Gone.");
  snapshot.error_at = 1000;
  snapshot.settled_at = 999;
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_ERROR);
  snapshot.settled_at = 1000;
  g_assert_cmpint (share_state_from_snapshot (&snapshot), ==, SHARE_STATE_WAITING);
}

/* No two states look alike, and none is without a name or a sentence. */
static void
test_state_symbols (void)
{
  g_autoptr (GHashTable) icons = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) titles = g_hash_table_new (g_str_hash, g_str_equal);

  for (ShareState state = 0; state < SHARE_STATE_COUNT; state++)
    {
      g_assert_true (g_hash_table_add (icons, (gpointer)share_state_icon_name (state)));
      g_assert_true (g_hash_table_add (titles, (gpointer)share_state_title (state)));
    }
}

static void
assert_sentence (const ShareSnapshot *snapshot, const char *part)
{
  g_autofree char *sentence = share_state_describe (snapshot);

  if (strstr (sentence, part) == NULL)
    g_error ("“%s” does not say “%s”", sentence, part);
}

static void
test_state_sentences (void)
{
  g_auto (ShareSnapshot) snapshot = { 0 };

  assert_sentence (&snapshot, "doctor");
  snapshot.present = TRUE;
  assert_sentence (&snapshot, "drop it");
  snapshot.sharing = TRUE;
  snapshot.dir = g_strdup ("/srv/photos");
  assert_sentence (&snapshot, "spice-webdavd");
  snapshot.guest_open = TRUE;
  assert_sentence (&snapshot, "read and change “photos”");
  snapshot.read_only = TRUE;
  assert_sentence (&snapshot, "not change");
  snapshot.transfers = one_transfer ();
  assert_sentence (&snapshot, "“photos”: 1 file is");
  snapshot.error = g_error_new_literal (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_FOUND, "Gone.");
  snapshot.error_at = 1;
  assert_sentence (&snapshot, "Gone.");
}

static void
test_rate (void)
{
  TransferRate rate = { 0 };
  const gint64 s = G_USEC_PER_SEC;

  transfer_rate_sample (&rate, 10 * s, 0);
  g_assert_cmpfloat (rate.per_second, ==, 0);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 5000), ==, -1);

  transfer_rate_sample (&rate, 11 * s, 1000);
  g_assert_cmpfloat_with_epsilon (rate.per_second, 1000, 1e-6);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 5000), ==, 4);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 5001), ==, 5);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 1000), ==, 0);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, G_MAXUINT64), ==, -1);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 999), ==, -1);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, G_MAXUINT64 - 1), ==, -1);

  /* A burst of notifications is one sample. */
  transfer_rate_sample (&rate, 11 * s + 1, 900000);
  g_assert_cmpfloat_with_epsilon (rate.per_second, 1000, 1e-6);
  g_assert_cmpuint (rate.bytes, ==, 1000);

  /* Starts anew. */
  transfer_rate_sample (&rate, 12 * s, 10);
  g_assert_cmpfloat (rate.per_second, ==, 0);
}

/* What began before anybody looked has a rate at once; what stands still loses it. */
static void
test_rate_begin (void)
{
  TransferRate rate;
  gint64 at = 100 * G_USEC_PER_SEC;

  transfer_rate_begin (&rate, at, 3000, 3 * G_USEC_PER_SEC);
  g_assert_cmpfloat_with_epsilon (rate.per_second, 1000, 1e-6);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 5000), ==, 2);
  for (guint i = 0; i < 30; i++)
    transfer_rate_sample (&rate, at += G_USEC_PER_SEC, 3000);
  g_assert_cmpfloat (rate.per_second, <, 1);
  g_assert_cmpint (transfer_rate_seconds_left (&rate, 5000), ==, -1);

  transfer_rate_begin (&rate, at, 3000, 0);
  g_assert_cmpfloat (rate.per_second, ==, 0);
  transfer_rate_begin (&rate, at, 3000, -5);
  g_assert_cmpfloat (rate.per_second, ==, 0);
}

/* The mean follows a change of pace, whether it is asked often or seldom. */
static void
test_rate_mean (void)
{
  const gint64 steps[] = { G_USEC_PER_SEC / 5, G_USEC_PER_SEC / 2, G_USEC_PER_SEC };
  double seen[G_N_ELEMENTS (steps)];

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      TransferRate rate = { 0 };
      gint64 at = 1;

      for (; at < 10 * G_USEC_PER_SEC; at += steps[i])
        transfer_rate_sample (&rate, at, (guint64)at);
      g_assert_cmpfloat_with_epsilon (rate.per_second, 1e6, 1e3);
      for (; at < 13 * G_USEC_PER_SEC; at += steps[i])
        transfer_rate_sample (&rate, at, rate.bytes);
      seen[i] = rate.per_second;
      g_assert_cmpfloat (seen[i], <, 0.5e6);
      g_assert_cmpfloat (seen[i], >, 0.2e6);
    }
  g_assert_cmpfloat_with_epsilon (seen[0], seen[2], 0.15e6);
}

#define assert_text(call, expected)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *text = call;                                                                  \
    g_assert_cmpstr (text, ==, expected);                                                          \
  }                                                                                                \
  G_STMT_END

static void
test_text (void)
{
  assert_text (share_text_duration (0), "0 s left");
  assert_text (share_text_duration (59), "59 s left");
  assert_text (share_text_duration (60), "1 min left");
  assert_text (share_text_duration (61), "2 min left");
  assert_text (share_text_duration (3600), "1 h left");
  assert_text (share_text_duration (TRANSFER_RATE_MAX_SECONDS), "100 h left");

  assert_text (share_text_progress (1200000, 5000000, 3e6, 2),
               "1.2\302\240MB of 5.0\302\240MB · 3.0\302\240MB/s · 2 s left");
  assert_text (share_text_progress (1200000, G_MAXUINT64, 0, -1), "1.2\302\240MB");
  assert_text (share_text_progress (7, 7, 0.5, -1), "7 bytes of 7 bytes");

  assert_text (share_text_totals (2000000, 1000, 1),
               "2.0\302\240MB to the guest, 1.0\302\240kB from it, 1 request");
  assert_text (share_text_totals (0, 0, 12), "0 bytes to the guest, 0 bytes from it, 12 requests");

  assert_text (share_text_saved (1000000, 600000), "Compression saved 400.0\302\240kB (40 %)");
  assert_text (share_text_saved (1000, 995), NULL);
  assert_text (share_text_saved (1000, 1010), NULL);
  assert_text (share_text_saved (0, 0), NULL);
  assert_text (share_text_saved (G_MAXUINT64, 0), "Compression saved 18.4\302\240EB (100 %)");
}

static void
test_uuid (void)
{
  static const guint8 nil[16] = { 0 };
  static const guint8 some[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0,
                                   0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff };

  assert_text (vm_uuid_format (nil), NULL);
  assert_text (vm_uuid_format (some), "12345678-9abc-def0-0102-0304050607ff");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ui/state", test_state);
  g_test_add_func ("/ui/state/symbols", test_state_symbols);
  g_test_add_func ("/ui/state/sentences", test_state_sentences);
  g_test_add_func ("/ui/rate", test_rate);
  g_test_add_func ("/ui/rate/begin", test_rate_begin);
  g_test_add_func ("/ui/rate/mean", test_rate_mean);
  g_test_add_func ("/ui/text", test_text);
  g_test_add_func ("/ui/uuid", test_uuid);
  return g_test_run ();
}
