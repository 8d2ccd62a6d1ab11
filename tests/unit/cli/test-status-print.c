/* How `spice-share status` says a state, and what `spice-share doctor` makes of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/doctor-checks.h"
#include "cli/status-print.h"

#define NOW (100 * (gint64)G_USEC_PER_SEC)

static ShareSnapshot
busy (void)
{
  return (ShareSnapshot){
    .present = TRUE,
    .ready = TRUE,
    .guest_open = TRUE,
    .sharing = TRUE,
    .dir = g_strdup ("/srv/a\tb"),
    .vm_name = g_strdup ("web \"1\"\n"),
    .bytes_out = 2000000,
    .bytes_in = 1000,
    .requests = 3,
    .refused = 2,
    .last_refusal = g_variant_ref_sink (g_variant_new ("(xss)", NOW, "outside", "GET /\"link\"")),
    .transfers = g_variant_ref_sink (g_variant_new_parsed (
        "[(uint64 7, 'x/\\u001b[31m.iso', 'download', uint64 1000000, uint64 3000000, int64 "
        "98000000), (8, 'up', 'upload', 5, 18446744073709551615, 100000000)]")),
  };
}

static void
test_line (void)
{
  g_auto (ShareSnapshot) snapshot = busy ();
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (ShareSnapshot) none = { .present = TRUE };

  status_append_line (out, 42, &snapshot, NOW);
  g_assert_cmpstr (out->str, ==,
                   "42\tweb \"1\"?\ttransferring\trw\t/srv/a?b\t2000000\t1000\t2\t500000\n");
  g_string_truncate (out, 0);
  status_append_line (out, 1, &none, NOW);
  g_assert_cmpstr (out->str, ==, "1\t-\toff\trw\t-\t0\t0\t0\t0\n");
}

static void
test_rows (void)
{
  g_auto (ShareSnapshot) snapshot = busy ();
  g_autoptr (GString) out = g_string_new (NULL);

  status_append_rows (out, 42, &snapshot, NOW);
  g_assert_cmpstr (
      out->str, ==,
      "web \"1\"?          Transferring            /srv/a?b\n"
      "  2.0\302\240MB to the guest, 1.0\302\240kB from it, 3 requests (42)\n"
      "  → x/?[31m.iso  1.0\302\240MB of 3.0\302\240MB · 500.0\302\240kB/s · 4 s left\n"
      "  ← up  5 bytes\n");
}

static void
test_rows_error (void)
{
  g_auto (ShareSnapshot) snapshot = { .present = TRUE, .error_at = 1 };
  g_autoptr (GString) out = g_string_new (NULL);

  snapshot.error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "Gone.");
  status_append_rows (out, 1, &snapshot, NOW);
  g_assert_true (g_str_has_suffix (out->str, "\n  ! Gone.\n"));
}

static void
test_json (void)
{
  g_auto (ShareSnapshot) snapshot = busy ();
  g_autoptr (GString) out = g_string_new (NULL);

  g_free (snapshot.dir);
  snapshot.dir = g_strdup ("/srv/\377\\");
  status_append_json (out, 42, &snapshot, NOW);
  g_assert_cmpstr (
      out->str, ==,
      "{\"pid\":42,\"vm_name\":\"web \\\"1\\\"\\u000a\",\"vm_uuid\":null,"
      "\"state\":\"transferring\",\"ready\":true,\"guest_open\":true,\"sharing\":true,"
      "\"read_only\":false,\"shared_dir\":\"/srv/\357\277\275\\\\\",\"last_error\":null,"
      "\"last_error_at\":0,\"connected_at\":0,\"bytes_in\":1000,\"bytes_out\":2000000,"
      "\"wire_bytes_in\":0,\"wire_bytes_out\":0,\"clients\":0,\"requests\":3,\"refused\":2,"
      "\"last_refusal\":{\"at\":100000000,\"reason\":\"outside\","
      "\"request\":\"GET /\\\"link\\\"\"},\"transfers\":["
      "{\"id\":7,\"path\":\"x/\\u001b[31m.iso\",\"direction\":\"download\",\"done\":1000000,"
      "\"total\":3000000,\"bytes_per_second\":500000},"
      "{\"id\":8,\"path\":\"up\",\"direction\":\"upload\",\"done\":5,\"total\":null,"
      "\"bytes_per_second\":0}]}");
}

static void
assert_finding (const ShareSnapshot *snapshot, gboolean wanted, gboolean bad, const char *part)
{
  Report report = { .text = g_string_new (NULL) };

  check_channel (&report, 42, snapshot, wanted);
  if (strstr (report.text->str, part) == NULL)
    g_error ("“%s” does not say “%s”", report.text->str, part);
  g_assert_cmpuint (report.n_bad, ==, bad ? 1 : 0);
  g_string_free (report.text, TRUE);
}

/* Every way a share can fail to be seen has its own next step. */
static void
test_doctor (void)
{
  g_auto (ShareSnapshot) snapshot = { .present = TRUE };

  assert_finding (&snapshot, FALSE, FALSE, "no folder is shared");
  assert_finding (&snapshot, TRUE, TRUE, "not connected");
  snapshot.ready = TRUE;
  assert_finding (&snapshot, TRUE, FALSE, "spice-share set");
  snapshot.sharing = TRUE;
  assert_finding (&snapshot, TRUE, TRUE, "systemctl start spice-webdavd");
  snapshot.guest_open = TRUE;
  assert_finding (&snapshot, TRUE, FALSE, "http://localhost:9843/");
  snapshot.requests = 1;
  assert_finding (&snapshot, TRUE, FALSE, "shared and used");
  snapshot.read_only = TRUE;
  assert_finding (&snapshot, TRUE, FALSE, "shared read-only and used");
  snapshot.error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "Gone.");
  snapshot.error_at = 1;
  assert_finding (&snapshot, TRUE, TRUE, "    Gone.\n");
}

