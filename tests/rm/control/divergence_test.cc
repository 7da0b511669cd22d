// Where two documents differ, as it is told in the log.
#include "rm/control/divergence.hh"

#include <gtest/gtest.h>

namespace gyre::rm::control {
namespace {

std::string difference(const char* here, const char* there) {
  pugi::xml_document a, b;
  a.load_string(here);
  b.load_string(there);
  return first_difference(a.document_element(), b.document_element()).value_or("none");
}

TEST(Divergence, OfTheSameThereIsNone) {
  EXPECT_EQ(difference("<cib a='1'><b/></cib>", "<cib a='1'><b/></cib>"), "none");
}

TEST(Divergence, NamesAnAttributeAndBothValues) {
  EXPECT_EQ(difference("<cib><r><p id='d' class='ocf'/></r></cib>",
                       "<cib><r><p id='d' class='lsb'/></r></cib>"),
            R"(/cib/r/p[@id="d"]/@class: "ocf" here, "lsb" there)");
  EXPECT_EQ(difference("<cib><p/><p x='1'/></cib>", "<cib><p/><p/></cib>"),
            R"(/cib/p[2]/@x: "1" here, none there)");
  EXPECT_EQ(difference("<cib><p a='1' b='2'/></cib>", "<cib><p b='2' a='1'/></cib>"),
            "/cib/p: its attributes are in another order");
}

TEST(Divergence, NamesAnElementThatIsOnOneSideOnly) {
  EXPECT_EQ(difference("<cib><r><p id='a'/><p id='b'/></r></cib>", "<cib><r><p id='a'/></r></cib>"),
            R"(/cib/r: p[@id="b"] here only)");
  EXPECT_EQ(difference("<cib><r/></cib>", "<cib><r><p id='a'/></r></cib>"),
            R"(/cib/r: p[@id="a"] there only)");
  EXPECT_EQ(difference("<cib><r><p id='a'/></r></cib>", "<cib><r><p id='b'/></r></cib>"),
            R"(/cib/r: p[@id="a"] here, p[@id="b"] there)");
}

TEST(Divergence, NamesTheVersionsOnlyIfNothingElseDiffers) {
  EXPECT_EQ(difference("<cib epoch='1'><r x='1'/></cib>", "<cib epoch='2'><r x='2'/></cib>"),
            R"(/cib/r/@x: "1" here, "2" there)");
  EXPECT_EQ(difference("<cib epoch='1'><r/></cib>", "<cib epoch='2'><r/></cib>"),
            R"(/cib/@epoch: "1" here, "2" there)");
}

TEST(Divergence, ShowsNoSecretAndStaysInOneLine) {
  EXPECT_EQ(difference("<cib><nvpair id='i' name='login_passwd' value='hush'/></cib>",
                       "<cib><nvpair id='i' name='login_passwd' value='loud'/></cib>"),
            R"(/cib/nvpair[@id="i"]/@value: a secret that differs)");
  EXPECT_EQ(difference("<cib><nvpair id='i' name='x' value='hush'/></cib>",
                       "<cib><nvpair id='i' value='loud' name='Secret'/></cib>"),
            R"(/cib/nvpair[@id="i"]/@name: "x" here, "Secret" there)");
  EXPECT_EQ(difference("<cib><nvpair id='i' value='hush' name='x'/></cib>",
                       "<cib><nvpair id='i' value='loud' name='Secret'/></cib>"),
            R"(/cib/nvpair[@id="i"]/@value: a secret that differs)");
  EXPECT_EQ(difference("<cib><r password='hush'/></cib>", "<cib><r/></cib>"),
            "/cib/r/@password: a secret that differs");
  EXPECT_EQ(difference("<cib><r x='a&#10;b'/></cib>", "<cib><r x='a'/></cib>"),
            R"(/cib/r/@x: "a\x0ab" here, "a" there)");
  const std::string longer(1000, 'y');
  EXPECT_LT(
      difference("<cib><r x=''/></cib>", ("<cib><r x='" + longer + "'/></cib>").c_str()).size(),
      300u);
}

}  // namespace
}  // namespace gyre::rm::control
