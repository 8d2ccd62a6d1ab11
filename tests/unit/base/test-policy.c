/* The decision what is shared: sequences of events, and what must come of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy.h"

#define HOME "/home/u"
#define PUBLIC "/home/u/Public"

/* What happened. The argument is a folder, "ro"/"rw", or nothing. */
typedef enum
{
  END,
  SETTING,          /* share-dir := dir, share-dir-ro false */
  SETTING_RO,       /* share-dir := dir, share-dir-ro true */
  SETTING_FLAG,     /* share-dir-ro := ro/rw alone */
  DIALOG,           /* the viewer sets SpiceSession:shared-dir */
  DIALOG_FLAG,      /* the viewer sets SpiceSession:share-dir-ro */
  VIEW_ONLY,        /* SpiceSession:read-only := on/off */
  ASK,              /* action signal share-directory */
  ASK_STOP,         /* action signal stop-sharing */
  TICK,             /* the viewer connects the channel, and it comes up */
  UNTICK,           /* the viewer disconnects the channel */
  CARRY_OUT,        /* what the plan says about connecting is done, and the channel comes up */
  ASKED_TO_CONNECT, /* the plan begins to connect; nothing is up yet */
  CAME_UP,          /* and now it is */
  NEW_CHANNEL,      /* the session reconnects: another channel */
  EXPECT,           /* what is shared: "dir", "dir (ro)", "-" */
  EXPECT_CONNECT,   /* whether the plan is to connect: "yes", "no" */
  EXPECT_REFUSAL,   /* "none", "view-only", "unchosen", "relative" */
  EXPECT_SESSION,   /* what the session is to have: "dir", "dir (ro)", "-" */
} What;

typedef struct
{
  What what;
  const char *arg;
} Step;

typedef struct
{
  const char *name;
  const char *session_dir;
  Step steps[24];
  const char *stock; /* what a session has when nobody chose; NULL: PUBLIC */
} Case;

