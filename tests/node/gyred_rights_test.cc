// What gyred may do once it has started, seen from outside: in /proc, and by what still works.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "client/gyre/gyre.hh"
#include "node/privileges.hh"
#include "tests/node/gyred_process.hh"
#include "tests/node/temporary.hh"
#include "transport/header.hh"
#include "transport/udp/address.hh"
#include "transport/udp/socket.hh"

namespace gyre::test {
namespace {

using std::chrono::seconds;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class GyredRights : public testing::Test {
 protected:
  GyredRights() { std::filesystem::permissions(directory.path(), std::filesystem::perms(0755)); }

  static std::string address(int node) {
    const int pid = ::getpid();
    return fmt::format("127.{}.{}.{}", 100 + (pid >> 8) % 100, pid % 256, node);
  }
  void write_config(const std::string& more = {}) {
    write_file(directory / "ring.conf",
               fmt::format("totem {{\n  version: 2\n  transport: udpu\n  token: 200\n}}\n"
                           "nodelist {{\n  node {{\n    ring0_addr: {}\n    nodeid: 1\n"
                           "  }}\n}}\nlogging {{\n  to_syslog: no\n  to_stderr: no\n"
                           "  to_logfile: yes\n  logfile: {}\n}}\nuidgid {{\n  uid: 4242\n}}\n{}",
                           address(1), directory / "log", more));
  }
  std::unique_ptr<GyredProcess> start() {
    auto process = std::make_unique<GyredProcess>(
        std::vector<std::string>{"-f", "-c", directory / "ring.conf", "--nodeid", "1",
                                 "--state-dir", folder, "--run-dir", folder},
        directory / "output", notify.path());
    if (!notify.wait_for("READY=1")) ADD_FAILURE() << read_file(directory / "output") << log();
    return process;
  }
  std::string log() const { return read_file(directory / "log"); }
  client::Options options() const { return {.run_dir = folder, .connect_timeout = seconds(5)}; }

  // Every thread has given up the same.
  static void expect_rights(pid_t pid, uid_t uid) {
    std::size_t threads = 0;
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid))) {
      ++threads;
      const std::string status = read_file(task.path() / "status");
      EXPECT_TRUE(has(status, fmt::format("Uid:\t{0}\t{0}\t{0}\t{0}\n", uid))) << status;
      for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
        EXPECT_TRUE(has(status, fmt::format("{}:\t0000000000000000\n", set))) << status;
      EXPECT_TRUE(has(status, "NoNewPrivs:\t1\n")) << status;
      EXPECT_EQ(has(status, "Seccomp:\t2\n"), node::calls_are_filtered) << status;
    }
    EXPECT_GE(threads, 2u);
  }
  void end(GyredProcess& process) {
    process.signal(SIGTERM);
    const auto ended = process.wait();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->status, 0) << ended->output << log();
    EXPECT_TRUE(has(log(), "gyred ends"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/gyred.pid"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/gyre.sock"));
  }

  TemporaryDirectory directory;
  std::string folder = directory / "node";
  NotifySocket notify{directory / "notify"};
};

// What a child does that became `uid`: 0 is well.
template <typename What>
int as_user(uid_t uid, What what) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 1;
    if (::setgid(uid) == 0 && ::setuid(uid) == 0) try {
        status = what();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

struct stat facts_of(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(::lstat(path.c_str(), &facts), 0) << path;
  return facts;
}

class GyredOfItsOwnUser : public GyredRights {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    const passwd* found = ::getpwnam("nobody");
    if (!found) GTEST_SKIP() << "there is no user nobody";
    user = *found;
    ::chmod(notify.path().c_str(), 0666);
    write_config("aisexec {\n  user: nobody\n}\n");
  }
  passwd user{};
};

