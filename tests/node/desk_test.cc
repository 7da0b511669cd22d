// The desk with programs on one side and this test as helper and reactor on the other: time and
// snapshots are the test's.
#include "node/desk.hh"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <deque>
#include <future>

#include "client/gyre/gyre.hh"
#include "node/config.hh"
#include "tests/node/temporary.hh"

namespace gyre::node {
namespace {

using namespace std::chrono_literals;
using client::Answers;
using client::Connection;
using client::ErrorCode;
using Words = std::vector<std::string>;

// What a program was told, or how it failed.
struct Told {
  std::string text;
  std::optional<ErrorCode> error;
};
Told told(const std::function<std::string()>& call) {
  try {
    return {call(), {}};
  } catch (const client::Error& error) {
    return {error.what(), error.code()};
  }
}

// Has what is in its list to tell, and asks for a snapshot each second and a half if it is told to.
struct News {
  std::deque<std::string> list;
  std::chrono::milliseconds every{};
  std::size_t listeners = 0;
};
class Listening final : public Stream {
 public:
  explicit Listening(News& news) : news_(news) { ++news_.listeners; }
  ~Listening() override { --news_.listeners; }
  std::optional<std::string> next(const Snapshot&) override {
    if (news_.list.empty()) return std::nullopt;
    std::string first = std::move(news_.list.front());
    news_.list.pop_front();
    return first;
  }
  std::chrono::milliseconds every() const override { return news_.every; }

 private:
  News& news_;
};

class AtTheDesk : public testing::Test {
 protected:
  Topics topics() {
    return {{"join",
             [](const Asked& asked) -> Answer {
               std::string all = std::to_string(asked.snapshot.view);
               for (const std::string& word : asked.arguments) all += "," + word;
               return all;
             }},
            {"refuse", [](const Asked&) -> Answer { return Refused{"no such key: totem.tokem"}; }},
            {"throw", [](const Asked&) -> Answer { throw std::runtime_error("a broken topic"); }},
            {"order",
             [this](const Asked& asked) -> Answer {
               const auto kept = std::make_shared<int>(7);
               alive = kept;
               Order order;
               if (!asked.arguments.empty())
                 order.then = [kept, broken = asked.arguments[0] == "throw"](const Outcome&) {
                   if (broken) throw std::runtime_error("a broken answer");
                   return std::to_string(*kept);
                 };
               return order;
             }},
            {"news", [this](const Asked&) -> Answer { return std::make_unique<Listening>(news); }}};
  }

  client::Options options() const { return {.run_dir = directory.path(), .connect_timeout = 20s}; }
  std::future<Told> ask(const std::string& question, const Words& arguments = {}) {
    return std::async(std::launch::async, [=, this] {
      return told([&] { return Connection::query(question, options(), arguments); });
    });
  }

  // One round of the helper, with a snapshot if someone wants one.
  void round(bool with_snapshot = true) {
    std::vector<pollfd> fds;
    desk.watch(fds);
    ::poll(fds.data(), fds.size(), 1);
    desk.serve(fds, snapshots, now);
    if (!with_snapshot || !desk.wants_snapshot(now)) return;
    page.view = ++snapshots;
    desk.answer(page, snapshots, now);
  }
  template <typename Done>
  void until(Done done, bool with_snapshot = true) {
    for (const auto end = Desk::Clock::now() + 30s; !done() && Desk::Clock::now() < end;)
      round(with_snapshot);
    ASSERT_TRUE(done());
  }
  template <typename T>
  T result(std::future<T>& future, bool with_snapshot = true) {
    until([&] { return future.wait_for(0s) == std::future_status::ready; }, with_snapshot);
    return future.get();
  }
  // The listener, those who have not spoken yet, and those who asked.
  std::size_t descriptors() const {
    std::vector<pollfd> fds;
    desk.watch(fds);
    return fds.size();
  }

