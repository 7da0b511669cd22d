#include "rm/execute/ledger.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/node/temporary.hh"

namespace gyre::rm::execute {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Job job(const std::string& key) {
  Job made;
  made.operation.key = key;
  made.operation.resource = "d";
  made.operation.task = "monitor";
  made.operation.interval = 10s;
  made.operation.parameters = {{"passwd", "s3cret"}};
  made.state = Job::State::running;
  made.began = 1234;
  made.reports.push_back({77, {key, Outcome::Status::done, 7, "w\xff", "out", 12, 1ms, 2ms}});
  return made;
}

struct LedgerTest : testing::Test {
  gyre::test::TemporaryDirectory directory;
  std::string path = directory / "exec";
  std::vector<std::string> trouble;

  std::vector<Ledger::Entry> read(const Ledger& ledger) {
    return ledger.read([this](const std::string& what) { trouble.push_back(what); });
  }
};

TEST_F(LedgerTest, HoldsWhatIsKeptUntilItIsForgotten) {
  {
    const Ledger ledger(path);
    EXPECT_EQ(ledger.keep(12, job("b"), {}), std::nullopt);
    EXPECT_EQ(ledger.keep(9, job("a"), {}), std::nullopt);
    EXPECT_EQ(ledger.keep(9, job("a"), {4711, 99}), std::nullopt);
    EXPECT_EQ(ledger.keep(100, job("c"), {}), std::nullopt);
    ledger.forget(100);
  }
  const Ledger again(path);
  const auto entries = read(again);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].id, 9U);
  EXPECT_EQ(entries[0].process, (Process{4711, 99}));
  EXPECT_FALSE(entries[1].process);
  const Job& found = entries[0].job;
  EXPECT_EQ(found.operation.key, "a");
  EXPECT_EQ(found.operation.resource, "d");
  EXPECT_EQ(found.operation.interval, 10s);
  EXPECT_EQ(found.state, Job::State::running);
  EXPECT_EQ(found.began, 1234);
  ASSERT_EQ(found.reports.size(), 1U);
  EXPECT_EQ(found.reports[0].serial, 77U);
  EXPECT_EQ(found.reports[0].outcome.rc, 7);
}

TEST_F(LedgerTest, IsForRootAloneAndHoldsNoParameter) {
  const Ledger ledger(path);
  ledger.keep(1, job("a"), {});
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700U);
  ASSERT_EQ(::stat((path + "/1").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_THAT(gyre::test::read_file(path + "/1"), Not(HasSubstr("s3cret")));
}

TEST_F(LedgerTest, SkipsWhatIsHalfWrittenAndTellsOfWhatIsForeign) {
  const Ledger ledger(path);
  gyre::test::write_file(path + "/5.new", "{");
  EXPECT_THAT(read(ledger), IsEmpty());
  EXPECT_THAT(trouble, IsEmpty());
  for (const char* text : {"{", "{}", "[1]", "{\"key\":1}"}) {
    trouble.clear();
    gyre::test::write_file(path + "/6", text);
    EXPECT_THAT(read(ledger), IsEmpty());
    EXPECT_THAT(trouble, testing::ElementsAre(HasSubstr(path + "/6 is not of this ledger")));
  }
}

// CVE-2019-12779's kind: whoever may make entries in the run directory was there first.
TEST_F(LedgerTest, ThatSomebodyElseLaidThereIsNotBelieved) {
  const std::string elsewhere = directory / "elsewhere";
  std::filesystem::create_directory(elsewhere);
  std::filesystem::permissions(elsewhere, std::filesystem::perms(0700));
  std::filesystem::create_symlink(elsewhere, path);
  EXPECT_THROW(Ledger{path}, std::runtime_error);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  std::filesystem::permissions(path, std::filesystem::perms(0777));
  EXPECT_THROW(Ledger{path}, std::runtime_error);
  std::filesystem::permissions(path, std::filesystem::perms(0700));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), 4242, 4242), 0);
    EXPECT_THROW(Ledger{path}, std::runtime_error);
    ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  }
  EXPECT_NO_THROW(Ledger{path});
}

TEST_F(LedgerTest, IsOfOneProcess) {
  const Ledger ledger(path);
  EXPECT_THROW(Ledger{path}, std::runtime_error);
  EXPECT_THROW(Ledger{directory / "no/exec"}, std::runtime_error);
}

TEST_F(LedgerTest, SaysWhyItCannotBeWritten) {
  const Ledger ledger(path);
  std::filesystem::create_directory(path + "/3");
  EXPECT_THAT(ledger.keep(3, job("a"), {}).value_or(""), HasSubstr(path + "/3"));
}

// A child in a group of its own, with a variable in its environment.
struct Child {
  pid_t pid = 0;

  explicit Child(const char* variable = "NOTHING=") {
    int ready[2];
    (void)!::pipe2(ready, O_CLOEXEC);  // closed by the exec
    pid = ::fork();
    if (pid == 0) {
      ::setpgid(0, 0);
      const char* const arguments[] = {"/bin/sleep", "60", nullptr};
      const char* const environment[] = {"A=1", variable, nullptr};
      ::execve(arguments[0], const_cast<char**>(arguments), const_cast<char**>(environment));
      ::_exit(1);
    }
    ::close(ready[1]);
    char byte = 0;
    (void)!::read(ready[0], &byte, 1);
    ::close(ready[0]);
  }
  ~Child() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  bool alive() const { return ::waitpid(pid, nullptr, WNOHANG) == 0; }
};

TEST(Processes, AreKilledOnlyIfTheyAreTheSame) {
  const Child same, other, left;
  const std::vector<Process> lost = {{same.pid, start_of(same.pid).value()},
                                     {other.pid, start_of(other.pid).value() + 1},
                                     {INT32_MAX, 1}};
  EXPECT_EQ(kill_groups(lost, 10s), 0U);
  EXPECT_FALSE(same.alive());
  EXPECT_TRUE(other.alive());
  EXPECT_TRUE(left.alive());
}

TEST(Processes, AreFoundByWhatStandsInTheirEnvironment) {
  const std::string variable = "GYRE_TEST_MARK=" + std::to_string(::getpid());
  const Child longer((variable + "0").c_str());
  EXPECT_EQ(eldest_with(variable), Process{});
  const Child marked(variable.c_str());
  EXPECT_EQ(eldest_with(variable), (Process{marked.pid, start_of(marked.pid).value()}));
}

TEST(Processes, ThatAreGoneHaveNoStart) {
  EXPECT_EQ(start_of(INT32_MAX), std::nullopt);
  EXPECT_TRUE(start_of(::getpid()));
}

}  // namespace
}  // namespace gyre::rm::execute
