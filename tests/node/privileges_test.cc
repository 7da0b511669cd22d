// What the kernel still does for gyred, and what not any more. Each in a child, for there is no way
// back; how gyred itself looks then is in gyred_rights_test.cc.
#include "node/privileges.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "node/daemon.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <typename What>
int in_a_child(What what) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(what());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// 0: it was refused with EPERM; 1: it was not; 2: otherwise.
int refused(long result) {
  return result >= 0 ? 1 : errno == EPERM ? 0 : 2;
}

class KnownCalls : public testing::Test {
 protected:
  void SetUp() override {
    if (!calls_are_filtered) GTEST_SKIP() << "a sanitizer needs more";
  }
  template <typename What>
  static int filtered(What what) {
    return in_a_child([&] {
      allow_known_calls();
      return what();
    });
  }
};

TEST_F(KnownCalls, OfProcessesThereAreNoMore) {
  EXPECT_EQ(filtered([] {
              const pid_t child = ::fork();
              if (child == 0) ::_exit(0);
              return refused(child);
            }),
            0);
  EXPECT_EQ(filtered([] {
              char* const words[] = {nullptr};
              return refused(::execve("/bin/true", words, words));
            }),
            0);
  EXPECT_EQ(filtered([] { return refused(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), 0);
  EXPECT_EQ(filtered([] { return refused(::kill(::getppid(), 0)); }), 0);
  EXPECT_EQ(filtered([] { return refused(::setuid(::getuid())); }), 0);
}

TEST_F(KnownCalls, SocketsAreOfTheKindsThatAreUsed) {
  EXPECT_EQ(filtered([] { return refused(::socket(AF_PACKET, SOCK_RAW, 0)); }), 0);
  EXPECT_EQ(filtered([] { return refused(::socket(AF_ALG, SOCK_SEQPACKET, 0)); }), 0);
  for (const int domain : {AF_UNIX, AF_INET, AF_INET6})
    EXPECT_EQ(filtered([&] { return refused(::socket(domain, SOCK_DGRAM, 0)); }), 1) << domain;
}

TEST_F(KnownCalls, NothingIsWrittenAndRun) {
  const auto map = [](int protection) {
    return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  EXPECT_EQ(filtered([&] {
              return map(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED ? refused(-1) : 1;
            }),
            0);
  EXPECT_EQ(filtered([&] {
              void* const memory = map(PROT_READ | PROT_WRITE);
              if (memory == MAP_FAILED) return 3;
              return refused(::mprotect(memory, 4096, PROT_READ | PROT_EXEC));
            }),
            0);
}

TEST_F(KnownCalls, ThreadsAndNamesGoOn) {
  EXPECT_EQ(filtered([] {
              int done = 1;
              std::thread([&done] { done = 0; }).join();
              return done;
            }),
            0);
  EXPECT_EQ(filtered([] {
              addrinfo* found = nullptr;
              if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) return 1;
              ::freeaddrinfo(found);
              return 0;
            }),
            0);
}

class HandOver : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
  }
  static struct stat facts_of(const std::string& path) {
    struct stat facts {};
    EXPECT_EQ(::lstat(path.c_str(), &facts), 0) << path;
    return facts;
  }
  Belongings belongings() const {
    return {.run_dir = folder,
            .state_dir = folder,
            .run_files = {"mine", "link", "missing"},
            .state_files = {},
            .log_file = folder + "/log"};
  }
  test::TemporaryDirectory directory;
  std::string folder = directory / "run";
  const Account account{.name = "somebody", .uid = 4242, .gid = 4343};
};

TEST_F(HandOver, GivesItsOwnFilesAndSharesTheFolder) {
  for (const char* name : {"mine", "other", "log"}) test::write_file(folder + "/" + name, "");
  hand_over(belongings(), account);
  EXPECT_EQ(facts_of(folder + "/mine").st_uid, 4242u);
  EXPECT_EQ(facts_of(folder + "/log").st_uid, 4242u);
  EXPECT_EQ(facts_of(folder + "/other").st_uid, 0u);
  EXPECT_EQ(facts_of(folder).st_uid, 0u);
  EXPECT_EQ(facts_of(folder).st_gid, 4343u);
  EXPECT_EQ(facts_of(folder).st_mode & 07777, 01775u);
}

// CVE-2019-12779's kind: what stands under the expected name may lead elsewhere.
TEST_F(HandOver, GivesAwayNothingThatALinkPointsTo) {
  const std::string victim = directory / "victim";
  test::write_file(victim, "");
  ASSERT_EQ(::symlink(victim.c_str(), (folder + "/link").c_str()), 0);
  ASSERT_EQ(::symlink(victim.c_str(), (folder + "/log").c_str()), 0);
  hand_over(belongings(), account);
  EXPECT_EQ(facts_of(victim).st_uid, 0u);
}

TEST_F(HandOver, LeavesTheFoldersOfTheMachineAlone) {
  const struct stat before = facts_of("/run");
  Belongings all = belongings();
  all.run_dir = "/run";
  all.run_files = {};
  hand_over(all, account);
  EXPECT_EQ(facts_of("/run").st_mode, before.st_mode);
  EXPECT_EQ(facts_of("/run").st_gid, before.st_gid);
}

TEST_F(HandOver, AFolderThatIsALinkIsRefused) {
  ASSERT_EQ(::symlink(folder.c_str(), (directory / "way").c_str()), 0);
  Belongings all = belongings();
  all.run_dir = directory / "way";
  EXPECT_THROW(hand_over(all, account), StartError);
}

TEST_F(HandOver, AFolderThatCannotBeWrittenThenIsNamed) {
  Belongings all = belongings();
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  EXPECT_EQ(in_a_child([&] {
              try {
                give_up_privileges(std::nullopt, all, true);
              } catch (const StartError& error) {
                const std::string what = error.what();
                return what.find("state directory " + folder + " cannot be written by uid 0") == 0
                           ? 0
                           : 2;
              }
              return 1;
            }),
            0);
}

TEST(Account, OfANameThatNobodyHasIsRefusedWithItsLine) {
  if (::geteuid() != 0) GTEST_SKIP() << "who is not root stays who he is";
  Config config;
  config.file = "f";
  config.account = {.user = "no-such-user", .group = {}, .line = 7};
  try {
    account_of(config);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "f:7: aisexec.user \"no-such-user\" is not known on this machine");
  }
  config.account = {.user = "nobody", .group = "no-such-group", .line = 8};
  EXPECT_THROW(account_of(config), ConfigError);
}

}  // namespace
}  // namespace gyre::node
