/* The XML of answers: well-formed whatever is in it, complete, and fast.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../../lib/patience.h"
#include "dav/dav-xml-write.h"

#include <libxml/parser.h>
#include <string.h>
#include <time.h>

#define NOW (1000 * G_TIME_SPAN_SECOND)

/* What a whole document says, with each space of names spelled out: reading it back is the only way
 * to know that it is XML. */
static void
describe_node (GString *out, xmlNode *node)
{
  for (; node != NULL; node = node->next)
    {
      if (node->type == XML_TEXT_NODE)
        {
          if (strcmp ((const char *)node->content, "\n") != 0)
            g_string_append (out, (const char *)node->content);
          continue;
        }
      g_string_append_c (out, '(');
      if (node->ns != NULL && strcmp ((const char *)node->ns->href, "DAV:") != 0)
        g_string_append_printf (out, "{%s}", (const char *)node->ns->href);
      else if (node->ns == NULL)
        g_string_append (out, "{}");
      g_string_append (out, (const char *)node->name);
      for (xmlAttr *attribute = node->properties; attribute != NULL; attribute = attribute->next)
        {
          xmlChar *value = xmlNodeListGetString (node->doc, attribute->children, 1);

          g_string_append_printf (out, " %s=%s", (const char *)attribute->name,
                                  (const char *)value);
          xmlFree (value);
        }
      if (node->children != NULL)
        g_string_append_c (out, ' ');
      describe_node (out, node->children);
      g_string_append_c (out, ')');
    }
}

static char *
read_back (const GString *xml)
{
  GString *out = g_string_new (NULL);
  xmlDoc *document
      = xmlReadMemory (xml->str, (int)xml->len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOENT);

  if (document == NULL)
    g_error ("not XML: %s", xml->str);
  describe_node (out, xmlDocGetRootElement (document));
  xmlFreeDoc (document);

  return g_string_free (out, FALSE);
}

static DavPropfind *
ask (const char *inner)
{
  g_autofree char *body = g_strdup_printf ("<D:propfind xmlns:D='DAV:'>%s</D:propfind>", inner);
  DavPropfind *request = NULL;

  g_assert_cmpint (dav_propfind_parse (body, strlen (body), &request), ==, DAV_XML_OK);
  return request;
}

/* The one response of a listing that asks @inner about @resource. */
static char *
list (const char *inner, const DavResource *resource)
{
  g_autoptr (DavPropfind) request = ask (inner);
  g_autoptr (GString) xml = g_string_new (NULL);

  dav_xml_begin_multistatus (xml);
  dav_xml_append_resource (xml, request, resource);
  dav_xml_end_multistatus (xml);

  return read_back (xml);
}

static const DavResource file = {
  .path = "dir/a b.txt",
  .inode = 0x12,
  .size = G_GUINT64_CONSTANT (5368709120),
  .mtime = 784111777,
  .mtime_ns = 3,
  .birth_time = 0,
  .content_type = "text/plain",
  .now = NOW,
};

static const DavResource folder = {
  .path = "dir",
  .is_folder = TRUE,
  .mtime = 784111777,
  .birth_time = G_MININT64,
  .has_quota = TRUE,
  .quota_available = G_MAXUINT64,
  .quota_used = 7,
  .now = NOW,
};

#define ENTRY(scope) "(lockentry (lockscope (" scope "))(locktype (write)))"
#define BOTH_ENTRIES ENTRY ("exclusive") ENTRY ("shared")
#define OK_STATUS "(status HTTP/1.1 200 OK)"
#define WIN32 "{urn:schemas-microsoft-com:}Win32LastModifiedTime"
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static void
test_allprop (void)
{
  g_autofree char *of_file = list ("<D:allprop/>", &file);
  g_autofree char *of_folder = list ("<D:allprop/>", &folder);

  g_assert_cmpstr (of_file, ==,
                   "(multistatus (response (href /dir/a%20b.txt)(propstat (prop "
                   "(creationdate 1970-01-01T00:00:00Z)(displayname a b.txt)"
                   "(getcontentlength 5368709120)(getcontenttype text/plain)"
                   "(getetag \"12-140000000-2ebc98a1.3\")"
                   "(getlastmodified " DATE ")(resourcetype)"
                   "(supportedlock " BOTH_ENTRIES ")(lockdiscovery)"
                   "(" WIN32 " " DATE "))" OK_STATUS ")))");
  g_assert_cmpstr (of_folder, ==,
                   "(multistatus (response (href /dir/)(propstat (prop "
                   "(displayname dir)(getlastmodified " DATE ")(resourcetype (collection))"
                   "(supportedlock " BOTH_ENTRIES ")(lockdiscovery)"
                   "(" WIN32 " " DATE "))" OK_STATUS ")))");
}

