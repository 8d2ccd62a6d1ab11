/* The XML bodies of PROPFIND, PROPPATCH and LOCK.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../../lib/patience.h"
#include "dav/dav-xml-read.h"

#include <string.h>
#include <time.h>

#include "dav/dav-xml-scan.h"

#define PROPFIND(inner) "<D:propfind xmlns:D=\"DAV:\">" inner "</D:propfind>"
#define SET(inner)                                                                                 \
  "<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop>" inner "</D:prop></D:set></"                 \
  "D:propertyupdate>"
#define LOCK(inner)                                                                                \
  "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>"                         \
  "<D:locktype><D:write/></D:locktype>" inner "</D:lockinfo>"

static void
log_text (const char *text)
{
  g_autofree char *escaped = g_strescape (text, NULL);

  g_test_message ("%s", escaped);
}

static char *
repeat (const char *before, const char *piece, guint n, const char *after)
{
  GString *text = g_string_new (before);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s", piece);
  g_string_append (text, after);

  return g_string_free (text, FALSE);
}

/* "ns|name ns|name", of names that are not live. */
static char *
describe (const GPtrArray *props)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < props->len; i++)
    {
      const DavProp *prop = g_ptr_array_index (props, i);

      g_string_append_printf (text, "%s%s|%s", i > 0 ? " " : "", prop->ns, prop->name);
    }

  return g_string_free (text, FALSE);
}

static void
test_propfind (void)
{
  static const struct
  {
    const char *body;
    DavPropfindKind kind;
    guint live;
    const char *others;
  } cases[] = {
    { "", DAV_PROPFIND_ALLPROP, DAV_PROP_ALL, "" },
    { PROPFIND ("<D:allprop/>"), DAV_PROPFIND_ALLPROP, DAV_PROP_ALL, "" },
    { "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\" ?>\r\n" PROPFIND ("<D:allprop/>"),
      DAV_PROPFIND_ALLPROP, DAV_PROP_ALL, "" },
    { PROPFIND ("<D:allprop/><D:include><D:quota-used-bytes/><x/></D:include>"),
      DAV_PROPFIND_ALLPROP, DAV_PROP_ALL | DAV_PROP_QUOTA_USED, "|x" },
    { "<!--><!DOCTYPE x>-->" PROPFIND ("<D:propname/>"), DAV_PROPFIND_PROPNAME, 0, "" },
    { PROPFIND ("<D:propname/>"), DAV_PROPFIND_PROPNAME, 0, "" },
    { PROPFIND ("<D:prop><D:getetag/><D:quota-available-bytes/></D:prop>"), DAV_PROPFIND_PROP,
      DAV_PROP_ETAG | DAV_PROP_QUOTA_AVAILABLE, "" },
    { PROPFIND ("<D:prop/>"), DAV_PROPFIND_PROP, 0, "" },
    { PROPFIND ("<D:prop><a xmlns=\"n:1\"/><b:a xmlns:b=\"n:2\"/><a xmlns=\"n:1\"/><getetag/>"
                "</D:prop>"),
      DAV_PROPFIND_PROP, 0, "n:1|a n:2|a |getetag" },
    { PROPFIND ("<D:prop><Z:Win32LastModifiedTime xmlns:Z=\"urn:schemas-microsoft-com:\"/>"
                "<Z:Win32FileAttributes xmlns:Z=\"urn:schemas-microsoft-com:\"/></D:prop>"),
      DAV_PROPFIND_PROP, DAV_PROP_WIN32_LAST_MODIFIED,
      "urn:schemas-microsoft-com:|Win32FileAttributes" },
    { "<propfind xmlns=\"DAV:\"><prop><getetag/></prop></propfind>", DAV_PROPFIND_PROP,
      DAV_PROP_ETAG, "" },
    /* What nobody knows is skipped with all that is in it. */
    { PROPFIND ("<x><D:propname/></x><D:foo/><D:prop><D:getetag><D:getcontentlength/>"
                "</D:getetag></D:prop>"),
      DAV_PROPFIND_PROP, DAV_PROP_ETAG, "" },
    { PROPFIND (" text <!-- c --><?pi?><![CDATA[<D:propname/>]]><D:prop> x <D:getetag/></D:prop>"),
      DAV_PROPFIND_PROP, DAV_PROP_ETAG, "" },
    { PROPFIND ("<D:prop><\xe5\x90\x8d xmlns=\"\xe5\x90\x8d:&amp;&#x20AC;\"/></D:prop>"),
      DAV_PROPFIND_PROP, 0, "\xe5\x90\x8d:&\xe2\x82\xac|\xe5\x90\x8d" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavPropfind) propfind = NULL;
      g_autofree char *others = NULL;

      log_text (cases[i].body);
      g_assert_cmpint (dav_propfind_parse (cases[i].body, strlen (cases[i].body), &propfind), ==,
                       DAV_XML_OK);
      g_assert_cmpint (propfind->kind, ==, cases[i].kind);
      g_assert_cmphex (propfind->live, ==, cases[i].live);
      others = describe (propfind->others);
      g_assert_cmpstr (others, ==, cases[i].others);
    }
}

