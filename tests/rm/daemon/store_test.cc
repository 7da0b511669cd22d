// The configuration on disk: what was written is there again, and what is damaged is said.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "rm/daemon/store.hh"

namespace gyre::rm::daemon {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/storeXXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

constexpr const char* text =
    R"(<cib epoch="7"><configuration><nodes/></configuration><status><node_state/></status></cib>)";

TEST_F(StoreTest, WhereNothingWasThereIsNothing) {
  EXPECT_FALSE(Store(folder_ + "/rm").read());
}

TEST_F(StoreTest, WhatWasSetAsideIsThereUntilItIsTakenAway) {
  const Store store(folder_ + "/rm");
  EXPECT_TRUE(store.aside().empty());
  const auto document = std::get<Document>(Document::load(text));
  store.write(document.configuration_text(), "5.7.0-1");
  const std::string path = store.set_aside(document.configuration_text(), "4.1.0-2");
  EXPECT_EQ(store.aside(), std::vector{path});
  std::filesystem::remove(path);
  EXPECT_TRUE(store.aside().empty());
}

TEST_F(StoreTest, WhatWasWrittenIsThereAgainWithWhereItCameFrom) {
  const auto document = std::get<Document>(Document::load(text));
  Store(folder_ + "/rm").write(document.configuration_text(), "5.7.0-1");
  const auto stored = Store(folder_ + "/rm").read();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->lineage, "5.7.0-1");
  EXPECT_EQ(stored->document.version().epoch, 7);
  EXPECT_FALSE(stored->document.status().first_child());
}

TEST_F(StoreTest, WhatIsDamagedIsSaidAndNotReplaced) {
  const Store store(folder_ + "/rm");
  std::ofstream(store.path()) << "<cib><half";
  try {
    (void)store.read();
    FAIL() << "it was read";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(store.path()), std::string::npos);
  }
}

TEST_F(StoreTest, WhatGaveWayStandsBeside) {
  const Store store(folder_ + "/rm");
  store.write("<cib/>", "a");
  const std::string path = store.set_aside("<cib epoch=\"3\"/>", "b");
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(store.read()->lineage, "a");
}

}  // namespace
}  // namespace gyre::rm::daemon