static const Case cases[] = {
  { "nothing-by-default", PUBLIC, { { EXPECT, "-" }, { EXPECT_CONNECT, "no" } } },
  { "setting-connects-and-shares",
    PUBLIC,
    { { SETTING, "/data" },
      { EXPECT_CONNECT, "yes" },
      { EXPECT, "-" },
      { CARRY_OUT },
      { EXPECT, "/data" },
      { EXPECT_CONNECT, "no" },
      { EXPECT_SESSION, "/data" } } },
  { "setting-read-only",
    PUBLIC,
    { { SETTING_RO, "/data" },
      { CARRY_OUT },
      { EXPECT, "/data (ro)" },
      { EXPECT_SESSION, "/data (ro)" } } },
  { "setting-changes",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { SETTING_RO, "/b" },
      { EXPECT, "/b (ro)" },
      { SETTING, "/c" },
      { EXPECT, "/c" } } },
  { "setting-flag-alone",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { SETTING_FLAG, "ro" },
      { EXPECT, "/a (ro)" },
      { SETTING_FLAG, "rw" },
      { EXPECT, "/a" } } },
  { "setting-emptied-stops-and-stays-up",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { SETTING, "" },
      { EXPECT, "-" },
      { EXPECT_CONNECT, "no" },
      { EXPECT_SESSION, PUBLIC } } },
  { "emptied-while-connecting-shares-nothing-of-the-viewer",
    PUBLIC,
    { { SETTING, "/a" }, { ASKED_TO_CONNECT }, { SETTING, "" }, { CAME_UP }, { EXPECT, "-" } } },
  { "emptied-and-set-again",
    PUBLIC,
    { { SETTING, "/a" }, { CARRY_OUT }, { SETTING, "" }, { SETTING, "/a" }, { EXPECT, "/a" } } },
  { "as-stock-when-the-viewer-connects", PUBLIC, { { TICK }, { EXPECT, PUBLIC } } },
  { "as-stock-but-never-home",
    HOME,
    { { TICK }, { EXPECT, "-" }, { EXPECT_REFUSAL, "unchosen" } },
    HOME },
  { "home-on-the-command-line", HOME, { { TICK }, { EXPECT, HOME } } },
  { "home-by-the-dialog",
    HOME,
    { { TICK }, { DIALOG, HOME }, { EXPECT, HOME }, { EXPECT_REFUSAL, "none" } },
    HOME },
  { "home-by-the-setting", HOME, { { SETTING, HOME }, { CARRY_OUT }, { EXPECT, HOME } }, HOME },
  { "home-by-the-setting-then-emptied-is-not-chosen",
    HOME,
    { { SETTING, HOME },
      { CARRY_OUT },
      { SETTING, "" },
      { UNTICK },
      { TICK },
      { EXPECT_REFUSAL, "unchosen" } },
    HOME },
  { "dialog-wins-over-the-setting-until-it-changes",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { DIALOG, "/dialog" },
      { EXPECT, "/dialog" },
      { SETTING, "/b" },
      { EXPECT, "/b" } } },
  { "dialog-before-the-box-is-ticked-shares-nothing",
    PUBLIC,
    { { DIALOG, "/dialog" },
      { EXPECT, "-" },
      { EXPECT_CONNECT, "no" },
      { TICK },
      { EXPECT, "/dialog" } } },
  { "dialog-empties-the-folder", PUBLIC, { { TICK }, { DIALOG, "" }, { EXPECT, "-" } } },
  { "dialog-after-emptied",
    PUBLIC,
    { { SETTING, "/a" }, { CARRY_OUT }, { SETTING, "" }, { DIALOG, "/d" }, { EXPECT, "/d" } } },
  { "emptied-ends-the-dialog's-folder-too",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { DIALOG, "/d" },
      { SETTING, "" },
      { EXPECT, "-" },
      { EXPECT_SESSION, "/d" } } },
  { "dialog-flag-changes-what-is-shared",
    PUBLIC,
    { { SETTING, "/a" }, { CARRY_OUT }, { DIALOG_FLAG, "ro" }, { EXPECT, "/a (ro)" } } },
  { "dialog-flag-starts-nothing",
    PUBLIC,
    { { SETTING, "/a" }, { CARRY_OUT }, { SETTING, "" }, { DIALOG_FLAG, "ro" }, { EXPECT, "-" } } },
  { "dialog-keeps-the-flag-of-the-setting",
    PUBLIC,
    { { SETTING_RO, "/a" },
      { CARRY_OUT },
      { DIALOG, "/d" },
      { EXPECT, "/d (ro)" },
      { SETTING_FLAG, "rw" },
      { EXPECT, "/d" } } },
  { "unticked-stays-down",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { UNTICK },
      { EXPECT, "-" },
      { EXPECT_CONNECT, "no" },
      { SETTING_FLAG, "ro" },
      { EXPECT_CONNECT, "no" },
      { DIALOG, "/d" },
      { EXPECT_CONNECT, "no" },
      { SETTING, "/b" },
      { EXPECT_CONNECT, "yes" },
      { CARRY_OUT },
      { EXPECT, "/b" } } },
  { "unticked-and-ticked",
    PUBLIC,
    { { SETTING, "/a" }, { CARRY_OUT }, { UNTICK }, { TICK }, { EXPECT, "/a" } } },
  { "emptied-unticked-ticked-is-as-stock",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { SETTING, "" },
      { UNTICK },
      { TICK },
      { EXPECT, PUBLIC } } },
  { "flag-alone-holds-for-the-viewer's-folder",
    PUBLIC,
    { { SETTING_FLAG, "ro" },
      { EXPECT_SESSION, PUBLIC " (ro)" },
      { TICK },
      { EXPECT, PUBLIC " (ro)" },
      { SETTING_FLAG, "rw" },
      { EXPECT, PUBLIC } } },
  { "emptied-and-the-dialog-does-not-connect",
    PUBLIC,
    { { SETTING, "/a" }, { SETTING, "" }, { DIALOG, "/d" }, { EXPECT_CONNECT, "no" } } },
  { "flag-of-the-dialog-outlives-that-of-the-setting",
    PUBLIC,
    { { DIALOG_FLAG, "ro" },
      { SETTING_FLAG, "ro" },
      { SETTING_FLAG, "rw" },
      { EXPECT_SESSION, PUBLIC " (ro)" } } },
  { "emptied-keeps-the-flag",
    PUBLIC,
    { { SETTING_RO, "/a" },
      { CARRY_OUT },
      { SETTING_RO, "" },
      { EXPECT_SESSION, PUBLIC " (ro)" } } },
  { "view-only",
    PUBLIC,
    { { VIEW_ONLY, "on" },
      { EXPECT_REFUSAL, "none" },
      { SETTING, "/a" },
      { EXPECT_CONNECT, "no" },
      { EXPECT_REFUSAL, "view-only" },
      { VIEW_ONLY, "off" },
      { EXPECT_CONNECT, "yes" },
      { CARRY_OUT },
      { EXPECT, "/a" },
      { VIEW_ONLY, "on" },
      { EXPECT, "-" },
      { EXPECT_REFUSAL, "view-only" } } },
  { "view-only-as-stock",
    PUBLIC,
    { { VIEW_ONLY, "on" }, { TICK }, { EXPECT, "-" }, { EXPECT_REFUSAL, "view-only" } } },
  { "relative-setting",
    PUBLIC,
    { { SETTING, "data" }, { EXPECT_CONNECT, "no" }, { EXPECT_REFUSAL, "relative" } } },
  { "asked-on-the-channel",
    PUBLIC,
    { { ASK, "/x" },
      { EXPECT_CONNECT, "yes" },
      { CARRY_OUT },
      { EXPECT, "/x" },
      { ASK_STOP },
      { EXPECT, "-" },
      { EXPECT_CONNECT, "no" },
      { SETTING, "/a" },
      { EXPECT, "/a" } } },
  { "asked-wins-over-the-setting",
    PUBLIC,
    { { SETTING_RO, "/a" },
      { CARRY_OUT },
      { ASK, "/x" },
      { EXPECT, "/x" },
      { EXPECT_SESSION, "/x" } } },
  { "session-reconnects",
    PUBLIC,
    { { SETTING, "/a" },
      { CARRY_OUT },
      { DIALOG, "/d" },
      { NEW_CHANNEL },
      { EXPECT_CONNECT, "yes" },
      { CARRY_OUT },
      { EXPECT, "/d" } } },
  { "paths-are-compared-as-text",
    "/home/u/./Public/",
    { { TICK }, { EXPECT, PUBLIC }, { SETTING, "/data//x/../y/" }, { EXPECT, "/data/y" } } },
  { "home-written-differently", "/home/./u/", { { TICK }, { EXPECT_REFUSAL, "unchosen" } }, HOME },
  { "root-of-the-file-system", "/", { { TICK }, { EXPECT_REFUSAL, "unchosen" } }, "/" },
  { "root-of-the-file-system-on-the-command-line", "/", { { TICK }, { EXPECT, "/" } } },
  { "no-folder-at-all", NULL, { { TICK }, { EXPECT, "-" }, { EXPECT_REFUSAL, "none" } } },
};

