// Digests. Each expectation was compared once with what crm_simulate 2.1.5 takes for a change.
#include "rm/cib/digest.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gyre::rm {
namespace {

using Entries = std::initializer_list<Attributes::Entry>;

Attributes of(Entries entries) {
  Attributes attributes;
  for (const auto& [name, value] : entries) attributes.set(name, value);
  return attributes;
}

std::string digest_of(Entries entries, std::string_view timeout_ms = {}) {
  return std::string(digest(of(entries), timeout_ms).view());
}

TEST(Digest, OfNothingIsThatOfAnEmptyElement) {
  EXPECT_EQ(digest_of({}), "f2317cad3d54cec5d7d7aa7d0bf35cf8");
}

TEST(Digest, HasTheTimeoutOfWhatRecurs) {
  EXPECT_EQ(digest_of({}, "20000"), "4811cef7f7f94e3a35a70be7916cb2fd");
}

TEST(Digest, HasEachParameter) {
  EXPECT_NE(digest_of({{"a", "1"}}), digest_of({{"a", "2"}}));
  EXPECT_NE(digest_of({{"a", "1"}}), digest_of({{"b", "1"}}));
  EXPECT_NE(digest_of({{"a", "1"}, {"b", ""}}), digest_of({{"a", "1"}}));
}

TEST(Digest, HasNoMetaAttributesAndNoNamesOfTheOperation) {
  for (const char* name : {"CRM_meta_timeout", "CRM_meta_x", "id", "crm_feature_set", "op-digest",
                           "on_node", "on_node_uuid", "pcmk_external_ip"}) {
    EXPECT_EQ(digest_of({{"a", "1"}, {name, "9"}}), digest_of({{"a", "1"}})) << name;
    EXPECT_EQ(digest_of({{"a", "1"}, {name, "9"}}, "1"), digest_of({{"a", "1"}}, "1")) << name;
  }
}

// md5sum of the text as it is to be.
TEST(Digest, EscapesValues) {
  // <parameters a="&lt;&gt;&amp;&quot;&apos;"/>
  EXPECT_EQ(digest_of({{"a", "<>&\"'"}}), "34da95d2f4fd45dd2a35845a8a64e9c1");
  // <parameters a="1    2\n3\r4\1775"/>
  EXPECT_EQ(digest_of({{"a",
                        "1\t2\n3\r4\x7f"
                        "5"}}),
            "45e608fd7437c6ab2336e54f8de75ec4");
}

// How parameters differ from those in a record with these attributes.
Consequence changed(const std::string& record, Entries parameters, std::string_view timeout_ms = {},
                    bool sanitized = false, const char* standard = "ocf") {
  pugi::xml_document document;
  const auto text =
      fmt::format("<lrm_resource class='{}'><lrm_rsc_op {}/></lrm_resource>", standard, record);
  EXPECT_TRUE(document.load_string(text.c_str()));
  return change(document.document_element().first_child(), of(parameters), timeout_ms, sanitized);
}

std::string field(const char* name, const std::string& value) {
  return fmt::format(" {}='{}'", name, value);
}

TEST(Change, OfAnyParameterIsARestart) {
  const auto record = field("op-digest", digest_of({{"a", "1"}}));
  EXPECT_EQ(changed(record, {{"a", "1"}}), Consequence::none);
  EXPECT_EQ(changed(record, {{"a", "2"}}), Consequence::restart);
  EXPECT_EQ(changed(record, {}), Consequence::restart);
}

TEST(Change, OfTheTimeoutMattersToWhatRecurs) {
  const auto record = field("op-digest", digest_of({{"a", "1"}}, "20000"));
  EXPECT_EQ(changed(record, {{"a", "1"}}, "20000"), Consequence::none);
  EXPECT_EQ(changed(record, {{"a", "1"}}, "30000"), Consequence::restart);
}

TEST(Change, IsAssumedWithoutADigest) {
  EXPECT_EQ(changed("", {}), Consequence::restart);
  EXPECT_EQ(changed(field("op-digest", ""), {}), Consequence::restart);
}

TEST(Change, OfWhatIsNotListedIsAReload) {
  const auto record = field("op-digest", digest_of({{"a", "1"}, {"b", "1"}})) +
                      field("op-force-restart", " a ") +
                      field("op-restart-digest", digest_of({{"a", "1"}}));
  EXPECT_EQ(changed(record, {{"a", "1"}, {"b", "1"}}), Consequence::none);
  EXPECT_EQ(changed(record, {{"a", "1"}, {"b", "2"}}), Consequence::reload);
  EXPECT_EQ(changed(record, {{"a", "2"}, {"b", "1"}}), Consequence::restart);
}

TEST(Change, IsAReloadIfNothingIsListed) {
  const auto record = field("op-digest", digest_of({{"a", "1"}})) + field("op-force-restart", "") +
                      field("op-restart-digest", digest_of({}));
  EXPECT_EQ(changed(record, {{"a", "2"}}), Consequence::reload);
}

TEST(Change, ListsNamesWithBlanksAroundOrBetween) {
  const auto with = [](const char* list) {
    return field("op-digest", "") + field("op-force-restart", list) +
           field("op-restart-digest", digest_of({{"a", "1"}, {"c", "1"}}));
  };
  const Entries now = {{"a", "1"}, {"b", "2"}, {"c", "1"}};
  for (const char* list : {" a c ", "a c", " a  c "})
    EXPECT_EQ(changed(with(list), now), Consequence::reload) << list;
}

TEST(Change, ListsWholeNames) {
  const auto record = field("op-digest", digest_of({{"a", "1"}, {"aa", "1"}})) +
                      field("op-force-restart", " aa ") +
                      field("op-restart-digest", digest_of({{"aa", "1"}}));
  EXPECT_EQ(changed(record, {{"a", "2"}, {"aa", "1"}}), Consequence::reload);
  EXPECT_EQ(changed(record, {{"a", "1"}, {"aa", "2"}}), Consequence::restart);
}

TEST(Change, IsARestartWithoutBothListAndDigest) {
  const auto digest = field("op-digest", digest_of({{"a", "1"}, {"b", "1"}}));
  const Entries reloadable = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(changed(digest + field("op-force-restart", " a "), reloadable), Consequence::restart);
  EXPECT_EQ(changed(digest + field("op-restart-digest", digest_of({{"a", "1"}})), reloadable),
            Consequence::restart);
  EXPECT_EQ(changed(digest + field("op-restart-digest", digest_of({})), reloadable),
            Consequence::restart);
}

TEST(Change, OfASecretIsNoneInADocumentThatIsShown) {
  const auto record = field("op-digest", digest_of({{"a", "1"}, {"password", "x"}})) +
                      field("op-secure-params", " password ") +
                      field("op-secure-digest", digest_of({{"a", "1"}}));
  const Entries shown = {{"a", "1"}, {"password", "****"}};
  EXPECT_EQ(changed(record, shown), Consequence::restart);
  EXPECT_EQ(changed(record, shown, {}, true), Consequence::none);
  EXPECT_EQ(changed(record, shown, "20000", true), Consequence::none);
  EXPECT_EQ(changed(record, {{"a", "2"}, {"password", "****"}}, {}, true), Consequence::restart);
}

TEST(Change, OfWhatIsForTheFencerWasNoneOnceInADocumentThatIsShown) {
  const auto compared = [](const char* standard, const char* version, const char* name) {
    const auto record = field("op-digest", "") + field("op-secure-params", " password ") +
                        field("crm_feature_set", version) +
                        field("op-secure-digest", digest_of({{"a", "1"}}));
    return changed(record, {{"a", "1"}, {name, "v"}}, {}, true, standard);
  };
  for (const char* name :
       {"provides", "stonith-timeout", "pcmk_host_list", "pcmk_host_map", "pcmk_host_check",
        "pcmk_host_argument", "pcmk_delay_max", "pcmk_delay_base", "pcmk_action_limit",
        "pcmk_reboot_timeout", "pcmk_off_action", "pcmk_status_retries"})
    EXPECT_EQ(compared("stonith", "3.0.12", name), Consequence::none) << name;
  for (const char* name : {"pcmk_other", "action", "a_timeout"})
    EXPECT_EQ(compared("stonith", "3.0.12", name), Consequence::restart) << name;
  EXPECT_EQ(compared("stonith", "3.15.9", "pcmk_host_list"), Consequence::none);
  EXPECT_EQ(compared("stonith", "3.16.0", "pcmk_host_list"), Consequence::restart);
  EXPECT_EQ(compared("ocf", "3.0.12", "pcmk_host_list"), Consequence::restart);
}

}  // namespace
}  // namespace gyre::rm
