/* The widgets against a fake channel: header bars get one button each, the button tells the
 * state without colour, the panel's controls end in settings or action signals, and everything
 * goes with the window.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-channel.h"
#include "rig-wait.h"

#include "ui/header-hook.h"
#include "ui/share-button.h"
#include "ui/share-panel.h"
#include "ui/transfer-list.h"
#include "ui/ui-resources.h"

#define DEADLINE 10
#define wait_for(condition) rig_wait_until (condition, DEADLINE)

typedef struct
{
  ShareSteering steering;
  FakeSession *session;
  FakeChannel *channel;
} Fixture;

/* Whose windows are made: the hook is there once for the process, as in a viewer. */
static Fixture *current;

/* Until everything that is queued now has run. */
static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static GtkWidget *
make_button (gpointer user_data)
{
  return share_ui_button_new (&current->steering);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  share_steering_init (&fixture->steering);
  fixture->session = fake_session_new ("web", fake_uuid);
  fixture->channel = fake_channel_new (fixture->session);
  g_object_set (fixture->channel, "ready", TRUE, "port-opened", TRUE, NULL);
  share_ui_model_add_session (fixture->steering.model, G_OBJECT (fixture->session));
  share_ui_model_add_channel (fixture->steering.model, G_OBJECT (fixture->channel));
  current = fixture;
  settle ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const ids[] = { "org.spice-space.webdav", "org.spice-space.webdav.ui" };
  g_autoptr (GSettings) vm = g_settings_new_with_path (
      "org.spice-space.webdav.vm",
      "/org/spice-space/webdav/vm/12345678-9abc-def0-0102-0304050607ff/");

  current = NULL;
  share_steering_clear (&fixture->steering);
  g_assert_finalize_object (fixture->channel);
  g_assert_finalize_object (fixture->session);

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (GSettings) settings = g_settings_new (ids[i]);

      g_settings_reset (settings, i == 0 ? "share-dir" : "recent-dirs");
      if (i == 0)
        g_settings_reset (settings, "share-dir-ro");
    }
  g_settings_reset (vm, "share-dir");
  g_settings_reset (vm, "share-dir-ro");
  g_settings_reset (vm, "override");
}

static GtkWidget *
find_type (GtkWidget *widget, GType type)
{
  g_autoptr (GList) children = NULL;

  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  if (!GTK_IS_CONTAINER (widget))
    return NULL;
  children = gtk_container_get_children (GTK_CONTAINER (widget));
  for (GList *l = children; l != NULL; l = l->next)
    {
      GtkWidget *found = find_type (l->data, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static GtkWidget *
window_with_header (GType type)
{
  GtkWidget *window = g_object_new (type, NULL);
  GtkWidget *header = gtk_header_bar_new ();

  gtk_header_bar_set_show_close_button (GTK_HEADER_BAR (header), TRUE);
  gtk_window_set_titlebar (GTK_WINDOW (window), header);
  gtk_widget_show_all (window);
  wait_for (gtk_widget_get_mapped (header));
  return window;
}

static GtkWidget *
button_of (GtkWidget *window)
{
  return find_type (gtk_window_get_titlebar (GTK_WINDOW (window)), SHARE_UI_TYPE_BUTTON);
}

static GtkWidget *
child (GtkWidget *panel, const char *id)
{
  GObject *object = gtk_widget_get_template_child (panel, SHARE_UI_TYPE_PANEL, id);

  g_assert_true (GTK_IS_WIDGET (object));
  return GTK_WIDGET (object);
}

static GtkWidget *
open_panel (GtkWidget *window)
{
  GtkWidget *button = button_of (window);
  GtkWidget *panel;

  gtk_button_clicked (GTK_BUTTON (button));
  panel = find_type (GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button))),
                     SHARE_UI_TYPE_PANEL);
  wait_for (gtk_widget_get_mapped (panel));
  settle ();
  g_assert_false (gtk_widget_get_has_tooltip (button));
  return panel;
}

static void
count_buttons (GtkWidget *widget, gpointer user_data)
{
  guint *n = user_data;

  if (SHARE_UI_IS_BUTTON (widget))
    (*n)++;
}

