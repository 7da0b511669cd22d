#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <sstream>

#include "rm/local/address.hh"
#include "rm/local/connection.hh"
#include "tests/rm/execute/executor_bed.hh"

namespace gyre::rm::execute {
namespace {

using namespace std::chrono_literals;
using Status = Outcome::Status;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST_F(ExecutorTest, SaysWhatBecameOfAnAgent) {
  agent("a", "echo to stdout; echo complaint >&2; echo ocf-exit-reason:because >&2; exit 7");
  start();
  EXPECT_EQ(standings[0].jobs.size(), 0U);
  const Outcome outcome = run(operation("k", "a"));
  EXPECT_EQ(outcome.status, Status::done);
  EXPECT_EQ(outcome.rc, 7);
  EXPECT_EQ(outcome.exit_reason, "because");
  EXPECT_EQ(outcome.output, "to stdout\n");
  EXPECT_NEAR(static_cast<double>(outcome.began), static_cast<double>(std::time(nullptr)), 60);
  EXPECT_THAT(log.str(), HasSubstr("r-a: start is done, rc 7"));
  EXPECT_THAT(log.str(), HasSubstr("r-a: start says: complaint"));
}

TEST_F(ExecutorTest, GivesAnAgentACleanPlace) {
  agent("a", R"sh([ $# = 1 ] || exit 1
    read line && exit 2
    [ "$(cut -d' ' -f5 /proc/$$/stat)" = $$ ] || exit 7
    [ "$OCF_RESKEY_ip $OCF_RESOURCE_INSTANCE $HOME" = '1.2.3.4 r-a /home' ] || exit 8)sh");
  start();
  Operation what = operation("k", "a");
  what.parameters = {{"ip", "1.2.3.4"}};
  EXPECT_EQ(run(what).rc, 0);
}

// Programs that look at themselves: a shell has signals and descriptors of its own.
TEST_F(ExecutorTest, GivesAnAgentNoDescriptorOfOursAndAllSignals) {
  const local::Descriptor kept_by_an_exec(::dup(STDERR_FILENO));
  std::signal(SIGPIPE, SIG_IGN);
  agent("ls", "");
  agent("cat", "");
  gyre::test::write_file(directory / "ocf/resource.d/test/ls", "#!/bin/ls /proc/self/fd\n");
  gyre::test::write_file(directory / "ocf/resource.d/test/cat", "#!/bin/cat /proc/self/status\n");
  start();
  // The fourth is its own.
  EXPECT_THAT(run(operation("1", "ls")).output, EndsWith("/proc/self/fd:\n0\n1\n2\n3\n"));
  const std::string status = run(operation("2", "cat")).output;
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000\n"));
  // Two above those that have names are glibc's own.
  EXPECT_THAT(status, ContainsRegex("SigIgn:\t0000000[01][08]0000000\n"));
}

TEST_F(ExecutorTest, SaysWhyAnAgentCannotRun) {
  agent("plain", "exit 0");
  ::chmod((directory / "ocf/resource.d/test/plain").c_str(), 0644);
  gyre::test::write_file(directory / "ocf/resource.d/test/orphan", "#!/no/such/shell\n");
  ::chmod((directory / "ocf/resource.d/test/orphan").c_str(), 0755);
  agent("dies", "kill -USR1 $$");
  start();
  EXPECT_EQ(run(operation("1", "absent")).status, Status::not_installed);
  EXPECT_EQ(run(operation("2", "orphan")).status, Status::not_installed);
  EXPECT_EQ(run(operation("3", "plain")).rc, ocf_not_permitted);
  const Outcome died = run(operation("4", "dies"));
  EXPECT_EQ(died.status, Status::error);
  EXPECT_THAT(died.exit_reason, HasSubstr("User defined signal 1"));
  Operation unit = operation("5", "dies");
  unit.standard = "systemd";
  EXPECT_EQ(run(unit).status, Status::not_supported);
  Operation too_much = operation("6", "dies");
  too_much.parameters = {{"a", std::string(200'000, 'x')}};
  EXPECT_THAT(run(too_much).exit_reason, HasSubstr("too long"));
}

TEST_F(ExecutorTest, KillsTheWholeGroupOnceItsTimeIsOver) {
  agent("a", "trap '' TERM\nsleep 100 &\necho $! $$ > $here/x; mv $here/x $here/pids\nwait");
  start();
  Operation what = operation("k", "a");
  what.timeout = 2s;
  client->run(what);
  std::istringstream pids(content("pids"));
  std::string child, leader;
  pids >> child >> leader;
  EXPECT_TRUE(alive(child));
  until_reports(1);
  EXPECT_EQ(reports[0].outcome.status, Status::timed_out);
  EXPECT_EQ(reports[0].outcome.exit_reason, "not done within 2 s");
  until([&] { return !alive(child) && !alive(leader); });  // reaped, both
}

TEST_F(ExecutorTest, IsNotHeldUpByWhatAnAgentLeavesRunningAndReapsThat) {
  agent("a", "sleep 100 &\necho $! > $here/x; mv $here/x $here/pid");
  start();
  EXPECT_EQ(run(operation("k", "a")).rc, 0);  // though its pipes are still open
  const std::string pid = content("pid");
  EXPECT_TRUE(alive(pid));
  ::kill(std::stoi(pid), SIGKILL);
  until([&] { return !alive(pid); });
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ExecutorTest, TakesAndDropsWhatIsTooMuch) {
  agent("a", "head -c 3000000 /dev/zero\nhead -c 3000000 /dev/zero >&2\nexit 3");
  start();
  const Outcome outcome = run(operation("k", "a"));
  EXPECT_EQ(outcome.rc, 3);
  EXPECT_EQ(outcome.output.size(), 4096U);
}

TEST_F(ExecutorTest, RepeatsAMonitorAndReportsChangesOnly) {
  agent("a", "echo run >> $here/runs; [ -e $here/up ] || exit 7");
  start();
  client->run(recurring("m", "a", 5ms));
  until_reports(1);
  EXPECT_EQ(reports[0].outcome.rc, 7);
  const auto runs = [&] { return gyre::test::read_file(directory / "runs").size() / 4; };
  until([&] { return runs() > 5; });
  EXPECT_EQ(reports.size(), 1U);
  gyre::test::write_file(directory / "up", "");
  until_reports(2);
  EXPECT_EQ(reports[1].outcome.rc, 0);
  client->cancel("m");
  until_reports(3);
  EXPECT_EQ(reports[2].outcome.status, Status::cancelled);
  const auto last = runs();
  EXPECT_EQ(run(operation("k", "a")).rc, 0);
  EXPECT_EQ(runs(), last + 1);
}

TEST_F(ExecutorTest, EndsAMonitorThatIsCancelledWhileItHangs) {
  agent("a", "[ $1 = monitor ] || exit 0\n: > $here/hangs; sleep 100");
  start();
  client->run(recurring("m", "a", 10s));
  content("hangs");
  client->cancel("m");
  const Outcome stopped = run(operation("k", "a", "stop"));  // which waits for it
  EXPECT_EQ(stopped.rc, 0);
  EXPECT_EQ(outcome("m").status, Status::cancelled);
}

TEST_F(ExecutorTest, AnswersACancelOfWhatIsOver) {
  start();
  client->cancel("never");
  until_reports(1);
  EXPECT_EQ(reports[0].outcome.status, Status::cancelled);
  EXPECT_EQ(reports[0].serial, 0U);
}

TEST_F(ExecutorTest, DescribesAnAgent) {
  agent("a", "[ $1 = meta-data ] && head -c 100000 /dev/zero | tr '\\0' x");
  start();
  std::optional<Outcome> described;
  client->describe("ocf", "test", "a", [&](const Outcome& outcome) { described = outcome; });
  until([&] { return described.has_value(); });
  EXPECT_EQ(described->output, std::string(100'000, 'x'));
  EXPECT_TRUE(reports.empty());
  described.reset();
  client->describe("ocf", "test", "none", [&](const Outcome& outcome) { described = outcome; });
  until([&] { return described.has_value(); });
  EXPECT_EQ(described->status, Status::not_installed);
}

TEST_F(ExecutorTest, TellsALaterClientWhatRunsAndWhatWasNotAcknowledged) {
  agent("a", "exit 1");
  agent("slow", "until [ -e $here/go ]; do sleep 0.02; done");
  start();
  run(operation("acknowledged", "a"));
  client->acknowledge(reports[0].serial);
  run(operation("over", "a"));
  const Report kept = reports.back();
  client->run(operation("running", "slow"));
  client->run(operation("queued", "slow"));
  run(recurring("resting", "a", 1h));
  reports.clear();
  client.reset();
  connect();
  until_connected(2);
  EXPECT_EQ(standings[0].life, standings[1].life);
  EXPECT_EQ(state("acknowledged", 1), "unknown");
  EXPECT_EQ(state("over", 1), "over");
  EXPECT_EQ(state("running", 1), "running");
  EXPECT_EQ(state("queued", 1), "queued");
  EXPECT_EQ(state("resting", 1), "resting");
  until_reports(2);
  EXPECT_EQ(reports[0], kept);
  gyre::test::write_file(directory / "go", "");
  until([&] { return outcome("queued").key == "queued"; });
  EXPECT_EQ(outcome("running").rc, 0);
}

TEST_F(ExecutorTest, ServesOneClientAndLetsTheNextWait) {
  start();
  ClientBed::standings.clear();
  std::size_t waiting = 0;
  std::optional<Client> second(std::in_place, loop, directory.path(),
                               Client::Events{[&](const Standing&) { ++waiting; },
                                              [](const Report&) {}, [](const std::string&) {}});
  agent("a", "exit 0");
  run(operation("k", "a"));
  EXPECT_EQ(waiting, 0U);
  client.reset();
  until([&] { return waiting == 1; });
}

// Its words are its own.
struct Stranger {
  local::Connection connection;
  std::vector<std::string> heard;
  std::string ended;

  static local::Descriptor connected(const std::string& path) {
    local::Descriptor socket = local::stream_socket(false);
    local::connect_to(socket, path);
    return socket;
  }
  Stranger(local::Loop& loop, const std::string& path) : connection(loop, connected(path), {}) {
    connection.tell({[this](std::string_view text) { heard.emplace_back(text); },
                     [this](const std::string& why) { ended = why; }});
  }
};

TEST_F(ExecutorTest, RefusesWhatItDoesNotUnderstand) {
  executor.emplace(loop, settings());
  const std::pair<std::string, std::string> refusals[] = {
      {"rubbish", "not JSON"},
      {text_of(Cancel{"k"}), "hello first"},
      {text_of(Hello{words_version + 1}), "another version"},
      {"{\"hello\":1.5e300}", "whole number"},
      {"", "not JSON"}};
  for (const auto& [said, why] : refusals) {
    Stranger stranger(loop, directory / "exec.sock");
    stranger.connection.send(said);
    until([&] { return !stranger.ended.empty(); });
    ASSERT_EQ(stranger.heard.size(), 1U) << said;
    EXPECT_THAT(stranger.heard[0], ContainsRegex("refused.*" + why));
  }
}

TEST_F(ExecutorTest, TellsNoSecret) {
  agent("a", "tr '\\0' ' ' < /proc/$$/cmdline\n[ $OCF_RESKEY_passwd = s3cret ]");
  start();
  Operation what = operation("k", "a");
  what.parameters = {{"passwd", "s3cret"}};
  const Outcome outcome = run(what);
  EXPECT_EQ(outcome.rc, 0);
  EXPECT_THAT(outcome.output, HasSubstr("resource.d/test/a start"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("s3cret")));
  EXPECT_THAT(log.str(), Not(HasSubstr("s3cret")));
  for (const auto& each : std::filesystem::directory_iterator(directory / "exec"))
    EXPECT_THAT(gyre::test::read_file(each.path()), Not(HasSubstr("s3cret")));
}

TEST_F(ExecutorTest, ForgetsWhatIsAcknowledged) {
  agent("a", "exit 0");
  start();
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator(directory / "exec"), {});
  };
  run(operation("k", "a"));
  EXPECT_EQ(entries(), 1);
  client->acknowledge(reports[0].serial);
  until([&] { return entries() == 0; });
}

TEST_F(ExecutorTest, WritesNothingIntoItsLogThatMakesAnotherLine) {
  agent("a", "printf 'ocf-exit-reason:a\\033[0m\\rb\\n' >&2");
  start();
  Operation what = operation("k", "a");
  what.resource = "two\nlines";
  run(what);
  EXPECT_THAT(log.str(), HasSubstr("two\\x0alines: start is done, rc 0"));
  EXPECT_THAT(log.str(), HasSubstr("a\\x1b[0m\\x0db"));
}

// ---- the client's own ----

TEST_F(ExecutorTest, IsWaitedForAndThenAskedWhatWasAskedBefore) {
  agent("a", "exit 0");
  connect();
  EXPECT_THAT(trouble, ElementsAre(HasSubstr("exec.sock")));
  client->run(operation("k", "a"));
  client->run(recurring("m", "a", 1h));
  client->cancel("m");
  executor.emplace(loop, settings());
  until_reports(2);
  EXPECT_EQ(outcome("k").status, Status::done);
  EXPECT_EQ(outcome("m").status, Status::cancelled);
}

TEST_F(ExecutorTest, IsNotAskedForWhatWouldEndTheConnection) {
  agent("a", "exit 0");
  start();
  Operation huge = operation("huge", "a");
  huge.parameters = {{"a", std::string(words_max, 'x')}};
  EXPECT_EQ(run(huge).status, Status::error);
  EXPECT_EQ(run(operation(std::string(key_max + 1, 'k'), "a")).status, Status::error);
  Operation patient = recurring("patient", "a", std::chrono::milliseconds::max());
  EXPECT_EQ(run(patient).status, Status::done);
  EXPECT_EQ(standings.size(), 1U);
  EXPECT_TRUE(trouble.empty());
}

TEST_F(ExecutorTest, IsAskedInOrderForWhatItHasNotHeard) {
  agent("a", "exit 0");
  connect();
  std::vector<std::string> asked, done;
  for (int i = 20; i-- > 0;) {
    asked.push_back(std::to_string(i));
    client->run(operation(asked.back(), "a"));
  }
  executor.emplace(loop, settings());
  until_reports(asked.size());
  for (const Report& each : reports) done.push_back(each.outcome.key);
  EXPECT_EQ(done, asked);
}

TEST_F(ExecutorTest, IsFoundAgainByItsClient) {
  agent("a", "exit 0");
  start();
  run(operation("1", "a"));
  client->acknowledge(reports[0].serial);
  run(recurring("m", "a", 1h));
  executor.reset();
  until([&] { return !client->connected(); });
  client->run(operation("2", "a"));
  executor.emplace(loop, settings());
  until_connected(2);
  EXPECT_NE(standings[0].life, standings[1].life);
  until([&] { return outcome("2").key == "2"; });
  EXPECT_EQ(outcome("2").status, Status::done);
  EXPECT_EQ(std::ranges::count(reports, "m", [](const Report& of) { return of.outcome.key; }), 3);
  EXPECT_EQ(reports[reports.size() - 2].outcome.status, Status::cancelled);
}

TEST_F(ExecutorTest, OfAnotherLifeIsNotAskedWhatWasForgotten) {
  agent("a", "exit 0");
  start();
  executor.reset();
  until([&] { return !client->connected(); });
  client->run(operation("1", "a"));
  on_connected = [this] { client->forget(); };
  executor.emplace(loop, settings());
  until_connected(2);
  client->run(operation("2", "a"));
  until([&] { return outcome("2").key == "2"; });
  EXPECT_EQ(std::ranges::count(reports, "1", [](const Report& of) { return of.outcome.key; }), 0);
}

TEST_F(ExecutorTest, OfAnotherVersionIsNotAskedAgainAndAgain) {
  std::size_t refused = 0;
  local::Server::Settings other;
  other.path = directory / "exec.sock";
  std::optional<local::Server> server(
      std::in_place, loop, other,
      local::Server::Events{[](local::Connection&) {},
                            [&](local::Connection& connection, std::string_view) {
                              ++refused;
                              connection.send(text_of(Refused{"another version"}));
                            },
                            [](local::Connection&, const std::string&) {},
                            [](const std::string&) {}});
  connect();
  until([&] { return trouble.size() == 1; });
  for (int i = 0; i < 10; ++i) loop.turn(1ms);
  EXPECT_EQ(refused, 1U);
  EXPECT_THAT(trouble, ElementsAre(HasSubstr("another version")));
  server.reset();
  executor.emplace(loop, settings());
  until_connected();
}

// ---- agents that nobody wrote for this ----

struct Debian : ExecutorTest, testing::WithParamInterface<const char*> {};

TEST_P(Debian, DummyStartsIsMonitoredAndStops) {
  const std::string provider = GetParam();
  if (!std::filesystem::exists("/usr/lib/ocf/resource.d/" + provider + "/Dummy"))
    GTEST_SKIP() << "ocf:" << provider << ":Dummy is not installed";
  Executor::Settings wanted = settings();
  wanted.surroundings.ocf_root = "/usr/lib/ocf";
  executor.emplace(loop, wanted);
  connect();
  until_connected();
  const auto told = [&](const std::string& key, const std::string& task, auto interval) {
    Operation what = operation(key, "Dummy", task);
    what.provider = provider;
    what.interval = interval;
    what.parameters = {{"state", directory / "dummy.state"}};
    return run(what);
  };
  EXPECT_EQ(told("probe", "monitor", 0ms).rc, 7);
  EXPECT_EQ(told("start", "start", 0ms).rc, 0);
  EXPECT_EQ(told("monitor", "monitor", 20ms).rc, 0);
  std::filesystem::remove(directory / "dummy.state");
  until([&] { return reports.back().outcome.key == "monitor" && reports.back().outcome.rc == 7; });
  EXPECT_EQ(reports.back().outcome.exit_reason,
            provider == "heartbeat" ? "No process state file found" : "");
  client->cancel("monitor");
  EXPECT_EQ(told("stop", "stop", 0ms).rc, 0);
  std::optional<Outcome> described;
  client->describe("ocf", provider, "Dummy", [&](const Outcome& outcome) { described = outcome; });
  until([&] { return described.has_value(); });
  EXPECT_THAT(described->output, HasSubstr("<resource-agent name=\"Dummy\""));
}
INSTANTIATE_TEST_SUITE_P(Providers, Debian, testing::Values("heartbeat", "pacemaker"));

}  // namespace
}  // namespace gyre::rm::execute
