// The helper thread with programs on one side and, in the place of the reactor, this test on the
// other: what crosses its queues and words arrives once and whole.
#include "node/helper.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "client/gyre/gyre.hh"
#include "node/topics.hh"
#include "tests/node/reloading.hh"

namespace gyre::node {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t slots = 4, rounds = 40;

class Views final : public Stream {
 public:
  std::optional<std::string> next(const Snapshot& snapshot) override {
    if (std::exchange(told_, snapshot.view) == snapshot.view) return std::nullopt;
    return std::to_string(told_);
  }

 private:
  std::uint64_t told_ = 0;
};

Topics test_topics(LogWriter& writer) {
  Topics topics = make_topics(
      {.version = "test", .transport = {}, .cluster = {}, .nodes = {}, .address_text = {}}, writer);
  topics["views"] = [](const Asked&) { return std::make_unique<Views>(); };
  return topics;
}

class HelperThread : public testing::Test {
 protected:
  static LoggingConfig to_file(const std::string& path) {
    LoggingConfig config;
    config.to_stderr = config.to_syslog = false;
    config.to_logfile = true;
    config.logfile = path;
    return config;
  }

  HelperThread() { helper.start(); }

  // One turn of a reactor that does nothing but this.
  void turn() {
    ++turns;
    log.write(Time{}, LogLevel::info, "turn {} of {}", turns, "the test");
    helper.viewed(turns, turns % 7);
    helper.turned();
    if (helper.has_news()) take_news();
    helper.pass_on();
    pollfd ready{.fd = helper.wake_fd(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, 1);
  }
  void take_news() {
    const Helper::News news = helper.take_news();
    if (news.reserved != 0) reserved = news.reserved;
    if (news.snapshot) {
      Snapshot snapshot;
      snapshot.view = turns;
      snapshot.add("test", "turns", turns);
      page->write(snapshot);
      helper.snapshot_taken();
    }
    for (shm::Channel channel; helper.next_client(channel); channel = {}) {
      ++clients;
      channel.words().ended.store(static_cast<std::uint32_t>(shm::Ended::shutdown));
      helper.take_back(std::move(channel));
    }
  }
  template <typename Done>
  void turn_until(Done done) {
    for (const auto end = std::chrono::steady_clock::now() + 30s;
         !done() && std::chrono::steady_clock::now() < end;)
      turn();
    EXPECT_TRUE(done());
  }

  std::atomic<bool> allowed = true;
  test::TemporaryDirectory directory;
  shm::Listener listener{directory.path()};
  RingStore store{directory / "state"};
  Log log{64};
  LogWriter writer{to_file(directory / "log"), false};
  std::unique_ptr<StatusPage> page = std::make_unique<StatusPage>();
  Helper helper{{.self = NodeId{7},
                 .clients = slots,
                 .events_size = shm::ring_min,
                 .listener = listener,
                 .allow = [this](uid_t, gid_t) { return allowed.load(); },
                 .ring_store = store,
                 .log = log,
                 .writer = writer,
                 .page = *page,
                 .topics = test_topics(writer),
                 .reminder = "the ring is open",
                 .daily = Daily(20ms)}};
  std::uint64_t turns = 0, reserved = 0;
  std::size_t clients = 0;
};

// Whoever may not connect can do so as often as he likes: it is said, but not as often.
TEST_F(HelperThread, RefusalsDoNotFillTheLog) {
  allowed = false;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < rounds; ++i) try {
      client::Connection::query("status", {.run_dir = directory.path()});
    } catch (const client::Error& error) {
      refused += error.code() == client::ErrorCode::refused;
    }
  helper.stop();
  EXPECT_EQ(refused, rounds);
  const std::string log_text = test::read_file(directory / "log");
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = log_text.find("a program was refused", at)) != std::string::npos;
       ++at)
    ++lines;
  EXPECT_GT(lines, 0u);
  EXPECT_LT(lines, rounds);
}

TEST_F(HelperThread, ProgramsComeAndGoWhileTheReactorTurns) {
  const client::Options options{.run_dir = directory.path(), .connect_timeout = 10s};
  // Those that went may still have their places when the next one comes, which is then told so.
  std::atomic<bool> ended = false;
  auto programs = std::async(std::launch::async, [&] {
    for (std::size_t i = 0; i < rounds && !ended;) {
      try {
        const client::Connection connection(options);
        ++i;
      } catch (const client::Error& error) {
        if (error.code() != client::ErrorCode::refused) throw;
        std::this_thread::yield();
      }
    }
  });
  auto questions = std::async(std::launch::async, [&] {
    std::size_t answers = 0;
    for (std::size_t i = 0; i < rounds; ++i)
      answers += client::Connection::query(i % 2 ? "counters" : "status", options).size() > 2;
    return answers;
  });
  helper.reserve(5000);
  turn_until(
      [&] { return clients == rounds && questions.wait_for(0s) == std::future_status::ready; });
  ended = true;
  programs.get();
  EXPECT_EQ(questions.get(), rounds);
  turn_until([&] { return reserved >= 5000; });
  helper.stop();
  EXPECT_EQ(RingStore(directory / "state").bound(), reserved);
  EXPECT_NE(test::read_file(directory / "log").find("turn 1 of the test"), std::string::npos);
}