static void
test_header (Fixture *fixture, gconstpointer data)
{
  GtkWidget *one = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *two = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *other = window_with_header (GTK_TYPE_WINDOW);
  GtkWidget *bare = g_object_new (GTK_TYPE_APPLICATION_WINDOW, NULL);
  GtkWidget *button;
  guint n = 0;

  gtk_widget_show (bare);
  settle ();
  g_assert_nonnull (button_of (one));
  g_assert_nonnull (button_of (two));
  g_assert_null (button_of (other));
  g_assert_null (find_type (bare, SHARE_UI_TYPE_BUTTON));

  /* Hidden and shown again, there is still one. */
  gtk_widget_hide (one);
  gtk_widget_show (one);
  settle ();
  gtk_container_foreach (GTK_CONTAINER (gtk_window_get_titlebar (GTK_WINDOW (one))), count_buttons,
                         &n);
  g_assert_cmpuint (n, ==, 1);

  button = button_of (one);
  g_object_add_weak_pointer (G_OBJECT (button), (gpointer *)&button);
  gtk_widget_destroy (one);
  wait_for (button == NULL);

  /* The other window's still works. */
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  g_assert_cmpstr (atk_object_get_name (gtk_widget_get_accessible (button_of (two))), ==,
                   "Shared folder: Shared");

  gtk_widget_destroy (two);
  gtk_widget_destroy (other);
  gtk_widget_destroy (bare);
  settle ();
  g_assert_cmpuint (g_signal_handlers_disconnect_matched (
                        fixture->steering.model, G_SIGNAL_MATCH_ID,
                        g_signal_lookup ("changed", SHARE_UI_TYPE_MODEL), 0, NULL, NULL, NULL),
                    ==, 0);
}

/* It is there while there is a session, with a channel or without. */
static void
test_session (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window;
  GtkWidget *button;
  g_autofree char *without_port = NULL;
  g_autofree char *with_port = NULL;

  g_assert_finalize_object (fixture->channel);
  g_assert_finalize_object (fixture->session);
  settle ();
  window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  button = button_of (window);
  settle ();
  g_assert_false (gtk_widget_get_visible (button));

  fixture->session = fake_session_new ("web", fake_uuid);
  share_ui_model_add_session (fixture->steering.model, G_OBJECT (fixture->session));
  share_ui_model_add_session (fixture->steering.model, G_OBJECT (fixture->session));
  settle ();
  g_assert_true (gtk_widget_get_mapped (button));
  without_port = gtk_widget_get_tooltip_text (button);
  g_assert_nonnull (strstr (without_port, "no port"));

  fixture->channel = fake_channel_new (fixture->session);
  g_object_set (fixture->channel, "ready", TRUE, NULL);
  share_ui_model_add_channel (fixture->steering.model, G_OBJECT (fixture->channel));
  settle ();
  g_assert_true (gtk_widget_get_mapped (button));
  with_port = gtk_widget_get_tooltip_text (button);
  g_assert_null (strstr (with_port, "no port"));
  gtk_widget_destroy (window);
}

static void
assert_button (GtkWidget *button, const char *icon, const char *name)
{
  const char *shown;
  g_autofree char *tooltip = NULL;

  settle ();
  gtk_image_get_icon_name (GTK_IMAGE (find_type (button, GTK_TYPE_IMAGE)), &shown, NULL);
  g_assert_cmpstr (shown, ==, icon);
  g_assert_cmpstr (atk_object_get_name (gtk_widget_get_accessible (button)), ==, name);
  tooltip = gtk_widget_get_tooltip_text (button);
  g_assert_nonnull (tooltip);
  g_assert_cmpstr (atk_object_get_description (gtk_widget_get_accessible (button)), ==, tooltip);
  g_assert_true (gtk_icon_theme_has_icon (gtk_icon_theme_get_default (), icon));
}

