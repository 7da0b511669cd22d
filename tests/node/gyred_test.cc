// gyred as its users meet it: a program with arguments, messages and an exit status.

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "client/gyre/gyre.hh"
#include "tests/guide/guide_file.hh"
#include "tests/node/gyred_process.hh"
#include "tests/node/temporary.hh"
#include "transport/udp/address.hh"

namespace gyre::test {
namespace {

using std::chrono::seconds;
using Words = std::vector<std::string>;

class Gyred : public testing::Test {
 protected:
  // Loopback addresses of this test program only, so that several can run at a time.
  static std::string address(int node) {
    const int pid = ::getpid();
    return fmt::format("127.{}.{}.{}", 100 + (pid >> 8) % 100, pid % 256, node);
  }

  // A short token, because a node waits for the others before it forms a ring alone.
  std::string write_config(const std::string& logging = "to_stderr: yes", int token = 200) {
    std::string text = fmt::format(
        "totem {{\n  version: 2\n  transport: udpu\n  token: {}\n  token_coefficient: "
        "0\n}}\nnodelist {{\n",
        token);
    for (int node = 1; node <= 3; ++node)
      text += fmt::format("  node {{\n    ring0_addr: {}\n    nodeid: {}\n    name: n{}\n  }}\n",
                          address(node), node, node);
    text += "}\nlogging {\n  to_syslog: no\n  " + logging + "\n}\n";
    write_file(directory / "ring.conf", text);
    return directory / "ring.conf";
  }

  std::string run_dir(int node) const { return directory / fmt::format("node{}", node); }