static void
test_include (void)
{
  const char *const ask_quota
      = "<D:allprop/><D:include><D:quota-used-bytes/><D:getetag/><x/></D:include>";
  g_autofree char *of_file = list (ask_quota, &file);
  g_autofree char *of_folder = list (ask_quota, &folder);

  g_assert_nonnull (strstr (of_folder, "(quota-used-bytes 7)"));
  g_assert_null (strstr (of_folder, "quota-available"));
  g_assert_true (
      g_str_has_suffix (of_folder, "(propstat (prop ({}x))(status HTTP/1.1 404 Not Found))))"));
  g_assert_true (g_str_has_suffix (
      of_file, "(propstat (prop (quota-used-bytes)({}x))(status HTTP/1.1 404 Not Found))))"));
}

static void
test_prop (void)
{
  const char *const names = "<D:prop><D:getetag/><D:quota-available-bytes/><D:resourcetype/>"
                            "<D:displayname/></D:prop>";
  g_autofree char *of_file = list (names, &file);
  g_autofree char *of_folder = list (names, &folder);
  g_autofree char *of_nothing = list ("<D:prop/>", &file);
  g_autofree char *unknown = list ("<D:prop><D:a/><b xmlns='n:&amp;'/></D:prop>", &file);

  g_assert_cmpstr (
      of_file, ==,
      "(multistatus (response (href /dir/a%20b.txt)(propstat (prop "
      "(displayname a b.txt)(getetag \"12-140000000-2ebc98a1.3\")(resourcetype))" OK_STATUS
      ")(propstat (prop (quota-available-bytes))"
      "(status HTTP/1.1 404 Not Found))))");
  g_assert_cmpstr (
      of_folder, ==,
      "(multistatus (response (href /dir/)(propstat (prop (displayname dir)"
      "(resourcetype (collection))(quota-available-bytes 18446744073709551615))" OK_STATUS
      ")(propstat (prop (getetag))(status HTTP/1.1 404 Not Found))))");
  g_assert_cmpstr (of_nothing, ==,
                   "(multistatus (response (href /dir/a%20b.txt)(propstat (prop)" OK_STATUS ")))");
  g_assert_cmpstr (unknown, ==,
                   "(multistatus (response (href /dir/a%20b.txt)(propstat (prop (a)({n:&}b))"
                   "(status HTTP/1.1 404 Not Found))))");
}

static void
test_propname (void)
{
  g_autoptr (GPtrArray) props = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_prop_free);
  DavResource with_props = file;
  g_autofree char *names = NULL;

  g_ptr_array_add (props, dav_prop_new ("n:", "x", NULL, "secret"));
  with_props.props = props;
  names = list ("<D:propname/>", &with_props);
  g_assert_cmpstr (names, ==,
                   "(multistatus (response (href /dir/a%20b.txt)(propstat (prop "
                   "(creationdate)(displayname)(getcontentlength)(getcontenttype)(getetag)"
                   "(getlastmodified)(resourcetype)(supportedlock)(lockdiscovery)(" WIN32 ")"
                   "({n:}x))" OK_STATUS ")))");
}

static void
test_dead (void)
{
  g_autoptr (GPtrArray) props = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_prop_free);
  DavResource with_props = file;
  g_autofree char *all = NULL;
  g_autofree char *some = NULL;

  g_ptr_array_add (props, dav_prop_new ("n:\"&<'", "x", "en\"", "a<n:y xmlns:n=\"m:\"/>&amp;"));
  g_ptr_array_add (props, dav_prop_new ("", "none", NULL, "<z/>"));
  g_ptr_array_add (props, dav_prop_new ("DAV:", "\xe5\x90\x8d", NULL, ""));
  with_props.props = props;

  all = list ("<D:allprop/>", &with_props);
  g_assert_nonnull (strstr (all, "({n:\"&<'}x lang=en\" a({m:}y)&)({}none ({}z))(\xe5\x90\x8d))"));

  some = list ("<D:prop><none/><D:\xe5\x90\x8d/><D:none/></D:prop>", &with_props);
  g_assert_cmpstr (some, ==,
                   "(multistatus (response (href /dir/a%20b.txt)(propstat (prop ({}none ({}z))"
                   "(\xe5\x90\x8d))" OK_STATUS ")(propstat (prop (none))"
                   "(status HTTP/1.1 404 Not Found))))");
}