TEST_F(HelperThread, SaysAgainAndAgainWhatIsToBeRemembered) {
  const auto said = [&] {
    const std::string text = test::read_file(directory / "log");
    const auto first = text.find("warning: the ring is open");
    return first != std::string::npos &&
           text.find("warning: the ring is open", first + 1) != std::string::npos;
  };
  turn_until(said);
}

// A view makes the helper ask for a snapshot, of which the stream tells.
TEST_F(HelperThread, WhoListensHearsOfEachView) {
  const client::Options options{.run_dir = directory.path(), .connect_timeout = 10s};
  auto views = std::async(std::launch::async, [&] {
    client::Answers answers("views", options);
    std::vector<std::uint64_t> all;
    while (all.size() < 20) {
      const auto answer = answers.next(10s);
      if (!answer) break;
      all.push_back(std::stoull(*answer));
    }
    return all;
  });
  turn_until([&] { return views.wait_for(0s) == std::future_status::ready; });
  const std::vector<std::uint64_t> all = views.get();
  EXPECT_EQ(all.size(), 20u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), std::less_equal<>()));
}

TEST_F(HelperThread, MoreProgramsThanThereIsRoomForAreToldSo) {
  const client::Options options{.run_dir = directory.path(), .connect_timeout = 10s};
  auto programs = std::async(std::launch::async, [&] {
    std::vector<client::Connection> kept;
    for (std::size_t i = 0; i < slots; ++i) kept.emplace_back(options);
    try {
      const client::Connection more(options);
    } catch (const client::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  });
  // Nobody takes what connected: all places stay taken.
  const std::string refusal = programs.get();
  EXPECT_NE(refusal.find("4 programs are connected, which is all"), std::string::npos) << refusal;
}

// A reload whose end comes with its outcome, while the outcome before is being told.
class HelperWithReloader : public testing::Test, protected test::Reloading {
 protected:
  static constexpr const char* file =
      "totem {\n  version: 2\n  transport: udpu\n  token: 1000\n}\n"
      "nodelist {\n  node {\n    nodeid: 7\n    ring0_addr: 127.0.0.1\n  }\n}\n";

  HelperWithReloader() : Reloading(file) {}

  Topics topics() {
    Topic hold = [this](const Asked&) -> Answer {
      return Order{.command = {.kind = Command::Kind::gather}, .then = [this](const Outcome&) {
                     held.set_value();
                     go_on.get_future().wait();
                     return std::string("{}");
                   }};
    };
    return {{"hold", std::move(hold)}, {"reload", reload_topic(reloader)}};
  }
  std::future<std::string> ask(const std::string& question) {
    return std::async(std::launch::async, [=, this] {
      return client::Connection::query(
          question, {.run_dir = directory.path(), .connect_timeout = std::chrono::seconds(10)});
    });
  }
  // As the reactor: goes on until there is a command.
  Command next_command() {
    Command command;
    while (!helper.next_command(command)) {
      if (helper.take_news().snapshot) {
        page->write({});
        helper.snapshot_taken();
      }
      helper.pass_on();
      pollfd ready{.fd = helper.wake_fd(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 30'000) != 1) throw std::runtime_error("no command came");
    }
    return command;
  }

  std::promise<void> held, go_on;
  shm::Listener listener{directory.path()};
  RingStore store{directory / "state"};
  Log log{64};
  std::unique_ptr<StatusPage> page = std::make_unique<StatusPage>();
  Helper helper{{.self = NodeId{7},
                 .clients = slots,
                 .events_size = shm::ring_min,
                 .listener = listener,
                 .ring_store = store,
                 .log = log,
                 .writer = writer,
                 .page = *page,
                 .topics = topics(),
                 .reloader = &reloader}};
};

TEST_F(HelperWithReloader, AReloadIsInForceBeforeItIsCalledDone) {
  helper.start();
  std::string changed = file;
  test::write_file(config.file, changed.replace(changed.find("1000"), 4, "900"));
  auto waiting = ask("hold"), reloading = ask("reload");
  Command first = next_command(), second = next_command();
  if (first.kind == Command::Kind::reload) std::swap(first, second);
  helper.read_configuration(5);
  helper.pass_on();
  EXPECT_EQ(next_command().text.text(), "");

  helper.finished({first.number, {}});
  helper.pass_on();
  held.get_future().wait();
  helper.reload_ended(5, true);
  helper.finished({second.number, {}});
  helper.pass_on();
  go_on.set_value();
  EXPECT_EQ(waiting.get(), "{}");
  EXPECT_EQ(reloading.get(), R"({"fixed":["totem.token"]})");
}

}  // namespace
}  // namespace gyre::node
