#include "rm/cib/digest.hh"

#include <gtest/gtest.h>

namespace gyre::rm {
namespace {

TEST(Digest, OfNothingIsThatOfAnEmptyElement) {
  EXPECT_EQ(digest({}).view(), "f2317cad3d54cec5d7d7aa7d0bf35cf8");
}

TEST(Digest, ChangesWithEachValue) {
  Attributes parameters;
  parameters.add("CRM_meta_timeout", "20000");
  EXPECT_EQ(digest(parameters).view(), "4811cef7f7f94e3a35a70be7916cb2fd");
  parameters.set("CRM_meta_timeout", "20001");
  EXPECT_NE(digest(parameters).view(), "4811cef7f7f94e3a35a70be7916cb2fd");
}

}  // namespace
}  // namespace gyre::rm