  std::vector<std::string> arguments(int node, const std::vector<std::string>& more = {"-f"}) {
    std::vector<std::string> all = {
        "-c",          directory / "ring.conf", "--nodeid",  std::to_string(node),
        "--state-dir", run_dir(node),           "--run-dir", run_dir(node)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::unique_ptr<GyredProcess> start(int node, const std::vector<std::string>& more = {"-f"}) {
    return std::make_unique<GyredProcess>(arguments(node, more),
                                          directory / fmt::format("output{}", node), notify.path());
  }

  Ended run(const std::vector<std::string>& words) {
    GyredProcess process(words, directory / "output");
    return process.wait().value_or(Ended{});
  }

  client::Connection connect(int node) {
    return client::Connection({.run_dir = run_dir(node), .connect_timeout = seconds(5)});
  }

  TemporaryDirectory directory;
  NotifySocket notify{directory / "notify"};
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Gyred, HelpHasAnExampleAndNonsenseIsRefused) {
  const Ended help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(has(help.output, "Example:"));
  EXPECT_EQ(run({"--nonsense"}).status, 1);
  EXPECT_EQ(run({"--nodeid", "many"}).status, 1);
}

TEST_F(Gyred, ABadConfigurationIsNamedByLineAndStartsNothing) {
  const std::string file = directory / "bad.conf";
  write_file(file, "totem {\n  version: 2\n  token: soon\n}\n");
  for (const std::vector<std::string>& more : {std::vector<std::string>{"-f"}, {"-t"}, {}}) {
    std::vector<std::string> words = {"-c", file, "--run-dir", run_dir(1)};
    words.insert(words.end(), more.begin(), more.end());
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 8);
    EXPECT_TRUE(has(ended.output, file + ":3: ")) << ended.output;
  }
  EXPECT_FALSE(std::filesystem::exists(run_dir(1)));
}

TEST_F(Gyred, AGoodConfigurationIsCheckedAndStartsNothing) {
  write_config();
  EXPECT_EQ(run(arguments(1, {"-t"})).status, 0);
  EXPECT_FALSE(std::filesystem::exists(run_dir(1)));
}

TEST_F(Gyred, ATakenPortIsNamed) {
  write_config();
  const shm::Descriptor taken(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Address own = udp::to_address(address(1), 5405);
  ASSERT_EQ(::bind(taken.number(), udp::raw(own), udp::raw_size(own)), 0);
  const Ended ended = run(arguments(1));
  EXPECT_EQ(ended.status, 15);
  EXPECT_TRUE(has(ended.output, address(1)) && has(ended.output, "5405")) << ended.output;
}

TEST_F(Gyred, AStateDirectoryThatCannotBeWrittenIsNamed) {
  write_config();
  auto words = arguments(1);
  words.insert(words.end(), {"--state-dir", "/proc/self"});
  words.erase(words.begin() + 4, words.begin() + 6);
  const Ended ended = run(words);
  EXPECT_EQ(ended.status, 16);
  EXPECT_TRUE(has(ended.output, "/proc/self")) << ended.output;
}

TEST_F(Gyred, ALogThatCannotBeOpenedIsNamed) {
  write_config("to_logfile: yes\n  logfile: /proc/self/log");
  const Ended ended = run(arguments(1));
  EXPECT_EQ(ended.status, 9);
  EXPECT_TRUE(has(ended.output, "/proc/self/log")) << ended.output;
}

TEST_F(Gyred, SaysLoudlyThatNothingIsSealed) {
  write_config();
  const auto gyred = start(1);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  EXPECT_TRUE(has(read_file(directory / "output1"),
                  "warning: SECAUTH IS OFF: frames are neither authenticated nor encrypted"));
}

TEST_F(Gyred, SaysOfEachLinkThatNothingIsSealed) {
  std::string text = read_file(write_config());
  for (int node = 1; node <= 3; ++node) {
    const std::string first = "ring0_addr: " + address(node);
    text = replaced(text, first, first + "\n    ring1_addr: " + address(10 + node));
  }
  write_file(directory / "ring.conf", text);
  const auto gyred = start(1);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  EXPECT_TRUE(has(read_file(directory / "output1"), "reaches UDP port 5405 or 5406 can read"));
}

TEST_F(Gyred, OneDaemonPerRunDirectory) {
  write_config();
  const auto first = start(1);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  auto words = arguments(2);
  words[7] = run_dir(1);
  const Ended second = run(words);
  EXPECT_EQ(second.status, 18);
  EXPECT_TRUE(has(second.output, fmt::format("gyred is already running with pid {}", first->pid())))
      << second.output;
}

TEST_F(Gyred, EndsInOrderOnASignalAndLeavesNothingBehind) {
  write_config();
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    const auto process = start(1);
    ASSERT_TRUE(notify.wait_for("READY=1"));
    EXPECT_TRUE(std::filesystem::exists(run_dir(1) + "/gyred.pid"));
    client::Connection program = connect(1);
    process->signal(number);
    EXPECT_TRUE(notify.wait_for("STOPPING=1"));
    const auto ended = process->wait();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->status, 0) << ended->output;
    EXPECT_FALSE(std::filesystem::exists(run_dir(1) + "/gyred.pid"));
    EXPECT_FALSE(std::filesystem::exists(run_dir(1) + "/gyre.sock"));
    const auto take_all = [&program] {
      while (program.receive()) continue;
    };
    EXPECT_THROW(take_all(), client::Error);
  }
}

TEST_F(Gyred, GoesToTheBackgroundOnceItHasStarted) {
  write_config("to_logfile: yes\n  logfile: " + (directory / "log"));
  auto parent = start(1, {});
  const auto ended = parent->wait();
  ASSERT_TRUE(ended);
  ASSERT_EQ(ended->status, 0) << ended->output;
  const pid_t pid = std::stoi(read_file(run_dir(1) + "/gyred.pid"));
  ASSERT_TRUE(notify.wait_for("READY=1"));

  // A second one in the background tells by its status that it did not start.
  auto second = start(1, {});
  EXPECT_EQ(second->wait().value_or(Ended{}).status, 18);

  const shm::Descriptor daemon(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  ASSERT_EQ(::kill(pid, SIGTERM), 0);
  pollfd gone{.fd = daemon.number(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&gone, 1, 20'000), 1);
  EXPECT_TRUE(has(read_file(directory / "log"), "gyred ends"));
}

TEST_F(Gyred, OpensItsLogAgainAndTellsItsState) {
  write_config("to_logfile: yes\n  logfile: " + (directory / "log"));
  const auto process = start(1);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  std::filesystem::rename(directory / "log", directory / "old");
  process->signal(SIGHUP);
  process->signal(SIGUSR2);
  process->signal(SIGTERM);
  ASSERT_TRUE(process->wait());
  EXPECT_TRUE(has(read_file(directory / "log"), "state: node 1, operational"));
}

// A program of another user: what the daemon says to it.
std::string status_for(uid_t uid, gid_t gid, const std::string& run_dir) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "pipe";
  const shm::Descriptor reader(ends[0]);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string said = "no other user";
    if (::setgroups(0, nullptr) == 0 && ::setgid(gid) == 0 && ::setuid(uid) == 0) try {
        said = client::Connection::query("status", {.run_dir = run_dir}).substr(0, 9);
      } catch (const client::Error& error) {
        said = error.what();
      }
    const auto written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[256];
  for (ssize_t got; (got = ::read(reader.number(), buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(got));
  ::waitpid(child, nullptr, 0);
  return said;
}

TEST_F(Gyred, LetsInWhomTheConfigurationNames) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  write_config("to_stderr: yes\n}\nuidgid {\n  uid: 4242");
  std::filesystem::create_directory(directory / "uidgid.d");
  write_file(directory / "uidgid.d/others", "uidgid {\n  gid: 4343\n}\n");
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  const auto process = start(1);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  EXPECT_EQ(status_for(4242, 100, run_dir(1)), R"({"nodeid")");
  EXPECT_EQ(status_for(100, 4343, run_dir(1)), R"({"nodeid")");
  const std::string refused = status_for(4343, 4242, run_dir(1));
  EXPECT_TRUE(has(refused, "uid 4343 with gid 4242 is not allowed")) << refused;
  process->signal(SIGTERM);
  const auto ended = process->wait();
  ASSERT_TRUE(ended);
  EXPECT_TRUE(has(ended->output, "uid 4343 with gid 4242 is not allowed")) << ended->output;
}

TEST_F(Gyred, LeavesTheRingWhenAProgramAsksForIt) {
  write_config();
  const auto process = start(1);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  EXPECT_THROW(client::Connection::query("shutdown", {.run_dir = run_dir(1)}, Words{"now"}),
               client::Error);
  EXPECT_EQ(client::Connection::query("shutdown", {.run_dir = run_dir(1)}), "{}");
  const auto ended = process->wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 0);
  EXPECT_TRUE(
      has(ended->output, fmt::format("pid {} of uid {} asks: shutdown", ::getpid(), ::getuid())))
      << ended->output;
}

TEST_F(Gyred, TakesAsManyProgramsAsItSaysWhateverTheOpenFilesWere) {
  constexpr std::size_t clients_max = 150;
  write_config("to_stderr: yes\n}\nsystem {\n  clients_max: 150\n  client_backlog_max: 65536");
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit few{128, limit.rlim_max}, many{limit.rlim_max, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto process = start(1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &many), 0);
  ASSERT_TRUE(notify.wait_for("READY=1"));
  std::vector<client::Connection> programs;
  while (programs.size() < clients_max) programs.push_back(connect(1));
  try {
    connect(1);
    ADD_FAILURE() << "one more than there may be";
  } catch (const client::Error& error) {
    EXPECT_TRUE(has(error.what(), "150 programs are connected, which is all")) << error.what();
  }
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The file that operators know, with what this version does not have taken out: the second
// interface and secauth.
TEST_F(Gyred, TheGuidesOwnFileFormsARing) {
  std::vector<std::unique_ptr<GyredProcess>> daemons;
  for (int node = 1; node <= 3; ++node) {
    const std::string file = directory / fmt::format("guide{}.conf", node);
    write_file(file, replaced(short_guide_file(), "192.168.42.0", address(node)));
    daemons.push_back(std::make_unique<GyredProcess>(
        std::vector<std::string>{"-f", "-c", file, "--state-dir", run_dir(node), "--run-dir",
                                 run_dir(node)},
        directory / fmt::format("output{}", node), notify.path()));
  }
  for (int node = 1; node <= 3; ++node) ASSERT_TRUE(notify.wait_for("STATUS=view"));
  for (int node = 1; node <= 3; ++node) {
    client::Connection program = connect(node);
    for (std::size_t members = 0; members != 3;) {
      const auto event = program.receive(seconds(20));
      ASSERT_TRUE(event);
      if (const auto* view = std::get_if<client::View>(&*event)) members = view->members.size();
    }
  }
}

TEST_F(Gyred, TheLaterOfTwoWithOneIdGoesAndSaysWhy) {
  const auto start_on = [&](int place) {
    write_file(directory / fmt::format("ring{}.conf", place),
               fmt::format("totem {{\n  version: 2\n  secauth: off\n  token: 200\n  interface {{\n"
                           "    bindnetaddr: {}\n    mcastaddr: 239.255.77.1\n  }}\n}}\n"
                           "logging {{\n  to_syslog: no\n}}\n",
                           address(place)));
    return std::make_unique<GyredProcess>(
        std::vector<std::string>{"-f", "-c", directory / fmt::format("ring{}.conf", place),
                                 "--nodeid", "7", "--state-dir", run_dir(place), "--run-dir",
                                 run_dir(place)},
        directory / fmt::format("output{}", place), notify.path());
  };
  const auto first = start_on(1);
  ASSERT_TRUE(notify.wait_for("STATUS=view"));
  const auto later = start_on(2);
  const auto ended = later->wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 15) << ended->output;
  EXPECT_TRUE(has(ended->output, "another node is already node 7")) << ended->output;
  const auto status =
      nlohmann::json::parse(client::Connection::query("status", {.run_dir = run_dir(1)}));
  EXPECT_EQ(status["state"], "operational");
}

TEST_F(Gyred, ThreeOfThemOrderWhatTheirProgramsSend) {
  write_config("to_stderr: yes", 2000);
  std::vector<std::unique_ptr<GyredProcess>> daemons;
  for (int node = 1; node <= 3; ++node) daemons.push_back(start(node));
  for (int node = 1; node <= 3; ++node) ASSERT_TRUE(notify.wait_for("STATUS=view"));

  std::vector<client::Connection> programs;
  for (int node = 1; node <= 3; ++node) programs.push_back(connect(node));
  for (client::Connection& program : programs) program.join("prices");
  // Wait until each sees all three in the group, in whatever views it takes to get there.
  for (client::Connection& program : programs)
    for (std::size_t members = 0; members != 3;) {
      const auto event = program.receive(seconds(20));
      ASSERT_TRUE(event);
      if (const auto* change = std::get_if<client::GroupChange>(&*event))
        members = change->members.size();
    }
  constexpr int count = 200;
  for (int n = 0; n < count; ++n)
    for (client::Connection& program : programs) {
      const std::string text = fmt::format("{} {}", program.node(), n);
      program.send("prices", std::as_bytes(std::span(text)),
                   n % 20 == 0 ? client::Guarantee::safe : client::Guarantee::agreed);
    }
  std::vector<std::vector<std::string>> orders(3);
  for (std::size_t i = 0; i < 3; ++i)
    while (orders[i].size() < 3 * count) {
      const auto event = programs[i].receive(seconds(20));
      ASSERT_TRUE(event);
      if (const auto* message = std::get_if<client::Message>(&*event))
        orders[i].emplace_back(reinterpret_cast<const char*>(message->payload.data()),
                               message->payload.size());
    }
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_EQ(orders[0], orders[2]);

  const auto status =
      nlohmann::json::parse(client::Connection::query("status", {.run_dir = run_dir(2)}));
  EXPECT_EQ(status["nodeid"], 2);
  EXPECT_EQ(status["members"], (nlohmann::json{1, 2, 3}));
  const auto members =
      nlohmann::json::parse(client::Connection::query("members", {.run_dir = run_dir(2)}));
  EXPECT_EQ(members["members"][2]["name"], "n3");
  EXPECT_EQ(members["members"][2]["addresses"][0], address(3));
  EXPECT_THROW(client::Connection::query("weather", {.run_dir = run_dir(2)}), client::Error);
  const auto groups =
      nlohmann::json::parse(client::Connection::query("groups", {.run_dir = run_dir(2)}));
  EXPECT_EQ(groups["groups"][0]["name"], "707269636573");  // "prices"
  EXPECT_EQ(groups["groups"][0]["members"].size(), 3u);

  daemons[2]->signal(SIGKILL);
  for (std::size_t count_left = 3; count_left != 2;) {
    const auto event = programs[0].receive(seconds(20));
    ASSERT_TRUE(event);
    if (const auto* view = std::get_if<client::View>(&*event)) count_left = view->members.size();
  }
}

}  // namespace
}  // namespace gyre::test