static const char *const refusals[] = { "none", "view-only", "unchosen", "relative" };

static char *
describe (const char *dir, gboolean read_only)
{
  return dir == NULL ? g_strdup ("-") : g_strconcat (dir, read_only ? " (ro)" : "", NULL);
}

static void
run_case (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (SharePolicy) policy = share_policy_new (
      HOME, test->stock != NULL ? test->stock : PUBLIC, test->session_dir, FALSE);
  gboolean up = FALSE, held = FALSE;

  for (const Step *step = test->steps; step->what != END; step++)
    {
      SharePlan plan = share_policy_plan (policy, up, held);
      g_autofree char *found = NULL;
      const char *dir;
      gboolean read_only;

      g_test_message ("step %d: %d %s", (int)(step - test->steps), step->what, step->arg);
      switch (step->what)
        {
        case SETTING:
        case SETTING_RO:
          share_policy_setting_dir (policy, step->arg, step->what == SETTING_RO);
          held = FALSE;
          break;
        case SETTING_FLAG:
          share_policy_setting_read_only (policy, g_str_equal (step->arg, "ro"));
          break;
        case DIALOG:
          share_policy_session_dir (policy, step->arg);
          break;
        case DIALOG_FLAG:
          share_policy_session_read_only (policy, g_str_equal (step->arg, "ro"));
          break;
        case VIEW_ONLY:
          share_policy_view_only (policy, g_str_equal (step->arg, "on"));
          break;
        case ASK:
          share_policy_ask (policy, step->arg, FALSE);
          held = FALSE;
          break;
        case ASK_STOP:
          share_policy_ask_stop (policy);
          break;
        case TICK:
          up = TRUE;
          held = FALSE;
          share_policy_channel_up (policy, TRUE);
          break;
        case UNTICK:
          up = FALSE;
          held = TRUE;
          break;
        case CARRY_OUT:
          g_assert_true (plan.connect);
          up = TRUE;
          share_policy_channel_up (policy, FALSE);
          break;
        case ASKED_TO_CONNECT:
          g_assert_true (plan.connect);
          break;
        case CAME_UP:
          up = TRUE;
          share_policy_channel_up (policy, FALSE);
          break;
        case NEW_CHANNEL:
          up = held = FALSE;
          break;
        case EXPECT:
          found = describe (plan.dir, plan.read_only);
          g_assert_cmpstr (found, ==, step->arg);
          break;
        case EXPECT_CONNECT:
          g_assert_cmpstr (plan.connect ? "yes" : "no", ==, step->arg);
          break;
        case EXPECT_REFUSAL:
          g_assert_cmpstr (refusals[plan.refusal], ==, step->arg);
          g_assert_true ((plan.refusal == SHARE_REFUSAL_NONE) == (plan.refused_dir == NULL));
          break;
        case EXPECT_SESSION:
          dir = share_policy_get_session (policy, &read_only);
          found = describe (dir, read_only);
          g_assert_cmpstr (found, ==, step->arg);
          break;
        case END:
          g_assert_not_reached ();
        }
    }
}