TEST_F(GyredOfItsOwnUser, HasNothingLeftOfRoot) {
  const auto process = start();
  expect_rights(process->pid(), user.pw_uid);
  EXPECT_TRUE(has(log(), "runs as user nobody from now on")) << log();
  // What is root's there stays root's, and nobody can put another thing in its place.
  const struct stat facts = facts_of(folder);
  EXPECT_EQ(facts.st_uid, 0u);
  EXPECT_EQ(facts.st_gid, user.pw_gid);
  EXPECT_EQ(facts.st_mode & 07777, 01775u);
  EXPECT_EQ(facts_of(folder + "/votes").st_uid, user.pw_uid);
  end(*process);
}

TEST_F(GyredOfItsOwnUser, ServesProgramsOfOtherUsers) {
  const auto process = start();
  const auto talk = [&] {
    client::Connection program(options());
    program.join("group");
    const std::string text = "words";
    program.send("group", std::as_bytes(std::span(text)));
    while (const auto event = program.receive(seconds(20)))
      if (const auto* message = std::get_if<client::Message>(&*event))
        return message->payload.size() == text.size() ? 0 : 2;
    return 3;
  };
  EXPECT_EQ(as_user(0, talk), 0);
  EXPECT_EQ(as_user(user.pw_uid, talk), 0) << "its own";
  EXPECT_EQ(as_user(4242, talk), 0) << "one that uidgid{} names";
  end(*process);
}

TEST_F(GyredOfItsOwnUser, ReadsItsFileAnewAndOpensItsLogAgain) {
  const auto process = start();
  write_config("aisexec {\n  user: nobody\n}\nmine {\n  word: 7\n}\n");
  EXPECT_EQ(client::Connection::query("reload", options()), R"({"fixed":[]})");
  EXPECT_TRUE(has(log(), "counts from now on")) << log();
  // As logrotate does it.
  std::filesystem::rename(directory / "log", directory / "old");
  write_file(directory / "log", "");
  ASSERT_EQ(::chown((directory / "log").c_str(), user.pw_uid, user.pw_gid), 0);
  process->signal(SIGHUP);
  end(*process);
}

TEST_F(GyredOfItsOwnUser, StartsAgainAfterItWasKilled) {
  for (int round = 0; round < 2; ++round) {
    const auto process = start();
    expect_rights(process->pid(), user.pw_uid);
    process->signal(SIGKILL);
    ASSERT_TRUE(process->wait());
  }
  const auto process = start();
  end(*process);
}

TEST_F(GyredOfItsOwnUser, SaysThatAUserIsNotKnown) {
  write_config("aisexec {\n  user: no-such-user\n}\n");
  GyredProcess process({"-f", "-c", directory / "ring.conf", "--nodeid", "1", "--state-dir", folder,
                        "--run-dir", folder},
                       directory / "output");
  const auto ended = process.wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 8);
  EXPECT_TRUE(has(ended->output, "ring.conf:22: aisexec.user \"no-such-user\" is not known"))
      << ended->output;
}

TEST_F(GyredRights, RootWithoutAUserOfItsOwnHasNoCapabilities) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has any";
  if (::getpwnam("gyre")) GTEST_SKIP() << "there is a user gyre";
  write_config();
  const auto process = start();
  expect_rights(process->pid(), 0);
  EXPECT_TRUE(has(log(), "stays uid 0, without any capability: there is no user gyre")) << log();
  end(*process);
}

TEST_F(GyredRights, AnyUserMayRunIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "all other tests say so then";
  ASSERT_EQ(::chown(directory.path().c_str(), 4343, 4343), 0);
  ASSERT_EQ(::chmod(notify.path().c_str(), 0666), 0);
  if (as_user(4343, [] { return ::access(GYRED_PATH, X_OK) == 0 ? 0 : 1; }) != 0)
    GTEST_SKIP() << "gyred was built where only root looks";
  EXPECT_EQ(as_user(4343,
                    [&] {
                      write_config();
                      const auto process = start();
                      expect_rights(process->pid(), 4343);
                      end(*process);
                      return HasFailure() ? 2 : 0;
                    }),
            0);
}