static void
test_locks (void)
{
  DavLock one = {
    .token = (char *)"urn:uuid:1",
    .root = (char *)"dir",
    .root_is_folder = TRUE,
    .is_infinite = TRUE,
    .owner = (char *)"<o/>",
    .expires = NOW + 600 * G_TIME_SPAN_SECOND,
  };
  DavLock two = {
    .token = (char *)"urn:uuid:2",
    .root = (char *)"dir/a b.txt",
    .is_exclusive = TRUE,
    .expires = NOW - 1,
  };
  g_autoptr (GPtrArray) locks = g_ptr_array_new ();
  g_autoptr (GString) body = g_string_new (NULL);
  g_autofree char *whole = NULL;
  g_autofree char *text = NULL;
  DavResource locked = file;

#define ONE                                                                                        \
  "(activelock (locktype (write))(lockscope (shared))(depth infinity)(owner ({}o))"                \
  "(timeout Second-600)(locktoken (href urn:uuid:1))(lockroot (href /dir/)))"
#define TWO                                                                                        \
  "(activelock (locktype (write))(lockscope (exclusive))(depth 0)"                                 \
  "(timeout Second-0)(locktoken (href urn:uuid:2))(lockroot (href /dir/a%20b.txt)))"

  g_ptr_array_add (locks, &one);
  g_ptr_array_add (locks, &two);
  locked.locks = locks;
  text = list ("<D:prop><D:lockdiscovery/></D:prop>", &locked);
  g_assert_cmpstr (
      text, ==,
      "(multistatus (response (href /dir/a%20b.txt)(propstat (prop (lockdiscovery " ONE TWO
      "))" OK_STATUS ")))");

  dav_xml_append_lock_body (body, &one, NOW);
  whole = read_back (body);
  g_assert_cmpstr (whole, ==, "(prop (lockdiscovery " ONE "))");
}

static void
test_read_only (void)
{
  DavResource fixed = file;
  g_autofree char *text = NULL;

  fixed.is_read_only = TRUE;
  text = list ("<D:prop><D:supportedlock/></D:prop>", &fixed);
  g_assert_nonnull (strstr (text, "(prop (supportedlock))"));
}

static void
test_status (void)
{
  DavLock lock = { .root = (char *)"a&b", .root_is_folder = TRUE };
  g_autoptr (GString) xml = g_string_new (NULL);
  g_autofree char *text = NULL;

  dav_xml_begin_multistatus (xml);
  dav_xml_append_status (xml, "x", FALSE, 403, NULL, NULL);
  dav_xml_append_status (xml, "y", TRUE, 423, "lock-token-submitted", &lock);
  dav_xml_append_status (xml, "z", FALSE, 599, NULL, NULL);
  dav_xml_end_multistatus (xml);
  text = read_back (xml);
  g_assert_cmpstr (text, ==,
                   "(multistatus (response (href /x)(status HTTP/1.1 403 Forbidden))"
                   "(response (href /y/)(status HTTP/1.1 423 Locked)"
                   "(error (lock-token-submitted (href /a%26b/))))"
                   "(response (href /z)(status HTTP/1.1 599 Unknown Error)))");
}

static void
test_prop_statuses (void)
{
  g_autoptr (DavProp) one = dav_prop_new ("n:", "one", NULL, NULL);
  g_autoptr (DavProp) two = dav_prop_new ("", "two", NULL, NULL);
  g_autoptr (DavProp) three = dav_prop_new ("DAV:", "three", NULL, NULL);
  const DavPropStatus statuses[] = {
    { one, 424, NULL },
    { three, 403, "cannot-modify-protected-property" },
    { two, 424, NULL },
    { two, 403, NULL },
  };
  g_autoptr (GString) xml = g_string_new (NULL);
  g_autofree char *text = NULL;

  dav_xml_begin_multistatus (xml);
  dav_xml_append_prop_statuses (xml, "x", FALSE, statuses, G_N_ELEMENTS (statuses));
  dav_xml_end_multistatus (xml);
  text = read_back (xml);
  g_assert_cmpstr (text, ==,
                   "(multistatus (response (href /x)"
                   "(propstat (prop ({n:}one)({}two))(status HTTP/1.1 424 Failed Dependency))"
                   "(propstat (prop (three))(status HTTP/1.1 403 Forbidden)"
                   "(error (cannot-modify-protected-property)))"
                   "(propstat (prop ({}two))(status HTTP/1.1 403 Forbidden))))");
}