static void
test_propfind_refused (void)
{
  static const struct
  {
    const char *body;
    DavXmlResult result;
  } cases[] = {
    { " ", DAV_XML_MALFORMED },
    { "x", DAV_XML_MALFORMED },
    { "<", DAV_XML_MALFORMED },
    { "<D:propfind xmlns:D=\"DAV:\"><D:allprop/>", DAV_XML_MALFORMED },
    { PROPFIND ("<D:allprop>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:allprop/>") "<x/>", DAV_XML_MALFORMED },
    { PROPFIND ("<D:allprop/>") "\xff", DAV_XML_MALFORMED },
    { "<D:propfind><D:allprop/></D:propfind>", DAV_XML_MALFORMED },
    /* litmus, propfind_invalid: not well-formed comes before not known */
    { "<foo>", DAV_XML_MALFORMED },
    { "<foo/><bar/>", DAV_XML_MALFORMED },
    { "<foo><D:bar/></foo>", DAV_XML_MALFORMED },
    /* litmus, propfind_invalid2 */
    { PROPFIND ("<D:prop><bar:foo xmlns:bar=\"\"/></D:prop>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:prop a=\"1\" a=\"2\"/>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:prop>&nbsp;</D:prop>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:prop>&#0;</D:prop>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:prop>\x01</D:prop>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:prop>\xc0\x80</D:prop>"), DAV_XML_MALFORMED },
    { PROPFIND ("<D:prop>\xed\xa0\x80</D:prop>"), DAV_XML_MALFORMED },
    { "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>" PROPFIND ("<D:prop>\xe9</D:prop>"),
      DAV_XML_MALFORMED },
    { "<!DOCTYPE propfind>" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<!DOCTYPE x [<!ENTITY a \"b\">]>" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<!-- --><!DOCTYPE x>" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<?x '?><!DOCTYPE x>" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<!-- a--b -->" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<!-- a--->" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },
    { "<!--", DAV_XML_MALFORMED },
    { "<!doctype x>" PROPFIND ("<D:allprop/>"), DAV_XML_MALFORMED },

    { PROPFIND (""), DAV_XML_INVALID },
    { PROPFIND ("<x/>"), DAV_XML_INVALID },
    { PROPFIND ("<allprop/>"), DAV_XML_INVALID },
    { PROPFIND ("<D:allprop/><D:propname/>"), DAV_XML_INVALID },
    { PROPFIND ("<D:prop/><D:prop/>"), DAV_XML_INVALID },
    { PROPFIND ("<D:propname/><D:include/>"), DAV_XML_INVALID },
    { PROPFIND ("<D:include/>"), DAV_XML_INVALID },
    { "<propfind><allprop/></propfind>", DAV_XML_INVALID },
    { "<propfind xmlns=\"dav:\"><allprop/></propfind>", DAV_XML_INVALID },
    { SET ("<x/>"), DAV_XML_INVALID },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DavPropfind *propfind = NULL;

      log_text (cases[i].body);
      g_assert_cmpint (dav_propfind_parse (cases[i].body, strlen (cases[i].body), &propfind), ==,
                       cases[i].result);
      g_assert_null (propfind);
    }
}

static DavXmlResult
parse_propfind (const char *data, gsize length)
{
  g_autoptr (DavPropfind) propfind = NULL;

  return dav_propfind_parse (data, length, &propfind);
}

static void
test_utf16 (void)
{
  static const char text[]
      = "<propfind xmlns=\"DAV:\"><prop><\xc3\xa9 xmlns=\"\xf0\x9f\x98\x80:\"/>"
        "</prop></propfind>";
  static const gboolean orders[] = { FALSE, TRUE };

  for (guint big = 0; big < G_N_ELEMENTS (orders); big++)
    for (guint mark = 0; mark < 2; mark++)
      {
        g_autoptr (DavPropfind) propfind = NULL;
        g_autofree char *others = NULL;
        g_autofree char *data = NULL;
        g_autofree char *full = g_strconcat (mark ? "\xef\xbb\xbf" : "", text, NULL);
        gsize length;

        data = g_convert (full, -1, big ? "UTF-16BE" : "UTF-16LE", "UTF-8", NULL, &length, NULL);
        g_assert_cmpint (dav_propfind_parse (data, length, &propfind), ==, DAV_XML_OK);
        others = describe (propfind->others);
        g_assert_cmpstr (others, ==, "\xf0\x9f\x98\x80:|\xc3\xa9");

        /* Half a character, a lone surrogate, a NUL. */
        g_assert_cmpint (parse_propfind (data, length - 1), ==, DAV_XML_MALFORMED);
        data[length - 2] = data[length - 1] = '\0';
        g_assert_cmpint (parse_propfind (data, length), ==, DAV_XML_MALFORMED);
        data[length - (big ? 2 : 1)] = (char)0xd8;
        g_assert_cmpint (parse_propfind (data, length), ==, DAV_XML_MALFORMED);
      }
}

static void
test_nul (void)
{
  static const char body[] = PROPFIND ("<D:allprop/>") "\0";

  g_assert_cmpint (parse_propfind (body, sizeof body - 1), ==, DAV_XML_MALFORMED);
  g_assert_cmpint (parse_propfind (body, sizeof body - 2), ==, DAV_XML_OK);
}

/* Each limit from both of its sides. */
static void
test_limits (void)
{
  const guint frame = strlen (PROPFIND ("<D:allprop/>"));
  g_autofree char *size = repeat (PROPFIND ("<D:allprop/>"), "\n", DAV_XML_BODY_MAX - frame, "");
  g_autofree char *size_over
      = repeat (PROPFIND ("<D:allprop/>"), "\n", DAV_XML_BODY_MAX - frame + 1, "");
  /* Two levels are the frame's, one is its own `<x>`. */
  g_autofree char *open = repeat ("", "<x>", DAV_XML_MAX_DEPTH - 2, "");
  g_autofree char *depth = repeat ("<D:propfind xmlns:D=\"DAV:\"><D:prop>", open, 1, "");
  g_autofree char *close = repeat ("", "</x>", DAV_XML_MAX_DEPTH - 2, "</D:prop></D:propfind>");
  g_autofree char *depth_body = g_strconcat (depth, close, NULL);
  g_autofree char *depth_over = g_strconcat (depth, "<x/>", close, NULL);
  g_autofree char *attributes = NULL;
  g_autofree char *attributes_over = NULL;
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *nodes = repeat ("<propfind xmlns=\"DAV:\"><allprop/>", "<x/>",
                                   DAV_XML_MAX_NODES - 3, "</propfind>");
  g_autofree char *nodes_over = repeat ("<propfind xmlns=\"DAV:\"><allprop/>", "<x/>",
                                        DAV_XML_MAX_NODES - 2, "</propfind>");
  g_autoptr (GString) names = g_string_new ("<D:propfind xmlns:D=\"DAV:\"><D:prop>");

  g_assert_cmpint (parse_propfind (size, strlen (size)), ==, DAV_XML_OK);
  g_assert_cmpint (parse_propfind (size_over, strlen (size_over)), ==, DAV_XML_TOO_LARGE);

  g_assert_cmpint (parse_propfind (depth_body, strlen (depth_body)), ==, DAV_XML_OK);
  g_assert_cmpint (parse_propfind (depth_over, strlen (depth_over)), ==, DAV_XML_TOO_LARGE);

  for (guint i = 0; i < DAV_XML_MAX_ATTRIBUTES; i++)
    g_string_append_printf (list, " a%u='\"'", i);
  attributes
      = g_strconcat ("<D:propfind xmlns:D=\"DAV:\"><D:prop", list->str, "/></D:propfind>", NULL);
  attributes_over = g_strconcat ("<D:propfind xmlns:D=\"DAV:\"><D:prop", list->str,
                                 " b=''/></D:propfind>", NULL);
  g_assert_cmpint (parse_propfind (attributes, strlen (attributes)), ==, DAV_XML_OK);
  g_assert_cmpint (parse_propfind (attributes_over, strlen (attributes_over)), ==,
                   DAV_XML_TOO_LARGE);

  g_assert_cmpint (parse_propfind (nodes, strlen (nodes)), ==, DAV_XML_OK);
  g_assert_cmpint (parse_propfind (nodes_over, strlen (nodes_over)), ==, DAV_XML_TOO_LARGE);

  for (guint i = 0; i < DAV_XML_MAX_PROPS; i++)
    g_string_append_printf (names, "<p%u/><p%u/>", i, i);
  {
    g_autofree char *props = g_strconcat (names->str, "</D:prop></D:propfind>", NULL);
    g_autofree char *props_over = g_strconcat (names->str, "<q/></D:prop></D:propfind>", NULL);

    g_assert_cmpint (parse_propfind (props, strlen (props)), ==, DAV_XML_OK);
    g_assert_cmpint (parse_propfind (props_over, strlen (props_over)), ==, DAV_XML_TOO_LARGE);
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

/* What makes an XML parser slow must not make this one slow. */
static void
test_time (void)
{
  g_autoptr (GString) attributes = g_string_new ("<D:propfind xmlns:D=\"DAV:\"");
  g_autoptr (GString) namespaces = g_string_new ("<D:propfind xmlns:D=\"DAV:\"");
  g_autoptr (GString) nested = g_string_new ("<D:propfind xmlns:D=\"DAV:\">");
  g_autoptr (GString) repeated = g_string_new (NULL);
  g_autoptr (GPtrArray) bodies = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; attributes->len < DAV_XML_BODY_MAX - 30; i++)
    g_string_append_printf (attributes, " a%x=''", i);
  g_ptr_array_add (bodies, g_strconcat (attributes->str, "/>", NULL));
  for (guint i = 0; namespaces->len < DAV_XML_BODY_MAX - 30; i++)
    g_string_append_printf (namespaces, " xmlns:a%x='b'", i);
  g_ptr_array_add (bodies, g_strconcat (namespaces->str, "/>", NULL));

  /* As many namespaces in force as can be, and as many elements that ask for one. */
  for (guint depth = 0; depth < DAV_XML_MAX_DEPTH - 2; depth++)
    {
      g_string_append (nested, "<x");
      for (guint i = 0; i < DAV_XML_MAX_ATTRIBUTES; i++)
        g_string_append_printf (nested, " xmlns:a%u-%u='b'", depth, i);
      g_string_append (nested, ">");
    }
  g_ptr_array_add (bodies, repeat (nested->str, "<a0-0:x/>", 60000, ""));

  g_ptr_array_add (bodies, repeat ("<D:propfind xmlns:D='DAV:'>", "<a>", 300000, ""));
  g_ptr_array_add (bodies, repeat ("", "<", 1000000, ""));
  g_ptr_array_add (bodies, repeat ("<!--", "-", 1000000, ""));
  g_ptr_array_add (bodies, repeat ("<!--", "- ", 500000, ""));
  g_ptr_array_add (bodies, repeat ("<a>", "&b;", 50000, "</a>"));
  g_ptr_array_add (bodies, repeat ("<a>", "]]>", 50000, "</a>"));
  g_ptr_array_add (bodies, repeat ("<a>", "&#0;", 50000, "</a>"));
  g_ptr_array_add (bodies, repeat ("<a b='", "&amp;", 200000, "'/>"));
  g_ptr_array_add (bodies, repeat ("<a>", "&amp;", 200000, "</a>"));
  g_ptr_array_add (bodies, repeat ("<", "a", 1000000, "/>"));
  g_ptr_array_add (bodies, repeat ("<a>", "<![CDATA[]]>", 80000, "</a>"));
  g_ptr_array_add (bodies, repeat ("", "<?a?>", 200000, "<a/>"));

  for (guint i = 0; i < bodies->len; i++)
    {
      const char *body = g_ptr_array_index (bodies, i);
      gint64 start = get_cpu_time ();

      g_assert_cmpint (parse_propfind (body, strlen (body)), !=, DAV_XML_OK);
      g_test_message ("%.40s…: %" G_GINT64_FORMAT " us", body, get_cpu_time () - start);
      g_assert_cmpint (get_cpu_time () - start, <, G_TIME_SPAN_SECOND * patience ());
    }
}

static void
test_proppatch (void)
{
  static const char body[]
      = "<?xml version=\"1.0\"?><D:propertyupdate xmlns:D=\"DAV:\" xml:lang=\"de\">"
        "<D:set><D:prop><a xmlns=\"n:\">v</a><b/></D:prop></D:set>"
        "<D:remove><D:prop><a xmlns=\"n:\">ignored<x/></a></D:prop></D:remove>"
        "<D:set><x/><D:prop xml:lang=\"en\"><c xml:lang=\"fr\"> </c><d/></D:prop>"
        "<D:prop xml:lang=\"\"><D:displayname>n</D:displayname></D:prop></D:set>"
        "<D:other><D:prop><e/></D:prop></D:other>"
        "<D:set><prop><f/></prop></D:set>"
        "</D:propertyupdate>";
  static const struct
  {
    gboolean remove;
    const char *ns;
    const char *name;
    const char *lang;
    const char *xml;
  } expected[] = {
    { FALSE, "n:", "a", "de", "v" }, { FALSE, "", "b", "de", "" },
    { TRUE, "n:", "a", NULL, NULL }, { FALSE, "", "c", "fr", " " },
    { FALSE, "", "d", "en", "" },    { FALSE, "DAV:", "displayname", NULL, "n" },
  };
  g_autoptr (GPtrArray) updates = NULL;

  g_assert_cmpint (dav_proppatch_parse (body, strlen (body), &updates), ==, DAV_XML_OK);
  g_assert_cmpuint (updates->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < updates->len; i++)
    {
      const DavPropUpdate *update = g_ptr_array_index (updates, i);

      g_assert_cmpint (update->remove, ==, expected[i].remove);
      g_assert_cmpstr (update->prop->ns, ==, expected[i].ns);
      g_assert_cmpstr (update->prop->name, ==, expected[i].name);
      g_assert_cmpstr (update->prop->lang, ==, expected[i].lang);
      g_assert_cmpstr (update->prop->xml, ==, expected[i].xml);
    }
}

/* A value is written so that it stands by itself in any other document. */
static void
test_values (void)
{
  static const struct
  {
    const char *value;
    const char *xml;
  } values[] = {
    { "", "" },
    { "text", "text" },
    { " a\n b\t", " a\n b\t" },
    { "&lt;&amp;&gt;&quot;'", "&lt;&amp;&gt;\"'" },
    { "<![CDATA[<&]]>]]&gt;", "&lt;&amp;]]&gt;" },
    { "a&#13;b", "a&#13;b" },
    { "\xf0\x9f\x98\x80\xe2\x82\xac", "\xf0\x9f\x98\x80\xe2\x82\xac" },
    { "&#x1F600;", "\xf0\x9f\x98\x80" },
    { "a<!-- c -->b<?pi?>c", "abc" },
    { "<x/>", "<x/>" },
    { "<x></x>", "<x/>" },
    { "<x> </x>", "<x> </x>" },
    { "<x>a<y>b</y>c</x>", "<x>a<y>b</y>c</x>" },
    { "<x a=\"1\" b='\"&lt;&amp;>&#10;'/>", "<x a=\"1\" b=\"&quot;&lt;&amp;&gt;&#10;\"/>" },
    /* Prefixes of the outside are declared where they are used, and once. */
    { "<D:x/>", "<D:x xmlns:D=\"DAV:\"/>" },
    { "<D:x><D:y/></D:x><D:z/>", "<D:x xmlns:D=\"DAV:\"><D:y/></D:x><D:z xmlns:D=\"DAV:\"/>" },
    { "<x D:a=\"1\"/>", "<x xmlns:D=\"DAV:\" D:a=\"1\"/>" },
    { "<x><y D:a=\"1\" D:b=\"2\"/></x>", "<x><y xmlns:D=\"DAV:\" D:a=\"1\" D:b=\"2\"/></x>" },
    /* Declarations of the inside stay, used or not. */
    { "<n:x xmlns:n=\"u:\" xmlns:m=\"v:\">n:q</n:x>",
      "<n:x xmlns:n=\"u:\" xmlns:m=\"v:\">n:q</n:x>" },
    { "<x xmlns=\"u:\"><y xmlns=\"\"><z/></y><z/></x>",
      "<x xmlns=\"u:\"><y xmlns=\"\"><z/></y><z/></x>" },
    { "<D:x xmlns:D=\"other:\"><D:y xmlns:D=\"DAV:\"/></D:x>",
      "<D:x xmlns:D=\"other:\"><D:y xmlns:D=\"DAV:\"/></D:x>" },
    { "<x xml:lang=\"en\" xml:space=\"preserve\"/>",
      "<x xml:lang=\"en\" xml:space=\"preserve\"/>" },
    { "<x xmlns=\"&lt;&quot;&amp;\"/>", "<x xmlns=\"&lt;&quot;&amp;\"/>" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *body = g_strdup_printf (SET ("<p>%s</p>"), values[i].value);
      g_autoptr (GPtrArray) updates = NULL;
      g_autoptr (GPtrArray) again = NULL;
      g_autofree char *second = NULL;
      const DavPropUpdate *update;

      g_test_message ("%s", values[i].value);
      g_assert_cmpint (dav_proppatch_parse (body, strlen (body), &updates), ==, DAV_XML_OK);
      update = g_ptr_array_index (updates, 0);
      g_assert_cmpstr (update->prop->xml, ==, values[i].xml);

      /* What was written means the same when it is read again. */
      second = g_strdup_printf (SET ("<p>%s</p>"), update->prop->xml);
      g_assert_cmpint (dav_proppatch_parse (second, strlen (second), &again), ==, DAV_XML_OK);
      update = g_ptr_array_index (again, 0);
      g_assert_cmpstr (update->prop->xml, ==, values[i].xml);
    }
}

/* A default namespace of the outside. */
static void
test_value_default_namespace (void)
{
  static const char body[]
      = "<propertyupdate xmlns=\"DAV:\" xmlns:n=\"u:\"><set><prop>"
        "<p>a<x>b<y xmlns=\"\"><n:z/></y></x><x/></p></prop></set></propertyupdate>";
  g_autoptr (GPtrArray) updates = NULL;
  const DavPropUpdate *update;

  g_assert_cmpint (dav_proppatch_parse (body, strlen (body), &updates), ==, DAV_XML_OK);
  update = g_ptr_array_index (updates, 0);
  g_assert_cmpstr (update->prop->ns, ==, "DAV:");
  g_assert_cmpstr (update->prop->xml, ==,
                   "a<x xmlns=\"DAV:\">b<y xmlns=\"\"><n:z xmlns:n=\"u:\"/></y></x>"
                   "<x xmlns=\"DAV:\"/>");
}

static void
test_proppatch_refused (void)
{
  static const struct
  {
    const char *body;
    DavXmlResult result;
  } cases[] = {
    { "", DAV_XML_MALFORMED },
    { "<D:propertyupdate xmlns:D=\"DAV:\"/>", DAV_XML_INVALID },
    { SET (""), DAV_XML_INVALID },
    { "<D:propertyupdate xmlns:D=\"DAV:\"><D:prop><x/></D:prop></D:propertyupdate>",
      DAV_XML_INVALID },
    { PROPFIND ("<D:allprop/>"), DAV_XML_INVALID },
    { SET ("<n:x/>"), DAV_XML_MALFORMED },
    { SET ("<x><n:y/></x>"), DAV_XML_MALFORMED },
    { SET ("<x>&a;</x>"), DAV_XML_MALFORMED },
    { SET ("<x a=\"&a;\"/>"), DAV_XML_MALFORMED },
    { SET ("<x></y>"), DAV_XML_MALFORMED },
  };
  g_autofree char *props = repeat ("<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop>", "<x/>",
                                   DAV_XML_MAX_PROPS, "</D:prop></D:set></D:propertyupdate>");
  g_autofree char *more = repeat ("<D:propertyupdate xmlns:D=\"DAV:\"><D:set><D:prop>", "<x/>",
                                  DAV_XML_MAX_PROPS + 1, "</D:prop></D:set></D:propertyupdate>");
  g_autoptr (GPtrArray) updates = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      log_text (cases[i].body);
      g_assert_cmpint (dav_proppatch_parse (cases[i].body, strlen (cases[i].body), &updates), ==,
                       cases[i].result);
      g_assert_null (updates);
    }

  g_assert_cmpint (dav_proppatch_parse (more, strlen (more), &updates), ==, DAV_XML_TOO_LARGE);
  g_assert_cmpint (dav_proppatch_parse (props, strlen (props), &updates), ==, DAV_XML_OK);
}

/* A long namespace of the outside that each of thousands of children must declare anew. */
static void
test_amplification (void)
{
  g_autofree char *ns = repeat ("", "n", 100000, "");
  g_autofree char *before = g_strdup_printf (
      "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:n=\"%s\"><D:set><D:prop><p>", ns);
  g_autofree char *some = repeat (before, "<n:x/>", 10, "</p></D:prop></D:set></D:propertyupdate>");
  g_autofree char *many = repeat (before, "<n:x/>", 11, "</p></D:prop></D:set></D:propertyupdate>");
  g_autofree char *split
      = repeat (before, "<n:x/></p><p>", 11, "</p></D:prop></D:set></D:propertyupdate>");
  g_autoptr (GPtrArray) updates = NULL;

  g_assert_cmpint (dav_proppatch_parse (many, strlen (many), &updates), ==, DAV_XML_TOO_LARGE);
  g_assert_cmpint (dav_proppatch_parse (split, strlen (split), &updates), ==, DAV_XML_TOO_LARGE);
  g_assert_cmpint (dav_proppatch_parse (some, strlen (some), &updates), ==, DAV_XML_OK);
}

static void
test_lock (void)
{
  static const struct
  {
    const char *body;
    gboolean is_exclusive;
    const char *owner;
  } cases[] = {
    { LOCK (""), TRUE, NULL },
    { LOCK ("<D:owner/>"), TRUE, "" },
    { LOCK ("<D:owner>me &amp; you</D:owner><x/>"), TRUE, "me &amp; you" },
    { LOCK ("<D:owner><D:href>http://a/</D:href></D:owner>"), TRUE,
      "<D:href xmlns:D=\"DAV:\">http://a/</D:href>" },
    { "<lockinfo xmlns=\"DAV:\"><locktype> <write/></locktype><lockscope><shared/></lockscope>"
      "</lockinfo>",
      FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavLockInfo) info = NULL;

      log_text (cases[i].body);
      g_assert_cmpint (dav_lock_info_parse (cases[i].body, strlen (cases[i].body), &info), ==,
                       DAV_XML_OK);
      g_assert_cmpint (info->is_exclusive, ==, cases[i].is_exclusive);
      g_assert_cmpstr (info->owner, ==, cases[i].owner);
    }
}

static void
test_lock_refused (void)
{
  static const struct
  {
    const char *body;
    DavXmlResult result;
  } cases[] = {
    { "", DAV_XML_MALFORMED },
    { "<lockinfo xmlns=\"DAV:\"/>", DAV_XML_INVALID },
    { "<lockinfo xmlns=\"DAV:\"><lockscope><shared/></lockscope></lockinfo>", DAV_XML_INVALID },
    { "<lockinfo xmlns=\"DAV:\"><locktype><write/></locktype></lockinfo>", DAV_XML_INVALID },
    { "<lockinfo xmlns=\"DAV:\"><locktype><read/></locktype></lockinfo>", DAV_XML_INVALID },
    { "<lockinfo xmlns=\"DAV:\"><lockscope><some/></lockscope></lockinfo>", DAV_XML_INVALID },
    { LOCK ("<D:lockscope><D:shared/></D:lockscope>"), DAV_XML_INVALID },
    { LOCK ("<D:owner>a</D:owner><D:owner>b</D:owner>"), DAV_XML_INVALID },
    { "<propfind xmlns=\"DAV:\"/>", DAV_XML_INVALID },
  };
  g_autofree char *owner
      = repeat ("<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>"
                "<D:locktype><D:write/></D:locktype><D:owner>",
                "o", DAV_XML_OWNER_MAX, "</D:owner></D:lockinfo>");
  g_autofree char *longer
      = repeat ("<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:exclusive/></D:lockscope>"
                "<D:locktype><D:write/></D:locktype><D:owner>",
                "o", DAV_XML_OWNER_MAX + 1, "</D:owner></D:lockinfo>");
  g_autoptr (DavLockInfo) info = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      log_text (cases[i].body);
      g_assert_cmpint (dav_lock_info_parse (cases[i].body, strlen (cases[i].body), &info), ==,
                       cases[i].result);
      g_assert_null (info);
    }

  g_assert_cmpint (dav_lock_info_parse (longer, strlen (longer), &info), ==, DAV_XML_TOO_LARGE);
  g_assert_cmpint (dav_lock_info_parse (owner, strlen (owner), &info), ==, DAV_XML_OK);
}

static void
test_statuses (void)
{
  g_assert_cmpuint (dav_xml_result_get_status (DAV_XML_OK), ==, 200);
  g_assert_cmpuint (dav_xml_result_get_status (DAV_XML_MALFORMED), ==, 400);
  g_assert_cmpuint (dav_xml_result_get_status (DAV_XML_TOO_LARGE), ==, 413);
  g_assert_cmpuint (dav_xml_result_get_status (DAV_XML_INVALID), ==, 422);
}

/* libxml2 prints what it finds wrong unless told not to. */
static void
test_silence (void)
{
  if (g_test_subprocess ())
    {
      parse_propfind ("<a xmlns='b'><c:d>", strlen ("<a xmlns='b'><c:d>"));
      parse_propfind ("<a>&b;</a>", strlen ("<a>&b;</a>"));
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-xml-read/propfind", test_propfind);
  g_test_add_func ("/dav-xml-read/propfind-refused", test_propfind_refused);
  g_test_add_func ("/dav-xml-read/utf16", test_utf16);
  g_test_add_func ("/dav-xml-read/nul", test_nul);
  g_test_add_func ("/dav-xml-read/limits", test_limits);
  g_test_add_func ("/dav-xml-read/time", test_time);
  g_test_add_func ("/dav-xml-read/proppatch", test_proppatch);
  g_test_add_func ("/dav-xml-read/values", test_values);
  g_test_add_func ("/dav-xml-read/value-default-namespace", test_value_default_namespace);
  g_test_add_func ("/dav-xml-read/proppatch-refused", test_proppatch_refused);
  g_test_add_func ("/dav-xml-read/amplification", test_amplification);
  g_test_add_func ("/dav-xml-read/lock", test_lock);
  g_test_add_func ("/dav-xml-read/lock-refused", test_lock_refused);
  g_test_add_func ("/dav-xml-read/statuses", test_statuses);
  g_test_add_func ("/dav-xml-read/silence", test_silence);

  return g_test_run ();
}