  test::TemporaryDirectory directory;
  shm::Listener listener{directory.path()};
  LogWriter writer{{.to_stderr = false, .to_syslog = false, .logfile = {}}, false};
  News news;
  std::vector<Command> commands;
  bool allowed = true;
  std::weak_ptr<int> alive;  // what belongs to the last order
  Desk desk{{.listener = listener,
             .writer = writer,
             .topics = topics(),
             .allow = [this](uid_t, gid_t) { return allowed; },
             .admit = [](auto, auto&) { FAIL() << "nobody wants rings"; },
             .order = [this](const Command& command) { commands.push_back(command); }}};
  Snapshot page;
  std::uint64_t snapshots = 0;
  Desk::Clock::time_point now{};
};

TEST_F(AtTheDesk, AQuestionHasArguments) {
  for (const Words& words : {Words{}, Words{"one"}, Words{"one", "", "three"}, Words{""},
                             Words{std::string(shm::question_max - 5, 'x')}}) {
    auto answer = ask("join", words);
    std::string expected = std::to_string(snapshots + 1);
    for (const std::string& word : words) expected += "," + word;
    const Told got = result(answer);
    EXPECT_EQ(got.text, expected);
    EXPECT_FALSE(got.error);
  }
  EXPECT_EQ(descriptors(), 1u);
}

TEST_F(AtTheDesk, WhatCannotBeAskedIsRefusedByName) {
  struct Case {
    const char* question;
    Words arguments;
    std::string_view reason;
  };
  for (const Case& wrong :
       {Case{"joins", {}, "unknown question"}, Case{"", {}, "unknown question"},
        Case{"refuse", {}, "no such key: totem.tokem"}, Case{"throw", {}, "a broken topic"},
        Case{"join", {std::string("a\0b", 3)}, "\"join\" holds a NUL"},
        Case{
            "join", {std::string(shm::question_max, 'x')}, "a question longer than 65536 bytes"}}) {
    auto answer = ask(wrong.question, wrong.arguments);
    const Told got = result(answer);
    EXPECT_EQ(got.error, ErrorCode::refused);
    EXPECT_NE(got.text.find(wrong.reason), got.text.npos) << got.text;
  }
}

TEST_F(AtTheDesk, WhoMayNotAskIsTurnedAway) {
  allowed = false;
  auto answer = ask("join");
  const Told got = result(answer);
  EXPECT_EQ(got.error, ErrorCode::refused);
  EXPECT_NE(got.text.find("is not allowed"), got.text.npos) << got.text;
}

// Neither half a hello nor half a question keeps anyone waiting but the one who says it.
TEST_F(AtTheDesk, WhoSpeaksSlowlyIsWaitedForByNobodyElse) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (directory / "gyre.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  const shm::Descriptor slow(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(slow.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
  const std::array<std::uint32_t, 4> hello{0x65727967, 1, 2, 8};
  const std::string words =
      std::string(reinterpret_cast<const char*>(hello.data()), 16) + std::string("join\0you", 8);
  // A desk that waited for the rest would wait in vain, as it is said here, and let the program go.
  for (const char& word : words) {
    ASSERT_EQ(::send(slow.number(), &word, 1, 0), 1);
    for (int i = 0; i < 3; ++i) round();
    if (&word == &words.back()) break;
    ASSERT_EQ(descriptors(), 2u);
  }
  auto other = ask("join", {"me"});
  EXPECT_FALSE(result(other).error);
  char answer[128];
  const auto got = ::recv(slow.number(), answer, sizeof answer, MSG_DONTWAIT);
  ASSERT_GT(got, 40);
  EXPECT_NE(std::string(answer + 40, static_cast<std::size_t>(got) - 40).find(",you"),
            std::string::npos);

  const shm::Descriptor silent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(silent.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
  ASSERT_EQ(::send(silent.number(), words.data(), 20, 0), 20);
  until([&] { return descriptors() == 2; });
  now += 6s;
  until([&] { return descriptors() == 1; });
}

TEST_F(AtTheDesk, TheAnswerComesFromASnapshotThatWasTakenAfterTheQuestion) {
  snapshots = 7;
  auto answer = ask("join");
  until([&] { return desk.wants_snapshot(now); }, false);
  page.view = 7;
  desk.answer(page, 7, now);  // of before
  EXPECT_TRUE(desk.wants_snapshot(now));
  page.view = 8;
  desk.answer(page, 8, now);
  EXPECT_FALSE(desk.wants_snapshot(now));
  EXPECT_EQ(result(answer, false).text, "8");
}

TEST_F(AtTheDesk, WithoutASnapshotTheProgramIsToldSo) {
  auto answer = ask("join");
  until([&] { return desk.wants_snapshot(now); }, false);
  now += 1s;
  round(false);
  EXPECT_TRUE(desk.wants_snapshot(now));
  now += 2s;
  const Told got = result(answer, false);
  EXPECT_EQ(got.error, ErrorCode::refused);
  EXPECT_NE(got.text.find("the data plane does not answer"), got.text.npos) << got.text;
}

TEST_F(AtTheDesk, ACommandIsAnsweredByItsOutcome) {
  auto first = ask("order"), second = ask("order");
  until([&] { return commands.size() == 2; });
  EXPECT_NE(commands[0].number, commands[1].number);
  desk.finished({commands[0].number + commands[1].number, ""}, now);  // of no one
  desk.finished({commands[1].number, "node 9 is not a member"}, now);
  desk.finished({commands[0].number, ""}, now);
  std::vector<Told> both{result(first), result(second)};
  if (both[0].error) std::swap(both[0], both[1]);
  EXPECT_EQ(both[0].text, "{}");
  EXPECT_EQ(both[1].error, ErrorCode::refused);
  EXPECT_NE(both[1].text.find("node 9 is not a member"), std::string::npos) << both[1].text;
}

TEST_F(AtTheDesk, ACommandWhoseAnswerCannotBeMadeIsRefused) {
  auto answer = ask("order", {"throw"});
  until([&] { return commands.size() == 1; });
  desk.finished({commands[0].number, ""}, now);
  const Told got = result(answer);
  EXPECT_EQ(got.error, ErrorCode::refused);
  EXPECT_NE(got.text.find("a broken answer"), std::string::npos) << got.text;
}

TEST_F(AtTheDesk, ACommandWithoutOutcomeEndsInTime) {
  auto answer = ask("order");
  until([&] { return commands.size() == 1; });
  now += 31s;
  const Told late = result(answer);
  EXPECT_NE(late.text.find("the ring does not answer"), std::string::npos) << late.text;
  desk.finished({commands[0].number, ""}, now);  // nobody is there any more
}

// Until the reactor says that it is done, it may be writing there.
TEST_F(AtTheDesk, WhatBelongsToACommandStaysUntilTheOutcome) {
  auto answer = ask("order", {"with"});
  until([&] { return commands.size() == 1; });
  now += 31s;
  result(answer);
  until([&] { return descriptors() == 1; });
  EXPECT_FALSE(alive.expired());
  desk.finished({commands[0].number, ""}, now);
  EXPECT_TRUE(alive.expired());

  auto second = ask("order", {"with"});
  until([&] { return commands.size() == 2; });
  desk.finished({commands[1].number, ""}, now);
  EXPECT_EQ(result(second).text, "7");
}

TEST_F(AtTheDesk, NoMoreCommandsAreUnderWayThanThereIsRoomFor) {
  while (commands.size() < Desk::orders_max) {
    auto answer = ask("order");
    until([&, before = commands.size()] { return commands.size() > before; });
    now += 31s;
    result(answer);
  }
  auto refused = ask("order");
  EXPECT_NE(result(refused).text.find("the data plane does not answer"), std::string::npos);
  desk.finished({commands[5].number, ""}, now);
  auto again = ask("order");
  until([&] { return commands.size() == Desk::orders_max + 1; });
  desk.finished({commands.back().number, ""}, now);
  EXPECT_FALSE(result(again).error);
}

TEST_F(AtTheDesk, AStreamTellsWhatIsNew) {
  Answers answers("news", options());
  const auto next = [&](std::chrono::milliseconds timeout) {
    return std::async(std::launch::async, [&answers, timeout] {
      return told([&] { return answers.next(timeout).value_or("nothing"); });
    });
  };
  auto nothing = next(20ms);
  EXPECT_EQ(result(nothing).text, "nothing");
  EXPECT_EQ(news.listeners, 1u);

  // A view, and a question of someone else that may have changed something.
  news.list = {"first", std::string(5 << 20, 'x')};
  desk.stir();
  auto first = next(-1ms), second = std::future<Told>();
  EXPECT_EQ(result(first).text, "first");
  second = next(-1ms);
  EXPECT_EQ(result(second).text, std::string(5 << 20, 'x'));
  news.list = {"third"};
  auto other = ask("join");
  EXPECT_FALSE(result(other).error);
  auto third = next(-1ms);
  EXPECT_EQ(result(third).text, "third");

  // Nothing but time passes: a snapshot is due only if the stream says so.
  now += 10s;
  EXPECT_FALSE(desk.wants_snapshot(now));
  news.every = 1500ms;
  EXPECT_TRUE(desk.wants_snapshot(now));
  desk.answer(page, ++snapshots, now);
  EXPECT_FALSE(desk.wants_snapshot(now + 1400ms));
  EXPECT_LE(desk.patience(now + 1400ms), 100ms);
  EXPECT_TRUE(desk.wants_snapshot(now + 1500ms));

  { const Answers gone = std::move(answers); }
  until([&] { return news.listeners == 0; });
  EXPECT_EQ(descriptors(), 1u);
}

TEST_F(AtTheDesk, AListenerThatDoesNotReadIsLetGo) {
  const Answers answers("news", options());
  until([&] { return news.listeners == 1; });
  for (int i = 0; i < 8; ++i) news.list.push_back(std::string(10 << 20, 'x'));
  desk.stir();
  until([&] { return news.listeners == 0; });
  EXPECT_FALSE(news.list.empty());
  EXPECT_EQ(descriptors(), 2u);
  now += 6s;
  until([&] { return descriptors() == 1; });
}

TEST_F(AtTheDesk, WhoWaitsWhenTheDaemonEndsIsToldSo) {
  auto ordered = ask("order");
  until([&] { return commands.size() == 1; });
  auto waiting = ask("join");
  until([&] { return desk.wants_snapshot(now); }, false);
  desk.close();
  for (auto* answer : {&ordered, &waiting}) {
    const Told got = result(*answer);
    EXPECT_EQ(got.error, ErrorCode::refused);
    EXPECT_NE(got.text.find("gyred ends"), std::string::npos) << got.text;
  }
}

TEST_F(AtTheDesk, NoMoreProgramsAskAtOnceThanThereIsRoomFor) {
  std::vector<Answers> listening;
  for (std::size_t i = 0; i < Desk::askers_max; ++i) {
    listening.emplace_back("news", options());
    until([&] { return news.listeners == i + 1; });
  }
  auto more = ask("join");
  EXPECT_NE(result(more).text.find("too many questions at once"), std::string::npos);
  listening.pop_back();
  until([&] { return news.listeners == Desk::askers_max - 1; });
  auto again = ask("join");
  EXPECT_FALSE(result(again).error);
}

}  // namespace
}  // namespace gyre::node