static void
test_button (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *button = button_of (window);
  FakeChannel *channel = fixture->channel;

  g_object_set (channel, "port-opened", FALSE, NULL);
  assert_button (button, "spice-share-off-symbolic", "Shared folder: Off");
  fake_channel_start (channel, "/srv/photos", TRUE);
  assert_button (button, "spice-share-waiting-symbolic", "Shared folder: Waiting for the guest");
  g_object_set (channel, "port-opened", TRUE, NULL);
  assert_button (button, "spice-share-read-only-symbolic", "Shared folder: Shared read-only");
  g_object_set (channel, "read-only", FALSE, NULL);
  assert_button (button, "spice-share-shared-symbolic", "Shared folder: Shared");
  g_object_set (
      channel, "transfers",
      g_variant_new_parsed ("[(uint64 1, 'a.iso', 'upload', uint64 1, uint64 2, int64 5)]"), NULL);
  assert_button (button, "spice-share-transferring-symbolic", "Shared folder: Transferring");
  fake_channel_fail (channel, "The folder is gone.");
  assert_button (button, "spice-share-error-symbolic", "Shared folder: Error");
  fake_channel_start (channel, "/srv/photos", FALSE);
  assert_button (button, "spice-share-transferring-symbolic", "Shared folder: Transferring");

  /* The viewer connects again: a new channel, and then the old one goes. */
  fixture->channel = fake_channel_new (fixture->session);
  share_ui_model_add_channel (fixture->steering.model, G_OBJECT (fixture->channel));
  assert_button (button, "spice-share-off-symbolic", "Shared folder: Off");
  g_assert_finalize_object (channel);
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  assert_button (button, "spice-share-waiting-symbolic", "Shared folder: Waiting for the guest");

  gtk_widget_destroy (window);
  settle ();
}

/* The bar of the full screen hides itself; not under an open panel. */
static void
test_revealer (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = g_object_new (GTK_TYPE_APPLICATION_WINDOW, NULL);
  GtkRevealer *revealer = GTK_REVEALER (gtk_revealer_new ());
  GtkWidget *bar = gtk_header_bar_new ();
  GtkWidget *button;

  gtk_container_add (GTK_CONTAINER (revealer), bar);
  gtk_container_add (GTK_CONTAINER (window), GTK_WIDGET (revealer));
  gtk_revealer_set_reveal_child (revealer, TRUE);
  gtk_widget_show_all (window);
  wait_for (gtk_widget_get_mapped (bar));
  button = find_type (bar, SHARE_UI_TYPE_BUTTON);

  gtk_revealer_set_reveal_child (revealer, FALSE);
  g_assert_false (gtk_revealer_get_reveal_child (revealer));
  gtk_revealer_set_reveal_child (revealer, TRUE);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  gtk_revealer_set_reveal_child (revealer, FALSE);
  g_assert_true (gtk_revealer_get_reveal_child (revealer));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), FALSE);
  g_assert_false (gtk_revealer_get_reveal_child (revealer));

  /* And one that nobody wanted to hide stays. */
  gtk_revealer_set_reveal_child (revealer, TRUE);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), FALSE);
  g_assert_true (gtk_revealer_get_reveal_child (revealer));

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  gtk_widget_destroy (window);
  settle ();
}

static GSettings *
general_settings (void)
{
  return g_settings_new ("org.spice-space.webdav");
}

static GSettings *
vm_settings (void)
{
  return g_settings_new_with_path (
      "org.spice-space.webdav.vm",
      "/org/spice-space/webdav/vm/12345678-9abc-def0-0102-0304050607ff/");
}

static void
assert_setting (GSettings *settings, const char *dir, gboolean read_only)
{
  g_autofree char *is = g_settings_get_string (settings, "share-dir");

  g_assert_cmpstr (is, ==, dir);
  g_assert_cmpint (g_settings_get_boolean (settings, "share-dir-ro"), ==, read_only);
}

static void
test_drop (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  ShareUiButton *button = SHARE_UI_BUTTON (button_of (window));
  g_autoptr (GSettings) general = general_settings ();
  const char *const remote[] = { "https://example.org/x", NULL };
  const char *const none[] = { NULL };
  const char *const local[] = { "file:///srv/my%20photos", "file:///srv/other", NULL };
  const char *const odd[] = { "file:///srv/%ff", NULL };

  g_assert_false (share_ui_button_take_uris (button, remote));
  g_assert_false (share_ui_button_take_uris (button, none));
  assert_setting (general, "", FALSE);
  g_assert_true (share_ui_button_take_uris (button, local));
  assert_setting (general, "/srv/my photos", FALSE);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);

  /* The same again changes no setting, so the channel is asked. */
  g_assert_true (share_ui_button_take_uris (button, local));
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, "/srv/my photos");

  /* A name that is no text cannot be a setting. */
  g_assert_true (share_ui_button_take_uris (button, odd));
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, "/srv/\377");
  assert_setting (general, "/srv/my photos", FALSE);

  gtk_widget_destroy (window);
  settle ();
}