// CVE-2016-7035's kind: some question of some daemon that looks at nobody's rights.
TEST_F(GyredRights, NoQuestionIsAnsweredToAUserWhomNobodyNames) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  write_config();
  const auto process = start();
  const char* const questions[] = {"status",
                                   "members",
                                   "counters",
                                   "metrics",
                                   "quorum",
                                   "quorum.expected",
                                   "quorum.votes",
                                   "groups",
                                   "reopen_logs",
                                   "reload",
                                   "links",
                                   "kill",
                                   "shutdown",
                                   "cmap.get",
                                   "cmap.list",
                                   "cmap.set",
                                   "cmap.delete",
                                   "cmap.track",
                                   "quorum.device",
                                   "quorum.device.register",
                                   "quorum.device.unregister",
                                   "quorum.device.update",
                                   "quorum.device.poll",
                                   "quorum.device.master_wins",
                                   "no-such-thing",
                                   ""};
  const auto refused = [&](auto ask) {
    try {
      ask();
      return false;
    } catch (const client::Error& error) {
      return error.code() == client::ErrorCode::refused && has(error.what(), "is not allowed");
    }
  };
  EXPECT_EQ(as_user(4343,
                    [&] {
                      int answered = 0;
                      for (const char* question : questions)
                        for (const std::vector<std::string>& words :
                             {std::vector<std::string>{}, {"1"}, {"now", "1"}})
                          answered += !refused(
                              [&] { client::Connection::query(question, options(), words); });
                      answered += !refused([&] { client::Connection program(options()); });
                      return answered;
                    }),
            0);
  EXPECT_EQ(
      as_user(4242, [&] { return client::Connection::query("status", options()).empty() ? 1 : 0; }),
      0);
  end(*process);
}

// CVE-2013-0281's kind: callers who come and say nothing. They have no place to take.
TEST_F(GyredRights, TenThousandSilentCallersKeepNobodyWaiting) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  write_config();
  const auto process = start();
  const auto descriptors = [&] {
    return std::distance(
        std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", process->pid())),
        std::filesystem::directory_iterator());
  };
  const auto before = descriptors();
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  (folder + "/gyre.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(
      as_user(4343,
              [&] {
                rlimit files{};
                ::getrlimit(RLIMIT_NOFILE, &files);
                files.rlim_cur = files.rlim_max;
                ::setrlimit(RLIMIT_NOFILE, &files);
                // On a machine that allows so many; else what it allows.
                const auto count = std::min<rlim_t>(10'000, files.rlim_cur - 100);
                std::vector<shm::Descriptor> callers;
                for (rlim_t i = 0; i < count; ++i) {
                  callers.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
                  if (::connect(callers.back().number(),
                                reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
                    return 2;
                }
                return 0;
              }),
      0);
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_TRUE(has(client::Connection::query("status", options()), "operational"));
  EXPECT_LT(std::chrono::steady_clock::now() - asked, seconds(20));
  EXPECT_LE(descriptors(), before + 2);
  end(*process);
}

// What comes from outside is counted, each by its reason, and not written down one by one.
TEST_F(GyredRights, AForgedFloodFillsCountersAndNoLog) {
  write_config();
  const auto process = start();
  const auto lines = [&] {
    const std::string text = log();
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto before = lines();
  const udp::Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Address own = udp::to_address(address(1), 5405);
  std::array<std::byte, 200> frame{};
  const auto send = [&](std::size_t size) {
    ASSERT_GE(::sendto(socket.fd(), frame.data(), size, 0, udp::raw(own), udp::raw_size(own)), 0);
  };
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    Header header{.lane = Lane(i % 2),
                  .cluster = cluster_tag(i % 5 == 0 ? "another" : ""),
                  .sender = NodeId{static_cast<std::uint32_t>(1 + i % 3)},
                  .length = static_cast<std::uint32_t>(frame.size() - header_size - i % 7 / 6),
                  .boot = 7,
                  .counter = i / 4};
    write_header(header, std::span(frame).first<header_size>());
    send(i % 11 == 0 ? i % 40 : frame.size());
  }
  const auto status = client::Connection::query("status", options());
  EXPECT_TRUE(has(status, "\"state\":\"operational\"")) << status;
  EXPECT_LE(lines() - before, 10) << log();
  end(*process);
}

}  // namespace
}  // namespace gyre::test
