#include "transport/shm/handshake.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <string>

#include "tests/client/single_node.hh"
#include "transport/shm/replies.hh"
#include "transport/shm/talk.hh"

namespace gyre::shm {
namespace {

constexpr TimeLimit patience{10'000};

// Runs `call` and returns how it failed.
struct Outcome {
  std::optional<HandshakeFailure> failure;
  std::string what;
};
Outcome outcome(const std::function<void()>& call) {
  try {
    call();
  } catch (const HandshakeError& error) {
    return {error.failure(), error.what()};
  }
  return {};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string ask(const std::string& run_dir, std::string_view question, TimeLimit limit) {
  return Inquiry(run_dir, question, limit).read(limit).text;
}

// Says what `say` says, for as long as the other side reads.
void write_all(Descriptor socket, const std::function<void(Replies&)>& say) {
  Replies replies(std::move(socket));
  say(replies);
  while (replies.write() && replies.pending() > 0) {
    pollfd ready{.fd = replies.fd(), .events = POLLOUT, .revents = 0};
    ASSERT_EQ(::poll(&ready, 1, static_cast<int>(patience.count())), 1);
  }
}

class Handshake : public ::testing::Test {
 protected:
  Descriptor accept() {
    pollfd ready{.fd = listener.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&ready, 1, static_cast<int>(patience.count())), 1);
    return listener.accept();
  }
  // The program's side, elsewhere.
  std::future<Outcome> program(const std::function<void()>& call) {
    return std::async(std::launch::async, [call] { return outcome(call); });
  }
  Descriptor raw_connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(
        ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  static void raw_send(const Descriptor& socket, const std::array<std::uint32_t, 4>& hello) {
    EXPECT_EQ(::send(socket.number(), hello.data(), sizeof hello, MSG_NOSIGNAL),
              static_cast<ssize_t>(sizeof hello));
  }
  static std::string rest(const Descriptor& socket) {
    std::string all(4096, '\0');
    const auto got = ::recv(socket.number(), all.data(), all.size(), 0);
    all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return all;
  }

  static constexpr std::uint32_t magic = 0x65727967, version = 1, client = 1, query = 2;
  test::RunDir run_dir;
  Listener listener{run_dir.path()};
  std::string path = run_dir.path() + "/gyre.sock";
};

TEST_F(Handshake, GivesBothSidesTheSameRings) {
  Channel theirs;
  auto done = program([&] { theirs = connect_client(run_dir.path(), patience); });
  Descriptor socket = accept();
  const Caller caller = read_hello(socket, allow_own, patience);
  EXPECT_EQ(caller.kind, Caller::Kind::client);
  EXPECT_EQ(caller.uid, ::getuid());
  EXPECT_EQ(caller.pid, static_cast<std::uint32_t>(::getpid()));
  Channel ours = welcome(std::move(socket), caller,
                         {.node = 7, .client = 3, .events_size = (4 << 20) + 1}, patience);
  EXPECT_EQ(done.get().what, "");
  EXPECT_EQ(theirs.node, 7u);
  EXPECT_EQ(theirs.client, 3u);
  EXPECT_EQ(theirs.requests_size, requests_default);
  EXPECT_EQ(theirs.events_size, std::size_t{8} << 20);
  EXPECT_EQ(ours.pid, theirs.pid);

  theirs.requests().back() = std::byte{1};
  ours.events().back() = std::byte{2};
  EXPECT_EQ(ours.requests().back(), std::byte{1});
  EXPECT_EQ(theirs.events().back(), std::byte{2});
  for (const int number : {ours.socket.number(), ours.room.number(), theirs.socket.number(),
                           theirs.room.number(), listener.fd()})
    EXPECT_TRUE(::fcntl(number, F_GETFD) & FD_CLOEXEC);
}

TEST_F(Handshake, AnswersAQuestion) {
  const std::string long_answer(answer_max, 'j');
  for (const std::string& expected : {std::string("{}"), long_answer}) {
    std::string got;
    auto done = program([&] { got = ask(run_dir.path(), "status", patience); });
    Descriptor socket = accept();
    EXPECT_EQ(read_hello(socket, allow_own, patience).question, "status");
    write_all(std::move(socket), [&](Replies& replies) { replies.answer(expected, true); });
    EXPECT_EQ(done.get().what, "");
    EXPECT_EQ(got, expected);
  }
}

TEST_F(Handshake, AnswersOneAfterTheOther) {
  std::vector<Inquiry::Answer> got;
  auto done = program([&] {
    const Inquiry inquiry(run_dir.path(), "news", patience);
    do got.push_back(inquiry.read(patience));
    while (!got.back().last);
  });
  Descriptor socket = accept();
  read_hello(socket, allow_own, patience);
  const std::string long_answer(3 * part_max, 'j');
  write_all(std::move(socket), [&](Replies& replies) {
    replies.answer("first", false);
    replies.answer(long_answer, false);
    replies.answer("", true);
  });
  EXPECT_EQ(done.get().what, "");
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].text, "first");
  EXPECT_EQ(got[1].text, long_answer);
  EXPECT_EQ(got[2].text, "");
}

TEST_F(Handshake, SaysWhenTheDaemonGoesAwayBeforeTheAnswerOrInTheMidstOfIt) {
  for (const std::string& said : {std::string(), std::string(60, '\0')}) {
    auto done = program([&] { ask(run_dir.path(), "status", patience); });
    {
      const Descriptor socket = accept();
      read_hello(socket, allow_own, patience);
      Reply reply;
      reply.text_size = 100;
      std::string bytes(reinterpret_cast<const char*>(&reply), sizeof reply);
      bytes = said.empty() ? said : bytes + said;
      EXPECT_EQ(::send(socket.number(), bytes.data(), bytes.size(), 0),
                static_cast<ssize_t>(bytes.size()));
    }
    const Outcome outcome = done.get();
    EXPECT_EQ(outcome.failure, said.empty() ? HandshakeFailure::gone : HandshakeFailure::malformed);
    EXPECT_TRUE(contains(outcome.what, path)) << outcome.what;
  }
}

TEST_F(Handshake, RefusesAnAnswerThatIsTooLong) {
  auto done = program([&] { ask(run_dir.path(), "status", patience); });
  Descriptor socket = accept();
  read_hello(socket, allow_own, patience);
  write_all(std::move(socket),
            [](Replies& replies) { replies.answer(std::string(answer_max + 1, 'j'), true); });
  EXPECT_EQ(done.get().failure, HandshakeFailure::refused);
}

TEST_F(Handshake, TellsAProgramWhyItIsRefused) {
  auto done = program([&] { connect_client(run_dir.path(), patience); });
  {
    const Descriptor socket = accept();
    read_hello(socket, allow_own, patience);
    refuse(socket, "256 programs are connected", patience);
  }
  const Outcome refused = done.get();
  EXPECT_EQ(refused.failure, HandshakeFailure::refused);
  EXPECT_TRUE(contains(refused.what, "256 programs are connected")) << refused.what;
  EXPECT_TRUE(contains(refused.what, path)) << refused.what;
}

TEST_F(Handshake, RefusesAUidThatIsNotAllowedBeforeItReadsAnything) {
  auto done = program([&] { connect_client(run_dir.path(), patience); });
  Outcome daemon;
  {
    const Descriptor socket = accept();
    daemon = outcome([&] {
      read_hello(
          socket, [](uid_t, gid_t) { return false; }, patience);
    });
  }
  EXPECT_EQ(daemon.failure, HandshakeFailure::untrusted);
  const Outcome refused = done.get();
  EXPECT_EQ(refused.failure, HandshakeFailure::refused);
  EXPECT_TRUE(contains(refused.what, "uid " + std::to_string(::getuid()))) << refused.what;
}

TEST_F(Handshake, TurnsAwayWhoeverSpeaksOtherwise) {
  struct Case {
    const char* name;
    std::array<std::uint32_t, 4> hello;
    bool told;
  };
  for (const Case& wrong :
       {Case{"magic", {1, version, client, 0}, false}, Case{"version", {magic, 2, client, 0}, true},
        Case{"kind", {magic, version, 3, 0}, true},
        Case{"kind beyond a byte", {magic, version, 257, 0}, true},
        Case{"a client's question", {magic, version, client, 1}, true},
        Case{"question", {magic, version, query, question_max + 1}, true}}) {
    const Descriptor socket = raw_connect();
    raw_send(socket, wrong.hello);
    {
      const Descriptor server = accept();
      EXPECT_EQ(outcome([&] { read_hello(server, allow_own, patience); }).failure,
                HandshakeFailure::malformed)
          << wrong.name;
    }
    EXPECT_EQ(rest(socket).empty(), !wrong.told) << wrong.name;
  }
}

TEST_F(Handshake, TurnsAwayATruncatedHello) {
  const Descriptor server = [&] {
    const Descriptor socket = raw_connect();
    EXPECT_EQ(::send(socket.number(), &magic, sizeof magic, 0), 4);
    return accept();
  }();
  EXPECT_EQ(outcome([&] { read_hello(server, allow_own, patience); }).failure,
            HandshakeFailure::malformed);
}

TEST_F(Handshake, DoesNotWaitForEverForASilentProgram) {
  const Descriptor socket = raw_connect();
  const Descriptor server = accept();
  EXPECT_EQ(outcome([&] { read_hello(server, allow_own, TimeLimit(20)); }).failure,
            HandshakeFailure::timed_out);
}

TEST_F(Handshake, DoesNotWaitForEverForASilentDaemon) {
  const Outcome silent = outcome([&] { connect_client(run_dir.path(), TimeLimit(20)); });
  EXPECT_EQ(silent.failure, HandshakeFailure::timed_out);
  EXPECT_TRUE(contains(silent.what, path)) << silent.what;
}

// Other programs than gyred may listen there.
TEST_F(Handshake, TurnsAwayADaemonThatIsNone) {
  struct Case {
    const char* name;
    std::string says;
  };
  const auto reply = [](std::uint32_t its_magic, std::uint32_t its_version) {
    std::array<std::uint32_t, 10> words{its_magic, its_version};
    return std::string(reinterpret_cast<const char*>(words.data()), sizeof words);
  };
  for (const Case& wrong :
       {Case{"nothing", ""}, Case{"half", "half of it"}, Case{"magic", reply(1, 1)},
        Case{"version", reply(magic, 9)}, Case{"no memory", reply(magic, version)}}) {
    auto done = program([&] { connect_client(run_dir.path(), patience); });
    {
      const Descriptor socket = accept();
      ::send(socket.number(), wrong.says.data(), wrong.says.size(), MSG_NOSIGNAL);
      rest(socket);
    }
    EXPECT_EQ(done.get().failure, HandshakeFailure::malformed) << wrong.name;
  }
}

// A program that keeps the descriptor of the memory, as the library does not.
TEST_F(Handshake, MakesMemoryThatAProgramCannotTakeAway) {
  const Descriptor program = raw_connect();
  raw_send(program, {magic, version, static_cast<std::uint32_t>(Caller::Kind::client), 0});
  Descriptor socket = accept();
  const Caller caller = read_hello(socket, allow_own, patience);
  const Channel ours = welcome(std::move(socket), caller, {}, patience);
  std::array<Descriptor, 2> kept;  // the memory, the room socket
  const auto reply = Talk(program.number(), patience, "gyred").read_value<Reply>(kept);
  EXPECT_EQ(reply.kind, 0u);
  ASSERT_TRUE(kept[0]);
  EXPECT_NE(::ftruncate(kept[0].number(), 0), 0);
  EXPECT_NE(::ftruncate(kept[0].number(), 1 << 30), 0);
  EXPECT_EQ(ours.words().ended.load(), 0u);
}

// ---- the socket itself ----

TEST(Listening, SaysWhichSocketWhenNobodyListens) {
  const test::RunDir empty;
  const Outcome nobody = outcome([&] { connect_client(empty.path(), patience); });
  EXPECT_EQ(nobody.failure, HandshakeFailure::no_daemon);
  EXPECT_TRUE(contains(nobody.what, empty.path() + "/gyre.sock")) << nobody.what;
}

TEST(Listening, ReplacesTheFileOfADaemonThatIsGoneAndNotOfOneThatLives) {
  const test::RunDir dir;
  const std::string path = dir.path() + "/gyre.sock";
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    const Descriptor killed(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(killed.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
  }
  const Outcome dead = outcome([&] { connect_client(dir.path(), patience); });
  EXPECT_EQ(dead.failure, HandshakeFailure::no_daemon);
  {
    const Listener first(dir.path());
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0666u);
    const Outcome second = outcome([&] { const Listener other(dir.path()); });
    EXPECT_EQ(second.failure, HandshakeFailure::system);
    EXPECT_TRUE(contains(second.what, "another gyred")) << second.what;
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "removed with the listener";
}

TEST(Listening, LeavesAFileAloneThatIsNoSocket) {
  const test::RunDir dir;
  std::ofstream(dir.path() + "/gyre.sock") << "precious";
  EXPECT_EQ(outcome([&] { const Listener listener(dir.path()); }).failure,
            HandshakeFailure::system);
  std::string content;
  std::ifstream(dir.path() + "/gyre.sock") >> content;
  EXPECT_EQ(content, "precious");
}

TEST(Listening, NamesADirectoryThatIsMissingOrTooLong) {
  const Outcome missing = outcome([] { const Listener listener("/nonexistent/gyre"); });
  EXPECT_EQ(missing.failure, HandshakeFailure::system);
  EXPECT_TRUE(contains(missing.what, "/nonexistent/gyre/gyre.sock")) << missing.what;
  const Outcome longer = outcome([] { connect_client("/" + std::string(120, 'x'), patience); });
  EXPECT_EQ(longer.failure, HandshakeFailure::system);
}

}  // namespace
}  // namespace gyre::shm
