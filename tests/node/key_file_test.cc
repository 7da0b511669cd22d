// Which files are taken as the cluster's key, and what is said of the others.
#include "node/key_file.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/config.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using test::TemporaryDirectory;
using test::write_file;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string key_of(std::size_t size) {
  std::string key(size, '\0');
  for (std::size_t i = 0; i < size; ++i) key[i] = static_cast<char>(i * 31 + i / 256);
  return key;
}

class KeyFile : public testing::Test {
 protected:
  void make(const std::string& content, mode_t mode = 0400) {
    write_file(path, content);
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  // Nothing: it is taken.
  std::string refused() const {
    try {
      static_cast<void>(read_key_file(path));
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  }

  TemporaryDirectory folder;
  std::string path = folder / "authkey";
};

TEST_F(KeyFile, GivesAllItsBytes) {
  for (const std::size_t size : {128, 129, 256, 4096}) {
    std::filesystem::remove(path);
    make(key_of(size));
    const RootKey key = read_key_file(path);
    const auto reading = key.read();
    const auto* bytes = reinterpret_cast<const char*>(reading.bytes().data());
    EXPECT_EQ(std::string(bytes, reading.bytes().size()), key_of(size));
  }
}

TEST_F(KeyFile, MayBeWrittenByItsOwner) {
  for (const mode_t mode : {0400, 0600, 0700}) {
    std::filesystem::remove(path);
    make(key_of(128), mode);
    EXPECT_EQ(refused(), "") << std::oct << mode;
  }
}

TEST_F(KeyFile, IsRefusedWhenOthersMayReadOrChangeIt) {
  for (const mode_t bit : {040, 020, 010, 04, 02, 01}) {
    std::filesystem::remove(path);
    make(key_of(128), 0400 | bit);
    EXPECT_THAT(refused(), AllOf(StartsWith(path + ": the key file has mode 04"),
                                 HasSubstr(bit & 044 ? "others may read it" : "others may change"),
                                 HasSubstr("chmod 0400 " + path)))
        << std::oct << bit;
  }
}

TEST_F(KeyFile, HasAKeysLength) {
  for (const std::size_t size : {0, 1, 127, 4097, 100'000}) {
    std::filesystem::remove(path);
    make(key_of(size));
    EXPECT_THAT(refused(), AllOf(StartsWith(path + ": the key file has " + std::to_string(size)),
                                 HasSubstr("128 to 4096"), HasSubstr("corosync-keygen")));
  }
}

TEST_F(KeyFile, IsNoLink) {
  const std::string elsewhere = folder / "elsewhere";
  write_file(elsewhere, key_of(128));
  ASSERT_EQ(::chmod(elsewhere.c_str(), 0400), 0);
  ASSERT_EQ(::symlink(elsewhere.c_str(), path.c_str()), 0);
  EXPECT_EQ(refused(), path + ": is a symbolic link: the key file itself must stand there");
}

// None of them keeps the reader waiting.
TEST_F(KeyFile, IsARegularFile) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0400), 0);
  EXPECT_THAT(refused(), HasSubstr("is no regular file"));
  std::filesystem::remove(path);
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_THAT(refused(), HasSubstr("is no regular file"));
  path = "/dev/urandom";
  EXPECT_THAT(refused(), HasSubstr("is no regular file"));
}

TEST_F(KeyFile, SaysHowToMakeOneThatIsMissing) {
  EXPECT_EQ(refused(),
            path +
                ": there is no key file: make one with `corosync-keygen` and copy it to all "
                "nodes");
}

TEST_F(KeyFile, BelongsToRootOrToUs) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  make(key_of(128));
  ASSERT_EQ(::chown(path.c_str(), 12345, 0), 0);
  EXPECT_EQ(refused(), path +
                           ": the key file belongs to uid 12345, who could change it: `chown "
                           "root " +
                           path + "`");
}

TEST_F(KeyFile, IsNeverQuotedInAnError) {
  make(std::string(100, 'S') + "ecret");
  EXPECT_THAT(refused(), AllOf(Not(testing::IsEmpty()), Not(HasSubstr("SSSS"))));
}

}  // namespace
}  // namespace gyre::node
