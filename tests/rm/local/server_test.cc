#include "rm/local/server.hh"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "rm/local/client.hh"
#include "rm/local/error.hh"
#include "tests/node/temporary.hh"
#include "tests/rm/local/turning.hh"

namespace gyre::rm::local {
namespace {

using test::turned_until;
using namespace std::chrono_literals;

Client::Deadline in(std::chrono::milliseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}
Client::Deadline soon() {
  return in(20s);
}
constexpr std::size_t frame_max = std::size_t{64} << 20;

std::optional<Failure> failure_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const LocalError& error) {
    return error.failure();
  }
  return std::nullopt;
}

// A server that answers with what it is sent, and notes what happens.
struct Bed {
  gyre::test::TemporaryDirectory directory;
  Loop loop;
  Server::Settings settings;
  std::function<void(Connection&, std::string_view)> answer =
      [](Connection& connection, std::string_view payload) { connection.send(payload); };
  std::size_t opened = 0;
  std::vector<std::string> closed, trouble;
  std::optional<Server> server;

  Bed() {
    settings.path = directory / "x.sock";
    ::chmod(directory.path().c_str(), 0755);
  }
  const std::string& path() const { return settings.path; }
  void start() {
    server.emplace(
        loop, settings,
        Server::Events{[this](Connection&) { ++opened; },
                       [this](Connection& connection, std::string_view payload) {
                         answer(connection, payload);
                       },
                       [this](Connection&, const std::string& why) { closed.push_back(why); },
                       [this](const std::string& what) { trouble.push_back(what); }});
  }
  // Runs a program's side beside the loop, until the server has seen `ends` of its connections end.
  template <typename Act>
  auto beside(Act act, std::size_t ends = 1) {
    auto done = std::async(std::launch::async, act);
    EXPECT_TRUE(turned_until(loop, [&] { return closed.size() >= ends; }));
    return done.get();
  }
};

TEST(Server, AnswersInFramesOfAnyLength) {
  Bed bed;
  bed.settings.limits.frame_max = frame_max;
  bed.start();
  const std::string document(5'000'000, 'd');  // longer than any buffer on the way
  const auto answers = bed.beside([&] {
    Client client(bed.path(), soon(), frame_max);
    std::vector<std::string> found;
    for (const std::string& question : {std::string("one"), std::string(), document}) {
      client.send(question);
      found.push_back(client.receive());
    }
    return found;
  });
  EXPECT_EQ(answers, (std::vector<std::string>{"one", "", document}));
  EXPECT_EQ(bed.closed, std::vector<std::string>{"it went away"});
}

TEST(Server, EndsWhoSendsAFrameThatIsTooLong) {
  Bed bed;
  bed.settings.limits.frame_max = 10;
  bed.start();
  const auto failure = bed.beside([&] {
    return failure_of([&] {
      Client client(bed.path(), soon(), frame_max);
      client.send("eleven byte");
      client.receive();
    });
  });
  EXPECT_EQ(failure, Failure::closed);
  EXPECT_EQ(bed.closed, std::vector<std::string>{"it sent a frame that is too long"});
}