static void
test_panel_switch (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window, *panel, *on_off, *read_only;
  g_autoptr (GSettings) general = general_settings ();
  const char *const recent[] = { "/srv/photos", "/srv/old", NULL };
  g_autoptr (GSettings) ui = g_settings_new ("org.spice-space.webdav.ui");

  window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  panel = open_panel (window);
  on_off = child (panel, "on_off");
  read_only = child (panel, "read_only");

  /* Nothing to turn on while no folder was ever chosen. */
  g_assert_false (gtk_widget_get_sensitive (on_off));
  g_settings_set_strv (ui, "recent-dirs", recent);
  g_object_set (fixture->channel, "requests", (guint64)1, NULL);
  settle ();
  g_assert_true (gtk_widget_get_sensitive (on_off));
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (on_off)));
  assert_setting (general, "", FALSE);

  gtk_switch_set_active (GTK_SWITCH (on_off), TRUE);
  assert_setting (general, "/srv/photos", FALSE);
  /* On, as asked, although nothing is served yet. */
  settle ();
  g_assert_true (gtk_switch_get_active (GTK_SWITCH (on_off)));
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (read_only), TRUE);
  assert_setting (general, "/srv/photos", TRUE);
  fake_channel_start (fixture->channel, "/srv/photos", TRUE);
  settle ();
  g_assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (read_only)));

  gtk_switch_set_active (GTK_SWITCH (on_off), FALSE);
  assert_setting (general, "", TRUE);
  fake_channel_end (fixture->channel);
  settle ();
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (on_off)));
  /* Settings did it all. */
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 0);

  /* Sharing that the viewer began, and no setting: stopping is up to the channel. */
  fake_channel_start (fixture->channel, "/srv/viewer", TRUE);
  settle ();
  g_assert_true (gtk_switch_get_active (GTK_SWITCH (on_off)));
  gtk_switch_set_active (GTK_SWITCH (on_off), FALSE);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);

  gtk_widget_destroy (window);
  settle ();
}

/* A click counts when the switch has slid over; the counters that change meanwhile do not end it.
 */
static void
test_panel_switch_while_busy (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  g_autoptr (GSettings) general = general_settings ();
  gint64 deadline = g_get_monotonic_time () + DEADLINE * G_USEC_PER_SEC;
  GtkWidget *on_off;
  guint64 requests = 1;

  g_settings_set_string (general, "share-dir", "/srv/photos");
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  on_off = child (open_panel (window), "on_off");
  gtk_widget_activate (on_off);
  while (gtk_switch_get_active (GTK_SWITCH (on_off)))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_object_set (fixture->channel, "requests", requests++, NULL);
      g_main_context_iteration (NULL, TRUE);
    }
  assert_setting (general, "", FALSE);

  gtk_widget_destroy (window);
  settle ();
}

/* What was asked for and failed is not shown as done. */
static void
test_panel_failure (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel, *on_off;
  g_autoptr (GSettings) general = general_settings ();

  g_settings_set_string (general, "share-dir", "/srv/gone");
  panel = open_panel (window);
  on_off = child (panel, "on_off");
  gtk_switch_set_active (GTK_SWITCH (on_off), TRUE);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);
  settle ();
  g_assert_true (gtk_switch_get_active (GTK_SWITCH (on_off)));
  fake_channel_fail (fixture->channel, "The folder “gone” does not exist.");
  settle ();
  g_assert_false (gtk_switch_get_active (GTK_SWITCH (on_off)));
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (child (panel, "sentence"))), ==,
                   "The folder “gone” does not exist.");

  /* Later it is history, with its time. */
  g_assert_false (gtk_widget_get_visible (child (panel, "error_box")));
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  g_assert_true (gtk_widget_get_visible (child (panel, "error_box")));
  g_assert_true (g_str_has_suffix (gtk_label_get_text (GTK_LABEL (child (panel, "error"))),
                                   "does not exist."));

  gtk_widget_destroy (window);
  settle ();
}

static void
test_panel_scope (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel, *for_vm, *for_all;
  g_autoptr (GSettings) general = general_settings ();
  g_autoptr (GSettings) vm = vm_settings ();

  g_settings_set_string (general, "share-dir", "/srv/all");
  fake_channel_start (fixture->channel, "/srv/all", FALSE);
  settle ();
  panel = open_panel (window);
  for_vm = child (panel, "for_vm");
  for_all = child (panel, "for_all");
  g_assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (for_all)));

  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (for_vm), TRUE);
  assert_setting (vm, "/srv/all", FALSE);
  g_assert_true (g_settings_get_boolean (vm, "override"));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (child (panel, "read_only")), TRUE);
  assert_setting (vm, "/srv/all", TRUE);
  assert_setting (general, "/srv/all", FALSE);

  fake_channel_start (fixture->channel, "/srv/all", TRUE);
  settle ();
  g_assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (for_vm)));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (for_all), TRUE);
  g_assert_false (g_settings_get_boolean (vm, "override"));
  assert_setting (general, "/srv/all", FALSE);

  gtk_widget_destroy (window);
  settle ();
}

