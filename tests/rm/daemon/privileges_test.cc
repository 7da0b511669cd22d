// Whose directory gyre-rm takes when it becomes hacluster.
#include "rm/daemon/privileges.hh"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

#include "tests/node/temporary.hh"

namespace gyre::rm::daemon {
namespace {

class Become : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    const passwd* found = ::getpwnam("nobody");
    if (!found) GTEST_SKIP() << "there is no user nobody";
    uid = found->pw_uid;
    std::filesystem::create_directory(folder);
  }
  // 0: it became nobody; 1: it was refused.
  static int becomes(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) try {
        ::_exit(become("nobody", path) && ::geteuid() != 0 ? 0 : 2);
      } catch (const std::system_error&) {
        ::_exit(1);
      }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
  static uid_t owner(const std::string& path) {
    struct stat facts {};
    EXPECT_EQ(::lstat(path.c_str(), &facts), 0);
    return facts.st_uid;
  }

  test::TemporaryDirectory directory;
  std::string folder = directory / "rm";
  uid_t uid = 0;
};

TEST_F(Become, TakesItsDirectory) {
  EXPECT_EQ(becomes(folder), 0);
  EXPECT_EQ(owner(folder), uid);
  EXPECT_EQ(becomes(folder), 0) << "again";
}

TEST_F(Become, FollowsNoLinkThatSomebodyLaidThere) {
  const std::string link = directory / "link";
  std::filesystem::create_directory_symlink(folder, link);
  EXPECT_EQ(becomes(link), 1);
  EXPECT_EQ(owner(folder), 0u);
}

TEST_F(Become, TakesNoDirectoryOfSomebodyElse) {
  ASSERT_EQ(::chown(folder.c_str(), 4242, 4242), 0);
  EXPECT_EQ(becomes(folder), 1);
  EXPECT_EQ(owner(folder), 4242u);
}

}  // namespace
}  // namespace gyre::rm::daemon