static void
test_error_body (void)
{
  DavLock lock = { .root = (char *)"" };
  g_autoptr (GString) with = g_string_new (NULL);
  g_autoptr (GString) without = g_string_new (NULL);
  g_autofree char *text = NULL;
  g_autofree char *bare = NULL;

  dav_xml_append_error_body (with, "no-conflicting-lock", &lock);
  text = read_back (with);
  g_assert_cmpstr (text, ==, "(error (no-conflicting-lock (href /)))");
  dav_xml_append_error_body (without, "propfind-finite-depth", NULL);
  bare = read_back (without);
  g_assert_cmpstr (bare, ==, "(error (propfind-finite-depth))");
}

static void
test_text (void)
{
  static const struct
  {
    const char *text;
    const char *escaped;
  } cases[] = {
    { "", "" },
    { "plain", "plain" },
    { "<a href=\"b\">'&'</a>", "&lt;a href=&quot;b&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;" },
    { "a\tb\nc\rd", "a&#9;b&#10;c&#13;d" },
    { "\x01\x1f\x7f", "\xef\xbf\xbd\xef\xbf\xbd\x7f" },
    { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      dav_xml_append_text (out, cases[i].text);
      g_assert_cmpstr (out->str, ==, cases[i].escaped);
    }
}

static void
test_number (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  dav_xml_append_number (out, 0);
  g_string_append_c (out, ' ');
  dav_xml_append_number (out, 1000);
  g_string_append_c (out, ' ');
  dav_xml_append_number (out, G_MAXUINT64);
  g_assert_cmpstr (out->str, ==, "0 1000 18446744073709551615");
}

/* Every name a file can have gives XML whose href and text are sound. */
static void
test_names (void)
{
  for (guint a = 1; a < 256; a++)
    for (guint b = 1; b < 256; b += 7)
      {
        const char name[] = { (char)a, (char)b, '\0' };
        g_autofree char *text = NULL;
        DavResource resource = file;

        resource.path = name;
        text = list ("<D:prop><D:displayname/></D:prop>", &resource);
        g_assert_nonnull (strstr (text, OK_STATUS));
      }
}

/* CPU time of this thread, in microseconds: how busy the machine is does not matter. */
static gint64
get_cpu_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* 10,000 files as a file manager asks for them. */
static void
test_time (void)
{
  g_autoptr (DavPropfind) request = ask ("<D:allprop/>");
  g_autoptr (GString) out = g_string_new (NULL);
  DavResource resource = file;
  gint64 start;

  start = get_cpu_time ();
  for (guint i = 0; i < 10000; i++)
    {
      resource.inode = i;
      dav_xml_append_resource (out, request, &resource);
      if (out->len > 256 * 1024)
        g_string_truncate (out, 0);
    }
  g_test_message ("%" G_GINT64_FORMAT " us for 10,000 files", get_cpu_time () - start);
  g_assert_cmpint (get_cpu_time () - start, <, 500 * G_TIME_SPAN_MILLISECOND * patience ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-xml-write/allprop", test_allprop);
  g_test_add_func ("/dav-xml-write/include", test_include);
  g_test_add_func ("/dav-xml-write/prop", test_prop);
  g_test_add_func ("/dav-xml-write/propname", test_propname);
  g_test_add_func ("/dav-xml-write/dead", test_dead);
  g_test_add_func ("/dav-xml-write/locks", test_locks);
  g_test_add_func ("/dav-xml-write/read-only", test_read_only);
  g_test_add_func ("/dav-xml-write/status", test_status);
  g_test_add_func ("/dav-xml-write/prop-statuses", test_prop_statuses);
  g_test_add_func ("/dav-xml-write/error-body", test_error_body);
  g_test_add_func ("/dav-xml-write/text", test_text);
  g_test_add_func ("/dav-xml-write/number", test_number);
  g_test_add_func ("/dav-xml-write/names", test_names);
  g_test_add_func ("/dav-xml-write/time", test_time);

  return g_test_run ();
}