/* Whatever happens in whatever order: a view-only session shares nothing, nothing is shared on a
 * channel that is down, and home is shared only after somebody named it. */
static void
test_any_order (void)
{
  static const char *const dirs[] = { "/a", "/b", "", HOME, "rel" };

  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (SharePolicy) policy = share_policy_new (HOME, HOME, HOME, FALSE);
      gboolean up = FALSE, held = FALSE, view_only = FALSE, home_named = FALSE;

      for (guint i = 0; i < 40; i++)
        {
          const char *dir = dirs[g_test_rand_int_range (0, G_N_ELEMENTS (dirs))];
          gboolean flag = g_test_rand_bit ();
          SharePlan plan;

          switch (g_test_rand_int_range (0, 8))
            {
            case 0:
              share_policy_setting_dir (policy, dir, flag);
              home_named |= g_str_equal (dir, HOME);
              held = FALSE;
              break;
            case 1:
              share_policy_setting_read_only (policy, flag);
              break;
            case 2:
              share_policy_session_dir (policy, dir);
              home_named |= g_str_equal (dir, HOME);
              break;
            case 3:
              share_policy_session_read_only (policy, flag);
              break;
            case 4:
              view_only = flag;
              share_policy_view_only (policy, flag);
              break;
            case 5:
              share_policy_ask_stop (policy);
              break;
            case 6:
              up = TRUE;
              held = FALSE;
              share_policy_channel_up (policy, flag);
              break;
            default:
              up = FALSE;
              held = TRUE;
              break;
            }
          plan = share_policy_plan (policy, up, held);
          if (plan.dir != NULL)
            {
              g_assert_true (up && !view_only);
              g_assert_true (g_path_is_absolute (plan.dir));
              g_assert_true (home_named || !g_str_equal (plan.dir, HOME));
            }
          if (plan.connect)
            g_assert_true (!up && !held && !view_only);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/policy/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], run_case);
    }
  g_test_add_func ("/policy/any-order", test_any_order);
  return g_test_run ();
}