static void
assert_no_refusal (const ShareSnapshot *snapshot)
{
  Report report = { .text = g_string_new (NULL) };

  check_channel (&report, 42, snapshot, TRUE);
  g_assert_null (strstr (report.text->str, "refused"));
  g_string_free (report.text, TRUE);
}

/* What the guest is not allowed to is said with its reason, as long as that holds. */
static void
test_doctor_refusals (void)
{
  static const struct
  {
    const char *reason;
    const char *advice;
  } cases[] = {
    { "read-only", "switch off “Read-only”" },
    { "foreign", "In the guest use http://localhost:9843/." },
    { "outside", "leaves the shared folder" },
    { "permission", "look at the permissions" },
    { "no-space", "The disk of this computer is full" },
  };
  g_auto (ShareSnapshot) snapshot = {
    .present = TRUE,
    .ready = TRUE,
    .guest_open = TRUE,
    .sharing = TRUE,
    .read_only = TRUE,
    .requests = 5,
    .refused = 2,
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_clear_pointer (&snapshot.last_refusal, g_variant_unref);
      snapshot.last_refusal
          = g_variant_ref_sink (g_variant_new ("(xss)", NOW, cases[i].reason, "PUT /a\033[2J"));
      assert_finding (&snapshot, TRUE, FALSE, "requests refused: 2 of 5, the last at ");
      assert_finding (&snapshot, TRUE, FALSE, "PUT /a?[2J\n");
      assert_finding (&snapshot, TRUE, FALSE, cases[i].advice);
    }

  g_clear_pointer (&snapshot.last_refusal, g_variant_unref);
  snapshot.last_refusal = g_variant_ref_sink (g_variant_new ("(xss)", NOW, "not-shared", "GET /"));
  assert_no_refusal (&snapshot);
  snapshot.sharing = FALSE;
  assert_finding (&snapshot, FALSE, FALSE, "The guest asks, but no folder is shared");

  g_clear_pointer (&snapshot.last_refusal, g_variant_unref);
  snapshot.last_refusal = g_variant_ref_sink (g_variant_new ("(xss)", NOW, "read-only", "PUT /"));
  snapshot.sharing = TRUE;
  snapshot.read_only = FALSE;
  assert_no_refusal (&snapshot);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/status/line", test_line);
  g_test_add_func ("/status/rows", test_rows);
  g_test_add_func ("/status/rows/error", test_rows_error);
  g_test_add_func ("/status/json", test_json);
  g_test_add_func ("/doctor/channel", test_doctor);
  g_test_add_func ("/doctor/refusals", test_doctor_refusals);
  return g_test_run ();
}