/* While the server has not said which VM it is, there is no “this one”. */
static void
test_panel_unknown_vm (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeSession) session = fake_session_new (NULL, NULL);
  g_autoptr (FakeChannel) channel = fake_channel_new (session);
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel = open_panel (window);

  g_assert_true (gtk_widget_get_sensitive (child (panel, "for_vm")));
  share_ui_model_add_channel (fixture->steering.model, G_OBJECT (channel));
  settle ();
  g_assert_false (gtk_widget_get_sensitive (child (panel, "for_vm")));

  gtk_widget_destroy (window);
  settle ();
}

static guint
count_children (GtkWidget *widget, gboolean visible_only)
{
  g_autoptr (GList) children = gtk_container_get_children (GTK_CONTAINER (widget));
  guint n = 0;

  for (GList *l = children; l != NULL; l = l->next)
    if (!visible_only || gtk_widget_get_visible (l->data))
      n++;
  return n;
}

static GVariant *
many_transfers (guint n, guint64 done)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(tssttx)"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("folder/%u.iso", i);

      g_variant_builder_add (&builder, "(tssttx)", (guint64)i, path, i % 2 ? "upload" : "download",
                             done, i == 1 ? G_MAXUINT64 : (guint64)1000000, (gint64)i);
    }
  return g_variant_builder_end (&builder);
}

static void
test_panel_transfers (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel = open_panel (window);
  GtkWidget *list = child (panel, "transfers");
  GtkWidget *bar;

  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  g_object_set (fixture->channel, "transfers", many_transfers (2, 250000), "requests", (guint64)3,
                "bytes-out", (guint64)1000000, "wire-bytes-out", (guint64)400000, NULL);
  settle ();
  g_assert_cmpuint (count_children (list, TRUE), ==, 2);
  bar = find_type (list, GTK_TYPE_PROGRESS_BAR);
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)), ==, 0.25);
  g_assert_cmpstr (atk_object_get_name (gtk_widget_get_accessible (bar)), ==,
                   "0.iso, to the guest");
  g_assert_cmpstr (gtk_label_get_text (GTK_LABEL (child (panel, "saved"))), ==,
                   "Compression saved 600.0\302\240kB (60 %)");
  g_assert_true (gtk_widget_get_mapped (child (panel, "saved")));

  /* Rows are capped, the rest is a number. */
  g_object_set (fixture->channel, "transfers", many_transfers (TRANSFER_LIST_MAX_ROWS + 7, 500000),
                NULL);
  settle ();
  g_assert_cmpuint (count_children (list, TRUE), ==, TRANSFER_LIST_MAX_ROWS + 1);
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)), ==, 0.5);

  g_object_set (fixture->channel, "transfers", many_transfers (0, 0), NULL);
  settle ();
  g_assert_cmpuint (count_children (list, TRUE), ==, 0);

  gtk_widget_destroy (window);
  settle ();
}

/* What the guest runs into is said, with what to do, as long as it holds. */
static void
test_panel_refusal (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel = open_panel (window);
  GtkWidget *label = child (panel, "refusal");
  g_autofree char *request = g_strnfill (1000, 'x');

  fake_channel_start (fixture->channel, "/srv/photos", TRUE);
  settle ();
  g_assert_false (gtk_widget_get_mapped (label));
  g_object_set (fixture->channel, "requests", (guint64)3, "refused", (guint64)1, "last-refusal",
                g_variant_new ("(xss)", g_get_real_time (), "read-only", "PUT /<new>"), NULL);
  settle ();
  g_assert_true (gtk_widget_get_mapped (label));
  g_assert_nonnull (strstr (gtk_label_get_text (GTK_LABEL (label)), "“PUT /<new>” was refused."));
  g_assert_nonnull (strstr (gtk_label_get_text (GTK_LABEL (label)), "switch off “Read-only”"));

  /* It would be allowed now. */
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  g_assert_false (gtk_widget_get_mapped (label));

  g_object_set (fixture->channel, "last-refusal",
                g_variant_new ("(xss)", g_get_real_time (), "outside", request), NULL);
  settle ();
  g_assert_true (gtk_widget_get_mapped (label));
  g_assert_nonnull (strstr (gtk_label_get_text (GTK_LABEL (label)), "xxx…” was refused."));
  g_assert_cmpuint (strlen (gtk_label_get_text (GTK_LABEL (label))), <, 400);

  gtk_widget_destroy (window);
  settle ();
}