TEST(Server, EndsWhoDoesNotReadBeforeItsBacklogGrows) {
  Bed bed;
  bed.settings.limits.backlog_max = 100'000;
  const std::string piece(10'000, 'p');
  std::size_t sent = 0;
  bed.answer = [&](Connection& connection, std::string_view) {
    while (connection.open() && sent < 100'000'000) connection.send(piece), sent += piece.size();
  };
  bed.start();
  std::promise<void> over;
  auto done = std::async(std::launch::async, [&, ended = over.get_future()] {
    Client client(bed.path(), soon(), frame_max);
    client.send("go on");
    ended.wait();
  });
  EXPECT_TRUE(turned_until(bed.loop, [&] { return !bed.closed.empty(); }));
  over.set_value();
  done.get();
  EXPECT_EQ(bed.closed, std::vector<std::string>{"it is too slow for what is sent to it"});
  EXPECT_LT(sent, 2'000'000U);  // the backlog, and what the kernel holds
}

TEST(Server, EndsWhoTakesNothingForTooLong) {
  Bed bed;
  bed.settings.limits.stall_max = 50ms;
  bed.answer = [](Connection& connection, std::string_view) {
    connection.send(std::string(4'000'000, 'x'));
  };
  bed.start();
  std::promise<void> over;
  auto done = std::async(std::launch::async, [&, ended = over.get_future()] {
    Client client(bed.path(), soon(), frame_max);
    client.send("something");
    ended.wait();
  });
  EXPECT_TRUE(turned_until(bed.loop, [&] { return !bed.closed.empty(); }));
  over.set_value();
  done.get();
  EXPECT_EQ(bed.closed, std::vector<std::string>{"it takes nothing of what was sent to it"});
}

TEST(Server, SendsAllBeforeItFinishes) {
  Bed bed;
  const std::string last(3'000'000, 'l');
  bed.answer = [&](Connection& connection, std::string_view) {
    connection.send(last);
    connection.finish("that is all");
    connection.send("not any more");
  };
  bed.start();
  const auto [answer, failure] = bed.beside([&] {
    Client client(bed.path(), soon(), frame_max);
    client.send("what is there?");
    std::string found = client.receive();
    return std::pair(found, failure_of([&] { client.receive(); }));
  });
  EXPECT_EQ(answer, last);
  EXPECT_EQ(failure, Failure::closed);
  EXPECT_EQ(bed.closed, std::vector<std::string>{"that is all"});
}

TEST(Server, LetsTheNextWaitUntilOneHasGone) {
  Bed bed;
  bed.settings.connections_max = 1;
  bed.start();
  const std::string answer = bed.beside(
      [&] {
        std::optional<Client> first(std::in_place, bed.path(), soon(), frame_max);
        first->send("first");
        first->receive();
        Client second(bed.path(), soon(), frame_max);
        second.send("second");
        second.until(in(50ms));
        EXPECT_EQ(failure_of([&] { second.receive(); }), Failure::timed_out);
        first.reset();
        second.until(soon());
        return second.receive();
      },
      2);
  EXPECT_EQ(answer, "second");
}

TEST(Server, TakesThePlaceOfALeftOverSocketOnly) {
  Bed bed;
  gyre::test::write_file(bed.path(), "left over");
  bed.start();
  EXPECT_EQ(failure_of([&] { Server(bed.loop, bed.settings, {}); }), Failure::system);
  EXPECT_EQ(failure_of([&] { Client(bed.path(), soon(), 1); }), std::nullopt);
  bed.server.reset();
  EXPECT_EQ(failure_of([&] { Client(bed.path(), soon(), 1); }), Failure::absent);
  bed.settings.path = bed.directory / std::string(108, 'x');
  EXPECT_EQ(failure_of([&] { bed.start(); }), Failure::system);
}

TEST(Server, DestroysAConnectionThatItsOwnAnswerCloses) {
  Bed bed;
  bed.answer = [](Connection& connection, std::string_view) { connection.close("enough"); };
  bed.start();
  const auto failure = bed.beside([&] {
    Client client(bed.path(), soon(), frame_max);
    client.send("a");
    return failure_of([&] { client.receive(); });
  });
  EXPECT_EQ(failure, Failure::closed);
  EXPECT_EQ(bed.closed, std::vector<std::string>{"enough"});
}

TEST(Server, KnowsNoGroupThatIsNotThere) {
  Bed bed;
  bed.settings.group = "no-such-group";
  EXPECT_THROW(bed.start(), LocalError);
}

TEST(Client, WaitsForNoLongerThanItsDeadline) {
  Bed bed;
  bed.answer = [](Connection&, std::string_view) {};
  bed.start();
  const auto failure = bed.beside([&] {
    Client client(bed.path(), in(50ms), frame_max);
    client.send("anybody?");
    return failure_of([&] { client.receive(); });
  });
  EXPECT_EQ(failure, Failure::timed_out);
}

TEST(Client, TakesNoAnswerThatIsTooLong) {
  Bed bed;
  bed.start();
  const auto failure = bed.beside([&] {
    Client client(bed.path(), soon(), 3);
    client.send("four");
    return failure_of([&] { client.receive(); });
  });
  EXPECT_EQ(failure, Failure::malformed);
}

// What follows needs other users.
class Users : public testing::Test {
 protected:
  static constexpr id_t nobody = 65534;

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
  // Runs `act` in a process of nobody's, in a group at most; its failure is the exit status.
  static pid_t as_nobody(gid_t group, const std::function<void()>& act) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::alarm(20);
    if (::setgroups(1, &group) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(99);
    const auto failure = failure_of(act);
    ::_exit(failure ? static_cast<int>(*failure) : 50);
  }
  static int exit_of(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};
constexpr gid_t some_group = 4321;

TEST_F(Users, WithoutTheGroupDoNotGetIn) {
  Bed bed;
  bed.start();
  struct stat found {};
  ASSERT_EQ(::stat(bed.path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0660U);
  const pid_t child = as_nobody(some_group, [&] { Client(bed.path(), soon(), 1); });
  EXPECT_EQ(exit_of(child), static_cast<int>(Failure::refused));
}

TEST_F(Users, OfTheGroupGetInAndOthersAreTurnedAwayEvenIfTheFileLetsThem) {
  Bed bed;
  bed.settings.admit = admit_group(some_group);
  bed.start();
  ASSERT_EQ(::chmod(bed.path().c_str(), 0666), 0);
  const auto ask = [&] {
    Client client(bed.path(), soon(), 10);
    client.send("in?");
    client.receive();
  };
  const pid_t inside = as_nobody(some_group, ask);
  EXPECT_TRUE(turned_until(bed.loop, [&] { return bed.closed.size() == 1; }));
  EXPECT_EQ(exit_of(inside), 50);
  const pid_t outside = as_nobody(some_group + 1, ask);
  EXPECT_TRUE(turned_until(bed.loop, [&] { return bed.trouble.size() == 1; }));
  EXPECT_EQ(exit_of(outside), static_cast<int>(Failure::closed));
  EXPECT_EQ(bed.opened, 1U);
}

TEST_F(Users, HaveSoManyConnectionsEach) {
  Bed bed;
  bed.settings.admit = [](const Peer&) { return true; };
  bed.settings.connections_of_one = 2;
  bed.start();
  ASSERT_EQ(::chmod(bed.path().c_str(), 0666), 0);
  const pid_t child = as_nobody(some_group, [&] {
    Client first(bed.path(), soon(), 10), second(bed.path(), soon(), 10);
    Client third(bed.path(), soon(), 10);
    third.send("me, too?");
    third.receive();
  });
  EXPECT_TRUE(turned_until(bed.loop, [&] { return bed.closed.size() == 2; }));
  EXPECT_EQ(exit_of(child), static_cast<int>(Failure::closed));
  EXPECT_EQ(bed.trouble.size(), 1U);
}

TEST_F(Users, WhoPoseAsTheServerAreNotTalkedTo) {
  Bed bed;
  ASSERT_EQ(::chmod(bed.directory.path().c_str(), 0777), 0);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = as_nobody(some_group, [&] {
    Loop loop;  // a loop is of the process that made it
    const Server server(loop, bed.settings, {});
    ::chmod(bed.path().c_str(), 0666);
    (void)!::write(ready[1], "r", 1);
    ::pause();
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(failure_of([&] { Client(bed.path(), soon(), 1); }), Failure::untrusted);
  ::kill(child, SIGKILL);
  exit_of(child);
  ::close(ready[0]), ::close(ready[1]);
}

}  // namespace
}  // namespace gyre::rm::local