static void
add_mnemonic (GHashTable *letters, GtkWidget *label)
{
  guint letter = gtk_label_get_mnemonic_keyval (GTK_LABEL (label));

  g_assert_cmpuint (letter, !=, GDK_KEY_VoidSymbol);
  g_assert_true (g_hash_table_add (letters, GUINT_TO_POINTER (letter)));
}

/* More than fits into the window is scrolled, and nothing is cut off that would fit. */
static void
test_small_window (Fixture *fixture, gconstpointer data)
{
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel, *scrolled;
  int natural;

  gtk_window_resize (GTK_WINDOW (window), 640, 400);
  wait_for (gtk_widget_get_allocated_height (window) >= 400);
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  panel = open_panel (window);
  scrolled = gtk_widget_get_ancestor (panel, GTK_TYPE_SCROLLED_WINDOW);
  gtk_widget_get_preferred_height (panel, NULL, &natural);
  wait_for (gtk_widget_get_allocated_height (scrolled) == natural);

  g_object_set (fixture->channel, "requests", (guint64)1, "transfers",
                many_transfers (TRANSFER_LIST_MAX_ROWS + 1, 1), NULL);
  settle ();
  wait_for (gtk_widget_get_allocated_height (panel) > 400);
  g_assert_cmpint (gtk_widget_get_allocated_height (scrolled), <, 400);

  gtk_widget_destroy (window);
  settle ();
}

/* Every control is named for a screen reader, and every mnemonic is another letter. */
static void
test_accessible (Fixture *fixture, gconstpointer data)
{
  static const char *const controls[] = { "on_off", "folder", "read_only", "for_all", "for_vm" };
  static const char *const labelled[] = { "read_only", "for_all", "for_vm" };
  g_autoptr (GHashTable) letters = g_hash_table_new (NULL, NULL);
  GtkWidget *window = window_with_header (GTK_TYPE_APPLICATION_WINDOW);
  GtkWidget *panel = open_panel (window);

  for (guint i = 0; i < G_N_ELEMENTS (controls); i++)
    {
      AtkObject *accessible = gtk_widget_get_accessible (child (panel, controls[i]));
      const char *name = atk_object_get_name (accessible);
      AtkRelationSet *relations = atk_object_ref_relation_set (accessible);
      gboolean has_label = atk_relation_set_contains (relations, ATK_RELATION_LABELLED_BY);

      if ((name == NULL || *name == '\0') && !has_label)
        g_error ("%s has no accessible name", controls[i]);
      g_object_unref (relations);
    }
  for (guint i = 0; i < G_N_ELEMENTS (labelled); i++)
    add_mnemonic (letters, find_type (child (panel, labelled[i]), GTK_TYPE_LABEL));
  /* The first label names the switch. */
  add_mnemonic (letters, find_type (panel, GTK_TYPE_LABEL));

  gtk_widget_destroy (window);
  settle ();
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  g_resources_register (spice_share_ui_get_resource ());
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_default (), "/org/spice-space/share/icons");

  header_hook_install (make_button, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/ui/header", test_header);
  ADD ("/ui/session", test_session);
  ADD ("/ui/button", test_button);
  ADD ("/ui/revealer", test_revealer);
  ADD ("/ui/drop", test_drop);
  ADD ("/ui/panel/switch", test_panel_switch);
  ADD ("/ui/panel/switch-while-busy", test_panel_switch_while_busy);
  ADD ("/ui/panel/failure", test_panel_failure);
  ADD ("/ui/panel/scope", test_panel_scope);
  ADD ("/ui/panel/unknown-vm", test_panel_unknown_vm);
  ADD ("/ui/panel/transfers", test_panel_transfers);
  ADD ("/ui/panel/refusal", test_panel_refusal);
  ADD ("/ui/panel/small-window", test_small_window);
  ADD ("/ui/accessible", test_accessible);
  return g_test_run ();
}
